//! The story of one intent, gathered from the journal: who wanted it, what was decided by which figures, what was sent,
//! what came back, how it ended, and the entries that prove it.

pub(crate) mod find;
mod flow;
mod gates;
pub(crate) mod imagined;
mod tell;
pub(crate) mod thread;

use crate::reading::{JournalReader, events_of, input_of};
use crate::rows::{self, verdicts_of};
use crate::words;
use anyhow::Result;
use fillwright_domain::{
    ExecutionOutcome, ExecutionPlan, ExecutionResult, Intent, OrderIntent, Quote, RunId,
    StrategyId, Timestamp,
};
use fillwright_journal::Hash;
use fillwright_kernel::{Event, Gate, GateSet, Input};
use fillwright_policy::Rulebook;
use gates::{GateLine, Reading};
use serde::Serialize;
use std::collections::BTreeSet;

/// The whole story.
#[derive(Debug, Serialize)]
pub(crate) struct Story {
    pub(crate) intent: Intent,
    pub(crate) asked: String,
    pub(crate) strategy_id: Option<StrategyId>,
    pub(crate) source_run: Option<RunId>,
    /// Set where the entry that accepted it is not among those found.
    pub(crate) quote: Option<Quote>,
    pub(crate) decided_at: String,
    pub(crate) quote_age_ms: Option<i64>,
    pub(crate) rules_version: Option<String>,
    pub(crate) rules_seq: u64,
    pub(crate) gates: Vec<GateLine>,
    pub(crate) not_in_force: GateSet,
    pub(crate) plan: Option<ExecutionPlan>,
    pub(crate) orders: Vec<OrderIntent>,
    pub(crate) happenings: Vec<Happening>,
    pub(crate) outcomes: Vec<ExecutionOutcome>,
    pub(crate) result: Option<ExecutionResult>,
    /// How it ended, in one word, as tables have it.
    pub(crate) ended: String,
    pub(crate) ended_because: Option<String>,
    /// Each time it came again.
    pub(crate) again: Vec<Again>,
    pub(crate) proof: Vec<Proof>,
}

/// Something that happened to an order.
#[derive(Debug, Serialize)]
pub(crate) struct Happening {
    pub(crate) seq: u64,
    pub(crate) at: String,
    pub(crate) what: String,
}

/// A later coming of the same id.
#[derive(Debug, Serialize)]
pub(crate) struct Again {
    pub(crate) seq: u64,
    pub(crate) at: String,
    pub(crate) source: String,
    pub(crate) line: u64,
    /// Whether it said something else.
    pub(crate) is_conflict: bool,
    pub(crate) asked: String,
}

/// An entry of the journal that says so.
#[derive(Debug, Serialize)]
pub(crate) struct Proof {
    pub(crate) seq: u64,
    pub(crate) at: String,
    pub(crate) at_ns: String,
    pub(crate) hash: String,
    pub(crate) what: &'static str,
}

/// An entry as it was read.
struct Told {
    seq: u64,
    at: Timestamp,
    hash: Hash,
    input: Input,
    events: Vec<Event>,
}

/// Puts a story together from its entries. Nothing where none of them accepted the intent.
pub(crate) fn gather(reader: &JournalReader, seqs: &BTreeSet<u64>) -> Result<Option<Story>> {
    let mut told = Vec::new();
    for seq in seqs {
        reader.one(*seq, |entry| {
            told.push(Told {
                seq: entry.seq,
                at: Timestamp::from_ns(entry.at),
                hash: *entry.hash,
                input: input_of(entry)?,
                events: events_of(entry)?,
            });
            Ok(())
        })?;
    }
    let Some(first) = told.iter().find(|told| accepted(told).is_some()) else { return Ok(None) };
    let rules = rules_of(reader, first)?;
    Ok(story(first, &told, rules.as_ref()))
}

fn accepted(told: &Told) -> Option<(&Intent, Option<&Quote>)> {
    let is_accepted = told.events.iter().any(|event| matches!(event, Event::IntentAccepted { .. }));
    match &told.input {
        Input::SubmitIntent { intent, quote } if is_accepted => Some((intent, quote.as_ref())),
        _ => None,
    }
}

/// The rules an entry was decided by.
fn rules_of(reader: &JournalReader, told: &Told) -> Result<Option<Rulebook>> {
    let (seq, _) = judged(told);
    let mut rules = None;
    if seq > 0 {
        reader.one(seq, |entry| {
            rules = events_of(entry)?.into_iter().find_map(|event| match event {
                Event::RulebookAdopted { rulebook, .. } => Some(*rulebook),
                _ => None,
            });
            Ok(())
        })?;
    }
    Ok(rules)
}

/// The entry that adopted the rules in force, and the gates without a rule.
fn judged(told: &Told) -> (u64, GateSet) {
    let judged = told.events.iter().find_map(|event| match event {
        Event::IntentJudged { rulebook_seq, not_in_force, .. } => {
            Some((*rulebook_seq, *not_in_force))
        }
        _ => None,
    });
    judged.unwrap_or_default()
}

fn story(first: &Told, told: &[Told], rules: Option<&Rulebook>) -> Option<Story> {
    let (intent, quote) = accepted(first)?;
    let (rules_seq, not_in_force) = judged(first);
    let resolved = first.events.iter().find_map(|event| match event {
        Event::IntentAccepted { strategy_id, source_run, .. } => Some((strategy_id, source_run)),
        _ => None,
    });
    let (strategy_id, source_run) = resolved?;
    let reading = Reading {
        intent,
        strategy_id: strategy_id.as_ref(),
        source_run: source_run.as_ref(),
        rules,
        rules_seq,
    };
    let row = row_of(told);
    Some(Story {
        intent: intent.clone(),
        asked: rows::asked(intent),
        strategy_id: strategy_id.clone(),
        source_run: source_run.clone(),
        quote: quote.cloned(),
        decided_at: words::at(first.at),
        quote_age_ms: quote.map(|quote| first.at.since_ns(quote.as_of).div_euclid(1_000_000)),
        rules_version: rules.map(|rules| rules.version.to_string()),
        rules_seq,
        gates: verdicts_of(&first.events).iter().map(|verdict| reading.line(verdict)).collect(),
        not_in_force,
        plan: find_event(told, |event| match event {
            Event::PlanMade { plan, .. } => Some(plan.clone()),
            _ => None,
        }),
        orders: events(told).filter_map(|(_, event)| emitted(event)).collect(),
        happenings: happenings(told),
        outcomes: events(told).filter_map(|(_, event)| outcome(event)).collect(),
        result: find_event(told, |event| match event {
            Event::IntentClosed { result, .. } => Some(result.clone()),
            _ => None,
        }),
        ended: row.as_ref().map(|row| row.outcome.clone()).unwrap_or_default(),
        ended_because: row.and_then(|row| row.reason),
        again: told.iter().filter_map(again).collect(),
        proof: told.iter().map(proof).collect(),
    })
}

/// The row of the first coming, as tables have it.
fn row_of(told: &[Told]) -> Option<rows::Row> {
    let mut rows = rows::Rows::default();
    for told in told {
        rows.take(told.seq, told.at, &told.input, &told.events);
    }
    rows.rows.into_iter().next()
}

fn events(told: &[Told]) -> impl Iterator<Item = (&Told, &Event)> {
    told.iter().flat_map(|told| told.events.iter().map(move |event| (told, event)))
}

fn find_event<T>(told: &[Told], pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
    events(told).find_map(|(_, event)| pick(event))
}

fn emitted(event: &Event) -> Option<OrderIntent> {
    match event {
        Event::OrderEmitted { order, .. } => Some(order.clone()),
        _ => None,
    }
}

fn outcome(event: &Event) -> Option<ExecutionOutcome> {
    match event {
        Event::OutcomeRecorded { outcome } => Some(outcome.clone()),
        _ => None,
    }
}

/// What happened to the orders, in the order of the journal. An entry may speak of other orders too.
fn happenings(told: &[Told]) -> Vec<Happening> {
    let ours: BTreeSet<_> = events(told)
        .filter_map(|(_, event)| emitted(event))
        .map(|order| order.order_intent_id)
        .collect();
    let is_ours =
        |event: &Event| thread::order_of(event).is_some_and(|order| ours.contains(&order));
    let happened = events(told).filter(|(_, event)| is_ours(event));
    let happened = happened.filter_map(|(told, event)| {
        let what = tell::happening(event, &told.input)?;
        Some(Happening { seq: told.seq, at: words::at(told.at), what })
    });
    happened.collect()
}

fn again(told: &Told) -> Option<Again> {
    let is_conflict = told.events.iter().find_map(|event| match event {
        Event::IntentDuplicated { .. } => Some(false),
        Event::IntentConflicted { .. } => Some(true),
        _ => None,
    })?;
    let Input::SubmitIntent { intent, .. } = &told.input else { return None };
    Some(Again {
        seq: told.seq,
        at: words::at(told.at),
        source: intent.origin.source.to_string(),
        line: intent.origin.line,
        is_conflict,
        asked: format!("{} {}", rows::asked(intent), intent.instrument_id),
    })
}

fn proof(told: &Told) -> Proof {
    Proof {
        seq: told.seq,
        at: words::at(told.at),
        at_ns: told.at.to_string(),
        hash: words::hash(&told.hash),
        what: tell::entry_word(&told.input),
    }
}

/// The gates without a rule in force, in words.
pub(crate) fn gate_words(set: GateSet) -> Vec<String> {
    let gates = fillwright_kernel::gates::order().map(|(gate, _)| gate);
    gates.filter(|gate| set.contains(*gate)).map(gate_word).collect()
}

/// A gate's name in words.
pub(crate) fn gate_word(gate: Gate) -> String {
    let name = serde_json::to_value(gate).ok().and_then(|name| name.as_str().map(str::to_owned));
    name.unwrap_or_default().replace('_', " ")
}
