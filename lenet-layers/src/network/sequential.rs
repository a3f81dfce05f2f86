//! The macro that declares a network, one line for each stage.

/// Declares a network: every line names a stage, its layer, and the shape of its output.
///
/// ```
/// use lenet_layers::{AvgPool, Conv2d, Dense, Flatten, Maps, Network, Params, Tanh, Trace, Units, sequential};
/// sequential! {
///     /// A network for pictures of 8 rows and 12 columns.
///     pub struct Small, trace SmallTrace {
///         input:                      Maps<1, 8, 12>;
///         c1:   Conv2d<1, 2, 3, Tanh> => Maps<2, 6, 10>;
///         s2:   AvgPool<2>            => Maps<2, 3, 5>;
///         flat: Flatten               => Units<30>;
///         out:  Dense<30, 4>          => Units<4>;
///     }
/// }
/// let mut net = Small::<f32>::zeroed();
/// net.out.bias[3] = 1.0;
/// let mut trace = SmallTrace::<f32>::zeroed();
/// assert_eq!(net.forward(&mut trace).data, [0.0, 0.0, 0.0, 1.0]);
/// assert_eq!(Small::<f32>::LEN, 20 + 124);
/// assert_eq!(Small::<f32>::info(2).to_string(), "out.weight");
///
/// let mut other = net.clone();
/// assert_eq!(other, net);
/// other.c1.weight[1][0][2][2] = 1.0;
/// assert_ne!(other, net);
/// let arrays = "c1.weight [2, 1, 3, 3] Weight, c1.bias [2] Bias, out.weight [4, 30] Weight, out.bias [4] Bias";
/// assert_eq!(format!("{net:?}"), format!("Small[{arrays}]"));
/// ```
///
/// The macro declares
/// * a struct whose fields are the parameters of the stages, generic over the element type, by default `f32`: it
///   implements [`Params`](crate::Params), [`Network`](crate::Network), `Clone`, `PartialEq` and `Debug` (which prints the
///   arrays and their extents, not the numbers);
/// * its trace, whose fields are `input` and the outputs of the stages, generic over the [`Cell`](crate::Cell): it
///   implements [`Trace`](crate::Trace).
///
/// The network may be generic over types that its layers take, as in
/// `pub struct LeNet5<A: Activation = Tanh>, trace LeNet5Trace`. The element type comes last: `LeNet5<Tanh, f64>`.
///
/// Two limits: the crate must have its own name, `lenet_layers`, where the macro is used; and more than 28 stages need
/// `#![recursion_limit = "512"]` in the crate that declares them.
///
/// A layer that does not fit is an error on its own line. Here the kernel of c1 is smaller than the declared shape
/// requires:
///
/// ```compile_fail
/// # use lenet_layers::{Conv2d, Maps, sequential};
/// sequential! {
///     pub struct Wrong, trace WrongTrace {
///         input:              Maps<1, 8, 12>;
///         c1: Conv2d<1, 2, 3> => Maps<2, 4, 8>; // Conv2d<1, 2, 5> would be right
///     }
/// }
/// ```
#[macro_export]
macro_rules! sequential {
    ($(#[$meta:meta])* $vis:vis struct $Name:tt $(<$($G:ident: $Bound:path = $Default:ty),+>)?, trace $Trace:tt {
        input: $In:ty; $($stages:tt)*
    }) => {
        $crate::__with_distinct_types!{ $Name $Trace
            $crate::sequential!{@split [{ [$(#[$meta])*] [$vis] $Name [$($($G: $Bound = $Default,)+)?] $Trace $In }
                [] [] [$In] [input]] $($stages)*}
        }
    };

    // Collects the stages as {name, layer, shape of the input, shape of the output, name of the stage before, trait, type
    // of the trace's field}, in order and in reverse, which the backward pass needs. A name is always a `tt`: an `ident`
    // would lose its span in the user's file, and an error about it would point at the whole macro.
    //
    // The first token of a layer tells its kind. It is matched in a copy, so that the layer keeps its span.
    (@split $so_far:tt $stage:tt: $kind:tt $($rest:tt)*) => {
        $crate::sequential!{@line $kind $so_far $stage: $kind $($rest)*}
    };
    // An activation function in place of a layer would be an error for every item of the expansion.
    (@line Identity $so_far:tt $stage:tt: Identity => $($rest:tt)*) => { $crate::sequential!{@activation $stage} };
    (@line ScaledTanh $so_far:tt $stage:tt: ScaledTanh => $($rest:tt)*) => { $crate::sequential!{@activation $stage} };
    (@line Tanh $so_far:tt $stage:tt: Tanh => $($rest:tt)*) => { $crate::sequential!{@activation $stage} };
    (@line Sigmoid $so_far:tt $stage:tt: Sigmoid => $($rest:tt)*) => { $crate::sequential!{@activation $stage} };
    (@line Relu $so_far:tt $stage:tt: Relu => $($rest:tt)*) => { $crate::sequential!{@activation $stage} };
    (@line LeakyRelu $so_far:tt $stage:tt: LeakyRelu => $($rest:tt)*) => { $crate::sequential!{@activation $stage} };
    (@line Silu $so_far:tt $stage:tt: Silu => $($rest:tt)*) => { $crate::sequential!{@function $stage} };
    (@line GeluTanh $so_far:tt $stage:tt: GeluTanh => $($rest:tt)*) => { $crate::sequential!{@function $stage} };
    (@line HardSwish $so_far:tt $stage:tt: HardSwish => $($rest:tt)*) => { $crate::sequential!{@function $stage} };
    (@activation $stage:tt) => {
        const _: () = {
            #[allow(non_camel_case_types)]
            struct $stage;
            $crate::is_layer::<$stage>()
        };
    };
    (@function $stage:tt) => {
        const _: () = {
            #[allow(non_camel_case_types)]
            struct $stage;
            $crate::is_applied::<$stage>()
        };
    };
    // A stage of branches leaves the traces of its networks behind too. Its form says so, because the trace's type cannot
    // depend on the layers' types: they may mention the network's type parameters.
    (@line Residual $so_far:tt $stage:tt: $Layer:ty => $O:ty; $($rest:tt)*) => {
        $crate::sequential!{@add $so_far [$stage $Layer, $O, JoinedStage]
            [<$Layer as $crate::Joins>::Trace<$O, __Cell>] $($rest)*}
    };
    (@line Concat $so_far:tt $stage:tt: $Layer:ty => $O:ty; $($rest:tt)*) => {
        $crate::sequential!{@add $so_far [$stage $Layer, $O, JoinedStage]
            [<$Layer as $crate::Joins>::Trace<$O, __Cell>] $($rest)*}
    };
    (@line $kind:tt [$head:tt [$($done:tt)*] [$($reversed:tt)*] [$I:ty] [$before:tt]]
        $stage:tt: $Layer:ty => $O:ty; $($rest:tt)*
    ) => {
        $crate::sequential!{@split [$head
            [$($done)* {$stage, $Layer, $I, $O, $before, Stage, [$crate::Tensor<$O, __Cell>]}]
            [{$stage, $Layer, $I, $O, $before, Stage, [$crate::Tensor<$O, __Cell>]} $($reversed)*]
            [$O] [$stage]] $($rest)*}
    };
    (@line $kind:tt $so_far:tt $stage:tt $($rest:tt)*) => {
        $crate::sequential!{@malformed $stage $stage}
    };
    (@add [$head:tt [$($done:tt)*] [$($reversed:tt)*] [$I:ty] [$before:tt]]
        [$stage:tt $Layer:ty, $O:ty, $Stage:ident] $Kept:tt $($rest:tt)*
    ) => {
        $crate::sequential!{@split [$head
            [$($done)* {$stage, $Layer, $I, $O, $before, $Stage, $Kept}]
            [{$stage, $Layer, $I, $O, $before, $Stage, $Kept} $($reversed)*]
            [$O] [$stage]] $($rest)*}
    };
    (@split [$head:tt [] [] [$In:ty] [input]]) => {
        const _: () = $crate::stages::<$In>();
    };
    (@split [$head:tt [$({$stage:tt, $($line:tt)*})*] $reversed:tt [$Last:ty] [$last:tt]]) => {
        $crate::__with_distinct_names!{
            []
            [_ abstract as async await become box break const continue crate do dyn else enum extern false final fn for if impl
                in let loop macro match mod move mut override priv pub ref return self Self static struct super trait true try
                type typeof unsafe unsized use virtual where while yield]
            [input $($stage)*]
            $crate::sequential!{@make $head [$({$stage, $($line)*})*] [$Last] [$last] $reversed}
        }
    };
    (@split $so_far:tt $stage:tt $($rest:tt)*) => {
        $crate::sequential!{@malformed $stage $stage}
    };
    (@malformed $at:tt $name:ident) => {
        const _: () = {
            #[allow(non_camel_case_types)]
            struct $at;
            $crate::line_of_a_network::<$at>()
        };
    };
    (@malformed $at:tt $other:tt) => {
        ::core::compile_error!("each line of a network is `name: Layer => Shape;`");
    };

    // Only the first stage may skip the gradient with respect to its input. A const parameter says whether it does, so that
    // code which nobody calls is not compiled.
    (@backward input <$Layer:ty as $Stage:path>, $arguments:tt) => {
        <$Layer as $Stage>::stage_backward::<__Simd, __Cell, __TO_INPUT> $arguments;
    };
    (@backward $before:tt <$Layer:ty as $Stage:path>, $arguments:tt) => {
        <$Layer as $Stage>::stage_backward::<__Simd, __Cell, true> $arguments;
    };

    // The output of the stage before, or the network's input.
    (@held input $input:tt $trace:ident) => { $input };
    (@held $before:tt $input:tt $trace:ident) => { $crate::Holds::held(&$trace.$before) };
    (@held_mut input $input:tt $trace:ident) => { $input };
    (@held_mut $before:tt $input:tt $trace:ident) => { $crate::Holds::held_mut(&mut $trace.$before) };

    // The passes, which read the input from the trace or elsewhere.
    (@forward $self:ident $simd:ident $input:tt $trace:ident $mode:ident
        $({$stage:tt, $Layer:ty, $I:ty, $O:ty, $before:tt, $Stage:ident, $Kept:tt})*
    ) => {
        $(<$Layer as $crate::$Stage<$I, $O>>::stage_forward(
            $simd, &$self.$stage, $crate::sequential!(@held $before $input $trace), &mut $trace.$stage,
            $mode.at(const { $crate::name_hash(stringify!($stage)) }),
        );)*
    };
    // The output alone. What a stage leaves is needed by the next one only, so outputs of every other stage live in blocks of
    // their own, one after the other, and share their place on the stack.
    (@output $self:ident $simd:ident $x:ident) => { ::core::clone::Clone::clone($x) };
    (@output $self:ident $simd:ident $x:ident
        {$stage:tt, $Layer:ty, $I:ty, $O:ty, $before:tt, $Stage:ident, [$Kept:ty]}
    ) => {{
        let mut last: $Kept = $crate::zerocopy::FromZeros::new_zeroed();
        $crate::sequential!{@stage $self $simd $x last {$stage, $Layer, $I, $O, $Stage}}
        ::core::clone::Clone::clone($crate::Holds::held(&last))
    }};
    (@output $self:ident $simd:ident $x:ident
        {$stage:tt, $Layer:ty, $I:ty, $O:ty, $before:tt, $Stage:ident, [$Kept:ty]}
        {$stage2:tt, $Layer2:ty, $I2:ty, $O2:ty, $before2:tt, $Stage2:ident, [$Kept2:ty]} $($rest:tt)*
    ) => {{
        let mut second: $Kept2 = $crate::zerocopy::FromZeros::new_zeroed();
        {
            let mut first: $Kept = $crate::zerocopy::FromZeros::new_zeroed();
            $crate::sequential!{@stage $self $simd $x first {$stage, $Layer, $I, $O, $Stage}}
            let x = $crate::Holds::held(&first);
            $crate::sequential!{@stage $self $simd x second {$stage2, $Layer2, $I2, $O2, $Stage2}}
        }
        let x = $crate::Holds::held(&second);
        $crate::sequential!{@output $self $simd x $($rest)*}
    }};
    (@stage $self:ident $simd:ident $x:ident $y:ident {$stage:tt, $Layer:ty, $I:ty, $O:ty, $Stage:ident}) => {
        <$Layer as $crate::$Stage<$I, $O>>::stage_forward($simd, &$self.$stage, $x, &mut $y, $crate::Mode::Inference);
    };
    (@backward_pass $self:ident $simd:ident $input:tt $trace:ident $errors:ident $dx:tt $grad:ident $mode:ident
        $({$stage:tt, $Layer:ty, $I:ty, $O:ty, $before:tt, $Stage:ident, $Kept:tt})*
    ) => {
        $($crate::sequential!{@backward $before <$Layer as $crate::$Stage<$I, $O>>, (
            $simd, &$self.$stage, $crate::sequential!(@held $before $input $trace), &$trace.$stage,
            &mut $errors.$stage, $crate::sequential!(@held_mut $before $dx $errors), &mut $grad.$stage,
            $mode.at(const { $crate::name_hash(stringify!($stage)) }),
        )})*
    };

    (@make { [$(#[$meta:meta])*] [$vis:vis] $Name:tt [$($G:ident: $Bound:path = $Default:ty,)*] $Trace:tt $In:ty }
        [$({$stage:tt, $Layer:ty, $I:ty, $O:ty, $before:tt, $Stage:ident, [$Kept:ty]})*] [$Last:ty] [$last:tt]
        [$({$rstage:tt, $RLayer:ty, $RI:ty, $RO:ty, $rbefore:tt, $RStage:ident, [$RKept:ty]})*]
    ) => {
        $crate::__not_empty!("the input", $In);
        $($crate::__not_empty!(concat!("the stage `", stringify!($stage), "`"), $O);)*

        $(#[$meta])*
        #[derive($crate::zerocopy::FromBytes, $crate::zerocopy::Immutable, $crate::zerocopy::KnownLayout)]
        #[zerocopy(crate = "::lenet_layers::zerocopy")]
        #[repr(C)]
        $vis struct $Name<$($G: $Bound = $Default,)* __Element: $crate::Element = f32> {
            $(
                #[doc = concat!("The parameters of ", stringify!($stage), ".")]
                pub $stage: <$Layer as $crate::Trainable>::Params<__Element>,
            )*
        }

        #[doc = concat!("The outputs of every stage, as a forward pass of [`", stringify!($Name), "`] leaves them.")]
        #[derive(Clone, PartialEq)]
        #[derive($crate::zerocopy::FromBytes, $crate::zerocopy::Immutable, $crate::zerocopy::KnownLayout)]
        #[zerocopy(crate = "::lenet_layers::zerocopy")]
        #[repr(C)]
        $vis struct $Trace<__Cell: $crate::Cell = f32> {
            /// The input.
            pub input: $crate::Tensor<$In, __Cell>,
            $(
                #[doc = concat!("The output of ", stringify!($stage), ".")]
                pub $stage: $Kept,
            )*
        }

        // Prints the shapes, not the cells: thousands of numbers are of no use to a reader.
        impl<__Cell: $crate::Cell> ::core::fmt::Debug for $Trace<__Cell> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(stringify!($Trace))
                    .field("input", &<$In as $crate::Shape>::DIMS)
                    $(.field(stringify!($stage), &<$O as $crate::Shape>::DIMS))*
                    .finish()
            }
        }

        // `derive` would require `Clone` of the type parameters too, although there are no values of them.
        impl<$($G: $Bound,)* __Element: $crate::Element> Clone for $Name<$($G,)* __Element> {
            fn clone(&self) -> Self {
                $Name { $($stage: self.$stage.clone(),)* }
            }
            fn clone_from(&mut self, source: &Self) {
                $crate::Params::copy_from(self, source);
            }
        }
        impl<$($G: $Bound,)* __Element: $crate::Element> PartialEq for $Name<$($G,)* __Element> {
            fn eq(&self, other: &Self) -> bool {
                true $(&& self.$stage == other.$stage)*
            }
        }
        /// Prints the arrays with their extents, not their numbers: thousands of numbers are of no use to a reader.
        impl<$($G: $Bound,)* __Element: $crate::Element> ::core::fmt::Debug for $Name<$($G,)* __Element> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(stringify!($Name))?;
                let arrays = 0..<Self as $crate::Params>::TENSORS;
                f.debug_list().entries(arrays.map(<Self as $crate::Network>::info)).finish()
            }
        }

        impl<__Cell: $crate::Cell> $crate::Trace<__Cell> for $Trace<__Cell> {
            type Input = $In;
            type Output = $Last;
            fn input(&self) -> &$crate::Tensor<$In, __Cell> { &self.input }
            fn input_mut(&mut self) -> &mut $crate::Tensor<$In, __Cell> { &mut self.input }
            fn output(&self) -> &$crate::Tensor<$Last, __Cell> { $crate::Holds::held(&self.$last) }
            fn output_mut(&mut self) -> &mut $crate::Tensor<$Last, __Cell> {
                $crate::Holds::held_mut(&mut self.$last)
            }
            fn stage(&self, index: usize) -> &[__Cell] {
                let stages: &[&[__Cell]] = &[$($crate::Holds::<$O, __Cell>::held(&self.$stage).cells()),*];
                stages[index]
            }
        }

        impl<$($G: $Bound,)* __Element: $crate::Element> $crate::Params for $Name<$($G,)* __Element> {
            type Element = __Element;
            const TENSORS: usize =
                0 $(+ <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::TENSORS)*;
            const LEN: usize = 0 $(+ <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::LEN)*;
            const STATISTICS: usize =
                0 $(+ <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::STATISTICS)*;
            fn tensor(&self, index: usize) -> &[__Element] {
                let mut local = index;
                $(
                    let tensors = <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::TENSORS;
                    if local < tensors {
                        return $crate::Params::tensor(&self.$stage, local);
                    }
                    local -= tensors;
                )*
                panic!("no parameter {} in {}", index, stringify!($Name))
            }
            fn tensor_mut(&mut self, index: usize) -> &mut [__Element] {
                let mut local = index;
                $(
                    let tensors = <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::TENSORS;
                    if local < tensors {
                        return $crate::Params::tensor_mut(&mut self.$stage, local);
                    }
                    local -= tensors;
                )*
                panic!("no parameter {} in {}", index, stringify!($Name))
            }
            fn is_statistic(index: usize) -> bool {
                let mut local = index;
                $(
                    let tensors = <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::TENSORS;
                    if local < tensors {
                        return <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::is_statistic(local);
                    }
                    local -= tensors;
                )*
                panic!("no parameter {} in {}", index, stringify!($Name))
            }
        }

        impl<$($G: $Bound,)* __Element: $crate::Element> $crate::Network for $Name<$($G,)* __Element> {
            type Input = $In;
            type Output = $Last;
            type Trace<__Cell: $crate::Cell> = $Trace<__Cell>;
            type With<__Other: $crate::Element> = $Name<$($G,)* __Other>;
            const STAGES: &'static [$crate::StageInfo] = &[$($crate::StageInfo {
                name: stringify!($stage),
                dims: <$O as $crate::Shape>::DIMS,
                params: <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::LEN
                    - <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::STATISTICS,
                connections: <$Layer as $crate::$Stage<$I, $O>>::STAGE_CONNECTIONS,
                multiply_adds: <$Layer as $crate::$Stage<$I, $O>>::STAGE_MULTIPLY_ADDS,
                penalties: <$Layer as $crate::$Stage<$I, $O>>::STAGE_PENALTIES,
                operation: <$Layer as $crate::$Stage<$I, $O>>::STAGE_OPERATION,
                describe: <$Layer as $crate::$Stage<$I, $O>>::stage_describe,
            }),*];

            fn info(index: usize) -> $crate::ParamInfo {
                let mut local = index;
                $(
                    let tensors = <<$Layer as $crate::Trainable>::Params<__Element> as $crate::Params>::TENSORS;
                    if local < tensors {
                        return <$Layer as $crate::$Stage<$I, $O>>::stage_info(local).within(stringify!($stage));
                    }
                    local -= tensors;
                )*
                panic!("no parameter {} in {}", index, stringify!($Name))
            }

            fn forward_with<__Simd: $crate::simd::Simd, __Cell: $crate::Cell<Element = __Element>>(
                &self, simd: __Simd, trace: &mut $Trace<__Cell>, mode: $crate::Mode,
            ) {
                $crate::sequential!{@forward self simd (&trace.input) trace mode
                    $({$stage, $Layer, $I, $O, $before, $Stage, [$Kept]})*}
            }

            fn output_with<__Simd: $crate::simd::Simd, __Cell: $crate::Cell<Element = __Element>>(
                &self, simd: __Simd, input: &$crate::Tensor<$In, __Cell>,
            ) -> $crate::Tensor<$Last, __Cell> {
                $crate::sequential!{@output self simd input
                    $({$stage, $Layer, $I, $O, $before, $Stage, [$Kept]})*}
            }

            fn forward_from<__Simd: $crate::simd::Simd, __Cell: $crate::Cell<Element = __Element>>(
                &self, simd: __Simd, input: &$crate::Tensor<$In, __Cell>, trace: &mut $Trace<__Cell>, mode: $crate::Mode,
            ) {
                $crate::sequential!{@forward self simd (input) trace mode
                    $({$stage, $Layer, $I, $O, $before, $Stage, [$Kept]})*}
            }

            fn backward_with<__Simd: $crate::simd::Simd, __Cell: $crate::Cell<Element = __Element>, const __TO_INPUT: bool>(
                &self, simd: __Simd, trace: &$Trace<__Cell>, errors: &mut $Trace<__Cell>, grad: &mut $crate::Grad<Self>,
                mode: $crate::Mode,
            ) {
                let grad = &mut grad.0;
                $crate::sequential!{@backward_pass self simd (&trace.input) trace errors (&mut errors.input) grad mode
                    $({$rstage, $RLayer, $RI, $RO, $rbefore, $RStage, [$RKept]})*}
            }

            fn backward_from<__Simd: $crate::simd::Simd, __Cell: $crate::Cell<Element = __Element>, const __TO_INPUT: bool>(
                &self, simd: __Simd, input: &$crate::Tensor<$In, __Cell>, trace: &$Trace<__Cell>,
                errors: &mut $Trace<__Cell>, grad: &mut Self, mode: $crate::Mode,
            ) {
                $crate::sequential!{@backward_pass self simd (input) trace errors (&mut errors.input) grad mode
                    $({$rstage, $RLayer, $RI, $RO, $rbefore, $RStage, [$RKept]})*}
            }
        }

        impl<$($G: $Bound,)* __Element: $crate::Element> $crate::CurvedNetwork for $Name<$($G,)* __Element>
        where
            $($Layer: $crate::CurvedStage<$I, $O, __Element>,)*
        {
            fn curvature_with<__Simd: $crate::simd::Simd, __Cell: $crate::Cell<Element = __Element>>(
                squared: &$crate::Squared<Self>, simd: __Simd, trace: &$Trace<__Cell>, second: &mut $Trace<__Cell>,
                h: &mut $crate::Curvature<Self>,
            ) {
                $(<$RLayer as $crate::CurvedStage<$RI, $RO, __Element>>::stage_curvature(
                    simd, &squared.0.$rstage, $crate::sequential!(@held $rbefore (&trace.input) trace),
                    $crate::Holds::held(&trace.$rstage), $crate::Holds::held_mut(&mut second.$rstage),
                    $crate::sequential!(@held_mut $rbefore (&mut second.input) second), &mut h.0.$rstage,
                );)*
            }
        }
    };

    // One of the arms that begin with @ always matches, so this is about the first lines of a network.
    ($($other:tt)*) => {
        ::core::compile_error!("a network begins with `pub struct Name, trace NameTrace { input: Shape;`");
    };
}
