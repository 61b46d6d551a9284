//! Working orders and the one table of their lives: state × report → state, after the FIX order state matrices.

use crate::corrections::{self, Correction};
use crate::event::IgnoredReport;
use crate::exposure::{Reserved, checked};
use crate::fact::Fact;
use crate::reconciliation::LedgerFigures;
use crate::{Event, State, intents};
use fillwright_domain::{
    BookId, ExecId, ExecutionOutcome, ExecutionReasonCode, ExecutionReport, ExecutionStatus,
    InstrumentId, IntentKey, Notional, NumberError, OrderIntentId, OrderStatus, Px, Qty, Ratio,
    ReportKind, Rounding, Text, Timestamp,
};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// An order without an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WorkingOrder {
    /// How the ledgers count it.
    #[n(0)]
    pub reserved: Reserved,
    /// Its intent.
    #[n(1)]
    pub intent_key: IntentKey,
    /// Where it stands.
    #[n(2)]
    pub status: OrderStatus,
    /// Everything filled so far, corrections since left out: it never falls.
    #[n(3)]
    pub cum_qty: Qty,
    /// Quantity of the fills that were seen; less than `cum_qty` where one was lost.
    #[n(4)]
    pub priced_qty: Qty,
    /// Their worth, in quote currency times contract size.
    #[n(5)]
    pub priced_notional: Notional,
    /// Fees so far.
    #[n(6)]
    pub fees: Notional,
    /// Reports seen, so that a repeated one is known.
    #[n(7)]
    pub seen: BTreeSet<ExecId>,
    /// Whether a person was told that its fate is unknown.
    #[n(8)]
    pub stranded: bool,
    /// Whether its venue has ever shown that it has the order.
    #[n(10)]
    pub arrived: bool,
    /// Where it stood when we asked to cancel: where it stands again if that is refused.
    #[n(9)]
    pub before_cancel: OrderStatus,
    /// When it was released.
    #[n(11)]
    #[cbor(default)]
    pub sent_at: Timestamp,
    /// How much more its fills are by their corrections; below zero where they are less.
    #[n(12)]
    #[cbor(default)]
    pub corrections: Qty,
}

/// Orders without an outcome, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Orders(#[n(0)] BTreeMap<OrderIntentId, Box<WorkingOrder>>);

impl Orders {
    /// A working order.
    pub fn get(&self, order: OrderIntentId) -> Option<&WorkingOrder> {
        self.0.get(&order).map(Box::as_ref)
    }

    /// Every working order.
    pub fn iter(&self) -> impl Iterator<Item = (OrderIntentId, &WorkingOrder)> {
        self.0.iter().map(|(id, order)| (*id, order.as_ref()))
    }

    /// Asks for every order to be cancelled that is within and not being cancelled already, from behind an order on.
    pub(crate) fn cancels(
        &self,
        from: Option<OrderIntentId>,
        within: impl Fn(&BookId, &InstrumentId) -> bool,
    ) -> impl Iterator<Item = Event> {
        let behind = (from.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let working = self.0.range(behind).filter(move |(_, order)| {
            let reserved = &order.reserved;
            order.status != OrderStatus::PendingCancel
                && within(&reserved.book_id, &reserved.instrument_id)
        });
        working.map(|(id, order)| cancel_requested(*id, order))
    }

    /// Asks what became of every order, because reports may have been missed while the process was away. One that was
    /// never answered is unknown now: it may or may not have been sent.
    pub(crate) fn query_all(
        &self,
        cancels: &impl Fn(&BookId, &InstrumentId) -> bool,
    ) -> Vec<Event> {
        let asked = self.iter().flat_map(|(id, order)| {
            queried(id, order, cancels(&order.reserved.book_id, &order.reserved.instrument_id))
        });
        asked.collect()
    }

    /// Asks what became of one order, where it is at work.
    pub(crate) fn query(&self, id: OrderIntentId) -> impl Iterator<Item = Event> + use<> {
        let asked = self.get(id).map(|order| queried(id, order, false).collect::<Vec<_>>());
        asked.into_iter().flatten()
    }

    pub(crate) fn insert(
        &mut self,
        id: OrderIntentId,
        reserved: Reserved,
        intent_key: IntentKey,
        sent_at: Timestamp,
    ) {
        let working = WorkingOrder {
            reserved,
            intent_key,
            status: OrderStatus::PendingNew,
            cum_qty: Qty::ZERO,
            priced_qty: Qty::ZERO,
            priced_notional: Notional::ZERO,
            fees: Notional::ZERO,
            seen: BTreeSet::new(),
            stranded: false,
            before_cancel: OrderStatus::PendingNew,
            arrived: false,
            sent_at,
            corrections: Qty::ZERO,
        };
        self.0.insert(id, Box::new(working));
    }

    pub(crate) fn remove(&mut self, order: OrderIntentId) -> Option<Box<WorkingOrder>> {
        self.0.remove(&order)
    }

    pub(crate) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::OrderStatusChanged { order_intent_id, status, exec_id } => {
                self.change(order_intent_id, |order| {
                    order.status = status;
                    order.arrived |= status == OrderStatus::New;
                    order.seen.extend(exec_id);
                });
            }
            Fact::OrderCancelRequested { order_intent_id } => {
                self.change(order_intent_id, |order| {
                    order.before_cancel = order.status;
                    order.status = OrderStatus::PendingCancel;
                });
            }
            Fact::OrderQueried { order_intent_id, status } => {
                self.change(order_intent_id, |order| order.status = status);
            }
            Fact::FillCorrected(correction) => {
                self.change(correction.order_intent_id, |order| {
                    *order = checked(order.corrected(&correction));
                });
            }
            Fact::OrderStranded { order_intent_id, exec_id } => {
                self.change(order_intent_id, |order| {
                    order.stranded = true;
                    order.seen.insert(exec_id);
                });
            }
            Fact::FillBooked {
                order_intent_id,
                exec_id,
                last_qty,
                last_px,
                cum_qty,
                fee,
                status,
                ..
            } => {
                let fill = Fill { last_qty, last_px, fee };
                self.change(order_intent_id, |order| {
                    *order = match order.with_fill(&fill) {
                        Ok(filled) => filled,
                        Err(error) => panic!(
                            "a fill that was checked when it was decided is out of range: {error}"
                        ),
                    };
                    order.cum_qty = cum_qty;
                    order.arrived = true;
                    order.status = status;
                    order.seen.insert(exec_id);
                });
            }
            _ => {}
        }
    }

    fn change(&mut self, order: OrderIntentId, change: impl FnOnce(&mut WorkingOrder)) {
        if let Some(order) = self.0.get_mut(&order) {
            change(order);
        }
    }
}

impl WorkingOrder {
    fn with_fill(&self, fill: &Fill) -> Result<Self, NumberError> {
        let worth = fill.last_px.notional_of(fill.last_qty, Ratio::ONE, Rounding::HalfEven)?;
        let mut order = self.clone();
        order.priced_qty = self.priced_qty.checked_add(fill.last_qty)?;
        order.priced_notional = self.priced_notional.checked_add(worth)?;
        order.fees = self.fees.checked_add(fill.fee)?;
        Ok(order)
    }

    /// The order with a fill that is another.
    pub(crate) fn corrected(&self, correction: &Correction) -> Result<Self, NumberError> {
        let worth = |figures: &LedgerFigures| {
            let px = figures.px.unwrap_or(Px::ZERO);
            px.notional_of(figures.qty, Ratio::ONE, Rounding::HalfEven)
        };
        let fee = |figures: &LedgerFigures| figures.fee.unwrap_or(Notional::ZERO);
        let (before, after) = (&correction.before, &correction.after);
        let change = after.qty.checked_sub(before.qty)?;
        let mut order = self.clone();
        order.corrections = self.corrections.checked_add(change)?;
        order.priced_qty = self.priced_qty.checked_add(change)?;
        let less = self.priced_notional.checked_sub(worth(before)?)?;
        order.priced_notional = less.checked_add(worth(after)?)?;
        order.fees = self.fees.checked_sub(fee(before))?.checked_add(fee(after))?;
        Ok(order)
    }

    /// What is filled, corrections included.
    pub(crate) fn net_qty(&self) -> Result<Qty, NumberError> {
        self.cum_qty.checked_add(self.corrections)
    }

    /// Whether so much filled in all, corrections left out, is with them within what was ordered.
    fn may_come_to(&self, cum_qty: Qty) -> bool {
        cum_qty.checked_add(self.corrections).is_ok_and(|net| net <= self.reserved.qty)
    }

    /// What the fills that were seen were before their corrections.
    fn seen_qty(&self) -> Result<Qty, NumberError> {
        self.priced_qty.checked_sub(self.corrections)
    }

    /// Average price of the fills that were seen; halves to even.
    pub(crate) fn avg_px(&self) -> Option<Px> {
        self.priced_notional
            .get()
            .checked_div(self.priced_qty.get(), Rounding::HalfEven)
            .ok()
            .map(Px::new)
    }
}

struct Fill {
    last_qty: Qty,
    last_px: Px,
    fee: Notional,
}

/// Asks what became of an order. One that was never answered is unknown now, and a cancel that may not have arrived is
/// asked for again.
fn queried(
    id: OrderIntentId,
    order: &WorkingOrder,
    is_unwanted: bool,
) -> impl Iterator<Item = Event> + use<> {
    let query = Event::OrderQueried {
        order_intent_id: id,
        instrument_id: order.reserved.instrument_id.clone(),
        status: match order.status {
            OrderStatus::PendingNew | OrderStatus::PendingCancel => OrderStatus::Unknown,
            status => status,
        },
    };
    let wanted = is_unwanted || order.status == OrderStatus::PendingCancel;
    std::iter::once(query).chain(wanted.then(|| cancel_requested(id, order)))
}

fn cancel_requested(id: OrderIntentId, order: &WorkingOrder) -> Event {
    Event::OrderCancelRequested {
        order_intent_id: id,
        instrument_id: order.reserved.instrument_id.clone(),
    }
}

/// How a report ends an order.
struct Ending {
    /// The order with everything that was seen of it, the last report included.
    order: WorkingOrder,
    cum_qty: Qty,
    /// Why it failed, should nothing have been filled.
    reason: ExecutionReasonCode,
}

/// What one report makes of one order.
struct Step {
    event: Event,
    ending: Option<Ending>,
}

/// Reads a report against what is known of its order: one status change or fill, and, where it is the last, the
/// order's one outcome.
pub(crate) fn reconcile(state: &State, at: Timestamp, report: &ExecutionReport) -> Vec<Event> {
    let id = report.order_intent_id;
    let ignore = |why| {
        vec![Event::ReportIgnored { order_intent_id: id, exec_id: report.exec_id.clone(), why }]
    };
    if let Some(corrected) = corrections::read(state, at, report) {
        return corrected.unwrap_or_else(ignore);
    }
    let Some(order) = state.orders.get(id) else { return ignore(IgnoredReport::NoSuchOrder) };
    if order.seen.contains(&report.exec_id) {
        return ignore(IgnoredReport::Repeated);
    }
    match read(order, report) {
        Err(why) => ignore(why),
        Ok(Step { event, ending: None }) => vec![event],
        Ok(Step { event, ending: Some(ending) }) => {
            let outcome = outcome(id, at, &ending);
            let closed = intents::close(state, &ending.order, &outcome);
            vec![event, Event::OutcomeRecorded { outcome }, closed]
        }
    }
}

/// The table. Rows are reports, because an order takes the same report alike in all its working states but for where
/// it goes; what no row allows is ignored and raised.
#[allow(clippy::match_same_arms, reason = "a table: one row a report and state, in their order")]
fn read(order: &WorkingOrder, report: &ExecutionReport) -> Result<Step, IgnoredReport> {
    use OrderStatus::{
        Canceled, Expired, New, PartiallyFilled, PendingCancel, PendingNew, Rejected, Unknown,
    };
    match (&report.kind, order.status) {
        (ReportKind::Accepted { .. }, PendingNew | Unknown) => {
            Ok(moves(report, working(order, New), None))
        }
        (ReportKind::Accepted { .. }, _) => Err(IgnoredReport::NothingNew),

        (ReportKind::Rejected { text }, _) if order.cum_qty.is_zero() => {
            let ending = Ending::of(order, Qty::ZERO, ExecutionReasonCode::ExecutionRejected);
            Ok(ends(report, Rejected, Some(text), ending))
        }
        (ReportKind::Rejected { .. }, _) => Err(IgnoredReport::Impossible),

        // A fill may arrive before the acknowledgement, after we asked to cancel, or as the answer to a query.
        (ReportKind::Fill { .. }, _) => fill(order, report),

        (ReportKind::Canceled { cum_qty }, _) => closes(order, report, Canceled, *cum_qty),
        (ReportKind::Expired { cum_qty }, _) => closes(order, report, Expired, *cum_qty),

        (ReportKind::CancelRejected, PendingCancel) => {
            Ok(moves(report, working(order, order.before_cancel), None))
        }
        (ReportKind::CancelRejected, _) => Err(IgnoredReport::NothingNew),

        // Only an order that was asked about can be found missing, and only before anything of it was seen.
        (ReportKind::NotFound, Unknown | PendingCancel) if !order.arrived => {
            let ending = Ending::of(order, Qty::ZERO, ExecutionReasonCode::ExecutionNotAvailable);
            Ok(ends(report, Canceled, None, ending))
        }
        (ReportKind::NotFound, New | PartiallyFilled | PendingNew | Unknown | PendingCancel) => {
            Err(IgnoredReport::Impossible)
        }
        (ReportKind::NotFound, _) => Err(IgnoredReport::NothingNew),

        // Read before this table: they may speak of an order that ended.
        (ReportKind::Busted { .. } | ReportKind::Corrected { .. }, _) => {
            Err(IgnoredReport::Impossible)
        }

        (ReportKind::QueryFailed { .. }, _) if order.stranded => Err(IgnoredReport::NothingNew),
        (ReportKind::QueryFailed { text }, _) => Ok(Step {
            event: Event::OrderStranded {
                order_intent_id: report.order_intent_id,
                exec_id: report.exec_id.clone(),
                text: text.clone(),
            },
            ending: None,
        }),
    }
}

/// Where a working order stands: partly filled as soon as anything is, otherwise as given.
fn working(order: &WorkingOrder, unfilled: OrderStatus) -> OrderStatus {
    if order.cum_qty.is_zero() { unfilled } else { OrderStatus::PartiallyFilled }
}

fn moves(report: &ExecutionReport, status: OrderStatus, text: Option<&Text>) -> Step {
    let event = Event::OrderStatusChanged {
        order_intent_id: report.order_intent_id,
        status,
        exec_id: Some(report.exec_id.clone()),
        text: text.cloned(),
    };
    Step { event, ending: None }
}

fn ends(
    report: &ExecutionReport,
    status: OrderStatus,
    text: Option<&Text>,
    ending: Ending,
) -> Step {
    Step { ending: Some(ending), ..moves(report, status, text) }
}

/// A cancel or expiry states the final quantity, which may be more than we have seen but never less.
fn closes(
    order: &WorkingOrder,
    report: &ExecutionReport,
    status: OrderStatus,
    cum_qty: Qty,
) -> Result<Step, IgnoredReport> {
    if cum_qty < order.cum_qty {
        return Err(IgnoredReport::Impossible);
    }
    if cum_qty > order.reserved.qty || !order.may_come_to(cum_qty) {
        return Err(IgnoredReport::Overfill);
    }
    let ending = Ending::of(order, cum_qty, ExecutionReasonCode::ExecutionNotAvailable);
    Ok(ends(report, status, None, ending))
}

/// Books a fill. Fills may arrive out of order or with gaps, so the venue's own running total decides, and it only
/// ever grows.
fn fill(order: &WorkingOrder, report: &ExecutionReport) -> Result<Step, IgnoredReport> {
    let ReportKind::Fill { last_qty, last_px, cum_qty, fee } = &report.kind else {
        return Err(IgnoredReport::Impossible);
    };
    let fill = Fill { last_qty: *last_qty, last_px: *last_px, fee: *fee };
    if !last_qty.is_positive() || !last_px.is_positive() || cum_qty < last_qty {
        return Err(IgnoredReport::Impossible);
    }
    let filled = order.with_fill(&fill).map_err(|_| IgnoredReport::Impossible)?;
    // What no figure holds is more than was ordered.
    let seen_qty = filled.seen_qty().map_err(|_| IgnoredReport::Overfill)?;
    let largest = order.cum_qty.max(*cum_qty).max(seen_qty);
    if largest > order.reserved.qty || !order.may_come_to(largest) {
        return Err(IgnoredReport::Overfill);
    }
    let cum_qty = largest;
    let done = cum_qty == order.reserved.qty;
    let status = match order.status {
        _ if done => OrderStatus::Filled,
        OrderStatus::PendingCancel => OrderStatus::PendingCancel,
        _ => OrderStatus::PartiallyFilled,
    };
    let event = Event::FillBooked {
        order_intent_id: report.order_intent_id,
        exec_id: report.exec_id.clone(),
        last_qty: fill.last_qty,
        last_px: fill.last_px,
        cum_qty,
        fee: fill.fee,
        transact_at: report.transact_at,
        status,
    };
    let ending =
        done.then(|| Ending::of(&filled, cum_qty, ExecutionReasonCode::ExecutionNotAvailable));
    Ok(Step { event, ending })
}

impl Ending {
    fn of(order: &WorkingOrder, cum_qty: Qty, reason: ExecutionReasonCode) -> Self {
        Self { order: order.clone(), cum_qty, reason }
    }
}

fn outcome(id: OrderIntentId, at: Timestamp, ending: &Ending) -> ExecutionOutcome {
    let order = &ending.order;
    let filled_quantity = checked(ending.cum_qty.checked_add(order.corrections));
    let status = if filled_quantity == order.reserved.qty {
        ExecutionStatus::Filled
    } else if filled_quantity.is_positive() {
        ExecutionStatus::PartiallyFilled
    } else {
        ExecutionStatus::Failed
    };
    ExecutionOutcome {
        order_intent_id: id,
        plane: order.reserved.plane,
        status,
        filled_quantity,
        logical_time: at,
        reason: (status == ExecutionStatus::Failed).then_some(ending.reason),
        side: order.reserved.side,
        market_id: order.reserved.instrument_id.clone(),
    }
}
