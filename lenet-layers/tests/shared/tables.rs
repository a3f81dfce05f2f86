//! Connection tables and codes that several checks use.

use lenet_layers::{Codes, connection_table};

connection_table! {
    /// Not every map is seen, and one output map sees none.
    pub(crate) struct Gaps: 4 -> 3, 5;
    "X . X ."
    ". . . ."
    "X X X ."
}
connection_table! {
    /// More output maps than input maps, and a single connection each.
    pub(crate) struct Fan: 2 -> 5, 6;
    "X ."
    ". X"
    "X ."
    ". X"
    "X X"
}
connection_table! {
    /// All there is.
    pub(crate) struct Only: 1 -> 1, 1;
    "X"
}

/// Codes of other sizes than the paper's, and of other numbers than +1 and -1.
pub(crate) struct Own;
impl Codes<5, 3> for Own {
    const CODES: [[f32; 5]; 3] = [[1.0, -1.0, 0.5, 0.0, -2.0], [-0.25, 1.0, 1.0, -1.0, 1.5], [0.0; 5]];
}
