//! Closing what a scope holds: safety exits that a flattening kill switch asks for.
//!
//! The kernel holds no quotes, so an exit leaves as an effect and comes back through intake as an intent like any other,
//! with the market as it is then: it is judged, recorded and explained like any other. Its id is derived from the entry
//! that asked for it, so a crash repeats none.

use crate::control::Restraint;
use crate::{Event, State};
use fillwright_domain::{
    ActionType, Ask, BookId, ExecutionIntent, InstrumentId, Intent, IntentId, IntentKey,
    NumberText, Origin, PositionId, Ratio, Scope, Text, Timestamp, Urgency,
};
use fillwright_policy::{KillEffect, RestraintKind};
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most exits one step asks for; the next round asks for the rest.
const EXITS_PER_STEP: usize = 1_000;
/// How long after exits were asked for what is still held is asked for again: long enough for a cancel or fill to be
/// reported. Nanoseconds.
const AGAIN_AFTER_NS: i64 = 30_000_000_000;

/// Exits that were asked for and have not come in as intents yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Exits(#[n(0)] BTreeMap<IntentKey, Exit>);

/// One exit that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Exit {
    /// The name its intent will have.
    #[n(0)]
    pub intent_id: IntentId,
    /// The book that holds.
    #[n(1)]
    pub book_id: BookId,
    /// What it holds.
    #[n(2)]
    pub instrument_id: InstrumentId,
    /// What asked for it.
    #[n(3)]
    pub scope: Scope,
}

impl Exits {
    /// Whether none is on its way.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn ask(&mut self, intent_key: IntentKey, exit: Exit) {
        self.0.insert(intent_key, exit);
    }

    pub(crate) fn came_in(&mut self, intent_key: IntentKey) {
        self.0.remove(&intent_key);
    }

    /// Asks once more for those that never came in.
    pub(crate) fn again(&self) -> impl Iterator<Item = Event> {
        self.0.iter().map(|(intent_key, exit)| Event::ExitAsked {
            intent_key: *intent_key,
            exit: exit.clone(),
        })
    }

    fn has(&self, book_id: &BookId, instrument_id: &InstrumentId) -> bool {
        self.0.values().any(|exit| exit.book_id == *book_id && exit.instrument_id == *instrument_id)
    }
}

/// Asks for an exit of every holding in a scope that is not on its way out already, by an exit that was asked for, in
/// this step too, or by working orders that close all of it.
pub(crate) fn exits(state: &State, scope: &Scope, before: &[Event]) -> Vec<Event> {
    let seq = state.seq + 1;
    let asked: BTreeSet<_> = before.iter().filter_map(exit_of).collect();
    let mut held = held(state, scope);
    held.retain(|(book_id, instrument_id)| !asked.contains(&(book_id, instrument_id)));
    let held = held.into_iter().take(EXITS_PER_STEP).enumerate();
    held.map(|(n, (book_id, instrument_id))| {
        let intent_id = IntentId::new(format!("flatten-{seq}-{}", asked.len() + n + 1));
        let intent_key = IntentKey::derive(state.partition.as_str(), &intent_id);
        let scope = scope.clone();
        Event::ExitAsked { intent_key, exit: Exit { intent_id, book_id, instrument_id, scope } }
    })
    .collect()
}

fn exit_of(event: &Event) -> Option<(&BookId, &InstrumentId)> {
    match event {
        Event::ExitAsked { exit, .. } => Some((&exit.book_id, &exit.instrument_id)),
        _ => None,
    }
}

/// What is held in a scope, by book and instrument, and not on its way out.
fn held(state: &State, scope: &Scope) -> BTreeSet<(BookId, InstrumentId)> {
    let holdings = state.ledgers.iter().flat_map(|(book_id, _, ledger)| {
        let held = ledger.holdings().filter(|(_, holding)| !holding.is_closing());
        held.map(move |(instrument_id, _)| (book_id, instrument_id))
    });
    let within = holdings.filter(|(book_id, instrument_id)| {
        scope.covers(&state.place_of(book_id, instrument_id))
            && !state.exits.has(book_id, instrument_id)
    });
    within.map(|(book_id, instrument_id)| (book_id.clone(), instrument_id.clone())).collect()
}

/// Whether a kill switch that flattens looks again at what is still held.
pub(crate) fn is_due(at: Timestamp, restraint: &Restraint) -> bool {
    let asked_at = restraint.exits_asked_at.unwrap_or(restraint.since);
    restraint.effect == KillEffect::Flatten
        && at.as_ns().saturating_sub(asked_at.as_ns()) >= AGAIN_AFTER_NS
}

/// Notes when a scope's exits were asked for.
pub(crate) fn note(state: &mut State, intent_key: IntentKey, exit: Exit) {
    let at = state.at;
    state.control.change(RestraintKind::KillSwitch, exit.scope.clone(), |kill| {
        kill.exits_asked_at = Some(at);
    });
    state.exits.ask(intent_key, exit);
}

/// The intent that closes a holding, as it will come in.
pub(crate) fn intent(exit: &Exit) -> Intent {
    let text = Text::default;
    Intent {
        intent_id: exit.intent_id.clone(),
        strategy_id: None,
        book_id: exit.book_id.clone(),
        instrument_id: exit.instrument_id.clone(),
        source_run: None,
        ask: Ask::Execution(Box::new(ExecutionIntent {
            action: ActionType::EmergencyExit,
            size_frac: Ratio::ONE,
            urgency: Urgency::Critical,
            priority: 0,
            max_slippage_bps: None,
            reduce_only: true,
            post_only: false,
            reason_codes: vec![Text::new("flatten")],
            state: text(),
            prev_state: text(),
            a_final: NumberText::default(),
            e_final: NumberText::default(),
            position_id: PositionId::default(),
            token_contract: text(),
            token_chain: text(),
            book_id: exit.book_id.clone(),
            timeframe: text(),
            max_leverage: None,
            risk_reason: None,
        })),
        input_truncated: false,
        origin: Origin { source: Text::new(format!("kill switch {}", exit.scope)), line: 0 },
    }
}
