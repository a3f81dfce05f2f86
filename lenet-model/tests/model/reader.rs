//! Reading a line as a whole: the sweep in tiles, and the search over its columns.

use lenet_data::strings::{Spacing, StringRecipe};
use lenet_data::{Dataset, Picture, Split};
use lenet_layers::{
    Conv1d, Conv2d, Ctc, Init, Loss, Maps, MaxPool, Network, Params, Relu, Tensor, Trace, initialize, sequential,
};
use lenet_model::reader::{
    Column, ComposedLines, Grammar, Hypothesis, LINE_HEIGHT, Line, Lines, Reader, ReaderDescription, ReaderEvent,
    ReaderRecipe, ReaderRun, Sweep, TILE, Tile, decode, evaluate_lines, sweep,
};
use lenet_model::{CheckpointError, Class, Normalization, Schedule, TrainError, lay_images};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;

fn random_network() -> Box<Sweep> {
    let mut network = Sweep::<Relu>::boxed_zeroed();
    initialize(&mut *network, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(1));
    network
}

fn random_line(width: usize, seed: u64) -> Line {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    Line::new(width, (0..width * LINE_HEIGHT).map(|_| random.random()).collect()).unwrap()
}

const LONG: usize = 424;
sequential! {
    /// The same stages over a line of 424 columns in one piece, with ground on both sides.
    struct Long, trace LongTrace {
        input:                           Maps<1, 32, 432>;
        c1:     Conv2d<1, 10, 5, Relu>   => Maps<10, 28, 428>;
        s2:     MaxPool<2>               => Maps<10, 14, 214>;
        c3:     Conv2d<10, 32, 5, Relu>  => Maps<32, 10, 210>;
        s4:     MaxPool<2>               => Maps<32, 5, 105>;
        c5:     Conv2d<32, 200, 5, Relu> => Maps<200, 1, 101>;
        f6:     Conv1d<200, 84, 3, Relu> => Maps<84, 1, 99>;
        output: Conv2d<84, 11, 1>        => Maps<11, 1, 99>;
    }
}

#[test]
fn tiles_give_the_columns_of_one_long_sweep() {
    let network = random_network();
    let mut long = Long::<f32>::boxed_zeroed();
    for i in 0..Long::<f32>::TENSORS {
        long.tensor_mut(i).copy_from_slice(network.tensor(i));
    }
    let line = random_line(LONG, 3);
    let mut whole = [[0; LONG]; LINE_HEIGHT];
    (0..LINE_HEIGHT).for_each(|y| whole[y].copy_from_slice(line.row(y)));
    let mut trace = LongTrace::<f32>::boxed_zeroed();
    lay_images(&mut trace.input, &[&whole], Normalization::PAPER);
    let output = long.forward(&mut trace);
    // One line in single tiles, and many in lanes.
    for count in [1, 20] {
        let lines = vec![line.clone(); count];
        for columns in sweep(&network, &lines, Normalization::PAPER) {
            assert_eq!(columns.len(), 99);
            for (w, column) in columns.iter().enumerate() {
                let y: [f32; 11] = std::array::from_fn(|class| output.data[class][0][w]);
                for class in 1..11 {
                    let (found, expected) = (column[class] - column[0], y[class] - y[0]);
                    assert!((found - expected).abs() < 1e-4, "column {w}: {found}, expected {expected}");
                }
                let sum: f32 = column.iter().map(|p| p.exp()).sum();
                assert!((sum - 1.0).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn lines_of_any_width_are_swept() {
    let network = random_network();
    for (width, columns) in [(0, 1), (1, 1), (32, 1), (33, 2), (36, 2), (TILE, 33), (TILE + 1, 34), (1000, 243)] {
        let line = random_line(width, 5);
        assert_eq!(line.columns(), columns);
        let found = &sweep(&network, std::slice::from_ref(&line), Normalization::PAPER)[0];
        assert!(found.len() == columns && found.iter().flatten().all(|p| *p <= 0.0), "{width}");
    }
    assert!(sweep(&network, &[], Normalization::PAPER).is_empty());
    assert_eq!(Line::new(3, vec![0; 31 * 3]), None);
}

/// Random columns of three digits and the blank; the others are all but impossible.
fn random_columns(seed: u64, sharp: f32) -> Vec<Column> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut column = || -> Column {
        let mut y = [-40.0; 11];
        [0, 1, 2, 10].into_iter().for_each(|class| y[class] = sharp * random.random_range(-1.0..1.0));
        let whole = y.iter().map(|y: &f32| y.exp()).sum::<f32>().ln();
        y.map(|y| y - whole)
    };
    (0..6).map(|_| column()).collect()
}

/// The probability of a string by the loss of lenet-layers.
fn probability(columns: &[Column], digits: &[u8]) -> f64 {
    let mut y = Tensor::<Maps<11, 1, 6>, f64>::ZERO;
    for (w, column) in columns.iter().enumerate() {
        (0..11).for_each(|class| y.data[class][0][w] = f64::from(column[class]));
    }
    let string: Vec<Class<11>> = digits.iter().map(|digit| Class::new(usize::from(*digit)).unwrap()).collect();
    let mut dy = Tensor::<Maps<11, 1, 6>, f64>::ZERO;
    (-Ctc::<8>.evaluate(&y, &[&string[..]], 1.0, &mut dy)).exp()
}

/// All strings of three digits that fit, with their probability, the likeliest first.
fn all_strings(columns: &[Column], lengths: std::ops::RangeInclusive<u32>) -> Vec<(Vec<u8>, f64)> {
    let mut all = Vec::new();
    for length in lengths {
        for number in 0..3_usize.pow(length) {
            let digits: Vec<u8> = (0..length).map(|i| (number / 3_usize.pow(i) % 3) as u8).collect();
            all.push((digits.clone(), probability(columns, &digits)));
        }
    }
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

#[test]
fn the_likeliest_strings_are_found_with_their_probabilities() {
    for seed in 0..40 {
        let columns = random_columns(seed, 0.5 + seed as f32 / 8.0);
        let all = all_strings(&columns, 0..=6);
        let found = decode(&columns, &Grammar::default(), 3);
        assert_eq!(found.len(), 3);
        for (found, (digits, probability)) in found.iter().zip(&all) {
            assert_eq!(found.digits, *digits, "seed {seed}");
            assert!((found.probability - probability).abs() < 1e-6);
        }
        let longer = decode(&columns, &Grammar::length(3..=4), 1);
        assert_eq!(longer[0].digits, all_strings(&columns, 3..=4)[0].0, "seed {seed}");
    }
    // Seven digits do not fit into six columns.
    assert!(decode(&random_columns(1, 1.0), &Grammar::length(7..=7), 3).is_empty());
}

#[test]
fn a_pattern_chooses_among_the_likely_ones() {
    let columns = random_columns(8, 3.0);
    let grammar = Grammar::pattern("[12]#-0").unwrap();
    let fits = |digits: &[u8]| digits.len() == 3 && digits[0] != 0 && digits[2] == 0;
    let best = all_strings(&columns, 3..=3).into_iter().find(|(digits, _)| fits(digits)).unwrap();
    let found = decode(&columns, &grammar, 1);
    assert_eq!(found[0].digits, best.0);
    for (pattern, reason) in
        [("", "no digit"), ("[", "not closed"), ("#a", "'a'"), ("[#]", "brackets"), ("[]", "empty")]
    {
        let error = Grammar::pattern(pattern).unwrap_err().to_string();
        assert!(error.contains(reason) && error.ends_with("[12] for one of several"), "{error}");
    }
}

#[test]
fn digits_have_places() {
    let sure = |class: usize| -> Column { std::array::from_fn(|i| if i == class { -0.01 } else { -6.0 }) };
    let columns: Vec<Column> = [10, 3, 3, 10, 3, 7, 7, 10].map(sure).to_vec();
    let found = &decode(&columns, &Grammar::default(), 2)[0];
    assert_eq!((found.digits.as_slice(), found.places.as_slice()), (&[3, 3, 7][..], &[(1, 2), (4, 4), (5, 6)][..]));
    assert!(found.probability > 0.8);
    assert!(decode(&[sure(10)], &Grammar::default(), 1)[0].digits.is_empty());
    // Nothing was swept.
    assert_eq!(decode(&[], &Grammar::default(), 1)[0].probability, 1.0);
}

/// Lines of blocks: a digit is a bar whose upper end lies higher, the larger it is.
struct Blocks;
impl Lines for Blocks {
    fn compose(&self, number: u64, tile: &mut Tile) -> Vec<u8> {
        let mut random = ChaCha8Rng::seed_from_u64(number);
        *tile = [[0; TILE]; LINE_HEIGHT];
        let digits: Vec<u8> = (0..random.random_range(0..4)).map(|_| random.random_range(0..3)).collect();
        for (i, digit) in digits.iter().enumerate() {
            let (top, left) = (20 - 8 * usize::from(*digit), 20 + 30 * i);
            tile[top..28].iter_mut().for_each(|row| row[left..left + 6].fill(255));
        }
        digits
    }
}

fn small() -> ReaderRecipe {
    ReaderRecipe {
        epochs: 2,
        lines: 100,
        batch: 40,
        rate: 0.01,
        schedule: Schedule::Constant,
        ..ReaderRecipe::default()
    }
}

fn bits(network: &Sweep) -> Vec<u32> {
    network.tensors().flatten().map(|x| x.to_bits()).collect()
}

fn in_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(f)
}

#[test]
fn the_reader_trains_to_the_same_bits_on_any_number_of_threads_and_after_a_stop() {
    let recipe = small();
    let whole = |threads| {
        in_threads(threads, || {
            let mut run = ReaderRun::new(&recipe, &Blocks).unwrap();
            run.go_on(|_| ControlFlow::Continue(())).unwrap();
            (bits(run.network()), run.epochs().to_vec())
        })
    };
    let expected = whole(1);
    assert!(expected == whole(2) && expected == whole(3));
    assert!(expected.1.len() == 2 && expected.1.iter().all(|epoch| epoch.loss > 0.0));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    // Within an epoch, and at its end.
    for at in [2, 3] {
        let mut first = ReaderRun::new(&recipe, &Blocks).unwrap();
        let stop = |event: ReaderEvent<'_>| match event {
            ReaderEvent::Step { step: (step, steps), .. } => {
                assert_eq!(steps, 6);
                if step == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            _ => ControlFlow::Continue(()),
        };
        assert!(matches!(first.go_on(stop), Err(TrainError::Stopped { epoch: 1, step }) if step == at));
        first.save(&path).unwrap();
        let mut second = ReaderRun::resume(&recipe, &Blocks, &path).unwrap();
        second.go_on(|_| ControlFlow::Continue(())).unwrap();
        assert!((bits(second.network()), second.epochs().to_vec()) == expected, "stopped at {at}");
    }
    let other = ReaderRecipe { rate: 0.02, ..small() };
    let error = ReaderRun::resume(&other, &Blocks, &path).unwrap_err().to_string();
    assert!(error.contains("another recipe"), "{error}");
    let error = |recipe: ReaderRecipe| ReaderRun::new(&recipe, &Blocks).unwrap_err().to_string();
    assert_eq!(error(ReaderRecipe { batch: 0, ..small() }), "the batch size is 0: give at least 1");
    assert!(error(ReaderRecipe { rate: f64::NAN, ..small() }).starts_with("the rate is NaN"));
}

#[test]
fn the_reader_learns() {
    let recipe =
        ReaderRecipe { epochs: 8, lines: 640, batch: 16, rate: 0.008, schedule: Schedule::OneCycle, ..small() };
    let mut run = ReaderRun::new(&recipe, &Blocks).unwrap();
    run.go_on(|_| ControlFlow::Continue(())).unwrap();
    let result = evaluate_lines(run.network(), &Blocks, 1_000_000..1_000_100);
    assert_eq!(result.lines, 100);
    assert!(result.right >= 90 && result.wrong_digits <= 15, "{result:?}");
    // To a network of zeros every class is equally likely everywhere, and longer strings have more alignments.
    let nothing = evaluate_lines(&Sweep::<Relu>::boxed_zeroed(), &Blocks, 0..20);
    assert!(nothing.right == 0 && nothing.wrong_digits > nothing.digits, "{nothing:?}");
}

/// Notes which lines it was asked for.
struct Noted(std::sync::Mutex<Vec<u64>>);
impl Lines for Noted {
    fn compose(&self, number: u64, tile: &mut Tile) -> Vec<u8> {
        self.0.lock().unwrap().push(number);
        Blocks.compose(number, tile)
    }
}

#[test]
fn every_line_is_shown_once() {
    let (recipe, lines) = (small(), Noted(Vec::new().into()));
    let mut run = ReaderRun::new(&recipe, &lines).unwrap();
    run.go_on(|_| ControlFlow::Continue(())).unwrap();
    drop(run);
    let mut shown = lines.0.into_inner().unwrap();
    shown.sort_unstable();
    assert_eq!(shown, (0..200).collect::<Vec<_>>());
}

#[test]
fn a_reader_comes_back_from_its_file_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reader.safetensors");
    let description = ReaderDescription {
        recipe: "{}".into(),
        data: "bars".into(),
        temperature: 1.25,
        margin: Some(0.875),
        ..ReaderDescription::default()
    };
    let reader = Reader::new(random_network(), description.clone());
    reader.save(&path).unwrap();
    let back = Reader::open(&path).unwrap();
    assert_eq!((&back.description, back.network()), (&description, reader.network()));
    // In half precision: 11 bits of each weight.
    let whole = random_network();
    let mut weights = reader.network().tensors().flatten().zip(whole.tensors().flatten());
    assert!(weights.all(|(half, whole)| (half - whole).abs() <= whole.abs() / 2048.0 + 1e-7));
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() < 500_000, "{} bytes", bytes.len());

    // Files of something else, and broken ones, are refused.
    let refused = |bytes: &[u8]| Reader::from_bytes(&path, bytes).unwrap_err();
    assert!(matches!(refused(lenet_model::LeNet5::pretrained_file()), CheckpointError::Foreign { .. }));
    assert!(matches!(refused(&bytes[..bytes.len() / 2]), CheckpointError::Format { .. }));
    let text = |from: &str, to: &str| {
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        let mut changed = bytes.clone();
        changed[at..at + from.len()].copy_from_slice(to.as_bytes());
        changed
    };
    assert!(refused(&text("1.25", "-1.0")).to_string().contains("temperature"));
    assert!(refused(&text("c1.bias", "c1.bios")).to_string().contains("c1.bias"));
    assert!(Reader::open(&folder.path().join("gone")).unwrap_err().to_string().contains("can't be read"));
}

/// A network that is twice as sure as the built-in one is calibrated to twice its temperature.
#[test]
fn the_temperature_undoes_what_the_scores_are_multiplied_by() {
    let train = Dataset::mnist().unwrap().train;
    let split = Split::new(train.len(), 5_000, 1).unwrap();
    let lines = ComposedLines { recipe: StringRecipe::WRITTEN, seed: 5, examples: &train, allowed: &split.validation };
    let temperature = |factor: f32| {
        let mut network = Box::new(Reader::pretrained().network().clone());
        network
            .output
            .weight
            .as_flattened_mut()
            .as_flattened_mut()
            .as_flattened_mut()
            .iter_mut()
            .for_each(|w| *w *= factor);
        network.output.bias.iter_mut().for_each(|b| *b *= factor);
        let mut reader = Reader::new(network, ReaderDescription::default());
        reader.calibrate(&lines, 0..150);
        assert!(reader.description.margin.is_some_and(|margin| (0.0..=1.0).contains(&margin)));
        reader.description.temperature
    };
    let (once, twice) = (temperature(1.0), temperature(2.0));
    assert!((0.5..2.0).contains(&once) && (twice / once - 2.0).abs() < 0.05, "{once} and {twice}");
}

/// Strings of held-out digits, as `lenet eval --strings` composes them of the test digits.
#[test]
fn the_built_in_reader_reads_strings() {
    let train = Dataset::mnist().unwrap().train;
    let split = Split::new(train.len(), 5_000, 1).unwrap();
    let reader = Reader::pretrained();
    let right = |digits: usize, spacing: Spacing| {
        let recipe = StringRecipe::plain(digits, spacing);
        let compose = |number| recipe.compose::<256>(7, number, &train, &split.validation);
        let lines: Vec<_> = (0..200).map(compose).collect();
        let strips: Vec<Line> =
            lines.iter().map(|line| Line::new(256, line.image.as_flattened().to_vec()).unwrap()).collect();
        let read = reader.read_strips(&strips, &Grammar::default());
        let is_right = |((readings, _), line): (&(Vec<_>, _), &lenet_data::strings::Line<256>)| {
            let best: &lenet_model::reader::Hypothesis = &readings[0];
            best.digits == line.digits[..]
        };
        read.iter().zip(&lines).filter(|pair| is_right(*pair)).count()
    };
    // Two standard errors below the figures of docs/strings.md.
    let (spaced, touching) = (right(5, Spacing::Columns([1, 6])), right(2, Spacing::Ink([-1, 0])));
    assert!(spaced >= 188 && touching >= 190, "{spaced} and {touching} of 200");
}

/// The margin is the least one above which at most 0.5% of the digits are wrong, as they are read in the end.
#[test]
fn the_margin_leaves_few_errors() {
    let train = Dataset::mnist().unwrap().train;
    let split = Split::new(train.len(), 5_000, 1).unwrap();
    let lines = ComposedLines { recipe: StringRecipe::WRITTEN, seed: 6, examples: &train, allowed: &split.validation };
    let mut reader = Reader::pretrained();
    reader.calibrate(&lines, 0..200);
    let margin = reader.description.margin.unwrap();
    let mut digits: Vec<(f64, bool)> = Vec::new();
    for number in 0..200 {
        let mut tile = [[0; TILE]; LINE_HEIGHT];
        let string = lines.compose(number, &mut tile);
        let line = Line::new(TILE, tile.as_flattened().to_vec()).unwrap();
        let readings = &reader.read_strips(&[line], &Grammar::default())[0].0;
        let best = &readings[0].digits;
        for (position, digit) in best.iter().enumerate() {
            let agree = readings.iter().filter(|r| r.digits.len() == best.len() && r.digits[position] == *digit);
            let is_right = string.len() == best.len() && string[position] == *digit;
            digits.push((agree.map(|reading| reading.probability).sum(), is_right));
        }
    }
    let wrong = |least: f64| {
        let sure = || digits.iter().filter(|(probability, _)| *probability >= least);
        sure().filter(|(_, is_right)| !is_right).count() as f64 / sure().count() as f64
    };
    // Single lines and many differ in rounding. A digit with just the margin counts.
    let least = margin - 1e-4;
    assert!(wrong(least) <= 0.0051, "{} of those from {margin} on are wrong", wrong(least));
    let lower = digits.iter().map(|(probability, _)| *probability).filter(|p| *p < least);
    for least in lower {
        assert!(wrong(least) > 0.005, "{least} would do, not only {margin}");
    }
}

/// Where the sweep is not certain, views of other sizes read more lines correctly.
#[test]
fn uncertain_lines_are_read_better_in_several_views() {
    let train = Dataset::mnist().unwrap().train;
    let split = Split::new(train.len(), 5_000, 1).unwrap();
    let reader = Reader::pretrained();
    // Digits that touch are read by the sweep alone, not by LeNet-5 too.
    let recipe = StringRecipe::plain(5, Spacing::Ink([-1, -1]));
    let lines: Vec<_> = (0..1_500).map(|number| recipe.compose::<256>(9, number, &train, &split.validation)).collect();
    let strips: Vec<Line> =
        lines.iter().map(|line| Line::new(256, line.image.as_flattened().to_vec()).unwrap()).collect();
    let right = |read: Vec<Vec<Hypothesis>>| {
        read.iter().zip(&lines).filter(|(readings, line)| readings[0].digits == line.digits[..]).count()
    };
    let read = reader.read_strips(&strips, &Grammar::default());
    let several = right(read.into_iter().map(|(readings, _)| readings).collect());
    let one = right(reader.columns(&strips).iter().map(|columns| decode(columns, &Grammar::default(), 1)).collect());
    // Of 600 lines views gained 10 when F6 saw one column; since it sees three, the sweep alone reads more, and they gain
    // 4. With views that are all alike nothing is gained.
    assert!(several >= one + 6, "{several} in several views, {one} in one");
}

/// A line that is as long as several tiles, and one that is narrower than the field of vision.
#[test]
fn numbers_of_any_width_are_read() {
    let train = Dataset::mnist().unwrap().train;
    let split = Split::new(train.len(), 5_000, 1).unwrap();
    let reader = Reader::pretrained();
    let recipe = StringRecipe::plain(16, Spacing::Columns([3, 8]));
    let line = recipe.compose::<640>(2, 0, &train, &split.validation);
    assert_eq!(line.digits.len(), 16);
    let pixels = line.image.as_flattened().iter().map(|level| 255 - level).collect();
    let numbers = reader.read(&Picture::from_grey(640, 32, pixels).unwrap()).unwrap();
    assert_eq!(numbers.len(), 1);
    let text = numbers[0].text();
    let wrong =
        lenet_model::reader::edit_distance(&text.bytes().map(|digit| digit - b'0').collect::<Vec<_>>(), &line.digits);
    assert!(wrong <= 1, "{text} for {}", line.digits);
    // The places go from left to right, and lie within the picture.
    let lefts: Vec<usize> = numbers[0].digits.iter().map(|digit| digit.region.left).collect();
    assert!(lefts.is_sorted() && lefts[15] < 640, "{lefts:?}");
    assert!(reader.read_strips(&[Line::new(5, vec![0; 160]).unwrap()], &Grammar::default())[0].0[0].digits.is_empty());
}
