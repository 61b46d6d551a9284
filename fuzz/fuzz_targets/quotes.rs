//! Any bytes at the boundary `quotes`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fillwright_intake::boundaries::quotes(bytes));
