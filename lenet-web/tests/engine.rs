//! What the page shows is what the networks compute.
#![cfg(feature = "engine")]

use lenet_data::{Dataset, LabelledImages, Picture, prepare, prepare_in_steps};
use lenet_layers::{
    AvgPool1d, Conv1d, Conv2d, Dense, DepthwiseConv2d, Edge, Flatten, GroupConv2d, Init, Maps, MaxPool, MaxPool1d,
    Network, Params, SamePadding, Tanh, Units, Zeros, initialize, sequential,
};
use lenet_model::reader::Reader;
use lenet_model::{DigitNetwork, LeNet1, LeNet4, LeNet5, LeNet5Average, LeNet5Modern, LeNet5Rbf, Normalization, read};
use lenet_web::engine::{
    Digits, Lesson, Running, RunningOf, describe, explain, half_numbers, numbers, packed_reader, packed_steps,
    set_half_numbers, unpacked_reader,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn mnist() -> LabelledImages {
    Dataset::mnist().expect("MNIST is built in").test
}

fn random<N: DigitNetwork>() -> RunningOf<N> {
    let mut network = N::boxed_zeroed();
    initialize(&mut *network, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(5));
    RunningOf::new(network, Normalization::PAPER)
}

sequential! {
    /// Convolutions with padding of both kinds, strides and groups, which no network of the page has.
    pub struct Padded, trace PaddedTrace {
        input:                                          Maps<1, 28, 28>;
        same:   Conv2d<1, 4, 3, Tanh, SamePadding>          => Maps<4, 28, 28>;
        half:   Conv2d<4, 4, 4, Tanh, Zeros<1>, 2>   => Maps<4, 14, 14>;
        edge:   Conv2d<4, 6, 5, Tanh, Edge<2>, 3>    => Maps<6, 5, 5>;
        groups: GroupConv2d<2, 3, 2, 3, Tanh, Edge<1>> => Maps<4, 5, 5>;
        each:   DepthwiseConv2d<4, 3, Tanh, SamePadding, 2> => Maps<4, 3, 3>;
        flat:   Flatten                              => Units<36>;
        output: Dense<36, 10>                        => Units<10>;
    }
}

sequential! {
    /// The columns of a picture as a signal, with kernels and windows of one row.
    pub struct Columns, trace ColumnsTrace {
        input:                                              Maps<1, 28, 28>;
        high:   MaxPool<1, 28>                              => Maps<1, 1, 28>;
        edge:   Conv1d<1, 4, 5, Tanh, Edge<2>>              => Maps<4, 1, 28>;
        most:   MaxPool1d<2>                                => Maps<4, 1, 14>;
        half:   Conv1d<4, 6, 3, Tanh, SamePadding, 2>       => Maps<6, 1, 7>;
        valid:  Conv1d<6, 4, 2, Tanh>                       => Maps<4, 1, 6>;
        mean:   AvgPool1d<3>                                => Maps<4, 1, 2>;
        flat:   Flatten                                     => Units<8>;
        output: Dense<8, 10>                                => Units<10>;
    }
}

/// Every unit of every stage: the sum that is shown, through the activation function, is what the network computed.
fn every_unit_is_explained(network: &mut dyn Running) {
    let image = mnist().images()[18];
    let _ = network.read(&image);
    let stages = network.info().stages;
    for (number, stage) in stages.iter().enumerate() {
        let units: usize = stage.dims.iter().product();
        for unit in 0..units {
            let said = explain(network, number, unit).expect("the unit is there");
            assert_eq!(said.computed, network.stage(number)[unit]);
            let difference = (said.output - f64::from(said.computed)).abs();
            assert!(difference <= 1e-4 * said.output.abs().max(1.0), "{} {unit}: {said:?}", stage.name);
            assert_eq!(said.fields.len(), number + 1);
        }
        assert_eq!(explain(network, number, units), None);
    }
    assert_eq!(explain(network, stages.len(), 0), None);
}

#[test]
fn what_a_unit_shows_is_what_it_computed() {
    every_unit_is_explained(&mut RunningOf::pretrained());
    every_unit_is_explained(&mut random::<LeNet5Rbf>());
    every_unit_is_explained(&mut random::<LeNet5Modern>());
    every_unit_is_explained(&mut random::<LeNet5Average>());
    every_unit_is_explained(&mut random::<LeNet4>());
    every_unit_is_explained(&mut random::<LeNet1>());
    every_unit_is_explained(&mut random::<Padded>());
    every_unit_is_explained(&mut random::<Columns>());
}

/// Changing a pixel changes a unit only if the pixel is in its receptive field, and it changes some unit for each such pixel.
fn receptive_fields_are_those_of(network: &mut dyn Running) {
    let image = [[100; 28]; 28];
    let [_, rows, columns] = network.info().input else { panic!("one map") };
    let (top, left) = ((rows - 28) / 2, (columns - 28) / 2);
    let _ = network.read(&image);
    let stages = network.info().stages;
    let units: Vec<(usize, usize)> = (0..stages.len())
        .flat_map(|stage| {
            let count: usize = stages[stage].dims.iter().product();
            [0, count / 3, count / 2, count - 1].map(|unit| (stage, unit))
        })
        .collect();
    let said: Vec<_> = units.iter().map(|(stage, unit)| explain(network, *stage, *unit).expect("a unit")).collect();
    let mut has_changed = vec![[false; 28 * 28]; units.len()];
    for pixel in 0..28 * 28 {
        for level in [0, 255] {
            let mut changed = image;
            changed.as_flattened_mut()[pixel] = level;
            let _ = network.read(&changed);
            for (index, (stage, unit)) in units.iter().enumerate() {
                has_changed[index][pixel] |= network.stage(*stage)[*unit] != said[index].computed;
            }
        }
    }
    for (said, has_changed) in said.iter().zip(has_changed) {
        let field = &said.fields[0];
        let is_in = |pixel: usize| {
            let (row, column) = (pixel / 28 + top, pixel % 28 + left);
            (field.rows[0]..field.rows[1]).contains(&row) && (field.columns[0]..field.columns[1]).contains(&column)
        };
        let outside = (0..28 * 28).filter(|&pixel| has_changed[pixel] && !is_in(pixel)).count();
        assert_eq!(outside, 0, "{} {:?} depends on pixels outside {field:?}", said.stage, said.at);
        let (inside, all) =
            ((0..28 * 28).filter(|&p| is_in(p) && has_changed[p]).count(), (0..28 * 28).filter(|&p| is_in(p)).count());
        // A unit of ReLUs can be silent, and the largest of four hides the others.
        if said.stage != "output" && said.computed != 0.0 {
            assert!(2 * inside > all, "{} {:?} depends on {inside} of {all} pixels of {field:?}", said.stage, said.at);
        }
    }
}

#[test]
fn receptive_fields_are_those_of_the_networks() {
    receptive_fields_are_those_of(&mut RunningOf::pretrained());
    receptive_fields_are_those_of(&mut random::<LeNet5Rbf>());
    receptive_fields_are_those_of(&mut random::<LeNet5Modern>());
    receptive_fields_are_those_of(&mut random::<LeNet4>());
    receptive_fields_are_those_of(&mut random::<LeNet1>());
    receptive_fields_are_those_of(&mut random::<Padded>());
}

#[test]
fn a_unit_of_c3_sees_the_maps_of_table_1() {
    let mut network = RunningOf::pretrained();
    let _ = network.read(&mnist().images()[0]);
    // Map 5, row 4, column 3.
    let said = explain(&network, 2, 5 * 100 + 4 * 10 + 3).expect("the unit is there");
    assert_eq!(said.at, [5, 4, 3]);
    assert_eq!(said.fields[2].maps.as_deref(), Some(&[0, 1, 5][..]));
    assert_eq!((said.fields[2].rows, said.fields[2].columns), ([4, 9], [3, 8]));
    assert_eq!((said.fields[1].rows, said.fields[1].columns), ([8, 18], [6, 16]));
    assert_eq!((said.fields[0].rows, said.fields[0].columns), ([8, 22], [6, 20]));
}

#[test]
fn a_unit_of_a_group_sees_the_maps_of_its_group() {
    let mut network = random::<Padded>();
    let _ = network.read(&mnist().images()[0]);
    // Map 3, the second of the second group, in the corner.
    let said = explain(&network, 3, 3 * 25).expect("the unit is there");
    assert_eq!(said.fields[3].maps.as_deref(), Some(&[3, 4, 5][..]));
    assert_eq!((said.fields[3].rows, said.fields[2].rows, said.fields[1].rows), ([0, 2], [0, 6], [0, 13]));
    assert_eq!(said.terms.iter().map(|term| term.map).collect::<Vec<_>>(), [Some(3), Some(4), Some(5)]);
    let inputs = &said.terms[0].inputs;
    assert_eq!((inputs.len(), inputs[0], inputs[1]), (9, inputs[4], inputs[4]), "the corner is repeated");
}

#[test]
fn a_unit_of_a_row_sees_numbers_of_the_row() {
    let mut network = random::<Columns>();
    let _ = network.read(&mnist().images()[0]);
    // Map 2, column 1 of the mean of three windows each.
    let said = explain(&network, 5, 2 * 2 + 1).expect("the unit is there");
    assert_eq!(said.at, [2, 0, 1]);
    let fields: Vec<_> = said.fields.iter().map(|field| (field.rows, field.columns)).collect();
    let row = [0, 1];
    let seen = [([0, 28], [8, 28]), (row, [8, 28]), (row, [10, 28]), (row, [5, 14]), (row, [3, 7]), (row, [3, 6])];
    assert_eq!(fields, seen);
    // The first stage, a window of 28 rows and one column.
    assert_eq!(explain(&network, 0, 5).expect("a unit").fields[0].rows, [0, 28]);
    let sizes: Vec<_> = describe(network.info())["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .map(|stage| stage["size"].clone())
        .collect();
    assert_eq!(sizes[..6], [1, 5, 2, 3, 2, 3]);
}

#[test]
fn probabilities_are_those_of_the_library() {
    let mut running = random::<LeNet5Rbf>();
    let mut network: Box<LeNet5Rbf> = LeNet5Rbf::boxed_zeroed();
    initialize(&mut *network, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(5));
    for image in &mnist().images()[..20] {
        assert_eq!(running.read(image), read(&*network, image, Normalization::PAPER).probabilities);
    }
}

#[test]
fn half_numbers_come_back_and_others_are_refused() {
    let network = random::<LeNet5Modern>();
    let halves = half_numbers(&network);
    assert_eq!(halves.len(), 2 * <LeNet5Modern as Params>::LEN);
    let mut copy: RunningOf<LeNet5Modern> = RunningOf::new(LeNet5Modern::boxed_zeroed(), Normalization::PAPER);
    assert!(set_half_numbers(&mut copy, &halves));
    for index in 0..<LeNet5Modern as Params>::TENSORS {
        for (a, b) in network.array(index).iter().zip(copy.array(index)) {
            assert!((a - b).abs() <= a.abs() / 2048.0 + 1e-7, "{a} became {b}");
        }
    }
    assert_eq!(half_numbers(&copy), halves);
    let infinite = vec![0x7c; halves.len()];
    for wrong in [&halves[1..], &halves[2..], &[][..], &infinite] {
        assert!(!set_half_numbers(&mut copy, wrong));
    }
    assert_eq!(half_numbers(&copy), halves, "what is refused changes nothing");
}

#[test]
fn a_description_has_every_stage_and_array() {
    let described = describe(RunningOf::pretrained().info());
    assert_eq!(described["parameters"], 60_850);
    assert_eq!(described["stages"].as_array().map(Vec::len), Some(<LeNet5 as Network>::STAGES.len()));
    assert_eq!(described["stages"][2]["kind"], "convolution");
    assert_eq!(described["stages"][2]["activation"], "1.7159 tanh(2/3 a)");
    let weight = &described["arrays"][4];
    assert_eq!((&weight["stage"], &weight["name"], &weight["len"]), (&"c3".into(), &"weight".into(), &1500.into()));
    assert_eq!(weight["connected"].as_array().map(Vec::len), Some(96));
    assert_eq!(describe(random::<LeNet5Rbf>().info())["stages"][7]["codes"].as_array().map(Vec::len), Some(840));
}

#[test]
fn the_steps_are_those_of_the_library() {
    let mut pixels = vec![255; 4 * 90 * 60];
    for y in 10..50 {
        (40..46).for_each(|x| pixels[4 * (y * 90 + x)..][..3].fill(0));
    }
    let picture = Picture::from_rgba(90, 60, &pixels).expect("as many pixels");
    let steps = prepare_in_steps(&picture).expect("ink");
    let bytes = packed_steps(&steps);
    let numbers: Vec<u32> = bytes[..32].as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    assert_eq!(numbers, [90, 60, 40, 10, 6, 40, 1, 0]);
    assert_eq!(bytes.len(), 32 + 784 + 3 * 90 * 60);
    assert_eq!(bytes[32..][..784], *prepare(&picture).expect("ink").image.as_flattened());
    let [grey, ink, digit] = [0, 1, 2].map(|plane| &bytes[816 + plane * 90 * 60..][..90 * 60]);
    assert_eq!(grey, picture.pixels());
    assert_eq!((ink[20 * 90 + 42], digit[20 * 90 + 42], ink[20 * 90 + 30]), (255, 255, 0));
}

#[test]
fn a_packed_reader_reads_as_the_reader() {
    let reader = Reader::pretrained();
    let bytes = packed_reader(&reader);
    let copy = unpacked_reader(&bytes).expect("the bytes of a reader");
    // A one and a seven.
    let mut pixels = vec![250; 120 * 80];
    let mut dot = |x: usize, y: usize| (0..4).for_each(|row| pixels[(y + row) * 120 + x..][..4].fill(20));
    (30..52).for_each(|x| dot(x, 20));
    (20..56).for_each(|y| dot(52 - (y - 20) / 2, y));
    (20..56).for_each(|y| dot(76, y));
    let picture = Picture::from_grey(120, 80, pixels).expect("as many pixels");
    let found = numbers(&copy, &picture).expect("ink");
    assert_eq!(found, numbers(&reader, &picture).expect("ink"));
    assert_eq!(found[0]["text"], "71");
    assert_eq!(
        found[0]["columns"].as_array().map(Vec::len),
        found[0]["width"].as_u64().map(|width| (width as usize - 32).div_ceil(4) + 1)
    );
    assert!(unpacked_reader(&bytes[1..]).is_none() && unpacked_reader(&[]).is_none());
    let mut cold = bytes.clone();
    cold[..4].copy_from_slice(&0.0_f32.to_le_bytes());
    assert!(unpacked_reader(&cold).is_none(), "a temperature of 0");
    let mut infinite = bytes.clone();
    infinite[4..].fill(0x7c);
    assert!(unpacked_reader(&infinite).is_none(), "parameters that are not finite");
}

/// Twelve hundred digits are enough for nine of ten, and the seed decides all of it.
#[test]
fn a_lesson_learns() {
    let mnist = Dataset::mnist().expect("MNIST is built in").train;
    let digits = Digits::unpacked(&Digits::packed(&mnist.images()[..1500], &mnist.labels()[..1500])).expect("packed");
    let mut lesson = Lesson::new(digits.clone(), 1);
    let first = lesson.learn(0);
    assert_eq!((first.shown, first.images, first.held_out), (0, 1200, 300));
    assert!(first.right < 90, "{first:?}");
    let some = lesson.learn(20);
    let mut again = Lesson::new(digits, 1);
    assert_eq!(again.learn(20), some);
    assert_eq!(half_numbers(again.network()), half_numbers(lesson.network()));
    let last = lesson.learn(900);
    assert_eq!(last.shown, 920 * 16);
    assert!(last.right >= 270 && last.loss < 0.35, "{last:?}");
}

#[test]
fn a_lesson_without_digits_does_nothing() {
    let none = Digits::unpacked(&Digits::packed(&[], &[])).expect("no digits");
    let progress = Lesson::new(none, 1).learn(3);
    assert_eq!((progress.shown, progress.right, progress.held_out), (0, 0, 0));
}
