//! Errors about the names and the form of a network's lines, for [`sequential!`](crate::sequential).

/// Not implemented for any type.
#[diagnostic::on_unimplemented(
    message = "the stage `{Self}` is declared twice",
    label = "another stage has this name",
    note = "`input` is the name of the network's input"
)]
pub trait DistinctName {}

/// Not implemented for any type.
#[diagnostic::on_unimplemented(
    message = "the line of the stage `{Self}` has the wrong form",
    label = "a line of a network is `name: Layer => Shape;`"
)]
pub trait LineOfANetwork {}

/// Where `S`, a type with the name of a stage, stands, the compiler says that the name is taken.
pub const fn distinct_name<S: DistinctName>() {}
/// Where `S`, a type with the name of a stage, stands, the compiler says that its line has the wrong form.
pub const fn line_of_a_network<S: LineOfANetwork>() {}

/// `[names so far] [names to come] tokens`: gives the tokens if no name occurs twice, else one error, at the second.
///
/// Nothing else is made of a network with two stages of one name. Otherwise there would be an error for every item that is.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_distinct_names {
    ([$($seen:tt)*] [] $($make:tt)*) => { $($make)* };
    ([$($seen:tt)*] [$new:tt $($rest:tt)*] $($make:tt)*) => {
        // The first arm that matches says whether the name is new.
        macro_rules! __names_of_stages {
            $(($seen) => {
                const _: () = {
                    #[allow(non_camel_case_types)]
                    struct $new;
                    $crate::distinct_name::<$new>()
                };
            };)*
            ($new) => {
                $crate::__with_distinct_names!{ [$($seen)* $new] [$($rest)*] $($make)* }
            };
        }
        __names_of_stages!{ $new }
    };
}
