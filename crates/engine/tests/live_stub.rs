//! The live stub: by rule, the same order always alike, with a ledger that survives us.

mod small_market;

use fillwright_domain::{
    AccountId, ExecutionReport, IntentId, IntentKey, OrderIntent, OrderIntentId, OrderType, Plane,
    ReportKind, Side, TimeInForce, Timestamp,
};
use fillwright_engine::{LiveStub, LiveStubRules};
use small_market::{NOW, quote};
use std::io::Write;
use std::path::Path;

fn rules(text: &str) -> LiveStubRules {
    serde_json::from_str(text).expect("rules")
}

fn order(id: &str, qty: &str) -> OrderIntent {
    OrderIntent {
        order_intent_id: OrderIntentId::derive(IntentKey::derive("main", &IntentId::new(id)), 1),
        intent_id: IntentId::new(id),
        child_no: 1,
        plane: Plane::LiveStub,
        book_id: "stub".into(),
        market_id: "SIM:ABC".into(),
        side: Side::Buy,
        requested_quantity: qty.parse().expect("a quantity"),
        order_type: OrderType::Market,
        limit_px: None,
        time_in_force: TimeInForce::Ioc,
        reduce_only: false,
        post_only: false,
        parent_quantity: Some(qty.parse().expect("a quantity")),
        route: None,
    }
}

/// Kinds of reports, as words.
fn words(reports: &[ExecutionReport]) -> Vec<String> {
    let words = reports.iter().map(|report| match &report.kind {
        ReportKind::Accepted { .. } => "accepted".to_owned(),
        ReportKind::Rejected { text } => format!("rejected: {text}"),
        ReportKind::Fill { last_qty, last_px, cum_qty, fee } => {
            format!("fill {last_qty}@{last_px} cum {cum_qty} fee {fee}")
        }
        ReportKind::Canceled { cum_qty } => format!("canceled at {cum_qty}"),
        ReportKind::Expired { cum_qty } => format!("expired at {cum_qty}"),
        ReportKind::CancelRejected => "cancel rejected".to_owned(),
        ReportKind::NotFound => "not found".to_owned(),
        ReportKind::QueryFailed { text } => format!("query failed: {text}"),
        ReportKind::Busted { of } => format!("busted {of}"),
        ReportKind::Corrected { of, last_qty, last_px, .. } => {
            format!("corrected {of} to {last_qty}@{last_px}")
        }
    });
    words.collect()
}

const RULES: &str = r#"{"rules":[
    {"above_qty":"100","realise":{"reject":"too much"}},
    {"above_qty":"50","realise":{"partial":"0.25"}},
    {"above_qty":"20","realise":"rest"}
]}"#;

#[test]
fn rules_decide_in_order_and_an_order_without_one_is_filled() {
    let mut stub = LiveStub::in_memory(rules(RULES));
    let quote = quote();
    let mut place = |id: &str, qty: &str| {
        words(&stub.place(&order(id, qty), &AccountId::main(), Some(&quote), NOW).expect("placed"))
    };
    assert_eq!(place("I1", "10"), ["fill 10@100 cum 10 fee 0.5"]);
    assert_eq!(place("I2", "200"), ["rejected: too much"]);
    assert_eq!(place("I3", "80"), ["fill 20@100 cum 20 fee 1", "expired at 20"]);
    assert_eq!(place("I4", "30"), ["accepted"]);
}

#[test]
fn without_a_price_an_order_is_rejected() {
    let mut stub = LiveStub::in_memory(LiveStubRules::default());
    let reports = stub.place(&order("I1", "10"), &AccountId::main(), None, NOW).expect("placed");
    assert_eq!(words(&reports), ["rejected: there is no price to fill at"]);
}

#[test]
fn the_same_order_twice_is_one_order_with_the_same_reports() {
    let mut stub = LiveStub::in_memory(LiveStubRules::default());
    let first =
        stub.place(&order("I1", "10"), &AccountId::main(), Some(&quote()), NOW).expect("placed");
    let second =
        stub.place(&order("I1", "10"), &AccountId::main(), Some(&quote()), NOW).expect("placed");
    assert_eq!(first, second);
    assert_eq!(stub.arrived().count(), 1);
}

#[test]
fn the_ledger_answers_queries_after_a_restart_and_a_cut_line_never_was_an_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("live-stub.ndjson");
    let mut stub = LiveStub::with_ledger(rules(RULES), &path).expect("opened");
    let (filled, resting, never) = (order("I1", "10"), order("I2", "30"), order("I3", "10"));
    let placed = stub.place(&filled, &AccountId::main(), Some(&quote()), NOW).expect("placed");
    stub.place(&resting, &AccountId::main(), Some(&quote()), NOW).expect("placed");
    let canceled = stub.cancel(resting.order_intent_id, &resting.market_id, NOW).expect("canceled");
    assert_eq!(words(&canceled), ["canceled at 0"]);
    drop(stub);
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("the ledger");
    file.write_all(br#"{"order":"half a li"#).expect("written");

    let mut stub = LiveStub::with_ledger(rules(RULES), &path).expect("opened again");
    assert_eq!(stub.query(filled.order_intent_id, NOW), placed);
    assert_eq!(words(&stub.query(resting.order_intent_id, NOW)), ["accepted", "canceled at 0"]);
    assert_eq!(words(&stub.query(never.order_intent_id, NOW)), ["not found"]);
    stub.place(&never, &AccountId::main(), Some(&quote()), NOW).expect("placed");
    drop(stub);
    assert_eq!(LiveStub::with_ledger(rules(RULES), &path).expect("opened").arrived().count(), 3);
}

/// So many milliseconds from now.
fn later(ms: i64) -> Timestamp {
    Timestamp::from_ns(NOW.as_ns() + ms * 1_000_000)
}

fn watched(path: &Path) -> LiveStub {
    let rules = rules(
        r#"{"rules":[{"above_qty":"20","realise":"rest"}],"cancel_on_disconnect_after_ms":1000}"#,
    );
    LiveStub::with_ledger(rules, path).expect("opened")
}

#[test]
fn what_rests_is_cancelled_once_nobody_has_shown_to_be_there_for_the_stated_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("live-stub.ndjson");
    let mut stub = watched(&path);
    let (filled, resting) = (order("I1", "10"), order("I2", "30"));
    let account = AccountId::main();
    for order in [&filled, &resting] {
        stub.place(order, &account, Some(&quote()), NOW).expect("placed");
    }
    assert_eq!(stub.refresh(NOW).expect("refreshed"), []);
    assert_eq!(stub.refresh(later(900)).expect("refreshed"), []);
    // The process dies here; nobody refreshes any more.
    drop(stub);
    let mut stub = watched(&path);
    assert_eq!(stub.lapse(later(1_899)).expect("looked"), []);
    assert_eq!(words(&stub.query(resting.order_intent_id, later(1_899))), ["accepted"]);
    let lapsed = stub.lapse(later(5_000)).expect("looked");
    assert_eq!(words(&lapsed), ["canceled at 0"]);
    assert_eq!(lapsed[0].transact_at, later(1_900), "as of the moment the timer went off");
    let said = stub.query(resting.order_intent_id, later(5_000));
    assert_eq!(words(&said), ["accepted", "canceled at 0"]);
    assert_eq!(words(&stub.query(filled.order_intent_id, later(5_000))).len(), 1);
    drop(stub);
    assert_eq!(words(&watched(&path).query(resting.order_intent_id, later(9_000))), words(&said));
}

#[test]
fn somebody_who_comes_back_too_late_is_told_of_the_cancel() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stub = watched(&folder.path().join("live-stub.ndjson"));
    let resting = order("I2", "30");
    stub.place(&resting, &AccountId::main(), Some(&quote()), NOW).expect("placed");
    stub.refresh(NOW).expect("refreshed");
    let told = stub.refresh(later(1_000)).expect("refreshed");
    assert_eq!(words(&told), ["canceled at 0"]);
    assert_eq!(stub.refresh(later(1_001)).expect("refreshed"), [], "told once");
}

/// K3: the executor looks again, whatever the kernel let through.
#[test]
fn a_child_that_would_exceed_its_parent_is_refused_by_the_stub() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("live-stub.ndjson");
    let mut stub = LiveStub::with_ledger(rules(RULES), &path).expect("opened");
    let child = |child_no, qty: &str, parent: Option<&str>| {
        let key = IntentKey::derive("main", &IntentId::new("I1"));
        OrderIntent {
            order_intent_id: OrderIntentId::derive(key, child_no),
            child_no,
            parent_quantity: parent.map(|qty| qty.parse().expect("a quantity")),
            ..order("I1", qty)
        }
    };
    let place = |stub: &mut LiveStub, order: &OrderIntent| {
        words(&stub.place(order, &AccountId::main(), Some(&quote()), NOW).expect("placed"))
    };
    assert_eq!(place(&mut stub, &child(1, "30", Some("60"))), ["accepted"]);
    let too_much = ["rejected: it would exceed what its intent's plan is for"];
    assert_eq!(place(&mut stub, &child(2, "31", Some("60"))), too_much);
    assert_eq!(place(&mut stub, &child(3, "30", None)), too_much);
    drop(stub);
    let mut stub = LiveStub::with_ledger(rules(RULES), &path).expect("opened again");
    assert_eq!(place(&mut stub, &child(4, "31", Some("60"))), too_much);
    let first = child(1, "30", Some("60"));
    stub.cancel(first.order_intent_id, &first.market_id, NOW).expect("canceled");
    assert_eq!(place(&mut stub, &child(5, "15", Some("60")))[0][..4], *"fill");
    assert_eq!(place(&mut stub, &child(6, "46", Some("60"))), too_much);
    assert_eq!(place(&mut stub, &child(7, "45", Some("60"))), ["accepted"]);
}

#[test]
fn a_fill_that_the_ledger_corrects_is_stated_and_reported_as_it_is_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("live-stub.ndjson");
    let mut stub = LiveStub::with_ledger(rules(RULES), &path).expect("opened");
    let filled = order("I1", "10");
    stub.place(&filled, &AccountId::main(), Some(&quote()), NOW).expect("placed");
    drop(stub);
    let text = std::fs::read_to_string(&path).expect("the ledger");
    let mut line: serde_json::Value = serde_json::from_str(text.trim()).expect("a line");
    let of = format!("{}/0", filled.order_intent_id);
    line["at"] = later(5).to_string().into();
    line["correction"] = serde_json::json!({"of": of, "qty": "4", "px": "101"});
    std::fs::write(&path, format!("{text}{line}\n")).expect("written");
    let stub = LiveStub::with_ledger(rules(RULES), &path).expect("opened again");
    let said = words(&stub.query(filled.order_intent_id, later(9)));
    assert_eq!(said, ["fill 10@100 cum 10 fee 0.5".to_owned(), format!("corrected {of} to 4@101")]);
    let stated = stub.statements(later(9), later(0), Timestamp::MIN).remove(0);
    assert_eq!(stated.fills.fills[0].last_qty.to_string(), "4");
    assert_eq!(stated.fills.fills[0].moved_at, later(5));
    assert_eq!(stated.positions.expect("positions")[0].qty.to_string(), "4");
    assert_eq!(stated.orders.orders[0].cum_qty.to_string(), "10", "a running total never falls");
}
