//! Recommendations, each from the figures that deserve it and from no fewer.

#![allow(clippy::unwrap_used, reason = "tests")]

mod desk;

use desk::{AAPL, BTC, Day, Desk, LIVE, TREND, execute, fill, rulebook};
use fillwright_domain::{
    ActionType, IncidentCategory, ReportKind, Scope, Severity, StrategyId, Timestamp,
};
use fillwright_kernel::incidents::IncidentInput;
use fillwright_policy::execution_metrics::{
    DemoteThresholds, ExecutionMetricsSpec, LoosenThresholds, PromoteThresholds, TightenThresholds,
};
use fillwright_policy::flow::Bucket;
use fillwright_projections::assessment::{Assessed, Assessment, Evidence, Kind, Subject};
use fillwright_projections::evidence::Period;

/// More than any test reaches.
const FAR: u64 = 1_000_000;

/// Thresholds that nothing meets but for what a test moves.
fn spec(change: impl FnOnce(&mut ExecutionMetricsSpec)) -> ExecutionMetricsSpec {
    let mut spec = ExecutionMetricsSpec {
        promote: PromoteThresholds {
            orders_min: FAR,
            rejected_percent_max: 10,
            slippage_p95_bps_max: 20,
            incidents_max: 0,
        },
        demote: DemoteThresholds {
            orders_min: FAR,
            rejected_percent_min: 50,
            slippage_p95_bps_min: 50,
            serious_incidents_min: FAR,
        },
        tighten: TightenThresholds {
            intents_min: FAR,
            used_percent_max: 10,
            incidents_behind_change_min: FAR,
        },
        loosen: LoosenThresholds { intents_min: FAR, refused_percent_min: 50, incidents_max: 0 },
    };
    change(&mut spec);
    spec
}

fn assess(day: &Day, period: Period, spec: ExecutionMetricsSpec) -> Assessed {
    let mut assessment = Assessment::new("main", period);
    for entry in day.entries(0, day.last_seq()) {
        if !assessment.take(&entry) {
            break;
        }
    }
    assessment.finish(spec)
}

const ALWAYS: Period = Period { from: Timestamp::MIN, to: Timestamp::from_ns(i64::MAX) };

/// What is recommended, a line each, with its evidence.
fn recommended(day: &Day, spec: ExecutionMetricsSpec) -> Vec<String> {
    lines(&assess(day, ALWAYS, spec))
}

fn lines(assessed: &Assessed) -> Vec<String> {
    let line = |one: &fillwright_projections::assessment::Recommendation| {
        let evidence: Vec<String> = one.evidence.iter().map(shown).collect();
        format!("{} {}: {}", kind(one.kind), subject(&one.subject), evidence.join(", "))
    };
    assessed.recommendations.iter().map(line).collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Promote => "promote",
        Kind::Demote => "demote",
        Kind::Tighten => "tighten",
        Kind::Loosen => "loosen",
    }
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Strategy { strategy_id, .. } => strategy_id.to_string(),
        Subject::Limit { gate, book_id, levels } => format!("{gate:?} {book_id} {levels:?}"),
        Subject::Value { path, before, after } => {
            format!("{path} {}>{}", before.as_ref().unwrap(), after.as_ref().unwrap())
        }
    }
}

fn shown(evidence: &Evidence) -> String {
    let Evidence { measure, found, threshold, entries } = evidence;
    format!("{measure} {found}/{threshold} {:?}", entries.seqs)
}

/// Live orders one after the other, each ended by the report that is made for it.
fn live_orders(desk: &mut Desk, count: u32, end: impl Fn(u32) -> ReportKind) {
    for n in 1..=count {
        let id = format!("order-{n}");
        desk.submit(execute(&id, LIVE, AAPL, ActionType::Add, "0.013"), "249.9", "250.1");
        desk.report(&id, end(n));
    }
}

/// The one share of AAPL that was ordered, filled at a price; the mid was 250.
fn filled_at(px: &str) -> ReportKind {
    fill("1", px, "1", "0")
}

fn rejected() -> ReportKind {
    ReportKind::Rejected { text: "no".into() }
}

fn raise(desk: &mut Desk, category: IncidentCategory, severity: Severity, scope: Scope) {
    let (by, summary, blocks) = ("ops-1".into(), "something is wrong".into(), false);
    desk.incident(IncidentInput::Raise { category, severity, scope, summary, blocks, by });
}

fn uptrend() -> Scope {
    Scope::Strategy(StrategyId::new("uptrend"))
}

#[test]
fn a_strategy_that_has_shown_enough_may_go_further() {
    let promote = |orders_min| spec(|spec| spec.promote.orders_min = orders_min);
    let mut desk = Desk::opened();
    live_orders(&mut desk, 4, |_| filled_at("250.25"));
    let day = desk.close();
    assert_eq!(
        recommended(&day, promote(4)),
        [
            "promote uptrend: orders 4/4 [7, 9, 11, 13], rejected_percent 0/10 [], incidents 0/0 [], \
             slippage_p95_bps 10/20 [7, 9, 11, 13]"
        ]
    );
    assert_eq!(recommended(&day, promote(5)), [""; 0], "one order short");
}

#[test]
fn a_strategy_that_is_rejected_slips_or_has_an_incident_goes_no_further() {
    let promote = || spec(|spec| spec.promote.orders_min = 4);
    let mut desk = Desk::opened();
    live_orders(&mut desk, 4, |n| if n == 2 { rejected() } else { filled_at("250.25") });
    assert_eq!(recommended(&desk.close(), promote()), [""; 0], "a quarter rejected");
    let mut desk = Desk::opened();
    live_orders(&mut desk, 4, |n| filled_at(if n == 2 { "251" } else { "250.25" }));
    assert_eq!(recommended(&desk.close(), promote()), [""; 0], "40 bps once in four");
    let mut desk = Desk::opened();
    live_orders(&mut desk, 4, |_| filled_at("250.25"));
    raise(&mut desk, IncidentCategory::Data, Severity::Low, uptrend());
    assert_eq!(recommended(&desk.close(), promote()), [""; 0], "an incident");
    let mut desk = Desk::opened();
    live_orders(&mut desk, 4, |_| filled_at("250.25"));
    let mut disabled = rulebook("v2");
    disabled.strategies.get_mut("uptrend").unwrap().enabled = false;
    desk.adopt(disabled);
    assert_eq!(recommended(&desk.close(), promote()), [""; 0], "it is disabled");
}

#[test]
fn a_strategy_that_is_rejected_too_often_should_go_back() {
    let demote = |orders_min| spec(|spec| spec.demote.orders_min = orders_min);
    let mut desk = Desk::opened();
    live_orders(&mut desk, 4, |n| if n % 2 == 0 { rejected() } else { filled_at("250") });
    let day = desk.close();
    let expected = ["demote uptrend: rejected_percent 50/50 [9, 13]"];
    assert_eq!(recommended(&day, demote(4)), expected);
    assert_eq!(recommended(&day, demote(5)), [""; 0], "too few orders to say");
    let stricter = spec(|spec| {
        (spec.demote.orders_min, spec.demote.rejected_percent_min) = (4, 51);
    });
    assert_eq!(recommended(&day, stricter), [""; 0], "not often enough");
}

#[test]
fn a_strategy_that_slips_too_far_should_go_back() {
    let demote =
        |bps| spec(|spec| (spec.demote.orders_min, spec.demote.slippage_p95_bps_min) = (4, bps));
    let mut desk = Desk::opened();
    live_orders(&mut desk, 4, |n| filled_at(if n == 3 { "251.5" } else { "250" }));
    let day = desk.close();
    let expected = ["demote uptrend: slippage_p95_bps 60/60 [11]"];
    assert_eq!(recommended(&day, demote(60)), expected);
    assert_eq!(recommended(&day, demote(61)), [""; 0]);
}

#[test]
fn a_strategy_with_a_serious_incident_of_its_own_should_go_back_and_not_further() {
    let both = || {
        spec(|spec| {
            spec.demote.serious_incidents_min = 1;
            (spec.promote.orders_min, spec.promote.incidents_max) = (1, FAR);
        })
    };
    let mut desk = Desk::opened();
    live_orders(&mut desk, 1, |_| filled_at("250"));
    raise(&mut desk, IncidentCategory::Model, Severity::High, uptrend());
    assert_eq!(recommended(&desk.close(), both()), ["demote uptrend: serious_incidents 1/1 [8]"]);
    for (severity, scope) in [(Severity::Medium, uptrend()), (Severity::High, Scope::Global)] {
        let mut desk = Desk::opened();
        live_orders(&mut desk, 1, |_| filled_at("250"));
        raise(&mut desk, IncidentCategory::Model, severity, scope);
        let lines = recommended(&desk.close(), both());
        assert!(lines.iter().all(|line| line.starts_with("promote")), "{lines:?}");
    }
}

/// Paper orders of a book that may send 20,000 at once, each worth so much.
fn paper_orders(desk: &mut Desk, sizes: &[&str]) {
    for (n, size) in sizes.iter().enumerate() {
        let intent = execute(&format!("paper-{n}"), TREND, BTC, ActionType::Add, size);
        desk.submit(intent, "99999", "100001");
    }
}

#[test]
fn a_limit_that_is_hardly_used_could_be_tighter() {
    let tighten = |intents_min| spec(|spec| spec.tighten.intents_min = intents_min);
    let notional = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| line.contains("OrderNotional")).collect()
    };
    let mut desk = Desk::opened();
    // Up to 3,000 of 30,000.
    paper_orders(&mut desk, &["0.1", "0.15", "0.1"]);
    let day = desk.close();
    assert_eq!(
        notional(recommended(&day, tighten(3))),
        ["tighten OrderNotional trend []: intents 3/3 [], used_percent 10/10 [7]"]
    );
    assert_eq!(notional(recommended(&day, tighten(4))), [""; 0], "too few intents to say");
    let mut desk = Desk::opened();
    paper_orders(&mut desk, &["0.1", "0.155", "0.1"]);
    assert_eq!(notional(recommended(&desk.close(), tighten(3))), [""; 0], "a little more was used");
}

#[test]
fn a_limit_that_refuses_often_and_never_went_with_an_incident_could_be_wider() {
    let loosen = |intents_min| spec(|spec| spec.loosen.intents_min = intents_min);
    let crowded = || {
        let mut desk = Desk::opened();
        // Half of equity in one asset is the most: the third order is too much, and so is the fourth.
        paper_orders(&mut desk, &["1", "1", "1", "1"]);
        desk
    };
    let expected = "loosen AssetExposure trend [\"firm\"]: intents 4/4 [], refused_percent 50/50 [8, 9], incidents 0/0 []";
    let day = crowded().close();
    assert_eq!(recommended(&day, loosen(4)), [expected]);
    assert_eq!(recommended(&day, loosen(5)), [""; 0], "too few intents to say");
    let stricter = spec(|spec| {
        (spec.loosen.intents_min, spec.loosen.refused_percent_min) = (4, 51);
    });
    assert_eq!(recommended(&day, stricter), [""; 0], "not often enough");
    let mut desk = crowded();
    raise(&mut desk, IncidentCategory::Risk, Severity::Low, Scope::Global);
    assert_eq!(recommended(&desk.close(), loosen(4)), [""; 0], "an incident of risk");
    let mut desk = crowded();
    raise(&mut desk, IncidentCategory::Data, Severity::High, Scope::Global);
    assert_eq!(
        recommended(&desk.close(), loosen(4)).len(),
        1,
        "one of data says nothing of limits"
    );
}

#[test]
fn a_pace_that_refuses_often_could_be_wider_but_is_never_hardly_used() {
    let mut rules = rulebook("v2");
    rules.flow.message_rate.as_mut().unwrap().strategy = Bucket { burst: 2, per_s: 0, reserve: 0 };
    let mut desk = Desk::opened();
    desk.adopt(rules);
    paper_orders(&mut desk, &["0.1", "0.1", "0.1", "0.1"]);
    let both = spec(|spec| {
        (spec.loosen.intents_min, spec.tighten.intents_min) = (4, 4);
    });
    let lines = recommended(&desk.close(), both);
    let of_pace: Vec<&String> = lines
        .iter()
        .filter(|line| line.contains("MessageRate") || line.contains("Throttle"))
        .collect();
    let expected = "loosen MessageRate trend []: intents 4/4 [], refused_percent 50/50 [9, 10], incidents 0/0 []";
    assert_eq!(of_pace, [expected]);
}

#[test]
fn a_limit_that_was_widened_and_then_went_with_incidents_should_be_taken_back() {
    let tighten = |min| spec(|spec| spec.tighten.incidents_behind_change_min = min);
    let wider = || {
        let mut rules = rulebook("v2");
        rules.envelope.firm.max_leverage = Some("3".parse().unwrap());
        rules.envelope.firm.max_asset_exposure = Some("0.4".parse().unwrap());
        rules
    };
    let risk = |desk: &mut Desk| {
        raise(desk, IncidentCategory::Risk, Severity::Medium, Scope::Global);
    };
    let mut desk = Desk::opened();
    risk(&mut desk);
    desk.adopt(wider());
    risk(&mut desk);
    risk(&mut desk);
    let day = desk.close();
    let expected = "tighten /envelope/firm/max_leverage 2>3: incidents_behind_change 2/2 [8, 9], \
                    incidents_before_change 1/2 [7]";
    assert_eq!(recommended(&day, tighten(2)), [expected]);
    assert_eq!(recommended(&day, tighten(3)), [""; 0], "too few incidents to say");
    let mut desk = Desk::opened();
    risk(&mut desk);
    risk(&mut desk);
    desk.adopt(wider());
    risk(&mut desk);
    risk(&mut desk);
    assert_eq!(recommended(&desk.close(), tighten(2)), [""; 0], "no more than before");
}

#[test]
fn what_lies_outside_the_period_counts_for_nothing() {
    let promote = || spec(|spec| spec.promote.orders_min = 1);
    let mut desk = Desk::opened();
    live_orders(&mut desk, 2, |_| filled_at("250"));
    let day = desk.close();
    let at = |seq: u64| day.entries(seq - 1, seq)[0].at;
    let within = |from, to| lines(&assess(&day, Period { from, to }, promote()));
    let expected = |seq: u64| {
        format!(
            "promote uptrend: orders 1/1 [{seq}], rejected_percent 0/10 [], incidents 0/0 [], slippage_p95_bps 0/20 [{seq}]"
        )
    };
    // An order counts when it ends.
    assert_eq!(within(at(1), at(7)), [expected(7)]);
    assert_eq!(within(at(9), at(9)), [expected(9)]);
    assert_eq!(within(at(8), at(8)), [""; 0]);
}

#[test]
fn made_again_it_is_the_same_to_the_last_byte() {
    let day = desk::day();
    let text = || {
        let thresholds = spec(|spec| {
            spec.promote.orders_min = 1;
            spec.tighten.intents_min = 1;
            spec.loosen.intents_min = 1;
        });
        serde_json::to_string_pretty(&assess(&day, ALWAYS, thresholds)).unwrap()
    };
    assert!(text().contains("\"kind\": \"tighten\""), "{}", text());
    assert_eq!(text(), text());
}
