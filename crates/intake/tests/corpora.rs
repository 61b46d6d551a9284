//! Replays the fuzzer's committed corpora, and mutations of them, on the stable toolchain.

use fillwright_intake::boundaries;

#[path = "../../../fuzz/replay.rs"]
mod replay;

#[test]
fn intents_hold_their_promises() {
    replay::replay("ndjson", boundaries::ndjson);
}

#[test]
fn portfolios_hold_their_promises() {
    replay::replay("portfolio", boundaries::portfolio);
}

#[test]
fn actual_states_hold_their_promises() {
    replay::replay("actual", boundaries::actual);
}

#[test]
fn drift_orders_hold_their_promises() {
    replay::replay("drift", boundaries::drift);
}

#[test]
fn registries_hold_their_promises() {
    replay::replay("registry", boundaries::registry);
}

#[test]
fn ledgers_hold_their_promises() {
    replay::replay("ledger", boundaries::ledger);
}

#[test]
fn quotes_hold_their_promises() {
    replay::replay("quotes", boundaries::quotes);
}
