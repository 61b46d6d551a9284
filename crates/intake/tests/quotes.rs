//! Quotes.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it rewrites")]

use expect_test::{Expect, expect};
use fillwright_intake::{IntakeError, Quotes};

fn check(input: &str, expected: &Expect) {
    let told = Quotes::new("quotes.ndjson", input.as_bytes()).map(|item| match item {
        Err(IntakeError::Refused(refusal)) => format!("{refusal} [{}]\n", refusal.kind.code()),
        Err(error) => panic!("memory can always be read: {error}"),
        Ok((instrument_id, quote)) => format!("{instrument_id} {quote:?}\n"),
    });
    expected.assert_eq(&told.collect::<String>());
}

fn quote(fields: &str) -> String {
    format!(r#"{{"instrument_id": "BINANCE:BTCUSDT", {fields}, "as_of": "2026-01-06T10:00:00Z"}}"#)
}

#[test]
fn figures_are_exact_as_strings_and_as_numbers() {
    check(
        &[
            quote(r#""bid_px": "43000.123456789012345678", "ask_px": 43000.2"#),
            quote(r#""bid_px": 1, "ask_px": 2, "bid_qty": "0.5", "ask_qty": 1e3, "last_px": null, "interval_qty": 0"#),
            quote(r#""bid_px": 1, "ask_px": 2"#).replace("10:00:00Z", "12:00:00.000000001+02:00"),
        ]
        .join("\n"),
        &expect![[r#"
            BINANCE:BTCUSDT Quote { bid_px: Px(43000.123456789012345678), ask_px: Px(43000.2), bid_qty: None, ask_qty: None, last_px: None, interval_qty: None, as_of: Timestamp(1767693600000000000) }
            BINANCE:BTCUSDT Quote { bid_px: Px(1), ask_px: Px(2), bid_qty: Some(Qty(0.5)), ask_qty: Some(Qty(1000)), last_px: None, interval_qty: Some(Qty(0)), as_of: Timestamp(1767693600000000000) }
            BINANCE:BTCUSDT Quote { bid_px: Px(1), ask_px: Px(2), bid_qty: None, ask_qty: None, last_px: None, interval_qty: None, as_of: Timestamp(1767693600000000001) }
        "#]],
    );
}

#[test]
fn what_is_not_an_exact_quote_is_refused() {
    check(
        &[
            quote(r#""bid_px": NaN, "ask_px": 2"#),
            quote(r#""bid_px": "NaN", "ask_px": 2"#),
            quote(r#""bid_px": -1, "ask_px": 2"#),
            quote(r#""bid_px": 1e-19, "ask_px": 2"#),
            quote(r#""bid_px": "0.0000000000000000001", "ask_px": 2"#),
            quote(r#""bid_px": "1e3", "ask_px": 2"#),
            quote(r#""bid_px": "", "ask_px": 2"#),
            quote(r#""bid_px": true, "ask_px": 2"#),
            quote(r#""bid_px": 1"#),
            quote(r#""bid_px": 1, "ask_px": 2, "venue": "x""#),
            quote(r#""bid_px": 1, "ask_px": 2"#).replace("BINANCE:", ""),
            quote(r#""bid_px": 1, "ask_px": 2"#).replace('Z', ""),
            quote(r#""bid_px": 1, "ask_px": 2"#).replace("2026", "2300"),
            quote(r#""bid_px": 1, "ask_px": 2"#).replace("\"2026-01-06T10:00:00Z\"", "1767693600"),
        ]
        .join("\n"),
        &expect![[r#"
            quotes.ndjson:1:48: bid_px: is NaN, which is not a number; write a decimal that is not negative, of at most 18 decimals [not_finite]
            quotes.ndjson:2:48: bid_px: is `NaN`, which is no exact decimal (unexpected character, or end of the number, at position 0); write a decimal that is not negative, of at most 18 decimals [not_exact]
            quotes.ndjson:3:48: bid_px: is `-1`; write a decimal that is not negative, of at most 18 decimals [out_of_range]
            quotes.ndjson:4:48: bid_px: is `1e-19`; write a decimal that is not negative, of at most 18 decimals [out_of_range]
            quotes.ndjson:5:48: bid_px: is `0.0000000000000000001`, which is no exact decimal (more than 18 decimals, at position 20); write a decimal that is not negative, of at most 18 decimals [not_exact]
            quotes.ndjson:6:48: bid_px: is `1e3`, which is no exact decimal (unexpected character, or end of the number, at position 1); write a decimal that is not negative, of at most 18 decimals [not_exact]
            quotes.ndjson:7:48: bid_px: is ``, which is no exact decimal (the number is empty); write a decimal that is not negative, of at most 18 decimals [not_exact]
            quotes.ndjson:8:48: bid_px: is true; write a decimal that is not negative, of at most 18 decimals [wrong_type]
            quotes.ndjson:9:1: ask_px: is missing; add it [missing_field]
            quotes.ndjson:10:64: venue: is not a field here; the fields are instrument_id, bid_px, ask_px, bid_qty, ask_qty, last_px, interval_qty, as_of [unknown_field]
            quotes.ndjson:11:19: instrument_id: is `BTCUSDT`; write VENUE:SYMBOL, as BINANCE:BTCUSDT [out_of_range]
            quotes.ndjson:12:73: as_of: is `2026-01-06T10:00:00`; write an instant of RFC 3339 with its zone, as "2026-01-06T10:00:00Z" [out_of_range]
            quotes.ndjson:13:73: as_of: is `2300-01-06T10:00:00Z`; write an instant of RFC 3339 with its zone, as "2026-01-06T10:00:00Z" [out_of_range]
            quotes.ndjson:14:73: as_of: is a number; write an instant of RFC 3339 with its zone, as "2026-01-06T10:00:00Z" [wrong_type]
        "#]],
    );
}
