//! Runs that learn nothing: how to tell, and what to change.

use lenet_model::{ActivationName, InitName, Recipe};

/// Says what shows that a network is no better than one that gives the same answer for every image. Returns `None` if
/// it is better, or if there are too few images to tell.
pub(crate) fn nothing_learned(confusion: &[[u32; 10]; 10]) -> Option<String> {
    /// With fewer images, a third may be correct by chance.
    const FEWEST: u32 = 100;
    let total: u32 = confusion.iter().flatten().sum();
    if total < FEWEST {
        return None;
    }
    let column = |digit: usize| confusion.iter().map(|row| row[digit]).sum::<u32>();
    if let Some(digit) = (0..10).find(|digit| column(*digit) == total) {
        return Some(format!("every one is read as {digit}"));
    }
    let correct: u32 = (0..10).map(|digit| confusion[digit][digit]).sum();
    let largest = confusion.iter().map(|row| row.iter().sum::<u32>()).max().unwrap_or(0);
    // Two standard errors above the share of the most frequent digit.
    let share = f64::from(largest) / f64::from(total);
    let chance = share + 2.0 * (share * (1.0 - share) / f64::from(total)).sqrt();
    let accuracy = f64::from(correct) / f64::from(total);
    (accuracy <= chance).then(|| format!("{:.2}% are read correctly, which is no better than chance", 100.0 * accuracy))
}

/// What to change in the recipe of a run that has learned nothing.
pub(crate) fn advice(recipe: &Recipe) -> String {
    let mut advice = Vec::new();
    let suited = recipe.clone().suited_to(recipe.activation, recipe.loss);
    if recipe.rate > suited.rate {
        advice.push(format!("a smaller --rate ({:?} suits {} and {})", suited.rate, recipe.activation, recipe.loss));
    } else if recipe.rate < suited.rate {
        advice.push(format!("a greater --rate ({:?} suits {} and {})", suited.rate, recipe.activation, recipe.loss));
    } else {
        advice.push("another --rate".into());
    }
    if recipe.init == InitName::Paper {
        advice.push("--init sqrt".into());
    }
    if recipe.weight_decay > suited.weight_decay || recipe.init == InitName::Paper && recipe.weight_decay > 0.0 {
        advice.push("a smaller --weight-decay".into());
    }
    if recipe.activation != ActivationName::ScaledTanh && recipe.network.activations().len() > 1 {
        advice.push("--activation scaled-tanh".into());
    }
    match advice.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_told_from_learning() {
        let mut confusion = [[0; 10]; 10];
        (0..10).for_each(|is| confusion[is][1] = 50);
        assert_eq!(nothing_learned(&confusion).unwrap(), "every one is read as 1");
        // A few of each digit are read as another one, and 12% are correct.
        (0..10).for_each(|is| confusion[is] = [5; 10]);
        (0..10).for_each(|is| confusion[is][is] += 1);
        assert_eq!(nothing_learned(&confusion).unwrap(), "11.76% are read correctly, which is no better than chance");
        (0..10).for_each(|is| confusion[is][is] += 10);
        assert_eq!(nothing_learned(&confusion), None);
        // Too few to tell.
        let mut few = [[0; 10]; 10];
        few[3][3] = 99;
        assert_eq!(nothing_learned(&few), None);
    }

    #[test]
    fn advice_follows_the_recipe() {
        let recipe = Recipe { rate: 1.0, init: InitName::Paper, ..Recipe::default() };
        let all = "a smaller --rate (0.04 suits scaled-tanh and mse), --init sqrt or a smaller --weight-decay";
        assert_eq!(advice(&recipe), all);
        assert_eq!(advice(&Recipe::default()), "another --rate");
    }
}
