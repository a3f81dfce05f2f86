//! Error messages about the names and the form of a network's lines, for [`sequential!`](crate::sequential).

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

/// Makes the compiler report that the name is taken. `S` is a type with the name of the stage.
pub const fn distinct_name<S: DistinctName>() {}
/// Makes the compiler report that the line has the wrong form. `S` is a type with the name of the stage.
pub const fn line_of_a_network<S: LineOfANetwork>() {}

/// `[names so far] [names to come] tokens`: expands to the tokens if no name occurs twice; otherwise to one error, at
/// the second occurrence.
///
/// A network with two stages of the same name expands to nothing else. Otherwise there would be an error for every item
/// of the expansion.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_distinct_names {
    ([$($seen:tt)*] [] $($make:tt)*) => { $($make)* };
    ([$($seen:tt)*] [$new:tt $($rest:tt)*] $($make:tt)*) => {
        // The first matching arm tells if the name is new.
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
