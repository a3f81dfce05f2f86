//! The functions that JavaScript calls. Bytes go in through [`lenet_input`], and come out at [`lenet_output`]. A function
//! that can fail returns 0 if it succeeded, and 1 if not; the output is then a message.
//!
//! Networks have numbers: 0 is the pretrained LeNet-5, 1 is LeNet-5 with the output layer of 1998, 2 is the network of the
//! recipe `modern`, 3 is a LeNet-5 that learns elsewhere and whose parameters are set by [`lenet_load`].
//!
//! The only unsafe code is the attributes that give the functions their names. They are safe as long as no other function of the
//! program has these names: all of them begin with `lenet_`, and no dependency has such names.
#![allow(unsafe_code)]

use super::alter::Alteration;
use super::digits::Digits;
use super::learn::Lesson;
use super::running::{Running, RunningOf, describe, set_half_numbers};
use super::{explain, numbers, packed_steps, unpacked_reader};
use lenet_data::{Picture, PictureError, prepare_in_steps};
use lenet_layers::Params;
use lenet_model::reader::Reader;
use lenet_model::{Image, LeNet5, LeNet5Modern, LeNet5Rbf, Normalization};
use std::cell::RefCell;

/// What a page has in memory.
struct State {
    input: Vec<u8>,
    output: Vec<u8>,
    /// Probabilities, input and stages of the image that was read last.
    numbers: Vec<f32>,
    networks: [Box<dyn Running>; 4],
    reader: Option<Reader>,
    lesson: Option<Lesson>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::new());
}

impl State {
    fn new() -> Self {
        let paper = Normalization::PAPER;
        let rbf: Box<LeNet5Rbf> = LeNet5Rbf::boxed_zeroed();
        let modern: Box<LeNet5Modern> = LeNet5Modern::boxed_zeroed();
        let learning: Box<LeNet5> = LeNet5::boxed_zeroed();
        Self {
            input: Vec::new(),
            output: Vec::new(),
            numbers: Vec::new(),
            networks: [
                Box::new(RunningOf::pretrained()),
                Box::new(RunningOf::new(rbf, paper)),
                Box::new(RunningOf::new(modern, paper)),
                Box::new(RunningOf::new(learning, paper)),
            ],
            reader: None,
            lesson: None,
        }
    }

    fn image(&self) -> Option<Image> {
        let pixels: &[u8; 784] = self.input.as_slice().try_into().ok()?;
        let mut image = [[0; 28]; 28];
        image.as_flattened_mut().copy_from_slice(pixels);
        Some(image)
    }

    fn picture(&self, width: usize, height: usize) -> Result<Picture, PictureError> {
        Picture::from_rgba(width, height, &self.input)
    }

    /// Puts a result, or its error, where JavaScript reads it.
    fn answer<E: std::fmt::Display>(&mut self, result: Result<Vec<u8>, E>) -> u32 {
        let failed = u32::from(result.is_err());
        self.output = result.unwrap_or_else(|error| error.to_string().into_bytes());
        failed
    }
}

fn with<R>(run: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(run)
}

const NO_SUCH: &str = "there is no such network, stage or unit";

/// Makes room for `length` bytes of input; they are to be written to the address returned. It is 0 if there is no memory.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_input(length: usize) -> *mut u8 {
    with(|state| {
        if length < state.input.capacity() / 16 {
            // A large picture came before.
            state.input = Vec::new();
        }
        state.input.clear();
        if state.input.try_reserve_exact(length).is_err() {
            return std::ptr::null_mut();
        }
        state.input.resize(length, 0);
        state.input.as_mut_ptr()
    })
}

/// The address of the output.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_output() -> *const u8 {
    with(|state| state.output.as_ptr())
}

/// The bytes of the output.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_output_length() -> usize {
    with(|state| state.output.len())
}

/// Describes a network as JSON.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_describe(network: usize) -> u32 {
    with(|state| {
        let description = state.networks.get(network).map(|network| describe(network.info()).to_string().into_bytes());
        state.answer(description.ok_or(NO_SUCH))
    })
}

/// Sets the parameters of a network from the input, in half precision.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_load(network: usize) -> u32 {
    with(|state| {
        let input = std::mem::take(&mut state.input);
        let loaded = state.networks.get_mut(network).is_some_and(|network| set_half_numbers(&mut **network, &input));
        state.answer(if loaded { Ok(Vec::new()) } else { Err("these are not the parameters of this network") })
    })
}

/// Reads the image in the input (28x28 bytes, 0 is background). Returns the address of `f32` numbers: ten probabilities, the
/// input of the first stage, and the output of each stage in order; 0 if there is no such network or no image.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_read(network: usize) -> *const f32 {
    with(|state| {
        let Some(image) = state.image() else { return std::ptr::null() };
        let Some(network) = state.networks.get_mut(network) else { return std::ptr::null() };
        let probabilities = network.read(&image);
        state.numbers.clear();
        state.numbers.extend(probabilities);
        state.numbers.extend(network.input());
        (0..network.info().stages.len()).for_each(|stage| state.numbers.extend(network.stage(stage)));
        state.numbers.as_ptr()
    })
}

/// Reads the image in the input `times` times, and does nothing else: for benchmarks.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_read_again(network: usize, times: usize) {
    with(|state| {
        let Some((image, network)) = state.image().zip(state.networks.get_mut(network)) else { return };
        for _ in 0..times {
            std::hint::black_box(network.read(std::hint::black_box(&image)));
        }
    });
}

/// The address of an array of a network's parameters, as `f32`; 0 if there is none.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_array(network: usize, index: usize) -> *const f32 {
    with(|state| match state.networks.get(network) {
        Some(network) if index < network.info().tensors().len() => network.array(index).as_ptr(),
        _ => std::ptr::null(),
    })
}

/// Says what a unit computed for the image that the network read last, as JSON.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_explain(network: usize, stage: usize, unit: usize) -> u32 {
    with(|state| {
        let explanation = state.networks.get(network).and_then(|network| explain(&**network, stage, unit));
        let json = explanation.map(|explanation| serde_json::to_vec(&explanation).expect("numbers and words"));
        state.answer(json.ok_or(NO_SUCH))
    })
}

/// Gives the picture in the input (red, green, blue and opacity) MNIST's form: see `packed_steps`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_prepare(width: usize, height: usize) -> u32 {
    with(|state| {
        let steps = state.picture(width, height).and_then(|picture| prepare_in_steps(&picture));
        state.answer(steps.map(|steps| packed_steps(&steps)))
    })
}

/// Takes the reader of whole numbers from the input: see `packed_reader`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_load_reader() -> u32 {
    with(|state| {
        let reader = unpacked_reader(&state.input).ok_or("these are not the parameters of the reader");
        let loaded = reader.map(|reader| {
            state.reader = Some(reader);
            Vec::new()
        });
        state.answer(loaded)
    })
}

/// Reads the numbers of the picture in the input, as JSON: see `numbers`. [`lenet_load_reader`] comes first.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_numbers(width: usize, height: usize) -> u32 {
    with(|state| {
        let found = match (&state.reader, state.picture(width, height)) {
            (None, _) => Err("the reader of numbers has not been loaded".to_string()),
            (Some(reader), picture) => {
                picture.and_then(|picture| numbers(reader, &picture)).map_err(|error| error.to_string())
            }
        };
        state.answer(found.map(|found| found.to_string().into_bytes()))
    })
}

/// Alters the image in the input; the output is another image.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_alter(
    right: f32,
    down: f32,
    scale: f32,
    turn: f32,
    slant: f32,
    pen: f32,
    noise: f32,
) -> u32 {
    with(|state| {
        let alteration = Alteration { right, down, scale, turn, slant, pen, noise };
        let altered = state.image().map(|image| alteration.of(&image).as_flattened().to_vec());
        state.answer(altered.ok_or("give an image of 28x28 bytes"))
    })
}

/// Begins a lesson with the digits in the input, packed; the seed decides the initial weights.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_lesson(seed: u32) -> u32 {
    with(|state| {
        let digits = Digits::unpacked(&state.input);
        let begun = digits.map(|digits| {
            state.lesson = Some(Lesson::new(digits, seed.into()));
            Vec::new()
        });
        state.answer(begun)
    })
}

/// Trains for `batches` batches of sixteen digits. The output is its progress as JSON.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_learn(batches: usize) -> u32 {
    with(|state| {
        let progress = state.lesson.as_mut().map(|lesson| lesson.learn(batches));
        let json = progress.map(|progress| serde_json::to_vec(&progress).expect("numbers"));
        state.answer(json.ok_or("no lesson has begun"))
    })
}

/// The parameters of the network that learns, in half precision: what [`lenet_load`] takes.
#[unsafe(no_mangle)]
pub(super) extern "C" fn lenet_learned() -> u32 {
    with(|state| {
        let numbers = state.lesson.as_mut().map(|lesson| super::half_numbers(lesson.network()));
        state.answer(numbers.ok_or("no lesson has begun"))
    })
}
