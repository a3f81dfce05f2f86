//! The kernels of the convolutions.

use crate::draw::{Anchor, Drawing, Range, Raster, Size};
use crate::term::shades::{Cells, beside, shades};
use crate::term::words::thousands;
use lenet_layers::{ParamInfo, Role};
use lenet_model::AnyNetwork;
use std::io::{self, Write};

/// The kernels of one stage.
pub(crate) struct Bank {
    pub(crate) stage: String,
    /// The stage whose maps are its input.
    pub(crate) before: String,
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    /// Rows and columns of a kernel.
    pub(crate) side: usize,
    /// `[output][input]`; `None` where there is no connection.
    pub(crate) kernels: Vec<Option<Vec<f32>>>,
    pub(crate) range: Range,
}

/// The kernels of all stages that have kernels.
pub(crate) fn banks(network: &dyn AnyNetwork) -> Vec<Bank> {
    let about = network.info();
    let convolutions = about.tensors().enumerate().filter_map(|(index, info)| match (info.dims, info.role) {
        (&[outputs, inputs, side, _], Role::Weight) => Some((index, info, outputs, inputs, side)),
        _ => None,
    });
    let bank = |(index, info, outputs, inputs, side): (usize, ParamInfo, usize, usize, usize)| {
        let numbers = network.tensor(index);
        let mut all = numbers.chunks(side * side);
        let connected = |pair: usize| info.connected.get(pair).copied().unwrap_or(true);
        let kernels =
            (0..outputs * inputs).map(|pair| if connected(pair) { all.next().map(<[f32]>::to_vec) } else { None });
        let before = about.stages.iter().take_while(|stage| stage.name != info.stage).last();
        Bank {
            stage: info.stage.into(),
            before: before.map_or("input", |stage| stage.name).into(),
            outputs,
            inputs,
            side,
            kernels: kernels.collect(),
            range: Range::around_zero(numbers),
        }
    };
    convolutions.map(bank).collect()
}

impl Bank {
    fn kernel(&self, output: usize, input: usize) -> Option<&[f32]> {
        self.kernels[output * self.inputs + input].as_deref()
    }

    fn count(&self) -> usize {
        self.kernels.iter().flatten().count()
    }

    /// `C3: 60 kernels of 5x5`.
    fn heading(&self) -> String {
        let count = self.count();
        let kernels = if count == 1 { "kernel" } else { "kernels" };
        format!("{}: {} {kernels} of {2}x{2}", self.stage.to_uppercase(), thousands(count), self.side)
    }

    /// The legend of the shades, given the words for the smallest and the largest number.
    fn shades(&self, least: &str, greatest: &str) -> String {
        format!("{least} {:.3}, {greatest} {:.3}, 0 in the middle", self.range.white, self.range.black)
    }

    /// Says how the kernels are arranged.
    fn layout(&self) -> Option<String> {
        let empty = if self.count() < self.kernels.len() { "; empty where they are not connected" } else { "" };
        let (before, stage) = (self.before.to_uppercase(), self.stage.to_uppercase());
        (self.inputs > 1).then(|| format!("a row for each map of {before}, a column for each map of {stage}{empty}"))
    }

    /// Draws a column for each output map and a row for each input map, as in Table I of the paper; in several lines if there are many columns.
    fn drawing(&self) -> Drawing {
        const WIDTH: f64 = 744.0;
        const MANY: usize = 40;
        const LINE: usize = 60;
        let mut drawing = Drawing::new(WIDTH, 17.0, self.heading());
        drawing.text(0.0, 13.0, Anchor::Start, Size::Heading, self.heading());
        for words in [Some(self.shades("white", "black")), self.layout()].into_iter().flatten() {
            drawing.height += 13.0;
            drawing.text(0.0, drawing.height - 1.0, Anchor::Start, Size::Small, words);
        }
        let outputs: Vec<usize> = (0..self.outputs).collect();
        if self.outputs > MANY {
            for line in outputs.chunks(LINE) {
                let raster = self.sheet(line);
                drawing.image(LABEL, drawing.height + 8.0, SHEET_PIXEL, raster.clone());
                drawing.height += 8.0 + SHEET_PIXEL * raster.height() as f64;
            }
            return drawing;
        }
        // As many as fit side by side. Half a unit is a pixel of a PNG.
        const GAP: f64 = 5.0;
        let most = (WIDTH - LABEL) / self.outputs as f64 - GAP;
        let pixel = ((2.0 * most / self.side as f64).floor() / 2.0).clamp(1.0, 12.0);
        let (kernel, top) = (pixel * self.side as f64, drawing.height + 24.0);
        for input in 0..self.inputs {
            let y = top + (kernel + GAP) * input as f64;
            if self.inputs > 1 {
                drawing.text(LABEL - 6.0, y + 0.5 * kernel + 3.5, Anchor::End, Size::Small, input.to_string());
            }
            for output in 0..self.outputs {
                let x = LABEL + (kernel + GAP) * output as f64;
                if let Some(numbers) = self.kernel(output, input) {
                    drawing.edged(x, y, pixel, Raster::of(self.side, numbers, self.range));
                }
                if input == 0 {
                    drawing.text(x + 0.5 * kernel, top - 6.0, Anchor::Middle, Size::Small, output.to_string());
                }
            }
        }
        drawing.height = top + (kernel + GAP) * self.inputs as f64 - GAP;
        drawing
    }

    /// The kernels of these output maps in one picture, separated by a white pixel.
    fn sheet(&self, outputs: &[usize]) -> Raster {
        let pitch = self.side + 1;
        let mut sheet = Raster::new(pitch * outputs.len() - 1, pitch * self.inputs - 1, 255);
        for (column, output) in outputs.iter().enumerate() {
            for input in 0..self.inputs {
                if let Some(kernel) = self.kernel(*output, input) {
                    sheet.put(pitch * column, pitch * input, &Raster::of(self.side, kernel, self.range));
                }
            }
        }
        sheet
    }
}

/// The space left of the kernels for the numbers of the rows.
const LABEL: f64 = 22.0;
/// The width of a sheet of many kernels.
const SHEET_PIXEL: f64 = 2.0;

/// Draws all stages, one below the other.
pub(crate) fn drawing(banks: &[Bank]) -> Drawing {
    Drawing::stack("The kernels of every convolution", 26.0, banks.iter().map(Bank::drawing).collect())
}

/// Prints it in characters.
pub(crate) fn write(out: &mut impl Write, banks: &[Bank]) -> io::Result<()> {
    /// Stages with more output maps are left out.
    const MOST: usize = 40;
    for (i, bank) in banks.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", bank.heading())?;
        if bank.outputs > MOST {
            writeln!(out, "too many for a terminal: --out FILE.png or FILE.svg shows them")?;
            continue;
        }
        writeln!(out, "{}", bank.shades("blank", "full"))?;
        if bank.inputs == 1 {
            bank.write_kernels(out, (0..bank.outputs).filter_map(|output| bank.kernel(output, 0)))?;
            continue;
        }
        for output in 0..bank.outputs {
            let seen = (0..bank.inputs).filter(|input| bank.kernel(output, *input).is_some());
            let seen: Vec<String> = seen.map(|input| input.to_string()).collect();
            let (stage, before) = (bank.stage.to_uppercase(), bank.before.to_uppercase());
            writeln!(out, "\nmap {output} of {stage}, from {before}: {}", seen.join(", "))?;
            bank.write_kernels(out, (0..bank.inputs).filter_map(|input| bank.kernel(output, input)))?;
        }
    }
    Ok(())
}

impl Bank {
    fn write_kernels<'a>(&self, out: &mut impl Write, kernels: impl Iterator<Item = &'a [f32]>) -> io::Result<()> {
        const WIDTH: usize = 100;
        let blocks: Vec<_> = kernels.map(|kernel| shades(self.side, kernel, self.range, Cells::Wide)).collect();
        beside(&blocks, 2, WIDTH).iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::decode;
    use lenet_model::{ActivationName, NetworkName};

    /// The kernels of a network whose numbers count up within each array, from -1 to 1.
    fn counted(name: NetworkName) -> Vec<Bank> {
        let mut network = name.zeroed(ActivationName::ScaledTanh);
        for index in 0..network.info().tensors().len() {
            let numbers = network.tensor_mut(index);
            let last = (numbers.len() - 1) as f32;
            numbers.iter_mut().enumerate().for_each(|(i, x)| *x = 2.0 * i as f32 / last - 1.0);
        }
        banks(&*network)
    }

    #[test]
    fn every_network_has_its_kernels_where_its_table_says() {
        for name in NetworkName::ALL {
            let banks = counted(*name);
            let stages: Vec<(&str, &str, usize)> =
                banks.iter().map(|bank| (bank.stage.as_str(), bank.before.as_str(), bank.count())).collect();
            let expected = match name {
                NetworkName::LeNet5 | NetworkName::LeNet5Rbf | NetworkName::LeNet5Lush => vec![6, 60, 1920],
                NetworkName::LeNet5Dense | NetworkName::LeNet5Average => vec![6, 96, 1920],
                NetworkName::LeNet5Modern => vec![8, 320, 1920],
                NetworkName::LeNet5Unpadded => vec![6, 96, 1920],
                NetworkName::LeNet4 => vec![4, 50, 1920],
                NetworkName::LeNet1 => vec![4, 20],
            };
            let places = [("c1", "input"), ("c3", "s2"), ("c5", "s4")];
            let expected: Vec<_> = places.into_iter().zip(expected).map(|((s, b), n)| (s, b, n)).collect();
            assert_eq!(stages, expected, "{name}");

            let drawing = drawing(&banks);
            roxmltree::Document::parse(&drawing.svg_file().unwrap()).unwrap();
            let (width, height, grey) = decode(&drawing.png_file().unwrap());
            assert_eq!((width, height), ((2.0 * drawing.width) as usize, (2.0 * drawing.height) as usize), "{name}");
            let at = |x: f64, y: f64| grey[(2.0 * y) as usize * width + (2.0 * x) as usize];
            // The first weight of C1 is the smallest, so it is white; the last is black. Cells are 12 units.
            let (x, y, cell) = (LABEL, 54.0, 12.0);
            let last = LABEL + (banks[0].outputs - 1) as f64 * 65.0;
            assert_eq!((at(x, y), at(x + cell - 0.5, y), at(last + 59.5, y + 59.5)), (255, 255, 0), "{name}");
            assert_ne!(at(x + 4.0 * cell, y + 4.0 * cell), 255, "{name}");
            let mut text = Vec::new();
            write(&mut text, &banks).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text.matches("map ").count(), banks[1].outputs, "{name}");
        }
    }

    #[test]
    fn c3_is_laid_out_as_in_table_1() {
        let banks = counted(NetworkName::LeNet5);
        let c3 = &banks[1];
        let drawing = c3.drawing();
        let (width, _, grey) = decode(&drawing.png_file().unwrap());
        // Cells of 8 units, kernels 45 apart, under a heading, two lines of words and the numbers of the columns.
        let (top, pitch) = (17.0 + 2.0 * 13.0 + 24.0, 45.0);
        for output in 0..16 {
            for input in 0..6 {
                let (x, y) = (LABEL + pitch * f64::from(output) + 20.0, top + pitch * f64::from(input) + 20.0);
                let shown = grey[(2.0 * y) as usize * width + (2.0 * x) as usize];
                let middle = c3.kernel(output as usize, input as usize).map(|kernel| c3.range.grey(kernel[12]));
                // White where there is no kernel: only the first kernel has a weight as small as white.
                assert_eq!(shown, middle.unwrap_or(255), "map {output} of C3, map {input} of S2");
            }
        }
        assert!(c3.kernel(0, 2).is_some() && c3.kernel(0, 3).is_none() && c3.kernel(15, 5).is_some());
    }
}
