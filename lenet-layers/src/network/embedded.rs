//! A trained network inside the program, without a heap and without a file at run time.

/// A network whose parameters are a file within the program: `embedded!(Net, include_bytes!("net.f32"))`. It is a
/// constant expression, for a `static` in read-only memory: no heap, no start-up code, no `unsafe`.
///
/// The file has the numbers of all parameters in the order of the network's fields, four bytes each, low byte first.
/// lenet-train's `save_raw` writes it. It says nothing about the network but its length: a file of another length is an
/// error of the compiler. Write it from a network that lenet-train has loaded, which compares every stage, and compare
/// the static with that network in a test.
///
/// ```
/// use lenet_layers::{Dense, Params, Trace, Network, Units, embedded, sequential};
/// sequential! {
///     pub struct Net, trace NetTrace {
///         input:           Units<2>;
///         out: Dense<2, 1> => Units<1>;
///     }
/// }
/// // In a program: include_bytes!("net.f32").
/// static NET: Net = embedded!(Net, &[0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64]);
/// assert_eq!((NET.out.weight, NET.out.bias), ([[1.0, 2.0]], [3.0]));
/// let mut trace = NetTrace::<f32>::zeroed();
/// trace.input.data = [10.0, 100.0];
/// assert_eq!(NET.forward(&mut trace).data, [213.0]);
/// ```
///
/// A file of another network:
///
/// ```compile_fail,E0080
/// # use lenet_layers::{Dense, Units, embedded, sequential};
/// # sequential! {
/// #     pub struct Net, trace NetTrace {
/// #         input:           Units<2>;
/// #         out: Dense<2, 1> => Units<1>;
/// #     }
/// # }
/// static NET: Net = embedded!(Net, &[0, 0, 128, 63]);
/// ```
#[macro_export]
macro_rules! embedded {
    ($Network:ty, $file:expr) => {{
        const NUMBERS: [u8; 4 * <$Network as $crate::Params>::LEN] = $crate::__private::numbers($file);
        $crate::zerocopy::transmute!(NUMBERS)
    }};
}

/// The numbers of a file in the byte order of the target.
///
/// # Panics
/// If the file has another length.
#[must_use]
pub const fn numbers<const BYTES: usize>(file: &[u8]) -> [u8; BYTES] {
    assert!(file.len() == BYTES, "the file is not of this network: it should have four bytes for each parameter");
    let mut numbers = [0; BYTES];
    // As a whole: a loop over single numbers takes the compiler seconds.
    numbers.copy_from_slice(file);
    native(numbers)
}

/// Numbers of four bytes, low byte first, in the byte order of the target.
#[must_use]
pub const fn native<const BYTES: usize>(mut numbers: [u8; BYTES]) -> [u8; BYTES] {
    if cfg!(target_endian = "big") {
        let mut i = 0;
        while i < BYTES {
            (numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]) =
                (numbers[i + 3], numbers[i + 2], numbers[i + 1], numbers[i]);
            i += 4;
        }
    }
    numbers
}
