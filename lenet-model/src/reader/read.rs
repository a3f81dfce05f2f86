//! From a picture to the numbers that are written on it.

use super::decode::{Column, Hypothesis, decode};
use super::grammar::Grammar;
use super::network::{LINE_HEIGHT, STRIDE, Sweep};
use super::sweep::{Line, sweep};
use super::views;
use crate::Normalization;
use crate::files::{CheckpointError, read_whole};
use half::f16;
use lenet_data::{FoundLine, Picture, PictureError, Region, lines};
use lenet_layers::{Params, Relu};
use lenet_train::{NetworkInfo, Tensors, plain, take, write_beside};
use rayon::prelude::*;
use safetensors::{SafeTensorError, SafeTensors};
use std::path::Path;

/// A trained network that reads lines of digits, and what is needed to read pictures with it.
///
/// ```
/// # #[cfg(feature = "pretrained")] {
/// use lenet_data::Picture;
/// use lenet_model::reader::Reader;
///
/// // A seven and a one on a sheet of paper.
/// let mut pixels = vec![250; 120 * 80];
/// let mut dot = |x: usize, y: usize| (0..4).for_each(|row| pixels[(y + row) * 120 + x..][..4].fill(20));
/// (30..52).for_each(|x| dot(x, 20));
/// (20..56).for_each(|y| dot(52 - (y - 20) / 2, y));
/// (20..56).for_each(|y| dot(76, y));
/// let numbers = Reader::pretrained().read(&Picture::from_grey(120, 80, pixels)?)?;
/// assert_eq!(numbers.len(), 1);
/// assert_eq!(numbers[0].text(), "71");
/// assert!(numbers[0].probability > 0.5);
/// # }
/// # Ok::<(), lenet_data::PictureError>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    network: Box<Sweep>,
    /// What is known about it.
    pub description: ReaderDescription,
}

/// What a file says about its reader.
#[derive(Clone, Debug, PartialEq)]
pub struct ReaderDescription {
    /// The recipe that it was trained with, as JSON.
    pub recipe: String,
    /// What it was trained on, in words.
    pub data: String,
    /// The program that has written the file.
    pub program: String,
    /// By what the scores are divided before they become probabilities, so that of the strings that are read with a
    /// probability of 99%, 1% are wrong.
    pub temperature: f32,
    /// The least probability of a digit with which 0.5% of the digits of held-out lines are wrong.
    pub margin: Option<f64>,
}

impl Default for ReaderDescription {
    fn default() -> Self {
        Self {
            recipe: String::new(),
            data: String::new(),
            program: concat!("lenet-model ", env!("CARGO_PKG_VERSION")).into(),
            temperature: 1.0,
            margin: None,
        }
    }
}

/// A number that was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Number {
    /// The likeliest strings of digits, best first. There is at least one.
    pub readings: Vec<Hypothesis>,
    /// The probability of the likeliest one.
    pub probability: f64,
    /// The digits of the likeliest one, and where they are.
    pub digits: Vec<ReadDigit>,
    /// The line as the network saw it.
    pub line: FoundLine,
    /// What the network said about each column.
    pub columns: Vec<Column>,
}

/// A digit of a number.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReadDigit {
    /// The digit.
    pub digit: u8,
    /// The probability that this digit is at this position: that of all strings found that agree with it.
    pub probability: f64,
    /// The part of the picture that it was read from.
    pub region: Region,
}

impl Number {
    /// The digits as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.digits.iter().map(|digit| char::from(b'0' + digit.digit)).collect()
    }
}

/// How many strings are looked for.
pub(super) const READINGS: usize = 5;
/// A line that the sweep reads with this probability is not examined further.
const CERTAIN: f64 = 0.99;
/// With this probability after its single digits were read too, it is not read again.
const CLEAR: f64 = 0.95;

/// With less than this it is no number, however often it is read.
const HOPELESS: f64 = 0.01;

#[cfg(feature = "pretrained")]
use super::singles::weigh;

#[cfg(not(feature = "pretrained"))]
fn weigh(_: &Line, _: &mut [Hypothesis]) {}

impl Clone for Reader {
    /// The weights are copied array by array: as one value they would be 0.7 MB on the stack.
    fn clone(&self) -> Self {
        let mut network = Sweep::boxed_zeroed();
        for index in 0..Sweep::<Relu>::TENSORS {
            network.tensor_mut(index).copy_from_slice(self.network.tensor(index));
        }
        Reader { network, description: self.description.clone() }
    }
}

impl Reader {
    /// A reader from its network, whose weights are rounded to half precision, as a file keeps them.
    #[must_use]
    pub fn new(mut network: Box<Sweep>, description: ReaderDescription) -> Self {
        for index in 0..Sweep::<Relu>::TENSORS {
            let round = |number: &mut f32| *number = f16::from_f32(*number).to_f32();
            network.tensor_mut(index).iter_mut().for_each(round);
        }
        Reader { network, description }
    }

    /// Its network.
    #[must_use]
    pub fn network(&self) -> &Sweep {
        &self.network
    }

    /// Reads the numbers of a picture, a line each, from the top to the bottom. Lines without a digit are left out.
    ///
    /// # Errors
    /// [`PictureError::NoInk`] if nothing stands out from the background.
    pub fn read(&self, picture: &Picture) -> Result<Vec<Number>, PictureError> {
        self.read_with(picture, &Grammar::default())
    }

    /// Reads the numbers of a picture that have the given form. A line without such a number is left out.
    ///
    /// # Errors
    /// [`PictureError::NoInk`] if nothing stands out from the background.
    pub fn read_with(&self, picture: &Picture, grammar: &Grammar) -> Result<Vec<Number>, PictureError> {
        Ok(self.read_lines(lines(picture)?, grammar))
    }

    /// Reads lines that have been found in a picture.
    #[must_use]
    pub fn read_lines(&self, found: Vec<FoundLine>, grammar: &Grammar) -> Vec<Number> {
        let strips: Vec<Line> = found
            .iter()
            .map(|line| Line::new(line.width, line.levels.clone()).expect("a strip has the rows of a line"))
            .collect();
        let read = self.read_strips(&strips, grammar);
        found.into_iter().zip(read).filter_map(|(line, (readings, columns))| number(line, readings, columns)).collect()
    }

    /// The likeliest strings of each line, best first, and what the network said about its columns. Where that is not
    /// certain, digits that stand apart are read by LeNet-5 too (with the feature `pretrained`). If it is not certain
    /// then, the line is read again, a little smaller and larger, and the probabilities are the means.
    #[must_use]
    pub fn read_strips(&self, lines: &[Line], grammar: &Grammar) -> Vec<(Vec<Hypothesis>, Vec<Column>)> {
        let columns = self.columns(lines);
        let read = |(line, columns): (&Line, &Vec<Column>)| {
            let mut readings = decode(columns, grammar, READINGS);
            if !is_likely(&readings, CERTAIN) {
                weigh(line, &mut readings);
            }
            readings
        };
        let mut readings: Vec<_> = lines.par_iter().zip(&columns).map(read).collect();
        let again: Vec<usize> = (0..lines.len())
            .filter(|&i| is_likely(&readings[i], HOPELESS) && !is_likely(&readings[i], CLEAR))
            .collect();
        // The views of all lines together: sixteen tiles are swept in little more time than one.
        let views: Vec<Line> = again.iter().flat_map(|&i| views::of(&lines[i])).collect();
        let views = self.columns(&views);
        let agreed = |(&i, views): (&usize, &[Vec<Column>])| {
            let mut readings = views::agreed(&columns[i], views, grammar, READINGS);
            weigh(&lines[i], &mut readings);
            readings
        };
        let agreed: Vec<_> = again.par_iter().zip(views.par_chunks(views::FACTORS.len())).map(agreed).collect();
        again.into_iter().zip(agreed).for_each(|(i, agreed)| readings[i] = agreed);
        readings.into_iter().zip(columns).collect()
    }

    /// What the network says about each column of each line, as calibrated probabilities.
    #[must_use]
    pub fn columns(&self, lines: &[Line]) -> Vec<Vec<Column>> {
        let mut columns = sweep(&*self.network, lines, Normalization::PAPER);
        columns.iter_mut().flatten().for_each(|column| cool(column, self.description.temperature));
        columns
    }

    /// The reader that comes with the crate. Needs the feature `pretrained`.
    #[cfg(feature = "pretrained")]
    #[must_use]
    pub fn pretrained() -> Self {
        Self::from_bytes(Path::new("the built-in reader"), Self::pretrained_file()).expect("a test reads it")
    }

    /// The file of [`Reader::pretrained`].
    #[cfg(feature = "pretrained")]
    #[must_use]
    pub fn pretrained_file() -> &'static [u8] {
        include_bytes!("../../models/reader.safetensors")
    }

    /// Opens the file of a reader.
    ///
    /// # Errors
    /// If the file can't be read, or is not the file of a reader.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        Self::from_bytes(path, &read_whole(path)?)
    }

    /// Takes the bytes of a reader's file; errors call them `path`.
    ///
    /// # Errors
    /// If they are not the file of a reader.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let format = |e: SafeTensorError| CheckpointError::Format { path: path.into(), reason: e.to_string() };
        let foreign = |reason: &str| CheckpointError::Foreign { path: path.into(), reason: plain(reason) };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let entry = |key: &str| header.metadata().as_ref().and_then(|entries| entries.get(key)).cloned();
        if entry("network").as_deref() != Some(NAME) {
            return Err(foreign("it is not the file of a reader of lines"));
        }
        let temperature =
            entry("temperature").and_then(|word| word.parse().ok()).filter(|t: &f32| (0.1..=10.0).contains(t));
        let description = ReaderDescription {
            recipe: entry("recipe").unwrap_or_default(),
            data: entry("data").unwrap_or_default(),
            program: entry("program").unwrap_or_default(),
            temperature: temperature.ok_or_else(|| foreign("its temperature is missing or out of range"))?,
            margin: entry("margin").and_then(|word| word.parse().ok()).filter(|m| (0.0..=1.0).contains(m)),
        };
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut network = Sweep::boxed_zeroed();
        take(&file, NetworkInfo::of::<Sweep>(), "", &mut *network)
            .map_err(|(tensor, reason)| foreign(&format!("tensor {tensor} {reason}")))?;
        Ok(Reader { network, description })
    }

    /// Writes the reader to a temporary file beside `path`, then renames it.
    ///
    /// # Errors
    /// If the file can't be written; an old file is then still there.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let about = &self.description;
        let mut metadata = vec![
            ("network", NAME.to_string()),
            ("recipe", about.recipe.clone()),
            ("data", about.data.clone()),
            ("program", about.program.clone()),
            ("temperature", about.temperature.to_string()),
        ];
        metadata.extend(about.margin.map(|margin| ("margin", margin.to_string())));
        let mut tensors = Tensors::default();
        tensors.add_halves(NetworkInfo::of::<Sweep>(), &*self.network);
        let bytes = tensors.file(&metadata);
        let bytes = bytes.map_err(|e| CheckpointError::Format { path: path.into(), reason: e.to_string() })?;
        write_beside(path, &bytes).map_err(|error| CheckpointError::Write { path: path.into(), error })
    }
}

/// The name of the network in a file's metadata.
const NAME: &str = "reader";

/// Whether the best reading has at least this probability.
fn is_likely(readings: &[Hypothesis], probability: f64) -> bool {
    readings.first().is_some_and(|best| best.probability >= probability)
}

/// Divides the logarithms of probabilities by the temperature.
pub(super) fn cool(column: &mut Column, temperature: f32) {
    let most = column.iter().fold(f32::NEG_INFINITY, |most, y| most.max(*y)) / temperature;
    let whole = most + column.iter().map(|y| (y / temperature - most).exp()).sum::<f32>().ln();
    column.iter_mut().for_each(|y| *y = *y / temperature - whole);
}

/// The number that a line shows, unless there is none.
fn number(line: FoundLine, readings: Vec<Hypothesis>, columns: Vec<Column>) -> Option<Number> {
    let best = readings.first().filter(|best| !best.digits.is_empty())?;
    let digit = |(position, (&digit, &place)): (usize, (&u8, &(usize, usize)))| ReadDigit {
        digit,
        probability: sureness(&readings, position),
        region: region(&line, place),
    };
    let digits = best.digits.iter().zip(&best.places).enumerate().map(digit).collect();
    Some(Number { probability: best.probability, digits, readings, line, columns })
}

/// The probability of the digit of the best reading at a position: that of all readings that agree with it there.
pub(super) fn sureness(readings: &[Hypothesis], position: usize) -> f64 {
    let best = &readings[0].digits;
    let agree =
        |reading: &&Hypothesis| reading.digits.len() == best.len() && reading.digits[position] == best[position];
    readings.iter().filter(agree).map(|reading| reading.probability).sum()
}

/// The part of the picture that output columns were read from: the middle half of their fields of vision.
fn region(line: &FoundLine, (first, last): (usize, usize)) -> Region {
    let from = first * STRIDE + LINE_HEIGHT / 4;
    let to = last * STRIDE + 3 * LINE_HEIGHT / 4;
    let from = from.min(line.width - 1);
    line.region(from..to.clamp(from + 1, line.width))
}
