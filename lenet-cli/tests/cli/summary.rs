//! `lenet summary`: the tables of the three networks, and the same in JSON.

use crate::common::run;
use serde_json::Value;
use std::path::Path;

/// The table, with the name of this machine's instruction set taken out.
fn table(words: &str) -> String {
    let said = run(Path::new("."), &format!("summary {words}")).ok();
    assert_eq!(said.err, "");
    let (first, rest) = said.out.split_once('\n').unwrap();
    let (kept, set) = first.split_once("instruction set ").unwrap();
    assert!(["scalar", "avx2", "avx512", "neon"].contains(&set), "{first}");
    format!("{kept}instruction set [SET]\n{rest}")
}

#[test]
fn lenet5() {
    insta::assert_snapshot!(table(""));
}

#[test]
fn lenet5_dense() {
    insta::assert_snapshot!(table("--network lenet5-dense --activation sigmoid"));
}

#[test]
fn lenet5_average() {
    insta::assert_snapshot!(table("--network lenet5-average --activation tanh"));
}

#[test]
fn the_readme_shows_what_the_program_says() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table("").replace("[SET]", "avx512")), "the table in README.md is an old one");
    let commands = [
        "train",
        "train-reader",
        "eval",
        "export",
        "page",
        "predict",
        "read",
        "summary",
        "reproduce",
        "data fetch",
        "data show",
    ];
    let views = [
        "view filters",
        "view maps",
        "view misses",
        "view confusion",
        "view curves",
        "view codes",
        "view report",
        "view reading",
    ];
    for command in commands.into_iter().chain(views) {
        let help = run(Path::new("."), &format!("{command} --help")).ok().out;
        let options = help.split_whitespace().filter(|word| word.starts_with("--") && !word.contains("help"));
        for option in options.filter(|option| *option != "--version") {
            // `--amount[=<DECIMALS>]` is the option --amount.
            let option = option.split(|sign: char| !sign.is_ascii_alphabetic() && sign != '-').next().unwrap_or(option);
            assert!(readme.contains(&format!("`{option}")), "README.md does not know {option}");
        }
    }
}

#[test]
fn markdown() {
    insta::assert_snapshot!(run(Path::new("."), "summary --markdown --network lenet5-1998").ok().out);
}

#[test]
fn latex() {
    insta::assert_snapshot!(run(Path::new("."), "summary --latex --network lenet4").ok().out);
}

#[test]
fn totals_are_the_papers() {
    // The paper's 60,000 parameters and 340,068 connections up to F6, and the ten linear units behind it. A dense C3 has
    // 36 kernels more; average pooling has neither coefficients nor biases, and no connection for a bias.
    let lenet5 = (60_850, 340_068 + 850);
    let dense = (lenet5.0 + 36 * 25, lenet5.1 + 36 * 25 * 100);
    let average = (dense.0 - 2 * (6 + 16), dense.1 - 6 * 14 * 14 - 16 * 5 * 5);
    assert_eq!((dense.0, average.0), (61_750, 61_706));
    for (network, (parameters, connections)) in
        [("lenet5", lenet5), ("lenet5-dense", dense), ("lenet5-average", average)]
    {
        let said = run(Path::new("."), &format!("summary --json --network {network}")).ok();
        let summary: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!((&summary["network"], &summary["parameters"]), (&network.into(), &parameters.into()));
        assert_eq!(summary["connections"], connections);
        assert_eq!(summary["input"], serde_json::json!([1, 32, 32]));
        let stages = summary["stages"].as_array().unwrap();
        for total in ["parameters", "connections", "multiply_adds", "bytes"] {
            let sum: u64 = stages.iter().map(|s| s[total].as_u64().unwrap()).sum();
            assert_eq!(summary[total], sum, "{network}: {total}");
        }
        let names: Vec<_> = stages.iter().map(|s| s["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["c1", "s2", "c3", "s4", "c5", "flat", "f6", "output"]);
    }
}
