//! Writes a network of the layers that LeNet-5 does not have as an ONNX file, with an input and the network's output for
//! it, as `f32`: `onnx_layers FOLDER`. `ci/onnx/run` compares them with what ONNX Runtime computes.

use lenet_layers::*;
use lenet_train::{Metadata, initial_weights, onnx::save_onnx};
use std::{error::Error, fs, path::Path};

sequential! {
    pub struct Block, trace BlockTrace {
        input:                                         Maps<4, 8, 10>;
        c1:   Conv2d<4, 6, 3, Identity, SamePadding> => Maps<6, 8, 10>;
        n1:   BatchNorm<6, LeakyRelu>               => Maps<6, 8, 10>;
        c2:   Conv2d<6, 4, 1>                       => Maps<4, 8, 10>;
    }
}
sequential! {
    pub struct Half, trace HalfTrace {
        input:                                          Maps<4, 8, 10>;
        c1:   GroupConv2d<2, 2, 3, 3, Relu, Zeros<1>, 2> => Maps<6, 4, 5>;
    }
}
sequential! {
    pub struct Project, trace ProjectTrace {
        input:                                       Maps<4, 8, 10>;
        c1:   Conv2d<4, 6, 1, Identity, Unpadded, 2> => Maps<6, 4, 5>;
    }
}
sequential! {
    pub struct More, trace MoreTrace {
        input:                                          Maps<6, 4, 5>;
        d1:   DepthwiseConv2d<6, 3, Tanh, Edge<1>>      => Maps<6, 4, 5>;
        drop: Dropout<20>                               => Maps<6, 4, 5>;
    }
}
sequential! {
    pub struct Layers, trace LayersTrace {
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

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("onnx_layers FOLDER")?;
    let mut net = Layers::<f32>::boxed_zeroed();
    initialize(&mut *net, Init::SqrtFanIn, &mut initial_weights(1));
    // Numbers of all signs in the arrays that start at 0 and 1; variances stay positive.
    for i in 0..Layers::<f32>::TENSORS {
        if matches!(<Layers<f32> as Network>::info(i).role, Role::Bias | Role::Scale | Role::Mean | Role::Variance) {
            let numbers = net.tensor_mut(i).iter_mut().enumerate();
            numbers.for_each(|(j, number)| *number += 0.3 * ((7 * i + 3 * j) as f32).sin());
        }
    }
    let mut trace = LayersTrace::<f32>::boxed_zeroed();
    let cells = trace.input.cells_mut().iter_mut().enumerate();
    cells.for_each(|(i, cell)| *cell = (i as f32 * 0.37).sin() + (i as f32 * 0.011).cos());
    let bytes = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let folder = Path::new(&folder);
    fs::write(folder.join("layers-input"), bytes(trace.input.cells()))?;
    fs::write(folder.join("layers-output"), bytes(net.forward(&mut trace).cells()))?;
    save_onnx(&*net, &Metadata::new(), &folder.join("layers.onnx"))?;
    Ok(())
}
