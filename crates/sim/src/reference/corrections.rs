//! Busts and corrections of fills, read off everything that was booked.

use super::facts::{Facts, Held};
use super::gates::worth;
use super::incidents;
use super::orders::{can_be_held_with, ignored};
use super::statements::{Booked, booked, kept};
use crate::exact::{Exact, exact};
use fillwright_domain::{
    ExecutionReport, IncidentCategory, Notional, OrderIntent, Qty, ReportKind, Rounding, Scope,
    Severity, Side, Text, Timestamp,
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
    if filled + more.clone() > exact(child.order.requested_quantity.get()) {
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
        if !can_be_counted(facts, order, &more) {
            return Err(IgnoredReport::Impossible);
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

/// Whether what the book and the plane hold can still be counted with so much more filled of an order that ended.
fn can_be_counted(facts: &Facts, order: &OrderIntent, more: &Exact) -> bool {
    let Some((_, rules)) = facts.rulebook() else { return true };
    let moved = match order.side {
        Side::Buy => more.clone(),
        Side::Sell => Exact::zero() - more.clone(),
    };
    let mut all = facts.everything(order.plane);
    let own = all
        .iter()
        .position(|(book, held)| *book == order.book_id && held.instrument_id == order.market_id);
    let own = own.unwrap_or_else(|| {
        all.push((order.book_id.clone(), Held::nothing(&order.market_id)));
        all.len() - 1
    });
    all[own].1.position = all[own].1.position.clone() + moved;
    let (mut of_book, mut of_plane) = (Exact::zero(), Exact::zero());
    for (book, held) in &all {
        let Some((px, _)) = facts.mark(&held.instrument_id) else { continue };
        let Some(instrument) = rules.instruments.get(&held.instrument_id) else { return false };
        let Some(value) = worth(&exact(px.get()), &held.worst(), instrument) else { return false };
        of_plane = of_plane + exact(value);
        if *book == order.book_id {
            of_book = of_book + exact(value);
        }
    }
    [all[own].1.position.clone(), of_book, of_plane]
        .into_iter()
        .all(|figure| figure.rounded(Rounding::Down).is_some())
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
