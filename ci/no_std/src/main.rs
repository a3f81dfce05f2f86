//! LeNet-5 reads a digit, and the network of docs/guide.md reads a cross, with neither std nor an allocator; with the
//! feature `std`, the same program with std. The exit code is the digit, 99 if the probabilities do not add up to 1, or 98
//! if the cross is read as something else.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(feature = "std"), no_main)]

use lenet_layers::{Conv2d, Dense, Flatten, Maps, MaxPool, Network, Params, Relu, Trace, Units, embedded, sequential};
use lenet_model::{Image, LeNet5, Normalization, read};

#[cfg(not(feature = "std"))]
mod bare {
    // The C library starts the program and provides memcpy; nothing else of it is used.
    #[link(name = "c")]
    unsafe extern "C" {}

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        loop {}
    }

    // The precompiled core refers to it; nothing unwinds here.
    // SAFETY: no other symbol has this name, and with panic = "abort" nobody calls it.
    #[unsafe(no_mangle)]
    extern "C" fn rust_eh_personality() {}

    // SAFETY: the C library calls `main` by this name, and no other symbol has it.
    #[unsafe(no_mangle)]
    extern "C" fn main() -> i32 {
        super::read_all()
    }
}

#[cfg(feature = "std")]
fn main() {
    std::process::exit(read_all());
}

/// Reads both; the exit code.
fn read_all() -> i32 {
    if reads_a_cross() { read_seven() } else { 98 }
}

sequential! {
    /// A network of one's own: rings, crosses and bars.
    struct Reader, trace ReaderTrace {
        input:                         Maps<1, 12, 12>;
        c1:   Conv2d<1, 6, 3, Relu> => Maps<6, 10, 10>;
        s2:   MaxPool<2>            => Maps<6, 5, 5>;
        flat: Flatten               => Units<150>;
        out:  Dense<150, 3>         => Units<3>;
    }
}
static READER: Reader = embedded!(Reader, include_bytes!("../../../lenet-train/tests/marks.f32"));

fn reads_a_cross() -> bool {
    let mut trace = ReaderTrace::<f32>::zeroed();
    trace.input.fill(-0.2);
    for i in 0..12 {
        trace.input.data[0][6][i] = 0.8;
        trace.input.data[0][i][6] = 0.8;
    }
    let [ring, cross, bar] = READER.forward(&mut trace).data;
    cross > ring && cross > bar
}

/// A seven, drawn by hand.
fn seven() -> Image {
    let mut image = [[0; 28]; 28];
    for column in 8..20 {
        image[6][column] = 255;
        image[7][column] = 255;
    }
    for row in 8..23 {
        let column = 19 - (row - 8) / 2;
        image[row][column] = 255;
        image[row][column - 1] = 200;
    }
    image
}

/// The digit that LeNet-5 reads, with weights from a linear congruential generator. It reads badly, but the builds with
/// and without std must agree.
fn read_seven() -> i32 {
    type Network = LeNet5<lenet_layers::ScaledTanh>;
    let mut network = Network::zeroed();
    let mut state = 1998_u32;
    for index in 0..Network::TENSORS {
        for number in network.tensor_mut(index) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *number = (state >> 8) as f32 / 16_777_216.0 * 0.4 - 0.2;
        }
    }
    let reading = read(&network, &seven(), Normalization::PAPER);
    let sum: f32 = reading.probabilities.iter().sum();
    if (0.999_99..1.000_01).contains(&sum) { i32::from(reading.digit) } else { 99 }
}
