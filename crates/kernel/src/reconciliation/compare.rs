//! A statement beside what is known here: what differs, and what was not looked at because it may still be under way.

use super::{Break, BreakKind, BreakName, LedgerFigures, Subject, policy};
use crate::State;
use crate::reconciliation::BookedFill;
use fillwright_domain::{
    AccountId, InstrumentId, NumberError, Plane, Qty, Side, StatedFill, StatedOrder, Statement,
    Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

const NS_PER_MS: i64 = 1_000_000;

/// What came of one statement.
pub(super) struct Comparison<'a> {
    state: &'a State,
    statement: &'a Statement,
    /// What moved behind this may still be under way.
    settled_to: Timestamp,
    found: BTreeMap<BreakName, Break>,
    unsettled: BTreeSet<Subject>,
}

impl<'a> Comparison<'a> {
    pub(super) fn of(state: &'a State, statement: &'a Statement) -> Self {
        let grace_ns = i64::from(policy(state).grace_ms) * NS_PER_MS;
        let settled_to = Timestamp::from_ns(statement.as_of.as_ns().saturating_sub(grace_ns));
        let (found, unsettled) = (BTreeMap::new(), BTreeSet::new());
        let mut comparison = Self { state, statement, settled_to, found, unsettled };
        comparison.orders();
        comparison.fills();
        comparison.positions();
        comparison
    }

    /// Every difference.
    pub(super) fn found(&self) -> impl Iterator<Item = &Break> {
        self.found.values()
    }

    /// Whether a break that stands was looked at and is no more.
    pub(super) fn has_ended(&self, name: &BreakName) -> bool {
        let is_covered = match &name.subject {
            Subject::Order(order) => self.statement.orders.covers(*order),
            Subject::Fill(..) => {
                let standing = self.state.reconciliation.standing.get(name);
                standing.is_some_and(|standing| self.statement.fills.covers(standing.at))
            }
            Subject::Position(..) => self.statement.positions.is_some(),
        };
        is_covered && !self.found.contains_key(name) && !self.unsettled.contains(&name.subject)
    }

    fn plane(&self) -> Plane {
        self.statement.plane
    }

    /// Whether something may be looked at; if not, that is noted.
    fn is_settled(&mut self, moved_at: Timestamp, subject: &Subject) -> bool {
        let is_settled = moved_at <= self.settled_to;
        if !is_settled {
            self.unsettled.insert(subject.clone());
        }
        is_settled
    }

    fn note(
        &mut self,
        kind: BreakKind,
        subject: Subject,
        instrument_id: &InstrumentId,
        (ours, theirs): (Option<LedgerFigures>, Option<LedgerFigures>),
        at: Timestamp,
    ) {
        let instrument = self.state.directory.instrument(instrument_id);
        let name = BreakName { plane: self.plane(), subject, kind };
        let found = Break {
            name: name.clone(),
            instrument_id: instrument_id.clone(),
            venue: instrument.map(|instrument| instrument.venue.clone()),
            ours,
            theirs,
            at,
        };
        self.found.insert(name, found);
    }

    fn orders(&mut self) {
        let (state, stated, as_of) = (self.state, &self.statement.orders, self.statement.as_of);
        let mut named = BTreeSet::new();
        for theirs in stated.orders.iter().filter(|one| stated.covers(one.order_intent_id)) {
            named.insert(theirs.order_intent_id);
            self.order(theirs);
        }
        for (id, ours) in state.orders.iter() {
            let is_looked_at = ours.reserved.plane == self.plane() && stated.covers(id);
            let subject = Subject::Order(id);
            if is_looked_at && !named.contains(&id) && self.is_settled(ours.sent_at, &subject) {
                let figures = of_order(ours.cum_qty, ours.reserved.qty);
                let instrument = &ours.reserved.instrument_id;
                let kind = BreakKind::OrderMissing;
                self.note(kind, subject, instrument, (Some(figures), None), as_of);
            }
        }
    }

    fn order(&mut self, stated: &StatedOrder) {
        let subject = Subject::Order(stated.order_intent_id);
        if !self.is_settled(stated.moved_at, &subject) {
            return;
        }
        let known = self.state.orders.get(stated.order_intent_id);
        let known = known.filter(|order| order.reserved.plane == self.plane());
        let ours = known.map(|order| of_order(order.cum_qty, order.reserved.qty));
        let theirs = Some(of_order(stated.cum_qty, stated.qty));
        let kind = match (stated.is_open, ours) {
            (true, None) => BreakKind::OrderUnknown,
            (false, Some(_)) => BreakKind::OrderMissing,
            (true, Some(_)) if ours != theirs => BreakKind::OrderDiffers,
            _ => return,
        };
        self.note(kind, subject, &stated.instrument_id, (ours, theirs), self.statement.as_of);
    }

    fn fills(&mut self) {
        let (state, stated) = (self.state, &self.statement.fills);
        let mut named = BTreeSet::new();
        for theirs in stated.fills.iter().filter(|fill| stated.covers(fill.transact_at)) {
            named.insert((theirs.order_intent_id, theirs.exec_id.clone()));
            self.fill(theirs);
        }
        for (name, ours) in state.reconciliation.fills.on(self.plane()) {
            let is_looked_at = stated.covers(ours.transact_at) && ours.last_qty.is_positive();
            if is_looked_at && !named.contains(name) {
                let subject = Subject::Fill(name.0, name.1.clone());
                let (instrument, at) = (&ours.of.instrument_id, ours.transact_at);
                let figures = (Some(of_booked(ours)), None);
                self.note(BreakKind::FillExtra, subject, instrument, figures, at);
            }
        }
    }

    fn fill(&mut self, stated: &StatedFill) {
        let name = (stated.order_intent_id, stated.exec_id.clone());
        let subject = Subject::Fill(name.0, name.1.clone());
        if !self.is_settled(stated.moved_at, &subject) {
            return;
        }
        let fills = &self.state.reconciliation.fills;
        let theirs = of_stated(stated);
        let (kind, ours) = match fills.get(&name) {
            None if theirs.qty.is_zero() || fills.may_be_forgotten(stated.transact_at) => return,
            None => (BreakKind::FillMissing, None),
            Some(ours) => match of_booked(ours) {
                ours if ours.qty.is_zero() && theirs.qty.is_zero() => return,
                ours if ours == theirs => return,
                ours => (BreakKind::FillChanged, Some(ours)),
            },
        };
        let figures = (ours, Some(theirs));
        self.note(kind, subject, &stated.instrument_id, figures, stated.transact_at);
    }

    fn positions(&mut self) {
        let Some(stated) = &self.statement.positions else { return };
        let mut ours = held(self.state, self.plane());
        for theirs in stated {
            let place = (theirs.account.clone(), theirs.instrument_id.clone());
            let held = ours.remove(&place).unwrap_or(Ok(Qty::ZERO));
            let subject = Subject::Position(place.0, place.1);
            if self.is_settled(theirs.moved_at, &subject) && held != Ok(theirs.qty) {
                self.position(subject, &theirs.instrument_id, held, theirs.qty);
            }
        }
        for ((account, instrument_id), held) in ours {
            if held != Ok(Qty::ZERO) {
                let subject = Subject::Position(account, instrument_id.clone());
                self.position(subject, &instrument_id, held, Qty::ZERO);
            }
        }
    }

    fn position(
        &mut self,
        subject: Subject,
        instrument_id: &InstrumentId,
        ours: Result<Qty, NumberError>,
        theirs: Qty,
    ) {
        let figures = (ours.ok().map(of_position), Some(of_position(theirs)));
        let at = self.statement.as_of;
        self.note(BreakKind::PositionDiffers, subject, instrument_id, figures, at);
    }
}

/// What accounts hold on a plane: the positions of their books, and what working orders have filled.
fn held(
    state: &State,
    plane: Plane,
) -> BTreeMap<(AccountId, InstrumentId), Result<Qty, NumberError>> {
    let account = |book_id| {
        let book = state.directory.book(book_id);
        book.map_or_else(AccountId::main, |book| book.account.clone())
    };
    let mut held = BTreeMap::new();
    let mut add = |place, side, qty: Result<Qty, NumberError>| {
        let sum: &mut Result<Qty, NumberError> = held.entry(place).or_insert(Ok(Qty::ZERO));
        *sum = (*sum).and_then(|sum| match side {
            Side::Buy => sum.checked_add(qty?),
            Side::Sell => sum.checked_sub(qty?),
        });
    };
    for (book_id, of, ledger) in state.ledgers.iter() {
        for (instrument_id, holding) in ledger.holdings().filter(|_| of == plane) {
            add((account(book_id), instrument_id.clone()), Side::Buy, Ok(holding.position));
        }
    }
    for (_, order) in state.orders.iter().filter(|(_, order)| order.reserved.plane == plane) {
        let of = &order.reserved;
        add((account(&of.book_id), of.instrument_id.clone()), of.side, order.net_qty());
    }
    held
}

fn of_order(cum_qty: Qty, ordered: Qty) -> LedgerFigures {
    LedgerFigures { qty: cum_qty, ordered: Some(ordered), px: None, fee: None }
}

fn of_booked(fill: &BookedFill) -> LedgerFigures {
    LedgerFigures { qty: fill.last_qty, ordered: None, px: Some(fill.last_px), fee: Some(fill.fee) }
}

fn of_stated(fill: &StatedFill) -> LedgerFigures {
    LedgerFigures { qty: fill.last_qty, ordered: None, px: Some(fill.last_px), fee: Some(fill.fee) }
}

fn of_position(qty: Qty) -> LedgerFigures {
    LedgerFigures { qty, ordered: None, px: None, fee: None }
}
