//! What a file says about its network besides the numbers: every stage, and what the program wants to keep with it.

use crate::NetworkInfo;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// What a program keeps with a network: strings by key. The keys `format`, `lenet.input` and `lenet.stages` are reserved: a
/// network with such a key can't be saved.
///
/// ```
/// use lenet_train::Metadata;
/// let metadata = Metadata::new().with("data", "flowers").with("epoch", 12);
/// assert_eq!((metadata.get("epoch"), metadata.get("seed")), (Some("12"), None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// No entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same entries and this one, in place of an older one of this key.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, words: impl fmt::Display) -> Self {
        self.0.insert(name.into(), words.to_string());
        self
    }

    /// The string of this key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All keys and strings, in the order of the keys.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, words)| (name.as_str(), words.as_str()))
    }

    /// The words that a file holds, without those about its form.
    pub(super) fn of(entries: &HashMap<String, String>) -> Self {
        let own = entries.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str()));
        Metadata(own.map(|(name, words)| (name.clone(), words.clone())).collect())
    }

    /// The first name that is taken.
    pub(super) fn taken(&self) -> Option<&str> {
        self.entries().map(|(name, _)| name).find(|name| RESERVED.contains(name))
    }

    /// The entries of a file of networks of the form `form`. "pt" marks PyTorch's own files.
    pub(super) fn file(&self, form: NetworkInfo) -> Vec<(&str, String)> {
        let mut entries: Vec<_> = self.entries().map(|(name, words)| (name, words.to_string())).collect();
        let [format, input, stages] = RESERVED;
        let json = |value: serde_json::Value| value.to_string();
        entries.push((format, "pt".to_string()));
        entries.push((input, json(serde_json::json!(form.input))));
        entries.push((stages, json(serde_json::json!(self::stages(form)))));
        entries
    }
}

/// The entries that a file has of its own.
pub(super) const RESERVED: [&str; 3] = ["format", "lenet.input", "lenet.stages"];

/// A stage of a network, as a file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stage {
    name: String,
    /// Such as `convolution 5x5, tanh`.
    layer: String,
    /// The extent of each axis of its output.
    output: Vec<usize>,
    /// The extent of each axis of its parameters.
    parameters: BTreeMap<String, Vec<usize>>,
}

/// The stages of a network, as a file describes them.
pub(crate) fn stages(form: NetworkInfo) -> Vec<Stage> {
    let parameters = |stage: &str| {
        let own = form.tensors().filter(|info| info.stage == stage);
        // The name without the stage's: `weight`, or `block.c1.weight` in a stage that consists of networks.
        own.map(|info| (info.to_string()[stage.len() + 1..].to_string(), info.dims.to_vec())).collect()
    };
    let stage = |stage: &lenet_layers::StageInfo| Stage {
        name: stage.name.into(),
        layer: stage.layer().to_string(),
        output: stage.dims.to_vec(),
        parameters: parameters(stage.name),
    };
    form.stages.iter().map(stage).collect()
}

/// The first difference between the network of a file and a network of the form `form`, in words.
pub(super) fn difference(input: &[usize], file: &[Stage], form: NetworkInfo) -> Option<String> {
    if input != form.input {
        return Some(format!("the input is {} in the file, but {} in the network", Dims(input), Dims(form.input)));
    }
    different(file, form)
}

/// The first difference between the stages of a file and those of a network of the form `form`, in words.
pub(crate) fn different(file: &[Stage], form: NetworkInfo) -> Option<String> {
    let network = stages(form);
    for (number, (theirs, ours)) in file.iter().zip(&network).enumerate() {
        if theirs.name != ours.name {
            let (place, theirs, ours) = (number + 1, &theirs.name, &ours.name);
            return Some(format!("stage {place} is called {theirs} in the file, but {ours} in the network"));
        }
        if (&theirs.layer, &theirs.output) != (&ours.layer, &ours.output) {
            return Some(format!("stage {} is {theirs} in the file, but {ours} in the network", ours.name));
        }
        if theirs.parameters != ours.parameters {
            let (theirs, name, ours) = (Parameters(theirs), &ours.name, Parameters(ours));
            return Some(format!("stage {name} has {theirs} in the file, but {ours} in the network"));
        }
    }
    let after = |stages: &[Stage]| stages.get(file.len().min(network.len())).map(|stage| stage.name.clone());
    match (after(file), after(&network)) {
        (Some(name), _) => Some(format!("the file has a stage {name} after the last one of the network")),
        (_, Some(name)) => Some(format!("the network has a stage {name} after the last one of the file")),
        _ => None,
    }
}

/// `convolution 5x5, tanh` to 16x10x10.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` to {}", self.layer, Dims(&self.output))
    }
}

/// The parameters of a stage: `weight 16x6x5x5, bias 16`.
struct Parameters<'a>(&'a Stage);
impl fmt::Display for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.parameters.is_empty() {
            return f.write_str("no parameters");
        }
        let all: Vec<_> = self.0.parameters.iter().map(|(name, dims)| format!("{name} {}", Dims(dims))).collect();
        f.write_str(&all.join(", "))
    }
}

/// `16x10x10`.
struct Dims<'a>(&'a [usize]);
impl fmt::Display for Dims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extents: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&extents.join("x"))
    }
}
