//! One intent decided twice: as it was recorded, and under other rules.

use fillwright_domain::{
    BookId, InstrumentId, IntentId, Notional, NumberError, OrderIntent, Qty, Quote, Rounding, Side,
    Text,
};
use fillwright_kernel::{Event, Gate, Ruling};
use fillwright_policy::Rulebook;
use serde::Serialize;

/// One intent as it was decided, and as the proposed rules decide it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redecision {
    /// Its name.
    pub intent_id: IntentId,
    /// Its book.
    pub book_id: BookId,
    /// Its instrument.
    pub instrument_id: InstrumentId,
    /// What was decided.
    pub then: Decided,
    /// What would have been decided.
    pub now: Decided,
}

/// What came of an intent when it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// `sent`, `denied`, `skipped`, `duplicate` or `conflict`.
    pub outcome: &'static str,
    /// The code of a refusal.
    pub reason: Option<Text>,
    /// The gate that refused.
    pub gate: Option<Gate>,
    /// Buy or sell, where an order left.
    pub side: Option<Side>,
    /// The quantity that left.
    pub qty: Qty,
    /// Its worth, at its limit or the touch, in quote currency.
    pub notional: Notional,
}

impl Redecision {
    /// Whether outcome, reason or size differ.
    pub fn is_changed(&self) -> bool {
        self.then.shape() != self.now.shape()
    }
}

impl Decided {
    /// What the events of an intent's entry say, under the rules it was decided by.
    pub(crate) fn of(events: &[Event], quote: Option<&Quote>, rules: Option<&Rulebook>) -> Self {
        match order_of(events) {
            Some(order) => Self::sent(order, quote, rules),
            None => Self::refused(events),
        }
    }

    fn sent(order: &OrderIntent, quote: Option<&Quote>, rules: Option<&Rulebook>) -> Self {
        Self {
            side: Some(order.side),
            qty: order.requested_quantity,
            notional: worth(order, quote, rules).unwrap_or(Notional::ZERO),
            ..Self::nothing("sent")
        }
    }

    fn refused(events: &[Event]) -> Self {
        let refused = events.iter().find_map(refused_at);
        let answered = events.iter().find_map(answered).unwrap_or("skipped");
        let outcome = refused.map_or(answered, |(_, outcome)| outcome);
        Self {
            reason: events.iter().find_map(skip_reason).cloned(),
            gate: refused.map(|(gate, _)| gate),
            ..Self::nothing(outcome)
        }
    }

    const fn nothing(outcome: &'static str) -> Self {
        let (qty, notional) = (Qty::ZERO, Notional::ZERO);
        Self { outcome, reason: None, gate: None, side: None, qty, notional }
    }

    /// What of it counts as another decision. The worth alone does not: it follows the size.
    fn shape(&self) -> (&'static str, Option<&Text>, Option<Side>, Qty) {
        (self.outcome, self.reason.as_ref(), self.side, self.qty)
    }
}

/// The order that left with an entry.
pub(crate) fn order_of(events: &[Event]) -> Option<&OrderIntent> {
    events.iter().find_map(|event| match event {
        Event::OrderEmitted { order } => Some(order),
        _ => None,
    })
}

/// The worth of an order, rounded up as gates have it; nothing where no price or contract is known.
fn worth(order: &OrderIntent, quote: Option<&Quote>, rules: Option<&Rulebook>) -> Option<Notional> {
    let touch = quote.map(|quote| match order.side {
        Side::Buy => quote.ask_px,
        Side::Sell => quote.bid_px,
    });
    let px = order.limit_px.or(touch)?;
    let instrument = rules?.instruments.get(&order.market_id)?;
    let worth: Result<Notional, NumberError> =
        px.notional_of(order.requested_quantity, instrument.contract_size, Rounding::Up);
    worth.ok()
}

fn refused_at(event: &Event) -> Option<(Gate, &'static str)> {
    let Event::IntentJudged { verdicts, .. } = event else { return None };
    let refusal = verdicts.refusal()?;
    let is_denial = matches!(refusal.ruling, Ruling::Deny { .. });
    Some((refusal.gate, if is_denial { "denied" } else { "skipped" }))
}

fn answered(event: &Event) -> Option<&'static str> {
    match event {
        Event::IntentDuplicated { .. } => Some("duplicate"),
        Event::IntentConflicted { .. } => Some("conflict"),
        _ => None,
    }
}

fn skip_reason(event: &Event) -> Option<&Text> {
    match event {
        Event::PlanMade { plan, .. } => plan.skip_reason.as_ref(),
        _ => None,
    }
}
