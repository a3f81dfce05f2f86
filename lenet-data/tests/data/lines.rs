//! Lines of writing found in pictures that are drawn here.

use lenet_data::{FoundLine, Picture, PictureError, lines, strings::HEIGHT};

/// A sheet with one grey level of paper.
struct Sheet {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Sheet {
    fn new(width: usize, height: usize, paper: u8) -> Self {
        Sheet { width, height, pixels: vec![paper; width * height] }
    }

    fn fill(&mut self, left: usize, top: usize, (width, height): (usize, usize), level: u8) -> &mut Self {
        for row in top..top + height {
            self.pixels[row * self.width + left..][..width].fill(level);
        }
        self
    }

    fn lines(&self) -> Result<Vec<FoundLine>, PictureError> {
        lines(&Picture::from_grey(self.width, self.height, self.pixels.clone()).unwrap())
    }
}

/// The rows of a strip that have ink, and the runs of columns that do.
fn ink(line: &FoundLine) -> ((usize, usize), Vec<(usize, usize)>) {
    let level = |x: usize, y: usize| line.levels[y * line.width + x];
    let row = |y: &usize| (0..line.width).any(|x| level(x, *y) >= 128);
    let rows: Vec<usize> = (0..HEIGHT).filter(row).collect();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for x in (0..line.width).filter(|x| (0..HEIGHT).any(|y| level(*x, y) >= 128)) {
        match runs.last_mut().filter(|run| run.1 == x) {
            Some(run) => run.1 += 1,
            None => runs.push((x, x + 1)),
        }
    }
    ((rows[0], rows[rows.len() - 1]), runs)
}

#[test]
fn a_line_is_scaled_to_25_rows_whatever_its_size() {
    for (scale, paper, pen) in [(1, 255, 0), (2, 30, 220), (5, 200, 90)] {
        let mut sheet = Sheet::new(150 * scale, 80 * scale, paper);
        for i in 0..4 {
            sheet.fill((30 + 20 * i) * scale, 25 * scale, (4 * scale, 30 * scale), pen);
        }
        let found = sheet.lines().unwrap();
        let ((first, last), runs) = ink(&found[0]);
        assert_eq!((found.len(), runs.len(), found[0].inverted), (1, 4, paper > pen));
        assert!((3..=4).contains(&first) && (27..=28).contains(&last), "rows {first} to {last} at {scale}");
        // Full ink is nearly full, and the paper is none.
        assert!(found[0].levels.iter().any(|level| *level > 220));
        assert_eq!(found[0].levels[0], 0);
    }
}

#[test]
fn a_line_that_falls_is_straightened() {
    let mut sheet = Sheet::new(420, 160, 240);
    for i in 0..9 {
        sheet.fill(20 + 44 * i, 20 + 9 * i, (5, 40), 10);
    }
    let found = sheet.lines().unwrap();
    let line = &found[0];
    let tops: Vec<usize> = ink(line)
        .1
        .iter()
        .map(|(from, to)| (0..HEIGHT).find(|y| (*from..*to).any(|x| line.levels[y * line.width + x] >= 128)).unwrap())
        .collect();
    assert_eq!((found.len(), tops.len()), (1, 9));
    let (least, most) = (tops.iter().min().unwrap(), tops.iter().max().unwrap());
    assert!(most - least <= 1, "{tops:?}");
}

#[test]
fn wide_gaps_are_shortened_and_places_lead_back() {
    let mut sheet = Sheet::new(700, 100, 255);
    for left in [40, 80, 600] {
        sheet.fill(left, 25, (6, 50), 0);
    }
    let found = sheet.lines().unwrap();
    let (_, runs) = ink(&found[0]);
    // A gap of 34 pixels is 17 columns; one of 514 is as wide as the line is high.
    assert!((16..=18).contains(&(runs[1].0 - runs[0].1)), "{runs:?}");
    assert!((23..=27).contains(&(runs[2].0 - runs[1].1)), "{runs:?}");
    for ((from, to), left) in runs.into_iter().zip([40_usize, 80, 600]) {
        let region = found[0].region(from..to);
        assert!(region.left.abs_diff(left) <= 3 && region.width <= 12, "{region:?}");
        assert!(region.top.abs_diff(25) <= 2 && region.height.abs_diff(50) <= 3, "{region:?}");
    }
}

#[test]
fn a_line_that_was_cut_out_closely_keeps_its_colours() {
    // Uneven paper, ink up to every border: rings as high as the picture.
    let (width, height) = (200_usize, 36_usize);
    let pixels = (0..width * height).map(|at| {
        let (x, y) = ((at % width) as f32, (at / width) as f32);
        let paper = 170.0 + 0.15 * x + 8.0 * (0.8 * y + 0.3 * x).sin();
        let ring = (x % 40.0 - 20.0).hypot(1.1 * (y - 17.5));
        if (14.0..18.5).contains(&ring) { 45 } else { paper as u8 }
    });
    let found = lines(&Picture::from_grey(width, height, pixels.collect()).unwrap()).unwrap();
    let (_, runs) = ink(&found[0]);
    assert_eq!((found.len(), found[0].inverted), (1, true));
    assert!((1..=5).contains(&runs.len()), "{runs:?}");
    // The paper within a ring is no ink.
    let middle = |x: usize| found[0].levels[16 * found[0].width + x];
    let covered = (0..found[0].width).filter(|x| middle(*x) >= 128).count();
    assert!(covered * 2 < found[0].width, "{covered} of {}", found[0].width);
}

#[test]
fn lines_are_parted_and_the_edge_of_the_table_is_none_of_their_digits() {
    let mut sheet = Sheet::new(300, 260, 230);
    for (line, top) in [40, 120, 200].into_iter().enumerate() {
        for i in 0..5 {
            sheet.fill(60 + 30 * i, top, (5, 36 + line), 20);
        }
    }
    // Beside the first two lines.
    sheet.fill(20, 10, (6, 160), 20);
    let found = sheet.lines().unwrap();
    let counts: Vec<usize> = found.iter().map(|line| ink(line).1.len()).collect();
    let fives = counts.iter().filter(|count| **count == 5).count();
    assert_eq!(fives, 3, "{counts:?}");
}

#[test]
fn thin_strokes_are_widened() {
    let mut sheet = Sheet::new(500, 300, 255);
    for i in 0..4 {
        sheet.fill(80 + 80 * i, 60, (2, 180), 0);
    }
    let found = sheet.lines().unwrap();
    for (from, to) in ink(&found[0]).1 {
        assert!((1..=4).contains(&(to - from)), "{}", to - from);
    }
    assert_eq!(ink(&found[0]).1.len(), 4);
}

#[test]
fn paper_without_ink_has_no_lines() {
    assert!(matches!(Sheet::new(100, 60, 200).lines(), Err(PictureError::NoInk)));
    assert!(matches!(Sheet::new(1, 1, 0).lines(), Err(PictureError::NoInk)));
    // Specks are no line.
    let mut sheet = Sheet::new(400, 300, 255);
    for i in 0..6 {
        sheet.fill(20 + 60 * i, 30 + 40 * i, (2, 2), 0);
    }
    assert!(matches!(sheet.lines(), Err(PictureError::NoInk)));
}

#[test]
fn a_rule_under_the_digits_is_taken_off() {
    let bars = |sheet: &mut Sheet| {
        for i in 0..5 {
            sheet.fill(30 + 30 * i, 20, (5, 50), 20);
        }
    };
    let mut plain = Sheet::new(200, 100, 240);
    bars(&mut plain);
    let mut ruled = Sheet::new(200, 100, 240);
    bars(&mut ruled);
    // It falls by two pixels, and the bars stand on it.
    for x in 0..200 {
        ruled.fill(x, 66 + x / 100, (1, 3), 20);
    }
    let (plain, ruled) = (&plain.lines().unwrap(), &ruled.lines().unwrap());
    assert_eq!((plain.len(), ruled.len()), (1, 1));
    let (with, without) = (ink(&ruled[0]).1, ink(&plain[0]).1);
    assert_eq!((with.len(), without.len()), (5, 5), "{with:?}");
    // Bars beside each other are no rule.
    assert!(without.iter().all(|(from, to)| to - from <= 4));
}

#[test]
fn the_tops_of_digits_beside_each_other_are_no_rule() {
    // Hollow boxes at one height: the line that their tops make has gaps. Without it, the sides of a box would part.
    let mut sheet = Sheet::new(330, 110, 240);
    for left in (12..300).step_by(52) {
        for (x, y, size) in [(left, 40, (40, 3)), (left, 87, (40, 3)), (left, 40, (3, 50)), (left + 37, 40, (3, 50))] {
            sheet.fill(x, y, size, 20);
        }
    }
    assert_eq!(ink(&sheet.lines().unwrap()[0]).1.len(), 6);
    // Joined by strokes, at several heights: the line is whole, but not straight.
    let mut sheet = Sheet::new(300, 110, 240);
    for x in 20..280_usize {
        let wave = (x % 32).abs_diff(16);
        sheet.fill(x, 30 + wave, (1, 3), 20);
        if x % 64 == 32 {
            sheet.fill(x, 30 + wave, (4, 50 - wave), 20);
        }
    }
    assert_eq!(ink(&sheet.lines().unwrap()[0]).1.len(), 1, "the joining stroke is kept");
}
