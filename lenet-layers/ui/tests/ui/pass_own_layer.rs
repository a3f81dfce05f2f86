//! A layer from outside the library, in a network that is generic over its activation function.
use lenet_layers::simd::Simd;
use lenet_layers::*;

/// Every unit negated.
pub(crate) struct Negate;

impl Trainable for Negate {
    type Params<E: Element> = NoParams<E>;
}

impl LayerInfo for Negate {
    fn info(index: usize) -> ParamInfo {
        panic!("no parameter {index}")
    }
    fn describe(f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("negation")
    }
}

impl<const N: usize> Layer<Units<N>> for Negate {
    type Out = Units<N>;
    const CONNECTIONS: usize = 0;
    const MULTIPLY_ADDS: usize = 0;
    fn forward<S: Simd, T: Cell>(_: S, _: &NoParams<T::Element>, x: &Tensor<Units<N>, T>, y: &mut Tensor<Units<N>, T>) {
        for (x, y) in x.cells().iter().zip(y.cells_mut()) {
            *y = x.map(|x| -x);
        }
    }
    fn backward<S: Simd, T: Cell, const TO_INPUT: bool>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Units<N>, T>,
        _: &Tensor<Units<N>, T>,
        dy: &mut Tensor<Units<N>, T>,
        dx: &mut Tensor<Units<N>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        if !TO_INPUT {
            return;
        }
        for (dx, dy) in dx.cells_mut().iter_mut().zip(dy.cells()) {
            *dx = dy.map(|dy| -dy);
        }
    }
}

impl<const N: usize> Curved<Units<N>> for Negate {
    fn curvature<S: Simd, T: Cell>(
        _: S,
        _: &NoParams<T::Element>,
        _: &Tensor<Units<N>, T>,
        _: &Tensor<Units<N>, T>,
        d2y: &mut Tensor<Units<N>, T>,
        d2x: &mut Tensor<Units<N>, T>,
        _: &mut NoParams<T::Element>,
    ) {
        // The slope is -1, and its square 1.
        d2x.clone_from(d2y);
    }
}

sequential! {
    pub(crate) struct Net<A: Activation = Tanh>, trace NetTrace {
        input:                Units<3>;
        f1:  Dense<3, 4, A>   => Units<4>;
        neg: Negate           => Units<4>;
        out: Dense<4, 2>      => Units<2>;
    }
}

#[test]
fn a_layer_from_outside() {
    let mut net = Net::<Relu, f64>::zeroed();
    net.f1.bias = [1.0, -1.0, 2.0, 0.0];
    net.out.weight[1] = [1.0, 1.0, 1.0, 1.0];
    let mut trace = NetTrace::<f64>::zeroed();
    assert_eq!(net.forward(&mut trace).data, [0.0, -3.0]);
    let (mut squared, mut h) = (Squared::<Net<Relu, f64>>::zeroed(), Curvature::<Net<Relu, f64>>::zeroed());
    squared.set(&net);
    let mut second = NetTrace::<f64>::zeroed();
    second.out.data = [1.0, 2.0];
    squared.curvature(&trace, &mut second, &mut h);
    assert_eq!((second.neg.data, h.0.out.bias), ([2.0; 4], [1.0, 2.0]));
    assert_eq!(h.0.f1.bias, [2.0, 0.0, 2.0, 0.0]);
    assert_eq!(<Net as Network>::STAGES[1].layer().to_string(), "negation");
    let operations: Vec<_> = <Net<Relu> as Network>::STAGES.iter().map(|stage| stage.operation).collect();
    let dense = |activation| Operation::FullConnection { activation };
    assert_eq!(operations, [dense(ActivationKind::Relu), Operation::Custom, dense(ActivationKind::Identity)]);
}
