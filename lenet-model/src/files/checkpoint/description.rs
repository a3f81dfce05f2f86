//! What a checkpoint says about its network: the metadata of the file.

use super::CheckpointError;
use crate::Normalization;
use crate::{ActivationName, NameError, NetworkName};
use std::any::TypeId;
use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;

/// What a checkpoint says about its network, besides the numbers. The first three fields are needed to use it. The
/// others are for people and programs to read; a file written elsewhere can omit them.
///
/// ```
/// use lenet_model::{ActivationName, Description, NetworkName, Normalization};
/// let description = Description {
///     seed: Some(7),
///     data: "mnist".into(),
///     ..Description::new(NetworkName::LeNet5, ActivationName::Relu, Normalization::PAPER)
/// };
/// assert_eq!((description.network, description.normalization.ground), (NetworkName::LeNet5, -0.1));
/// assert_eq!((description.seed, description.epoch, description.margin), (Some(7), 0, None));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The network.
    pub network: NetworkName,
    /// Its activation function.
    pub activation: ActivationName,
    /// The values to which pixels were mapped in training.
    pub normalization: Normalization,
    /// How it was trained: a JSON object, or empty.
    pub recipe: String,
    /// The seed of everything random in its training.
    pub seed: Option<u64>,
    /// A description of the data it was trained on.
    pub data: String,
    /// The names of the classes, that of class 0 first; empty if they have none.
    pub classes: Vec<String>,
    /// The epoch of the model, 0 if unknown.
    pub epoch: u32,
    /// How far the probability of the best class must be ahead of the second for a reading to be trusted: the smallest
    /// margin that left at most 0.5% errors among the trusted readings of held-out images, or a larger one, so that a
    /// network which has learned from images without a digit refuses most of those.
    pub margin: Option<f32>,
    /// The program that wrote the file, and its version.
    pub program: String,
}

impl Description {
    /// The fields that are needed to use a network; the others are empty.
    #[must_use]
    pub fn new(network: NetworkName, activation: ActivationName, normalization: Normalization) -> Self {
        Description {
            network,
            activation,
            normalization,
            recipe: String::new(),
            seed: None,
            data: String::new(),
            classes: Vec::new(),
            epoch: 0,
            margin: None,
            program: String::new(),
        }
    }

    /// Checks that the description is of networks of type `id`. Names and shapes of the tensors would not show it,
    /// because the activation function is part of the type only.
    pub(crate) fn check(&self, id: TypeId, path: &Path) -> Result<(), CheckpointError> {
        let (network, activation) = (self.network, self.activation);
        if network.activations().contains(&activation) && network.type_id(activation) == id {
            Ok(())
        } else {
            Err(CheckpointError::Type { path: path.into(), network, activation })
        }
    }

    /// The metadata of a file. "pt" marks PyTorch's own files.
    pub(crate) fn metadata(&self) -> Vec<(&'static str, String)> {
        let mut entries = vec![
            ("format", "pt".to_string()),
            ("network", self.network.to_string()),
            ("activation", self.activation.to_string()),
            ("ground", self.normalization.ground.to_string()),
            ("ink", self.normalization.ink.to_string()),
            ("recipe", self.recipe.clone()),
            ("data", self.data.clone()),
            ("epoch", self.epoch.to_string()),
            ("program", self.program.clone()),
        ];
        entries.extend(self.seed.map(|seed| ("seed", seed.to_string())));
        if !self.classes.is_empty() {
            entries.push(("classes", serde_json::json!(self.classes).to_string()));
        }
        entries.extend(self.margin.map(|margin| ("margin", margin.to_string())));
        entries
    }

    /// Reads the metadata of a file; an error says what is wrong with it.
    pub(super) fn read(metadata: Option<&HashMap<String, String>>) -> Result<Self, String> {
        let known = |key: &str| metadata.and_then(|m| m.get(key));
        let entry = |key: &str| known(key).ok_or_else(|| format!("the file does not say its {key}"));
        let finite = |key: &str, text: &String| {
            let number = text.parse::<f32>().ok().filter(|x| x.is_finite());
            number.ok_or_else(|| format!("its {key} is {text:?}, not a finite number"))
        };
        let number = |key: &str| finite(key, entry(key)?);
        fn named<T: FromStr<Err = NameError>>(text: &str) -> Result<T, String> {
            text.parse().map_err(|error: NameError| error.to_string())
        }
        let names = |text: &String| {
            let list = serde_json::from_str::<Vec<String>>(text).ok().filter(|names| names.len() <= 10);
            list.ok_or_else(|| format!("its classes are {text:?}, not a JSON list of 10 names at most"))
        };
        let words = |key: &str| known(key).cloned().unwrap_or_default();
        let (network, activation): (NetworkName, ActivationName) =
            (named(entry("network")?)?, named(entry("activation")?)?);
        if !network.activations().contains(&activation) {
            return Err(format!("there is no {network} with {activation}"));
        }
        Ok(Description {
            network,
            activation,
            normalization: Normalization { ground: number("ground")?, ink: number("ink")? },
            recipe: words("recipe"),
            seed: known("seed").and_then(|seed| seed.parse().ok()),
            data: words("data"),
            classes: known("classes").map(names).transpose()?.unwrap_or_default(),
            epoch: known("epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0),
            margin: known("margin").map(|text| finite("margin", text)).transpose()?,
            program: words("program"),
        })
    }
}
