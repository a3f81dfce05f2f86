//! Pictures: a view says once what is where, as a [`Drawing`], and has it as an SVG or as a PNG.

mod canvas;
mod chart;
mod drawing;
mod markup;
mod page;
mod raster;
mod svg;

#[cfg(test)]
pub(crate) use canvas::tests::decode;
pub(crate) use chart::{Axis, Chart, HEIGHT, Line, significant};
#[cfg(test)]
pub(crate) use drawing::Item;
pub(crate) use drawing::{Anchor, Drawing, Ink, Size};
pub(crate) use markup::{data_uri, escape};
pub(crate) use page::{Page, figure};
pub(crate) use raster::{Range, Raster};
