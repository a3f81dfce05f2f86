//! Images without a digit: what a network of single digits must refuse.

use super::{
    Clutter, Finish, Hand, Spacing, StringRecipe,
    canvas::Canvas,
    dice::{Dice, Part},
    letters::{Face, scribble},
};
use crate::{Image, LabelledImages, centred};

/// The stream of ChaCha8 that image 0 is drawn from, the word "rubbish".
const STREAM: u64 = u64::from_be_bytes(*b"\0rubbish");

/// The side of the square that an image is drawn on before it gets MNIST's form.
const SIDE: usize = 72;

/// Image `number` of a seed, in MNIST's form, without a digit: a letter or a sign that looks like none, a scribble, a few
/// straight lines, or what is cut out of a line at the wrong place, two digits or the end of one and the beginning of the
/// next. Digits are drawn from those of the examples whose indexes are `allowed`. The same arguments give the same image.
///
/// LeCun et al. 1998 call such images rubbish (sections II.C and VII).
///
/// ```
/// use lenet_data::{LabelledImages, strings::rubbish};
/// let examples = LabelledImages::new(vec![[[0; 28]; 28]], vec![0])?;
/// let images: Vec<_> = (0..100).map(|number| rubbish(1, number, &examples, &[])).collect();
/// assert_eq!(images[7], rubbish(1, 7, &examples, &[]));
/// // All have ink, and all are different.
/// assert!(images.iter().all(|image| image.as_flattened().iter().any(|level| *level > 128)));
/// assert!((1..100).all(|i| !images[..i].contains(&images[i])));
/// # Ok::<(), lenet_data::DataError>(())
/// ```
///
/// # Panics
/// If an index is not below the number of examples.
#[must_use]
pub fn rubbish(seed: u64, number: u64, examples: &LabelledImages, allowed: &[u32]) -> Image {
    let mut dice = Dice::new(seed, STREAM ^ number, Part::Digits);
    let kind = dice.unit();
    if kind < 0.2
        && !allowed.is_empty()
        && let Some(image) = joint((seed, number), (examples, allowed), &mut dice)
    {
        return image;
    }
    let mut ink = [[0.0; SIDE]; SIDE];
    let mut canvas = Canvas { ink: ink.as_flattened_mut(), width: SIDE };
    let middle = 0.5 * SIDE as f32;
    let pen = dice.within([2.0, 8.0]);
    if kind < 0.35 {
        scribble([middle; 2], dice.within([12.0, 24.0]), &mut canvas, (pen.min(5.0), 1.0), &mut dice);
    } else if kind < 0.45 {
        lines(&mut canvas, pen, &mut dice);
    } else {
        let face = Face::new(dice.within([34.0, 44.0]), pen, &mut dice);
        face.letter([0.2 * SIDE as f32, 0.75 * SIDE as f32], &mut canvas, 1.0, &mut dice);
    }
    form(canvas.ink).expect("there is ink")
}

/// MNIST's form of what is drawn.
fn form(ink: &[f32]) -> Option<Image> {
    let levels: Vec<u8> = ink.iter().map(|ink| (255.0 * ink + 0.5) as u8).collect();
    centred(SIDE, &levels)
}

/// Straight lines that cross each other or not; one alone is level, as an upright one would be a 1.
fn lines(canvas: &mut Canvas, pen: f32, dice: &mut Dice) {
    let [from, to] = [0.15, 0.85].map(|part| part * SIDE as f32);
    let level = |dice: &mut Dice| {
        let (row, tilt) = (dice.within([from, to]), dice.around(6.0));
        [[from, row - tilt], [to, row + tilt]]
    };
    let count = dice.whole([1, 5]);
    for line in 0..count {
        let [a, b] = match line {
            0 => level(dice),
            _ => [(); 2].map(|()| [(); 2].map(|()| dice.within([from, to]))),
        };
        canvas.stroke(a, b, pen.min(5.0), 1.0);
    }
}

/// Two digits as one, or the end of one and the beginning of the next. None where these may look like a digit.
fn joint((seed, number): (u64, u64), (examples, allowed): (&LabelledImages, &[u32]), dice: &mut Dice) -> Option<Image> {
    const PAIR: StringRecipe = StringRecipe {
        digits: [2, 2],
        empty: 0.0,
        neat: 0.0,
        spacing: Spacing::Ink([-2, 3]),
        hand: Hand { off_centre: 0.0, ..Hand::WRITTEN },
        clutter: Clutter::NONE,
        finish: Finish::NONE,
    };
    let line = PAIR.compose::<96>(seed, STREAM ^ number, examples, allowed);
    let slim = line.digits.iter().filter(|digit| [1, 7].contains(*digit)).count();
    let levels = line.image.as_flattened();
    if dice.chance(0.5) {
        return if slim < 2 && line.digits.len() == 2 { centred(96, levels) } else { None };
    }
    if slim > 0 {
        return None;
    }
    // The two middle quarters of the columns with ink.
    let has_ink = |column: &usize| line.image.iter().any(|row| row[*column] >= super::INK);
    let (first, last) = ((0..96).find(has_ink)?, (0..96).rfind(has_ink)?);
    let quarter = (last + 1 - first) / 4;
    let (from, to) = (first + quarter, last + 1 - quarter);
    let part: Vec<u8> = line.image.iter().flat_map(|row| &row[from..to]).copied().collect();
    centred(to - from, &part)
}
