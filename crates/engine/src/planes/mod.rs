//! Planes outside the kernel: what realises orders and reports back.

mod live_stub;
mod pages;
mod watch;

pub use live_stub::{LedgerError, LiveStub, LiveStubRules, Realise, Rule};
