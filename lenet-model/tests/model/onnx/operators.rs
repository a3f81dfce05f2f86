//! The ONNX operators and attributes that we write, implemented plainly and in `f64`.

use super::proto::*;
use lenet_model::Image;
use std::collections::HashMap;

/// An array of any number of axes.
#[derive(Clone)]
pub(super) struct Array {
    pub(super) dims: Vec<usize>,
    pub(super) data: Vec<f64>,
}

impl Array {
    fn new(dims: &[usize], data: Vec<f64>) -> Self {
        assert_eq!(dims.iter().product::<usize>(), data.len(), "{dims:?}");
        Array { dims: dims.to_vec(), data }
    }

    /// Computes every cell from its position.
    fn from_fn(dims: &[usize], cell: impl Fn(&[usize]) -> f64) -> Self {
        let place = |i: usize| -> Vec<usize> {
            let rest = |axis: usize| dims[axis + 1..].iter().product::<usize>();
            (0..dims.len()).map(|axis| i / rest(axis) % dims[axis]).collect()
        };
        Array::new(dims, (0..dims.iter().product()).map(|i| cell(&place(i))).collect())
    }

    /// The cell at a position. Axes of extent 1, and axes that the array does not have, stand for any extent.
    pub(super) fn at(&self, place: &[usize]) -> f64 {
        let own = &place[place.len() - self.dims.len()..];
        self.data[own.iter().zip(&self.dims).fold(0, |i, (at, n)| i * n + if *n == 1 { 0 } else { *at })]
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Array::new(&self.dims, self.data.iter().map(|x| f(*x)).collect())
    }

    /// Applies `f` to the cells of two arrays, broadcast.
    fn zip(&self, other: &Array, f: impl Fn(f64, f64) -> f64) -> Self {
        let rank = self.dims.len().max(other.dims.len());
        let extent = |a: &Array, axis: usize| (axis + a.dims.len()).checked_sub(rank).map_or(1, |i| a.dims[i]);
        let dims: Vec<_> = (0..rank).map(|axis| extent(self, axis).max(extent(other, axis))).collect();
        Array::from_fn(&dims, |place| f(self.at(place), other.at(place)))
    }

    /// Applies `f` to the window of each cell of smaller maps: `f` gets the cell's position and the window's first row
    /// and column.
    fn windows(&self, maps: usize, kernel: usize, stride: usize, f: impl Fn(&[usize], usize, usize) -> f64) -> Self {
        let out = |n: usize| (n - kernel) / stride + 1;
        let dims = [self.dims[0], maps, out(self.dims[2]), out(self.dims[3])];
        Array::from_fn(&dims, |place| f(place, place[2] * stride, place[3] * stride))
    }
}

fn attribute<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    node.attribute.iter().find(|a| a.name == name)
}

/// A size that is the same for rows and columns, or the value of a single number.
fn number(node: &NodeProto, name: &str) -> Option<usize> {
    let a = attribute(node, name)?;
    match a.r#type {
        INT => a.i.map(|i| i as usize),
        INTS => (a.ints.len() == 2 && a.ints[0] == a.ints[1]).then(|| a.ints[0] as usize),
        _ => None,
    }
}

/// The value of a floating-point attribute.
fn real(node: &NodeProto, name: &str) -> f64 {
    let a = attribute(node, name).unwrap();
    assert_eq!(a.r#type, REAL);
    a.f.unwrap().into()
}

/// What a node computes.
fn compute(node: &NodeProto, inputs: &[&Array]) -> Array {
    let x = inputs[0];
    let n = x.dims[0];
    let kernel = || number(node, "kernel_shape").unwrap();
    let stride = number(node, "strides").unwrap_or(1);
    match node.op_type.as_str() {
        "Pad" => {
            let margin: Vec<usize> = inputs[1].data.iter().map(|m| *m as usize).collect();
            let dims: Vec<_> = (0..4).map(|axis| margin[axis] + x.dims[axis] + margin[4 + axis]).collect();
            let edge = match attribute(node, "mode").map(|a| (a.r#type, a.s.as_deref())) {
                None => false,
                Some((STRING, Some(b"edge"))) => true,
                Some(other) => panic!("no mode that this test knows: {other:?}"),
            };
            Array::from_fn(&dims, |place| {
                let inner: Vec<_> = (0..4).map(|axis| place[axis].wrapping_sub(margin[axis])).collect();
                if edge {
                    let nearest = |axis: usize| place[axis].saturating_sub(margin[axis]).min(x.dims[axis] - 1);
                    return x.at(&[nearest(0), nearest(1), nearest(2), nearest(3)]);
                }
                if inner.iter().zip(&x.dims).all(|(at, n)| at < n) { x.at(&inner) } else { 0.0 }
            })
        }
        "Mul" => x.zip(inputs[1], |a, b| a * b),
        "Add" => x.zip(inputs[1], |a, b| a + b),
        "Sub" => x.zip(inputs[1], |a, b| a - b),
        "Neg" => x.map(|a| -a),
        "Tanh" => x.map(f64::tanh),
        "Sigmoid" => x.map(|a| 1.0 / (1.0 + (-a).exp())),
        "Relu" => x.map(|a| a.max(0.0)),
        "LeakyRelu" => {
            let slope = real(node, "alpha");
            x.map(|a| if a < 0.0 { slope * a } else { a })
        }
        "HardSigmoid" => {
            let (slope, middle) = (real(node, "alpha"), real(node, "beta"));
            x.map(|a| (slope * a + middle).clamp(0.0, 1.0))
        }
        "Conv" => {
            let (weight, k) = (inputs[1], kernel());
            let group = number(node, "group").unwrap_or(1);
            let (maps, seen) = (weight.dims[0], weight.dims[1]);
            assert_eq!((seen * group, &weight.dims[2..]), (x.dims[1], &[k, k][..]));
            let pad = attribute(node, "pads").map_or(0, |a| {
                assert_eq!((a.r#type, a.ints.len()), (INTS, 4));
                assert!(a.ints.iter().all(|n| *n == a.ints[0]), "the same padding on all sides");
                a.ints[0] as usize
            });
            let out = |n: usize| (n + 2 * pad - k) / stride + 1;
            Array::from_fn(&[n, maps, out(x.dims[2]), out(x.dims[3])], |place| {
                let (o, first) = (place[1], place[1] / (maps / group) * seen);
                let terms = (0..seen * k * k).map(|t| {
                    let (i, u, v) = (t / (k * k), t / k % k, t % k);
                    let [row, column] =
                        [(place[2], u), (place[3], v)].map(|(at, tap)| (at * stride + tap).wrapping_sub(pad));
                    let inside = row < x.dims[2] && column < x.dims[3];
                    let cell = if inside { x.at(&[place[0], first + i, row, column]) } else { 0.0 };
                    weight.at(&[o, i, u, v]) * cell
                });
                terms.sum::<f64>() + inputs[2].data[o]
            })
        }
        op @ ("AveragePool" | "MaxPool") => {
            let k = kernel();
            x.windows(x.dims[1], k, stride, |place, row, column| {
                let cells = (0..k * k).map(|t| x.at(&[place[0], place[1], row + t / k, column + t % k]));
                if op == "MaxPool" { cells.fold(f64::MIN, f64::max) } else { cells.sum::<f64>() / (k * k) as f64 }
            })
        }
        "Gather" => {
            assert_eq!(number(node, "axis"), Some(1));
            let from = &inputs[1].data;
            let dims = [n, from.len(), x.dims[2], x.dims[3]];
            Array::from_fn(&dims, |p| x.at(&[p[0], from[p[1]] as usize, p[2], p[3]]))
        }
        "Flatten" => {
            assert_eq!(number(node, "axis"), Some(1));
            Array::new(&[n, x.data.len() / n], x.data.clone())
        }
        "Gemm" => {
            assert_eq!((number(node, "transB"), attribute(node, "transA")), (Some(1), None));
            let (weight, units) = (inputs[1], inputs[1].dims[0]);
            let sum = |p: &[usize]| (0..x.dims[1]).map(|i| weight.at(&[p[1], i]) * x.at(&[p[0], i])).sum::<f64>();
            Array::from_fn(&[n, units], sum).zip(inputs[2], |a, b| a + b)
        }
        "Unsqueeze" => {
            assert_eq!(inputs[1].data, [1.0]);
            Array::new(&[n, 1, x.dims[1]], x.data.clone())
        }
        "ReduceSumSquare" => {
            assert_eq!((number(node, "keepdims"), &attribute(node, "axes").unwrap().ints[..]), (Some(0), &[2][..]));
            let sum = |p: &[usize]| (0..x.dims[2]).map(|i| x.at(&[p[0], p[1], i]).powi(2)).sum();
            Array::from_fn(&x.dims[..2], sum)
        }
        "Softmax" => {
            assert_eq!(number(node, "axis"), Some(1));
            let sum = |row: usize| (0..10).map(|i| x.at(&[row, i]).exp()).sum::<f64>();
            Array::from_fn(&x.dims, |p| x.at(p).exp() / sum(p[0]))
        }
        op => panic!("the graph has a {op}, which is no operator this test knows"),
    }
}

/// Computes the graph for a batch of images; returns every value by its name.
pub(super) fn run(graph: &GraphProto, images: &[Image]) -> HashMap<String, Array> {
    let pixels = images.as_flattened().as_flattened().iter().map(|p| f64::from(*p)).collect();
    let mut values = HashMap::from([("image".to_string(), Array::new(&[images.len(), 1, 28, 28], pixels))]);
    for t in &graph.initializer {
        let dims: Vec<_> = t.dims.iter().map(|n| *n as usize).collect();
        let data = match t.data_type {
            FLOAT => t.raw_data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b).into()).collect(),
            INT64 => t.raw_data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
            other => panic!("{}: type {other}", t.name),
        };
        assert!(values.insert(t.name.clone(), Array::new(&dims, data)).is_none(), "{} twice", t.name);
    }
    for node in &graph.node {
        let inputs: Vec<_> = node.input.iter().map(|name| &values[name]).collect();
        let output = compute(node, &inputs);
        assert!(values.insert(node.output[0].clone(), output).is_none(), "{} twice", node.output[0]);
    }
    values
}
