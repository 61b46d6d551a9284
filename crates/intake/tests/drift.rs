//! Drift orders.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it rewrites")]

use expect_test::{Expect, expect};
use fillwright_domain::Ask;
use fillwright_intake::{DriftOrders, IntakeError};

const HEADER: &str = "Profile,Symbol,Action,Size,Target_Weight,Market,Description";

fn check(input: impl AsRef<[u8]>, expected: &Expect) {
    let orders = DriftOrders::new("drift_orders.csv", input.as_ref());
    let told = orders.map(|item| match item {
        Err(IntakeError::Refused(refusal)) => format!("{refusal} [{}]\n", refusal.kind.code()),
        Err(error) => panic!("memory can always be read: {error}"),
        Ok(intent) => {
            let Ask::Rebalance(asked) = &intent.ask else { panic!("a row became {intent:?}") };
            format!(
                "line {}: {} {} by {} to {} in {} ({:?}, market {:?}, {:?})\n",
                intent.origin.line,
                intent.intent_id,
                intent.instrument_id,
                asked.weight_change,
                asked.target_weight,
                intent.book_id,
                intent.source_run.as_ref().map(ToString::to_string),
                asked.market.as_str(),
                asked.description.as_str(),
            )
        }
    });
    expected.assert_eq(&told.collect::<String>());
}

#[test]
fn rows_become_signed_changes_of_weight_and_dust_is_kept() {
    check(
        format!(
            "{HEADER}\r\nbarbell,BINANCE:BTCUSDT,BUY,0.05,0.25,crypto,\"Bitcoin, \"\"spot\"\"\"\r\n\r\nbarbell,nasdaq:AAPL,SELL,1e-05,-0.1,stocks,\r\nbarbell,BINANCE:ETHUSDT,BUY,0,0.1,,\n"
        ),
        &expect![[r#"
            line 2: drift-f10c17a42679ec3044ae7ab7c4656335 BINANCE:BTCUSDT by 0.05 to 0.25 in barbell (None, market "crypto", "Bitcoin, \"spot\"")
            line 4: drift-fbd4c23395ac19d51948f0e940a3d602 NASDAQ:AAPL by -0.00001 to -0.1 in barbell (None, market "stocks", "")
            line 5: drift-823126982ca526fb8281a52b2c24dd00 BINANCE:ETHUSDT by 0 to 0.1 in barbell (None, market "", "")
        "#]],
    );
}

#[test]
fn columns_may_stand_in_any_order_and_name_the_run() {
    check(
        "\u{feff}Symbol,Profile,Action,Source_Run,Size,Target_Weight,Description,Market\nBINANCE:BTCUSDT,hrp,BUY,run-7,0.05,0.25,d,m\nBINANCE:BTCUSDT,hrp,BUY,,0.05,0.25,d,m\n",
        &expect![[r#"
            line 2: drift-3fe099b03c390e89efb18498f8fb09d5 BINANCE:BTCUSDT by 0.05 to 0.25 in hrp (Some("run-7"), market "m", "d")
            line 3: drift-a2531cc73800f0be5e1cb36ed6264ec8 BINANCE:BTCUSDT by 0.05 to 0.25 in hrp (None, market "m", "d")
        "#]],
    );
}

#[test]
fn bad_rows_are_refused_with_line_and_field_and_the_rest_goes_on() {
    let rows = [
        ",BINANCE:A,BUY,0.1,0.1,m,d",
        "b,BTCUSDT,BUY,0.1,0.1,m,d",
        "b,BINANCE:A,HOLD,0.1,0.1,m,d",
        "b,BINANCE:A,BUY,-0.1,0.1,m,d",
        "b,BINANCE:A,BUY,nan,0.1,m,d",
        "b,BINANCE:A,BUY,-inf,0.1,m,d",
        "b,BINANCE:A,BUY,0.1,inf,m,d",
        "b,BINANCE:A,BUY,,0.1,m,d",
        "b,BINANCE:A,BUY,.5,0.1,m,d",
        "b,BINANCE:A,BUY,1234567890123456789012345678901234567890,0.1,m,d",
        "b,BINANCE:A,BUY,0.1,\"0,1\",m,d",
        "b,BINANCE:A,BUY,0.1,0.1,m",
        "b,BINANCE:A,BUY,0.1,0.1,m,d,e",
        "b,BINANCE:A,BUY,0.1,0.1,m,\"open",
        "b,BINANCE:A,SELL,0.1,0.1,m,d",
    ];
    check(
        format!("{HEADER}\n{}\n", rows.join("\n")),
        &expect![[r#"
            drift_orders.csv:2: Profile: is empty; write a name of 1 to 128 bytes without control characters [bad_id]
            drift_orders.csv:3: Symbol: is `BTCUSDT`; write VENUE:SYMBOL, as BINANCE:BTCUSDT [out_of_range]
            drift_orders.csv:4: Action: is `HOLD`; write BUY or SELL [out_of_range]
            drift_orders.csv:5: Size: is `-0.1`; write the absolute change of weight as a decimal [out_of_range]
            drift_orders.csv:6: Size: is nan, which is not a number; write the absolute change of weight as a decimal [not_finite]
            drift_orders.csv:7: Size: is `-inf`; write the absolute change of weight as a decimal [out_of_range]
            drift_orders.csv:8: Target_Weight: is inf, which is not a number; write a weight as a decimal [not_finite]
            drift_orders.csv:9: Size: is ``, which is no exact decimal (the number is empty); write the absolute change of weight as a decimal [not_exact]
            drift_orders.csv:10: Size: is `.5`, which is no exact decimal (unexpected character, or end of the number, at position 0); write the absolute change of weight as a decimal [not_exact]
            drift_orders.csv:11: Size: is `1234567890123456789012345678901234567890`, which is no exact decimal (the number is out of range); write the absolute change of weight as a decimal [not_exact]
            drift_orders.csv:12: Target_Weight: is `0,1`, which is no exact decimal (unexpected character, or end of the number, at position 1); write a weight as a decimal [not_exact]
            drift_orders.csv:13: the row has 6 cells and the header 7 [cell_count]
            drift_orders.csv:14: the row has 8 cells and the header 7 [cell_count]
            drift_orders.csv:15: a quoted cell does not end on its line; close the quote [open_quote]
            line 16: drift-115d7e98c575d26fb26118df5bd026c7 BINANCE:A by -0.1 to 0.1 in b (None, market "m", "d")
        "#]],
    );
}

#[test]
fn a_refused_header_refuses_every_row() {
    check(
        b"b,BINANCE:A,BUY,0.1,0.1,m,d\nb,BINANCE:A,BUY,0.1,0.1,m,d\n",
        &expect![[r#"
        drift_orders.csv:1: b: is not a field here; the fields are Profile, Symbol, Action, Size, Target_Weight, Market, Description, Source_Run [unknown_field]
        drift_orders.csv:2: the row cannot be read because the header was refused; correct the header [no_header]
    "#]],
    );
    check(
        b"Profile,Symbol,Action,Size,Market,Description\n",
        &expect![[r#"
        drift_orders.csv:1: Target_Weight: is missing; add it [missing_field]
    "#]],
    );
    check(
        format!("{HEADER},Symbol\n"),
        &expect![[r#"
        drift_orders.csv:1: Symbol: is given twice; keep one [duplicate_field]
    "#]],
    );
}

#[test]
fn broken_utf8_and_long_lines_are_refused() {
    let mut input = format!("{HEADER}\nb,BINANCE:A,BUY,0.1,0.1,m,").into_bytes();
    input.extend_from_slice(b"caf\xe9\n");
    input.extend_from_slice(&vec![b'x'; 2 << 20]);
    input.extend_from_slice(b"\nb,BINANCE:A,BUY,0.1,0.1,m,d\n");
    input
        .extend_from_slice(format!("b,BINANCE:A,BUY,0.1,0.1,m,{}\n", "x".repeat(5_000)).as_bytes());
    check(
        input,
        &expect![[r#"
            drift_orders.csv:2:30: is not UTF-8 from here on; write the file as UTF-8 [not_utf8]
            drift_orders.csv:3: the line is longer than 1048576 bytes and was skipped; write one record a line [line_too_long]
            line 4: drift-69b1d6944dc12bdcc89148059cb1889e BINANCE:A by 0.1 to 0.1 in b (None, market "m", "d")
            drift_orders.csv:5: Description: is longer than 4096 bytes; shorten it [text_too_long]
        "#]],
    );
}

#[test]
fn a_last_line_without_its_ending_may_be_half_a_row() {
    check(
        format!("{HEADER}\nb,BINANCE:A,BUY,0.1,0.1,m,Bitc"),
        &expect![[r#"
        drift_orders.csv:2: ends before it is complete; it was cut off, or is still being written [unfinished]
    "#]],
    );
    check(
        HEADER,
        &expect![[r#"
        drift_orders.csv:1: ends before it is complete; it was cut off, or is still being written [unfinished]
    "#]],
    );
}

#[test]
fn an_empty_file_asks_for_nothing() {
    check("", &expect![[r""]]);
    check(format!("{HEADER}\n"), &expect![[r""]]);
}
