//! A loss of a row of outputs, given a string of classes without their places: the sum over all alignments.

use super::{Class, CurvedLoss, Loss};
use lenet_tensor::simd::{Isa, Kernel, Simd};
use lenet_tensor::{Cell, Element, Maps, Tensor};

/// The negative logarithm of a string's probability, summed over all its alignments with a row of outputs
/// (connectionist temporal classification; the forward scoring of LeCun et al. 1998, section VI, with a class for the
/// gaps between digits).
///
/// The output has a map for each of `K` classes and `W` columns: one softmax over the classes for each column. The last
/// class is the *blank*, which stands between the characters and before and after them. An alignment gives each column
/// a class; it reads as the string that remains when equal neighbours are merged and the blanks are dropped. The
/// probability of an alignment is the product of its columns' probabilities, and the probability of a string is the sum
/// over its alignments, which the forward-backward recursion computes in logarithms.
///
/// A target is a string, as a slice of classes or as anything that lends one, such as a `Vec`. It has at most `L`
/// characters. One that does not fit into the columns (each character needs one, and equal
/// neighbours a blank between them) has no alignment: its loss is infinite, and its gradient is zero.
///
/// ```
/// use lenet_layers::{Class, Ctc, Loss, Maps, Tensor};
/// // Two columns of the classes 0 and 1 and the blank, all equally likely.
/// let y = Tensor::<Maps<3, 1, 2>, f64>::ZERO;
/// let mut dy = Tensor::<Maps<3, 1, 2>, f64>::ZERO;
/// let one = [Class::new(1).unwrap()];
/// let loss = Ctc::<4>.evaluate(&y, &[&one[..]], 1.0, &mut dy);
/// // The string 1 has three of the nine alignments: 1 1, 1 blank, blank 1.
/// assert!((loss - 3.0_f64.ln()).abs() < 1e-12);
/// // 1 1 needs three columns.
/// let twice = [one[0], one[0]];
/// assert_eq!(Ctc::<4>.evaluate(&y, &[&twice[..]], 1.0, &mut dy), f64::INFINITY);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Ctc<const L: usize>;

/// The logarithm of zero: finite, so that differences of two of them are no NaN.
const NEVER: f64 = -1e30;

/// A number for each state of the recursion: the blank before each character, each character, and the blank after `L`
/// of them.
#[derive(Clone, Copy)]
struct States<T, const L: usize> {
    blank: [T; L],
    character: [T; L],
    last: T,
}

impl<T: Cell, const L: usize> States<T, L> {
    fn never() -> Self {
        let never = T::splat(T::Element::from_f64(NEVER));
        States { blank: [never; L], character: [never; L], last: never }
    }

    /// The blank that follows `n` characters.
    fn blank_after(&mut self, n: usize) -> &mut T {
        if n < L { &mut self.blank[n] } else { &mut self.last }
    }
}

/// The strings of all lanes, as the recursion needs them.
struct Strings<T, const W: usize, const L: usize> {
    /// The logarithm of each character's probability in each column.
    character: [[T; W]; L],
    /// 0 if a character can follow the one before it without a blank, [`NEVER`] if both are equal.
    follows: [T; L],
}

impl<T: Cell, const W: usize, const L: usize> Strings<T, W, L> {
    /// `log_p` has the logarithms of the probabilities.
    fn new<const K: usize>(log_p: &[[[T; W]; 1]; K], targets: &[impl AsRef<[Class<K>]>]) -> Self {
        let never = T::splat(T::Element::from_f64(NEVER));
        let mut strings = Strings { character: [[never; W]; L], follows: [never; L] };
        for (lane, string) in targets.iter().map(AsRef::as_ref).enumerate() {
            assert!(string.len() <= L, "a string of {} characters for a loss of at most {L}", string.len());
            for (i, class) in string.iter().enumerate() {
                assert!(class.index() + 1 < K, "the last class is the blank, which is no character of a string");
                for (to, from) in strings.character[i].iter_mut().zip(&log_p[class.index()][0]) {
                    to.lanes_mut()[lane] = from.lanes()[lane];
                }
                if i == 0 || string[i - 1] != *class {
                    strings.follows[i].lanes_mut()[lane] = T::Element::from_f64(0.0);
                }
            }
        }
        strings
    }
}

#[inline(always)]
fn larger<T: Cell>(a: T, b: T) -> T {
    a.zip(b, |a, b| if b > a { b } else { a })
}

/// ln(e^a + e^b)
#[inline(always)]
fn add<S: Simd, T: Cell>(simd: S, a: T, b: T) -> T {
    let most = larger(a, b);
    let share = |x: T| x.zip(most, |x, m| (x - m).exp(simd));
    most.plus(share(a).plus(share(b)).map(|sum| sum.ln(simd)))
}

/// ln(e^a + e^b + e^c)
#[inline(always)]
fn add3<S: Simd, T: Cell>(simd: S, a: T, b: T, c: T) -> T {
    let most = larger(larger(a, b), c);
    let share = |x: T| x.zip(most, |x, m| (x - m).exp(simd));
    most.plus(share(a).plus(share(b)).plus(share(c)).map(|sum| sum.ln(simd)))
}

/// Writes the logarithm of the softmax of each column.
#[inline(always)]
fn log_softmax<S: Simd, T: Cell, const K: usize, const W: usize>(
    simd: S,
    y: &[[[T; W]; 1]; K],
    log_p: &mut [[[T; W]; 1]; K],
) {
    for w in 0..W {
        let mut most = y[0][0][w];
        for y in &y[1..] {
            most = larger(most, y[0][w]);
        }
        let mut sum = T::ZERO;
        for y in y {
            sum = sum.plus(y[0][w].zip(most, |y, m| (y - m).exp(simd)));
        }
        let whole = most.plus(sum.map(|sum| sum.ln(simd)));
        for (p, y) in log_p.iter_mut().zip(y) {
            p[0][w] = y[0][w].zip(whole, |y, whole| y - whole);
        }
    }
}

/// The forward recursion: the logarithm of the probability of all beginnings that end in each state, column by column.
#[inline(always)]
fn forward<S: Simd, T: Cell, const W: usize, const L: usize>(
    simd: S,
    strings: &Strings<T, W, L>,
    blank: &[T; W],
    alpha: &mut [States<T, L>; W],
) {
    alpha[0].blank[0] = blank[0];
    alpha[0].character[0] = strings.character[0][0];
    for w in 1..W {
        let (before, now) = {
            let (before, now) = alpha.split_at_mut(w);
            (&before[w - 1], &mut now[0])
        };
        now.blank[0] = before.blank[0].plus(blank[w]);
        now.character[0] = add(simd, before.character[0], before.blank[0]).plus(strings.character[0][w]);
        for i in 1..L {
            let straight = before.character[i - 1].plus(strings.follows[i]);
            now.blank[i] = add(simd, before.blank[i], before.character[i - 1]).plus(blank[w]);
            now.character[i] = add3(simd, before.character[i], before.blank[i], straight).plus(strings.character[i][w]);
        }
        now.last = add(simd, before.last, before.character[L - 1]).plus(blank[w]);
    }
}

/// A step of the backward recursion: `beta` becomes that of the column before `w`.
#[inline(always)]
fn step_back<S: Simd, T: Cell, const W: usize, const L: usize>(
    simd: S,
    strings: &Strings<T, W, L>,
    blank: T,
    w: usize,
    beta: &mut States<T, L>,
) {
    let blank_after = |i: usize, beta: &States<T, L>| if i + 1 < L { beta.blank[i + 1] } else { beta.last };
    for i in 0..L {
        // State i reads what comes after it, which is not yet replaced.
        let character = beta.character[i].plus(strings.character[i][w]);
        let next = blank_after(i, beta).plus(blank);
        beta.blank[i] = add(simd, beta.blank[i].plus(blank), character);
        beta.character[i] = if i + 1 < L {
            let straight = beta.character[i + 1].plus(strings.character[i + 1][w]).plus(strings.follows[i + 1]);
            add3(simd, character, next, straight)
        } else {
            add(simd, character, next)
        };
    }
    beta.last = beta.last.plus(blank);
}

impl<B: AsRef<[Class<K>]>, const K: usize, const W: usize, const L: usize> Loss<Maps<K, 1, W>, B> for Ctc<L> {
    /// The gradient with respect to an output is its probability less the probability, given the string, that its
    /// column has its class.
    ///
    /// # Panics
    /// If there are more targets than lanes, or if a string has more than `L` characters or the blank among them.
    fn evaluate_with<S: Simd, T: Cell>(
        &self,
        simd: S,
        y: &Tensor<Maps<K, 1, W>, T>,
        targets: &[B],
        scale: T::Element,
        dy: &mut Tensor<Maps<K, 1, W>, T>,
    ) -> T::Element {
        const { assert!(L > 0 && W > 0 && K > 1, "there are characters, columns, and a class besides the blank") };
        assert!(targets.len() <= T::LANES, "{} targets for {} examples", targets.len(), T::LANES);
        simd.vectorize(
            #[inline(always)]
            || {
                let log_p = &mut dy.data;
                log_softmax(simd, &y.data, log_p);
                let strings = Strings::<T, W, L>::new(log_p, targets);
                let blank = log_p[K - 1][0];
                let mut alpha = [States::<T, L>::never(); W];
                forward(simd, &strings, &blank, &mut alpha);

                let (zero, never) = (T::Element::from_f64(0.0), T::Element::from_f64(NEVER));
                let mut beta = States::<T, L>::never();
                let (mut total, mut scales, mut loss) = (T::ZERO, T::ZERO, zero);
                for (lane, string) in targets.iter().map(AsRef::as_ref).enumerate() {
                    let n = string.len();
                    let last = &mut alpha[W - 1];
                    let blank = last.blank_after(n).lanes()[lane];
                    let character = if n == 0 { never } else { last.character[n - 1].lanes()[lane] };
                    let most = if blank > character { blank } else { character };
                    let sum = most + ((blank - most).exp(simd) + (character - most).exp(simd)).ln(simd);
                    total.lanes_mut()[lane] = sum;
                    if sum < T::Element::from_f64(NEVER / 2.0) {
                        loss += T::Element::from_f64(f64::INFINITY);
                        continue;
                    }
                    loss -= sum;
                    scales.lanes_mut()[lane] = scale;
                    beta.blank_after(n).lanes_mut()[lane] = zero;
                    if n > 0 {
                        beta.character[n - 1].lanes_mut()[lane] = zero;
                    }
                }
                for w in (0..W).rev() {
                    let posterior = |a: T, b: T| a.plus(b).zip(total, |ab, total| (ab - total).exp(simd));
                    let at = &alpha[w];
                    let mut blanks = posterior(at.last, beta.last);
                    let mut own = [T::ZERO; K];
                    for i in 0..L {
                        blanks = blanks.plus(posterior(at.blank[i], beta.blank[i]));
                        let character = posterior(at.character[i], beta.character[i]);
                        for (lane, string) in targets.iter().map(AsRef::as_ref).enumerate() {
                            if let Some(class) = string.get(i) {
                                own[class.index()].lanes_mut()[lane] += character.lanes()[lane];
                            }
                        }
                    }
                    own[K - 1] = blanks;
                    step_back(simd, &strings, blank[w], w, &mut beta);
                    for (dy, own) in log_p.iter_mut().zip(own) {
                        let p = dy[0][w].map(|log_p| log_p.exp(simd));
                        dy[0][w] = p.zip(own, |p, own| p - own).times(scales);
                    }
                }
                loss
            },
        )
    }
}

impl<B: AsRef<[Class<K>]>, const K: usize, const W: usize, const L: usize> CurvedLoss<Maps<K, 1, W>, B> for Ctc<L> {
    /// p (1 - p) in each column, as if the alignment were given: the part of the second derivative that is never
    /// negative.
    fn curvature<T: Cell>(&self, y: &Tensor<Maps<K, 1, W>, T>, targets: &[B], d2y: &mut Tensor<Maps<K, 1, W>, T>) {
        assert!(targets.len() <= T::LANES, "{} targets for {} examples", targets.len(), T::LANES);
        Isa::current().dispatch(Curvature { y: &y.data, lanes: targets.len(), d2y: &mut d2y.data });
    }
}

struct Curvature<'a, T: Cell, const K: usize, const W: usize> {
    y: &'a [[[T; W]; 1]; K],
    lanes: usize,
    d2y: &'a mut [[[T; W]; 1]; K],
}
impl<T: Cell, const K: usize, const W: usize> Kernel for Curvature<'_, T, K, W> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        log_softmax(simd, self.y, self.d2y);
        for cell in self.d2y.as_flattened_mut().as_flattened_mut() {
            *cell = cell.map(|log_p| {
                let p = log_p.exp(simd);
                p - p * p
            });
            cell.lanes_mut()[self.lanes..].fill(T::Element::from_f64(0.0));
        }
    }
}
