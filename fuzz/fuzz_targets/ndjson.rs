//! Any bytes at the boundary `ndjson`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fillwright_intake::boundaries::ndjson(bytes));
