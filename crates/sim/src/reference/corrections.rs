//! Busts and corrections of fills, read off everything that was booked.

use super::facts::Facts;
use super::incidents;
use super::orders::{can_be_held_with, ignored};
use super::statements::{Booked, booked, kept};
use crate::exact::exact;
use fillwright_domain::{
    ExecutionReport, IncidentCategory, Notional, Qty, ReportKind, Scope, Severity, Text, Timestamp,
};
use fillwright_kernel::Event;
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::event::IgnoredReport;
use fillwright_kernel::incidents::IncidentOrigin;
use fillwright_kernel::reconciliation::LedgerFigures;

pub(super) fn report(facts: &Facts, at: Timestamp, report: &ExecutionReport) -> Option<Vec<Event>> {
    let (ReportKind::Busted { of } | ReportKind::Corrected { of, .. }) = &report.kind else {
        return None;
    };
    let all = booked(facts);
    let own = |fill: &&Booked| fill.order == report.order_intent_id && fill.exec_id == *of;
    Some(match kept(&all).iter().find(own) {
        None => ignored(report, IgnoredReport::NoSuchFill),
        Some(fill) => match correct(facts, report, fill) {
            Err(why) => ignored(report, why),
            Ok(correction) => told(facts, at, correction),
        },
    })
}

fn correct(
    facts: &Facts,
    report: &ExecutionReport,
    fill: &Booked,
) -> Result<Correction, IgnoredReport> {
    if fill.corrected_at.is_some_and(|last| last >= report.transact_at) {
        return Err(IgnoredReport::NothingNew);
    }
    let figures = |qty, px, fee| LedgerFigures { qty, ordered: None, px: Some(px), fee: Some(fee) };
    let before = figures(fill.qty, fill.px, fill.fee);
    let after = match &report.kind {
        ReportKind::Corrected { last_qty, last_px, fee, .. } => {
            if !last_qty.is_positive() || !last_px.is_positive() {
                return Err(IgnoredReport::Impossible);
            }
            figures(*last_qty, *last_px, *fee)
        }
        _ => figures(Qty::ZERO, fill.px, Notional::ZERO),
    };
    if after == before {
        return Err(IgnoredReport::NothingNew);
    }
    if fill.qty.is_zero() {
        return Err(IgnoredReport::Impossible);
    }
    let children = facts.children();
    let child = children.iter().find(|child| child.order.order_intent_id == fill.order);
    let child = child.ok_or(IgnoredReport::NoSuchOrder)?;
    let more = exact(after.qty.get()) - exact(before.qty.get());
    let story = facts.story(fill.order);
    let filled = match (&story, child.outcome) {
        (Some(story), _) => {
            if !can_be_held_with(story, &fill.exec_id, &after) {
                return Err(IgnoredReport::Impossible);
            }
            exact(story.cum_qty.get()) + story.corrected_by()
        }
        (None, Some(outcome)) => exact(outcome.filled_quantity.get()) + exact(child.since),
        (None, None) => return Err(IgnoredReport::NoSuchOrder),
    };
    if filled + more > exact(child.order.requested_quantity.get()) {
        return Err(IgnoredReport::Overfill);
    }
    let order = child.order;
    if story.is_none() {
        let rules = facts.rulebook().map(|(_, rules)| rules);
        let executor = rules.and_then(|rules| {
            let venue = &rules.instruments.get(&order.market_id)?.venue;
            rules.books.get(&order.book_id)?.executors.get(venue)
        });
        if executor != Some(&order.plane) {
            return Err(IgnoredReport::Unplaced);
        }
    }
    Ok(Correction {
        order_intent_id: fill.order,
        exec_id: report.exec_id.clone(),
        of: fill.exec_id.clone(),
        book_id: order.book_id.clone(),
        plane: order.plane,
        instrument_id: order.market_id.clone(),
        side: order.side,
        before,
        after,
        transact_at: report.transact_at,
        is_open: story.is_some(),
        venue: facts
            .rulebook()
            .and_then(|(_, rules)| rules.instruments.get(&order.market_id))
            .map(|known| known.venue.clone()),
    })
}

fn told(facts: &Facts, at: Timestamp, correction: Correction) -> Vec<Event> {
    let scope = scope(&correction);
    let is_bust = correction.after.qty.is_zero();
    let mut events = vec![Event::FillCorrected(Box::new(correction))];
    let open = incidents::open(facts);
    if !open.iter().any(|one| one.origin == IncidentOrigin::Corrections && one.scope == scope) {
        let summary =
            if is_bust { "an executor busted a fill" } else { "an executor corrected a fill" };
        let begun = incidents::Begun {
            origin: IncidentOrigin::Corrections,
            category: IncidentCategory::Execution,
            severity: Severity::High,
            scope,
            blocks: false,
            summary: Text::new(summary),
            hits: 1,
        };
        events.push(Event::Incident(incidents::opened(facts, at, 1, begun)));
    }
    events
}

pub(super) fn scope(correction: &Correction) -> Scope {
    match &correction.venue {
        Some(venue) => Scope::Venue(venue.clone()),
        None => Scope::Global,
    }
}
