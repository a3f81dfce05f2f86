//! `lenet summary`: the network, stage by stage.

use crate::args::threads::instruction_set;
use crate::term::words::thousands;
use clap::Args;
use lenet_layers::StageInfo;
use lenet_model::{ActivationName, NetworkName, Recipe, RecipeError};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct SummaryArguments {
    /// The network: lenet5, lenet5-dense, lenet5-average, lenet5-modern, lenet5-unpadded, lenet5-1998, lenet5-lush, lenet4 or lenet1
    #[arg(long, default_value_t = Recipe::default().network)]
    network: NetworkName,
    /// The activation function: scaled-tanh, tanh, sigmoid or relu [default: the first that the network supports]
    #[arg(long)]
    activation: Option<ActivationName>,
    /// Print one JSON object
    #[arg(long, group = "form")]
    json: bool,
    /// Print a table in Markdown
    #[arg(long, group = "form")]
    markdown: bool,
    /// Print a table in LaTeX
    #[arg(long, group = "form")]
    latex: bool,
}

/// A line of the table.
#[derive(Serialize)]
struct Row {
    name: String,
    layer: String,
    shape: Vec<usize>,
    parameters: usize,
    connections: usize,
    multiply_adds: usize,
    /// The size of the parameters and of the output for one image, in `f32`.
    bytes: usize,
}

#[derive(Serialize)]
struct Summary {
    network: NetworkName,
    activation: ActivationName,
    input: Vec<usize>,
    instruction_set: String,
    stages: Vec<Row>,
    parameters: usize,
    connections: usize,
    multiply_adds: usize,
    bytes: usize,
}

impl Summary {
    fn of(network: NetworkName, activation: ActivationName, instruction_set: String) -> Self {
        let row = |s: &StageInfo| {
            let cells: usize = s.dims.iter().product();
            Row {
                name: s.name.into(),
                layer: s.layer().to_string(),
                shape: s.dims.to_vec(),
                parameters: s.params,
                connections: s.connections,
                multiply_adds: s.multiply_adds,
                bytes: size_of::<f32>() * (s.params + cells),
            }
        };
        let info = network.zeroed(activation).info();
        let stages: Vec<_> = info.stages.iter().map(row).collect();
        Summary {
            network,
            activation,
            input: info.input.to_vec(),
            instruction_set,
            bytes: stages.iter().map(|s| s.bytes).sum(),
            stages,
            parameters: info.parameters,
            connections: info.connections,
            multiply_adds: info.multiply_adds,
        }
    }
}

pub(crate) fn run(arguments: &SummaryArguments) -> anyhow::Result<()> {
    let isa = instruction_set()?;
    let network = arguments.network;
    let activation = arguments.activation.unwrap_or(network.activations()[0]);
    if !network.activations().contains(&activation) {
        return Err(RecipeError::Activation { network, activation }.into());
    }
    let summary = Summary::of(network, activation, isa.to_string());
    let mut out = io::stdout().lock();
    if arguments.json {
        // Not by `to_writer`: its error hides that the pipe was closed.
        writeln!(out, "{}", serde_json::to_string(&summary)?)?;
    } else if arguments.markdown {
        write_markdown(&mut out, &summary)?;
    } else if arguments.latex {
        write_latex(&mut out, &summary)?;
    } else {
        write_table(&mut out, &summary)?;
    }
    Ok(())
}

/// The column heads of the tables for papers.
const HEADS: [&str; 6] = ["stage", "layer", "output", "parameters", "connections", "multiply-adds"];

/// The rows of the tables for papers, from the input to the total. The bytes are left out: they depend on this implementation.
fn rows(s: &Summary) -> Vec<[String; 6]> {
    let numbers = |numbers: [usize; 3]| numbers.map(thousands);
    let row =
        |name: &str, layer: &str, output: String, [p, c, m]: [String; 3]| [name.into(), layer.into(), output, p, c, m];
    let input = row("input", "", extent(&s.input), Default::default());
    let stage =
        |r: &Row| row(&r.name, &r.layer, extent(&r.shape), numbers([r.parameters, r.connections, r.multiply_adds]));
    let total = row("total", "", String::new(), numbers([s.parameters, s.connections, s.multiply_adds]));
    std::iter::once(input).chain(s.stages.iter().map(stage)).chain([total]).collect()
}

fn write_markdown(out: &mut impl Write, s: &Summary) -> io::Result<()> {
    writeln!(out, "| {} |\n|---|---|---|---:|---:|---:|", HEADS.join(" | "))?;
    rows(s).iter().try_for_each(|row| writeln!(out, "| {} |", row.join(" | ")))
}

/// A LaTeX table that needs no package.
fn write_latex(out: &mut impl Write, s: &Summary) -> io::Result<()> {
    writeln!(out, "% {} with {}\n\\begin{{tabular}}{{lllrrr}}\n\\hline", s.network, s.activation)?;
    writeln!(out, "{} \\\\\n\\hline", HEADS.join(" & "))?;
    let rows = rows(s);
    for (i, row) in rows.iter().enumerate() {
        if i + 1 == rows.len() {
            writeln!(out, "\\hline")?;
        }
        let cells = row.each_ref().map(|cell| cell.split(' ').map(times).collect::<Vec<_>>().join(" "));
        writeln!(out, "{} \\\\", cells.join(" & "))?;
    }
    writeln!(out, "\\hline\n\\end{{tabular}}")
}

/// `5x5,` and `6@28x28` with a multiplication sign.
fn times(word: &str) -> String {
    let (before, sizes) = word.split_once('@').map_or(("", word), |(maps, sizes)| (&word[..=maps.len()], sizes));
    let (bare, comma) = sizes.strip_suffix(',').map_or((sizes, ""), |bare| (bare, ","));
    match bare.split_once('x') {
        Some((rows, columns)) if [rows, columns].iter().all(|n| n.parse::<usize>().is_ok()) => {
            format!("{before}${rows} \\times {columns}${comma}")
        }
        _ => word.into(),
    }
}

/// `6@28x28`, as the paper writes it.
fn extent(dims: &[usize]) -> String {
    match dims {
        [maps, rows, columns] => format!("{maps}@{rows}x{columns}"),
        other => other.iter().map(usize::to_string).collect::<Vec<_>>().join("x"),
    }
}

fn write_table(out: &mut impl Write, s: &Summary) -> io::Result<()> {
    let line = |name: &str, layer: &str, shape: &str, numbers: [usize; 4]| {
        let [p, c, m, b] = numbers.map(thousands);
        format!("{name:<8}{layer:<48}{shape:>12}{p:>12}{c:>13}{m:>15}{b:>11}")
    };
    writeln!(out, "{} with {}, instruction set {}", s.network, s.activation, s.instruction_set)?;
    writeln!(out)?;
    let header = format!(
        "{:<8}{:<48}{:>12}{:>12}{:>13}{:>15}{:>11}",
        "stage", "layer", "output", "parameters", "connections", "multiply-adds", "bytes"
    );
    writeln!(out, "{header}\n{}", "-".repeat(header.len()))?;
    writeln!(out, "{:<8}{:<48}{:>12}", "input", "", extent(&s.input))?;
    for row in &s.stages {
        let numbers = [row.parameters, row.connections, row.multiply_adds, row.bytes];
        writeln!(out, "{}", line(&row.name, &row.layer, &extent(&row.shape), numbers))?;
    }
    writeln!(out, "{}", "-".repeat(header.len()))?;
    writeln!(out, "{}", line("total", "", "", [s.parameters, s.connections, s.multiply_adds, s.bytes]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_get_a_sign_for_times() {
        let words = ["5x5,", "16@10x10", "6@28x28", "84", "tanh", "max", "xx", "3x"];
        let signs = ["$5 \\times 5$,", "16@$10 \\times 10$", "6@$28 \\times 28$", "84", "tanh", "max", "xx", "3x"];
        assert_eq!(words.map(super::times), signs);
    }
}
