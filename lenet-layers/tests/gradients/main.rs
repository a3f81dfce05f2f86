//! Gradients against differences, curvatures against lists of connections, lanes against single examples, losses at
//! their extremes.
//!
//! Sizes are types, so "a random shape" is drawn from a list of instantiations; seed, activation and loss are drawn too.

mod check;
mod connections;
mod curvature;
mod gauss_newton;
mod lanes;
mod layers;
mod losses;
mod networks;
mod pools;
mod sdlm;
mod sgd;
mod sparse;
mod subject;
