//! Blocks with fewer examples than lanes.

use crate::against::near_sum;
use crate::check::{Draw, for_samples};
use crate::losses::LOSSES;
use lenet_layers::simd::Scalar;
use lenet_layers::*;
use proptest::prelude::*;

/// Fewer targets than lanes yield the gradient of a smaller batch, whatever the remaining lanes hold.
#[test]
fn masked_lanes_do_not_count() {
    for_samples(24, |sample| {
        let (count, loss) = (sample.below(0, 17), sample.choose(1, &LOSSES));
        let mut draw = Draw::new(sample.seed);
        let mut net = Masked::<f32>::boxed_zeroed();
        for i in 0..Masked::<f32>::TENSORS {
            net.tensor_mut(i).fill_with(|| draw.within(0.4) as f32);
        }
        let mut block = MaskedTrace::<Lanes<16>>::boxed_zeroed();
        block.input.cells_mut().iter_mut().for_each(|cell| cell.0.fill_with(|| draw.within(1.0) as f32));
        let targets: Vec<Class<3>> = (0..count).map(|_| Class::new(draw.below(3)).unwrap()).collect();

        let gradient = |block: &mut MaskedTrace<Lanes<16>>| {
            let (mut errors, mut grad) = (MaskedTrace::<Lanes<16>>::boxed_zeroed(), Grad::<Masked>::boxed_zeroed());
            net.forward(block);
            loss.evaluate_with(Scalar, &block.out, &targets, 1.0, &mut errors.out);
            net.backward(block, &mut errors, &mut grad);
            grad
        };
        let masked = gradient(&mut block);
        let mut single = Grad::<Masked>::boxed_zeroed();
        for (lane, target) in targets.iter().enumerate() {
            let (mut trace, mut errors) = (MaskedTrace::<f32>::boxed_zeroed(), MaskedTrace::<f32>::boxed_zeroed());
            for (x, block) in trace.input.cells_mut().iter_mut().zip(block.input.cells()) {
                *x = block.0[lane];
            }
            net.forward_with(Scalar, &mut trace, Mode::Inference);
            loss.evaluate_with(Scalar, &trace.out, &[*target], 1.0, &mut errors.out);
            net.backward_with::<_, _, false>(Scalar, &trace, &mut errors, &mut single, Mode::Inference);
        }
        for i in 0..Masked::<f32>::TENSORS {
            let want: Vec<f64> = single.tensor(i).iter().map(|g| f64::from(*g)).collect();
            near_sum(&Masked::<f32>::info(i).to_string(), 16, masked.tensor(i), &want).map_err(TestCaseError::fail)?;
        }
        for cell in block.input.cells_mut() {
            cell.0[count..].fill(0.0);
        }
        let cleared = gradient(&mut block);
        for i in 0..Masked::<f32>::TENSORS {
            prop_assert_eq!(masked.tensor(i), cleared.tensor(i), "the contents of a masked lane affect the result");
        }
        Ok(())
    });
}

sequential! {
    pub(crate) struct Masked, trace MaskedTrace {
        input:                       Maps<2, 6, 4>;
        c1:   Conv2d<2, 3, 3, Tanh>  => Maps<3, 4, 2>;
        s2:   Subsample<3, 2, Tanh>  => Maps<3, 2, 1>;
        flat: Flatten                => Units<6>;
        out:  Dense<6, 3>            => Units<3>;
    }
}
