//! Ink on a plane: strokes, erasures and blur.

/// Amounts of ink, from 0 to 1, row by row.
pub(super) struct Canvas<'a> {
    pub(super) ink: &'a mut [f32],
    pub(super) width: usize,
}

impl Canvas<'_> {
    pub(super) fn height(&self) -> usize {
        self.ink.len() / self.width
    }

    /// The part of this row between the two columns that is on the canvas, and the column that it begins with.
    fn span(&mut self, row: usize, from: f32, to: f32) -> (usize, &mut [f32]) {
        // Numbers below 0 become 0.
        let (from, to) = ((from as usize).min(self.width), ((to + 1.0) as usize).min(self.width));
        (from, &mut self.ink[row * self.width..][from..to.max(from)])
    }

    /// A straight stroke with round ends. Points are (column, row); whole numbers are the centres of pixels.
    pub(super) fn stroke(&mut self, [x0, y0]: [f32; 2], [x1, y1]: [f32; 2], width: f32, level: f32) {
        let reach = 0.5 * width + 0.5;
        let (dx, dy) = (x1 - x0, y1 - y0);
        let per_length = 1.0 / (dx * dx + dy * dy).max(1e-6);
        let first = (y0.min(y1) - reach) as usize;
        let end = ((y0.max(y1) + reach + 1.0) as usize).min(self.height());
        for row in first..end {
            let y = row as f32 - y0;
            let (from, pixels) = self.span(row, x0.min(x1) - reach, x0.max(x1) + reach);
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let x = (from + column) as f32 - x0;
                let along = ((x * dx + y * dy) * per_length).clamp(0.0, 1.0);
                let (off_x, off_y) = (x - along * dx, y - along * dy);
                let distance = (off_x * off_x + off_y * off_y).sqrt();
                // A stroke thinner than a pixel is fainter.
                let cover = (reach - distance).clamp(0.0, width.min(1.0));
                *pixel = pixel.max(level * cover);
            }
        }
    }

    /// Strokes from point to point.
    pub(super) fn path(&mut self, points: &[[f32; 2]], width: f32, level: f32) {
        for ends in points.windows(2) {
            self.stroke(ends[0], ends[1], width, level);
        }
    }

    /// Takes the ink away around a point, with a smooth edge.
    pub(super) fn erase(&mut self, [x, y]: [f32; 2], radius: f32) {
        let end = ((y + radius + 1.0) as usize).min(self.height());
        for row in (y - radius) as usize..end {
            let down = row as f32 - y;
            let (from, pixels) = self.span(row, x - radius, x + radius);
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let right = (from + column) as f32 - x;
                *pixel *= (right * right + down * down - (radius - 0.7) * radius).clamp(0.0, 1.0);
            }
        }
    }

    /// Each pixel takes `part` of each of its neighbours to the left and right, then of those above and below.
    pub(super) fn blur(&mut self, part: f32) {
        let own = 1.0 - 2.0 * part;
        for row in self.ink.chunks_exact_mut(self.width) {
            let mut left = 0.0;
            for column in 0..row.len() {
                let (here, right) = (row[column], row.get(column + 1).copied().unwrap_or(0.0));
                row[column] = own * here + part * (left + right);
                left = here;
            }
        }
        // Row by row, so that it becomes vector code: `above` is the row above as it was.
        const CHUNK: usize = 32;
        for from in (0..self.width).step_by(CHUNK) {
            let count = CHUNK.min(self.width - from);
            let mut above = [0.0; CHUNK];
            for row in 0..self.height() {
                let (start, _) = self.ink.split_at_mut((row + 1) * self.width);
                let mut here = [0.0; CHUNK];
                here[..count].copy_from_slice(&start[row * self.width + from..][..count]);
                let mut below = [0.0; CHUNK];
                if row + 1 < self.height() {
                    below[..count].copy_from_slice(&self.ink[(row + 1) * self.width + from..][..count]);
                }
                let mut mixed = [0.0; CHUNK];
                for column in 0..CHUNK {
                    mixed[column] = own * here[column] + part * (above[column] + below[column]);
                }
                self.ink[row * self.width + from..][..count].copy_from_slice(&mixed[..count]);
                above = here;
            }
        }
    }
}
