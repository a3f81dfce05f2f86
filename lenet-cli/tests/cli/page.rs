//! `lenet page`: a page that asks nothing of any address. What it does in a browser is tested by `ci/web/run`.

use crate::common::{files, run};
use std::fs;

#[test]
fn the_page_is_one_file_that_asks_nothing_of_any_address() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(dir.path(), "page").ok();
    assert_eq!(
        (said.out.as_str(), said.err.as_str()),
        ("", "lenet5.html: open it in a browser; it needs no network\n")
    );
    run(dir.path(), "page --out other.html").ok();
    assert_eq!(files(dir.path()), ["lenet5.html", "other.html"]);
    let page = fs::read_to_string(dir.path().join("lenet5.html")).unwrap();
    assert_eq!(page, fs::read_to_string(dir.path().join("other.html")).unwrap());
    assert!(page.starts_with("<!doctype html>") && page.len() < 1_500_000, "{} bytes", page.len());
    assert!(page.contains("default-src 'none'"), "the page could ask for something");
    // Everything but what is packed, in which any letters can stand together.
    let (before, rest) = page.split_once("<script id=\"pack\"").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    let text = [before, after].concat();
    assert!(text.len() > 20_000);
    for address in ["http://", "https://", "src=\"", "@import", "url("] {
        assert!(!text.contains(address), "the page has {address}");
    }

    fs::create_dir(dir.path().join("folder")).unwrap();
    run(dir.path(), "page --out folder").failed_at_once(&["folder: can't be written"]);
    run(dir.path(), "page --out gone/page.html").failed_at_once(&["gone/page.html: can't be written"]);
    run(dir.path(), "page out.html").misused(&["out.html"]);
    assert_eq!(files(dir.path()), ["folder", "lenet5.html", "other.html"]);
}
