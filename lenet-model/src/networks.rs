//! LeNet-5 and its relatives, a line a stage, with the paper's counts asserted when the program is compiled.

use lenet_layers::{
    Activation, AvgPool, Conv2d, Dense, Flatten, Maps, Network, Params, ScaledTanh, SparseConv2d, StageInfo, Subsample,
    Table1, Units, sequential,
};

sequential! {
    /// LeNet-5 with a linear output of ten units: C3 sees S2 by Table I, S2 and S4 are trainable.
    ///
    /// Up to F6 it is the network of LeCun et al. 1998, section II.B. The paper's output layer, ten Euclidean RBF
    /// units with fixed codes, is replaced by ten units that a softmax or the tanh targets of the loss go with.
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
    /// What most people call LeNet-5: a dense C3, and plain average pooling, which learns nothing.
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
    assert!(<LeNet5 as Params>::LEN == 60_850);
    assert!(<LeNet5Dense as Params>::LEN == 61_750);
    assert!(<LeNet5Average as Params>::LEN == 61_706);
    // "C1 contains 156 trainable parameters, and 122,304 connections", and so on through the section.
    let stages = <LeNet5 as Network>::STAGES;
    assert!(stages[0].params == 156 && stages[0].connections == 122_304);
    assert!(stages[1].params == 12 && stages[1].connections == 5_880);
    assert!(stages[2].params == 1_516 && stages[2].connections == 151_600);
    assert!(stages[3].params == 32 && stages[3].connections == 2_000);
    assert!(stages[4].params == 48_120 && stages[4].connections == 48_120);
    assert!(stages[6].params == 10_164 && stages[6].connections == 10_164);
};

/// A network that reads one 32x32 picture as one of ten digits, in `f32`.
pub trait DigitNetwork: Network<Input = Maps<1, 32, 32>, Output = Units<10>, Element = f32> {}
impl<N: Network<Input = Maps<1, 32, 32>, Output = Units<10>, Element = f32>> DigitNetwork for N {}
