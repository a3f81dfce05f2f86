//! Compares gradients with differences and curvatures with lists of connections, and tests losses at extreme values.
//! The kernels have their own test program.
//!
//! Sizes are types, so a random shape is drawn from a list of instantiations; seed, activation function and loss are
//! drawn too.

#[allow(dead_code, reason = "shared with the checks of kernels")]
#[path = "../shared/against.rs"]
mod against;
#[path = "../shared/check.rs"]
mod check;
mod connections;
mod ctc;
mod curvature;
mod functions;
mod gauss_newton;
mod geometries;
#[path = "../golden/values.rs"]
mod golden;
mod layers;
mod losses;
mod masked;
mod networks;
mod numbers;
mod optim;
mod pools;
mod pytorch;
mod sdlm;
mod sgd;
mod sparse;
#[allow(dead_code, reason = "shared with the checks of kernels")]
#[path = "../shared/subject.rs"]
mod subject;
#[path = "../shared/tables.rs"]
mod tables;
mod training_mode;
