//! Target portfolios, what the books hold, and the difference.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it rewrites")]

use expect_test::{Expect, expect};
use fillwright_domain::{Ask, Intent};
use fillwright_intake::actual::read_actual;
use fillwright_intake::document::{DOCUMENT_BYTES_MAX, read_document};
use fillwright_intake::portfolio::read_portfolio;
use fillwright_intake::{ActualState, IntakeError, RefusalKind, differences};

const FILE: &str = "portfolio_optimized_v3.json";

/// One winner with these rows.
fn winner(rows: &str) -> String {
    format!(
        r#"{{"winners": [{{"rank": 1, "profile": "barbell", "engine": "riskfolio", "regime": {{"name": "NORMAL", "score": 0.42}}, "assets": [
{rows}
], "metadata": {{"generated_at": "2026-01-06T10:00:00.123456", "source_run_id": "20260106-prod-q1", "cluster_cap": 0.25}}}}]}}"#
    )
}

/// What a book holds, as (symbol, weight).
fn holding(book: &str, weights: &[(&str, &str)]) -> String {
    let rows: Vec<String> = weights
        .iter()
        .map(|(symbol, weight)| format!(r#"{{"Symbol": "{symbol}", "Weight": {weight}}}"#))
        .collect();
    format!(
        r#"{{"{book}": {{"assets": [{}], "updated_at": "2026-01-06T09:00:00"}}}}"#,
        rows.join(", ")
    )
}

const BOOK: &str = "Rank1_riskfolio_barbell";

/// The intents of a target file against an actual file, and all that was refused or left alone.
fn check(target: &str, actual: &str, expected: &Expect) {
    expected.assert_eq(&told(target, actual).map(|line| line + "\n").collect::<String>());
}

fn told(target: &str, actual: &str) -> impl Iterator<Item = String> {
    let portfolio = match read_portfolio(FILE, target.as_bytes()) {
        Ok(portfolio) => portfolio,
        Err(refusal) => return vec![format!("{refusal} [{}]", refusal.kind.code())].into_iter(),
    };
    let actual =
        read_actual("portfolio_actual_state.json", actual.as_bytes()).expect("a good actual state");
    let differences = differences(&portfolio, &actual);
    let refused = portfolio.refusals.iter().chain(&differences.refusals);
    let mut lines: Vec<String> =
        refused.map(|refusal| format!("{refusal} [{}]", refusal.kind.code())).collect();
    lines.extend(differences.intents.iter().map(intent));
    lines.extend(
        differences.withheld.iter().map(|(book, id)| format!("left alone: {id} in {book}")),
    );
    lines.extend(
        differences.untargeted_books.iter().map(|book| format!("without a target: {book}")),
    );
    lines.into_iter()
}

fn intent(intent: &Intent) -> String {
    let Ask::Rebalance(asked) = &intent.ask else { panic!("a portfolio became {intent:?}") };
    format!(
        "{}:{} {} by {} to {} in {} ({:?}, {:?}, market {:?}, {:?})",
        intent.origin.source,
        intent.origin.line,
        intent.instrument_id,
        asked.weight_change,
        asked.target_weight,
        intent.book_id,
        asked.regime,
        intent.source_run.as_ref().map(ToString::to_string),
        asked.market.as_str(),
        asked.description.as_str(),
    )
}

#[test]
fn winners_become_books_of_rank_engine_and_profile() {
    check(
        &winner(
            r#"{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.25, "Market": "crypto", "Description": "Bitcoin", "Cluster_ID": 3, "Net_Weight": NaN},
{"Symbol": "nasdaq:AAPL", "Weight": 1e-05, "Direction": "LONG", "Source_Run": "20260101-prod"},
{"Symbol": "BINANCE:ETHUSDT.P", "Weight": 0.1, "Direction": "SHORT", "Regime": "CRISIS"}"#,
        ),
        "{}",
        &expect![[r#"
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:1 BINANCE:BTCUSDT by 0.25 to 0.25 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "crypto", "Bitcoin")
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:3 BINANCE:ETHUSDT.P by -0.1 to -0.1 in Rank1_riskfolio_barbell (Some(Crisis), Some("20260106-prod-q1"), market "", "")
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:2 NASDAQ:AAPL by 0.00001 to 0.00001 in Rank1_riskfolio_barbell (Some(Normal), Some("20260101-prod"), market "", "")
        "#]],
    );
}

#[test]
fn profiles_become_books_of_their_names() {
    check(
        r#"{"profiles": {"barbell": {"assets": [{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.5}]}, "min_variance": {"regime": "QUIET", "assets": [{"Symbol": "BINANCE:BTCUSDT", "Weight": -0.5}]}}}"#,
        "{}",
        &expect![[r#"
            portfolio_optimized_v3.json#barbell:1 BINANCE:BTCUSDT by 0.5 to 0.5 in barbell (None, None, market "", "")
            portfolio_optimized_v3.json#min_variance:1 BINANCE:BTCUSDT by -0.5 to -0.5 in min_variance (Some(Quiet), None, market "", "")
        "#]],
    );
}

#[test]
fn a_single_root_is_one_book_and_barbell_where_it_says_nothing() {
    check(
        r#"{"profile": "hrp", "engine": "x", "regime": null, "assets": [{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.5}], "metadata": null}"#,
        "{}",
        &expect![[r#"
            portfolio_optimized_v3.json#hrp:1 BINANCE:BTCUSDT by 0.5 to 0.5 in hrp (None, None, market "", "")
        "#]],
    );
    check(
        r#"{"assets": [{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.5}]}"#,
        "{}",
        &expect![[r#"
        portfolio_optimized_v3.json#barbell:1 BINANCE:BTCUSDT by 0.5 to 0.5 in barbell (None, None, market "", "")
    "#]],
    );
}

#[test]
fn reductions_come_before_additions_and_equal_weights_ask_for_nothing() {
    check(
        &winner(
            r#"{"Symbol": "BINANCE:ADAUSDT", "Weight": 0.3},
{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.2},
{"Symbol": "BINANCE:ETHUSDT", "Weight": 0.10},
{"Symbol": "BINANCE:SOLUSDT.P", "Weight": -0.2}"#,
        ),
        &holding(
            BOOK,
            &[
                ("BINANCE:BTCUSDT", "0.4"),
                ("BINANCE:ETHUSDT", "0.1"),
                ("BINANCE:SOLUSDT.P", "0.1"),
                ("BINANCE:XRPUSDT", "-0.05"),
            ],
        ),
        &expect![[r#"
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:2 BINANCE:BTCUSDT by -0.2 to 0.2 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:0 BINANCE:XRPUSDT by 0.05 to 0 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "not in the target portfolio")
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:1 BINANCE:ADAUSDT by 0.3 to 0.3 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:4 BINANCE:SOLUSDT.P by -0.3 to -0.2 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
        "#]],
    );
}

#[test]
fn nan_is_named_by_book_row_and_symbol_and_its_symbol_is_not_sold() {
    check(
        &winner(
            r#"{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.2},
{"Symbol": "BINANCE:ETHUSDT", "Weight": NaN},
{"Symbol": "BINANCE:SOLUSDT", "Weight": -Infinity},
{"Symbol": "BINANCE:ADAUSDT", "Weight": 0.1}"#,
        ),
        &holding(BOOK, &[("BINANCE:ETHUSDT", "0.5"), ("BINANCE:XRPUSDT", "0.1")]),
        &expect![[r#"
            portfolio_optimized_v3.json:3:41: Rank1_riskfolio_barbell row 2 BINANCE:ETHUSDT: Weight: is NaN, which is not a number; write a weight as a decimal [not_finite]
            portfolio_optimized_v3.json:4:41: Rank1_riskfolio_barbell row 3 BINANCE:SOLUSDT: Weight: is -Infinity, which is not a number; write a weight as a decimal [not_finite]
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:0 BINANCE:XRPUSDT by -0.1 to 0 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "not in the target portfolio")
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:4 BINANCE:ADAUSDT by 0.1 to 0.1 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:1 BINANCE:BTCUSDT by 0.2 to 0.2 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
            left alone: BINANCE:ETHUSDT in Rank1_riskfolio_barbell
        "#]],
    );
}

#[test]
fn a_row_without_a_symbol_keeps_every_missing_symbol_from_being_sold() {
    check(
        &winner(
            r#"{"Symbol": NaN, "Weight": 0.2},
{"Symbol": "BTCUSDT", "Weight": 0.2},
7,
{"Symbol": "BINANCE:ADAUSDT", "Weight": 0.1}"#,
        ),
        &holding(BOOK, &[("BINANCE:ETHUSDT", "0.5"), ("BINANCE:ADAUSDT", "0.2")]),
        &expect![[r#"
            portfolio_optimized_v3.json:2:12: Rank1_riskfolio_barbell row 1: Symbol: is NaN, which is not a number; write VENUE:SYMBOL, as BINANCE:BTCUSDT [not_finite]
            portfolio_optimized_v3.json:3:12: Rank1_riskfolio_barbell row 2: Symbol: is `BTCUSDT`; write VENUE:SYMBOL, as BINANCE:BTCUSDT [out_of_range]
            portfolio_optimized_v3.json:4:1: Rank1_riskfolio_barbell row 3: is a number; write an object [wrong_type]
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:4 BINANCE:ADAUSDT by -0.1 to 0.1 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
            left alone: BINANCE:ETHUSDT in Rank1_riskfolio_barbell
        "#]],
    );
}

#[test]
fn a_repeated_symbol_is_refused_in_all_its_rows() {
    check(
        &winner(
            r#"{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.2},
{"Symbol": "BINANCE:ETHUSDT", "Weight": 0.1},
{"Symbol": "binance:BTCUSDT", "Weight": 0.3}"#,
        ),
        &holding(BOOK, &[("BINANCE:BTCUSDT", "0.5")]),
        &expect![[r#"
            portfolio_optimized_v3.json:2:1: Rank1_riskfolio_barbell row 1 BINANCE:BTCUSDT: Symbol: has more than one row in this book, the first being row 1; keep one [repeated_symbol]
            portfolio_optimized_v3.json:4:1: Rank1_riskfolio_barbell row 3 BINANCE:BTCUSDT: Symbol: has more than one row in this book, the first being row 1; keep one [repeated_symbol]
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:2 BINANCE:ETHUSDT by 0.1 to 0.1 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
            left alone: BINANCE:BTCUSDT in Rank1_riskfolio_barbell
        "#]],
    );
}

#[test]
fn bad_rows_are_refused_with_their_place_and_the_rest_goes_on() {
    check(
        &winner(
            r#"{"Symbol": "BINANCE:A", "Weight": "0.2"},
{"Symbol": "BINANCE:B", "Weight": null},
{"Symbol": "BINANCE:C"},
{"Symbol": "BINANCE:D", "Weight": -0.1, "Direction": "LONG"},
{"Symbol": "BINANCE:E", "Weight": 0.1, "Direction": "UP"},
{"Symbol": "BINANCE:F", "Weight": 0.1, "Source_Run": ""},
{"Symbol": "BINANCE:G", "Weight": 0.1, "Regime": "PANIC"},
{"Symbol": "BINANCE:H", "Weight": 0.1, "Description": NaN},
{"Symbol": "BINANCE:I", "Weight": 1234567890123456789012345678901234567890},
{"Symbol": "BINANCE:J", "Weight": 0.1, "Direction": "SHORT", "Market": null}"#,
        ),
        "{}",
        &expect![[r#"
            portfolio_optimized_v3.json:2:35: Rank1_riskfolio_barbell row 1 BINANCE:A: Weight: is a string; write a weight as a decimal [wrong_type]
            portfolio_optimized_v3.json:3:35: Rank1_riskfolio_barbell row 2 BINANCE:B: Weight: is null; write a weight as a decimal [wrong_type]
            portfolio_optimized_v3.json:4:1: Rank1_riskfolio_barbell row 3 BINANCE:C: Weight: is missing; add it [missing_field]
            portfolio_optimized_v3.json:5:35: Rank1_riskfolio_barbell row 4 BINANCE:D: Weight: is negative although Direction is LONG; write SHORT, or a positive weight [sign_against_direction]
            portfolio_optimized_v3.json:6:53: Rank1_riskfolio_barbell row 5 BINANCE:E: Direction: is `UP`; write LONG or SHORT [out_of_range]
            portfolio_optimized_v3.json:7:54: Rank1_riskfolio_barbell row 6 BINANCE:F: Source_Run: is empty; write a name of 1 to 128 bytes without control characters [bad_id]
            portfolio_optimized_v3.json:8:50: Rank1_riskfolio_barbell row 7 BINANCE:G: Regime: is `PANIC`; write NORMAL, TURBULENT, CRISIS or QUIET [out_of_range]
            portfolio_optimized_v3.json:9:55: Rank1_riskfolio_barbell row 8 BINANCE:H: Description: is NaN, which is not a number; write a string [not_finite]
            portfolio_optimized_v3.json:10:35: Rank1_riskfolio_barbell row 9 BINANCE:I: Weight: is `1234567890123456789012345678901234567890`, which is no exact decimal (the number is out of range); write a weight as a decimal [not_exact]
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:10 BINANCE:J by -0.1 to -0.1 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "")
        "#]],
    );
}

#[test]
fn a_half_written_file_is_unfinished_wherever_it_ends() {
    let whole =
        winner(r#"{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.25, "Description": "Bitcoin é"}"#);
    for end in 0..whole.len() {
        let refusal = read_portfolio(FILE, &whole.as_bytes()[..end]).expect_err("half a file");
        assert!(refusal.is_unfinished(), "cut at {end}: {refusal}");
    }
    check(
        &whole[..40],
        "{}",
        &expect![[r#"
        portfolio_optimized_v3.json:1:41: winners[0].profile: ends before it is complete; it was cut off, or is still being written [unfinished]
    "#]],
    );
    check(
        "",
        "{}",
        &expect![[r#"
        portfolio_optimized_v3.json:1:1: ends before it is complete; it was cut off, or is still being written [unfinished]
    "#]],
    );
}

#[test]
fn a_complete_file_of_another_shape_is_malformed_with_its_place() {
    let files = [
        "[]",
        "{}",
        r#"{"winners": {}}"#,
        r#"{"winners": [{"engine": "e", "profile": "p", "assets": []}]}"#,
        r#"{"winners": [{"rank": 1.0, "engine": "e", "profile": "p", "assets": []}]}"#,
        r#"{"winners": [{"rank": 1, "engine": "e", "profile": "p"}]}"#,
        r#"{"winners": [{"rank": 1, "engine": "e", "profile": "p", "regime": {"name": "PANIC"}, "assets": []}]}"#,
        r#"{"winners": [{"rank": 1, "engine": "e", "profile": "p", "metadata": {"source_run_id": 7}, "assets": []}]}"#,
        "{\"profiles\":\n {\"a\": {\"assets\": []},\n \"a\": {\"assets\": []}}}",
        r#"{"winners": [{"rank": 1, "engine": "e", "profile": "p", "assets": []}, {"rank": 1, "engine": "e", "profile": "p", "assets": []}]}"#,
        r#"{"assets": []} trailing"#,
        r#"{"assets": [1,]}"#,
    ];
    let told: String =
        files.iter().flat_map(|file| told(file, "{}")).map(|line| line + "\n").collect();
    expect![[r#"
        portfolio_optimized_v3.json:1:1: is an array; write an object [wrong_type]
        portfolio_optimized_v3.json:1:1: barbell.assets: is missing; add it [missing_field]
        portfolio_optimized_v3.json:1:13: winners: is an object; write an array [wrong_type]
        portfolio_optimized_v3.json:1:14: winners[0].rank: is missing; add it [missing_field]
        portfolio_optimized_v3.json:1:23: winners[0].rank: is `1.0`; write a rank as an integer, without a point or an exponent [not_an_integer]
        portfolio_optimized_v3.json:1:14: winners[0].Rank1_e_p.assets: is missing; add it [missing_field]
        portfolio_optimized_v3.json:1:76: winners[0].Rank1_e_p.regime.name: is `PANIC`; write NORMAL, TURBULENT, CRISIS or QUIET [out_of_range]
        portfolio_optimized_v3.json:1:87: winners[0].Rank1_e_p.metadata.source_run_id: is a number; write a name in quotes [wrong_type]
        portfolio_optimized_v3.json:3:2: profiles.a: is given twice; keep one [duplicate_field]
        portfolio_optimized_v3.json:1:72: `Rank1_e_p` is used twice; names must differ [repeated_name]
        portfolio_optimized_v3.json:1:16: has `t` where nothing more should be [syntax]
        portfolio_optimized_v3.json:1:15: assets[1]: has `]` where a value should be [syntax]
    "#]].assert_eq(&told);
}

#[test]
fn a_book_that_left_the_file_is_named_and_not_sold() {
    check(
        &winner(""),
        &holding("Rank2_custom_hrp", &[("BINANCE:BTCUSDT", "0.4")]),
        &expect![[r#"
        without a target: Rank2_custom_hrp
    "#]],
    );
    check(
        &winner(""),
        &holding(BOOK, &[("BINANCE:BTCUSDT", "0.4")]),
        &expect![[r#"
        portfolio_optimized_v3.json#Rank1_riskfolio_barbell:0 BINANCE:BTCUSDT by -0.4 to 0 in Rank1_riskfolio_barbell (Some(Normal), Some("20260106-prod-q1"), market "", "not in the target portfolio")
    "#]],
    );
}

#[test]
fn the_same_file_against_the_same_state_yields_the_same_ids() {
    let target = winner(r#"{"Symbol": "BINANCE:BTCUSDT", "Weight": 0.25}"#);
    let ids = |target: &str, actual: &str| -> Vec<_> {
        let actual = read_actual("a", actual.as_bytes()).expect("good");
        let portfolio = read_portfolio(FILE, target.as_bytes()).expect("good");
        differences(&portfolio, &actual)
            .intents
            .into_iter()
            .map(|intent| intent.intent_id)
            .collect()
    };
    expect![[r#"
        [
            IntentId(
                "portfolio-6ca96aeb2f657444f6907b6058795cbc",
            ),
        ]
    "#]]
    .assert_debug_eq(&ids(&target, "{}"));
    assert_eq!(ids(&target, "{}"), ids(&target, "{}"));
    let others = [
        ids(&target.replace("0.25,", "0.26,").replace("0.25}", "0.26}"), "{}"),
        ids(&target.replace("10:00:00", "11:00:00"), "{}"),
        ids(&target.replace("20260106-prod-q1", "20260107-prod-q1"), "{}"),
        ids(&target.replace("\"rank\": 1", "\"rank\": 2"), "{}"),
        ids(&target.replace("BTCUSDT", "ETHUSDT"), "{}"),
        ids(&target, &holding(BOOK, &[("BINANCE:BTCUSDT", "0.01")])),
    ];
    for other in others {
        assert_ne!(other, ids(&target, "{}"));
    }
}

#[test]
fn weights_too_far_apart_are_refused() {
    let far = "170000000000000000000";
    check(
        &winner(&format!(r#"{{"Symbol": "BINANCE:BTCUSDT", "Weight": {far}}}"#)),
        &holding(BOOK, &[("BINANCE:BTCUSDT", &format!("-{far}"))]),
        &expect![[r#"
            portfolio_optimized_v3.json#Rank1_riskfolio_barbell:1: BINANCE:BTCUSDT: the change of weight is beyond the range of a decimal [change_out_of_range]
        "#]],
    );
}

#[test]
fn one_bad_row_refuses_the_whole_actual_state() {
    let files = [
        holding(BOOK, &[("BINANCE:BTCUSDT", "NaN")]),
        holding(BOOK, &[("BINANCE:BTCUSDT", "0.1"), ("BINANCE:BTCUSDT", "0.2")]),
        holding(BOOK, &[("BTCUSDT", "0.1")]),
        holding("", &[]),
        r#"{"b": {"updated_at": "x"}}"#.to_owned(),
        r#"{"b": []}"#.to_owned(),
        "[]".to_owned(),
        "{".to_owned(),
        String::new(),
    ];
    let told: Vec<String> = files
        .iter()
        .map(|file| {
            read_actual("portfolio_actual_state.json", file.as_bytes()).expect_err(file).to_string()
                + "\n"
        })
        .collect();
    expect![[r#"
        portfolio_actual_state.json:1:81: Rank1_riskfolio_barbell.assets[0].Weight: is NaN, which is not a number; write a weight as a decimal
        portfolio_actual_state.json:1:87: Rank1_riskfolio_barbell.assets[1].Symbol: `BINANCE:BTCUSDT` is used twice; names must differ
        portfolio_actual_state.json:1:52: Rank1_riskfolio_barbell.assets[0].Symbol: is `BTCUSDT`; write VENUE:SYMBOL, as BINANCE:BTCUSDT
        portfolio_actual_state.json:1:2: "": is empty; write a name of 1 to 128 bytes without control characters
        portfolio_actual_state.json:1:7: b.assets: is missing; add it
        portfolio_actual_state.json:1:7: b: is an array; write an object
        portfolio_actual_state.json:1:1: is an array; write an object
        portfolio_actual_state.json:1:2: ends before it is complete; it was cut off, or is still being written
        portfolio_actual_state.json:1:1: ends before it is complete; it was cut off, or is still being written
    "#]].assert_eq(&told.concat());
}

#[test]
fn an_empty_actual_state_is_that_of_a_missing_file() {
    assert_eq!(read_actual("a", b"{}").expect("good"), ActualState::default());
}

#[test]
fn a_hundred_thousand_bad_rows_on_one_line_cost_one_pass() {
    let file = format!("{{\"assets\": [{}7]}}", "7,".repeat(99_999));
    let portfolio = read_portfolio(FILE, file.as_bytes()).expect("the file has its shape");
    let last = portfolio.refusals.last().expect("all are refused");
    assert_eq!((portfolio.refusals.len(), last.line, last.column), (100_000, 1, Some(200_011)));
}

#[test]
fn a_document_beyond_the_limit_is_refused_before_it_is_held() {
    let error = read_document(FILE, std::io::repeat(b' ')).expect_err("endless");
    let IntakeError::Refused(refusal) = error else { panic!("{error}") };
    assert_eq!(refusal.kind, RefusalKind::FileTooLarge { limit_bytes: DOCUMENT_BYTES_MAX });
    assert_eq!(read_document(FILE, &b"{}"[..]).expect("small"), b"{}");
    let many = format!("{{\"assets\": [{}1]}}", "1,".repeat(1_000_000));
    expect!["portfolio_optimized_v3.json:1:2000009: assets[999998]: has more than 1000000 values"]
        .assert_eq(
            &read_portfolio(FILE, many.as_bytes()).expect_err("too many values").to_string(),
        );
}
