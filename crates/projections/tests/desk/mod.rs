//! A desk for tests: the real kernel, codec and journal, and a day of everything that can happen.

#![allow(dead_code, reason = "every test uses its own part of the desk")]

use fillwright_domain::{
    AccountId, ActionType, Ask, BookId, CalendarId, ComponentKind, Decimal, ExecId,
    ExecutionIntent, ExecutionReport, HealthStatus, IncidentCategory, IncidentId, Instrument,
    InstrumentId, Intent, IntentId, IntentKey, NumberText, OrderIntentId, Origin, Plane,
    PositionId, Principal, Quote, Ratio, Rebalance, Regime, ReportKind, RunId, Scope, Severity,
    StartupAnomaly, StrategyId, Text, Timestamp, Urgency, VenueId,
};
use fillwright_journal::{Entries, Journal, JournalOptions, MemoryStorage, Preparation, codec};
use fillwright_kernel::adoption::{PolicyInput, Proposal, Word};
use fillwright_kernel::incidents::IncidentInput;
use fillwright_kernel::{DeploymentInput, Event, Input, Kernel, SessionInput, SessionMove, State};
use fillwright_policy::{
    Book, Breach, Envelope, ExecutionPolicy, FlowPolicy, Hours, IncidentRules, KillEffect, Lane,
    Lanes, Limits, ModelStatus, OperatorBounds, PromotionRule, RegimePolicy, Role, RoutePolicy,
    Rulebook, SessionDefinition, Strategy, Venue, approval_rules, people,
};
use fillwright_projections::{Paths, ProjectedEntry, Projections};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// 2026-01-06T15:00:00Z.
const START_NS: i64 = 1_767_711_600_000_000_000;
const SECOND: i64 = 1_000_000_000;
pub const BTC: &str = "BINANCE:BTCUSDT";
pub const ETH: &str = "BINANCE:ETHUSDT";
pub const AAPL: &str = "NASDAQ:AAPL";
/// A book of changes of weight, on paper.
pub const BARBELL: &str = "Rank1_riskfolio_barbell";
/// A book of execution intents, on paper.
pub const TREND: &str = "trend";
/// A book on the live stub.
pub const LIVE: &str = "live";
pub const BUILD: &str = "0123abc";

/// A kernel with its journal.
pub struct Desk {
    kernel: Kernel,
    journal: Option<Journal>,
    storage: Arc<MemoryStorage>,
    now: i64,
    reports: u32,
}

impl Desk {
    pub fn new() -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let (journal, _) = Journal::open(storage.clone(), &options(), START_NS).unwrap();
        Self {
            kernel: Kernel::new("main"),
            journal: Some(journal),
            storage,
            now: START_NS,
            reports: 0,
        }
    }

    /// A desk with rules, an audited run and marks.
    pub fn opened() -> Self {
        let mut desk = Self::new();
        desk.adopt(rulebook("v1"));
        desk.register("20260106-prod-q1");
        desk.mark(BTC, "100000");
        desk.mark(ETH, "4000");
        desk.mark(AAPL, "250");
        desk
    }

    pub fn state(&self) -> &State {
        self.kernel.state()
    }

    pub fn seq(&self) -> u64 {
        self.kernel.state().seq
    }

    /// Takes an input a second after the one before; returns what happened.
    pub fn take(&mut self, input: &Input) -> Vec<Event> {
        self.now += SECOND;
        let step = self.kernel.step(Timestamp::from_ns(self.now), input);
        let journal = self.journal.as_mut().unwrap();
        let encode = |buffer: &mut Vec<u8>| codec::encode_step(input, &step.events, buffer);
        journal.append_with(self.now, encode).unwrap();
        let receipt = journal.commit().unwrap();
        let events = step.events.clone();
        drop(step.release(&receipt));
        events
    }

    pub fn incident(&mut self, input: IncidentInput) {
        self.take(&Input::Incident(Box::new(input)));
    }

    pub fn adopt(&mut self, rulebook: Rulebook) {
        let (rulebook, by, reason) = (Box::new(rulebook), "risk-1".into(), "opening".into());
        self.take(&Input::AdoptRulebook { rulebook, by, reason });
    }

    pub fn register(&mut self, run: &str) {
        self.take(&Input::RegisterRun {
            run_id: run.into(),
            manifest_hash: "ab".repeat(32).into(),
            by: "research-1".into(),
            reason: "audited".into(),
        });
    }

    pub fn mark(&mut self, instrument: &str, px: &str) {
        let as_of = Timestamp::from_ns(self.now);
        let mark_px = px.parse().unwrap();
        self.take(&Input::Mark { instrument_id: instrument.into(), mark_px, as_of });
    }

    /// Submits an intent with a quote of a spread around the price.
    pub fn submit(&mut self, intent: Intent, bid: &str, ask: &str) -> Vec<Event> {
        let quote = Quote {
            bid_px: bid.parse().unwrap(),
            ask_px: ask.parse().unwrap(),
            bid_qty: None,
            ask_qty: None,
            last_px: None,
            interval_qty: None,
            as_of: Timestamp::from_ns(self.now),
        };
        self.take(&Input::submit(intent, Some(quote)))
    }

    /// Reports on the first order of an intent, half a second before it is sequenced.
    pub fn report(&mut self, intent: &str, kind: ReportKind) -> Vec<Event> {
        self.reports += 1;
        let exec_id = ExecId::new(format!("exec-{}", self.reports));
        self.report_as(intent, exec_id, kind)
    }

    pub fn report_as(&mut self, intent: &str, exec_id: ExecId, kind: ReportKind) -> Vec<Event> {
        let transact_at = Timestamp::from_ns(self.now + SECOND / 2);
        let order_intent_id = order_id(intent);
        self.take(&Input::Report(ExecutionReport { order_intent_id, exec_id, transact_at, kind }))
    }

    /// Rules that risk-1 proposes and risk-2 approves.
    pub fn change_rules(&mut self, rules: Rulebook) {
        let replaces = self.state().versions.in_force().unwrap().hash;
        let hash = rules.content_hash();
        let ask = |input| Input::Policy(Box::new(input));
        self.take(&ask(PolicyInput::Propose(Proposal {
            rulebook: Box::new(rules),
            replaces,
            author: "risk-1".into(),
            evidence: vec!["TCA-7".into()],
            effective_at: None,
            by: "risk-1".into(),
            reason: "fresher quotes".into(),
        })));
        let (by, reason) = ("risk-2".into(), "checked".into());
        let events = self.take(&ask(PolicyInput::Approve(Word { hash, by, reason })));
        let is_in_force = events.iter().any(|event| matches!(event, Event::RulebookAdopted { .. }));
        assert!(is_in_force, "{events:?}");
    }

    pub fn schedule(&mut self, session: &str, book: &str, capital: &str) {
        let day_ns = 86_400 * SECOND;
        let definition = SessionDefinition {
            session_id: session.into(),
            env: "paper".into(),
            lane: "canary".into(),
            strategies: BTreeSet::from(["uptrend".into()]),
            books: BTreeSet::from([book.into()]),
            capital: capital.parse().unwrap(),
            start_at: Timestamp::from_ns(START_NS),
            review_at: Timestamp::from_ns(START_NS + day_ns),
            end_at: Timestamp::from_ns(START_NS + 7 * day_ns),
        };
        let (by, reason) = ("ops-1".into(), "plan".into());
        let schedule = SessionInput::Schedule { definition, by, reason };
        let events = self.take(&Input::Session(Box::new(schedule)));
        assert!(matches!(events[..], [Event::Session(_)]), "{events:?}");
    }

    pub fn move_session(&mut self, session: &str, action: SessionMove) {
        let moved = SessionInput::Move {
            session_id: session.into(),
            action,
            approval: None,
            by: "ops-1".into(),
            reason: "plan".into(),
        };
        let events = self.take(&Input::Session(Box::new(moved)));
        assert!(matches!(events[..], [Event::Session(_)]), "{events:?}");
    }

    pub fn kill(&mut self, by: &str) {
        self.take(&Input::EngageKillSwitch {
            by: by.into(),
            reason: "drill \u{2014} caf\u{e9}".into(),
            scope: Scope::Global,
            effect: KillEffect::Cancel,
        });
    }

    pub fn release(&mut self, by: &str) {
        let (reason, scope) = ("over".into(), Scope::Global);
        self.take(&Input::ReleaseKillSwitch { by: by.into(), reason, scope });
    }

    /// Gives the journal up, so that its entries can be read.
    pub fn close(mut self) -> Day {
        self.journal.take().unwrap().close(self.now).unwrap();
        Day { storage: self.storage, state: self.kernel.state().clone() }
    }
}

/// A journal that is complete, and the state it led to.
pub struct Day {
    storage: Arc<MemoryStorage>,
    pub state: State,
}

impl Day {
    pub fn last_seq(&self) -> u64 {
        self.state.seq
    }

    /// The entries behind one, up to another.
    pub fn entries(&self, after: u64, up_to: u64) -> Vec<ProjectedEntry> {
        let mut entries = Entries::from_seq(self.storage.clone(), &options(), after + 1).unwrap();
        let mut found = Vec::new();
        while let Some(entry) = entries.next().unwrap() {
            if entry.seq > after && entry.seq <= up_to {
                found.push(ProjectedEntry::decode(&entry).unwrap());
            }
        }
        found
    }

    /// Opens the read models of a folder and feeds them up to an entry, so many at a time.
    pub fn feed(&self, data: &Path, up_to: u64, batch: usize) -> Projections {
        let mut projections = Projections::open(&Paths::new(data), BUILD).unwrap();
        self.go_on(&mut projections, up_to, batch);
        projections
    }

    pub fn go_on(&self, projections: &mut Projections, up_to: u64, batch: usize) {
        let mut entries = self.entries(projections.resume_after(), up_to);
        while !entries.is_empty() {
            let rest = entries.split_off(batch.min(entries.len()));
            projections.catch_up(std::mem::replace(&mut entries, rest)).unwrap();
        }
        let failures = projections.failures();
        assert!(failures.is_empty(), "{failures:?}");
    }

    pub fn feed_all(&self, data: &Path) {
        self.feed(data, self.last_seq(), usize::MAX);
    }
}

fn options() -> JournalOptions {
    let mut options = JournalOptions::new("main");
    options.preparation = Preparation::Inline;
    options
}

pub fn order_id(intent: &str) -> OrderIntentId {
    OrderIntentId::derive(IntentKey::derive("main", &IntentId::new(intent)), 1)
}

pub fn execute(id: &str, book: &str, instrument: &str, action: ActionType, size: &str) -> Intent {
    let (venue, symbol) = instrument.split_once(':').unwrap();
    let asked = ExecutionIntent {
        action,
        size_frac: size.parse().unwrap(),
        urgency: Urgency::Medium,
        priority: 50,
        max_slippage_bps: None,
        reduce_only: false,
        post_only: false,
        reason_codes: vec!["s2_dip".into()],
        state: "S2".into(),
        prev_state: "S1".into(),
        a_final: NumberText::parse("0.7342").unwrap(),
        e_final: NumberText::parse("0.12").unwrap(),
        position_id: PositionId::new("position-17"),
        token_contract: symbol.into(),
        token_chain: venue.to_lowercase().into(),
        book_id: book.into(),
        timeframe: "1h".into(),
        max_leverage: None,
        risk_reason: None,
    };
    intent(id, book, instrument, Ask::Execution(Box::new(asked)))
}

pub fn rebalance(id: &str, instrument: &str, change: &str, target: &str) -> Intent {
    let asked = Rebalance {
        weight_change: change.parse().unwrap(),
        target_weight: target.parse().unwrap(),
        regime: Some(Regime::Normal),
        market: "spot".into(),
        description: "Bitcoin \u{2014} US Dollar".into(),
    };
    intent(id, BARBELL, instrument, Ask::Rebalance(Box::new(asked)))
}

fn intent(id: &str, book: &str, instrument: &str, ask: Ask) -> Intent {
    Intent {
        intent_id: id.into(),
        strategy_id: None,
        book_id: book.into(),
        instrument_id: instrument.into(),
        source_run: Some("20260106-prod-q1".into()),
        ask,
        input_truncated: false,
        origin: Origin { source: "intents.ndjson".into(), line: 1 },
    }
}

pub fn fill(qty: &str, px: &str, cum: &str, fee: &str) -> ReportKind {
    ReportKind::Fill {
        last_qty: qty.parse().unwrap(),
        last_px: px.parse().unwrap(),
        cum_qty: cum.parse().unwrap(),
        fee: fee.parse().unwrap(),
    }
}

pub fn rulebook(version: &str) -> Rulebook {
    let (binance, nasdaq) = (VenueId::new("BINANCE"), VenueId::new("NASDAQ"));
    let always = CalendarId::new("always");
    let venue = || Venue { enabled: true, calendar: always.clone() };
    let strategy =
        || Strategy { enabled: true, owner: "desk".into(), description: Text::default() };
    Rulebook {
        version: version.into(),
        partition: "main".into(),
        environment: "paper".into(),
        venues: BTreeMap::from([(binance.clone(), venue()), (nasdaq.clone(), venue())]),
        instruments: [
            (BTC, &binance, "0.001", "0.1", "10"),
            (ETH, &binance, "0.01", "0.01", "10"),
            (AAPL, &nasdaq, "1", "0.01", "1"),
        ]
        .map(|(id, venue, lot, tick, least)| {
            (InstrumentId::new(id), instrument(id, venue, lot, tick, least, &always))
        })
        .into(),
        strategies: ["uptrend", "optimiser"].map(|id| (StrategyId::new(id), strategy())).into(),
        books: [
            (BARBELL, "optimiser", &binance, Plane::Paper),
            (TREND, "uptrend", &binance, Plane::Paper),
            (LIVE, "uptrend", &nasdaq, Plane::LiveStub),
        ]
        .map(|(id, strategy, venue, plane)| (BookId::new(id), book(strategy, venue, plane)))
        .into(),
        calendars: BTreeMap::from([(always, Hours::Always)]),
        groups: BTreeMap::new(),
        envelope: Envelope {
            firm: Limits {
                max_order_notional: Some("30000".parse().unwrap()),
                on_order_notional: Breach::Reduce,
                max_leverage: Some("2".parse().unwrap()),
                on_leverage: Breach::Deny,
                max_asset_exposure: Some("0.5".parse().unwrap()),
                on_asset_exposure: Breach::Deny,
                ..Limits::wide()
            },
            ..Envelope::wide()
        },
        execution: ExecutionPolicy {
            quote_age_max_ms: 5_000,
            mark_age_max_ms: 600_000_000,
            minimum_trade_weight: "0.01".parse().unwrap(),
        },
        approvals: approval_rules(),
        lanes: Lanes::wide(),
        regime: RegimePolicy::wide(),
        people: people(&[
            ("ops-1", &[Role::Trader]),
            ("risk-1", &[Role::Risk]),
            ("ops-2", &[Role::Risk]),
            ("risk-2", &[Role::Approver]),
            ("research-1", &[Role::Admin]),
        ]),
        incident_rules: IncidentRules::standard(),
        flow: FlowPolicy::wide(),
        routes: Some(RoutePolicy::wide()),
        ..Rulebook::default()
    }
}

fn book(strategy: &str, venue: &VenueId, plane: Plane) -> Book {
    Book {
        enabled: true,
        strategy_id: strategy.into(),
        equity: "100000".parse().unwrap(),
        allocation: "20000".parse().unwrap(),
        source_run: None,
        executors: BTreeMap::from([(venue.clone(), plane)]),
        account: AccountId::main(),
        lane: None,
    }
}

fn instrument(
    id: &str,
    venue: &VenueId,
    lot: &str,
    tick: &str,
    least: &str,
    calendar: &CalendarId,
) -> Instrument {
    Instrument {
        instrument_id: id.into(),
        venue: venue.clone(),
        lot_size: lot.parse().unwrap(),
        step_size: lot.parse().unwrap(),
        tick_size: tick.parse().unwrap(),
        min_notional: least.parse().unwrap(),
        contract_size: Ratio::new(Decimal::ONE),
        maker_fee: Ratio::ZERO,
        taker_fee: Ratio::ZERO,
        max_qty: None,
        calendar: calendar.clone(),
        enabled: true,
        updated_at: "2026-01-06".into(),
    }
}

/// A day with one of everything: executed, reduced, denied, skipped, failed, repeated, contradicted, halted, unknown.
pub fn day() -> Day {
    let mut desk = Desk::opened();
    paper_intents(&mut desk);
    weights(&mut desk);
    live_orders(&mut desk);
    halt(&mut desk);
    incidents(&mut desk);
    versions(&mut desk);
    sessions(&mut desk);
    desk.close()
}

/// A session of the live book: scheduled, running while it trades, suspended, running again with an order at work, and
/// over; and one that never begins. The strategy is measured for promotion on the way.
fn sessions(desk: &mut Desk) {
    let mut rules = desk.state().rulebook.clone().unwrap();
    let admits = BTreeSet::from(["uptrend".into()]);
    let promotion = PromotionRule {
        from: "canary".into(),
        ran_min_s: 0,
        orders_min: 1,
        failed_max_per_mille: 0,
    };
    let canary = Lane::wide("paper".into(), admits);
    let main = Lane { promotion: Some(promotion), ..Lane::wide("paper".into(), BTreeSet::new()) };
    rules.lanes.lanes = BTreeMap::from([("canary".into(), canary), ("main".into(), main)]);
    rules.lanes.models = BTreeMap::from([("uptrend".into(), ModelStatus::Approved)]);
    rules.version = "v4".into();
    rules.bounds = None;
    desk.change_rules(rules);
    desk.schedule("live-week", LIVE, "20000");
    desk.schedule("spare", TREND, "1000");
    desk.move_session("live-week", SessionMove::Start);
    let add = |id: &str| execute(id, LIVE, AAPL, ActionType::Add, "0.1");
    desk.submit(add("session-1"), "249.9", "250.1");
    desk.report("session-1", ReportKind::Accepted { venue_order_id: "v-9".into() });
    desk.report("session-1", fill("7", "250.1", "7", "1"));
    desk.incident(IncidentInput::Raise {
        category: IncidentCategory::Execution,
        severity: Severity::Low,
        scope: Scope::Lane("canary".into()),
        blocks: false,
        summary: "odd fills".into(),
        by: "ops-1".into(),
    });
    desk.mark(AAPL, "260");
    desk.move_session("live-week", SessionMove::Suspend);
    desk.move_session("live-week", SessionMove::Resume);
    desk.submit(add("session-2"), "259.9", "260.1");
    desk.mark(AAPL, "261");
    desk.take(&Input::Deployment(Box::new(DeploymentInput::Promote {
        strategy_id: "uptrend".into(),
        from: "canary".into(),
        to: "main".into(),
        approval: None,
        by: "ops-1".into(),
        reason: "shown".into(),
    })));
    desk.move_session("live-week", SessionMove::Complete);
    desk.mark(AAPL, "262");
    desk.move_session("spare", SessionMove::Complete);
}

/// A version of the rules is proposed, approved by somebody else and in force, all of which one entry says.
fn versions(desk: &mut Desk) {
    let bounds = Some(OperatorBounds::default());
    let mut rules = Rulebook { bounds, ..rulebook("v3") };
    desk.adopt(rules.clone());
    rules.execution.quote_age_max_ms = 4_000;
    desk.change_rules(rules);
}

/// Components say how they are, people raise and look, nobody looks in time, and one incident comes to its end.
fn incidents(desk: &mut Desk) {
    let health = |kind, component: &str, status| IncidentInput::Health {
        component: component.into(),
        kind,
        status,
        detail: "heartbeat".into(),
    };
    let (by, reason): (Principal, Text) = ("ops-1".into(), "asking the broker".into());
    desk.incident(health(ComponentKind::BrokerConnection, "NASDAQ", HealthStatus::Down));
    let incident_id = IncidentId::new(format!("INC-{}-1", desk.seq()));
    desk.incident(health(ComponentKind::DataFeed, "crypto", HealthStatus::Degraded));
    desk.incident(health(ComponentKind::Component, "sequencer", HealthStatus::Up));
    desk.incident(IncidentInput::ClockOffset { source: "ntp".into(), offset_ms: 7 });
    desk.incident(IncidentInput::Startup {
        anomaly: StartupAnomaly::TornTailDropped,
        detail: "17 bytes were dropped".into(),
    });
    desk.incident(IncidentInput::Raise {
        category: IncidentCategory::Model,
        severity: Severity::Low,
        scope: Scope::Strategy("uptrend".into()),
        blocks: false,
        summary: "odd targets".into(),
        by: by.clone(),
    });
    desk.now += 1_000 * SECOND;
    desk.take(&Input::Tick);
    let (text, to): (Text, Text) = ("since noon".into(), "entry:60".into());
    desk.incident(IncidentInput::Annotate {
        incident_id: incident_id.clone(),
        by: by.clone(),
        text,
    });
    desk.incident(IncidentInput::Link {
        incident_id: incident_id.clone(),
        by: by.clone(),
        to,
        reason: "the order it concerns".into(),
    });
    desk.incident(IncidentInput::Close {
        incident_id: incident_id.clone(),
        by: "risk-1".into(),
        root_cause: "a cable".into(),
    });
    desk.incident(IncidentInput::Acknowledge { incident_id: incident_id.clone(), by, reason });
    desk.incident(health(ComponentKind::BrokerConnection, "NASDAQ", HealthStatus::Degraded));
    desk.incident(IncidentInput::Close {
        incident_id,
        by: "risk-1".into(),
        root_cause: "a cable".into(),
    });
}

fn paper_intents(desk: &mut Desk) {
    use ActionType::{Add, Exit, Hold, Trim};
    let add = || execute("add-1", TREND, BTC, Add, "0.5");
    desk.submit(add(), "99990", "100010");
    desk.submit(add(), "99990", "100010");
    desk.submit(execute("add-1", TREND, BTC, Add, "0.6"), "99990", "100010");
    desk.submit(execute("trim-1", TREND, BTC, Trim, "0.4"), "101000", "101010");
    desk.submit(execute("hold-1", TREND, BTC, Hold, "1"), "99990", "100010");
    desk.submit(execute("dust-1", TREND, BTC, Add, "0.0001"), "99990", "100010");
    let mut unaudited = execute("unaudited-1", TREND, BTC, Add, "0.5");
    unaudited.source_run = Some(RunId::new("nobody-knows"));
    desk.submit(unaudited, "99990", "100010");
    desk.submit(execute("add-2", TREND, ETH, Add, "1"), "3999", "4001");
    desk.submit(execute("exit-2", TREND, ETH, Exit, "1"), "4010", "4011");
    desk.submit(execute("crossed-1", TREND, ETH, Add, "1"), "4011", "4010");
}

fn weights(desk: &mut Desk) {
    desk.submit(rebalance("drift-1", BTC, "0.1", "0.1"), "99990", "100010");
    desk.submit(rebalance("drift-2", ETH, "0.4", "0.4"), "3999", "4001");
    desk.submit(rebalance("drift-3", BTC, "-0.1", "0"), "99990", "100010");
    desk.submit(rebalance("drift-4", BTC, "0.005", "0.005"), "99990", "100010");
    desk.submit(rebalance("drift-5", ETH, "0.3", "0.7"), "3999", "4001");
}

fn live_orders(desk: &mut Desk) {
    let add = |id: &str| execute(id, LIVE, AAPL, ActionType::Add, "0.1");
    let accepted = |n: u32| ReportKind::Accepted { venue_order_id: format!("v-{n}").into() };
    desk.submit(add("live-1"), "249.9", "250.1");
    desk.report("live-1", accepted(1));
    desk.report_as("live-1", "fill-1".into(), fill("3", "250.1", "3", "0.75"));
    desk.report_as("live-1", "fill-1".into(), fill("3", "250.1", "3", "0.75"));
    desk.report("live-1", fill("4", "250.05", "7", "1"));
    desk.submit(add("live-2"), "249.9", "250.1");
    desk.report("live-2", ReportKind::Rejected { text: "no \u{201c}margin\u{201d}".into() });
    desk.submit(add("live-3"), "249.9", "250.1");
    desk.take(&Input::Resume);
    desk.report("live-3", ReportKind::QueryFailed { text: "maintenance".into() });
    desk.report("live-3", accepted(3));
    desk.report("live-3", fill("2", "250", "2", "-0.1"));
    desk.report("live-3", ReportKind::Expired { cum_qty: "5".parse().unwrap() });
    desk.report("live-3", accepted(3));
}

fn halt(desk: &mut Desk) {
    desk.submit(execute("live-4", LIVE, AAPL, ActionType::Add, "0.1"), "249.9", "250.1");
    desk.report("live-4", ReportKind::Accepted { venue_order_id: "v-4".into() });
    desk.kill("ops-1");
    desk.report("live-4", ReportKind::CancelRejected);
    desk.submit(execute("halted-1", TREND, BTC, ActionType::Add, "0.5"), "99990", "100010");
    desk.release("ops-1");
    desk.release("ops-1");
    desk.release("ops-2");
    desk.take(&Input::Resume);
    desk.report("live-4", ReportKind::Canceled { cum_qty: "0".parse().unwrap() });
    desk.adopt(rulebook("v2"));
    desk.adopt(rulebook("v2"));
    desk.submit(execute("flee-1", TREND, BTC, ActionType::EmergencyExit, "1"), "98000", "98010");
    desk.submit(execute("live-5", LIVE, AAPL, ActionType::Trim, "0.5"), "251.9", "252.1");
}
