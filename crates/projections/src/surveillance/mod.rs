//! Surveillance: patterns in orders and fills that look like abuse of a market, from the journal and the thresholds of
//! `surveillance.json`. What is found is a reason to look, no more. Orders on paper reach no market and are left out. The
//! same journal, period and thresholds give the same bytes.

mod acts;
mod patterns;

pub use patterns::{Finding, Pattern};

use crate::ProjectedEntry;
use crate::evidence::Period;
use crate::text::rfc3339;
use acts::{Act, Acts, Deed};
use fillwright_domain::{
    BookId, ExecutionOutcome, InstrumentId, OrderIntent, OrderIntentId, Plane, Px, Qty, StrategyId,
    Timestamp,
};
use fillwright_kernel::Event;
use fillwright_policy::surveillance::SurveillancePolicy;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the result calls its own format.
const FORMAT: &str = "fillwright/surveillance/1";

/// A watch over a period: feed it every entry of the journal in order.
#[derive(Debug)]
pub struct Surveillance {
    period: Period,
    policy: SurveillancePolicy,
    orders: BTreeMap<OrderIntentId, Watched>,
    /// What each strategy did in each instrument of late.
    acts: BTreeMap<(StrategyId, InstrumentId), Acts>,
    /// What the desk filled in each instrument of late.
    fills: BTreeMap<InstrumentId, Acts>,
    messages: u64,
    trades: u64,
    found: Vec<Finding>,
}

/// An order at work, with whose it is.
#[derive(Debug)]
struct Watched {
    order: OrderIntent,
    strategy_id: StrategyId,
    is_cancelled: bool,
}

/// What the watch came to.
#[derive(Debug, Serialize)]
pub struct Surveyed {
    format: &'static str,
    from: String,
    to: String,
    thresholds: SurveillancePolicy,
    /// Orders and cancels that were looked at.
    pub messages: u64,
    /// Fills that were looked at.
    pub trades: u64,
    /// What was found, in the order of the entries that showed it.
    pub findings: Vec<Finding>,
}

impl Surveillance {
    /// A watch that has seen nothing yet.
    pub fn new(policy: SurveillancePolicy, period: Period) -> Self {
        Self {
            period,
            policy,
            orders: BTreeMap::new(),
            acts: BTreeMap::new(),
            fills: BTreeMap::new(),
            messages: 0,
            trades: 0,
            found: Vec::new(),
        }
    }

    /// Takes in the next entry; false once it is behind the period, and so is everything that follows.
    pub fn take(&mut self, entry: &ProjectedEntry) -> bool {
        if entry.at > self.period.to {
            return false;
        }
        let mut accepted = None;
        for event in &entry.events {
            match event {
                Event::IntentAccepted { strategy_id, .. } => accepted.clone_from(strategy_id),
                Event::OrderEmitted { order } if order.plane != Plane::Paper => {
                    self.released(entry, order, accepted.clone());
                }
                Event::OrderCancelRequested { order_intent_id, .. } => {
                    self.cancelled(entry, *order_intent_id);
                }
                Event::FillBooked { order_intent_id, last_qty, last_px, .. } => {
                    self.filled(entry, *order_intent_id, *last_qty, *last_px);
                }
                Event::OutcomeRecorded { outcome } => self.ended(entry, outcome),
                _ => {}
            }
        }
        true
    }

    /// What it came to.
    pub fn finish(self) -> Surveyed {
        Surveyed {
            format: FORMAT,
            from: rfc3339(self.period.from),
            to: rfc3339(self.period.to),
            thresholds: self.policy,
            messages: self.messages,
            trades: self.trades,
            findings: self.found,
        }
    }

    fn released(
        &mut self,
        entry: &ProjectedEntry,
        order: &OrderIntent,
        strategy_id: Option<StrategyId>,
    ) {
        let Some(strategy_id) = strategy_id else { return };
        let id = order.order_intent_id;
        let watched = Watched { order: order.clone(), strategy_id, is_cancelled: false };
        self.orders.insert(id, watched);
        self.messages += u64::from(self.is_within(entry.at));
        self.act(entry, id, Deed::Ordered);
    }

    fn cancelled(&mut self, entry: &ProjectedEntry, id: OrderIntentId) {
        let Some(watched) = self.orders.get_mut(&id) else { return };
        watched.is_cancelled = true;
        self.messages += u64::from(self.is_within(entry.at));
        self.act(entry, id, Deed::CancelAsked);
    }

    fn filled(&mut self, entry: &ProjectedEntry, id: OrderIntentId, qty: Qty, px: Px) {
        self.trades += u64::from(self.is_within(entry.at));
        self.act(entry, id, Deed::Filled { qty, px });
    }

    /// An order that ended is looked at once more, for what was taken back of it, and forgotten.
    fn ended(&mut self, entry: &ProjectedEntry, outcome: &ExecutionOutcome) {
        let id = outcome.order_intent_id;
        let Some(watched) = self.orders.get(&id) else { return };
        let unfilled = watched.order.requested_quantity.checked_sub(outcome.filled_quantity);
        if let Some(qty) = unfilled.ok().filter(|qty| qty.is_positive() && watched.is_cancelled) {
            self.act(entry, id, Deed::TakenBack { qty });
        }
        self.orders.remove(&id);
    }

    fn act(&mut self, entry: &ProjectedEntry, id: OrderIntentId, deed: Deed) {
        let Some(watched) = self.orders.get(&id) else { return };
        let (order, strategy_id) = (&watched.order, watched.strategy_id.clone());
        let instrument_id = order.market_id.clone();
        let act = Act {
            seq: entry.seq,
            at: entry.at,
            book_id: order.book_id.clone(),
            side: order.side,
            deed,
        };
        let window_ns = i64::from(self.policy.window_s) * 1_000_000_000;
        let own = self.acts.entry((strategy_id.clone(), instrument_id.clone())).or_default();
        own.add(act.clone(), window_ns);
        let mut found: Vec<Finding> = [
            patterns::order_to_trade(own, &self.policy.order_to_trade),
            patterns::layering(own, &self.policy.layering),
        ]
        .into_iter()
        .flatten()
        .map(|seen| seen.of(Some(strategy_id.clone()), &instrument_id))
        .collect();
        if matches!(deed, Deed::Filled { .. }) {
            let fills = self.fills.entry(instrument_id.clone()).or_default();
            fills.add(act, i64::from(self.policy.wash.apart_max_ms) * 1_000_000);
            let washed = patterns::wash(fills, &self.policy.wash);
            found.extend(washed.map(|seen| seen.of(None, &instrument_id)));
        }
        if self.is_within(entry.at) {
            self.found.extend(found);
        }
    }

    fn is_within(&self, at: Timestamp) -> bool {
        at >= self.period.from
    }
}

/// The books two or more acts are of.
fn books<'a>(acts: impl Iterator<Item = &'a Act>) -> BTreeSet<BookId> {
    acts.map(|act| act.book_id.clone()).collect()
}
