//! The training of 1998: second order, pattern by pattern, in one order; variants, boosting, rejection.

use crate::common::{Bars, bits, indexes, run_named};
use lenet_layers::{Curvature, CurvedLoss, Grad, Loss, Network, Params, ScaledTanh, Sdlm, Squared, Trace, initialize};
use lenet_model::{
    ActivationName, AnyNetwork, Class, Examples, Image, ImageInput, LeNet5Rbf, LossName, NetworkName, Normalization,
    Order, PatternStream, Recipe, RecipeError, RecipeName, SecondOrder, Training, TrainingEvent, Variants, add_scores,
    most_likely, reject, score, score_margin,
};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;

fn training<'a>(recipe: &'a Recipe, data: &'a Bars, train: &'a [u32]) -> Training<'a> {
    Training { recipe, examples: data.examples(), train, validation: &[] }
}

/// The method of `Training` written out with the public API, without blocks, workers or slots.
fn plainly(recipe: &Recipe, data: &Bars, train: &[u32]) -> Box<LeNet5Rbf> {
    let second = recipe.second_order.unwrap();
    let random = |stream| {
        let mut random = ChaCha8Rng::seed_from_u64(recipe.seed);
        random.set_stream(stream);
        random
    };
    let mut network = LeNet5Rbf::boxed_zeroed();
    initialize(&mut *network, recipe.init.into(), &mut random(1));
    let mut order = train.to_vec();
    order.shuffle(&mut random(2));
    let mut drawer = random(3);
    let (mut trace, mut back) =
        (<LeNet5Rbf as Network>::Trace::<f32>::boxed_zeroed(), <LeNet5Rbf as Network>::Trace::<f32>::boxed_zeroed());
    let (mut sdlm, mut h) = (Sdlm::boxed_zeroed(), Curvature::<LeNet5Rbf>::boxed_zeroed());
    let loss = recipe.named_loss();
    for epoch in 0..recipe.epochs {
        let is_time = epoch % second.every == 0;
        let mut squared = Squared::<LeNet5Rbf>::boxed_zeroed();
        squared.set(&network);
        if is_time {
            h.fill(0.0);
        }
        let show = |index: u32, network: &LeNet5Rbf, trace: &mut <LeNet5Rbf as Network>::Trace<f32>| {
            <LeNet5Rbf as Network>::Input::lay(trace.input_mut(), &[&data.images[index as usize]], recipe.input.into());
            network.forward(trace);
            data.labels[index as usize]
        };
        for _ in 0..if is_time { second.patterns } else { 0 } {
            let label = show(train[drawer.random_range(0..train.len())], &network, &mut trace);
            loss.curvature(trace.output(), &[Class::new(label.into()).unwrap()], back.output_mut());
            back.output_mut().cells_mut().iter_mut().for_each(|d2y| *d2y *= second.output as f32);
            squared.curvature(&trace, &mut back, &mut h);
        }
        let eta = recipe.rate * recipe.schedule.factor(epoch.into(), recipe.epochs.into());
        sdlm.set_rates(&h, second.patterns, eta as f32, second.mu as f32);
        for index in &order {
            let label = show(*index, &network, &mut trace);
            let mut grad = Grad::<LeNet5Rbf>::boxed_zeroed();
            loss.evaluate(trace.output(), &[Class::new(label.into()).unwrap()], 1.0, back.output_mut());
            network.backward(&trace, &mut back, &mut grad);
            sdlm.step(&mut network, &grad);
        }
    }
    network
}

#[test]
fn training_is_the_papers_method() {
    let data = Bars::new(40);
    let train = indexes(3..37);
    // With a factor, and with derivatives that are used for two epochs, each with its own rate.
    let second = SecondOrder { patterns: 21, every: 2, output: 2.0, ..SecondOrder::PAPER };
    let recipe = Recipe { epochs: 5, second_order: Some(second), ..Recipe::paper() };
    let outcome = run_named(&training(&recipe, &data, &train));
    let plain = plainly(&recipe, &data, &train);
    // Curvatures of sixteen examples at once are added in another order than one by one.
    let (mut worst, mut moved) = (0.0_f32, 0.0_f32);
    let start = plainly(&Recipe { epochs: 0, ..recipe.clone() }, &data, &train);
    let last = (0..LeNet5Rbf::<ScaledTanh>::TENSORS).flat_map(|index| outcome.last.tensor(index));
    for ((a, b), from) in last.zip(plain.tensors().flatten()).zip(start.tensors().flatten()) {
        worst = worst.max((a - b).abs());
        moved = moved.max((b - from).abs());
    }
    assert!(moved > 0.1, "nothing was learned: {moved}");
    assert!(worst < 1e-5 * moved, "{worst} from the method written out, which moved by {moved}");
}

#[test]
fn the_recipes_of_the_paper_learn() {
    fn learns(recipe: Recipe) {
        let data = Bars::new(500);
        let train = indexes(0..400);
        let recipe = Recipe { epochs: 6, ..recipe };
        let outcome = run_named(&training(&recipe, &data, &train));
        let scores = score(&*outcome.last, &data.examples(), &indexes(400..500), recipe.input.into());
        let right = scores.iter().zip(&data.labels[400..]).filter(|(s, l)| most_likely(s) == usize::from(**l)).count();
        assert!(right >= 95, "{} with {}: {right} of 100", recipe.network, recipe.loss);
        let (least, most) = outcome.epochs[0].rates.unwrap();
        assert!(0.0 < least && least < most && most < recipe.rate as f32 / 0.02, "{least} {most}");
    }
    learns(Recipe::paper());
    learns(Recipe { loss: LossName::Penalty, ..Recipe::paper() });
    learns(Recipe { rate: 1e-3, ..Recipe::lush() });
    let targets = |network| Recipe { network, loss: LossName::Targets, ..Recipe::paper() };
    learns(targets(NetworkName::LeNet4));
    learns(targets(NetworkName::LeNet1));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let data = Bars::new(200);
    let train = indexes(0..200);
    for batch in [1, 64] {
        let recipe = Recipe { epochs: 2, batch, ..Recipe::paper() };
        let results = [1, 2, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            bits(&*pool.install(|| run_named(&training(&recipe, &data, &train))).last)
        });
        assert!(results[1..].iter().all(|r| *r == results[0]), "batches of {batch}");
    }
}

/// Every variant is the same image with its number in a corner. Counts how often each is shown.
#[derive(Default)]
struct Stamped(std::sync::Mutex<std::collections::BTreeMap<(usize, u32), u32>>);
impl Variants for Stamped {
    fn show(&self, index: usize, variant: u32, original: &Image) -> Image {
        *self.0.lock().unwrap().entry((index, variant)).or_default() += 1;
        let mut image = *original;
        image[0][0] = variant as u8;
        image
    }
}

#[test]
fn variants_come_once_each_before_any_comes_again() {
    let data = Bars::new(10);
    let stamped = Stamped::default();
    // The images 2 to 9 of ten, with two variants each besides the originals: 24 patterns, 8 per epoch.
    let train: Vec<u32> = (0..3).flat_map(|variant| (2..10).map(move |i| variant * 10 + i)).collect();
    let recipe = Recipe { epochs: 6, presentations: Some(8), second_order: None, rate: 1e-4, ..Recipe::paper() };
    let mut steps = Vec::new();
    let training = Training { examples: data.examples().with_variants(&stamped), ..training(&recipe, &data, &train) };
    let mut run = training.begin_named().unwrap();
    run.go_on(|event| {
        if let TrainingEvent::Step { epoch, step, steps: all, images, .. } = event {
            steps.push((epoch, step, all, images));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(steps.len(), 48);
    assert_eq!((steps[7], steps[8]), ((1, 8, 48, 1), (2, 9, 48, 1)));
    let shown = stamped.0.lock().unwrap().clone();
    // Six epochs of 8 show the 24 patterns twice; the originals are not made by `show`.
    let wanted: Vec<_> = (2..10).flat_map(|i| [((i, 1), 2), ((i, 2), 2)]).collect();
    assert_eq!(shown.into_iter().collect::<Vec<_>>(), wanted);
}

#[test]
fn one_order_is_kept_and_the_other_is_not() {
    let data = Bars::new(60);
    // The images are variants, so that their order can be seen.
    let train: Vec<u32> = (60..120).collect();
    struct Order1(std::sync::Mutex<Vec<usize>>);
    impl Variants for Order1 {
        fn show(&self, index: usize, _: u32, original: &Image) -> Image {
            self.0.lock().unwrap().push(index);
            *original
        }
    }
    for order in [Order::Fixed, Order::Shuffled] {
        let seen = Order1(Vec::new().into());
        let recipe = Recipe { epochs: 2, order, second_order: None, rate: 1e-5, ..Recipe::paper() };
        run_named(&Training { examples: data.examples().with_variants(&seen), ..training(&recipe, &data, &train) });
        let seen = seen.0.into_inner().unwrap();
        assert_eq!(seen[..60] == seen[60..], order == Order::Fixed, "{order}");
        assert_ne!(seen[..60], indexes(0..60).iter().map(|i| *i as usize).collect::<Vec<_>>(), "{order} is random");
    }
}

#[test]
fn boosting_sees_what_it_should() {
    let data = Bars::new(300);
    let stamped = Stamped::default();
    let examples = data.examples().with_variants(&stamped);
    // A network that has learned almost nothing, and one that has learned a little more.
    let network = |count| {
        let recipe = Recipe { epochs: 1, ..Recipe::paper() };
        run_named(&training(&recipe, &data, &indexes(0..count))).last
    };
    let (first, second) = (network(15), network(20));
    let pictures = indexes(0..300);
    let stream =
        PatternStream { examples, pictures: &pictures, first: 4, last: 9, normalization: Recipe::paper().input.into() };
    let read = |network: &dyn AnyNetwork, index: u32| {
        most_likely(&score(network, &examples, &[index], Recipe::paper().input.into())[0])
    };
    let right =
        |network: &dyn AnyNetwork, index: u32| read(network, index) == usize::from(data.labels[index as usize % 300]);
    let every: Vec<u32> = (4 * 300..10 * 300).collect();
    let (wrong, fine): (Vec<u32>, Vec<u32>) = every.iter().partition(|i| !right(&*first, **i));
    assert!(wrong.len() > 20 && fine.len() > 20, "{} wrong, {} right: this shows nothing", wrong.len(), fine.len());

    for count in [20, 21] {
        assert_eq!(stream.half_wrong(&*first, count), [&wrong[..10], &fine[..10]].concat(), "the first ten of each");
    }
    // At the end of the stream there are as many wrong ones as right ones, whichever is scarce.
    let n = wrong.len().min(fine.len());
    assert_eq!(stream.half_wrong(&*first, 100_000), [&wrong[..n], &fine[..n]].concat());

    // A network of zeros reads every image as a 0, so nine in ten are wrong.
    let zeros = NetworkName::LeNet5Rbf.zeroed(ActivationName::ScaledTanh);
    let (right, wrong): (Vec<u32>, Vec<u32>) = every.iter().partition(|i| **i % 10 == 0);
    assert_eq!(stream.half_wrong(&*zeros, 100_000), [&wrong[..right.len()], &right].concat());

    let disputed: Vec<u32> = every.iter().copied().filter(|i| read(&*first, *i) != read(&*second, *i)).collect();
    assert!(disputed.len() > 5, "{}", disputed.len());
    assert_eq!(stream.disagreements(&*first, &*second, 5), disputed[..5]);
    assert_eq!(stream.disagreements(&*first, &*second, 100_000), disputed);
}

#[test]
fn scores_are_added_and_the_unsure_refused() {
    let one = |digit: usize, by: f32| -> [f32; 10] { std::array::from_fn(|i| if i == digit { by } else { 0.0 }) };
    let sum = add_scores(&[vec![one(1, 1.0), one(2, 1.0)], vec![one(3, 2.0), one(2, 1.0)]]);
    assert_eq!((most_likely(&sum[0]), sum[0][1], sum[1][2]), (3, 1.0, 2.0));
    assert!(add_scores(&[]).is_empty());

    // By margin: 5 right, 4 wrong, 3 right, 2 right, 1 wrong, 1 right. A quarter may be wrong.
    let scores = [one(0, 5.0), one(1, 4.0), one(2, 3.0), one(3, 2.0), one(4, 1.0), one(5, 1.0)];
    let labels = [0, 9, 2, 3, 9, 5];
    let found = reject(&scores, &labels, 0.25);
    assert_eq!((found.rejected, found.wrong, found.margin, found.total), (2, 1, 2.0, 6));
    // The two with the same margin are both read or both rejected: reading only the right one would give one error in
    // five.
    let found = reject(&scores, &labels, 0.2);
    assert_eq!((found.rejected, found.margin), (5, 5.0));
    assert_eq!(reject(&scores, &labels, 0.34).rejected, 0);
    // The same if the right one of the two comes first: five read with one error would be a fifth.
    assert_eq!(reject(&scores, &[0, 9, 2, 3, 4, 9], 0.2).rejected, 5);
    // The margin is to the second best, whichever class is the best.
    let ahead: [f32; 10] = std::array::from_fn(|i| [9.0, 8.5, 3.0][i.min(2)]);
    assert_eq!((score_margin(&ahead), score_margin(&one(3, 1.0))), (0.5, 1.0));
    let found = reject(&[one(1, 1.0)], &[0], 0.5);
    assert_eq!((found.rejected, found.margin), (1, f32::INFINITY));
    assert_eq!(reject(&[], &[], 0.5).rate(), 0.0);
}

#[test]
fn recipes_that_do_not_go_together_are_refused() {
    for name in RecipeName::ALL {
        assert_eq!(name.recipe().check_named(), Ok(()), "{name}");
    }
    // The authors' Lush code takes a hundredth of the grey level.
    let lush = Normalization::from(Recipe::lush().input);
    assert!([(0, 0.0), (100, 1.0), (255, 2.55)].iter().all(|(grey, x)| (lush.apply(*grey) - x).abs() < 1e-6));
    let said = |recipe: Recipe| recipe.check_named().unwrap_err().to_string();
    let paper = Recipe::paper;
    assert_eq!(
        said(Recipe { loss: LossName::SoftmaxMeanSquared, ..paper() }),
        "the loss mse is not for outputs that are penalties: choose penalty or map"
    );
    assert_eq!(
        said(Recipe { network: NetworkName::LeNet4, ..paper() }),
        "the loss map is not for outputs that are scores: choose mse, cross-entropy or mse-targets"
    );
    assert_eq!(
        said(Recipe { activation: ActivationName::Relu, ..paper() }),
        "lenet5-1998 supports only scaled-tanh: leave out relu"
    );
    assert_eq!(Recipe { momentum: 0.9, ..paper() }.check(), Err(RecipeError::Mixed));
    let second = |second| Recipe { second_order: Some(second), ..paper() }.check().is_err();
    assert!(second(SecondOrder { patterns: 0, ..SecondOrder::PAPER }));
    assert!(second(SecondOrder { every: 0, ..SecondOrder::PAPER }));
    assert!(second(SecondOrder { mu: 0.0, ..SecondOrder::PAPER }));
    assert!(second(SecondOrder { output: -1.0, ..SecondOrder::PAPER }));
    assert!(Recipe { j: 0.0, ..paper() }.check().is_err());
    assert!(Recipe { presentations: Some(0), ..paper() }.check().is_err());
}

#[test]
fn the_smallest_penalty_wins() {
    // With weights of zero F6 gives f(bias); the biases are set so that this is the code of 7.
    let mut network = NetworkName::LeNet5Rbf.zeroed(ActivationName::ScaledTanh);
    let code = <lenet_layers::Bitmaps as lenet_layers::Codes<84, 10>>::CODES[7];
    let f6 = (0..LeNet5Rbf::<ScaledTanh>::TENSORS).find(|i| LeNet5Rbf::<ScaledTanh>::info(*i).to_string() == "f6.bias");
    network.tensor_mut(f6.unwrap()).copy_from_slice(&code);
    let image = [[0; 28]; 28];
    let reading = network.read(&image, Recipe::paper().input.into());
    assert!(reading.probabilities[7] > 0.99, "{reading:?}");
    let labels = [7];
    let examples = Examples::new(std::slice::from_ref(&image), &labels).unwrap();
    let scores = score(&*network, &examples, &[0], Recipe::paper().input.into());
    assert!(scores[0].iter().all(|s| *s <= 0.0) && scores[0][7] > -1e-3, "{scores:?}");
    assert_eq!((most_likely(&scores[0]), reading.digit), (7, 7));
}
