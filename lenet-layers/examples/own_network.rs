//! A custom network: in which direction does a bar lean in a picture of 12 x 10 with two channels?
//! `cargo run -p lenet-layers --example own_network`

use lenet_layers::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

connection_table! {
    /// Four maps to six: neighbours in a ring, and two maps that see all.
    struct Ring: 4 -> 6, 16;
    "X X . ."
    ". X X ."
    ". . X X"
    "X . . X"
    "X X X X"
    "X X X X"
}

sequential! {
    struct Leaning, trace LeaningTrace {
        input:                                         Maps<2, 12, 10>;
        c1:   Conv2d<2, 4, 3, Tanh>                 => Maps<4, 10, 8>;
        s2:   Subsample<4, 2, Tanh>                 => Maps<4, 5, 4>;
        c3:   SparseConv2d<4, 6, 16, 4, Ring, Tanh> => Maps<6, 2, 1>;
        flat: Flatten                               => Units<12>;
        out:  Dense<12, 3>                          => Units<3>;
    }
}
// Checked at compile time: weights and biases of c1, coefficients and biases of s2, and so on.
const _: () = assert!(<Leaning as Params>::LEN == (72 + 4) + (4 + 4) + (16 * 16 + 6) + (36 + 3));

/// A bar that leans left (class 0), stands (1) or leans right (2), bright in one channel and dark in the other.
fn picture(rng: &mut impl Rng) -> ([[[f32; 10]; 12]; 2], Class<3>) {
    let mut below = |n: u32| (rng.next_u32() % n) as usize;
    let (class, bright, middle) = (below(3), below(2), 3 + below(4));
    let mut picture = [[[0.0; 10]; 12]; 2];
    for row in 1..11 {
        let column = if class == 1 { middle } else { middle + [row / 2, 0, 5 - row / 2][class] - 2 };
        picture[bright][row][column] = 1.0;
        picture[1 - bright][row][column] = -1.0;
    }
    picture.as_flattened_mut().as_flattened_mut().iter_mut().for_each(|x| *x += below(100) as f32 * 0.004 - 0.2);
    (picture, Class::new(class).expect("one of three"))
}

fn main() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut net, mut grad, mut sgd) = (Leaning::<f32>::zeroed(), Grad::zeroed(), Sgd::boxed(0.9, 0.0));
    let (mut trace, mut errors) =
        (LeaningTrace::<Lanes<16>>::boxed_zeroed(), LeaningTrace::<Lanes<16>>::boxed_zeroed());
    initialize(&mut net, Init::SqrtFanIn, &mut rng);
    for _ in 0..400 {
        // Sixteen pictures side by side, one in each lane.
        let targets: [Class<3>; 16] = core::array::from_fn(|lane| {
            let (picture, class) = picture(&mut rng);
            let pixels = picture.as_flattened().as_flattened();
            trace.input.cells_mut().iter_mut().zip(pixels).for_each(|(cell, x)| cell.0[lane] = *x);
            class
        });
        net.forward(&mut trace);
        SoftmaxCrossEntropy.evaluate(&trace.out, &targets, 1.0 / 16.0, &mut errors.out);
        grad.fill(0.0);
        net.backward(&trace, &mut errors, &mut grad);
        sgd.step(&mut net, &grad, 0.02);
    }
    for i in 0..<Leaning as Params>::TENSORS {
        println!("{:15} {:?}", Leaning::<f32>::info(i).to_string(), &net.tensor(i)[..3]); // c1.weight, c1.bias, ...
    }

    let right = (0..1000).filter(|_| {
        let mut one = LeaningTrace::<f32>::zeroed(); // the same network on one picture
        let (picture, class) = picture(&mut rng);
        one.input.data = picture;
        let y = net.forward(&mut one).data;
        y.iter().all(|other| *other <= y[class.index()])
    });
    let right = right.count();
    println!("{right} of 1000 unseen pictures right");
    assert!(right > 980, "it did not learn");
}
