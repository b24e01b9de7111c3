//! `platforms`: see `fuzz/src/lib.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trackweave_fuzz::run(trackweave_fuzz::platforms, data));
