//! HTML pages without links to other files, for a browser or a printer, light or dark.

use super::drawing::Drawing;
use super::markup::escape;

/// The style sheet of every page.
const STYLE: &str = include_str!("page.css");

/// A page.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    /// The content of `<body>`.
    pub(crate) body: &'a str,
}

impl Page<'_> {
    pub(crate) fn html(&self) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
            escape(self.title),
            self.body
        )
    }
}

/// A drawing under its heading. The caption is HTML already.
pub(crate) fn figure(heading: &str, drawing: &Drawing, caption: &str) -> anyhow::Result<String> {
    let svg = drawing.svg_element()?;
    Ok(format!("<h2>{heading}</h2>\n<figure>\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n"))
}
