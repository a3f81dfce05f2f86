//! What SVG and HTML have in common: text and pictures within markup.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Escapes text for XML and HTML. Characters that XML does not allow are left out.
pub(crate) fn escape(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A PNG as a `data:` address.
pub(crate) fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}
