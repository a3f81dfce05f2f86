//! Initial weights, and the optimizers that update the parameters from their gradients.

#[cfg(feature = "init")]
mod init;
mod sdlm;
mod sgd;

#[cfg(feature = "init")]
pub use init::{Init, initialize};
pub use sdlm::{Diagonal, Sdlm};
pub use sgd::{Descent, Rule, Sgd};
