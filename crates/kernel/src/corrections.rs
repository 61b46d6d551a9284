//! Busts and corrections of fills: what an executor says of a fill it reported before.
//!
//! An order at work goes on with what the fill now is; of one that ended the position is put right. An outcome and a
//! result that were given stay as they were: the correction stands beside them.

use crate::event::IgnoredReport;
use crate::incidents::{self, Incident, IncidentEvent, IncidentOrigin};
use crate::reconciliation::{BookedFill, LedgerFigures};
use crate::{Event, State};
use fillwright_domain::{
    BookId, ExecId, ExecutionReport, IncidentCategory, InstrumentId, Notional, NumberError,
    OrderIntentId, Plane, Px, Qty, ReportKind, Scope, Severity, Side, Text, Timestamp, VenueId,
};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// A fill that was another, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Correction {
    /// The order.
    #[n(0)]
    pub order_intent_id: OrderIntentId,
    /// The report that said so.
    #[n(1)]
    pub exec_id: ExecId,
    /// The fill.
    #[n(2)]
    pub of: ExecId,
    /// The book.
    #[n(3)]
    pub book_id: BookId,
    /// The plane.
    #[n(4)]
    pub plane: Plane,
    /// The instrument.
    #[n(5)]
    pub instrument_id: InstrumentId,
    /// Buy or sell.
    #[n(6)]
    pub side: Side,
    /// What it was.
    #[n(7)]
    pub before: LedgerFigures,
    /// What it is; of a bust, nothing.
    #[n(8)]
    pub after: LedgerFigures,
    /// When the executor says it did so.
    #[n(9)]
    pub transact_at: Timestamp,
    /// Whether the order is at work: its outcome is yet to come, and has it in.
    #[n(10)]
    pub is_open: bool,
    /// The venue of the instrument, where the rules know it.
    #[n(11)]
    pub venue: Option<VenueId>,
}

impl Correction {
    /// Whether the fill was undone.
    pub fn is_bust(&self) -> bool {
        self.after.qty.is_zero()
    }

    /// What its incident is for.
    pub fn scope(&self) -> Scope {
        self.venue.clone().map_or(Scope::Global, Scope::Venue)
    }

    /// How much more was filled, below zero where it is less.
    pub fn change(&self) -> Qty {
        crate::exposure::checked(self.after.qty.checked_sub(self.before.qty))
    }
}

/// What a fill is to be.
struct Wanted {
    qty: Qty,
    px: Px,
    fee: Notional,
}

/// Reads a bust or a correction; nothing where the report is something else.
pub(crate) fn read(
    state: &State,
    at: Timestamp,
    report: &ExecutionReport,
) -> Option<Result<Vec<Event>, IgnoredReport>> {
    let (of, wanted) = match &report.kind {
        ReportKind::Busted { of } => (of, None),
        ReportKind::Corrected { of, last_qty, last_px, fee } => {
            (of, Some(Wanted { qty: *last_qty, px: *last_px, fee: *fee }))
        }
        _ => return None,
    };
    let corrected = correct(state, report, of, wanted);
    Some(corrected.map(|correction| told(state, at, correction)))
}

fn correct(
    state: &State,
    report: &ExecutionReport,
    of: &ExecId,
    wanted: Option<Wanted>,
) -> Result<Correction, IgnoredReport> {
    let name = (report.order_intent_id, of.clone());
    let fill = state.reconciliation.fills.get(&name).ok_or(IgnoredReport::NoSuchFill)?;
    if fill.corrected_at.is_some_and(|last| report.transact_at <= last) {
        return Err(IgnoredReport::NothingNew);
    }
    let wanted = match wanted {
        None => Wanted { qty: Qty::ZERO, px: fill.last_px, fee: Notional::ZERO },
        Some(wanted) if wanted.qty.is_positive() && wanted.px.is_positive() => wanted,
        Some(_) => return Err(IgnoredReport::Impossible),
    };
    let after = figures(wanted.qty, wanted.px, wanted.fee);
    let before = figures(fill.last_qty, fill.last_px, fill.fee);
    if before == after {
        return Err(IgnoredReport::NothingNew);
    }
    if fill.last_qty.is_zero() {
        // What was undone stays undone.
        return Err(IgnoredReport::Impossible);
    }
    let correction = Correction {
        order_intent_id: report.order_intent_id,
        exec_id: report.exec_id.clone(),
        of: of.clone(),
        book_id: fill.of.book_id.clone(),
        plane: fill.of.plane,
        instrument_id: fill.of.instrument_id.clone(),
        side: fill.of.side,
        before,
        after,
        transact_at: report.transact_at,
        is_open: state.orders.get(report.order_intent_id).is_some(),
        venue: state.directory.instrument(&fill.of.instrument_id).map(|known| known.venue.clone()),
    };
    fits(state, &correction, fill)?;
    Ok(correction)
}

/// Whether it can be booked: never more than was ordered, where the rules know the place, in figures that can be held.
fn fits(state: &State, correction: &Correction, fill: &BookedFill) -> Result<(), IgnoredReport> {
    let impossible = |_: NumberError| IgnoredReport::Impossible;
    let change = fill_change(correction).map_err(impossible)?;
    let id = correction.order_intent_id;
    let filled = match (state.orders.get(id), state.reconciliation.fills.ended(id)) {
        (Some(order), _) => order.corrected(correction).map_err(impossible)?.net_qty(),
        (None, Some(ended)) => ended.filled.checked_add(change),
        (None, None) => return Err(IgnoredReport::NoSuchOrder),
    };
    let filled = filled.map_err(impossible)?;
    if filled > fill.of.qty {
        return Err(IgnoredReport::Overfill);
    }
    if correction.is_open {
        return Ok(());
    }
    let found = state.directory.find(&fill.of.book_id, &fill.of.instrument_id);
    let found = found.ok_or(IgnoredReport::Unplaced)?;
    if found.book().executors.get(&found.instrument().venue) != Some(&fill.of.plane) {
        return Err(IgnoredReport::Unplaced);
    }
    state.can_move(&fill.of, change, &found.slot).map_err(impossible)
}

fn fill_change(correction: &Correction) -> Result<Qty, NumberError> {
    correction.after.qty.checked_sub(correction.before.qty)
}

fn figures(qty: Qty, px: Px, fee: Notional) -> LedgerFigures {
    LedgerFigures { qty, ordered: None, px: Some(px), fee: Some(fee) }
}

/// The correction, and its incident where none of its venue is open.
fn told(state: &State, at: Timestamp, correction: Correction) -> Vec<Event> {
    let scope = correction.scope();
    let is_open = state.incidents.of_corrections(&scope).is_some();
    let incident = (!is_open).then(|| {
        let incident = Incident {
            incident_id: incidents::name(state, 1),
            origin: IncidentOrigin::Corrections,
            category: IncidentCategory::Execution,
            severity: Severity::High,
            scope,
            blocks: false,
            summary: Text::new(if correction.is_bust() {
                "an executor busted a fill"
            } else {
                "an executor corrected a fill"
            }),
            opened_at: at,
            hits: 1,
            acknowledged_by: None,
            escalated_at: None,
        };
        Event::Incident(IncidentEvent::Opened { incident: Box::new(incident) })
    });
    std::iter::once(Event::FillCorrected(Box::new(correction))).chain(incident).collect()
}
