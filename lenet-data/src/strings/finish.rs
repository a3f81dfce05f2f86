//! What a scan makes of a line: contrast, blur and noise.

use super::{Finish, canvas::Canvas, dice::Dice};

/// Turns ink into grey levels.
pub(super) fn finish(finish: &Finish, canvas: &mut Canvas, image: &mut [u8], dice: &mut Dice) {
    let level = 255.0 * dice.within(finish.level).clamp(0.0, 1.0);
    let [sharp, blur, noise] = [finish.sharp, finish.blur, finish.noise].map(|chance| dice.chance(chance));
    if blur {
        for _ in 0..dice.whole([1, 2]) {
            canvas.blur(dice.within([0.05, 0.28]));
        }
    }
    if sharp {
        let (slope, threshold) = (dice.within([1.5, 5.0]), dice.within([0.3, 0.55]));
        for ink in canvas.ink.iter_mut() {
            *ink = ((*ink - threshold) * slope + 0.5).clamp(0.0, 1.0);
        }
    }
    if noise {
        // Some grounds are noisy, some strokes are grainy, some are both.
        let [ground, grain] = [0; 2].map(|_| dice.unit() * finish.noise_level);
        add_noise(canvas.ink, ground, grain, dice.bits());
    }
    for (pixel, &ink) in image.iter_mut().zip(canvas.ink.iter()) {
        *pixel = (ink * level + 0.5) as u8;
    }
}

/// Triangular noise, of more amplitude on ink than on the ground. Four pixels share a number of SplitMix64: a line has
/// thousands of pixels, and ChaCha8 would take longer for them than all else.
fn add_noise(ink: &mut [f32], ground: f32, grain: f32, seed: u64) {
    let mut state = seed;
    for pixels in ink.chunks_mut(4) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        for (i, pixel) in pixels.iter_mut().enumerate() {
            let two = bits >> (16 * i);
            let noise = ((two & 0xff) as i32 + (two >> 8 & 0xff) as i32 - 255) as f32 * (1.0 / 255.0);
            *pixel = (*pixel + noise * (ground + *pixel * grain)).clamp(0.0, 1.0);
        }
    }
}
