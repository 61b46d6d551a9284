//! Documents become a rulebook or are refused with file and place. The documents are the demo's own.

use expect_test::{Expect, expect};
use fillwright_domain::{BrokerId, CalendarId};
use fillwright_policy::{Documents, compile, compile_all};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

#[path = "../../../fuzz/replay.rs"]
mod replay;

macro_rules! demo {
    ($name:literal) => {
        (
            concat!("config/", $name).to_owned(),
            include_bytes!(concat!("../../cli/demo/config/", $name)).to_vec(),
        )
    };
}

fn documents() -> Documents {
    Documents {
        home: demo!("fillwright.json"),
        venues: demo!("venues.json"),
        venue_limits: demo!("venue_limits.csv"),
        strategies: demo!("strategies.json"),
        books: demo!("books.json"),
        groups: demo!("groups.json"),
        people: demo!("people.json"),
        risk_envelope: demo!("policies/risk_envelope.json"),
        execution_policies: demo!("policies/execution_policies.json"),
        operator_bounds: Some(demo!("policies/operator_bounds.json")),
        decision_tables: Some(demo!("policies/dra_decision_tables.json")),
        incident_rules: Some(demo!("policies/incident_rules.json")),
        lanes: Some(demo!("lanes.json")),
        approvals: Some(demo!("policies/approvals.json")),
        regime: Some(demo!("policies/regime.json")),
        route_profiles: Some(demo!("policies/route_profiles.json")),
        execution_routes: Some(demo!("policies/execution_routes.json")),
        execution_routes_live: Some(demo!("policies/execution_routes_live.json")),
        brokers: BTreeSet::from([BrokerId::new("live-stub")]),
        reconciliation: None,
        calendars: BTreeMap::from([
            (CalendarId::new("24x7"), demo!("calendars/24x7.json")),
            (CalendarId::new("CME-ES"), demo!("calendars/CME-ES.json")),
            (CalendarId::new("FX"), demo!("calendars/FX.json")),
            (CalendarId::new("XNYS"), demo!("calendars/XNYS.json")),
            (CalendarId::new("XSTO"), demo!("calendars/XSTO.json")),
        ]),
    }
}

type Place = fn(&mut Documents) -> &mut (String, Vec<u8>);

/// Replaces a text in one document, and expects the refusal, causes and all.
fn check(place: Place, from: &str, to: &str, expected: &Expect) {
    let mut documents = documents();
    let (_, bytes) = place(&mut documents);
    let text = String::from_utf8(bytes.clone()).expect("the demo's documents are text");
    assert!(text.contains(from), "{from:?} is not in the document");
    *bytes = text.replacen(from, to, 1).into_bytes();
    let error = compile(&documents).expect_err("a document that is wrong");
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}\n  {error}");
        cause = error.source();
    }
    expected.assert_eq(&message);
}

#[test]
fn the_demos_documents_make_a_rulebook() {
    let rulebook = compile(&documents()).expect("the demo's documents");
    assert!(rulebook.instruments.len() >= 10, "{} instruments", rulebook.instruments.len());
    assert!(rulebook.books.len() >= 3, "{} books", rulebook.books.len());
}

#[test]
fn an_unknown_field_is_refused_with_its_place() {
    check(
        |documents| &mut documents.risk_envelope,
        "\"max_leverage\"",
        "\"max_levrage\"",
        &expect![[r#"
            config/policies/risk_envelope.json: is not a valid document
              unknown field `max_levrage`, expected one of `max_order_notional`, `on_order_notional`, `max_leverage`, `on_leverage`, `max_asset_exposure`, `on_asset_exposure`, `max_order_qty`, `on_order_qty`, `max_position`, `on_position`, `max_gross_exposure`, `on_gross_exposure`, `max_net_exposure`, `on_net_exposure`, `max_open_orders` at line 9 column 17"#]],
    );
}

#[test]
fn a_missing_field_is_refused_with_its_place() {
    check(
        |documents| &mut documents.books,
        "\"equity\": \"250000\",",
        "",
        &expect![[r#"
        config/books.json: is not a valid document
          missing field `equity` at line 10 column 5"#]],
    );
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    check(
        |documents| &mut documents.venues,
        "\"NYSE\"",
        "\"NASDAQ\"",
        &expect![[r#"
        config/venues.json: is not a valid document
          NASDAQ stands here twice; keep one at line 5 column 12"#]],
    );
}

#[test]
fn a_number_that_is_not_quoted_is_refused_because_it_may_have_been_rounded() {
    check(
        |documents| &mut documents.risk_envelope,
        "\"1.5\"",
        "1.5",
        &expect![[r#"
            config/policies/risk_envelope.json: is not a valid document
              invalid type: floating point `1.5`, expected a decimal as a string; quote it, as in "2.5" at line 9 column 23"#]],
    );
}

#[test]
fn a_route_that_leads_to_no_connection_there_is_is_refused() {
    check(
        |documents| documents.execution_routes.as_mut().expect("the demo has routes"),
        "\"broker\": \"live-stub\"",
        "\"broker\": \"live-stab\"",
        &expect![[
            r#"config/policies/execution_routes.json: routes: urgent_mkt names "live-stab", which no document defines; define it or correct the name"#
        ]],
    );
    check(
        |documents| documents.route_profiles.as_mut().expect("the demo has routes"),
        "\"route_id\": \"passive_lo\"",
        "\"route_id\": \"passive\"",
        &expect![[
            r#"config/policies/route_profiles.json: selection: row 2 names "passive", which no document defines; define it or correct the name"#
        ]],
    );
}

#[test]
fn a_negative_limit_is_refused() {
    check(
        |documents| &mut documents.risk_envelope,
        "\"1.5\"",
        "\"-1.5\"",
        &expect!["config/policies/risk_envelope.json: firm: max_leverage must not be negative"],
    );
}

#[test]
fn a_book_of_an_unknown_strategy_is_refused() {
    check(
        |documents| &mut documents.books,
        "\"uptrend-pm\"",
        "\"uptrend\"",
        &expect![[
            r#"config/books.json: uptrend-spot: strategy_id names "uptrend", which no document defines; define it or correct the name"#
        ]],
    );
}

#[test]
fn an_executor_at_an_unknown_venue_is_refused() {
    check(
        |documents| &mut documents.books,
        "\"BINANCE\": \"paper\"",
        "\"BYBIT\": \"paper\"",
        &expect![[
            r#"config/books.json: uptrend-spot: executors names "BYBIT", which no document defines; define it or correct the name"#
        ]],
    );
}

#[test]
fn an_unknown_plane_is_refused() {
    check(
        |documents| &mut documents.books,
        "\"paper\"",
        "\"live\"",
        &expect![[r#"
        config/books.json: is not a valid document
          unknown variant `live`, expected `paper` or `live-stub` at line 9 column 38"#]],
    );
}

#[test]
fn an_unknown_environment_is_refused() {
    check(
        |documents| &mut documents.home,
        "\"paper\"",
        "\"production\"",
        &expect!["config/fillwright.json: environment must be offline, paper or live"],
    );
}

#[test]
fn a_row_of_an_unknown_venue_is_refused() {
    check(
        |documents| &mut documents.venue_limits,
        "BTCUSDT,BINANCE",
        "BTCUSDT,BYBIT",
        &expect![[
            r#"config/venue_limits.csv: BYBIT:BTCUSDT: venue names "BYBIT", which no document defines; define it or correct the name"#
        ]],
    );
}

#[test]
fn a_row_without_a_lot_is_refused() {
    check(
        |documents| &mut documents.venue_limits,
        "BINANCE,0.00001,5",
        "BINANCE,0,5",
        &expect!["config/venue_limits.csv: BINANCE:BTCUSDT: lot_size must be above zero"],
    );
}

#[test]
fn a_lot_and_a_step_that_disagree_are_refused() {
    check(
        |documents| &mut documents.venue_limits,
        "0.00001,5,0.00001",
        "0.00003,5,0.00002",
        &expect![
            "config/venue_limits.csv: BINANCE:BTCUSDT: step_size and lot_size must be multiples of one another"
        ],
    );
}

#[test]
fn an_instrument_that_stands_twice_is_refused() {
    check(
        |documents| &mut documents.venue_limits,
        "ETHUSDT,BINANCE",
        "BTCUSDT,BINANCE",
        &expect![
            "config/venue_limits.csv: row 4: BINANCE:BTCUSDT stands in an earlier row already; keep one"
        ],
    );
}

#[test]
fn a_row_with_a_word_for_a_number_is_refused_with_its_line() {
    check(
        |documents| &mut documents.venue_limits,
        "0.00001,0.01,0.001",
        "0.00001,cent,0.001",
        &expect![[r#"
        config/venue_limits.csv: is not a valid table
          CSV deserialize error: record 1 (line: 2, byte: 125): unexpected character, or end of the number, at position 0"#]],
    );
}

#[test]
fn any_bytes_in_any_document_are_refused_and_never_panic() {
    replay::replay("documents", |bytes| {
        let places: [Place; 10] = [
            bounds,
            decisions,
            |documents| &mut documents.home,
            |documents| &mut documents.venues,
            |documents| &mut documents.venue_limits,
            |documents| &mut documents.strategies,
            |documents| &mut documents.books,
            |documents| &mut documents.risk_envelope,
            |documents| &mut documents.execution_policies,
            |documents| documents.calendars.get_mut("XNYS").expect("the demo's calendar"),
        ];
        let place = places[bytes.len() % places.len()];
        let mut documents = documents();
        place(&mut documents).1 = bytes.to_vec();
        let _ = compile(&documents);
    });
}

#[test]
fn a_detection_rule_must_make_sense() {
    fn rules(documents: &mut Documents) -> &mut (String, Vec<u8>) {
        documents.incident_rules.as_mut().expect("the demo has rules")
    }
    check(
        rules,
        r#""hits": 3"#,
        r#""hits": 0"#,
        &expect![
            "config/policies/incident_rules.json: rules: clock_offset: hits must be above zero"
        ],
    );
    check(
        rules,
        r#""percent_min": 20"#,
        r#""percent_min": 101"#,
        &expect![
            "config/policies/incident_rules.json: rules: order_rejects: percent_min must be 1 to 100"
        ],
    );
    check(
        rules,
        r#""signal": "overfill""#,
        r#""signal": "weather""#,
        &expect![[r#"
        config/policies/incident_rules.json: is not a valid document
          unknown variant `weather`, expected one of `order_rejected`, `intent_denied`, `risk_breach`, `stale_data`, `overfill`, `impossible_report`, `order_stranded`, `component_unhealthy`, `data_feed_unhealthy`, `broker_unhealthy`, `clock_offset` at line 69 column 25"#]],
    );
    check(
        rules,
        r#""blocks": true"#,
        r#""stops": true"#,
        &expect![[r#"
            config/policies/incident_rules.json: is not a valid document
              unknown field `stops`, expected one of `signal`, `by`, `hits`, `window_s`, `percent_min`, `category`, `severity`, `blocks`, `description`, `cooldown_s` at line 12 column 13"#]],
    );
}

#[test]
fn a_home_without_detection_rules_has_the_standard_ones() {
    let rules = compile(&Documents { incident_rules: None, ..documents() }).expect("compiles");
    assert_eq!(rules.incident_rules, fillwright_policy::IncidentRules::standard());
}

fn bounds(documents: &mut Documents) -> &mut (String, Vec<u8>) {
    documents.operator_bounds.as_mut().expect("the demo has bounds")
}

fn decisions(documents: &mut Documents) -> &mut (String, Vec<u8>) {
    documents.decision_tables.as_mut().expect("the demo has a table of decisions")
}

#[test]
fn a_fact_no_table_may_ask_for_is_refused_with_file_and_place() {
    check(
        decisions,
        "\"side\"",
        "\"moon_phase\"",
        &expect![[r#"
        config/policies/dra_decision_tables.json: is not a valid document
          unknown variant `moon_phase`, expected one of `action`, `side`, `urgency`, `environment`, `account`, `strategy`, `book`, `venue`, `instrument`, `market_regime`, `order_notional`, `order_qty`, `position_qty`, `quote_age_ms` at line 6 column 30"#]],
    );
}

#[test]
fn a_row_of_a_table_of_decisions_that_cannot_decide_is_refused() {
    check(
        decisions,
        "\"one_of\": [\"buy\"]",
        "\"above\": \"5\"",
        &expect![
            "config/policies/dra_decision_tables.json: row large-critical-buys: asks for a word: write one_of"
        ],
    );
    check(
        decisions,
        "\"above\": \"100000\"",
        "\"one_of\": [\"many\"]",
        &expect![
            "config/policies/dra_decision_tables.json: row large-critical-buys: asks for a number: write above, at_most or both"
        ],
    );
    check(
        decisions,
        "\"size\": \"0.5\"",
        "\"size\": \"1\"",
        &expect![
            "config/policies/dra_decision_tables.json: row large-critical-buys: must have a size above 0 and below 1"
        ],
    );
    check(
        decisions,
        "everything-else",
        "large-critical-buys",
        &expect![
            "config/policies/dra_decision_tables.json: row large-critical-buys: stands twice; keep one"
        ],
    );
    check(
        decisions,
        "\"then\": \"allow\"",
        "\"then\": \"maybe\"",
        &expect![[r#"
        config/policies/dra_decision_tables.json: is not a valid document
          unknown variant `maybe`, expected one of `allow`, `reduce`, `deny` at line 19 column 21"#]],
    );
}

#[test]
fn a_bound_of_what_is_no_number_or_of_bounds_is_refused() {
    check(
        bounds,
        "/execution/quote_age_max_ms",
        "/execution/quote_age",
        &expect![
            "config/policies/operator_bounds.json: /execution/quote_age is no number of the rules; `policy show --json` has their places"
        ],
    );
    check(
        bounds,
        "/execution/quote_age_max_ms",
        "/environment",
        &expect![
            "config/policies/operator_bounds.json: /environment is no number of the rules; `policy show --json` has their places"
        ],
    );
    check(
        bounds,
        "/execution/quote_age_max_ms",
        "/bounds/bounds/~1execution~1mark_age_max_ms/most",
        &expect![
            "config/policies/operator_bounds.json: /bounds/bounds/~1execution~1mark_age_max_ms/most must not be bounded: it decides who may change what"
        ],
    );
    check(
        bounds,
        "\"1000\"",
        "\"60001\"",
        &expect![
            "config/policies/operator_bounds.json: /execution/quote_age_max_ms has a most below its least"
        ],
    );
}

/// Replaces a text in a document.
fn replace((_, bytes): &mut (String, Vec<u8>), from: &str, to: &str) {
    let text = String::from_utf8(bytes.clone()).expect("the demo's documents are text");
    assert!(text.contains(from), "{from:?} is not in the document");
    *bytes = text.replace(from, to).into_bytes();
}

/// Everything that is wrong, a line each: file, place, message.
fn everything_wrong(documents: &Documents) -> String {
    let found = compile_all(documents).expect_err("documents that are wrong");
    let told = found.iter().map(|error| {
        let place = error.place().unwrap_or_default();
        format!("[{} | {place}] {error}", error.file())
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_that_does_not_fit_is_told_at_once() {
    let mut documents = documents();
    replace(&mut documents.home, "\"paper\"", "\"papier\"");
    replace(&mut documents.venues, "\"XNYS\"", "\"XNYC\"");
    replace(&mut documents.strategies, "\"uptrend-pm\"", "\"uptrend\"");
    replace(&mut documents.books, "\"250000\"", "\"-250000\"");
    replace(&mut documents.people, "\"risk\"", "\"viewer\"");
    replace(&mut documents.groups, "NASDAQ:NVDA", "NASDAQ:NVDIA");
    replace(&mut documents.risk_envelope, "\"live-canary\"", "\"live-canaries\"");
    replace(
        &mut documents.risk_envelope,
        "\"max_leverage\": \"1.5\"",
        "\"max_leverage\": \"-1.5\"",
    );
    replace(&mut documents.execution_policies, "\"reserve\": 25", "\"reserve\": 25000");
    replace(decisions(&mut documents), "\"size\": \"0.5\"", "\"size\": \"1.5\"");
    replace(bounds(&mut documents), "/execution/quote_age_max_ms", "/execution/age");
    let rules = documents.incident_rules.as_mut().expect("the demo has rules");
    replace(rules, "\"hits\": 3", "\"hits\": 0");
    expect![[r#"
        [config/fillwright.json | environment] config/fillwright.json: environment must be offline, paper or live
        [config/venues.json | NASDAQ: calendar] config/venues.json: NASDAQ: calendar names "XNYC", which no document defines; define it or correct the name
        [config/venues.json | NYSE: calendar] config/venues.json: NYSE: calendar names "XNYC", which no document defines; define it or correct the name
        [config/books.json | live-canary: strategy_id] config/books.json: live-canary: strategy_id names "uptrend-pm", which no document defines; define it or correct the name
        [config/books.json | uptrend-spot: strategy_id] config/books.json: uptrend-spot: strategy_id names "uptrend-pm", which no document defines; define it or correct the name
        [config/books.json | uptrend-spot: equity] config/books.json: uptrend-spot: equity must be above zero
        [config/people.json | people] config/people.json: people must name two enabled people who may end a stop, one of them with the role risk
        [config/groups.json | instruments] config/groups.json: instruments names "NASDAQ:NVDIA", which no document defines; define it or correct the name
        [config/policies/risk_envelope.json | firm: max_leverage] config/policies/risk_envelope.json: firm: max_leverage must not be negative
        [config/policies/risk_envelope.json | a level] config/policies/risk_envelope.json: a level names "strategy:uptrend-pm", which no document defines; define it or correct the name
        [config/policies/risk_envelope.json | a level] config/policies/risk_envelope.json: a level names "book:live-canaries", which no document defines; define it or correct the name
        [config/policies/dra_decision_tables.json | row large-critical-buys] config/policies/dra_decision_tables.json: row large-critical-buys: must have a size above 0 and below 1
        [config/policies/operator_bounds.json | /execution/age] config/policies/operator_bounds.json: /execution/age is no number of the rules; `policy show --json` has their places
        [config/policies/incident_rules.json | rules: clock_offset: hits] config/policies/incident_rules.json: rules: clock_offset: hits must be above zero
        [config/policies/execution_policies.json | flow.message_rate.strategy.reserve] config/policies/execution_policies.json: flow.message_rate.strategy.reserve must not be above the burst it is a part of
        [config/lanes.json | paper_canary: admits] config/lanes.json: paper_canary: admits names "uptrend-pm", which no document defines; define it or correct the name
        [config/lanes.json | models] config/lanes.json: models names "uptrend-pm", which no document defines; define it or correct the name"#]].assert_eq(&everything_wrong(&documents));
}

#[test]
fn every_row_of_the_table_that_does_not_fit_is_told() {
    let mut documents = documents();
    replace(&mut documents.venue_limits, "NASDAQ,", "NASDAK,");
    expect![[r#"
        [config/venue_limits.csv | NASDAK:AAPL: venue] config/venue_limits.csv: NASDAK:AAPL: venue names "NASDAK", which no document defines; define it or correct the name
        [config/venue_limits.csv | NASDAK:ERIC-B: venue] config/venue_limits.csv: NASDAK:ERIC-B: venue names "NASDAK", which no document defines; define it or correct the name
        [config/venue_limits.csv | NASDAK:MSFT: venue] config/venue_limits.csv: NASDAK:MSFT: venue names "NASDAK", which no document defines; define it or correct the name
        [config/venue_limits.csv | NASDAK:NVDA: venue] config/venue_limits.csv: NASDAK:NVDA: venue names "NASDAK", which no document defines; define it or correct the name
        [config/groups.json | instruments] config/groups.json: instruments names "NASDAQ:AAPL", which no document defines; define it or correct the name
        [config/groups.json | instruments] config/groups.json: instruments names "NASDAQ:ERIC-B", which no document defines; define it or correct the name
        [config/groups.json | instruments] config/groups.json: instruments names "NASDAQ:MSFT", which no document defines; define it or correct the name
        [config/groups.json | instruments] config/groups.json: instruments names "NASDAQ:NVDA", which no document defines; define it or correct the name"#]].assert_eq(&everything_wrong(&documents));
}

#[test]
fn every_document_that_cannot_be_read_is_told_and_nothing_that_follows_from_it() {
    let mut documents = documents();
    documents.venues.1 = b"{}".to_vec();
    replace(&mut documents.books, "\"enabled\"", "\"on\"");
    replace(&mut documents.venue_limits, "0.01", "a cent");
    replace(decisions(&mut documents), "\"side\"", "\"moon_phase\"");
    let calendar = documents.calendars.get_mut("XNYS").expect("the demo's calendar");
    replace(calendar, "America/New_York", "America/New_Jersey");
    expect![[r#"
        [config/venues.json | line 1, column 2] config/venues.json: is not a valid document
        [config/venue_limits.csv | line 2] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 4] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 5] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 6] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 8] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 9] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 10] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 11] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 13] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 14] config/venue_limits.csv: is not a valid table
        [config/venue_limits.csv | line 15] config/venue_limits.csv: is not a valid table
        [config/books.json | line 4, column 10] config/books.json: is not a valid document
        [config/calendars/XNYS.json | ] config/calendars/XNYS.json: is not a usable calendar
        [config/policies/dra_decision_tables.json | line 6, column 30] config/policies/dra_decision_tables.json: is not a valid document"#]].assert_eq(&everything_wrong(&documents));
}

#[test]
fn the_first_thing_that_is_wrong_is_what_compiling_says() {
    let mut documents = documents();
    replace(&mut documents.home, "\"paper\"", "\"papier\"");
    replace(&mut documents.books, "\"250000\"", "\"-250000\"");
    let all = compile_all(&documents).expect_err("documents that are wrong");
    let first = compile(&documents).expect_err("documents that are wrong");
    assert_eq!(first.to_string(), all[0].to_string());
}
