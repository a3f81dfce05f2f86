//! Parameters as the tensors of a safetensors file, and back.

use crate::{Arrays, NetworkInfo};
use lenet_layers::{ParamInfo, Role};
use safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The array as other programs see it: zeros where there is no connection.
#[must_use]
pub fn dense(info: ParamInfo, numbers: &[f32]) -> Vec<f32> {
    let mut dense = vec![0.0; info.dims.iter().product()];
    for (number, position) in numbers.iter().zip(info.positions()) {
        dense[position] = *number;
    }
    dense
}

/// The content of a file: for each tensor a name, the extent of each axis and the numbers.
#[derive(Debug, Default)]
pub struct Tensors(Vec<(String, Vec<usize>, Dtype, Vec<u8>)>);

impl Tensors {
    /// Adds the arrays of `params`, which have the form of the network `form`, with `prefix` before their names.
    pub fn add(&mut self, form: NetworkInfo, prefix: &str, params: &dyn Arrays) {
        for (index, info) in form.tensors().enumerate() {
            let bytes = dense(info, params.array(index)).into_iter().flat_map(f32::to_le_bytes).collect();
            self.0.push((format!("{prefix}{info}"), info.dims.to_vec(), Dtype::F32, bytes));
        }
    }

    /// Adds the arrays rounded to half precision.
    #[cfg(feature = "half")]
    pub fn add_halves(&mut self, form: NetworkInfo, params: &dyn Arrays) {
        for (index, info) in form.tensors().enumerate() {
            let half = |number| half::f16::from_f32(number).to_le_bytes();
            let bytes = dense(info, params.array(index)).into_iter().flat_map(half).collect();
            self.0.push((info.to_string(), info.dims.to_vec(), Dtype::F16, bytes));
        }
    }

    /// The bytes of the file. The same tensors and metadata give the same bytes.
    ///
    /// # Errors
    /// If the description of the tensors and the metadata are together larger than safetensors allows (100 MB).
    pub fn file(&self, metadata: &[(&str, String)]) -> Result<Vec<u8>, SafeTensorError> {
        let views =
            self.0.iter().map(|(name, dims, kind, bytes)| Ok((name, TensorView::new(*kind, dims.clone(), bytes)?)));
        let views: Vec<_> = views.collect::<Result<_, SafeTensorError>>()?;
        let metadata = metadata.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
        let mut bytes = safetensors::serialize(views, Some(metadata))?;
        sort_metadata(&mut bytes);
        Ok(bytes)
    }
}

/// Fills `params`, which have the form of the network `form`, from the tensors whose names begin with `prefix`.
///
/// # Errors
/// The name of a tensor and what is wrong with it: it is missing, of another shape or type, not finite, a negative
/// variance, or not zero where there is no connection. Some of `params` may then be filled.
pub fn take(
    file: &SafeTensors<'_>,
    form: NetworkInfo,
    prefix: &str,
    params: &mut dyn Arrays,
) -> Result<(), (String, String)> {
    for (index, info) in form.tensors().enumerate() {
        let name = format!("{prefix}{info}");
        let placed = match file.tensor(&name) {
            Ok(view) => place(&view, info, params.array_mut(index)),
            Err(_) => Err("is missing".into()),
        };
        placed.map_err(|reason| (name, reason))?;
    }
    Ok(())
}

/// Checks that every number of the network is one that can be loaded again.
///
/// # Errors
/// The name of a tensor, and what is wrong with it.
pub(crate) fn loadable(form: NetworkInfo, prefix: &str, params: &dyn Arrays) -> Result<(), String> {
    for (index, info) in form.tensors().enumerate() {
        sound(info, params.array(index)).map_err(|reason| format!("its tensor {prefix}{info} {reason}"))?;
    }
    Ok(())
}

/// Checks the numbers of one tensor.
fn sound(info: ParamInfo, numbers: &[f32]) -> Result<(), String> {
    if let Some(bad) = numbers.iter().find(|x| !x.is_finite()) {
        return Err(format!("holds {bad}, which is not finite"));
    }
    match numbers.iter().find(|x| **x < 0.0) {
        Some(bad) if info.role == Role::Variance => Err(format!("holds {bad}, but a variance is not negative")),
        _ => Ok(()),
    }
}

/// Checks one tensor and copies it to where the network keeps it.
fn place(view: &TensorView<'_>, info: ParamInfo, numbers: &mut [f32]) -> Result<(), String> {
    if view.shape() != info.dims {
        return Err(format!("has the shape {:?}, not {:?}", view.shape(), info.dims));
    }
    let mut values: Vec<f32> = match view.dtype() {
        Dtype::F32 => view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        #[cfg(feature = "half")]
        Dtype::F16 => view.data().as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect(),
        other => return Err(format!("is {other:?}, not F32")),
    };
    sound(info, &values)?;
    for (number, position) in numbers.iter_mut().zip(info.positions()) {
        *number = std::mem::take(&mut values[position]);
    }
    match values.iter().position(|v| *v != 0.0) {
        Some(at) => Err(format!("holds {} at {at}, where the connection table has no connection", values[at])),
        None => Ok(()),
    }
}

/// Sorts the metadata of a safetensors file by name. The library writes them in a different order each time, and the
/// same network must give the same bytes.
fn sort_metadata(bytes: &mut [u8]) {
    #[derive(Serialize, Deserialize)]
    struct Header<'a> {
        #[serde(rename = "__metadata__")]
        metadata: BTreeMap<String, String>,
        #[serde(flatten, borrow)]
        tensors: BTreeMap<&'a str, serde_json::Value>,
    }
    let (length, rest) = bytes.split_first_chunk_mut().expect("a safetensors file begins with a length");
    let header = &mut rest[..u64::from_le_bytes(*length) as usize];
    let parsed: Header<'_> = serde_json::from_slice(header).expect("the library has just written it");
    let sorted = serde_json::to_vec(&parsed).expect("strings and numbers have a JSON form");
    // The same entries in another order have the same length; only padding follows.
    header[..sorted.len()].copy_from_slice(&sorted);
}
