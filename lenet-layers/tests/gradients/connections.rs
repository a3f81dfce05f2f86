//! A network as a plain list of connections, and eqs. 22-27 of LeCun et al. (1998) as plain loops over that list.
//!
//! It does not use the library: it has its own sums, activation functions and table I.

use crate::check::Drawn;

/// The source of a connection.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    Input(usize),
    Unit(usize),
    /// The source of biases: a unit whose value is 1.
    One,
}

/// The factor of a connection: `u_ij`.
#[derive(Clone, Copy)]
enum Weight {
    /// The parameter with this number, which other connections may share.
    Parameter(usize),
    Fixed(f64),
}

/// A connection from unit j to unit i.
struct Connection {
    from: Source,
    to: usize,
    weight: Weight,
}

/// An activation function and its derivative, both as functions of the weighted sum.
#[derive(Clone, Copy)]
pub(crate) struct Function(fn(f64) -> f64, fn(f64) -> f64);

pub(crate) const IDENTITY: Function = Function(|a| a, |_| 1.0);
pub(crate) const SCALED_TANH: Function =
    Function(|a| 1.7159 * (2.0 / 3.0 * a).tanh(), |a| 1.7159 * 2.0 / 3.0 / (2.0 / 3.0 * a).cosh().powi(2));
pub(crate) const TANH: Function = Function(f64::tanh, |a| 1.0 / a.cosh().powi(2));
pub(crate) const SIGMOID: Function =
    Function(|a| 1.0 / (1.0 + (-a).exp()), |a| 1.0 / ((1.0 + a.exp()) * (1.0 + (-a).exp())));
pub(crate) const RELU: Function = Function(|a| a.max(0.0), |a| f64::from(u8::from(a > 0.0)));
/// In the order of [`Drawn`].
pub(crate) const FUNCTIONS: [Function; Drawn::NAMES.len()] = [IDENTITY, SCALED_TANH, TANH, SIGMOID, RELU];

/// What is beyond the border of a map, with the number of cells.
#[derive(Clone, Copy)]
pub(crate) enum Padding {
    Zeros(usize),
    Edge(usize),
}

/// The units in an order in which they can be computed, and all connections in the order of their target units.
pub(crate) struct Net {
    inputs: usize,
    pub(crate) parameters: usize,
    function: Vec<Function>,
    connections: Vec<Connection>,
    /// The input of the next layer: maps, rows, columns. Units in a row are maps of one cell.
    last: Vec<Source>,
    dims: [usize; 3],
}

/// The result of eqs. 22-27.
pub(crate) struct Second {
    /// For every unit, d2E/da_i^2.
    pub(crate) units: Vec<f64>,
    /// d2E/dx_j^2.
    pub(crate) inputs: Vec<f64>,
    /// h_kk.
    pub(crate) parameters: Vec<f64>,
}

impl Net {
    pub(crate) fn new(dims: [usize; 3]) -> Self {
        let inputs = dims.iter().product();
        let last = (0..inputs).map(Source::Input).collect();
        Net { inputs, parameters: 0, function: vec![], connections: vec![], last, dims }
    }

    /// Adds a layer whose units have the connections that `incoming` returns.
    fn layer<C: IntoIterator<Item = (Source, Weight)>>(
        mut self,
        dims: [usize; 3],
        function: Function,
        parameters: usize,
        incoming: impl Fn(&Self, [usize; 3]) -> C,
    ) -> Self {
        let mut made = vec![];
        for m in 0..dims[0] {
            for r in 0..dims[1] {
                for c in 0..dims[2] {
                    let to = self.function.len();
                    let incoming: Vec<_> = incoming(&self, [m, r, c]).into_iter().collect();
                    self.connections.extend(incoming.iter().map(|&(from, weight)| Connection { from, to, weight }));
                    self.function.push(function);
                    made.push(Source::Unit(to));
                }
            }
        }
        (self.last, self.dims) = (made, dims);
        self.parameters += parameters;
        self
    }

    fn at(&self, m: usize, r: usize, c: usize) -> Source {
        self.last[(m * self.dims[1] + r) * self.dims[2] + c]
    }

    /// Adds kernels only where `table(o, i)` is true, numbered by output map, then by input map.
    pub(crate) fn conv(self, co: usize, k: usize, table: fn(usize, usize) -> bool, function: Function) -> Self {
        self.padded(co, k, table, 1, Padding::Zeros(0), function)
    }

    /// The same with a stride and with padding. A tap on a zero has no connection.
    pub(crate) fn padded(
        self,
        co: usize,
        k: usize,
        table: fn(usize, usize) -> bool,
        stride: usize,
        padding: Padding,
        function: Function,
    ) -> Self {
        self.kernels(co, [k; 2], table, [stride; 2], [padding; 2], function)
    }

    /// Adds kernels of one row.
    pub(crate) fn row(self, co: usize, k: usize, stride: usize, padding: Padding, function: Function) -> Self {
        self.kernels(co, [1, k], all, [1, stride], [Padding::Zeros(0), padding], function)
    }

    /// Adds kernels; sides, strides and paddings are those of the rows and of the columns.
    fn kernels(
        self,
        co: usize,
        [high, wide]: [usize; 2],
        table: fn(usize, usize) -> bool,
        [down, right]: [usize; 2],
        [above, left]: [Padding; 2],
        function: Function,
    ) -> Self {
        let ([ci, h, w], first) = (self.dims, self.parameters);
        let pairs: Vec<_> = (0..co).flat_map(|o| (0..ci).map(move |i| (o, i))).filter(|(o, i)| table(*o, *i)).collect();
        let weights = pairs.len() * high * wide;
        let side = |n: usize, k: usize, stride: usize, (Padding::Zeros(margin) | Padding::Edge(margin))| {
            (n + 2 * margin - k) / stride + 1
        };
        let cell = |at: usize, n: usize, padding: Padding| match padding {
            Padding::Zeros(margin) => at.checked_sub(margin).filter(|at| *at < n),
            Padding::Edge(margin) => Some(at.clamp(margin, margin + n - 1) - margin),
        };
        let [rows, columns] = [side(h, high, down, above), side(w, wide, right, left)];
        self.layer([co, rows, columns], function, weights + co, |net, [o, r, c]| {
            let mut incoming = vec![(Source::One, Weight::Parameter(first + weights + o))];
            for (n, (_, i)) in pairs.iter().enumerate().filter(|(_, pair)| pair.0 == o) {
                for u in 0..high {
                    for v in 0..wide {
                        let (row, column) = (cell(r * down + u, h, above), cell(c * right + v, w, left));
                        let (Some(row), Some(column)) = (row, column) else { continue };
                        incoming.push((net.at(*i, row, column), Weight::Parameter(first + (n * high + u) * wide + v)));
                    }
                }
            }
            incoming
        })
    }

    /// The sum of a window is a separate unit with fixed connections. The coefficient's connection is the only one from
    /// it.
    pub(crate) fn subsample(self, k: usize, function: Function) -> Self {
        let (maps, first) = (self.dims[0], self.parameters);
        let sums = self.windows([k; 2], 1.0);
        let dims = sums.dims;
        sums.layer(dims, function, 2 * maps, |net, [m, r, c]| {
            let (coefficient, bias) = (Weight::Parameter(first + m), Weight::Parameter(first + maps + m));
            [(net.at(m, r, c), coefficient), (Source::One, bias)]
        })
    }

    /// Means of windows of these rows and columns.
    pub(crate) fn average(self, window: [usize; 2]) -> Self {
        self.windows(window, 1.0 / (window[0] * window[1]) as f64)
    }

    /// Connects every cell of a window with the same fixed weight.
    fn windows(self, [high, wide]: [usize; 2], weight: f64) -> Self {
        let [maps, h, w] = self.dims;
        self.layer([maps, h / high, w / wide], IDENTITY, 0, |net, [m, r, c]| {
            let cells = (0..high).flat_map(|u| (0..wide).map(move |v| net.at(m, high * r + u, wide * c + v)));
            cells.map(|cell| (cell, Weight::Fixed(weight))).collect::<Vec<_>>()
        })
    }

    pub(crate) fn repeat(self, n: usize) -> Self {
        let [maps, h, w] = self.dims;
        self.layer([maps * n, h, w], IDENTITY, 0, |net, [m, r, c]| [(net.at(m / n, r, c), Weight::Fixed(1.0))])
    }

    pub(crate) fn flatten(self) -> Self {
        let units = self.last.len();
        self.layer([units, 1, 1], IDENTITY, 0, |net, [i, ..]| [(net.last[i], Weight::Fixed(1.0))])
    }

    pub(crate) fn dense(self, o: usize, function: Function) -> Self {
        let (i, first) = (self.last.len(), self.parameters);
        self.layer([o, 1, 1], function, o * i + o, |net, [unit, ..]| {
            let mut incoming = vec![(Source::One, Weight::Parameter(first + o * i + unit))];
            let weight = |(j, from): (usize, &Source)| (*from, Weight::Parameter(first + unit * i + j));
            incoming.extend(net.last.iter().enumerate().map(weight));
            incoming
        })
    }

    fn weight(parameters: &[f64], weight: Weight) -> f64 {
        match weight {
            Weight::Parameter(k) => parameters[k],
            Weight::Fixed(u) => u,
        }
    }

    /// Returns x_j; `a` holds the weighted sums.
    fn value(&self, x: &[f64], a: &[f64], from: Source) -> f64 {
        match from {
            Source::Input(j) => x[j],
            Source::Unit(j) => (self.function[j].0)(a[j]),
            Source::One => 1.0,
        }
    }

    /// Returns the weighted sum of every unit.
    pub(crate) fn forward(&self, parameters: &[f64], x: &[f64]) -> Vec<f64> {
        assert_eq!((parameters.len(), x.len()), (self.parameters, self.inputs), "the list does not match the network");
        let mut a = vec![0.0; self.function.len()];
        for c in &self.connections {
            a[c.to] += Self::weight(parameters, c.weight) * self.value(x, &a, c.from);
        }
        a
    }

    /// Returns the outputs, computed from the weighted sums.
    pub(crate) fn outputs(&self, a: &[f64]) -> Vec<f64> {
        self.last.iter().map(|from| self.value(&[], a, *from)).collect()
    }

    /// Returns the second derivatives, computed from those with respect to the outputs.
    pub(crate) fn second(&self, parameters: &[f64], x: &[f64], a: &[f64], d2y: &[f64]) -> Second {
        let mut second =
            Second { units: vec![0.0; a.len()], inputs: vec![0.0; x.len()], parameters: vec![0.0; parameters.len()] };
        let outputs = a.len() - d2y.len();
        second.units[outputs..].copy_from_slice(d2y);
        // In reverse order: the connections from a unit are processed before the connections to it. Until then its
        // place holds d2E/dx_i^2.
        let mut unit = a.len();
        for c in self.connections.iter().rev() {
            while unit > c.to {
                unit -= 1;
                let slope = (self.function[unit].1)(a[unit]);
                second.units[unit] *= slope * slope; // eq. 26
            }
            let d2a = second.units[c.to];
            if let Weight::Parameter(k) = c.weight {
                let x = self.value(x, a, c.from);
                second.parameters[k] += d2a * x * x; // eqs. 23 and 25
            }
            let u = Self::weight(parameters, c.weight);
            match c.from {
                Source::Input(j) => second.inputs[j] += u * u * d2a, // eq. 27
                Source::Unit(j) => second.units[j] += u * u * d2a,
                Source::One => {}
            }
        }
        second
    }
}

/// Table I.
pub(crate) fn table_1(o: usize, i: usize) -> bool {
    match o {
        0..6 => (i + 6 - o) % 6 < 3,
        6..12 => (i + 12 - o) % 6 < 4,
        12 => [0, 1, 3, 4].contains(&i),
        13 => [1, 2, 4, 5].contains(&i),
        14 => [0, 2, 3, 5].contains(&i),
        _ => true,
    }
}

/// [`Gaps`](crate::layers::Gaps).
pub(crate) fn gaps(o: usize, i: usize) -> bool {
    [[true, false, true, false], [false; 4], [true, true, true, false]][o][i]
}

pub(crate) fn all(_: usize, _: usize) -> bool {
    true
}

/// Two input maps and one output map in each group.
pub(crate) fn in_pairs(o: usize, i: usize) -> bool {
    o == i / 2
}
