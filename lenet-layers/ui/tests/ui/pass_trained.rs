//! Everything in its place.
use lenet_layers::*;

sequential! {
    pub struct Net, trace NetTrace {
        input:              Maps<1, 8, 12>;
        c1:   Conv2d<1, 2, 3> => Maps<2, 6, 10>;
        flat: Flatten         => Units<120>;
        out:  Dense<120, 4>   => Units<4>;
    }
}

sequential! {
    pub struct Other, trace OtherTrace {
        input:            Units<3>;
        out: Dense<3, 4>  => Units<4>;
    }
}

#[test]
fn trained() {
    let mut net = Net::<f64>::boxed_zeroed();
    let mut grad = Grad::<Net<f64>>::boxed_zeroed();
    let mut sgd = Sgd::<Net<f64>>::boxed(0.9, 0.0);
    let mut trace = NetTrace::<f64>::boxed_zeroed();
    let mut errors = NetTrace::<f64>::boxed_zeroed();
    net.forward(&mut trace);
    let target = [Class::<4>::new(1).unwrap()];
    SoftmaxMeanSquared.evaluate(&trace.out, &target, 1.0, &mut errors.out);
    net.backward(&trace, &mut errors, &mut grad);
    sgd.step(&mut net, &grad, 0.1);
    assert!(net.is_finite());
}
