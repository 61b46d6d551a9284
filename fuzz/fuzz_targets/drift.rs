//! Any bytes at the boundary `drift`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fillwright_intake::boundaries::drift(bytes));
