//! Gradients against differences, lanes against single examples, losses at their extremes.
//!
//! Sizes are types, so "a random shape" is drawn from a list of instantiations; seed, activation and loss are drawn too.

mod check;
mod lanes;
mod layers;
mod losses;
mod networks;
mod pools;
mod sgd;
mod sparse;
