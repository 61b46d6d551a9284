//! Working orders and what reports make of them.

use super::admin::cancel_request;
use super::corrections;
use super::facts::{Facts, Story};
use super::intents::{outcome, unpriced_result};
use super::restraints::{awaited, cancels_there};
use crate::exact::{Exact, exact};
use fillwright_domain::{
    Decimal, ExecId, ExecutionReasonCode, ExecutionReport, ExecutionResult, Notional,
    OrderIntentId, OrderStatus, Px, Qty, ReportKind, Rounding, Side, Text, Timestamp,
};
use fillwright_kernel::Event;
use fillwright_kernel::event::IgnoredReport;
use fillwright_kernel::reconciliation::LedgerFigures;

/// After a restart: ask about every working order; nothing is known of those that were never answered.
pub(super) fn resume(facts: &Facts) -> Vec<Event> {
    let mut events = Vec::new();
    for child in facts.working() {
        let order = child.order;
        let asked = ask_about(facts, order.order_intent_id);
        let is_unwanted = cancels_there(facts, &order.book_id, &order.market_id);
        let is_asked = asked.len() > 1;
        events.extend(asked);
        if is_unwanted && !is_asked {
            events.push(cancel_request(order.order_intent_id, &order.market_id));
        }
    }
    for (intent_key, exit) in awaited(facts) {
        events.push(Event::ExitAsked { intent_key, exit: exit.clone() });
    }
    events
}

/// Ask about a working order; what was never answered is unknown, and a cancel is asked for again.
pub(super) fn ask_about(facts: &Facts, order: OrderIntentId) -> Vec<Event> {
    let Some(story) = facts.story(order) else { return Vec::new() };
    let instrument_id = story.child.order.market_id.clone();
    let mut events = vec![Event::OrderQueried {
        order_intent_id: order,
        instrument_id: instrument_id.clone(),
        status: match story.status {
            OrderStatus::PendingNew | OrderStatus::PendingCancel => OrderStatus::Unknown,
            status => status,
        },
    }];
    if story.status == OrderStatus::PendingCancel {
        events.push(cancel_request(order, &instrument_id));
    }
    events
}

/// What one report makes of its order.
enum Reading {
    Ignored(IgnoredReport),
    Moves(OrderStatus),
    Stranded(Text),
    Filled(Decimal),
    Ends { status: OrderStatus, cum_qty: Qty, reason: ExecutionReasonCode, text: Option<Text> },
}

pub(super) fn report(facts: &Facts, at: Timestamp, report: &ExecutionReport) -> Vec<Event> {
    if let Some(events) = corrections::report(facts, at, report) {
        return events;
    }
    let Some(story) = facts.story(report.order_intent_id) else {
        return ignored(report, IgnoredReport::NoSuchOrder);
    };
    if story.seen.contains(&&report.exec_id) {
        return ignored(report, IgnoredReport::Repeated);
    }
    let story = &story;
    match read(story, report) {
        Reading::Ignored(why) => ignored(report, why),
        Reading::Moves(status) => vec![status_changed(report, status, None)],
        Reading::Stranded(text) => vec![Event::OrderStranded {
            order_intent_id: report.order_intent_id,
            exec_id: report.exec_id.clone(),
            text,
        }],
        Reading::Filled(cum_qty) => filled(facts, at, story, report, Qty::new(cum_qty)),
        Reading::Ends { status, cum_qty, reason, text } => {
            let mut events = vec![status_changed(report, status, text)];
            events.extend(end(facts, at, story, None, cum_qty, reason));
            events
        }
    }
}

pub(super) fn ignored(report: &ExecutionReport, why: IgnoredReport) -> Vec<Event> {
    let (order_intent_id, exec_id) = (report.order_intent_id, report.exec_id.clone());
    vec![Event::ReportIgnored { order_intent_id, exec_id, why }]
}

fn status_changed(report: &ExecutionReport, status: OrderStatus, text: Option<Text>) -> Event {
    let exec_id = Some(report.exec_id.clone());
    Event::OrderStatusChanged { order_intent_id: report.order_intent_id, status, exec_id, text }
}

#[expect(clippy::match_same_arms, reason = "a table: each report stands with what is left of it")]
fn read(story: &Story, report: &ExecutionReport) -> Reading {
    use ExecutionReasonCode::{ExecutionNotAvailable, ExecutionRejected};
    use IgnoredReport::{Impossible, NothingNew};
    use OrderStatus::{Canceled, Expired, New, PendingCancel, PendingNew, Rejected, Unknown};
    let untouched = story.cum_qty.is_zero();
    let ends = |status, cum_qty, reason, text| Reading::Ends { status, cum_qty, reason, text };
    match &report.kind {
        ReportKind::Accepted { .. } if matches!(story.status, PendingNew | Unknown) => {
            Reading::Moves(if untouched { New } else { OrderStatus::PartiallyFilled })
        }
        ReportKind::Accepted { .. } => Reading::Ignored(NothingNew),
        ReportKind::Rejected { text } if untouched => {
            ends(Rejected, Qty::ZERO, ExecutionRejected, Some(text.clone()))
        }
        ReportKind::Rejected { .. } => Reading::Ignored(Impossible),
        ReportKind::Fill { last_qty, last_px, cum_qty, .. } => {
            fill(story, report, last_qty.get(), last_px.get(), cum_qty.get())
        }
        ReportKind::Canceled { cum_qty } => closing(story, Canceled, *cum_qty),
        ReportKind::Expired { cum_qty } => closing(story, Expired, *cum_qty),
        ReportKind::CancelRejected if story.status == PendingCancel => {
            Reading::Moves(if untouched { story.otherwise } else { OrderStatus::PartiallyFilled })
        }
        ReportKind::CancelRejected => Reading::Ignored(NothingNew),
        ReportKind::NotFound
            if !story.has_arrived && matches!(story.status, Unknown | PendingCancel) =>
        {
            ends(Canceled, Qty::ZERO, ExecutionNotAvailable, None)
        }
        ReportKind::NotFound => Reading::Ignored(Impossible),
        ReportKind::Busted { .. } | ReportKind::Corrected { .. } => Reading::Ignored(Impossible),
        ReportKind::QueryFailed { .. } if story.stranded => Reading::Ignored(NothingNew),
        ReportKind::QueryFailed { text } => Reading::Stranded(text.clone()),
    }
}

/// A cancel or expiry states the final quantity: never less than was seen, never more than was ordered.
fn closing(story: &Story, status: OrderStatus, cum_qty: Qty) -> Reading {
    if cum_qty < story.cum_qty {
        return Reading::Ignored(IgnoredReport::Impossible);
    }
    let ordered = exact(story.child.order.requested_quantity.get());
    let told = exact(cum_qty.get());
    if told > ordered || told + story.corrected_by() > ordered {
        return Reading::Ignored(IgnoredReport::Overfill);
    }
    Reading::Ends {
        status,
        cum_qty,
        reason: ExecutionReasonCode::ExecutionNotAvailable,
        text: None,
    }
}

/// Fills may come late, twice or not at all, so the largest total anybody stated counts.
fn fill(
    story: &Story,
    report: &ExecutionReport,
    last_qty: Decimal,
    last_px: Decimal,
    cum_qty: Decimal,
) -> Reading {
    if !last_qty.is_positive() || !last_px.is_positive() || cum_qty < last_qty {
        return Reading::Ignored(IgnoredReport::Impossible);
    }
    let seen = Seen::of(story, Some(report));
    if !seen.can_be_held() {
        return Reading::Ignored(IgnoredReport::Impossible);
    }
    let ordered = exact(story.child.order.requested_quantity.get());
    let corrected_by = story.corrected_by();
    let as_first_told = seen.qty - corrected_by.clone();
    let total = [exact(story.cum_qty.get()), exact(cum_qty), as_first_told];
    let largest =
        total.into_iter().fold(Exact::zero(), |most, one| if one > most { one } else { most });
    if largest > ordered || largest.clone() + corrected_by > ordered {
        return Reading::Ignored(IgnoredReport::Overfill);
    }
    largest
        .rounded(Rounding::Down)
        .map_or(Reading::Ignored(IgnoredReport::Impossible), Reading::Filled)
}

fn filled(
    facts: &Facts,
    at: Timestamp,
    story: &Story,
    report: &ExecutionReport,
    cum_qty: Qty,
) -> Vec<Event> {
    let ReportKind::Fill { last_qty, last_px, fee, .. } = &report.kind else { return Vec::new() };
    let done = cum_qty == story.child.order.requested_quantity;
    let mut events = vec![Event::FillBooked {
        order_intent_id: report.order_intent_id,
        exec_id: report.exec_id.clone(),
        last_qty: *last_qty,
        last_px: *last_px,
        cum_qty,
        fee: *fee,
        transact_at: report.transact_at,
        status: match story.status {
            _ if done => OrderStatus::Filled,
            OrderStatus::PendingCancel => OrderStatus::PendingCancel,
            _ => OrderStatus::PartiallyFilled,
        },
    }];
    if done {
        let reason = ExecutionReasonCode::ExecutionNotAvailable;
        events.extend(end(facts, at, story, Some(report), cum_qty, reason));
    }
    events
}

/// The order's outcome and its intent's result, with the fills that were seen, the last report's included.
fn end(
    facts: &Facts,
    at: Timestamp,
    story: &Story,
    last: Option<&ExecutionReport>,
    cum_qty: Qty,
    reason: ExecutionReasonCode,
) -> [Event; 2] {
    let child = &story.child;
    let filled = (exact(cum_qty.get()) + story.corrected_by()).rounded(Rounding::Down);
    let filled = Qty::new(filled.expect("what was filled can be held"));
    let outcome = outcome(child.order, at, filled, reason);
    let seen = Seen::of(story, last);
    let price = seen.average_px();
    let mid = decision_px(facts, child.order.intent_id.as_str());
    let result = ExecutionResult {
        price: price.map(Px::new),
        slippage_bps: price.zip(mid).and_then(|(px, mid)| slippage_bps(child.order.side, mid, px)),
        fees_usd: seen
            .fees
            .rounded(Rounding::Down)
            .filter(|_| filled.is_positive())
            .map(Notional::new),
        ..unpriced_result(&outcome)
    };
    let closed = Event::IntentClosed {
        intent_id: child.order.intent_id.clone(),
        intent_key: child.intent_key,
        result,
    };
    [Event::OutcomeRecorded { outcome }, closed]
}

fn decision_px(facts: &Facts, intent: &str) -> Option<Decimal> {
    facts.events().find_map(|event| match event {
        Event::PlanMade { intent_id, decision_px, .. } if intent_id.as_str() == intent => {
            decision_px.map(Px::get)
        }
        _ => None,
    })
}

/// Whether what was seen of an order's fills can be held with one of them as it is told now.
pub(super) fn can_be_held_with(story: &Story, of: &ExecId, after: &LedgerFigures) -> bool {
    let mut seen = Seen::of(story, None);
    for fill in &story.fills {
        if let Event::FillBooked { exec_id, .. } = fill
            && exec_id == of
        {
            seen.add_figures(after);
        }
    }
    seen.can_be_held()
}

/// What was seen of an order's fills, added up.
struct Seen {
    qty: Exact,
    notional: Exact,
    fees: Exact,
    is_countable: bool,
}

impl Seen {
    fn of(story: &Story, last: Option<&ExecutionReport>) -> Self {
        let mut seen = Self {
            qty: Exact::zero(),
            notional: Exact::zero(),
            fees: Exact::zero(),
            is_countable: true,
        };
        for fill in &story.fills {
            if let Event::FillBooked { exec_id, last_qty, last_px, fee, .. } = fill {
                match story.corrections.iter().rev().find(|one| one.of == *exec_id) {
                    None => seen.add(*last_qty, *last_px, *fee),
                    Some(one) => seen.add_figures(&one.after),
                }
            }
        }
        if let Some(ReportKind::Fill { last_qty, last_px, fee, .. }) =
            last.map(|report| &report.kind)
        {
            seen.add(*last_qty, *last_px, *fee);
        }
        seen
    }

    fn add(&mut self, qty: Qty, px: Px, fee: Notional) {
        let (qty, px) = (exact(qty.get()), exact(px.get()));
        self.qty = self.qty.clone() + qty.clone();
        let worth = (qty * px).rounded(Rounding::HalfEven);
        self.is_countable &= worth.is_some();
        self.notional = self.notional.clone() + exact(worth.unwrap_or_default());
        self.fees = self.fees.clone() + exact(fee.get());
    }

    fn add_figures(&mut self, figures: &LedgerFigures) {
        let (px, fee) = (figures.px.unwrap_or_default(), figures.fee.unwrap_or_default());
        self.add(figures.qty, px, fee);
    }

    fn can_be_held(&self) -> bool {
        self.is_countable
            && [&self.qty, &self.notional, &self.fees]
                .iter()
                .all(|figure| figure.rounded(Rounding::HalfEven).is_some())
    }

    /// The worth of the fills, each rounded to 18 decimals, over their quantity; halves to even.
    fn average_px(&self) -> Option<Decimal> {
        self.notional.over(&self.qty)?.rounded(Rounding::HalfEven)
    }
}

/// Cost against the mid at decision in whole basis points; positive is worse, halves to even.
fn slippage_bps(side: Side, mid: Decimal, px: Decimal) -> Option<i64> {
    let worse = match side {
        Side::Buy => exact(px) - exact(mid),
        Side::Sell => exact(mid) - exact(px),
    };
    let bps = (worse * Exact::int(10_000)).over(&exact(mid))?;
    i64::try_from(bps.to_whole(Rounding::HalfEven)).ok()
}
