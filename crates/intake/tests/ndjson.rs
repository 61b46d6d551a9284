//! Execution intents, one a line: what is accepted, and how each kind of bad input reads.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it rewrites")]

use std::io::BufReader;

use expect_test::{Expect, expect};
use fillwright_domain::{Ask, Intent};
use fillwright_intake::lines::LINE_BYTES_MAX;
use fillwright_intake::{IntakeError, Intents, Position, Refusal, RefusalKind, emit};

/// What `to_dict()` yields, as Python's `json.dumps` writes it.
const LINE: &str = r#"{"action": "add", "size_frac": 0.5, "urgency": "medium", "priority": 50, "max_slippage_bps": null, "reduce_only": false, "post_only": false, "reason_codes": ["buy_flag", "s2_dip"], "state": "S2", "prev_state": "S1", "a_final": 0.7300000000000001, "e_final": 1e-05, "position_id": "p-17", "token_contract": "BTCUSDT", "token_chain": "binance", "book_id": "momentum", "timeframe": "4h", "max_leverage": null, "risk_reason": null}"#;

fn read(input: &[u8]) -> Vec<Result<Intent, Refusal>> {
    let refused = |error| match error {
        IntakeError::Refused(refusal) => refusal,
        IntakeError::Read { .. } => panic!("memory can always be read: {error}"),
    };
    Intents::new("intents.ndjson", input).map(|item| item.map_err(refused)).collect()
}

fn check(input: impl AsRef<[u8]>, expected: &Expect) {
    let told: String = read(input.as_ref()).into_iter().map(|read| told(read) + "\n").collect();
    expected.assert_eq(&told);
}

fn told(read: Result<Intent, Refusal>) -> String {
    match read {
        Err(refusal) => format!("{refusal} [{}]", refusal.kind.code()),
        Ok(intent) => {
            let Ask::Execution(asked) = &intent.ask else { panic!("a line became {intent:?}") };
            let cut = if intent.input_truncated { ", cut to 18 decimals" } else { "" };
            format!(
                "line {}: {} asks {} {} of {} in {} for {:?} by {:?}{cut}",
                intent.origin.line,
                intent.intent_id,
                asked.action.as_str(),
                asked.size_frac,
                intent.instrument_id,
                intent.book_id,
                intent.strategy_id.as_ref().map(ToString::to_string),
                intent.source_run.as_ref().map(ToString::to_string),
            )
        }
    }
}

/// The line with one piece replaced by another; both must differ and the first must be there.
fn with(from: &str, to: &str) -> String {
    assert!(LINE.contains(from), "{from} is not in the line");
    LINE.replacen(from, to, 1)
}

#[test]
fn a_line_of_to_dict_is_accepted_unchanged() {
    check(
        LINE,
        &expect![[r#"
        line 1: derived-114a347b3cfedda1bdbaaaf2c7ac639d asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
    "#]],
    );
    let read = read(LINE.as_bytes()).remove(0).expect("it is accepted");
    expect![[r#"
        Execution(
            ExecutionIntent {
                action: Add,
                size_frac: Ratio(0.5),
                urgency: Medium,
                priority: 50,
                max_slippage_bps: None,
                reduce_only: false,
                post_only: false,
                reason_codes: [
                    Text(
                        "buy_flag",
                    ),
                    Text(
                        "s2_dip",
                    ),
                ],
                state: Text(
                    "S2",
                ),
                prev_state: Text(
                    "S1",
                ),
                a_final: NumberText(
                    "0.7300000000000001",
                ),
                e_final: NumberText(
                    "1e-05",
                ),
                position_id: PositionId(
                    "p-17",
                ),
                token_contract: Text(
                    "BTCUSDT",
                ),
                token_chain: Text(
                    "binance",
                ),
                book_id: BookId(
                    "momentum",
                ),
                timeframe: Text(
                    "4h",
                ),
                max_leverage: None,
                risk_reason: None,
            },
        )
    "#]]
    .assert_debug_eq(&read.ask);
}

#[test]
fn fields_with_a_default_may_be_absent() {
    let required = r#"{"action":"exit","size_frac":1,"urgency":"critical","priority":100,"state":"S0","a_final":0,"e_final":1,"position_id":"p","token_contract":"BTC","token_chain":"hyperliquid","book_id":"b","timeframe":"1h"}"#;
    check(
        required,
        &expect![[r#"
        line 1: derived-c9a2ec4f73c98ce5b2a205a8ed0002e6 asks exit 1 of HYPERLIQUID:BTC in b for None by None
    "#]],
    );
}

#[test]
fn an_envelope_names_intent_strategy_and_run() {
    check(
        format!(
            "{}\n{}\n{}\n",
            format_args!(
                r#"{{"intent_id":"I-1","strategy_id":"trend","source_run":"20260106-prod-q1","intent":{LINE}}}"#
            ),
            format_args!(r#"{{"intent_id":"I-2","intent":{LINE}}}"#),
            format_args!(
                r#"{{"intent_id":"I-3","strategy_id":null,"source_run":null,"intent":{LINE}}}"#
            ),
        ),
        &expect![[r#"
            line 1: I-1 asks add 0.5 of BINANCE:BTCUSDT in momentum for Some("trend") by Some("20260106-prod-q1")
            line 2: I-2 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
            line 3: I-3 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn an_envelope_needs_an_id_and_holds_nothing_else() {
    check(
        format!(
            "{}\n{}\n{}\n{}\n",
            format_args!(r#"{{"intent":{LINE}}}"#),
            format_args!(r#"{{"intent_id":"","intent":{LINE}}}"#),
            format_args!(r#"{{"intent_id":"I-1","priority":1,"intent":{LINE}}}"#),
            format_args!(r#"{{"intent_id":"I-1","intent":{}}}"#, with("0.5", "NaN")),
        ),
        &expect![[r#"
            intents.ndjson:1:1: intent_id: is missing; add it [missing_field]
            intents.ndjson:2:14: intent_id: is empty; write a name of 1 to 128 bytes without control characters [bad_id]
            intents.ndjson:3:20: priority: is not a field here; the fields are intent_id, strategy_id, source_run, intent [unknown_field]
            intents.ndjson:4:60: intent.size_frac: is NaN, which is not a number; write a decimal between 0 and 1 [not_finite]
        "#]],
    );
}

#[test]
fn reading_the_same_file_again_yields_the_same_ids() {
    let file = format!("{LINE}\n{LINE}\n");
    let ids = |input: &str| -> Vec<_> {
        read(input.as_bytes()).into_iter().map(|item| item.expect("accepted").intent_id).collect()
    };
    assert_eq!(ids(&file), ids(&file));
    assert_ne!(ids(&file)[0], ids(&file)[1], "the same words on another line are another intent");
    assert_eq!(ids(&file), ids(&file.replace('\n', "\r\n")), "line endings say nothing");
    let elsewhere = Intents::new("other.ndjson", LINE.as_bytes()).next().expect("an item");
    assert_ne!(elsewhere.expect("accepted").intent_id, ids(&file)[0]);
}

#[test]
fn blank_lines_are_counted_and_change_no_line_number() {
    let input = format!("\n  \t\r\n{LINE}\n\n");
    let mut intents = Intents::new("intents.ndjson", input.as_bytes());
    let intent = intents.next().expect("an item").expect("an intent");
    assert_eq!((intent.origin.source.as_str(), intent.origin.line), ("intents.ndjson", 3));
    assert!(intents.next().is_none());
    let counts = intents.counts();
    assert_eq!((counts.accepted, counts.refused, counts.blank, counts.lines()), (1, 0, 3, 4));
}

// The twelve kinds of bad input. Each is a line of its own, and the line behind it is still read.

#[test]
fn nan_is_refused_by_name() {
    check(
        format!("{}\n{LINE}\n", with("0.5", "NaN")),
        &expect![[r#"
        intents.ndjson:1:32: size_frac: is NaN, which is not a number; write a decimal between 0 and 1 [not_finite]
        line 2: derived-d1235f5ec18d1b8717b142db9844df0f asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
    "#]],
    );
}

#[test]
fn infinity_is_refused_by_name() {
    check(
        format!(
            "{}\n{}\n{}\n{LINE}\n",
            with("0.5", "Infinity"),
            with("1e-05", "-Infinity"),
            with("0.5", "1e999")
        ),
        &expect![[r#"
            intents.ndjson:1:32: size_frac: is Infinity, which is not a number; write a decimal between 0 and 1 [not_finite]
            intents.ndjson:2:259: e_final: is -Infinity, which is not a number; write a number of at most 64 characters [not_finite]
            intents.ndjson:3:32: size_frac: is `1e999`, which is no exact decimal (the number is out of range); write a decimal between 0 and 1 [not_exact]
            line 4: derived-369bd58edbc1672b9811a9c0a4d6b9f1 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn a_number_of_forty_digits_is_refused_where_it_must_be_exact() {
    let digits = "0.1234567890123456789012345678901234567891";
    let whole = "1234567890123456789012345678901234567890";
    check(
        format!(
            "{}\n{}\n{}\n{LINE}\n",
            with("0.5", digits),
            with("50", whole),
            with("\"max_leverage\": null", &format!("\"max_leverage\": {whole}")),
        ),
        &expect![[r#"
            intents.ndjson:1:32: size_frac: is `0.12345678901234567890123456789012345678…`, which is no exact decimal (the number has too many digits); write a decimal between 0 and 1 [not_exact]
            intents.ndjson:2:70: priority: is `1234567890123456789012345678901234567890`; write an integer between 0 and 100 [out_of_range]
            intents.ndjson:3:402: max_leverage: is `1234567890123456789012345678901234567890`, which is no exact decimal (the number is out of range); write a decimal that is not negative [not_exact]
            line 4: derived-369bd58edbc1672b9811a9c0a4d6b9f1 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
    let score =
        read(with("1e-05", digits).as_bytes()).remove(0).expect("a score is kept as it is written");
    let Ask::Execution(asked) = score.ask else { panic!("not an execution intent") };
    assert_eq!(asked.e_final.as_str(), digits);
}

#[test]
fn a_size_below_zero_or_above_one_is_refused() {
    check(
        format!(
            "{}\n{}\n{}\n{}\n",
            with("0.5", "-0.5"),
            with("0.5", "-1e-30"),
            with("0.5", "1.000000000000000001"),
            with("0.5", "-0.0"),
        ),
        &expect![[r#"
            intents.ndjson:1:32: size_frac: is `-0.5`; write a decimal between 0 and 1 [out_of_range]
            intents.ndjson:2:32: size_frac: is `-1e-30`; write a decimal between 0 and 1 [out_of_range]
            intents.ndjson:3:32: size_frac: is `1.000000000000000001`; write a decimal between 0 and 1 [out_of_range]
            line 4: derived-eaf878d8a37e20d5daf417a2f768cbbe asks add 0 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn an_unknown_field_is_refused_by_name() {
    check(
        format!(
            "{}\n{}\n{LINE}\n",
            with("size_frac", "size_fraction"),
            with("{", "{\"intent_id\": \"I-1\", ")
        ),
        &expect![[r#"
            intents.ndjson:1:19: size_fraction: is not a field here; the fields are action, size_frac, urgency, priority, max_slippage_bps, reduce_only, post_only, reason_codes, state, prev_state, a_final, e_final, position_id, token_contract, token_chain, book_id, timeframe, max_leverage, risk_reason [unknown_field]
            intents.ndjson:2:2: intent_id: is not a field here; the fields are action, size_frac, urgency, priority, max_slippage_bps, reduce_only, post_only, reason_codes, state, prev_state, a_final, e_final, position_id, token_contract, token_chain, book_id, timeframe, max_leverage, risk_reason [unknown_field]
            line 3: derived-ab88731304e627e60afb64a91fb5d115 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn an_unknown_word_is_refused_with_the_words_there_are() {
    check(
        format!(
            "{}\n{}\n{}\n{LINE}\n",
            with("\"add\"", "\"buy\""),
            with("\"add\"", "\"rebalance\""),
            with("medium", "MEDIUM")
        ),
        &expect![[r#"
            intents.ndjson:1:12: action: is `buy`; write hold, add, trim, exit, reclaim or emergency_exit [out_of_range]
            intents.ndjson:2:12: action: is `rebalance`; write hold, add, trim, exit, reclaim or emergency_exit [out_of_range]
            intents.ndjson:3:48: urgency: is `MEDIUM`; write low, medium, high or critical [out_of_range]
            line 4: derived-369bd58edbc1672b9811a9c0a4d6b9f1 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn a_missing_field_is_refused_by_name() {
    check(
        format!("{}\n{}\n{LINE}\n", with("\"state\": \"S2\", ", ""), "{}"),
        &expect![[r#"
            intents.ndjson:1:1: state: is missing; add it [missing_field]
            intents.ndjson:2:1: action: is missing; add it [missing_field]
            line 3: derived-ab88731304e627e60afb64a91fb5d115 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn a_wrong_type_is_refused_by_name() {
    check(
        [
            with("0.5", "\"0.5\""),
            with("50", "50.0"),
            with("50", "5e1"),
            with("50", "-1"),
            with("50", "101"),
            with("50", "null"),
            with("false", "0"),
            with("[\"buy_flag\", \"s2_dip\"]", "\"buy_flag\""),
            with("\"s2_dip\"", "7"),
            with("\"S2\"", "null"),
            with("\"max_slippage_bps\": null", "\"max_slippage_bps\": 4294967296"),
            with("\"max_leverage\": null", "\"max_leverage\": -2"),
            with("\"max_leverage\": null", "\"max_leverage\": true"),
            "[1, 2]".to_owned(),
            "7".to_owned(),
            "null".to_owned(),
            LINE.to_owned(),
        ]
        .join("\n"),
        &expect![[r#"
            intents.ndjson:1:32: size_frac: is a string; write a decimal between 0 and 1 [wrong_type]
            intents.ndjson:2:70: priority: is `50.0`; write an integer between 0 and 100, without a point or an exponent [not_an_integer]
            intents.ndjson:3:70: priority: is `5e1`; write an integer between 0 and 100, without a point or an exponent [not_an_integer]
            intents.ndjson:4:70: priority: is `-1`; write an integer between 0 and 100 [out_of_range]
            intents.ndjson:5:70: priority: is `101`; write an integer between 0 and 100 [out_of_range]
            intents.ndjson:6:70: priority: is null; write an integer between 0 and 100 [wrong_type]
            intents.ndjson:7:115: reduce_only: is a number; write true or false [wrong_type]
            intents.ndjson:8:158: reason_codes: is a string; write an array [wrong_type]
            intents.ndjson:9:171: reason_codes[1]: is a number; write a string [wrong_type]
            intents.ndjson:10:191: state: is null; write a string [wrong_type]
            intents.ndjson:11:94: max_slippage_bps: is `4294967296`; write basis points as an integer that is not negative [out_of_range]
            intents.ndjson:12:402: max_leverage: is `-2`; write a decimal that is not negative [out_of_range]
            intents.ndjson:13:402: max_leverage: is true; write a decimal that is not negative [wrong_type]
            intents.ndjson:14:1: is an array; write an object [wrong_type]
            intents.ndjson:15:1: is a number; write an object [wrong_type]
            intents.ndjson:16:1: is null; write an object [wrong_type]
            line 17: derived-6f43b4717eaafd3be4362dd4eed70940 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn deep_nesting_is_refused_before_it_costs_anything() {
    let deep = "[".repeat(100_000);
    check(
        format!("{}\n{deep}\n{LINE}\n", with("\"S2\"", &deep)),
        &expect![[r#"
            intents.ndjson:1:206: state: is nested more than 16 levels deep [too_deep]
            intents.ndjson:2:17: is nested more than 16 levels deep [too_deep]
            line 3: derived-ab88731304e627e60afb64a91fb5d115 asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn a_string_of_ten_megabytes_is_skipped_without_being_held() {
    let long = with("\"S2\"", &format!("\"{}\"", "x".repeat(10 << 20)));
    check(
        format!("{long}\n{LINE}\n{long}"),
        &expect![[r#"
        intents.ndjson:1: the line is longer than 1048576 bytes and was skipped; write one record a line [line_too_long]
        line 2: derived-d1235f5ec18d1b8717b142db9844df0f asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        intents.ndjson:3: the line is longer than 1048576 bytes and was skipped; write one record a line [line_too_long]
    "#]],
    );
    check(
        format!("{}\n{LINE}\n", with("\"S2\"", &format!("\"{}\"", "x".repeat(5_000)))),
        &expect![[r#"
            intents.ndjson:1:191: state: is longer than 4096 bytes; shorten it [text_too_long]
            line 2: derived-d1235f5ec18d1b8717b142db9844df0f asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn broken_utf8_is_refused_at_its_place() {
    let mut input = with("\"S2\"", "\"é!\"").into_bytes();
    let at = input.iter().position(|byte| *byte == b'!').expect("it is there");
    input[at] = 0xff;
    input.extend_from_slice(format!("\n{LINE}\n").as_bytes());
    check(
        input,
        &expect![[r#"
        intents.ndjson:1:193: is not UTF-8 from here on; write the file as UTF-8 [not_utf8]
        line 2: derived-d1235f5ec18d1b8717b142db9844df0f asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
    "#]],
    );
}

#[test]
fn a_truncated_last_line_is_unfinished_wherever_it_ends() {
    check(
        format!("{LINE}\n{}", &LINE[..37]),
        &expect![[r#"
        line 1: derived-114a347b3cfedda1bdbaaaf2c7ac639d asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        intents.ndjson:2:38: ends before it is complete; it was cut off, or is still being written [unfinished]
    "#]],
    );
    check(
        format!("{}\n{LINE}\n", &LINE[..37]),
        &expect![[r#"
        intents.ndjson:1:38: the line ends before its record does [cut_off]
        line 2: derived-d1235f5ec18d1b8717b142db9844df0f asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
    "#]],
    );
    for end in 1..LINE.len() {
        let refusal = read(&LINE.as_bytes()[..end]).remove(0).expect_err("half a line");
        assert!(refusal.is_unfinished(), "cut at {end}: {refusal}");
    }
}

// Beyond the twelve.

#[test]
fn a_field_given_twice_is_refused() {
    check(
        format!("{}\n{LINE}\n", with("\"priority\": 50", "\"priority\": 50, \"priority\": 51")),
        &expect![[r#"
            intents.ndjson:1:74: priority: is given twice; keep one [duplicate_field]
            line 2: derived-d1235f5ec18d1b8717b142db9844df0f asks add 0.5 of BINANCE:BTCUSDT in momentum for None by None
        "#]],
    );
}

#[test]
fn names_that_cannot_name_anything_are_refused() {
    check(
        [
            with("\"momentum\"", "\"\""),
            with("\"momentum\"", "\"mo\\u0000mentum\""),
            with("\"p-17\"", &format!("\"{}\"", "p".repeat(129))),
            with("\"binance\"", "\"bin:ance\""),
            with("\"BTCUSDT\"", &format!("\"{}\"", "B".repeat(128))),
        ]
        .join("\n"),
        &expect![[r#"
            intents.ndjson:1:355: book_id: is empty; write a name of 1 to 128 bytes without control characters [bad_id]
            intents.ndjson:2:355: book_id: has a control character at byte 2; write a name of 1 to 128 bytes without control characters [bad_id]
            intents.ndjson:3:281: position_id: is longer than 128 bytes; write a name of 1 to 128 bytes without control characters [bad_id]
            intents.ndjson:4:333: token_chain: is `bin:ance`; write a venue's name without a colon [out_of_range]
            intents.ndjson:5:307: token_contract: is longer than 128 bytes; write a name of 1 to 128 bytes without control characters [bad_id]
        "#]],
    );
}

#[test]
fn what_is_not_json_is_refused_at_its_place() {
    check(
        [
            "{'action': 'add'}",
            "action=add",
            "{\"action\" \"add\"}",
            "{}{}",
            "{\"a\\q\":1}",
            "{\"a\":\"\u{7}\"}",
            "{\"a\":01}",
            "\u{feff}{}",
        ]
        .join("\n"),
        &expect![[r#"
            intents.ndjson:1:2: has `'` where a field's name in quotes should be [syntax]
            intents.ndjson:2:1: has `a` where a value should be [syntax]
            intents.ndjson:3:11: has `"` where a colon should be [syntax]
            intents.ndjson:4:3: has `{` where nothing more should be [syntax]
            intents.ndjson:5:5: has `q` where an escape of JSON should be [syntax]
            intents.ndjson:6:7: a: has `\u{7}` where an escaped control character should be [syntax]
            intents.ndjson:7:7: a: has `1` where a point or the end of the number should be [syntax]
            intents.ndjson:8:1: has `\u{feff}` where a value should be [syntax]
        "#]],
    );
}

#[test]
fn a_message_repeats_little_of_the_input_and_nothing_a_terminal_acts_on() {
    let nasty = format!("\\u001b[31m{}", "x".repeat(1_000));
    check(
        format!(
            "{}\n{}\n",
            with("\"add\"", &format!("\"{nasty}\"")),
            with("\"state\"", &format!("\"{nasty}\""))
        ),
        &expect![[r#"
            intents.ndjson:1:12: action: is `\u{1b}[31mxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`; write hold, add, trim, exit, reclaim or emergency_exit [out_of_range]
            intents.ndjson:2:182: \u{1b}[31mxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…: is not a field here; the fields are action, size_frac, urgency, priority, max_slippage_bps, reduce_only, post_only, reason_codes, state, prev_state, a_final, e_final, position_id, token_contract, token_chain, book_id, timeframe, max_leverage, risk_reason [unknown_field]
        "#]],
    );
}

#[test]
fn decimals_beyond_the_eighteenth_are_cut_and_said_to_be() {
    check(
        with("0.5", "1.2345678901234567e-05"),
        &expect![[r#"
        line 1: derived-df31c4237ee7860e5d27a098939cda43 asks add 0.000012345678901234 of BINANCE:BTCUSDT in momentum for None by None, cut to 18 decimals
    "#]],
    );
}

#[test]
fn too_many_reason_codes_are_refused() {
    check(
        with("[\"buy_flag\", \"s2_dip\"]", &format!("[{}\"x\"]", "\"x\", ".repeat(256))),
        &expect![[r#"
            intents.ndjson:1:158: reason_codes: has more than 256 values [too_many_values]
        "#]],
    );
    check(
        with("[\"buy_flag\", \"s2_dip\"]", &format!("[{}\"x\"]", "\"x\", ".repeat(2_000))),
        &expect![[r#"
            intents.ndjson:1:5234: reason_codes[1015]: has more than 1024 values [too_many_values]
        "#]],
    );
}

#[test]
fn a_line_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
    for (excess, refused) in [(0, false), (1, true)] {
        for ending in ["", "\n"] {
            let line =
                format!("{LINE}{}{ending}", " ".repeat(LINE_BYTES_MAX + excess - LINE.len()));
            let item = read(line.as_bytes()).remove(0);
            let too_long =
                item.is_err_and(|refusal| matches!(refusal.kind, RefusalKind::LineTooLong { .. }));
            assert_eq!(too_long, refused, "{excess} byte(s) over the limit, ending {ending:?}");
        }
    }
}

#[test]
fn a_file_that_grows_is_read_on_where_reading_stopped() {
    let whole = format!("{LINE}\n{LINE}\n");
    let cut = LINE.len() + 20;
    let mut first = Intents::new("f", &whole.as_bytes()[..cut]);
    first.next().expect("an item").expect("an intent");
    let before = first.position();
    let half = first.next().expect("an item").expect_err("half a line");
    assert!(matches!(half, IntakeError::Refused(refusal) if refusal.is_unfinished()));
    assert_eq!(before, Position { line: 2, byte: LINE.len() as u64 + 1 });

    let rest = &whole.as_bytes()[usize::try_from(before.byte).expect("small")..];
    let again: Vec<_> =
        Intents::resume("f", rest, before).map(|item| item.expect("whole now")).collect();
    let at_once: Vec<_> =
        Intents::new("f", whole.as_bytes()).map(|item| item.expect("whole")).collect();
    assert_eq!(again, at_once[1..]);
}

#[test]
fn bytes_that_cannot_be_had_end_the_reading() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let input = std::io::Read::chain(LINE.as_bytes(), std::io::Read::chain(&b"\n"[..], Broken));
    let items: Vec<_> = Intents::new("f", BufReader::new(input)).collect();
    let [Ok(_), Err(error @ IntakeError::Read { line: 2, .. })] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(error.to_string(), "f:2: could not be read");
}

#[test]
fn what_we_emit_is_read_as_the_same_intent() {
    let line =
        format!(r#"{{"intent_id":"I-1","strategy_id":"trend","source_run":"r","intent":{LINE}}}"#);
    let intent = read(line.as_bytes()).remove(0).expect("accepted");
    let emitted =
        emit::envelope_json(&intent).expect("it has a form").expect("it is an execution intent");
    expect![[r#"{"intent_id":"I-1","strategy_id":"trend","source_run":"r","intent":{"action":"add","size_frac":0.5,"urgency":"medium","priority":50,"max_slippage_bps":null,"reduce_only":false,"post_only":false,"reason_codes":["buy_flag","s2_dip"],"state":"S2","prev_state":"S1","a_final":0.7300000000000001,"e_final":1e-05,"position_id":"p-17","token_contract":"BTCUSDT","token_chain":"binance","book_id":"momentum","timeframe":"4h","max_leverage":null,"risk_reason":null}}"#]].assert_eq(&emitted);
    assert_eq!(read(emitted.as_bytes()).remove(0).expect("accepted"), intent);
}
