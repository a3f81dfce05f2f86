//! Batch normalization has no second derivatives, which the second-order method needs.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:                  Units<3>;
        f1: Dense<3, 6>         => Units<6>;
        n1: BatchNorm<6, Relu>  => Units<6>;
    }
}

fn main() {
    let (squared, trace, mut second) = (Squared(Net::<f32>::zeroed()), NetTrace::zeroed(), NetTrace::<f32>::zeroed());
    squared.curvature(&trace, &mut second, &mut Curvature(Net::zeroed()));
}
