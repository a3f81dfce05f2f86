//! The macro uses no name that a user may want: a trace called `T`, type parameters called `E`, `S` and `T`.

use lenet_layers::*;

mod trace {
    use lenet_layers::*;
    sequential! {
        pub struct Net, trace T {
            input:                   Maps<1, 8, 8>;
            c1: Conv2d<1, 2, 3, Tanh> => Maps<2, 6, 6>;
        }
    }
}

mod parameters {
    use lenet_layers::*;
    sequential! {
        pub struct Net<E: Activation = Tanh, S: Activation = Tanh, T: Activation = Tanh>, trace NetTrace {
            input:                   Maps<1, 8, 8>;
            c1: Conv2d<1, 2, 3, E> => Maps<2, 6, 6>;
            c2: Conv2d<2, 2, 3, S> => Maps<2, 4, 4>;
            c3: Conv2d<2, 2, 3, T> => Maps<2, 2, 2>;
        }
    }
}

#[test]
fn any_name_may_be_used() {
    let mut trace = trace::T::<f64>::zeroed();
    assert_eq!(trace::Net::<f64>::zeroed().forward(&mut trace).data, [[[0.0; 6]; 6]; 2]);
    let mut trace = parameters::NetTrace::<f64>::zeroed();
    assert_eq!(parameters::Net::<Relu, Tanh, Sigmoid, f64>::zeroed().forward(&mut trace).data, [[[0.5; 2]; 2]; 2]);
}
