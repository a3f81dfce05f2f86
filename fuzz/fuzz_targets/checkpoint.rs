#![no_main]
#![allow(dead_code)] // each target uses a part

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::checkpoint(bytes));
