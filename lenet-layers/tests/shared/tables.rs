//! Connection tables and codes that several checks share.

use lenet_layers::{Codes, connection_table};

connection_table! {
    /// Not every map is connected, and one output map has no connection.
    pub(crate) struct Gaps: 4 -> 3, 5;
    "X . X ."
    ". . . ."
    "X X X ."
}
connection_table! {
    /// More output maps than input maps; all but one have a single connection.
    pub(crate) struct Fan: 2 -> 5, 6;
    "X ."
    ". X"
    "X ."
    ". X"
    "X X"
}
connection_table! {
    /// The complete table of one map to one map.
    pub(crate) struct Only: 1 -> 1, 1;
    "X"
}

/// Codes whose sizes differ from the paper's, and whose numbers are not only +1 and -1.
pub(crate) struct Own;
impl Codes<5, 3> for Own {
    const CODES: [[f32; 5]; 3] = [[1.0, -1.0, 0.5, 0.0, -2.0], [-0.25, 1.0, 1.0, -1.0, 1.5], [0.0; 5]];
}
