//! Initial weights, the optimizers that update the parameters from their gradients, and schedules of their rate.

mod adam;
mod clip;
#[cfg(feature = "init")]
mod init;
mod rule;
#[cfg(feature = "std")]
mod schedule;
mod sdlm;
mod sgd;

pub use adam::{Adam, AdamSettings, AdamUpdate, AdamW, Moments};
pub use clip::{Clipped, clip_norm, squared_norm};
#[cfg(feature = "init")]
pub use init::{Init, initialize};
pub use rule::{Rule, Statistic};
#[cfg(feature = "std")]
pub use schedule::{Schedule, ScheduleError};
pub use sdlm::{Diagonal, Sdlm};
pub use sgd::{Descent, Nesterov, Sgd};
