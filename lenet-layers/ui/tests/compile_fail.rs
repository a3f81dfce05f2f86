//! The compile errors for wrong shapes: one error each, on the line of the mistake, pinned word for word.
//! Similar programs without a mistake compile and run.

// The programs without a mistake are ordinary modules. If trybuild had to run one, it would generate code for all
// dependencies and start cargo for each case. Without one it checks all cases with one command.
#[path = "ui/pass_any_names.rs"]
mod pass_any_names;
#[path = "ui/pass_large_sizes.rs"]
mod pass_large_sizes;
#[path = "ui/pass_own_layer.rs"]
mod pass_own_layer;
#[path = "ui/pass_strides_and_padding.rs"]
mod pass_strides_and_padding;
#[path = "ui/pass_trained.rs"]
mod pass_trained;

#[test]
fn every_mistake_is_one_readable_error() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail_*.rs");
}

/// Tests the pinned messages themselves, so that nobody accepts a worse one by accident.
#[test]
fn messages_speak_the_words_of_the_field() {
    let mut seen = 0;
    for entry in std::fs::read_dir("tests/ui").expect("the folder of the cases") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "stderr") {
            continue;
        }
        seen += 1;
        let (message, name) = (std::fs::read_to_string(&path).expect("a message"), path.display());
        let errors = message.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{name}: expected exactly one error");
        // An error about a result outside the table is an error about an integer without a name. The message says so;
        // the compiler adds the integer.
        let text: String = message
            .lines()
            .filter(|line| {
                !["size::FromNum` is not implemented", "size::from_num::"].iter().any(|about| line.contains(about))
            })
            .collect();
        for word in ["UInt<", "UTerm", "B0", "B1", "typenum", "recursion limit", "overflow", "__private", "::layer::"] {
            assert!(!text.contains(word), "{name}: {word}");
        }
        let at = message.lines().nth(1).and_then(|line| line.split_once("--> ")).map_or("", |(_, at)| at);
        let own = format!("tests/ui/{}.rs:", path.file_stem().and_then(|s| s.to_str()).unwrap_or_default());
        assert!(at.starts_with(&own), "{name}: the error should be in the user's file, not at {at}");
    }
    assert!(seen > 50, "{seen} messages: where are the rest?");
}

/// The READMEs and the guide quote the messages that the compiler prints.
#[test]
fn the_documents_quote_the_compiler() {
    let (kernel, windows) =
        (include_str!("ui/fail_wrong_kernel.stderr"), include_str!("ui/fail_pool_does_not_tile.stderr"));
    for (name, document, message) in [
        ("lenet-layers/README.md", include_str!("../../README.md"), kernel),
        ("README.md", include_str!("../../../README.md"), kernel),
        ("docs/guide.md", GUIDE, windows),
    ] {
        assert!(document.contains(message.trim_end()), "{name} shows another message than the compiler");
    }
}

const GUIDE: &str = include_str!("../../../docs/guide.md");

/// The guide's table has every layer that the list in lib.rs has, and names every activation function.
#[test]
fn the_guide_names_every_layer() {
    let (mut seen, list) = (0, include_str!("../../src/lib.rs"));
    for row in ["| layers |", "| activation functions |"] {
        let line = list.lines().find_map(|line| line.strip_prefix("//! ")?.strip_prefix(row)).expect(row);
        for name in line.split("[`").skip(1).filter_map(|name| name.split('`').next()) {
            seen += 1;
            let named = [format!("`{name}`"), format!("`{name}<")].iter().any(|quoted| GUIDE.contains(quoted));
            assert!(named, "docs/guide.md does not name {name}");
        }
    }
    assert!(seen > 15, "{seen} layers: where are the rest?");
}
