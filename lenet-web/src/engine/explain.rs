//! What a unit computes: which cells it sees, with which weights, and how its sum comes about.

use super::running::{Running, activation};
use lenet_layers::{ActivationKind, Fill, Operation, ParamInfo};
use lenet_model::NetworkInfo;
use serde::Serialize;

/// What a unit computes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Its stage.
    pub stage: &'static str,
    /// Its place: map, row and column, or its number.
    pub at: Vec<usize>,
    /// What it sees of the input and of every stage before its own, the input first.
    pub fields: Vec<Field>,
    /// The parts of its sum, one for each map that it sees, or one for all units.
    pub terms: Vec<Term>,
    /// What multiplies the sum of a subsampling window.
    pub coefficient: Option<f32>,
    /// What is added.
    pub bias: Option<f32>,
    /// The weighted sum with its bias, before the activation function; the largest or the mean where nothing is weighted. NaN for
    /// a custom layer, of which only its output is known.
    pub sum: f64,
    /// The output by this sum.
    pub output: f64,
    /// The output that the network computed.
    pub computed: f32,
}

/// The part of a stage that a unit sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The maps, or nothing where all are seen.
    pub maps: Option<Vec<usize>>,
    /// The first row, and the first after the last.
    pub rows: [usize; 2],
    /// The first column, and the first after the last.
    pub columns: [usize; 2],
}

/// A part of a sum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    /// The map of the stage before, if it has maps.
    pub map: Option<usize>,
    /// The inputs, row by row.
    pub inputs: Vec<f32>,
    /// As many weights; the code of an RBF unit; nothing where all count alike.
    pub weights: Vec<f32>,
    /// What it adds to the sum.
    pub sum: f64,
}

/// Maps, rows and columns of a stage; units are maps of one cell.
fn extents(dims: &[usize]) -> [usize; 3] {
    match *dims {
        [maps, rows, columns] => [maps, rows, columns],
        [units] => [units, 1, 1],
        _ => [dims.iter().product(), 1, 1],
    }
}

/// Says what unit number `unit` of stage number `stage` computed for the image that the network read last. `None` if there is
/// no such unit.
#[must_use]
pub fn explain(network: &dyn Running, stage: usize, unit: usize) -> Option<Explanation> {
    let info = network.info();
    let about = info.stages.get(stage)?;
    let computed = *network.stage(stage).get(unit)?;
    let dims_of = |index: usize| if index == 0 { info.input } else { info.stages[index - 1].dims };
    let [_, rows, columns] = extents(about.dims);
    let [map, row, column] = [unit / (rows * columns), unit / columns % rows, unit % columns];
    let at = if about.dims.len() == 3 { vec![map, row, column] } else { vec![unit] };

    let mut field = Field { maps: Some(vec![map]), rows: [row, row + 1], columns: [column, column + 1] };
    let mut fields = Vec::new();
    for below in (0..=stage).rev() {
        field = seen(network, below, &field, dims_of(below));
        fields.push(field.clone());
    }
    fields.reverse();
    let parts = Parts::of(network, stage, map, row, column, extents(dims_of(stage)));
    let output = applied(about.operation, parts.sum);
    Some(Explanation {
        stage: about.name,
        at,
        fields,
        terms: parts.terms,
        coefficient: parts.coefficient,
        bias: parts.bias,
        sum: parts.sum,
        output,
        computed,
    })
}

/// What the cells `field` of the output of stage number `stage` see of its input.
fn seen(network: &dyn Running, stage: usize, field: &Field, below: &[usize]) -> Field {
    let [_, rows, columns] = extents(below);
    let about = &network.info().stages[stage];
    // Padding has no cells that could be shown.
    let wider = |[from, to]: [usize; 2], cells: usize, kernel: usize, stride: usize, padding: usize| {
        [(from * stride).saturating_sub(padding), ((to - 1) * stride + kernel).saturating_sub(padding).min(cells)]
    };
    let larger = |[rows, columns]: [usize; 2]| Field {
        maps: field.maps.clone(),
        rows: field.rows.map(|row| row * rows),
        columns: field.columns.map(|column| column * columns),
    };
    match about.operation {
        Operation::Convolution { kernel, stride, padding, groups, .. } => Field {
            maps: connected_to(network, stage, field.maps.as_deref(), groups),
            rows: wider(field.rows, rows, kernel[0], stride[0], padding[0]),
            columns: wider(field.columns, columns, kernel[1], stride[1], padding[1]),
        },
        Operation::Subsampling { window, .. } => larger([window; 2]),
        Operation::AveragePool { window } | Operation::MaxPool { window } => larger(window),
        Operation::Repeat { times } => Field {
            maps: field.maps.as_ref().map(|maps| without_copies(maps.iter().map(|map| map / times))),
            ..field.clone()
        },
        Operation::Flatten => match field.maps.as_deref() {
            Some(&[unit]) => {
                let [row, column] = [unit / columns % rows, unit % columns];
                Field { maps: Some(vec![unit / (rows * columns)]), rows: [row, row + 1], columns: [column, column + 1] }
            }
            units => {
                let maps = units.map(|units| without_copies(units.iter().map(|unit| unit / (rows * columns))));
                Field { maps, rows: [0, rows], columns: [0, columns] }
            }
        },
        _ => Field { maps: None, rows: [0, rows], columns: [0, columns] },
    }
}

/// Maps in order, each once.
fn without_copies(maps: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut maps: Vec<usize> = maps.collect();
    maps.dedup();
    maps
}

/// The array of a stage's weights.
fn weights_of(info: NetworkInfo, stage: usize) -> Option<ParamInfo> {
    info.tensors().find(|array| array.stage == info.stages[stage].name && array.name == "weight")
}

/// The maps that are seen by any of `maps`; `None` where all are.
fn connected_to(network: &dyn Running, stage: usize, maps: Option<&[usize]>, groups: usize) -> Option<Vec<usize>> {
    let info = network.info();
    let array = weights_of(info, stage)?;
    let (maps, inputs) = (maps?, array.dims[1]);
    if array.connected.is_empty() {
        let of_a_group = array.dims[0] / groups;
        let seen = |group: usize| group * inputs..(group + 1) * inputs;
        return (groups > 1)
            .then(|| without_copies(maps.iter().map(|map| map / of_a_group)).into_iter().flat_map(seen).collect());
    }
    let is_seen = |input: &usize| maps.iter().any(|map| array.connected[map * inputs + input]);
    Some((0..inputs).filter(is_seen).collect())
}

/// A sum and what it is made of.
struct Parts {
    terms: Vec<Term>,
    coefficient: Option<f32>,
    bias: Option<f32>,
    sum: f64,
}

impl Parts {
    /// The sum of the cell of map `map` at a row and a column. `below` is the extents of the stage's input.
    fn of(network: &dyn Running, stage: usize, map: usize, row: usize, column: usize, below: [usize; 3]) -> Self {
        let info = network.info();
        let about = &info.stages[stage];
        let input = if stage == 0 { network.input() } else { network.stage(stage - 1) };
        let array = |name: &str| {
            let index = info.tensors().position(|array| array.stage == about.name && array.name == name)?;
            Some(network.array(index))
        };
        let [_, rows, columns] = below;
        let window = |[high, wide]: [usize; 2]| -> Vec<f32> {
            let cells = |r: usize| &input[(map * rows + row * high + r) * columns + column * wide..][..wide];
            (0..high).flat_map(cells).copied().collect()
        };
        let bias = array("bias").map(|bias| bias[map]);
        let unweighted = |inputs: Vec<f32>, sum: f64| Parts {
            terms: vec![Term { map: Some(map), inputs, weights: Vec::new(), sum }],
            coefficient: None,
            bias: None,
            sum,
        };
        match about.operation {
            Operation::Convolution { kernel, stride, padding, fill, groups, .. } => {
                let weights = array("weight").unwrap_or_default();
                let kernels = kernels_of(network, stage, map, groups);
                // The cell of the input at a place of the padded side; `None` if it is a zero.
                let cell = |side: usize, at: usize, tap: usize, cells: usize| {
                    let at = (at * stride[side] + tap).checked_sub(padding[side]);
                    match fill {
                        Fill::Zeros => at.filter(|at| *at < cells),
                        _ => Some(at.unwrap_or(0).min(cells - 1)),
                    }
                };
                let [high, wide] = kernel;
                let under = |map: usize, tap: usize| match (
                    cell(0, row, tap / wide, rows),
                    cell(1, column, tap % wide, columns),
                ) {
                    (Some(row), Some(column)) => input[(map * rows + row) * columns + column],
                    _ => 0.0,
                };
                let term = |(map, at): (usize, usize)| {
                    let weights = weights[at * high * wide..][..high * wide].to_vec();
                    let inputs = (0..high * wide).map(|tap| under(map, tap)).collect();
                    Term::products(Some(map), inputs, weights)
                };
                Self::added(kernels.into_iter().map(term).collect(), bias)
            }
            Operation::FullConnection { .. } => {
                let weights = array("weight").map_or(Vec::new(), |w| w[map * input.len()..][..input.len()].to_vec());
                Self::added(vec![Term::products(None, input.to_vec(), weights)], bias)
            }
            Operation::Subsampling { window: size, .. } => {
                let inputs = window([size; 2]);
                let whole: f64 = inputs.iter().map(|x| f64::from(*x)).sum();
                let coefficient = array("coefficient").map_or(1.0, |c| c[map]);
                let sum = f64::from(coefficient) * whole + f64::from(bias.unwrap_or(0.0));
                let terms = vec![Term { map: Some(map), inputs, weights: Vec::new(), sum: whole }];
                Parts { terms, coefficient: Some(coefficient), bias, sum }
            }
            Operation::AveragePool { window: size } => {
                let inputs = window(size);
                let mean = inputs.iter().map(|x| f64::from(*x)).sum::<f64>() / inputs.len() as f64;
                unweighted(inputs, mean)
            }
            Operation::MaxPool { window: size } => {
                let inputs = window(size);
                let most = inputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                unweighted(inputs, f64::from(most))
            }
            Operation::Rbf { codes } => {
                let code = codes[map * input.len()..][..input.len()].to_vec();
                let squares = input.iter().zip(&code).map(|(x, code)| (f64::from(*x) - f64::from(*code)).powi(2));
                let sum = squares.sum();
                let term = Term { map: None, inputs: input.to_vec(), weights: code, sum };
                Parts { terms: vec![term], coefficient: None, bias: None, sum }
            }
            // These hand on what they are given.
            Operation::Repeat { times } => {
                let given = input[(map / times * rows + row) * columns + column];
                Parts { terms: Vec::new(), coefficient: None, bias: None, sum: given.into() }
            }
            Operation::Flatten => Parts { terms: Vec::new(), coefficient: None, bias: None, sum: input[map].into() },
            _ => Parts { terms: Vec::new(), coefficient: None, bias: None, sum: f64::NAN },
        }
    }

    fn added(terms: Vec<Term>, bias: Option<f32>) -> Self {
        let sum = terms.iter().map(|term| term.sum).sum::<f64>() + f64::from(bias.unwrap_or(0.0));
        Parts { terms, coefficient: None, bias, sum }
    }
}

impl Term {
    fn products(map: Option<usize>, inputs: Vec<f32>, weights: Vec<f32>) -> Self {
        let sum = inputs.iter().zip(&weights).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
        Term { map, inputs, weights, sum }
    }
}

/// The maps that output map `map` of a convolution sees, each with the number of its kernel in the array of weights.
fn kernels_of(network: &dyn Running, stage: usize, map: usize, groups: usize) -> Vec<(usize, usize)> {
    let Some(array) = weights_of(network.info(), stage) else { return Vec::new() };
    let (outputs, inputs) = (array.dims[0], array.dims[1]);
    if array.connected.is_empty() {
        let first = map / (outputs / groups) * inputs;
        return (0..inputs).map(|input| (first + input, map * inputs + input)).collect();
    }
    let before = array.connected[..map * inputs].iter().filter(|is| **is).count();
    let row = &array.connected[map * inputs..][..inputs];
    let seen = row.iter().enumerate().filter(|(_, is)| **is).map(|(input, _)| input);
    seen.zip(before..).collect()
}

/// What the activation function of an operation makes of a sum.
fn applied(operation: Operation, sum: f64) -> f64 {
    match activation(operation) {
        None | Some(ActivationKind::Identity) => sum,
        Some(ActivationKind::Tanh) => sum.tanh(),
        Some(ActivationKind::ScaledTanh { amplitude, slope }) => amplitude * (slope * sum).tanh(),
        Some(ActivationKind::Sigmoid) => 1.0 / (1.0 + (-sum).exp()),
        Some(ActivationKind::Relu) => sum.max(0.0),
        Some(ActivationKind::LeakyRelu { slope }) => sum.max(slope * sum),
        Some(_) => f64::NAN,
    }
}
