//! Rules that leave nothing out, for the case that measures the whole chain.

use crate::workload::START_NS;
use anyhow::Result;
use fillwright_domain::{BookId, Decimal, LaneId, Ratio, SessionId, StrategyId, Text, Timestamp};
use fillwright_kernel::Input;
use fillwright_kernel::sessions::{SessionInput, SessionMove};
use fillwright_policy::envelope::Group;
use fillwright_policy::flow::{DuplicateWindow, OnDuplicate, Permissions, RepeatThrottle};
use fillwright_policy::{
    Condition, Decision, DecisionRow, DecisionTable, FactName, GroupLimits, Lane, Limits,
    ModelStatus, Rulebook, SessionDefinition,
};
use std::collections::{BTreeMap, BTreeSet};

const LANE: &str = "canary";
const DAY_NS: i64 = 86_400_000_000_000;

/// States every limit at every level, opens a lane, and lets every window count.
pub fn impose(rules: &mut Rulebook) -> Result<()> {
    limit_every_level(rules);
    group(rules);
    open_lane(rules);
    rules.decisions = Some(decisions()?);
    let mut permissions = Permissions::default();
    for instrument in rules.instruments.keys() {
        permissions.grant("uptrend", "BINANCE", instrument.as_str());
    }
    let flow = &mut rules.flow;
    flow.permissions = Some(permissions);
    flow.duplicate_window = Some(DuplicateWindow { window_ms: 1, action: OnDuplicate::Mark });
    flow.repeat_throttle =
        Some(RepeatThrottle { max_executions: RepeatThrottle::EXECUTIONS_MAX, window_ms: 10 });
    if let Some(collar) = &mut flow.price_collar {
        collar.window_ms = 60_000;
    }
    Ok(())
}

fn limit_every_level(rules: &mut Rulebook) {
    let envelope = &mut rules.envelope;
    for (id, book) in &rules.books {
        envelope.accounts.insert(book.account.clone(), Limits::wide());
        envelope.strategies.insert(book.strategy_id.clone(), Limits::wide());
        envelope.books.insert(id.clone(), Limits::wide());
    }
    envelope.lanes.insert(LaneId::new(LANE), Limits::wide());
    for id in rules.instruments.keys() {
        envelope.instruments.insert(id.clone(), Limits::wide());
    }
}

/// Five sectors, and two clusters across them.
fn group(rules: &mut Rulebook) {
    for (id, n) in rules.instruments.keys().zip(0..) {
        let sector = Text::new(["majors", "layer-1", "layer-2", "defi", "memes"][n % 5]);
        let cluster = Text::new(["beta", "carry"][n % 2]);
        rules.envelope.sectors.insert(sector.clone(), GroupLimits::wide());
        rules.envelope.clusters.insert(cluster.clone(), GroupLimits::wide());
        rules.groups.insert(id.clone(), Group { sector: Some(sector), cluster: Some(cluster) });
    }
}

fn open_lane(rules: &mut Rulebook) {
    let strategy = StrategyId::new("uptrend");
    let lane = Lane::wide(rules.environment.clone(), BTreeSet::from([strategy.clone()]));
    let lane = Lane { model_min: ModelStatus::Candidate, ..lane };
    rules.lanes.lanes = BTreeMap::from([(LaneId::new(LANE), lane)]);
    rules.lanes.models = BTreeMap::from([(strategy, ModelStatus::Approved)]);
    rules.lanes.sessions_waived = false;
}

/// Four rows; the last lets the order pass.
fn decisions() -> Result<DecisionTable> {
    let words = |fact, words: &[&str]| Condition {
        fact,
        one_of: words.iter().map(|word| Text::new(*word)).collect(),
        above: None,
        at_most: None,
    };
    let above =
        |fact, most| Condition { fact, one_of: BTreeSet::new(), above: most, at_most: None };
    let row = |id: &str, when: Vec<Condition>, then, size: Option<Ratio>| DecisionRow {
        id: Text::new(id),
        when,
        then,
        size,
        flags: BTreeSet::new(),
        reason: Text::new("bench"),
    };
    let large: Decimal = "1000000000".parse()?;
    Ok(DecisionTable {
        rows: vec![
            row("critical", vec![words(FactName::Urgency, &["critical"])], Decision::Deny, None),
            row(
                "large_sale",
                vec![words(FactName::Side, &["sell"]), above(FactName::OrderNotional, Some(large))],
                Decision::Reduce,
                Some("0.5".parse()?),
            ),
            row("stale", vec![above(FactName::QuoteAgeMs, Some(large))], Decision::Deny, None),
            row("else", Vec::new(), Decision::Allow, None),
        ],
    })
}

/// The session all books trade in, scheduled and started.
pub fn session(books: &[BookId]) -> Result<[Input; 2]> {
    let session_id = SessionId::new("bench");
    let definition = SessionDefinition {
        session_id: session_id.clone(),
        env: Text::new("paper"),
        lane: LaneId::new(LANE),
        strategies: BTreeSet::from([StrategyId::new("uptrend")]),
        books: books.iter().cloned().collect(),
        capital: "1000000000".parse()?,
        start_at: Timestamp::from_ns(START_NS - DAY_NS),
        review_at: Timestamp::from_ns(START_NS + DAY_NS),
        end_at: Timestamp::from_ns(START_NS + DAY_NS),
    };
    let (by, reason) = ("bench-2".into(), Text::new("bench"));
    let schedule = SessionInput::Schedule { definition, by, reason };
    let start = SessionInput::Move {
        session_id,
        action: SessionMove::Start,
        approval: None,
        by: "bench-2".into(),
        reason: Text::new("bench"),
    };
    Ok([Input::Session(Box::new(schedule)), Input::Session(Box::new(start))])
}
