//! Pictures of any kind. A [`Drawing`] is described once and written as SVG or PNG.

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
pub(crate) use drawing::{Anchor, Drawing, Ink, Item, Size};
pub(crate) use markup::{data_uri, escape};
pub(crate) use page::{Page, figure};
pub(crate) use raster::{Range, Raster};
