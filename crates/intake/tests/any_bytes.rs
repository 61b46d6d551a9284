//! Any bytes at any boundary: nothing panics, and no line, byte or row is lost. `boundaries` holds the assertions.

use fillwright_intake::boundaries;
use proptest::prelude::*;

/// Pieces of every format, so that most mixtures get past the first character.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\n",
    "\r\n",
    "\"",
    "\\u12",
    "NaN",
    "-Infinity",
    "1e999",
    "0.5",
    "-1",
    "null",
    "true",
    "\"winners\"",
    "\"profiles\"",
    "\"assets\":[",
    "{\"Symbol\":\"B:A\",\"Weight\":0.1}",
    "\"rank\":1",
    "\"runs\":[",
    "\"engine\":\"e\"",
    "\"profile\":\"p\"",
    "\"intent\":{",
    "\"intent_id\":\"i\"",
    "\"size_frac\":",
    "\"action\":\"add\"",
    "Profile,Symbol,Action,Size,Target_Weight,Market,Description\n",
    "p,B:A,BUY,0.1,0.2,m,d\n",
    "p,B:A,SELL,nan,,,\"",
    "\"prev_hash\":\"0000000000000000000000000000000000000000000000000000000000000000\"",
    "\"hash\":\"\"",
    "{\"instrument_id\":\"B:A\",\"bid_px\":1,\"ask_px\":2,\"as_of\":\"2026-01-06T10:00:00Z\"}\n",
    "\u{feff}",
    "é",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_panic_or_lose_a_line(bytes in bytes()) {
        boundaries::ndjson(&bytes);
        boundaries::portfolio(&bytes);
        boundaries::actual(&bytes);
        boundaries::drift(&bytes);
        boundaries::registry(&bytes);
        boundaries::ledger(&bytes);
        boundaries::quotes(&bytes);
    }
}
