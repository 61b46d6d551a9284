//! Any bytes at the boundary `portfolio`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fillwright_intake::boundaries::portfolio(bytes));
