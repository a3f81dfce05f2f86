//! Lines of handwritten digits, composed of single ones: what a network that reads whole lines is trained and measured with.
//!
//! A [`StringRecipe`] holds the ranges of everything random. [`StringRecipe::WRITTEN`] is for training: digits of all sizes,
//! slants, strokes and distances, joined and broken, among points, dashes, rules, boxes and other marks that are not to be
//! read. [`StringRecipe::plain`] is for measuring: digits at given distances, and nothing else.
//!
//! A line is 32 rows high. Its digits together are 20 to 28 rows high and about in the middle, as if the line had been cut
//! out of a picture and scaled.
//!
//! ```
//! use lenet_data::{LabelledImages, strings::{INK, Spacing, StringRecipe}};
//!
//! // Two pictures: a thin bar is a 1, a block is an 8.
//! let bar = |from: usize, to: usize| {
//!     let mut image = [[0; 28]; 28];
//!     image[4..24].iter_mut().for_each(|row| row[from..to].fill(255));
//!     image
//! };
//! let examples = LabelledImages::new(vec![bar(13, 15), bar(8, 20)], vec![1, 8])?;
//!
//! // Five digits with three to five columns between neighbours.
//! let recipe = StringRecipe::plain(5, Spacing::Columns([3, 5]));
//! let line = recipe.compose::<160>(1, 42, &examples, &[0, 1]);
//! assert_eq!(line, recipe.compose::<160>(1, 42, &examples, &[0, 1]));
//! assert_eq!((line.digits.len(), line.image.len()), (5, 32));
//! assert!(line.digits.iter().all(|digit| [1, 8].contains(digit)));
//!
//! // Only the pictures whose numbers are given are used: here none but the 1.
//! assert_eq!(recipe.compose::<160>(1, 42, &examples, &[0]).digits[..], [1; 5]);
//!
//! // As people write: whatever does not fit into the width is left out.
//! let line = StringRecipe::WRITTEN.compose::<64>(1, 7, &examples, &[0, 1]);
//! assert!(line.digits.len() < 10);
//! # Ok::<(), lenet_data::DataError>(())
//! ```

mod canvas;
mod clutter;
mod dice;
mod digits;
mod european;
mod finish;
mod glyph;
mod layout;
mod letters;
mod patch;
mod recipe;
mod rubbish;

pub use digits::Digits;
pub use european::european;
pub use recipe::{Clutter, Finish, Hand, Spacing, StringRecipe};
pub use rubbish::rubbish;

use crate::LabelledImages;
use canvas::Canvas;
use clutter::Marks;
use dice::{Dice, Part};
use layout::{Layout, Style};

/// The rows of a line.
pub const HEIGHT: usize = 32;

/// From this level on a pixel counts as ink where distances are measured.
pub const INK: u8 = 64;

/// A picture of a line, and what is to be read on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<const W: usize> {
    /// Row by row; 0 = ground, 255 = ink.
    pub image: [[u8; W]; HEIGHT],
    /// The digits from left to right. There may be none.
    pub digits: Digits,
}

impl StringRecipe {
    /// The stream of ChaCha8 that line 0 is drawn from, the word "strings". That of any other line is this one with the
    /// line's number, by exclusive or. Numbers below 2^48 have streams apart from all others of this crate.
    pub const STREAM: u64 = u64::from_be_bytes(*b"\0strings");

    /// Line `number` of a seed, from those of the examples whose indexes are `allowed`. All four decide, so that any line can
    /// be had alone, in any order and on any thread, and is the same on every machine.
    ///
    /// Without allowed examples there are no digits. Ranges that make no sense, such as a height of 100 rows, are cut off.
    ///
    /// # Panics
    /// If an index is not below the number of examples.
    #[must_use]
    pub fn compose<const W: usize>(
        &self,
        seed: u64,
        number: u64,
        examples: &LabelledImages,
        allowed: &[u32],
    ) -> Line<W> {
        const { assert!(W >= HEIGHT && W <= 1 << 16, "a line is 32 to 65536 columns wide") };
        let recipe = self.of_line(seed, number);
        let mut ink = [[0.0; W]; HEIGHT];
        let mut canvas = Canvas { ink: ink.as_flattened_mut(), width: W };
        let [mut digits, mut clutter, mut finish] =
            [Part::Digits, Part::Clutter, Part::Finish].map(|part| Dice::new(seed, Self::STREAM ^ number, part));

        let digits = recipe.draw(&mut canvas, (examples, allowed), &mut digits, &mut clutter);
        let mut image = [[0; W]; HEIGHT];
        finish::finish(&recipe.finish, &mut canvas, image.as_flattened_mut(), &mut finish);
        Line { image, digits }
    }

    /// What a line is composed by: this, or if it is neat, a recipe for neat lines.
    fn of_line(&self, seed: u64, number: u64) -> &Self {
        const NEAT: [StringRecipe; 3] = StringRecipe::NEAT;
        // A recipe without neat lines need not draw.
        if self.neat == 0.0 {
            return self;
        }
        let mut dice = Dice::new(seed, Self::STREAM ^ number, Part::Kind);
        if dice.chance(self.neat) { &NEAT[dice.below(NEAT.len())] } else { self }
    }

    /// All that is on the paper. Apart from `compose`, so that it is compiled once for all widths.
    fn draw(
        &self,
        canvas: &mut Canvas,
        (examples, allowed): (&LabelledImages, &[u32]),
        dice: &mut Dice,
        clutter: &mut Dice,
    ) -> Digits {
        let [least, most] = self.digits.map(|count| count.min(Digits::CAPACITY));
        let count = least + dice.below(most.saturating_sub(least) + 1);
        let words = clutter.chance(self.clutter.words);
        let count = if dice.chance(self.empty) || words || allowed.is_empty() { 0 } else { count };
        let style = Style::new(self, dice);
        let marks = Marks::new(&self.clutter, count, &style, clutter);
        let layout = Layout::new(self, &style, (examples, allowed), (count, canvas.width), &marks.room(), dice);
        layout.draw(canvas, self, &style, dice);
        if words {
            letters::words(canvas, style.pen, clutter);
        }
        marks.draw(canvas, &layout, &style, clutter);
        clutter::background(&self.clutter, canvas, (examples, allowed), &layout, &style, clutter);
        layout.digits
    }
}
