//! A run in words: the lines that `lenet train` prints first, `report.html` repeats and model files keep.

use super::data::DataRecord;
use crate::term::words::{plural, thousands};
use lenet_model::{LossName, Recipe};

/// `lenet5 with scaled-tanh (sqrt initial weights)`.
pub(crate) fn network(recipe: &Recipe) -> String {
    format!("{} with {} ({} initial weights)", recipe.network, recipe.activation, recipe.init)
}

/// `mnist: 55,000 to learn from, 5,000 held out, 10,000 for the test`. If the data had no test images, it says which these are.
pub(crate) fn data(data: &DataRecord) -> String {
    format!(
        "{}: {} to learn from{}, {} held out, {} for the test{}",
        data.name,
        thousands(data.train),
        distorted(data),
        thousands(data.validation),
        thousands(data.test),
        if data.held_out_for_test { " (every seventh of each class: the data have no test part)" } else { "" }
    )
}

/// The data of a model, which has not seen the test images.
pub(crate) fn training_data(data: &DataRecord) -> String {
    format!(
        "{}: {} images to learn from{}, {} held out",
        data.name,
        thousands(data.train),
        distorted(data),
        thousands(data.validation)
    )
}

fn distorted(data: &DataRecord) -> String {
    let mut words = String::new();
    if let Some(distortion) = &data.distortion {
        words += if distortion.is_fresh() {
            ", distorted anew in each epoch after the first"
        } else {
            " and distorted ones"
        };
        words += if distortion.european { ", some of them European" } else { "" };
    }
    if let Some(count) = data.rubbish {
        words += &format!(" and {} images without a digit", thousands(count));
    }
    words
}

/// `mse`; two losses have a parameter.
pub(crate) fn loss(recipe: &Recipe) -> String {
    match recipe.loss {
        LossName::Map => format!("{}, j {:?}", recipe.loss, recipe.j),
        LossName::CrossEntropy if recipe.smoothing > 0.0 => format!("{}, smoothing {}", recipe.loss, recipe.smoothing),
        loss => loss.to_string(),
    }
}

/// `SGD, batch 32, rate 0.04 one-cycle, momentum 0.9, weight decay 0.0005, 30 epochs`; an epoch that is not one pass over
/// the images says how many it has.
pub(crate) fn optimiser(recipe: &Recipe) -> String {
    let (name, settings) = match recipe.second_order {
        None => ("SGD", format!("momentum {}, weight decay {}", recipe.momentum, recipe.weight_decay)),
        Some(second) => {
            let every = match second.every {
                1 => "every epoch".into(),
                n => format!("every {n} epochs"),
            };
            ("SDLM", format!("mu {}, second derivatives of {} patterns {every}", second.mu, second.patterns))
        }
    };
    let average = if recipe.average > 0.0 { format!(", average {}", recipe.average) } else { String::new() };
    let presented = recipe.presentations.map_or(String::new(), |count| format!(" of {} images", thousands(count)));
    format!(
        "{name}, batch {}, rate {:?} {}, {settings}{average}, {} epoch{}{presented}",
        recipe.batch,
        recipe.rate,
        recipe.schedule,
        recipe.epochs,
        plural(recipe.epochs as usize)
    )
}
