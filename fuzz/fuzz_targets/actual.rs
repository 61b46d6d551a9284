//! Any bytes at the boundary `actual`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fillwright_intake::boundaries::actual(bytes));
