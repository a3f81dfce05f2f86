//! What is printed for a picture.

use super::Found;
use crate::draw::Range;
use crate::term::shades::{Cells, shades};
use lenet_data::Region;
use lenet_data::strings::HEIGHT;
use lenet_model::reader::{Hypothesis, Number, ReadDigit};
use serde_json::{Value, json};
use std::io::{self, Write};

/// How numbers are printed.
pub(super) struct Answers {
    /// Digits that are less likely than this are answered by `?`.
    pub(super) margin: f64,
    /// If they are amounts of money, the number of their decimals.
    pub(super) decimals: Option<u8>,
    pub(super) json: bool,
    pub(super) show: bool,
}

impl Answers {
    pub(super) fn write(&self, out: &mut impl Write, name: &str, found: &Found) -> io::Result<()> {
        let Found { numbers, refused, .. } = found;
        if self.json {
            let all: Vec<Value> = numbers.iter().map(|number| self.object(number)).collect();
            let lines: Vec<String> = numbers.iter().map(|number| self.text(number)).collect();
            let refused: Vec<Value> = refused.iter().map(|number| self.object(number)).collect();
            let object = json!({ "file": name, "lines": lines, "numbers": all, "refused": refused });
            return writeln!(out, "{object}");
        }
        for number in numbers {
            write!(out, "{name}: {}  {}", self.text(number), percent(number.probability))?;
            match number.readings.get(1) {
                Some(next) => writeln!(out, "  then {} {}", self.spelled(&text(next)), percent(next.probability))?,
                None => writeln!(out)?,
            }
            for digit in &number.digits {
                let Region { left, top, width, height, .. } = digit.region;
                let shown = self.digit(digit);
                let best = if shown == '?' { format!(" for {}", digit.digit) } else { String::new() };
                let probability = percent(digit.probability);
                writeln!(out, "  {shown}  {probability:>7}{best}  at {left},{top}, {width}x{height}")?;
            }
            if self.show {
                draw(out, number)?;
            }
        }
        Ok(())
    }

    fn digit(&self, digit: &ReadDigit) -> char {
        if digit.probability < self.margin { '?' } else { char::from(b'0' + digit.digit) }
    }

    fn text(&self, number: &Number) -> String {
        self.spelled(&number.digits.iter().map(|digit| self.digit(digit)).collect::<String>())
    }

    /// With a point before the decimals.
    fn spelled(&self, digits: &str) -> String {
        let decimals = usize::from(self.decimals.unwrap_or(0));
        match digits.len().checked_sub(decimals) {
            Some(whole) if decimals > 0 => format!("{}.{}", &digits[..whole], &digits[whole..]),
            _ => digits.into(),
        }
    }

    fn object(&self, number: &Number) -> Value {
        let reading = |reading: &Hypothesis| json!({ "digits": text(reading), "probability": reading.probability });
        let digit = |digit: &ReadDigit| {
            let Region { left, top, width, height, .. } = digit.region;
            let sure = digit.probability >= self.margin;
            json!({
                "digit": sure.then_some(digit.digit),
                "best": digit.digit,
                "probability": digit.probability,
                "place": { "left": left, "top": top, "width": width, "height": height },
            })
        };
        let mut object = json!({
            "number": self.text(number),
            "probability": number.probability,
            "readings": number.readings.iter().map(reading).collect::<Vec<_>>(),
            "digits": number.digits.iter().map(digit).collect::<Vec<_>>(),
            "inverted": number.line.inverted,
        });
        if self.decimals.is_some() {
            object["value"] = self.spelled(&number.text()).parse::<f64>().map_or(Value::Null, Value::from);
        }
        object
    }
}

fn text(reading: &Hypothesis) -> String {
    reading.digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

fn percent(probability: f64) -> String {
    format!("{:.2}%", 100.0 * probability)
}

/// Draws the line as the network saw it, and each digit under the middle of its columns.
fn draw(out: &mut impl Write, number: &Number) -> io::Result<()> {
    let line = &number.line;
    let pixels: Vec<f32> = line.levels.iter().map(|level| f32::from(*level)).collect();
    let rule = "-".repeat(line.width);
    writeln!(out, "+{rule}+")?;
    for row in shades(line.width, &pixels, Range { white: 0.0, black: 255.0 }, Cells::Paired) {
        writeln!(out, "|{row}|")?;
    }
    writeln!(out, "+{rule}+")?;
    let mut digits = vec![' '; line.width];
    for (digit, (first, last)) in number.digits.iter().zip(&number.readings[0].places) {
        // An output column looks at as many columns as a line has rows.
        let middle = (first + last) * lenet_model::reader::STRIDE / 2 + HEIGHT / 2;
        if let Some(place) = digits.get_mut(middle) {
            *place = char::from(b'0' + digit.digit);
        }
    }
    writeln!(out, " {}", digits.into_iter().collect::<String>().trim_end())
}
