//! What an entry holds: every event there and back, replay stepping over exactly what leaves the state alone, and old
//! payloads that stay readable.

mod fixture;

use expect_test::expect_file;
use fillwright_domain::{
    AccountId, ActionType, ContentDigest, Decimal, ExecId, ExecutionOutcome, ExecutionPlan,
    ExecutionResult, ExecutionStatus, IncidentCategory, IncidentId, InstrumentId, IntentId,
    IntentKey, Notional, OrderIntent, OrderIntentId, OrderStatus, OrderType, Plane, Principal, Px,
    Qty, Ratio, RequestId, ResultStatus, Scope, Severity, Side, Text, TimeInForce, Timestamp,
};
use fillwright_journal::{ChunkFacts, Journal, MemoryStorage, codec};
use fillwright_kernel::adoption::{PolicyEvent, Proposal};
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::flatten::Exit;
use fillwright_kernel::incidents::{Incident, IncidentEvent, IncidentOrigin};
use fillwright_kernel::reconciliation::{
    Break, BreakKind, BreakName, LedgerFigures, ReconciliationEvent, Subject,
};
use fillwright_kernel::{
    ApprovalEvent, Change, Denial, DeploymentEvent, Event, Fact, Figures, Gate, GateSet,
    IgnoredReport, Input, Refusal, Ruling, SessionEvent, SessionStatus, Skip, Verdict, Verdicts,
};
use fillwright_policy::{KillEffect, ModelStatus, RestraintKind, Role, Rulebook};

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn qty(text: &str) -> Qty {
    Qty::new(decimal(text))
}

fn verdict(gate: Gate, ruling: Ruling) -> Verdict {
    Verdict { gate, ruling, figures: None, rule: None }
}

fn verdicts() -> Verdicts {
    let figures = Some(Figures { asked: decimal("1.34"), limit: decimal("2") });
    let verdicts = [
        verdict(Gate::Rulebook, Ruling::Allow),
        Verdict { gate: Gate::Leverage, ruling: Ruling::Allow, figures, rule: None },
        Verdict {
            gate: Gate::OrderNotional,
            ruling: Ruling::Reduce { to: qty("0.000000000000000001") },
            figures,
            rule: Some(Text::new("strategy:uptrend")),
        },
        verdict(Gate::KillSwitch, Ruling::Bypass),
        verdict(Gate::Mapping, Ruling::Skip { reason: Skip::BelowFloor }),
        verdict(Gate::Schedule, Ruling::Deny { reason: Denial::FigureOutOfRange }),
    ];
    verdicts.into_iter().collect()
}

fn plan() -> ExecutionPlan {
    ExecutionPlan {
        action: ActionType::Trim,
        order_type: OrderType::Limit,
        size: qty("1000000000000.000000000000000001"),
        price: Some(Px::new(decimal("119.37"))),
        leverage: Ratio::new(decimal("0.5")),
        constraints_applied: fillwright_domain::Constraints::default(),
        skip_reason: Some(Text::new("dust")),
    }
}

fn order(id: OrderIntentId) -> OrderIntent {
    OrderIntent {
        order_intent_id: id,
        intent_id: IntentId::new("I1"),
        child_no: 1,
        plane: Plane::LiveStub,
        book_id: "core".into(),
        market_id: "BINANCE:BTCUSDT".into(),
        side: Side::Sell,
        requested_quantity: qty("0.5"),
        order_type: OrderType::Market,
        limit_px: None,
        time_in_force: TimeInForce::Ioc,
        reduce_only: true,
        post_only: false,
        parent_quantity: None,
        route: None,
    }
}

fn result() -> ExecutionResult {
    ExecutionResult {
        status: ResultStatus::Partial,
        plan: None,
        tx_hash: Some(OrderIntentId::from_bytes([7; 16])),
        tokens_bought: None,
        tokens_sold: Some(qty("0.25")),
        price: Some(Px::new(decimal("20001.5"))),
        slippage_bps: Some(-3),
        fees_usd: Some(Notional::new(decimal("-0.01"))),
        skip_reason: None,
        error: Some(Text::new("EXECUTION_NOT_AVAILABLE")),
    }
}

/// One event of every kind, in the order of their numbers.
#[allow(clippy::too_many_lines, reason = "a table: one event a kind")]
fn one_of_each() -> Vec<Event> {
    let intent_id = IntentId::new("I1");
    let intent_key = IntentKey::derive("main", &intent_id);
    let order_intent_id = OrderIntentId::derive(intent_key, 1);
    let instrument_id = InstrumentId::new("BINANCE:BTCUSDT");
    let exec_id = ExecId::new("fill-1");
    let by = Principal::new("ops-1");
    let reason = Text::new("drill");
    vec![
        Event::RulebookAdopted {
            rulebook: Box::new(Rulebook { version: Text::new("1"), ..Rulebook::default() }),
            by: by.clone(),
            reason: reason.clone(),
        },
        Event::RunRegistered {
            run_id: "run-1".into(),
            manifest_hash: "00ff".into(),
            by: by.clone(),
            reason: reason.clone(),
        },
        Event::InputRefused { why: Refusal::SamePerson, by: Some(by.clone()) },
        Event::MarkTaken {
            instrument_id: instrument_id.clone(),
            mark_px: Px::new(decimal("20000")),
            as_of: Timestamp::from_ns(5),
        },
        Event::IntentAccepted {
            intent_id: intent_id.clone(),
            intent_key,
            digest: ContentDigest::of(b"content"),
            strategy_id: Some("uptrend".into()),
            book_id: "core".into(),
            instrument_id: instrument_id.clone(),
            source_run: None,
        },
        Event::IntentDuplicated {
            intent_id: intent_id.clone(),
            first_seq: 3,
            status: Some(ResultStatus::Success),
        },
        Event::IntentConflicted { intent_id: intent_id.clone(), first_seq: 3 },
        Event::IntentJudged {
            intent_id: intent_id.clone(),
            rulebook_seq: 1,
            verdicts: verdicts(),
            not_in_force: GateSet::default(),
        },
        Event::PlanMade { intent_id: intent_id.clone(), plan: plan(), decision_px: None },
        Event::OrderEmitted { order: order(order_intent_id) },
        Event::OrderStatusChanged {
            order_intent_id,
            status: OrderStatus::Rejected,
            exec_id: Some(exec_id.clone()),
            text: Some(reason.clone()),
        },
        Event::FillBooked {
            order_intent_id,
            exec_id: exec_id.clone(),
            last_qty: qty("0.1"),
            last_px: Px::new(decimal("20001")),
            cum_qty: qty("0.2"),
            fee: Notional::new(decimal("0.0005")),
            transact_at: Timestamp::from_ns(-1),
            status: OrderStatus::PartiallyFilled,
        },
        Event::OrderCancelRequested { order_intent_id, instrument_id: instrument_id.clone() },
        Event::OrderQueried {
            order_intent_id,
            instrument_id: instrument_id.clone(),
            status: OrderStatus::Unknown,
        },
        Event::OrderStranded { order_intent_id, exec_id: exec_id.clone(), text: reason.clone() },
        Event::ReportIgnored { order_intent_id, exec_id, why: IgnoredReport::Overfill },
        Event::OutcomeRecorded {
            outcome: ExecutionOutcome {
                order_intent_id,
                plane: Plane::Paper,
                status: ExecutionStatus::PartiallyFilled,
                filled_quantity: qty("0.25"),
                logical_time: Timestamp::from_ns(i64::MAX),
                reason: None,
                side: Side::Sell,
                market_id: instrument_id,
            },
        },
        Event::IntentClosed { intent_id, intent_key, result: result() },
        Event::KillSwitchEngaged {
            by: by.clone(),
            reason: reason.clone(),
            scope: Scope::Venue("BINANCE".into()),
            effect: KillEffect::Flatten,
        },
        Event::KillSwitchReleaseRequested {
            by: by.clone(),
            reason: reason.clone(),
            scope: Scope::Lane("canary".into()),
        },
        Event::KillSwitchReleased {
            by: by.clone(),
            requested_by: by.clone(),
            reason: reason.clone(),
            scope: Scope::Global,
        },
    ]
    .into_iter()
    .chain([proposed(by.clone(), reason.clone())])
    .chain(incidents())
    .chain(decisions(by.clone(), reason.clone()))
    .chain(restraints(by, reason, intent_key, order_intent_id))
    .collect()
}

/// Those of the golden payload, and those that came after it.
fn every_kind() -> Vec<Event> {
    one_of_each().into_iter().chain([found(), build(), bust()]).collect()
}

fn bust() -> Event {
    let figures = |qty| LedgerFigures { qty, ordered: None, px: None, fee: None };
    Event::FillCorrected(Box::new(Correction {
        order_intent_id: order(OrderIntentId::default()).order_intent_id,
        exec_id: ExecId::new("X9"),
        of: ExecId::new("X1"),
        book_id: "desk".into(),
        plane: Plane::LiveStub,
        instrument_id: InstrumentId::new("BINANCE:BTCUSDT"),
        side: Side::Sell,
        before: figures(qty("1.5")),
        after: figures(Qty::ZERO),
        transact_at: Timestamp::from_ns(9),
        is_open: true,
        venue: None,
    }))
}

fn build() -> Event {
    Event::BuildStated { build: Text::new("9f86"), is_allowed: false }
}

fn found() -> Event {
    let (account, instrument_id) = (AccountId::main(), InstrumentId::new("BINANCE:BTCUSDT"));
    let figures = |qty| LedgerFigures { qty, ordered: None, px: None, fee: None };
    Event::Reconciliation(Box::new(ReconciliationEvent::Found {
        found: Box::new(Break {
            name: BreakName {
                plane: Plane::LiveStub,
                subject: Subject::Position(account, instrument_id.clone()),
                kind: BreakKind::PositionDiffers,
            },
            instrument_id,
            venue: Some("BINANCE".into()),
            ours: None,
            theirs: Some(figures(qty("1.5"))),
            at: Timestamp::from_ns(8),
        }),
    }))
}

fn proposed(by: Principal, reason: Text) -> Event {
    Event::Policy(PolicyEvent::Proposed {
        hash: Rulebook::default().content_hash(),
        proposal: Proposal {
            rulebook: Box::new(Rulebook::default()),
            replaces: Rulebook::default().content_hash(),
            author: by.clone(),
            evidence: vec![Text::new("TCA-7")],
            effective_at: Some(Timestamp::from_ns(6)),
            by,
            reason,
        },
        needs_approval: true,
    })
}

fn incidents() -> [Event; 2] {
    [
        Event::Incident(IncidentEvent::Opened { incident: Box::new(incident()) }),
        Event::Incident(IncidentEvent::Counted {
            rule: Text::new("overfill"),
            scope: Scope::Global,
            tenth: 17,
            is_hit: true,
        }),
    ]
}

fn decisions(by: Principal, reason: Text) -> [Event; 3] {
    [
        Event::Approval(Box::new(ApprovalEvent::Requested {
            request_id: RequestId::derive(ContentDigest::of(b"change"), 9),
            change: Change::Promote {
                strategy_id: "uptrend".into(),
                from: "canary".into(),
                to: "main".into(),
            },
            scope: Scope::Lane("main".into()),
            evidence: vec![reason.clone()],
            requested_at: Timestamp::from_ns(5),
            expires_at: Timestamp::from_ns(6),
            needs: vec![Role::Risk, Role::Approver],
            by: by.clone(),
            reason: reason.clone(),
        })),
        Event::Session(Box::new(SessionEvent::Moved {
            session_id: "S1".into(),
            from: SessionStatus::Suspended,
            to: SessionStatus::RolledBack,
            at: Timestamp::from_ns(7),
            by: by.clone(),
            reason: reason.clone(),
        })),
        Event::Deployment(Box::new(DeploymentEvent::ModelSet {
            strategy_id: "uptrend".into(),
            status: ModelStatus::Degraded,
            by,
            reason,
        })),
    ]
}

fn restraints(
    by: Principal,
    reason: Text,
    intent_key: IntentKey,
    order_intent_id: OrderIntentId,
) -> [Event; 6] {
    let kind = RestraintKind::Cooldown;
    let scope = Scope::Strategy("uptrend".into());
    [
        Event::RestraintImposed {
            kind,
            scope: scope.clone(),
            until: Some(Timestamp::from_ns(9)),
            by: None,
            reason: reason.clone(),
        },
        Event::RestraintLiftRequested {
            kind,
            scope: scope.clone(),
            by: by.clone(),
            reason: reason.clone(),
        },
        Event::RestraintLifted {
            kind,
            scope: scope.clone(),
            by: by.clone(),
            requested_by: by,
            reason,
        },
        Event::RestraintExpired { kind, scope: scope.clone() },
        Event::ExitAsked {
            intent_key,
            exit: Exit {
                intent_id: "flatten-9-1".into(),
                book_id: "core".into(),
                instrument_id: "BINANCE:BTCUSDT".into(),
                scope: scope.clone(),
            },
        },
        Event::CancelsPaused { scope, cancelled_to: Some(order_intent_id) },
    ]
}

fn incident() -> Incident {
    Incident {
        incident_id: IncidentId::new("INC-7-1"),
        origin: IncidentOrigin::Rule(Text::new("overfill")),
        category: IncidentCategory::Execution,
        severity: Severity::Critical,
        scope: Scope::Venue("BINANCE".into()),
        blocks: true,
        summary: Text::new("a venue reported more than was ordered"),
        opened_at: Timestamp::from_ns(1),
        hits: 1,
        acknowledged_by: None,
        escalated_at: None,
    }
}

fn payload(events: &[Event]) -> Vec<u8> {
    let mut payload = Vec::new();
    codec::encode_step(&Input::Resume, events, &mut payload);
    payload
}

#[test]
fn every_kind_of_event_comes_back_as_it_was_written() {
    let events = every_kind();
    assert_eq!(events.len(), 36, "a new kind of event belongs into this table");
    let payload = payload(&events);
    assert_eq!(codec::decode_events(&payload).expect("readable"), events);
    assert_eq!(codec::decode_input(&payload).expect("readable"), Input::Resume);
}

#[test]
fn replay_reads_of_every_event_exactly_what_is_applied() {
    let mut stepped_over = 0;
    for event in every_kind() {
        let payload = payload(std::slice::from_ref(&event));
        let facts: Result<Vec<Fact>, _> = codec::facts(&payload).expect("readable").collect();
        let facts = facts.expect("readable");
        assert_eq!(
            facts.first(),
            Fact::of(&event).as_ref(),
            "{event:?} is read otherwise than it is applied"
        );
        stepped_over += u32::from(facts.is_empty());
    }
    assert_eq!(stepped_over, 5);
}

#[test]
fn facts_read_ahead_are_those_each_entry_has() {
    let memory = MemoryStorage::new();
    let events = every_kind();
    let mut journal = fixture::open(&memory, &fixture::options());
    for count in 0..events.len() {
        journal.append(0, &payload(&events[..count])).expect("appended");
    }
    journal.close(0).expect("closes");
    let mut recovery =
        Journal::recover(fixture::shared(&memory), &fixture::options(), 0).expect("starts");
    let (mut compared, mut ahead) = (0, ChunkFacts::default());
    while let Some(chunk) = recovery.next_chunk().expect("sound") {
        ahead.read(&chunk).expect("readable");
        for (entry, ahead) in chunk.entries().zip(ahead.by_entry()) {
            let alone: Result<Vec<Fact>, _> = codec::facts(entry.payload).expect("facts").collect();
            assert_eq!(ahead, alone.expect("readable"), "entry {}", entry.seq);
            compared += 1;
        }
    }
    assert_eq!(compared, events.len());
}

#[test]
fn a_field_that_a_newer_version_added_is_passed_over() {
    let old = Event::IntentConflicted { intent_id: IntentId::new("I1"), first_seq: 9 };
    let mut newer = minicbor::Encoder::new(Vec::new());
    let fields =
        newer.array(2).and_then(|e| e.u32(6)).and_then(|e| e.array(4)).and_then(|e| e.str("I1"));
    fields
        .and_then(|e| e.u64(9))
        .and_then(|e| e.str("unheard of"))
        .and_then(|e| e.u8(1))
        .expect("memory");
    assert_eq!(minicbor::decode::<Event>(newer.writer()).expect("readable"), old);
}

#[test]
fn an_optional_field_that_an_older_version_did_not_know_is_absent() {
    let mut older = minicbor::Encoder::new(Vec::new());
    let fields = older.array(2).and_then(|e| e.u32(2)).and_then(|e| e.array(1));
    fields.and_then(|e| e.u32(4)).expect("memory");
    let expected = Event::InputRefused { why: Refusal::NotEngaged, by: None };
    assert_eq!(minicbor::decode::<Event>(older.writer()).expect("readable"), expected);
}

#[test]
fn payloads_of_format_1_stay_readable() {
    let golden = include_bytes!("golden/v1/payload.cbor");
    let events = codec::decode_events(golden).expect("a payload of format 1");
    let lines: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
    let text = lines.join("\n") + "\n";
    expect_file!["golden/v1/payload.txt"].assert_eq(&text);
    assert_eq!(events.len(), one_of_each().len());
}

#[test]
fn hostile_payloads_are_refused_and_never_panic() {
    let whole = payload(&every_kind());
    let mut refused = 0;
    for end in 0..whole.len() {
        refused += u32::from(codec::decode_events(&whole[..end]).is_err());
        let _ = codec::decode_input(&whole[..end]);
    }
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[position] ^= 1 << bit;
            let _ = codec::decode_input(&flipped);
            let _ = codec::facts(&flipped).map(Iterator::count);
            refused += u32::from(codec::decode_events(&flipped).is_err());
        }
    }
    assert!(refused > 1_000, "only {refused} damaged payloads were refused");
}

/// Writes the golden payload of the present format. Run it once for a new format version, under a new folder, and commit
/// what it wrote; the payload of a released format is never written again.
#[allow(dead_code, reason = "run by hand when a format version is added")]
fn write_golden_payload(folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::write(folder.join("payload.cbor"), payload(&one_of_each()))
}
