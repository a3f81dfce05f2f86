//! Initial weights, and the rules by which gradients change them.

#[cfg(feature = "init")]
mod init;
mod sdlm;
mod sgd;

#[cfg(feature = "init")]
pub use init::{Init, initialize};
pub use sdlm::{Diagonal, Sdlm};
pub use sgd::{Descent, Rule, Sgd};
