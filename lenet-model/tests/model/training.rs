//! Training: the same bits on any number of threads, no example lost or counted twice, and every way to stop.

use crate::common::{Bars, bits, indexes, run_named, unwatched};
use lenet_layers::{Params, SoftmaxCrossEntropy, Tanh};
use lenet_model::{
    ActivationName, DigitNetwork, Evaluation, Examples, InitName, InputName, LeNet5, LossName, NetworkName,
    Normalization, Order, Outcome, Recipe, RecipeError, Schedule, TrainError, Training, TrainingEvent, evaluate,
};
use std::ops::ControlFlow;

/// Every setting is given, so that better defaults do not affect these tests.
fn quick() -> Recipe {
    Recipe {
        network: NetworkName::LeNet5,
        activation: ActivationName::ScaledTanh,
        loss: LossName::SoftmaxMeanSquared,
        j: 1.0,
        smoothing: 0.0,
        init: InitName::SqrtFanIn,
        input: InputName::Paper,
        epochs: 2,
        presentations: None,
        order: Order::Shuffled,
        batch: 32,
        rate: 0.02,
        schedule: Schedule::OneCycle,
        momentum: 0.9,
        weight_decay: 0.0,
        average: 0.0,
        second_order: None,
        seed: 1,
    }
}

fn training<'a>(recipe: &'a Recipe, data: &'a Bars, train: &'a [u32], validation: &'a [u32]) -> Training<'a> {
    Training { recipe, examples: data.examples(), train, validation }
}

/// The results of a training, without the time it took.
fn result<N: DigitNetwork>(outcome: &Outcome<N>) -> (Vec<u32>, Vec<u32>, u32, Vec<[u64; 3]>) {
    let record = |e: &lenet_model::Epoch| {
        [e.train_loss, e.train_accuracy, e.validation.as_ref().map_or(0.0, |v| v.loss_sum)].map(f64::to_bits)
    };
    (bits(&*outcome.last), bits(&*outcome.best), outcome.best_epoch, outcome.epochs.iter().map(record).collect())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let data = Bars::new(1470);
    let validation = indexes(1400..1470);
    // A short last block; a last batch that is even shorter; more blocks than slots; a batch larger than the data; and
    // one so large that it has one more slot.
    for (batch, count) in [(1, 400), (7, 400), (33, 400), (50, 400), (288, 400), (1000, 400), (1400, 1400)] {
        let (recipe, train) = (Recipe { batch, ..quick() }, indexes(0..count));
        let results = [1, 2, 3, 7].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let run = || training(&recipe, &data, &train, &validation).run::<LeNet5>(unwatched).unwrap();
            (threads, result(&pool.install(run)))
        });
        for (threads, found) in &results[1..] {
            assert!(*found == results[0].1, "batches of {batch}: {threads} threads and 1 differ");
        }
    }
}

#[test]
fn the_seed_alone_decides() {
    let data = Bars::new(60);
    let train = indexes(0..60);
    let run = |seed| {
        let recipe = Recipe { seed, ..quick() };
        result(&training(&recipe, &data, &train, &[]).run::<LeNet5>(unwatched).unwrap())
    };
    assert!(run(1) == run(1), "the same seed twice");
    assert!(run(1).0 != run(2).0, "another seed");
}

/// The initial network after one step at rate 1: the network minus the gradient of the mean loss over `train`.
fn one_step(data: &Bars, train: &[u32], batch: usize) -> Vec<f32> {
    let recipe = Recipe {
        epochs: 1,
        batch,
        rate: 1.0,
        momentum: 0.0,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        ..quick()
    };
    let outcome = training(&recipe, data, train, &[]).run::<LeNet5>(unwatched).unwrap();
    outcome.last.tensors().flatten().copied().collect()
}

/// The network of a run is the average of what the network that learns was after each step.
#[test]
fn the_average_follows_the_network_that_learns() {
    let data = Bars::new(60);
    let train = indexes(0..40);
    // An epoch is a step.
    let plain = Recipe { epochs: 30, batch: 40, ..quick() };
    let run = |recipe: &Recipe| {
        let mut after: Vec<Vec<f32>> = Vec::new();
        let outcome = training(recipe, &data, &train, &[])
            .run::<LeNet5>(|event| {
                if let TrainingEvent::Epoch { run, .. } = event {
                    after.push(run.network().tensors().flatten().copied().collect());
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        (after, outcome)
    };
    let (learner, plain_outcome) = run(&plain);
    let (averages, outcome) = run(&Recipe { average: 0.6, ..plain.clone() });
    let losses = |outcome: &Outcome<LeNet5>| outcome.epochs.iter().map(|e| e.train_loss.to_bits()).collect::<Vec<_>>();
    assert_eq!(losses(&outcome), losses(&plain_outcome), "the one that learns is the same");
    // After 10 / (1 - 0.6) - 10 = 15 steps the average keeps 0.6 of itself, and less before.
    for step in 1..30 {
        let kept = 0.6_f64.min((step + 1) as f64 / (step + 11) as f64);
        for ((mean, before), now) in averages[step].iter().zip(&averages[step - 1]).zip(&learner[step]) {
            let wanted = kept * f64::from(*before) + (1.0 - kept) * f64::from(*now);
            assert!((f64::from(*mean) - wanted).abs() < 1e-6, "step {step}: {mean}, not {wanted}");
        }
    }
    assert!(outcome.last.tensors().flatten().eq(averages[29].iter()));
}

/// Every pass over the images shows the next variant of each, in another order.
#[test]
fn fresh_variants_are_shown_once_each() {
    struct Noted(std::sync::Mutex<Vec<(usize, u32)>>);
    impl lenet_model::Variants for Noted {
        fn show(&self, index: usize, variant: u32, original: &lenet_model::Image) -> lenet_model::Image {
            self.0.lock().unwrap().push((index, variant));
            *original
        }
    }
    let data = Bars::new(30);
    let (noted, noted_again) = (Noted(Default::default()), Noted(Default::default()));
    let recipe = Recipe { epochs: 4, batch: 8, ..quick() };
    let examples = data.examples().with_fresh_variants(&noted);
    let train = indexes(3..23);
    Training { recipe: &recipe, examples, train: &train, validation: &[] }.run::<LeNet5>(unwatched).unwrap();
    let mut shown = noted.0.lock().unwrap().clone();
    // Variant 0 is the image itself.
    let order: Vec<usize> = shown[..20].iter().map(|(index, _)| *index).collect();
    assert!(!order.is_sorted());
    // Of two forms the later counts: the variants are examples of their own, and a pass shows each image once.
    let plain = examples.with_variants(&noted_again);
    Training { recipe: &recipe, examples: plain, train: &train, validation: &[] }.run::<LeNet5>(unwatched).unwrap();
    assert!(noted_again.0.lock().unwrap().is_empty());
    // There are not as many variants.
    let long = Recipe { epochs: u32::MAX, ..recipe.clone() };
    let error = Training { recipe: &long, examples, train: &train, validation: &[] }.begin::<LeNet5>().unwrap_err();
    assert!(error.to_string().starts_with("the number of epochs is 4294967295: give fewer"), "{error}");
    shown.sort_by_key(|(index, variant)| (*variant, *index));
    let wanted: Vec<(usize, u32)> = (1..4).flat_map(|variant| (3..23).map(move |index| (index, variant))).collect();
    assert_eq!(shown, wanted);
}

#[test]
fn a_short_block_is_masked_and_not_dropped() {
    let data = Bars::new(300);
    // The step over a batch is the mean of the steps over its examples, however full the last block is.
    for count in [5, 16, 17, 31, 260] {
        let together = one_step(&data, &indexes(0..count), 300);
        let mut mean = vec![0.0; together.len()];
        for i in 0..count {
            for (mean, p) in mean.iter_mut().zip(one_step(&data, &[i], 300)) {
                *mean += f64::from(p) / f64::from(count);
            }
        }
        let moved = one_step(&data, &[0], 300).iter().zip(&together).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(moved > 1e-2, "{count} examples: the step is as that of one");
        let worst = together.iter().zip(&mean).map(|(p, m)| (f64::from(*p) - m).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-6, "{count} examples: {worst:e} from the mean of the single steps");
    }
}

#[test]
fn every_image_is_seen_once_an_epoch() {
    let data = Bars::new(23);
    let train = indexes(0..23);
    let recipe = Recipe { batch: 10, epochs: 2, schedule: Schedule::Linear, ..quick() };
    let (mut images, mut rates, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let outcome = training(&recipe, &data, &train, &[])
        .run::<LeNet5>(|event| {
            if let TrainingEvent::Step { epoch, step, steps, images: n, rate, .. } = event {
                images.push(n);
                rates.push(rate);
                numbers.push((epoch, step, steps));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(images, [10, 10, 3, 10, 10, 3]);
    assert_eq!(numbers, [(1, 1, 6), (1, 2, 6), (1, 3, 6), (2, 4, 6), (2, 5, 6), (2, 6, 6)]);
    let wanted: Vec<_> = (0..6).map(|step| recipe.rate * Schedule::Linear.factor(step, 6)).collect();
    assert_eq!(rates, wanted);
    assert_eq!((outcome.best_epoch, outcome.epochs.len()), (2, 2), "with nothing held out the last is the best");
    assert!(bits(&*outcome.best) == bits(&*outcome.last));
    assert!(outcome.epochs.iter().all(|e| e.best && e.validation.is_none()));
    assert!(outcome.epochs.iter().all(|e| (e.train_accuracy * 23.0).fract().abs() < 1e-9));
}

fn learns(network: NetworkName, activation: ActivationName, loss: LossName, rate: f64) {
    let data = Bars::new(400);
    let (train, validation) = (indexes(0..300), indexes(300..400));
    let recipe = Recipe { network, activation, loss, rate, epochs: 8, batch: 10, ..quick() };
    let outcome = run_named(&training(&recipe, &data, &train, &validation));
    let (first, last) = (&outcome.epochs[0], &outcome.epochs[7]);
    assert!(last.train_loss < first.train_loss / 2.0, "{network}, {loss}: {} to {}", first.train_loss, last.train_loss);
    let found = evaluate(&*outcome.best, &recipe.named_loss(), &data.examples(), &validation, Normalization::PAPER);
    assert!(found.accuracy() >= 0.95, "{network}, {loss}: {found}");
}

#[test]
fn networks_learn() {
    learns(NetworkName::LeNet5, ActivationName::ScaledTanh, LossName::SoftmaxMeanSquared, 0.02);
    learns(NetworkName::LeNet5Dense, ActivationName::Relu, LossName::CrossEntropy, 0.01);
    learns(NetworkName::LeNet5Average, ActivationName::Tanh, LossName::Targets, 0.005);
}

#[test]
fn the_best_on_the_held_out_images_is_kept() {
    let mut data = Bars::new(160);
    // The held-out labels are wrong: the better the network knows the bars, the worse it reads these.
    for label in &mut data.labels[120..] {
        *label = (*label + 1) % 10;
    }
    let (train, validation) = (indexes(0..120), indexes(120..160));
    let recipe = Recipe { epochs: 6, batch: 10, loss: LossName::CrossEntropy, schedule: Schedule::Constant, ..quick() };
    let mut networks = Vec::new();
    let outcome = training(&recipe, &data, &train, &validation)
        .run::<LeNet5>(|event| {
            if let TrainingEvent::Epoch { run, .. } = event {
                networks.push(bits(run.network()));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let scores: Vec<_> = outcome.epochs.iter().map(|e| e.validation.as_ref().unwrap()).collect();
    let beats =
        |a: usize, b: usize| (scores[a].correct(), -scores[a].loss()) > (scores[b].correct(), -scores[b].loss());
    let best = (1..6).fold(0, |best, i| if beats(i, best) { i } else { best });
    assert!(best < 5, "the last epoch is the best: this test shows nothing");
    assert_eq!(outcome.best_epoch as usize, best + 1);
    assert!(bits(&*outcome.best) == networks[best]);
    assert!(bits(&*outcome.last) == networks[5]);
    let marked: Vec<_> = (0..6).map(|i| (0..i).all(|before| beats(i, before))).collect();
    assert_eq!(outcome.epochs.iter().map(|e| e.best).collect::<Vec<_>>(), marked);
    let again = evaluate(&*outcome.best, &recipe.named_loss(), &data.examples(), &validation, Normalization::PAPER);
    assert_eq!(again, *scores[best]);
}

#[test]
fn an_evaluation_counts_every_example_once() {
    let data = Bars::new(300);
    let network = LeNet5::<Tanh>::boxed_zeroed();
    // All zeros: every output is equal, and among equals the first is taken.
    for count in [1, 15, 16, 17, 256, 257, 300] {
        let found =
            evaluate(&*network, &SoftmaxCrossEntropy, &data.examples(), &indexes(0..count), Normalization::PAPER);
        assert_eq!((found.total(), found.correct()), (count, count.div_ceil(10)));
        assert!((found.loss() - 10.0_f64.ln()).abs() < 1e-5, "{count}: {}", found.loss());
        assert!(found.confusion.iter().all(|row| row[1..] == [0; 9]));
    }
    let none = evaluate(&*network, &SoftmaxCrossEntropy, &data.examples(), &[], Normalization::PAPER);
    assert_eq!((none.total(), none.loss()), (0, 0.0));
}

#[test]
fn a_loss_that_is_no_number_stops_it() {
    let data = Bars::new(40);
    let train = indexes(0..40);
    // The first step leaves weights that are huge but finite; in the second step the square of the outputs is not
    // finite.
    let recipe = Recipe { rate: 1e30, loss: LossName::Targets, batch: 10, schedule: Schedule::Constant, ..quick() };
    let stopped = training(&recipe, &data, &train, &[]).run::<LeNet5>(unwatched);
    let Err(error @ TrainError::NotFinite { epoch: 1, step: 2 }) = stopped else {
        panic!("the second of four steps has not stopped it");
    };
    assert!(error.to_string().contains("smaller rate"), "{error}");

    // With one step per epoch the held-out images show it first.
    let recipe = Recipe { batch: 40, ..recipe };
    let stopped = training(&recipe, &data, &train, &[7]).run::<LeNet5>(|event| {
        assert!(matches!(event, TrainingEvent::Step { .. }), "the failed epoch is reported as completed");
        ControlFlow::Continue(())
    });
    assert!(matches!(stopped, Err(TrainError::NotFinite { epoch: 1, step: 1 })));
}

#[test]
fn the_watcher_can_stop_it() {
    let data = Bars::new(40);
    let train = indexes(0..40);
    let recipe = Recipe { batch: 10, epochs: 3, ..quick() };
    let run = |stop_at: fn(&TrainingEvent<'_, LeNet5>) -> bool| {
        let watch = |event: TrainingEvent<'_, LeNet5>| {
            if stop_at(&event) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        training(&recipe, &data, &train, &[]).run::<LeNet5>(watch)
    };
    let at_step = run(|e| matches!(e, TrainingEvent::Step { step: 6, .. }));
    assert!(matches!(at_step, Err(TrainError::Stopped { epoch: 2, step: 6 })));
    let after_epoch = run(|e| matches!(e, TrainingEvent::Epoch { record, .. } if record.epoch == 2));
    assert!(matches!(after_epoch, Err(TrainError::Stopped { epoch: 2, step: 8 })));
    let at_the_end = run(|e| matches!(e, TrainingEvent::Epoch { record, .. } if record.epoch == 3));
    assert_eq!(at_the_end.unwrap().epochs.len(), 3, "there was nothing left to stop");
}

#[test]
fn examples_that_are_not_there() {
    let data = Bars::new(20);
    let recipe = quick();
    let run = |train: &[u32], validation: &[u32]| {
        training(&recipe, &data, train, validation).run::<LeNet5>(unwatched).map(|_| ()).unwrap_err()
    };
    assert!(matches!(run(&[], &[1]), TrainError::NoExamples));
    assert!(matches!(run(&[0, 20], &[]), TrainError::NoSuchExample { index: 20, len: 20 }));
    assert!(matches!(run(&[0, 1], &[19, 77]), TrainError::NoSuchExample { index: 77, len: 20 }));
    assert!(Examples::new(&data.images, &data.labels[1..]).is_err());
}

#[test]
fn numbers_that_make_no_sense() {
    let zero = |recipe: Recipe| matches!(recipe.check(), Err(RecipeError::Zero(_)));
    assert!(zero(Recipe { epochs: 0, ..quick() }));
    assert!(zero(Recipe { batch: 0, ..quick() }));
    let blames = |recipe: Recipe, blamed: &str| {
        let error = recipe.check().unwrap_err();
        assert!(matches!(&error, RecipeError::OutOfRange { name, .. } if *name == blamed), "{error}");
        assert!(error.to_string().contains("give "), "{error}");
    };
    for rate in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        blames(Recipe { rate, ..quick() }, "the rate");
    }
    for momentum in [-0.1, 1.0, 7.0, f64::NAN, f64::INFINITY] {
        blames(Recipe { momentum, ..quick() }, "the momentum");
    }
    for weight_decay in [-0.1, f64::NAN, f64::INFINITY] {
        blames(Recipe { weight_decay, ..quick() }, "the weight decay");
    }
    assert_eq!(Recipe { momentum: 0.0, weight_decay: 0.0, ..quick() }.check(), Ok(()));
    let data = Bars::new(10);
    let recipe = Recipe { batch: 0, ..quick() };
    let refused = training(&recipe, &data, &[0], &[]).run::<LeNet5>(unwatched);
    assert!(matches!(refused, Err(TrainError::Recipe(RecipeError::Zero("the batch size")))));
}

#[test]
fn schedules_start_rise_and_end_as_they_should() {
    const STEPS: u64 = 1000;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    for schedule in Schedule::ALL.iter().copied() {
        let factors: Vec<_> = (0..=STEPS).map(|step| schedule.factor(step, STEPS)).collect();
        let (top, start, end) = match schedule {
            Schedule::Constant => (0, 1.0, 1.0),
            Schedule::Linear | Schedule::Cosine => (0, 1.0, 0.0),
            Schedule::OneCycle => (150, 1.0 / 25.0, 0.0),
            Schedule::WarmUpCosine => (100, 1.0 / 100.0, 0.0),
            // The schedules that go by steps have a separate test.
            Schedule::Steps | Schedule::Paper | Schedule::Lush => continue,
        };
        assert!(near(factors[0], start) && near(factors[top], 1.0) && near(factors[STEPS as usize], end), "{schedule}");
        assert!(factors[..=top].is_sorted(), "{schedule} rises to its top");
        assert!(factors[top..].iter().rev().is_sorted(), "{schedule} never rises after its top");
        // No step is a jump: the rate changes by less than a hundredth from step to step.
        assert!(factors.windows(2).all(|w| (w[0] - w[1]).abs() < 0.011), "{schedule}");
        assert!(schedule.factor(0, 1) > 0.0, "{schedule}: a training of one step learns something");
    }
    assert!(near(Schedule::Cosine.factor(500, STEPS), 0.5) && near(Schedule::Linear.factor(250, STEPS), 0.75));
    assert!(
        near(Schedule::WarmUpCosine.factor(49, STEPS), 0.5) && near(Schedule::WarmUpCosine.factor(550, STEPS), 0.5)
    );
    let steps = [0, 499, 500, 749, 750, 1000].map(|step| Schedule::Steps.factor(step, STEPS));
    assert_eq!(steps, [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]);
    assert!(near(Schedule::OneCycle.factor(75, STEPS), 0.52) && near(Schedule::OneCycle.factor(575, STEPS), 0.5));
}

#[test]
fn the_papers_schedules_are_the_papers() {
    // "0.0005 for the first two passes, 0.0002 for the next three, 0.0001 for the next three, 0.00005 for the next 4, and
    // 0.00001 thereafter".
    let paper = Recipe::paper();
    let rates: Vec<f64> = (0..20).map(|pass| paper.rate * paper.schedule.factor(pass, 20)).collect();
    let said = [(0.0005, 2), (0.0002, 3), (0.0001, 3), (0.00005, 4), (0.00001, 8)];
    let said: Vec<f64> = said.iter().flat_map(|(rate, passes)| vec![*rate; *passes]).collect();
    assert_eq!(rates.len(), said.len());
    assert!(rates.iter().zip(&said).all(|(a, b)| (a - b).abs() < 1e-12), "{rates:?}");

    let lush = Recipe::lush();
    let rates: Vec<f64> = (0..30).map(|pass| lush.rate * lush.schedule.factor(pass, 30)).collect();
    for (pass, rate) in rates.iter().enumerate() {
        assert!((rate - [1e-4, 1e-5, 1e-6][pass / 10]).abs() < 1e-15, "{pass}: {rate}");
    }
}

#[test]
fn names_are_read_as_they_are_written() {
    for name in InitName::ALL {
        assert_eq!(name.to_string().parse(), Ok(*name));
    }
    for name in LossName::ALL {
        assert_eq!(name.to_string().parse(), Ok(*name));
    }
    // Schedules are saved by name, and an unknown one is refused in the same words.
    for schedule in Schedule::ALL.iter().copied() {
        assert_eq!(schedule.to_string().parse(), Ok(schedule));
        let recipe = Recipe { schedule, ..Recipe::default() };
        let text = serde_json::to_string(&recipe).unwrap();
        assert!(text.contains(&format!("\"schedule\":\"{schedule}\"")), "{text}");
        assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe);
    }
    let known = "choose constant, linear, cosine, one-cycle, warm-up-cosine, steps, paper, lush";
    let why = lenet_model::NameError::from("step".parse::<Schedule>().unwrap_err()).to_string();
    assert_eq!(why, format!("no schedule is called \"step\": {known}"));
    assert_eq!("step".parse::<Schedule>().unwrap_err().to_string(), why);
    let text = serde_json::to_string(&Recipe::default()).unwrap().replace("one-cycle", "step");
    assert!(serde_json::from_str::<Recipe>(&text).unwrap_err().to_string().starts_with(&why));
    assert_eq!(
        "median".parse::<LossName>().unwrap_err().to_string(),
        "no loss is called \"median\": choose mse, cross-entropy, mse-targets, penalty, map"
    );
}

#[test]
fn accuracy_comes_with_its_count_and_error() {
    let mut e = Evaluation::default();
    for d in 0..10 {
        e.confusion[d][d] = 990;
    }
    e.confusion[4][9] = 96;
    e.confusion[7][2] = 4;
    assert_eq!(e.to_string(), "99.00% +- 0.10 (9900/10000)");
    assert_eq!(Evaluation::default().to_string(), "0.00% +- 0.00 (0/0)");
}
