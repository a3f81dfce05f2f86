//! Error messages about the names and the form of a network's lines, for [`sequential!`](crate::sequential).

use lenet_tensor::Shape;

/// No type implements this trait.
#[diagnostic::on_unimplemented(
    message = "the stage `{Self}` is declared twice",
    label = "another stage has this name",
    note = "`input` is the name of the network's input"
)]
pub trait DistinctName {}

/// No type implements this trait.
#[diagnostic::on_unimplemented(
    message = "the line of the stage `{Self}` has the wrong form",
    label = "a line of a network is `name: Layer => Shape;`"
)]
pub trait LineOfANetwork {}

/// No type implements this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is the name of the network and of its trace",
    label = "another type has this name",
    note = "a network begins with `pub struct Name, trace NameTrace {{ input: Shape;`"
)]
pub trait DistinctType {}

/// No type implements this trait.
#[diagnostic::on_unimplemented(
    message = "the network has an input of shape `{Self}` and no stages",
    label = "no stage follows",
    note = "each line after the input is `name: Layer => Shape;`"
)]
pub trait Stages {}

/// No type implements this trait.
#[diagnostic::on_unimplemented(
    message = "the stage `{Self}` is an activation function, not a layer",
    label = "an activation function is the last parameter of a layer, as in `Conv2d<1, 6, 5, Tanh>`"
)]
pub trait IsLayer {}

/// Makes the compiler report that the name is taken. `S` is a type with the name of the stage.
pub const fn distinct_name<S: DistinctName>() {}
/// Makes the compiler report that the line has the wrong form. `S` is a type with the name of the stage.
pub const fn line_of_a_network<S: LineOfANetwork>() {}

/// No type implements this trait.
#[diagnostic::on_unimplemented(
    message = "the stage `{Self}` is a function, not a layer",
    label = "the layer that applies a function to every cell is `Apply`, as in `Apply<Silu>`"
)]
pub trait IsApplied {}

/// Makes the compiler report that a function is not a layer. `S` is a type with the name of the stage.
pub const fn is_applied<S: IsApplied>() {}
/// Makes the compiler report that an activation function is not a layer. `S` is a type with the name of the stage.
pub const fn is_layer<S: IsLayer>() {}
/// Makes the compiler report that the network and its trace have the same name. `S` is a type with this name.
pub const fn distinct_type<S: DistinctType>() {}
/// Makes the compiler report that there are no stages. `S` is the shape of the input.
pub const fn stages<S: Stages>() {}

/// Returns `true` if no extent is zero.
#[must_use]
pub const fn not_empty<S: Shape>() -> bool {
    let mut axis = 0;
    while axis < S::DIMS.len() {
        if S::DIMS[axis] == 0 {
            return false;
        }
        axis += 1;
    }
    true
}

/// Requires that a shape has cells. The constant is evaluated even if the network is not used.
#[doc(hidden)]
#[macro_export]
macro_rules! __not_empty {
    ($what:expr, $S:ty) => {
        const _: () = assert!($crate::not_empty::<$S>(), concat!("the shape of ", $what, " has a size of 0"));
    };
}

/// `Name Trace tokens`: expands to the tokens if the names differ; otherwise to one error, at the second name.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_distinct_types {
    ($Name:tt $Trace:tt $($make:tt)*) => {
        macro_rules! __name_of_a_trace {
            ($Name) => {
                const _: () = {
                    struct $Trace;
                    $crate::distinct_type::<$Trace>()
                };
            };
            ($Trace) => {
                $($make)*
            };
        }
        __name_of_a_trace!{ $Trace }
    };
}

/// `[names so far] [keywords] [names to come] tokens`: expands to the tokens if no name occurs twice and none is a keyword;
/// otherwise to one error, at the second occurrence or the keyword.
///
/// Such a network expands to nothing else. Otherwise there would be an error for every item of the expansion.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_distinct_names {
    ([$($seen:tt)*] [$($keyword:tt)*] [] $($make:tt)*) => { $($make)* };
    ([$($seen:tt)*] [$($keyword:tt)*] [$new:tt $($rest:tt)*] $($make:tt)*) => {
        // The first matching arm tells if the name is new.
        macro_rules! __names_of_stages {
            $(($seen) => {
                const _: () = {
                    #[allow(non_camel_case_types)]
                    struct $new;
                    $crate::distinct_name::<$new>()
                };
            };)*
            // The compiler reports that this is no name.
            $(($keyword) => { struct $new; };)*
            ($new) => {
                $crate::__with_distinct_names!{ [$($seen)* $new] [$($keyword)*] [$($rest)*] $($make)* }
            };
        }
        __names_of_stages!{ $new }
    };
}
