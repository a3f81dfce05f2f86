//! A stage of a network as data.

use crate::Operation;
use core::fmt;

/// The compile-time information about one stage.
#[derive(Clone, Copy)]
pub struct StageInfo {
    /// Its name, such as `c1`.
    pub name: &'static str,
    /// The extent of each axis of its output.
    pub dims: &'static [usize],
    /// The number of its trainable parameters.
    pub params: usize,
    /// The number of its connections, as the 1998 paper counts them.
    pub connections: usize,
    /// The number of its multiply-adds in a forward pass over one example.
    pub multiply_adds: usize,
    /// `true` if its outputs are penalties: the smallest of them gives the class.
    pub penalties: bool,
    /// The operation that it computes.
    pub operation: Operation,
    #[doc(hidden)]
    pub describe: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
}

impl fmt::Debug for StageInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.name, self.dims, self.layer())
    }
}

impl StageInfo {
    /// Returns a description of the layer that can be displayed: `convolution 5x5, tanh`.
    #[must_use]
    pub fn layer(&self) -> impl fmt::Display {
        struct Words(fn(&mut fmt::Formatter<'_>) -> fmt::Result);
        impl fmt::Display for Words {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (self.0)(f)
            }
        }
        Words(self.describe)
    }
}

/// Two stages are equal if their names, shapes and operations are.
impl PartialEq for StageInfo {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.dims, self.params, self.operation) == (other.name, other.dims, other.params, other.operation)
    }
}
