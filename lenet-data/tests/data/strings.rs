//! Lines of digits, composed of pictures that are easy to measure.

use lenet_data::{
    Image, LabelledImages,
    strings::{Clutter, Digits, Finish, HEIGHT, Hand, INK, Line, Spacing, StringRecipe, european, rubbish},
};
use proptest::prelude::*;
use std::thread;

const W: usize = 160;
/// Columns that digits keep free at either end.
const EDGE: usize = 8;

/// A class as a block 20 rows high, 4 columns wide for 0, 6 for 1 and so on: its width tells what it is.
fn blocks() -> LabelledImages {
    let block = |class: usize| {
        let mut image = [[0; 28]; 28];
        image[4..24].iter_mut().for_each(|row| row[3..7 + 2 * class].fill(255));
        image
    };
    LabelledImages::new((0..10).map(block).collect(), (0..10).collect()).unwrap()
}

/// Strokes from the lower left to the upper right, like a slanted 1, and rings, like a 0.
fn strokes() -> LabelledImages {
    let draw = |inside: &dyn Fn(f32, f32) -> bool| -> Image {
        let pixel = |row: usize, column: usize| inside(column as f32 - 13.5, row as f32 - 13.5);
        std::array::from_fn(|row| std::array::from_fn(|column| if pixel(row, column) { 255 } else { 0 }))
    };
    let stroke = draw(&|x, y| (x + 0.4 * y).abs() < 1.5 && y.abs() < 10.0);
    let ring = draw(&|x, y| (6.5..10.0).contains(&x.hypot(y)));
    // A bar on top of a stem: the simplest 7.
    let seven = draw(&|x, y| (-10.0..-7.0).contains(&y) && x.abs() < 6.0 || x.abs() < 1.5 && y.abs() < 10.0);
    LabelledImages::new(vec![ring, stroke, seven], vec![0, 1, 7]).unwrap()
}

fn lines(recipe: &StringRecipe, examples: &LabelledImages, count: u64) -> Vec<Line<W>> {
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    (0..count).map(|number| recipe.compose(3, number, examples, &all)).collect()
}

/// The runs of columns with ink, as (first, end).
fn runs<const W: usize>(line: &Line<W>) -> Vec<(usize, usize)> {
    let ink = |column: usize| line.image.iter().any(|row| row[column] >= INK);
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for column in (0..W).filter(|column| ink(*column)) {
        match runs.last_mut() {
            Some((_, end)) if *end == column => *end += 1,
            _ => runs.push((column, column + 1)),
        }
    }
    runs
}

/// The first and the last row with ink.
fn rows(line: &Line<W>) -> Option<(usize, usize)> {
    let ink = |row: &[u8; W]| row.iter().any(|level| *level >= INK);
    Some((line.image.iter().position(ink)?, line.image.iter().rposition(ink)?))
}

/// How many pieces the ink has, of pixels that touch at an edge or a corner.
fn pieces(line: &Line<W>) -> usize {
    let mut left: Vec<(usize, usize)> = (0..HEIGHT * W).map(|i| (i / W, i % W)).collect();
    left.retain(|&(row, column)| line.image[row][column] >= INK);
    let mut pieces = 0;
    while let Some(pixel) = left.pop() {
        pieces += 1;
        let mut edge = vec![pixel];
        while let Some((row, column)) = edge.pop() {
            let (near, far): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|&(r, c)| r.abs_diff(row) <= 1 && c.abs_diff(column) <= 1);
            edge.extend(near);
            left = far;
        }
    }
    pieces
}

fn ink(lines: &[Line<W>]) -> u64 {
    lines.iter().flat_map(|line| line.image.as_flattened()).map(|level| u64::from(*level)).sum()
}

/// FNV-1a.
fn hash(lines: &[Line<W>]) -> u64 {
    let bytes = lines.iter().flat_map(|line| line.image.as_flattened().iter().chain(line.digits.iter()));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

const CLEAN: StringRecipe = StringRecipe { clutter: Clutter::NONE, finish: Finish::NONE, ..StringRecipe::WRITTEN };

#[test]
fn a_line_is_the_same_in_any_order_and_on_any_thread() {
    let examples = strokes();
    let ordered = lines(&StringRecipe::WRITTEN, &examples, 40);
    thread::scope(|scope| {
        for part in 0..2 {
            let (examples, ordered) = (&examples, &ordered);
            scope.spawn(move || {
                for number in (part..40_usize).step_by(2).rev() {
                    let line = StringRecipe::WRITTEN.compose::<W>(3, number as u64, examples, &[0, 1, 2]);
                    assert_eq!(line, ordered[number], "line {number}");
                }
            });
        }
    });
    for (i, line) in ordered.iter().enumerate() {
        // Two lines without digits may be equal.
        assert!(line.digits.is_empty() || !ordered[..i].contains(line), "line {i} is there twice");
    }
    let other = StringRecipe::WRITTEN.compose::<W>(4, 0, &examples, &[0, 1, 2]);
    assert_ne!(other, ordered[0], "another seed");
}

/// Models are compared on lines of a seed: a release that composes others must say so. If these numbers change, the change is
/// one of the benchmark, and belongs into the changelog. They are the same on every machine.
#[test]
fn seeds_keep_their_meaning() {
    let plain = StringRecipe::plain(5, Spacing::Columns([-3, -1]));
    let hashes = [&plain, &StringRecipe::WRITTEN].map(|recipe| hash(&lines(recipe, &strokes(), 200)));
    assert_eq!(hashes.map(|hash| format!("{hash:016x}")), ["d9d085c4e7d75e34", "cbd6cc66fe1042de"]);
    let examples = strokes();
    let rubbish = (0..50).map(|number| u32::from(rubbish(3, number, &examples, &[0, 1, 2])[14][14]));
    assert_eq!(rubbish.sum::<u32>(), 7039);
    let european =
        |class: usize| (0..50).map(move |number| european(3, number, [0, 1, 7][class], &strokes().images()[class]));
    let sums = [1, 2].map(|class| european(class).map(|image| u32::from(image[14][11])).sum::<u32>());
    assert_eq!(sums, [3884, 251]);
}

#[test]
fn labels_are_what_the_widths_say() {
    let examples = blocks();
    let recipe = StringRecipe::plain(4, Spacing::Columns([1, 6]));
    // Alone, a block has the width that it has in a line.
    let alone: Vec<usize> = (0..10)
        .map(|class| {
            let line = StringRecipe::plain(1, recipe.spacing).compose::<W>(0, 0, &examples, &[class]);
            assert_eq!(line.digits[..], [class as u8]);
            let (first, end) = runs(&line)[0];
            end - first
        })
        .collect();
    assert!(alone.windows(2).all(|pair| pair[0] < pair[1]), "{alone:?}");
    for line in lines(&recipe, &examples, 200) {
        let widths: Vec<usize> = runs(&line).iter().map(|(first, end)| end - first).collect();
        let expected: Vec<usize> = line.digits.iter().map(|class| alone[usize::from(*class)]).collect();
        assert_eq!(widths, expected, "{line:?}");
        assert_eq!(line.digits.len(), 4, "four of the widest fit");
    }
}

#[test]
fn a_plain_line_has_the_gaps_asked_for() {
    let examples = blocks();
    for range in [[1, 6], [2, 2], [0, 0], [-1, 0], [-3, -1]] {
        for spacing in [Spacing::Columns(range), Spacing::Ink(range)] {
            let mut seen = Vec::new();
            // Blocks 10 columns wide, so that three quarters are more than any overlap.
            let width = |count| {
                let line = StringRecipe::plain(count, spacing).compose::<W>(0, 0, &examples, &[3]);
                (line.digits.len(), runs(&line)[0].1 - runs(&line)[0].0)
            };
            let (_, one) = width(1);
            for number in 0..200 {
                let line = StringRecipe::plain(2, spacing).compose::<W>(5, number, &examples, &[3]);
                let runs = runs(&line);
                let all = runs[runs.len() - 1].1 - runs[0].0;
                seen.push(all as i32 - 2 * one as i32);
            }
            seen.sort_unstable();
            seen.dedup();
            // The corner of a block reaches one row further than its side, so both measures agree here.
            assert_eq!(seen, (range[0]..=range[1]).collect::<Vec<_>>(), "{spacing:?}");
        }
    }
}

#[test]
fn ink_that_is_to_touch_touches() {
    let examples = strokes();
    // Slanted strokes: with 0 columns between them they are far apart.
    for (spacing, expected) in [(Spacing::Ink([-1, 0]), 1), (Spacing::Columns([0, 0]), 2), (Spacing::Ink([1, 6]), 2)] {
        for number in 0..50 {
            let line = StringRecipe::plain(2, spacing).compose::<W>(1, number, &examples, &[1]);
            assert_eq!((line.digits.len(), pieces(&line)), (2, expected), "{spacing:?}");
        }
    }
}

#[test]
fn digits_are_whole_and_away_from_the_edges() {
    for examples in [blocks(), strokes()] {
        for recipe in [CLEAN, StringRecipe::plain(16, Spacing::Columns([1, 6]))] {
            for line in lines(&recipe, &examples, 300) {
                let runs = runs(&line);
                assert!(runs.first().is_none_or(|(first, _)| *first >= EDGE), "{line:?}");
                assert!(runs.last().is_none_or(|(_, end)| *end <= W - EDGE), "{line:?}");
            }
        }
    }
    // Whatever the width, a line has as many digits as fit: another would be too wide.
    let recipe = StringRecipe::plain(16, Spacing::Columns([1, 1]));
    for line in (0..50).map(|number| recipe.compose::<64>(1, number, &blocks(), &[3])) {
        assert_eq!((line.digits.len(), runs(&line).len()), (3, 3));
    }
}

#[test]
fn digits_fill_their_rows_about_the_middle() {
    let recipe = StringRecipe { hand: Hand { broken: 0.0, ..CLEAN.hand }, ..CLEAN };
    let mut heights = Vec::new();
    for line in lines(&recipe, &blocks(), 300).iter().filter(|line| !line.digits.is_empty()) {
        let (first, last) = rows(line).unwrap();
        heights.push(last + 1 - first);
        assert!((last + first).abs_diff(HEIGHT - 1) <= 7, "rows {first} to {last}");
    }
    heights.sort_unstable();
    let (least, most) = (heights[heights.len() / 20], heights[heights.len() - 1 - heights.len() / 20]);
    assert!((17..=22).contains(&least) && (27..=30).contains(&most), "{least} to {most}: {heights:?}");
}

#[test]
fn every_kind_of_clutter_occurs() {
    let examples = strokes();
    type Field = fn(&mut Clutter) -> &mut f32;
    let kinds: [(&str, Field); 11] = [
        ("points", |clutter| &mut clutter.points),
        ("dashes", |clutter| &mut clutter.dashes),
        ("hyphens", |clutter| &mut clutter.hyphens),
        ("crosses", |clutter| &mut clutter.crosses),
        ("scribbles", |clutter| &mut clutter.scribbles),
        ("letters", |clutter| &mut clutter.letters),
        ("rules", |clutter| &mut clutter.rules),
        ("boxes", |clutter| &mut clutter.boxes),
        ("guilloche", |clutter| &mut clutter.guilloche),
        ("neighbours", |clutter| &mut clutter.neighbours),
        ("specks", |clutter| &mut clutter.specks),
    ];
    for digits in [[0, 0], [4, 4]] {
        let recipe = StringRecipe { digits, ..StringRecipe::plain(4, Spacing::Columns([1, 6])) };
        let without = lines(&recipe, &examples, 40);
        for (name, field) in kinds {
            assert!(*field(&mut Clutter::FORMS.clone()) > 0.0, "{name} are not on forms");
            let mut recipe = recipe;
            *field(&mut recipe.clutter) = 1.0;
            let with = lines(&recipe, &examples, 40);
            let more = with.iter().zip(&without).filter(|(with, without)| {
                ink(std::slice::from_ref(with)) > ink(std::slice::from_ref(without)) && with.digits == without.digits
            });
            // A mark at the end is left out if there is no room, and a line above may be beside the line.
            assert!(more.count() >= 32, "{name} with {digits:?} digits");
        }
    }
}

#[test]
fn clutter_leaves_the_digits_as_they_are() {
    // What takes no room moves nothing: the same digits are below the lines.
    let recipe = StringRecipe::plain(5, Spacing::Columns([1, 6]));
    let clutter = Clutter { rules: 1.0, boxes: 1.0, specks: 1.0, guilloche: 1.0, ..Clutter::NONE };
    let with = lines(&StringRecipe { clutter, ..recipe }, &strokes(), 40);
    for (with, without) in with.iter().zip(lines(&recipe, &strokes(), 40)) {
        assert_eq!(with.digits, without.digits);
        let mut levels = with.image.as_flattened().iter().zip(without.image.as_flattened());
        assert!(levels.all(|(with, without)| with >= without));
    }
}

#[test]
fn the_hand_does_what_its_fields_say() {
    let examples = strokes();
    let plain = StringRecipe::plain(4, Spacing::Columns([3, 3]));
    let with = |change: fn(&mut Hand)| {
        let mut recipe = plain;
        change(&mut recipe.hand);
        lines(&recipe, &examples, 60)
    };
    let pieces = |lines: &[Line<W>]| lines.iter().map(pieces).sum::<usize>();
    let as_it_is = with(|_| {});
    let [thin, thick] = [
        |hand: &mut Hand| (hand.even_pen, hand.pen) = (1.0, [1.2; 2]),
        |hand: &mut Hand| {
            (hand.even_pen, hand.pen) = (1.0, [5.0; 2]);
        },
    ]
    .map(with);
    assert!(10 * ink(&thin) < 8 * ink(&as_it_is) && 10 * ink(&thick) > 12 * ink(&as_it_is));
    assert_eq!(pieces(&thin), pieces(&as_it_is), "a thin stroke does not break");
    assert!(pieces(&with(|hand| hand.joined = 1.0)) < pieces(&as_it_is));
    assert!(ink(&with(|hand| hand.broken = 1.0)) < ink(&as_it_is));
    assert!(ink(&with(|hand| hand.european = 1.0)) > ink(&as_it_is));
    assert!(ink(&with(|hand| hand.crossed_zeros = 1.0)) > ink(&as_it_is));
    let width =
        |lines: &[Line<W>]| lines.iter().map(|line| runs(line)[0]).map(|(first, end)| end - first).sum::<usize>();
    assert!(width(&with(|hand| hand.stretch = [1.3; 2])) > width(&as_it_is));
    assert!(width(&with(|hand| hand.slant = [0.5; 2])) > width(&as_it_is));
}

#[test]
fn only_allowed_examples_are_used() {
    let examples = blocks();
    let mut seen = [false; 10];
    for number in 0..100 {
        let line = StringRecipe::WRITTEN.compose::<W>(1, number, &examples, &[2, 5, 9]);
        line.digits.iter().for_each(|class| seen[usize::from(*class)] = true);
    }
    assert_eq!(seen, std::array::from_fn(|class| [2, 5, 9].contains(&class)));

    // Not as parts of the lines above and below either: example 0 is all ink, example 1 none.
    let examples = LabelledImages::new(vec![[[255; 28]; 28], [[0; 28]; 28]], vec![0, 1]).unwrap();
    let clutter = Clutter { neighbours: 1.0, ..Clutter::NONE };
    let recipe = StringRecipe { clutter, ..StringRecipe::plain(3, Spacing::Columns([1, 6])) };
    for number in 0..50 {
        assert_eq!(ink(&[recipe.compose(1, number, &examples, &[1])]), 0);
    }
}

#[test]
fn there_are_lines_without_digits() {
    let none = StringRecipe { empty: 1.0, neat: 0.0, ..StringRecipe::WRITTEN };
    assert!(lines(&none, &blocks(), 20).iter().all(|line| line.digits.is_empty()));
    let line = StringRecipe::WRITTEN.compose::<W>(1, 1, &blocks(), &[]);
    assert_eq!(line.digits, Digits::default());
    let some = lines(&StringRecipe::WRITTEN, &blocks(), 1000).iter().filter(|line| line.digits.is_empty()).count();
    assert!((20..90).contains(&some), "{some} of 1000");
}

#[test]
fn words_stand_in_place_of_digits() {
    let clutter = Clutter { words: 1.0, ..Clutter::NONE };
    let recipe = StringRecipe { clutter, ..StringRecipe::plain(5, Spacing::Columns([1, 6])) };
    let words = lines(&recipe, &blocks(), 40);
    assert!(words.iter().all(|line| line.digits.is_empty() && runs(line).len() < 40));
    // A few letters have as much ink as a few bars.
    assert!(words.iter().all(|line| ink(std::slice::from_ref(line)) > 20_000));
}

#[test]
fn neat_lines_have_digits_and_nothing_else() {
    let clutter = Clutter { words: 1.0, rules: 1.0, specks: 1.0, ..Clutter::FORMS };
    let recipe = StringRecipe { neat: 1.0, empty: 1.0, clutter, ..StringRecipe::WRITTEN };
    for line in lines(&recipe, &blocks(), 100) {
        let (first, last) = rows(&line).unwrap();
        assert!(!line.digits.is_empty() && (19..=30).contains(&(last - first)), "rows {first} to {last}");
        // Blocks apart from each other or overlapping: each run of columns is one or several of them.
        assert!(runs(&line).len() <= line.digits.len(), "{}", line.digits);
    }
}

#[test]
fn rubbish_is_made_of_the_allowed_digits_and_is_no_digit() {
    // One picture is allowed, without ink: no image has a part of the other, which is nothing but ink.
    let examples = LabelledImages::new(vec![[[255; 28]; 28], [[0; 28]; 28]], vec![0, 0]).unwrap();
    let share = |image: &Image| image.as_flattened().iter().filter(|level| **level >= INK).count();
    for number in 0..300 {
        let image = rubbish(1, number, &examples, &[1]);
        assert!((10..360).contains(&share(&image)), "number {number}: {image:?}");
    }
    // Where there are digits, a fifth of the images is made of them.
    let digits = strokes();
    let other =
        (0..300).filter(|number| rubbish(1, *number, &digits, &[0]) != rubbish(1, *number, &digits, &[2])).count();
    assert!((20..90).contains(&other), "{other} of 300");
}

#[test]
fn a_european_seven_has_a_bar_and_a_one_a_long_first_stroke() {
    let digits = strokes();
    let [ring, seven] = [0, 2].map(|index| digits.images()[index]);
    // Upright: a stroke could lie on the stem of a slanted one.
    let mut one = [[0; 28]; 28];
    one[4..24].iter_mut().for_each(|row| row[12..15].fill(255));
    let ink = |image: &Image| image.as_flattened().iter().filter(|level| **level >= INK).count();
    // The runs of ink in a row: left of the stem and right of it is the bar.
    let widest = |image: &Image, rows: std::ops::Range<usize>| {
        rows.map(|row| image[row].iter().filter(|level| **level >= INK).count()).max().unwrap()
    };
    let mut long = 0;
    for number in 0..100 {
        let [one_now, seven_now] = [european(1, number, 1, &one), european(1, number, 7, &seven)];
        assert!(widest(&seven, 12..20) <= 4 && widest(&seven_now, 12..20) >= 8, "number {number}: {seven_now:?}");
        // The stroke leads from the left into the upper half, where the stem alone was.
        long += usize::from(ink(&one_now) > ink(&one) + 5);
        assert!(widest(&one, 4..14) <= 4 && widest(&one_now, 4..14) >= 5, "number {number}: {one_now:?}");
        // They are where MNIST's digits are.
        for image in [one_now, seven_now] {
            let rows = (0..28).filter(|row| image[*row].iter().any(|level| *level >= INK));
            assert!((16..=21).contains(&rows.count()), "number {number}: {image:?}");
        }
        assert_eq!(european(1, number, 0, &ring), ring);
    }
    assert!(long >= 80, "{long} of 100 strokes are long");
    // A blank image stays blank.
    assert_eq!(european(1, 0, 1, &[[0; 28]; 28]), [[0; 28]; 28]);
    let different = |number| european(1, number, 7, &seven) != european(2, number, 7, &seven);
    assert!((0..10).all(different), "another seed");
}

fn any_range() -> impl Strategy<Value = [f32; 2]> {
    let number = || prop_oneof![Just(f32::NAN), Just(f32::INFINITY), any::<f32>(), -40.0_f32..40.0];
    [number(), number()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_recipe_panics(
        ranges in prop::array::uniform5(any_range()),
        numbers in prop::array::uniform4(any_range()),
        gap in any::<[i32; 2]>(),
        digits in any::<[usize; 2]>(),
        kind in 0..3,
        number in any::<u64>(),
    ) {
        let [height, stretch, slant, pen, level] = ranges;
        let [[off_centre, uneven], [digit_stretch, digit_slant], [rise, bounce], written] = numbers;
        let hand = Hand {
            height, off_centre, uneven, stretch, digit_stretch, slant, digit_slant, rise, bounce, pen,
            small_zeros: 1.0, even_pen: 1.0, joined: 1.0, broken: 1.0, european: 1.0, crossed_zeros: 1.0, round: 0.5, repeated: 0.5, wave: rise,
        };
        let spacing = match kind {
            0 => Spacing::Columns(gap),
            1 => Spacing::Ink(gap),
            _ => Spacing::Written { gap: written, deviation: rise, groups: 1.0 },
        };
        let one = 1.0;
        let clutter = Clutter {
            points: one, dashes: one, hyphens: one, crosses: one, scribbles: one, rules: one, boxes: one,
            guilloche: one, neighbours: one, specks: one, letters: one, words: 0.5,
        };
        let finish = Finish { level, digit_level: uneven, sharp: 1.0, blur: 1.0, noise: 1.0, noise_level: bounce };
        let recipe = StringRecipe { digits, empty: 0.0, neat: 0.2, spacing, hand, clutter, finish };
        let examples = strokes();
        for (number, allowed) in [(number, &[0, 1, 2][..]), (number, &[])] {
            let line = recipe.compose::<33>(number, number, &examples, allowed);
            prop_assert!(line.digits.iter().all(|class| [0, 1, 7].contains(class)));
        }
    }
}
