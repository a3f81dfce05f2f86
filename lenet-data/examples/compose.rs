//! Composes lines of digits and measures how long one takes: `compose [SHEET.png] [SEED] [PLAIN GAPS]`.
//!
//! The sheet has 40 lines in two columns, as people write or, for `touching`, `overlapping` or `spaced`, as they are
//! measured. What they say is printed, in the same order. With `words` no line has digits, and with `rubbish` the sheet has
//! single images without a digit.

use lenet_data::{
    Dataset,
    strings::{Clutter, HEIGHT, Line, Spacing, StringRecipe, rubbish},
};
use std::{env, error::Error, hint::black_box, time::Instant};

const WIDTH: usize = 160;
const COLUMNS: usize = 2;
const ROWS: usize = 20;
/// Between the lines of a sheet.
const GAP: usize = 6;
/// Each pixel becomes so many in both directions.
const ENLARGED: u32 = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let file = arguments.next().unwrap_or("strings.png".into());
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let recipe = match arguments.next().as_deref() {
        None => StringRecipe::WRITTEN,
        Some("touching") => StringRecipe::plain(5, Spacing::Ink([-1, 0])),
        Some("overlapping") => StringRecipe::plain(5, Spacing::Columns([-3, -1])),
        Some("words") => StringRecipe { clutter: Clutter { words: 1.0, ..Clutter::FORMS }, ..StringRecipe::WRITTEN },
        Some("rubbish") => return rubbish_sheet(&file, seed),
        Some("spaced") => StringRecipe::plain(5, Spacing::Columns([1, 6])),
        Some(other) => return Err(format!("{other}: expected touching, overlapping, spaced, words or rubbish").into()),
    };
    let examples = Dataset::mnist()?.train;
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    let compose = |number| recipe.compose::<WIDTH>(seed, number, &examples, &all);

    let (width, height) = (COLUMNS * (WIDTH + GAP), ROWS * (HEIGHT + GAP));
    let mut sheet = image::GrayImage::from_pixel(width as u32, height as u32, image::Luma([90]));
    for row in 0..ROWS {
        let lines: [Line<WIDTH>; COLUMNS] = std::array::from_fn(|column| compose((row * COLUMNS + column) as u64));
        for (column, line) in lines.iter().enumerate() {
            print!("{:20}", line.digits.to_string());
            let (left, top) = (column * (WIDTH + GAP), row * (HEIGHT + GAP));
            for (y, pixels) in line.image.iter().enumerate() {
                for (x, &level) in pixels.iter().enumerate() {
                    sheet.put_pixel((left + x) as u32, (top + y) as u32, image::Luma([level]));
                }
            }
        }
        println!();
    }
    let (wide, high) = (ENLARGED * width as u32, ENLARGED * height as u32);
    image::imageops::resize(&sheet, wide, high, image::imageops::FilterType::Nearest).save(&file)?;

    let count = 20_000;
    let start = Instant::now();
    let digits: usize = (0..count).map(|number| black_box(compose(number)).digits.len()).sum();
    let each = start.elapsed().as_secs_f64() * 1e6 / count as f64;
    eprintln!("{file} written; {each:.1} us a line of {:.1} digits", digits as f64 / count as f64);
    Ok(())
}

/// Writes a sheet of images without a digit.
fn rubbish_sheet(file: &str, seed: u64) -> Result<(), Box<dyn Error>> {
    const SIDE: usize = 20;
    let examples = Dataset::mnist()?.train;
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    let mut sheet = image::GrayImage::from_pixel(SIDE as u32 * 30, SIDE as u32 * 30, image::Luma([90]));
    for number in 0..SIDE * SIDE {
        let image = rubbish(seed, number as u64, &examples, &all);
        for (y, pixels) in image.iter().enumerate() {
            for (x, &level) in pixels.iter().enumerate() {
                let (left, top) = (30 * (number % SIDE) + x, 30 * (number / SIDE) + y);
                sheet.put_pixel(left as u32, top as u32, image::Luma([level]));
            }
        }
    }
    image::imageops::resize(&sheet, 1200, 1200, image::imageops::FilterType::Nearest).save(file)?;
    Ok(())
}
