//! The language of tests: one input a line, with its logical time, and what came of it as a person would tell it.
//!
//! ```text
//! 1s intent I1 add 0.5 book desk      the fraction, then what differs from the defaults
//! 2s target I2 -0.1 to 0.3            a change of weight and the weight wanted in the end
//! 3s mark BTCUSDT 20000
//! 4s report I1.1 fill 1@20001
//! 5s kill by ops-1 because drill
//! ```
//!
//! Every script begins at 0s under the [`standard`] rules with the run R1 registered, unless its first line is
//! `0s from scratch`. Intents are for BTCUSDT in the paper book `core`, on a fresh quote of 19999/20001. Each step is
//! also decided by the reference and watched by the oracle; a script that they disagree on panics.

use crate::flow;
use crate::generate::{PARTITION, number, team};
use crate::lockstep::Pair;
use crate::routes;
use crate::script::{Governed, differ_governed};
use crate::story::tell;
use fillwright_domain::{
    AccountId, ActionType, Ask, BookId, CalendarId, ComponentKind, ExecId, ExecutionIntent,
    ExecutionReport, HealthStatus, IncidentCategory, IncidentId, Instrument, InstrumentId, Intent,
    IntentId, IntentKey, Notional, NumberText, OrderIntentId, Origin, Plane, PositionId, Principal,
    Px, Qty, Quote, Ratio, Rebalance, ReportKind, RunId, Scope, Severity, StartupAnomaly,
    StatedFill, StatedFills, StatedOrder, StatedOrders, StatedPosition, Statement, StrategyId,
    Text, Timestamp, Urgency, VenueId, VenueOrderId,
};
use fillwright_kernel::adoption::{PolicyInput, Proposal, Word};
use fillwright_kernel::incidents::IncidentInput;
use fillwright_kernel::{Effect, FlowInput, Input};
use fillwright_policy::{
    Book, Bound, Breach, Condition, Decision, DecisionRow, DetectionRule, Envelope,
    ExecutionPolicy, FactName, FlowPolicy, Group, GroupLimits, Grouping, Hours, Lanes, Limits,
    OnBreak, OpenWindow, Person, RegimePolicy, RestraintKind, Role, RoutePolicy, Rulebook,
    RulesHash, Signal, Strategy, Venue, approval_rules,
};
use std::collections::{BTreeMap, BTreeSet};

const NS_PER_MS: i64 = 1_000_000;

/// Plays a script and tells what happened.
///
/// # Panics
///
/// When a line cannot be read, or kernel, reference and oracle do not agree on a step.
pub fn play(script: &str) -> String {
    let mut stage = Stage::default();
    if !script.trim_start().starts_with("0s from scratch") {
        stage.silently(&Input::AdoptRulebook {
            rulebook: Box::new(standard()),
            by: Principal::new("risk-1"),
            reason: Text::new("standard"),
        });
        stage.silently(&run("R1", "9f86d081", "research-1"));
    }
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.line(line);
    }
    stage.told
}

/// What a script has built up so far.
struct Stage {
    pair: Pair,
    told: String,
    lines: u64,
    filled: BTreeMap<String, i128>,
    proposed: Option<RulesHash>,
    /// Whether the process dies before an exit it was asked to submit comes in.
    loses_exits: bool,
    governed: Governed,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            pair: Pair::new(None),
            told: String::new(),
            lines: 0,
            filled: BTreeMap::new(),
            proposed: None,
            loses_exits: false,
            governed: Governed::default(),
        }
    }
}

impl Stage {
    fn silently(&mut self, input: &Input) {
        self.pair.step(Timestamp::from_ns(0), input).expect("the opening is sound");
    }

    fn line(&mut self, line: &str) {
        self.lines += 1;
        let (when, said) = line.split_once(' ').unwrap_or((line, ""));
        let at = moment(when);
        let words: Vec<&str> = said.split_whitespace().collect();
        match words.as_slice() {
            ["from", "scratch"] => return,
            ["exits", "are", fate] => return self.loses_exits = *fate == "lost",
            _ => {}
        }
        let input = self.input(at, &words);
        if input == Input::Resume {
            self.pair.restart().unwrap_or_else(|what| panic!("{line}: {what}"));
        }
        self.take(at, when, &input).unwrap_or_else(|what| panic!("{line}: {what}"));
    }

    /// Takes an input, and then the intents it asks to be taken in.
    fn take(&mut self, at: Timestamp, when: &str, input: &Input) -> Result<(), String> {
        let effects = self.pair.step(at, input)?;
        tell(&mut self.told, when, self.pair.last_events(), &effects);
        for effect in effects {
            if let Effect::SubmitIntent(intent) = effect
                && !self.loses_exits
            {
                let input = Input::submit(*intent, Some(quote(at, "19999/20001")));
                self.take(at, when, &input)?;
            }
        }
        Ok(())
    }

    fn input(&mut self, at: Timestamp, words: &[&str]) -> Input {
        match words {
            ["intent", id, action, rest @ ..] => intent(at, id, action, rest),
            ["target", id, change, "to", weight, rest @ ..] => target(at, id, change, weight, rest),
            ["mark", instrument, px, rest @ ..] => Input::Mark {
                instrument_id: instrument_named(instrument),
                mark_px: Px::new(number(px)),
                as_of: if let ["as", "of", when] = rest { moment(when) } else { at },
            },
            ["run", id] => run(id, "9f86d081", "research-1"),
            ["run", id, "by", who] => run(id, "9f86d081", who),
            ["run", id, manifest] => run(id, manifest, "research-1"),
            ["adopt", rest @ ..] => adopt(rest),
            ["propose", rest @ ..] => self.propose(rest),
            ["approve", request, ..] if request.starts_with('R') => self.governed(at, words),
            ["approve", rest @ ..] => self.word(PolicyInput::Approve, rest),
            ["withdraw", rest @ ..] => self.word(PolicyInput::Withdraw, rest),
            ["kill", rest @ ..] => {
                let (by, reason) = person(rest);
                let effect = word_after(rest, "to").and_then(|effect| effect.parse().ok());
                let effect = effect.unwrap_or_default();
                Input::EngageKillSwitch { by, reason, scope: scope(rest), effect }
            }
            ["release", rest @ ..] => {
                let (by, reason) = person(rest);
                Input::ReleaseKillSwitch { by, reason, scope: scope(rest) }
            }
            ["impose", name, rest @ ..] => {
                let (by, reason) = person(rest);
                let until = word_after(rest, "until").map(moment);
                Input::Restrain { kind: kind(name), scope: scope(rest), until, by, reason }
            }
            ["lift", name, rest @ ..] => {
                let (by, reason) = person(rest);
                Input::LiftRestraint { kind: kind(name), scope: scope(rest), by, reason }
            }
            ["resume"] => Input::Resume,
            ["tick"] => Input::Tick,
            [
                "raise" | "acknowledge" | "annotate" | "link" | "close" | "health" | "clock"
                | "startup",
                ..,
            ] => incident(words),
            ["venue", id, status, rest @ ..] => {
                let said = rest.first().map(|_| person(rest));
                Input::Flow(Box::new(FlowInput::VenueHealth {
                    venue_id: VenueId::new(id),
                    status: HealthStatus::of(status).expect("a status"),
                    by: said.as_ref().map(|(by, _)| by.clone()),
                    reason: said.map(|(_, reason)| reason),
                }))
            }
            ["reenable", strategy, rest @ ..] => {
                let (by, reason) = person(rest);
                let strategy_id = StrategyId::new(strategy);
                Input::Flow(Box::new(FlowInput::Reenable { strategy_id, by, reason }))
            }
            [
                "schedule" | "session" | "promote" | "demote" | "model" | "regime" | "request"
                | "reject" | "announce",
                ..,
            ] => self.governed(at, words),
            ["started", build] => Input::Started { build: Text::new(build) },
            ["ledger", rest @ ..] => Input::Statement(Box::new(ledger(at, rest))),
            ["report", order, kind, rest @ ..] => self.report(at, order, kind, rest),
            _ => panic!("no such line: {words:?}"),
        }
    }

    /// `standard by risk-1, version 2, replaces standard, at 9s`: as `adopt`, with what a proposal says besides. It
    /// replaces what is in force where it names nothing else.
    fn propose(&mut self, words: &[&str]) -> Input {
        let text = words.join(" ");
        let (mut edits, mut effective_at, mut author) = (Vec::new(), None, "desk-1");
        let mut replaces = self.pair.rules_in_force().map_or_else(standard, Clone::clone);
        for part in text.split(", ") {
            match part.split(' ').collect::<Vec<_>>()[..] {
                ["at", when] => effective_at = Some(moment(when)),
                ["author", name] => author = name,
                ["replaces", "standard"] => replaces = standard(),
                _ => edits.push(part),
            }
        }
        let edits = edits.join(", ");
        let adopted = adopt(&edits.split(' ').collect::<Vec<_>>());
        let Input::AdoptRulebook { rulebook, by, reason } = adopted else {
            unreachable!("adopting is adopting")
        };
        self.proposed = rulebook.content_hash().into();
        Input::Policy(Box::new(PolicyInput::Propose(Proposal {
            rulebook,
            replaces: replaces.content_hash(),
            author: Principal::new(author),
            evidence: vec![Text::new("TCA-7")],
            effective_at,
            by,
            reason,
        })))
    }

    /// A word on what was proposed last, or on `other`, which nobody proposed.
    fn word(&self, ask: fn(Word) -> PolicyInput, words: &[&str]) -> Input {
        let is_other = words.first() == Some(&"other");
        let (by, reason) = person(&words[usize::from(is_other)..]);
        let proposed = self.proposed.filter(|_| !is_other);
        let hash = proposed.unwrap_or_else(|| Rulebook::default().content_hash());
        Input::Policy(Box::new(ask(Word { hash, by, reason })))
    }

    /// What people decide, where a line is about requests, sessions and lanes.
    fn governed(&mut self, at: Timestamp, words: &[&str]) -> Input {
        if let ["announce", id, action, rest @ ..] = words {
            self.governed.announce(id, &intent(at, id, action, rest));
            return Input::Tick;
        }
        self.governed.input(at, self.pair.seq() + 1, words)
    }

    fn report(&mut self, at: Timestamp, order: &str, kind: &str, rest: &[&str]) -> Input {
        let named = rest.iter().position(|word| *word == "as").map(|at| rest[at + 1]);
        Input::Report(ExecutionReport {
            order_intent_id: order_named(order),
            exec_id: ExecId::new(
                named.map_or_else(|| format!("E{}", self.lines), ToOwned::to_owned),
            ),
            transact_at: at,
            kind: self.kind(order, kind, rest),
        })
    }

    fn kind(&mut self, order: &str, kind: &str, rest: &[&str]) -> ReportKind {
        let cum_qty =
            || Qty::new(number(rest.first().copied().filter(|word| *word != "as").unwrap_or("0")));
        match kind {
            "ack" => ReportKind::Accepted { venue_order_id: VenueOrderId::new("V1") },
            "reject" => ReportKind::Rejected { text: Text::new("venue says no") },
            "fill" => self.fill(order, rest),
            "canceled" => ReportKind::Canceled { cum_qty: cum_qty() },
            "expired" => ReportKind::Expired { cum_qty: cum_qty() },
            "cancel-rejected" => ReportKind::CancelRejected,
            "bust" => ReportKind::Busted { of: ExecId::new(rest[0]) },
            "correct" => {
                let (qty, px) = rest[1].split_once('@').expect("a fill is written 1@20000");
                ReportKind::Corrected {
                    of: ExecId::new(rest[0]),
                    last_qty: Qty::new(number(qty)),
                    last_px: Px::new(number(px)),
                    fee: Notional::new(word_after(rest, "fee").map(number).unwrap_or_default()),
                }
            }
            "not-found" => ReportKind::NotFound,
            "query-failed" => ReportKind::QueryFailed { text: Text::new("timeout") },
            _ => panic!("no such report: {kind}"),
        }
    }

    /// `1@20000`, then `cum 2` where it is not the sum of the fills so far, and `fee 0.1`.
    fn fill(&mut self, order: &str, rest: &[&str]) -> ReportKind {
        let (qty, px) = rest[0].split_once('@').expect("a fill is written 1@20000");
        let last_qty = Qty::new(number(qty));
        let after = |word: &str| {
            rest.iter().position(|found| *found == word).map(|at| number(rest[at + 1]))
        };
        let filled = self.filled.entry(order.to_owned()).or_default();
        *filled += last_qty.get().mantissa();
        let cum_qty = after("cum").unwrap_or(fillwright_domain::Decimal::from_mantissa(*filled));
        ReportKind::Fill {
            last_qty,
            last_px: Px::new(number(px)),
            cum_qty: Qty::new(cum_qty),
            fee: Notional::new(after("fee").unwrap_or_default()),
        }
    }
}

/// What the executor of the live stub states: `open I1.1 2 cum 1`, `ended I1.1 2 cum 2`, `fill I1.1 E4 1@20000 fee 0.1 at
/// 3s`, `position core BTCUSDT 1`, each behind a comma, and `positions unsaid`. What moved last, moved at 0s, unless `moved
/// 3s` follows; as of now, unless it begins `as of 3s`.
fn ledger(at: Timestamp, words: &[&str]) -> Statement {
    let text = words.join(" ");
    let mut statement = Statement {
        plane: Plane::LiveStub,
        as_of: at,
        orders: StatedOrders::default(),
        fills: StatedFills { behind: Timestamp::MIN, to: at, fills: Vec::new() },
        positions: Some(Vec::new()),
    };
    for part in text.split(", ").filter(|part| !part.is_empty()) {
        let words: Vec<&str> = part.split(' ').collect();
        let after = |word: &str| word_after(&words, word);
        let moved_at = after("moved").map_or(Timestamp::from_ns(0), moment);
        match words.as_slice() {
            ["as", "of", when] => statement.as_of = moment(when),
            ["positions", "unsaid"] => statement.positions = None,
            [state @ ("open" | "ended"), order, qty, ..] => {
                statement.orders.orders.push(StatedOrder {
                    order_intent_id: order_named(order),
                    instrument_id: instrument_named("BTCUSDT"),
                    qty: Qty::new(number(qty)),
                    cum_qty: Qty::new(after("cum").map(number).unwrap_or_default()),
                    is_open: *state == "open",
                    moved_at,
                });
            }
            ["fill", order, exec_id, fill, ..] => {
                let (qty, px) = fill.split_once('@').expect("a fill is written 1@20000");
                let transact_at = after("at").map_or(Timestamp::from_ns(0), moment);
                statement.fills.fills.push(StatedFill {
                    order_intent_id: order_named(order),
                    exec_id: ExecId::new(*exec_id),
                    instrument_id: instrument_named("BTCUSDT"),
                    last_qty: Qty::new(number(qty)),
                    last_px: Px::new(number(px)),
                    fee: Notional::new(after("fee").map(number).unwrap_or_default()),
                    transact_at,
                    moved_at: moved_at.max(transact_at),
                });
            }
            ["position", account, instrument, qty, ..] => {
                let position = StatedPosition {
                    account: AccountId::new(*account),
                    instrument_id: instrument_named(instrument),
                    qty: Qty::new(number(qty)),
                    moved_at,
                };
                statement.positions.get_or_insert_default().push(position);
            }
            _ => panic!("no such part of a ledger: {part}"),
        }
    }
    statement
}

fn order_named(order: &str) -> OrderIntentId {
    let (intent, child) = order.split_once('.').expect("an order is written I1.1");
    let key = IntentKey::derive(PARTITION, &IntentId::new(intent));
    OrderIntentId::derive(key, child.parse().expect("a child number"))
}

/// `90ms`, `1s` or `1500us`, since the epoch.
pub(crate) fn moment(text: &str) -> Timestamp {
    let units = [("ms", NS_PER_MS), ("us", 1_000), ("ns", 1), ("s", 1_000 * NS_PER_MS)];
    let (digits, unit) = units
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))
        .expect("a time");
    Timestamp::from_ns(digits.parse::<i64>().expect("a whole number") * unit)
}

pub(crate) fn instrument_named(name: &str) -> InstrumentId {
    match name {
        "BTCUSDT" | "ETHUSDT" | "PEPEUSDT" => InstrumentId::of("BINANCE", name),
        "AAPL" => InstrumentId::of("NASDAQ", name),
        _ => InstrumentId::new(name),
    }
}

fn run(id: &str, manifest: &str, by: &str) -> Input {
    Input::RegisterRun {
        run_id: RunId::new(id),
        manifest_hash: Text::new(manifest),
        by: Principal::new(by),
        reason: Text::new("audited"),
    }
}

/// `raise execution high strategy:trend blocks by ops-1 because …`, `acknowledge INC-3-1 by ops-1 because …`, `annotate`,
/// `link INC-3-1 to entry:12 by …` and `close` alike; `health broker_connection BINANCE down`, `clock ntp 120`,
/// `startup torn_tail_dropped`.
fn incident(words: &[&str]) -> Input {
    let (by, reason) = person(words);
    let incident_id = || IncidentId::new(words[1]);
    Input::Incident(Box::new(match words {
        ["raise", category, severity, scope, rest @ ..] => IncidentInput::Raise {
            category: IncidentCategory::of(category).expect("a category"),
            severity: Severity::of(severity).expect("a severity"),
            scope: scope.parse().expect("a scope"),
            blocks: rest.first() == Some(&"blocks"),
            summary: reason,
            by,
        },
        ["acknowledge", ..] => {
            IncidentInput::Acknowledge { incident_id: incident_id(), by, reason }
        }
        ["annotate", ..] => {
            IncidentInput::Annotate { incident_id: incident_id(), by, text: reason }
        }
        ["link", _, "to", to, ..] => {
            IncidentInput::Link { incident_id: incident_id(), by, to: Text::new(to), reason }
        }
        ["close", ..] => {
            IncidentInput::Close { incident_id: incident_id(), by, root_cause: reason }
        }
        ["health", kind, component, status] => IncidentInput::Health {
            component: Text::new(component),
            kind: ComponentKind::of(kind).expect("a kind of component"),
            status: HealthStatus::of(status).expect("a status"),
            detail: Text::new("reported"),
        },
        ["clock", source, offset_ms] => IncidentInput::ClockOffset {
            source: Text::new(source),
            offset_ms: offset_ms.parse().expect("milliseconds"),
        },
        ["startup", anomaly] => IncidentInput::Startup {
            anomaly: StartupAnomaly::of(anomaly).expect("an anomaly"),
            detail: Text::new(anomaly),
        },
        _ => panic!("no such line: {words:?}"),
    }))
}

/// `on venue:BINANCE`; everything where `on` is missing.
fn scope(words: &[&str]) -> Scope {
    word_after(words, "on").map(|scope| scope.parse().expect("a scope")).unwrap_or_default()
}

fn kind(name: &str) -> RestraintKind {
    let kind = RestraintKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    kind.unwrap_or_else(|| panic!("no such restraint: {name}"))
}

fn word_after<'a>(words: &[&'a str], before: &str) -> Option<&'a str> {
    words.iter().position(|word| *word == before).map(|at| words[at + 1])
}

/// `by ops-1 because drill`; nobody where `by` is missing.
pub(crate) fn person(words: &[&str]) -> (Principal, Text) {
    let by = words.iter().position(|word| *word == "by").map_or("", |at| words[at + 1]);
    let reason =
        words.iter().position(|word| *word == "because").map(|at| words[at + 1..].join(" "));
    (Principal::new(by), Text::new(reason.unwrap_or_default()))
}

fn intent(at: Timestamp, id: &str, action: &str, rest: &[&str]) -> Input {
    let action = match action {
        "hold" => ActionType::Hold,
        "add" => ActionType::Add,
        "trim" => ActionType::Trim,
        "exit" => ActionType::Exit,
        "reclaim" => ActionType::Reclaim,
        "emergency" => ActionType::EmergencyExit,
        _ => panic!("no such action: {action}"),
    };
    let (size_frac, rest) = match rest.split_first() {
        Some((first, others)) if first.parse::<fillwright_domain::Decimal>().is_ok() => {
            (number(first), others)
        }
        _ => (fillwright_domain::Decimal::ONE, rest),
    };
    let asked = ExecutionIntent {
        action,
        size_frac: Ratio::new(size_frac),
        urgency: Urgency::Medium,
        priority: 50,
        max_slippage_bps: None,
        reduce_only: false,
        post_only: false,
        reason_codes: Vec::new(),
        state: Text::new("S1"),
        prev_state: Text::new("S0"),
        a_final: NumberText::default(),
        e_final: NumberText::default(),
        position_id: PositionId::new("P1"),
        token_contract: Text::new("BTCUSDT"),
        token_chain: Text::new("binance"),
        book_id: BookId::new("core"),
        timeframe: Text::new("1h"),
        max_leverage: None,
        risk_reason: None,
    };
    submit(at, id, Ask::Execution(Box::new(asked)), rest)
}

fn target(at: Timestamp, id: &str, change: &str, weight: &str, rest: &[&str]) -> Input {
    let asked = Rebalance {
        weight_change: Ratio::new(number(change.trim_start_matches('+'))),
        target_weight: Ratio::new(number(weight)),
        regime: None,
        market: Text::new("crypto"),
        description: Text::new("BTC"),
    };
    submit(at, id, Ask::Rebalance(Box::new(asked)), rest)
}

fn submit(at: Timestamp, id: &str, ask: Ask, options: &[&str]) -> Input {
    let mut intent = Intent {
        intent_id: IntentId::new(id),
        strategy_id: None,
        book_id: BookId::new("core"),
        instrument_id: instrument_named("BTCUSDT"),
        source_run: None,
        ask,
        input_truncated: false,
        origin: Origin::default(),
    };
    let mut quote = Some(quote(at, "19999/20001"));
    let mut words = options.iter().copied();
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_else(|| panic!("{word} what?"));
        match word {
            "book" => intent.book_id = BookId::new(next()),
            "strategy" => intent.strategy_id = Some(StrategyId::new(next())),
            "run" => intent.source_run = Some(RunId::new(next())),
            "line" => intent.origin.line = next().parse().expect("a line number"),
            "truncated" => intent.input_truncated = true,
            "quote" => quote = Some(self::quote(at, next())),
            "unquoted" => quote = None,
            "volume" => {
                let volume = Some(Qty::new(number(next())));
                if let Some(quote) = &mut quote {
                    quote.interval_qty = volume;
                }
            }
            "seen" => quote.iter_mut().for_each(|quote| quote.as_of = moment(next())),
            "BTCUSDT" | "ETHUSDT" | "PEPEUSDT" | "AAPL" | "NONE" => {
                intent.instrument_id = instrument_named(word);
            }
            _ => of_execution(&mut intent, word, &mut next),
        }
    }
    Input::submit(intent, quote)
}

fn of_execution<'a>(intent: &mut Intent, word: &str, next: &mut impl FnMut() -> &'a str) {
    let Ask::Execution(asked) = &mut intent.ask else {
        panic!("{word} is not of a change of weight")
    };
    match word {
        "low" => asked.urgency = Urgency::Low,
        "high" => asked.urgency = Urgency::High,
        "critical" => asked.urgency = Urgency::Critical,
        "reduce-only" => asked.reduce_only = true,
        "post-only" => asked.post_only = true,
        "slippage" => asked.max_slippage_bps = Some(next().parse().expect("basis points")),
        "leverage" => asked.max_leverage = Some(Ratio::new(number(next()))),
        _ => panic!("no such option: {word}"),
    }
}

fn quote(at: Timestamp, sides: &str) -> Quote {
    let (bid, ask) = sides.split_once('/').expect("a quote is written 19999/20001");
    Quote {
        bid_px: Px::new(number(bid)),
        ask_px: Px::new(number(ask)),
        bid_qty: None,
        ask_qty: None,
        last_px: None,
        interval_qty: None,
        as_of: at,
    }
}

/// `standard by risk-1, book core off, max_leverage 2 reduce`: the standard rules with what differs.
fn adopt(words: &[&str]) -> Input {
    let text = words.join(" ");
    let mut parts = text.split(", ");
    let first: Vec<&str> = parts.next().unwrap_or_default().split(' ').collect();
    assert_eq!(first[0], "standard", "rules are the standard ones and what differs");
    let mut rulebook = standard();
    parts.for_each(|edit| differ(&mut rulebook, &edit.split(' ').collect::<Vec<_>>()));
    let (by, reason) =
        if first.len() == 1 { person(&["by", "risk-1"]) } else { person(&first[1..]) };
    Input::AdoptRulebook { rulebook: Box::new(rulebook), by, reason }
}

/// `row R side buy|sell order_qty above 0.1 at_most 5 then reduce 0.5`
fn decision_row(id: &str, words: &[&str]) -> DecisionRow {
    let at = words.iter().position(|word| *word == "then").expect("a row decides");
    let mut when: Vec<Condition> = Vec::new();
    let mut rest = words[..at].iter().copied();
    while let Some(word) = rest.next() {
        let mut limit = || Some(number(rest.next().expect("a limit")));
        match (word, when.last_mut()) {
            ("above", Some(condition)) => condition.above = limit(),
            ("at_most", Some(condition)) => condition.at_most = limit(),
            (name, _) => {
                let fact = fact_named(name);
                let words = if fact.is_number() { "" } else { rest.next().expect("words") };
                let one_of = words.split('|').filter(|word| !word.is_empty()).map(Text::new);
                when.push(Condition { fact, one_of: one_of.collect(), above: None, at_most: None });
            }
        }
    }
    let (then, size) = match words[at + 1..] {
        ["reduce", size] => (Decision::Reduce, Some(Ratio::new(number(size)))),
        ["deny"] => (Decision::Deny, None),
        _ => (Decision::Allow, None),
    };
    let (id, reason) = (Text::new(id), Text::new("test"));
    DecisionRow { id, when, then, size, flags: BTreeSet::new(), reason }
}

fn fact_named(name: &str) -> FactName {
    match name {
        "side" => FactName::Side,
        "urgency" => FactName::Urgency,
        "action" => FactName::Action,
        "book" => FactName::Book,
        "market_regime" => FactName::MarketRegime,
        "order_notional" => FactName::OrderNotional,
        "order_qty" => FactName::OrderQty,
        "position_qty" => FactName::PositionQty,
        "quote_age_ms" => FactName::QuoteAgeMs,
        _ => panic!("no such fact: {name}"),
    }
}

fn differ(rules: &mut Rulebook, edit: &[&str]) {
    match edit {
        _ if differ_governed(rules, edit) => {}
        ["book", id, rest @ ..] => differ_book(rules.books.get_mut(*id).expect("a book"), rest),
        ["partition", name] => rules.partition = Text::new(name),
        ["version", name] => rules.version = Text::new(name),
        ["strategy", id, "off"] => {
            rules.strategies.get_mut(*id).expect("a strategy").enabled = false;
        }
        ["strategy", id, "owner", name] => {
            rules.strategies.get_mut(*id).expect("a strategy").owner = Text::new(name);
        }
        ["venue", id, "off"] => rules.venues.get_mut(*id).expect("a venue").enabled = false,
        ["person", name, "off"] => {
            rules.people.get_mut(*name).expect("a person").enabled = false;
        }
        ["person", name, role] => {
            let held = Role::ALL.into_iter().filter(|known| known.as_str() == *role).collect();
            rules.people.insert(Principal::new(name), Person { roles: held, enabled: true });
        }
        ["no", "person", name] => drop(rules.people.remove(*name)),
        ["build", build] => drop(rules.builds.insert(Text::new(build))),
        ["reconciliation", "grace_ms", ms] => {
            rules.reconciliation.grace_ms = ms.parse().expect("milliseconds");
        }
        ["reconciliation", response] => {
            rules.reconciliation.on_break = match *response {
                "halts" => OnBreak::Halt,
                "reduces" => OnBreak::ReduceOnly,
                _ => panic!("no such response: {response}"),
            };
        }
        ["escalate_after_s", seconds] => {
            rules.incident_rules.escalate_after_s = Some(seconds.parse().expect("seconds"));
        }
        ["clock_offset_max_ms", ms] => {
            rules.incident_rules.clock_offset_max_ms = ms.parse().expect("milliseconds");
        }
        ["detect", signal, rest @ ..] => {
            rules.incident_rules.rules.insert(Text::new(signal), detection(signal, rest));
        }
        ["no", "venue", id] => drop(rules.venues.remove(*id)),
        ["no", "book", id] => drop(rules.books.remove(*id)),
        ["no", "strategy", id] => drop(rules.strategies.remove(*id)),
        ["no", "calendar", id] => drop(rules.calendars.remove(*id)),
        ["no", "instrument", id] => drop(rules.instruments.remove(&instrument_named(id))),
        ["no", group @ ("every_sector" | "every_cluster")] => {
            *group_at(&mut rules.envelope, group) = GroupLimits::default();
        }
        ["flow", rest @ ..] => flow::differ(&mut rules.flow, rest),
        ["routes", rest @ ..] => routes::differ(&mut rules.routes, rest),
        ["no", limit] => limit_of(&mut rules.envelope.firm, limit, None, Breach::Deny),
        ["at", level, "max_exposure", value, rest @ ..] => {
            *group_at(&mut rules.envelope, level) = GroupLimits {
                max_exposure: Some(Notional::new(number(value))),
                on_exposure: if *rest == ["reduce"] { Breach::Reduce } else { Breach::Deny },
            };
        }
        ["at", level, limit, value] => {
            limit_of(limits_at(&mut rules.envelope, level), limit, Some(value), Breach::Deny);
        }
        ["at", level, limit, value, "reduce"] => {
            limit_of(limits_at(&mut rules.envelope, level), limit, Some(value), Breach::Reduce);
        }
        ["row", id, rest @ ..] => {
            rules.decisions.get_or_insert_default().rows.push(decision_row(id, rest));
        }
        ["environment", name] => rules.environment = Text::new(name),
        ["bound", path, least, most] => {
            let bounds = rules.bounds.get_or_insert_default();
            let bound = Bound { least: number(least), most: number(most) };
            bounds.bounds.insert(Text::new(path), bound);
        }
        ["quote_age_max_ms", ms] => {
            rules.execution.quote_age_max_ms = ms.parse().expect("milliseconds");
        }
        ["mark_age_max_ms", ms] => {
            rules.execution.mark_age_max_ms = ms.parse().expect("milliseconds");
        }
        [limit, value, "reduce"] => {
            limit_of(&mut rules.envelope.firm, limit, Some(value), Breach::Reduce);
        }
        [instrument, rest @ ..]
            if rules.instruments.contains_key(&instrument_named(instrument)) =>
        {
            let instrument = rules.instruments.get_mut(&instrument_named(instrument));
            differ_instrument(instrument.expect("an instrument"), rest);
        }
        [limit, value] => limit_of(&mut rules.envelope.firm, limit, Some(value), Breach::Deny),
        _ => panic!("no such difference: {edit:?}"),
    }
}

/// `detect order_rejected 2 within 60 by strategy percent 50 blocks cooldown 300`, of kind execution and high.
fn detection(signal: &str, words: &[&str]) -> DetectionRule {
    let after = |word: &str| words.iter().position(|found| *found == word).map(|at| words[at + 1]);
    let figure = |word: &str| after(word).map(|text| text.parse().expect("a whole number"));
    DetectionRule {
        signal: signal_named(signal),
        by: match after("by") {
            None => Grouping::Global,
            Some("strategy") => Grouping::Strategy,
            Some("venue") => Grouping::Venue,
            Some("instrument") => Grouping::Instrument,
            Some(other) => panic!("no such grouping: {other}"),
        },
        hits: words[0].parse().expect("a number of hits"),
        window_s: figure("within").unwrap_or(60),
        percent_min: figure("percent"),
        category: IncidentCategory::Execution,
        severity: after("severity")
            .map_or(Severity::High, |word| Severity::of(word).expect("a severity")),
        blocks: words.contains(&"blocks"),
        description: Text::new(signal),
        cooldown_s: figure("cooldown"),
    }
}

fn signal_named(name: &str) -> Signal {
    match name {
        "order_rejected" => Signal::OrderRejected,
        "intent_denied" => Signal::IntentDenied,
        "risk_breach" => Signal::RiskBreach,
        "stale_data" => Signal::StaleData,
        "overfill" => Signal::Overfill,
        "impossible_report" => Signal::ImpossibleReport,
        "order_stranded" => Signal::OrderStranded,
        "component_unhealthy" => Signal::ComponentUnhealthy,
        "data_feed_unhealthy" => Signal::DataFeedUnhealthy,
        "broker_unhealthy" => Signal::BrokerUnhealthy,
        "clock_offset" => Signal::ClockOffset,
        _ => panic!("no such signal: {name}"),
    }
}

fn differ_book(book: &mut Book, edit: &[&str]) {
    match edit {
        ["off"] => book.enabled = false,
        ["venue", plane] => {
            let plane = if *plane == "paper" { Plane::Paper } else { Plane::LiveStub };
            book.executors.values_mut().for_each(|executor| *executor = plane);
        }
        ["account", name] => book.account = AccountId::new(name),
        ["equity", amount] => book.equity = Notional::new(number(amount)),
        ["allocation", amount] => book.allocation = Notional::new(number(amount)),
        ["strategy", id] => book.strategy_id = StrategyId::new(id),
        ["run", id] => book.source_run = Some(RunId::new(id)),
        ["without", "run"] => book.source_run = None,
        ["without", venue] => drop(book.executors.remove(*venue)),
        _ => panic!("no such difference of a book: {edit:?}"),
    }
}

fn differ_instrument(instrument: &mut Instrument, edit: &[&str]) {
    match edit {
        ["off"] => instrument.enabled = false,
        ["lot", size] => {
            instrument.lot_size = Qty::new(number(size));
            instrument.step_size = Qty::new(number(size));
        }
        ["step", size] => instrument.step_size = Qty::new(number(size)),
        ["tick", size] => instrument.tick_size = Px::new(number(size)),
        ["min_notional", amount] => instrument.min_notional = Notional::new(number(amount)),
        ["max_qty", size] => instrument.max_qty = Some(Qty::new(number(size))),
        ["contract_size", size] => instrument.contract_size = Ratio::new(number(size)),
        _ => panic!("no such difference of an instrument: {edit:?}"),
    }
}

/// The limits a level states: `firm`, `account:main`, `lane:canary`, `strategy:trend`, `book:core`, `instrument:BTCUSDT`.
fn limits_at<'a>(envelope: &'a mut Envelope, level: &str) -> &'a mut Limits {
    match level.split_once(':') {
        None if level == "firm" => &mut envelope.firm,
        Some(("account", name)) => envelope.accounts.entry(name.into()).or_default(),
        Some(("lane", name)) => envelope.lanes.entry(name.into()).or_default(),
        Some(("strategy", name)) => envelope.strategies.entry(name.into()).or_default(),
        Some(("book", name)) => envelope.books.entry(name.into()).or_default(),
        Some(("instrument", name)) => {
            envelope.instruments.entry(instrument_named(name)).or_default()
        }
        _ => panic!("no such level: {level}"),
    }
}

/// The limits of a group: `every_sector`, `sector:crypto`, `every_cluster`, `cluster:majors`.
fn group_at<'a>(envelope: &'a mut Envelope, level: &str) -> &'a mut GroupLimits {
    match level.split_once(':') {
        None if level == "every_sector" => &mut envelope.every_sector,
        None if level == "every_cluster" => &mut envelope.every_cluster,
        Some(("sector", name)) => envelope.sectors.entry(name.into()).or_default(),
        Some(("cluster", name)) => envelope.clusters.entry(name.into()).or_default(),
        _ => panic!("no such group: {level}"),
    }
}

fn count(number: fillwright_domain::Decimal) -> u32 {
    number.to_string().parse().expect("a whole number")
}

fn limit_of(limits: &mut Limits, name: &str, value: Option<&str>, breach: Breach) {
    let value = value.map(number);
    match name {
        "max_order_notional" => {
            limits.max_order_notional = value.map(Notional::new);
            limits.on_order_notional = breach;
        }
        "max_leverage" => {
            limits.max_leverage = value.map(Ratio::new);
            limits.on_leverage = breach;
        }
        "max_order_qty" => {
            limits.max_order_qty = value.map(Qty::new);
            limits.on_order_qty = breach;
        }
        "max_position" => {
            limits.max_position = value.map(Qty::new);
            limits.on_position = breach;
        }
        "max_gross_exposure" => {
            limits.max_gross_exposure = value.map(Notional::new);
            limits.on_gross_exposure = breach;
        }
        "max_net_exposure" => {
            limits.max_net_exposure = value.map(Notional::new);
            limits.on_net_exposure = breach;
        }
        "max_open_orders" => limits.max_open_orders = value.map(count),
        "max_asset_exposure" => {
            limits.max_asset_exposure = value.map(Ratio::new);
            limits.on_asset_exposure = breach;
        }
        _ => panic!("no such limit: {name}"),
    }
}

/// The rules that scripts begin with: two venues, four instruments, a book on paper and one on the live stub.
pub fn standard() -> Rulebook {
    let venue = |id: &str, calendar: &str| {
        (VenueId::new(id), Venue { enabled: true, calendar: CalendarId::new(calendar) })
    };
    let strategy = |id: &str| {
        let described =
            Strategy { enabled: true, owner: Text::new("desk-1"), description: Text::new(id) };
        (StrategyId::new(id), described)
    };
    Rulebook {
        version: Text::new("1"),
        partition: Text::new(PARTITION),
        environment: Text::new("offline"),
        venues: BTreeMap::from([venue("BINANCE", "always"), venue("NASDAQ", "day")]),
        instruments: BTreeMap::from([
            instrument("BTCUSDT", "0.001", "0.01", "10"),
            instrument("ETHUSDT", "0.01", "0.01", "10"),
            instrument("PEPEUSDT", "0.000000000000000001", "0.000000000000000001", "0"),
            instrument("AAPL", "1", "0.01", "1"),
        ]),
        strategies: BTreeMap::from([strategy("trend"), strategy("other")]),
        books: BTreeMap::from([book("core", Plane::Paper), book("desk", Plane::LiveStub)]),
        calendars: BTreeMap::from([
            (CalendarId::new("always"), Hours::Always),
            (CalendarId::new("day"), day()),
        ]),
        groups: BTreeMap::from([
            group("BTCUSDT", "crypto", Some("majors")),
            group("ETHUSDT", "crypto", Some("majors")),
            group("PEPEUSDT", "crypto", None),
        ]),
        envelope: Envelope {
            firm: Limits {
                max_order_notional: Some(Notional::new(number("50000"))),
                max_leverage: Some(Ratio::new(number("3"))),
                max_asset_exposure: Some(Ratio::new(number("2"))),
                ..Limits::wide()
            },
            ..Envelope::wide()
        },
        execution: ExecutionPolicy {
            quote_age_max_ms: 1_000,
            mark_age_max_ms: 60_000,
            minimum_trade_weight: Ratio::new(number("0.001")),
        },
        people: team(),
        flow: FlowPolicy::wide(),
        approvals: approval_rules(),
        lanes: Lanes::wide(),
        regime: RegimePolicy::wide(),
        routes: Some(RoutePolicy::wide()),
        ..Rulebook::default()
    }
}

fn group(symbol: &str, sector: &str, cluster: Option<&str>) -> (InstrumentId, Group) {
    let group = Group { sector: Some(Text::new(sector)), cluster: cluster.map(Text::new) };
    (instrument_named(symbol), group)
}

fn instrument(
    symbol: &str,
    lot: &str,
    tick: &str,
    min_notional: &str,
) -> (InstrumentId, Instrument) {
    let instrument_id = instrument_named(symbol);
    let venue = instrument_id.venue().unwrap_or_default().to_owned();
    let instrument = Instrument {
        instrument_id: instrument_id.clone(),
        venue: VenueId::new(&venue),
        lot_size: Qty::new(number(lot)),
        step_size: Qty::new(number(lot)),
        tick_size: Px::new(number(tick)),
        min_notional: Notional::new(number(min_notional)),
        contract_size: Ratio::ONE,
        maker_fee: Ratio::ZERO,
        taker_fee: Ratio::ZERO,
        max_qty: None,
        calendar: CalendarId::new(if venue == "NASDAQ" { "day" } else { "always" }),
        enabled: true,
        updated_at: Text::new("2026-01-01"),
    };
    (instrument_id, instrument)
}

fn book(id: &str, plane: Plane) -> (BookId, Book) {
    let book = Book {
        enabled: true,
        strategy_id: StrategyId::new("trend"),
        equity: Notional::new(number("100000")),
        allocation: Notional::new(number("40002")),
        source_run: Some(RunId::new("R1")),
        executors: BTreeMap::from([
            (VenueId::new("BINANCE"), plane),
            (VenueId::new("NASDAQ"), plane),
        ]),
        account: AccountId::main(),
        lane: None,
    };
    (BookId::new(id), book)
}

/// Open from 100 s until 200 s and from 300 s until 400 s; nothing is known from 500 s on.
fn day() -> Hours {
    let open =
        |from: &str, until: &str| OpenWindow { open_at: moment(from), close_at: moment(until) };
    Hours::Windows {
        valid_from: moment("50s"),
        valid_until: moment("500s"),
        open: vec![open("100s", "200s"), open("300s", "400s")],
    }
}
