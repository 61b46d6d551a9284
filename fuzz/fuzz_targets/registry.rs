//! Any bytes at the boundary `registry`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fillwright_intake::boundaries::registry(bytes));
