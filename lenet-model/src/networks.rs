//! LeNet-5 and its relatives, one line per stage, with the paper's counts asserted at compile time.

use crate::image::ImageInput;
use lenet_layers::{
    Activation, AvgPool, Bitmaps, Conv2d, CurvedNetwork, Dense, Flatten, Maps, MaxPool, Network, Params, Rbf, Relu,
    Repeat, ScaledTanh, SparseConv2d, StageInfo, Subsample, Table1, Units, connection_table, sequential,
};

sequential! {
    /// LeNet-5 with a linear output of ten units: C3 sees S2 by Table I, S2 and S4 are trainable.
    ///
    /// Up to F6 it is the network of LeCun et al. 1998, section II.B. The paper's output layer, ten Euclidean RBF units
    /// with fixed codes, is replaced by ten linear units, for losses with a softmax or with tanh targets.
    pub struct LeNet5<A: Activation = ScaledTanh>, trace LeNet5Trace {
        input:                                       Maps<1, 32, 32>;
        c1:     Conv2d<1, 6, 5, A>                => Maps<6, 28, 28>;
        s2:     Subsample<6, 2, A>                => Maps<6, 14, 14>;
        c3:     SparseConv2d<6, 16, 60, 5, Table1, A> => Maps<16, 10, 10>;
        s4:     Subsample<16, 2, A>               => Maps<16, 5, 5>;
        c5:     Conv2d<16, 120, 5, A>             => Maps<120, 1, 1>;
        flat:   Flatten                           => Units<120>;
        f6:     Dense<120, 84, A>                 => Units<84>;
        output: Dense<84, 10>                     => Units<10>;
    }
}

sequential! {
    /// LeNet-5 in which every map of C3 sees every map of S2.
    pub struct LeNet5Dense<A: Activation = ScaledTanh>, trace LeNet5DenseTrace {
        input:                         Maps<1, 32, 32>;
        c1:     Conv2d<1, 6, 5, A>  => Maps<6, 28, 28>;
        s2:     Subsample<6, 2, A>  => Maps<6, 14, 14>;
        c3:     Conv2d<6, 16, 5, A> => Maps<16, 10, 10>;
        s4:     Subsample<16, 2, A> => Maps<16, 5, 5>;
        c5:     Conv2d<16, 120, 5, A> => Maps<120, 1, 1>;
        flat:   Flatten             => Units<120>;
        f6:     Dense<120, 84, A>   => Units<84>;
        output: Dense<84, 10>       => Units<10>;
    }
}

sequential! {
    /// The network that most people call LeNet-5: a dense C3, and plain average pooling, which has no parameters.
    pub struct LeNet5Average<A: Activation = ScaledTanh>, trace LeNet5AverageTrace {
        input:                         Maps<1, 32, 32>;
        c1:     Conv2d<1, 6, 5, A>  => Maps<6, 28, 28>;
        s2:     AvgPool<2>          => Maps<6, 14, 14>;
        c3:     Conv2d<6, 16, 5, A> => Maps<16, 10, 10>;
        s4:     AvgPool<2>          => Maps<16, 5, 5>;
        c5:     Conv2d<16, 120, 5, A> => Maps<120, 1, 1>;
        flat:   Flatten             => Units<120>;
        f6:     Dense<120, 84, A>   => Units<84>;
        output: Dense<84, 10>       => Units<10>;
    }
}

sequential! {
    /// A network of LeNet-5's plan and size with more maps and a smaller C5, max pooling and a dense C3, for
    /// [`Recipe::modern`](crate::Recipe::modern).
    pub struct LeNet5Modern<A: Activation = Relu>, trace LeNet5ModernTrace {
        input:                         Maps<1, 32, 32>;
        c1:     Conv2d<1, 8, 5, A>  => Maps<8, 28, 28>;
        s2:     MaxPool<2>          => Maps<8, 14, 14>;
        c3:     Conv2d<8, 40, 5, A> => Maps<40, 10, 10>;
        s4:     MaxPool<2>          => Maps<40, 5, 5>;
        c5:     Conv2d<40, 48, 5, A> => Maps<48, 1, 1>;
        flat:   Flatten             => Units<48>;
        f6:     Dense<48, 64, A>    => Units<64>;
        output: Dense<64, 10>       => Units<10>;
    }
}

sequential! {
    /// [`LeNet5Average`] without the margin around the image, for [`Recipe::fast`](crate::Recipe::fast): two thirds of its
    /// multiply-adds.
    pub struct LeNet5Unpadded<A: Activation = Relu>, trace LeNet5UnpaddedTrace {
        input:                         Maps<1, 28, 28>;
        c1:     Conv2d<1, 6, 5, A>  => Maps<6, 24, 24>;
        s2:     AvgPool<2>          => Maps<6, 12, 12>;
        c3:     Conv2d<6, 16, 5, A> => Maps<16, 8, 8>;
        s4:     AvgPool<2>          => Maps<16, 4, 4>;
        c5:     Conv2d<16, 120, 4, A> => Maps<120, 1, 1>;
        flat:   Flatten             => Units<120>;
        f6:     Dense<120, 84, A>   => Units<84>;
        output: Dense<84, 10>       => Units<10>;
    }
}

sequential! {
    /// LeNet-5 as it was in 1998, including the output layer (LeCun et al. 1998, section II.B): ten Euclidean RBF units
    /// with fixed codes. The unit with the smallest output gives the class.
    pub struct LeNet5Rbf<A: Activation = ScaledTanh>, trace LeNet5RbfTrace {
        input:                                       Maps<1, 32, 32>;
        c1:     Conv2d<1, 6, 5, A>                => Maps<6, 28, 28>;
        s2:     Subsample<6, 2, A>                => Maps<6, 14, 14>;
        c3:     SparseConv2d<6, 16, 60, 5, Table1, A> => Maps<16, 10, 10>;
        s4:     Subsample<16, 2, A>               => Maps<16, 5, 5>;
        c5:     Conv2d<16, 120, 5, A>             => Maps<120, 1, 1>;
        flat:   Flatten                           => Units<120>;
        f6:     Dense<120, 84, A>                 => Units<84>;
        output: Rbf<84, 10, Bitmaps>              => Units<10>;
    }
}

sequential! {
    /// The network that the authors' Lush distribution trains under the name LeNet-5: no F6, and ten output units with
    /// an activation function, against targets of +1 and -1.
    pub struct LeNet5Lush<A: Activation = ScaledTanh>, trace LeNet5LushTrace {
        input:                                       Maps<1, 32, 32>;
        c1:     Conv2d<1, 6, 5, A>                => Maps<6, 28, 28>;
        s2:     Subsample<6, 2, A>                => Maps<6, 14, 14>;
        c3:     SparseConv2d<6, 16, 60, 5, Table1, A> => Maps<16, 10, 10>;
        s4:     Subsample<16, 2, A>               => Maps<16, 5, 5>;
        c5:     Conv2d<16, 120, 5, A>             => Maps<120, 1, 1>;
        flat:   Flatten                           => Units<120>;
        output: Dense<120, 10, A>                 => Units<10>;
    }
}

connection_table! {
    /// LeNet-4's third layer: which of the 8 subsampling maps (columns) each of its 16 maps (rows) sees. The paper does
    /// not give the table; this one is ours. With its fifty kernels the network has 252,600 multiply-adds and 267,306
    /// connections, one below and one above the paper's 260,000. The columns come in pairs, each pair from one map of
    /// the first layer; most rows see three different pairs.
    #[derive(Clone, Copy, Debug)]
    pub struct LeNet4Table: 8 -> 16, 50;
    "X . X . X . . ."
    ". X . X . X . ."
    ". . X . X . X ."
    ". . . X . X . X"
    "X . . . X . X ."
    ". X . . . X . X"
    "X . X . . . X ."
    ". X . X . . . X"
    "X . . X . X . ."
    ". X X . X . . ."
    ". . X . . X X ."
    ". . . X X . . X"
    "X . . . X . . X"
    ". X . . . X X ."
    "X . X . X . X ."
    ". X . X . X . X"
}

sequential! {
    /// LeNet-4 (LeCun et al. 1998, section III.C.8), as far as the paper describes it. The table of its third layer and
    /// its ten output units with an activation function are ours.
    pub struct LeNet4<A: Activation = ScaledTanh>, trace LeNet4Trace {
        input:                                       Maps<1, 32, 32>;
        c1:     Conv2d<1, 4, 5, A>                => Maps<4, 28, 28>;
        pairs:  Repeat<2>                         => Maps<8, 28, 28>;
        s2:     Subsample<8, 2, A>                => Maps<8, 14, 14>;
        c3:     SparseConv2d<8, 16, 50, 5, LeNet4Table, A> => Maps<16, 10, 10>;
        s4:     Subsample<16, 2, A>               => Maps<16, 5, 5>;
        c5:     Conv2d<16, 120, 5, A>             => Maps<120, 1, 1>;
        flat:   Flatten                           => Units<120>;
        output: Dense<120, 10, A>                 => Units<10>;
    }
}

connection_table! {
    /// LeNet-1's third layer: which of the 4 subsampling maps (columns) each of its 12 maps (rows) sees. Four see one
    /// map, eight see two; the twenty kernels are inferred from the paper's counts.
    #[derive(Clone, Copy, Debug)]
    pub struct LeNet1Table: 4 -> 12, 20;
    "X . . ."
    "X X . ."
    "X X . ."
    ". X . ."
    "X X . ."
    "X X . ."
    ". . X ."
    ". . X X"
    ". . X X"
    ". . . X"
    ". . X X"
    ". . X X"
}

sequential! {
    /// LeNet-1 (LeCun et al. 1998, section III.C.7), whose digits fitted 16x16 pixels, in the middle of 28x28. Its ten
    /// output units with an activation function are ours: the paper does not give its output layer.
    pub struct LeNet1<A: Activation = ScaledTanh>, trace LeNet1Trace {
        input:                                       Maps<1, 28, 28>;
        c1:     Conv2d<1, 4, 5, A>                => Maps<4, 24, 24>;
        s2:     Subsample<4, 2, A>                => Maps<4, 12, 12>;
        c3:     SparseConv2d<4, 12, 20, 5, LeNet1Table, A> => Maps<12, 8, 8>;
        s4:     Subsample<12, 2, A>               => Maps<12, 4, 4>;
        flat:   Flatten                           => Units<192>;
        output: Dense<192, 10, A>                 => Units<10>;
    }
}

/// Parameters and connections of the stages before the output.
const fn before_output(stages: &[StageInfo]) -> (usize, usize) {
    let (mut params, mut connections, mut i) = (0, 0, 0);
    while i + 1 < stages.len() {
        params += stages[i].params;
        connections += stages[i].connections;
        i += 1;
    }
    (params, connections)
}

// The paper's counts: "340,908 connections, but only 60,000 trainable free parameters" (section II.B), of which the
// RBF output has 840 connections and no parameter.
const _: () = {
    let (params, connections) = before_output(<LeNet5 as Network>::STAGES);
    assert!(params == 60_000);
    assert!(connections == 340_908 - 840);
    assert!(<LeNet5Rbf as Params>::LEN == 60_000);
    assert!(<LeNet5Rbf as Network>::CONNECTIONS == 340_908);
    assert!(<LeNet5Rbf as Network>::PENALTIES && !<LeNet5 as Network>::PENALTIES);
    assert!(<LeNet5Lush as Params>::LEN == 51_046);
    // "about 260,000 multiply/add steps" and "about 17,000 free parameters" exclude each other: 400 -> 120 alone has
    // 48,120 parameters.
    assert!(<LeNet4 as Params>::LEN == 50_748);
    assert!(<LeNet4 as Network>::MULTIPLY_ADDS - 8 * 14 * 14 - 16 * 5 * 5 == 252_600);
    // "about 100,000 multiply/add steps", "only about 2600 free parameters".
    assert!(<LeNet1 as Params>::LEN == 2_578);
    assert!(<LeNet1 as Network>::CONNECTIONS == 98_442);
    assert!(<LeNet5 as Params>::LEN == 60_850);
    assert!(<LeNet5Dense as Params>::LEN == 61_750);
    assert!(<LeNet5Average as Params>::LEN == 61_706);
    assert!(<LeNet5Modern as Params>::LEN == 60_082);
    assert!(<LeNet5Unpadded as Params>::LEN == 44_426);
    // "C1 contains 156 trainable parameters, and 122,304 connections", and the other counts of the section.
    let stages = <LeNet5 as Network>::STAGES;
    assert!(stages[0].params == 156 && stages[0].connections == 122_304);
    assert!(stages[1].params == 12 && stages[1].connections == 5_880);
    assert!(stages[2].params == 1_516 && stages[2].connections == 151_600);
    assert!(stages[3].params == 32 && stages[3].connections == 2_000);
    assert!(stages[4].params == 48_120 && stages[4].connections == 48_120);
    assert!(stages[6].params == 10_164 && stages[6].connections == 10_164);
};

/// A network that reads one image as one of ten digits, in `f32`. It has second derivatives, so that every recipe can
/// train it.
pub trait DigitNetwork: CurvedNetwork<Input: ImageInput, Output = Units<10>, Element = f32> {}
impl<N: CurvedNetwork<Input: ImageInput, Output = Units<10>, Element = f32>> DigitNetwork for N {}
