//! Writes two networks of the layers that LeNet-5 does not have as ONNX files, one of pictures and one of signals, each
//! with an input and the network's output for it, as `f32`: `onnx_layers FOLDER`. `ci/onnx/run` compares them with what
//! ONNX Runtime computes.

use lenet_layers::*;
use lenet_train::{Metadata, initial_weights, onnx::save_onnx};
use std::{error::Error, fs, path::Path};

sequential! {
    struct Block, trace BlockTrace {
        input:                                         Maps<4, 8, 10>;
        c1:   Conv2d<4, 6, 3, Identity, SamePadding> => Maps<6, 8, 10>;
        n1:   BatchNorm<6, LeakyRelu>               => Maps<6, 8, 10>;
        c2:   Conv2d<6, 4, 1>                       => Maps<4, 8, 10>;
    }
}
sequential! {
    struct Half, trace HalfTrace {
        input:                                          Maps<4, 8, 10>;
        c1:   GroupConv2d<2, 2, 3, 3, Relu, Zeros<1>, 2> => Maps<6, 4, 5>;
    }
}
sequential! {
    struct Project, trace ProjectTrace {
        input:                                       Maps<4, 8, 10>;
        c1:   Conv2d<4, 6, 1, Identity, Unpadded, 2> => Maps<6, 4, 5>;
    }
}
sequential! {
    struct More, trace MoreTrace {
        input:                                          Maps<6, 4, 5>;
        d1:   DepthwiseConv2d<6, 3, Tanh, Edge<1>>      => Maps<6, 4, 5>;
        drop: Dropout<20>                               => Maps<6, 4, 5>;
    }
}
sequential! {
    struct Layers, trace LayersTrace {
        input:                                        Maps<3, 8, 10>;
        c1:   Conv2d<3, 4, 5, Identity, Edge<2>>     => Maps<4, 8, 10>;
        a1:   Apply<Silu>                            => Maps<4, 8, 10>;
        r2:   Residual<Block, Relu>                  => Maps<4, 8, 10>;
        r3:   Residual<Half, Identity, Project>      => Maps<6, 4, 5>;
        a3:   Apply<HardSwish>                       => Maps<6, 4, 5>;
        d4:   Concat<More>                           => Maps<12, 4, 5>;
        mean: GlobalAvgPool                          => Units<12>;
        f5:   Dense<12, 7>                           => Units<7>;
        n5:   BatchNorm<7>                           => Units<7>;
        a5:   Apply<GeluTanh>                        => Units<7>;
        out:  Dense<7, 5, Sigmoid>                   => Units<5>;
    }
}

sequential! {
    struct Signals, trace SignalsTrace {
        input:                                          Maps<2, 1, 48>;
        c1:   Conv1d<2, 4, 5, Identity, Edge<2>, 2>   => Maps<4, 1, 24>;
        n1:   BatchNorm<4, Relu>                      => Maps<4, 1, 24>;
        c2:   Conv1d<4, 6, 3, Tanh, SamePadding>      => Maps<6, 1, 24>;
        p2:   MaxPool1d<2>                            => Maps<6, 1, 12>;
        c3:   Conv1d<6, 4, 4, Relu>                 => Maps<4, 1, 9>;
        p3:   AvgPool1d<3>                            => Maps<4, 1, 3>;
        flat: Flatten                                 => Units<12>;
        out:  Dense<12, 5>                            => Units<5>;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("onnx_layers FOLDER")?;
    write::<Layers>(Path::new(&folder), "layers")?;
    write::<Signals>(Path::new(&folder), "signals")
}

/// Writes a network, an input and its output.
fn write<N: Network<Element = f32>>(folder: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    let mut net = N::boxed_zeroed();
    initialize(&mut *net, Init::SqrtFanIn, &mut initial_weights(1));
    // Numbers of all signs in the arrays that start at 0 and 1; variances stay positive.
    for i in 0..N::TENSORS {
        if matches!(N::info(i).role, Role::Bias | Role::Scale | Role::Mean | Role::Variance) {
            let numbers = net.tensor_mut(i).iter_mut().enumerate();
            numbers.for_each(|(j, number)| *number += 0.3 * ((7 * i + 3 * j) as f32).sin());
        }
    }
    let mut trace = N::Trace::<f32>::boxed_zeroed();
    let cells = trace.input_mut().cells_mut().iter_mut().enumerate();
    cells.for_each(|(i, cell)| *cell = (i as f32 * 0.37).sin() + (i as f32 * 0.011).cos());
    let bytes = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    fs::write(folder.join(format!("{name}-input")), bytes(trace.input().cells()))?;
    fs::write(folder.join(format!("{name}-output")), bytes(net.forward(&mut trace).cells()))?;
    save_onnx(&*net, &Metadata::new(), &folder.join(format!("{name}.onnx")))?;
    Ok(())
}
