//! Any bytes at the boundary `ledger`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fillwright_intake::boundaries::ledger(bytes));
