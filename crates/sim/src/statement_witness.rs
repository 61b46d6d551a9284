//! What the oracle knows of the executors' ledgers: after a statement every difference it shows stands, none it clears up
//! does, and nothing was booked because of it. [R15]

use crate::exact::{Exact, exact};
use fillwright_domain::{
    AccountId, ExecId, InstrumentId, Notional, OrderIntent, OrderIntentId, Px, Qty, Statement,
    Timestamp,
};
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::reconciliation::{BreakKind, Subject};
use fillwright_kernel::{Event, ReconciliationEvent, State};
use std::collections::{BTreeMap, BTreeSet};

/// A fill that was booked.
#[derive(Debug, Clone)]
struct Booked {
    qty: Qty,
    px: Px,
    fee: Notional,
    at: Timestamp,
}

/// An order at work, as the oracle knows it.
pub(crate) struct AtWork<'a> {
    pub(crate) order: &'a OrderIntent,
    pub(crate) cum_qty: Exact,
    /// With the corrections of its fills.
    pub(crate) net_qty: Exact,
}

/// Fills, times of release and breaks, as the events tell them.
#[derive(Debug, Clone, Default)]
pub(crate) struct StatementWitness {
    fills: BTreeMap<(OrderIntentId, ExecId), Booked>,
    sent_at: BTreeMap<OrderIntentId, Timestamp>,
    standing: BTreeSet<(Subject, BreakKind)>,
}

impl StatementWitness {
    pub(crate) fn sent(&mut self, at: Timestamp, order: OrderIntentId) {
        self.sent_at.insert(order, at);
    }

    pub(crate) fn filled(&mut self, event: &Event) {
        if let Event::FillBooked {
            order_intent_id,
            exec_id,
            last_qty,
            last_px,
            fee,
            transact_at,
            ..
        } = event
        {
            let booked = Booked { qty: *last_qty, px: *last_px, fee: *fee, at: *transact_at };
            self.fills.insert((*order_intent_id, exec_id.clone()), booked);
        }
    }

    /// A fill is another. What it was said to have been is what it was.
    pub(crate) fn corrected(&mut self, correction: &Correction) -> Result<(), String> {
        let name = (correction.order_intent_id, correction.of.clone());
        let Some(booked) = self.fills.get_mut(&name) else {
            return Err("[R22] a fill is corrected that was never booked".to_owned());
        };
        let before = &correction.before;
        let is_same = before.qty == booked.qty
            && before.px == Some(booked.px)
            && before.fee == Some(booked.fee);
        booked.qty = correction.after.qty;
        booked.px = correction.after.px.unwrap_or(booked.px);
        booked.fee = correction.after.fee.unwrap_or(booked.fee);
        if is_same { Ok(()) } else { Err("[R22] a fill was another before".to_owned()) }
    }

    pub(crate) fn knows(&self, order: OrderIntentId, exec_id: &ExecId) -> bool {
        self.fills.contains_key(&(order, exec_id.clone()))
    }

    /// A fill somebody could speak of.
    pub(crate) fn fill_names(&self) -> impl Iterator<Item = &(OrderIntentId, ExecId)> {
        self.fills.keys()
    }

    pub(crate) fn said(&mut self, event: &ReconciliationEvent) -> Result<(), String> {
        match event {
            ReconciliationEvent::Found { found } => {
                let name = (found.name.subject.clone(), found.name.kind);
                let is_new = self.standing.insert(name);
                if is_new { Ok(()) } else { Err("[R15] a break was found twice".to_owned()) }
            }
            ReconciliationEvent::Ended { name } => {
                let stood = self.standing.remove(&(name.subject.clone(), name.kind));
                if stood { Ok(()) } else { Err("[R15] a break ended that never stood".to_owned()) }
            }
            ReconciliationEvent::Compared { .. } => Ok(()),
        }
    }

    /// Whether what stands is what the statement shows.
    pub(crate) fn compared(
        &self,
        statement: &Statement,
        grace_ms: u32,
        events: &[Event],
        at_work: &[AtWork],
        held: &BTreeMap<(AccountId, InstrumentId), Exact>,
    ) -> Result<(), String> {
        if events.iter().any(|event| matches!(event, Event::InputRefused { .. })) {
            return Ok(());
        }
        if let Some(event) = events.iter().find(|event| !may_follow(event)) {
            return Err(format!("[R15] a statement led to {event:?}"));
        }
        let settled_to = statement.as_of.as_ns().saturating_sub(i64::from(grace_ms) * 1_000_000);
        let is_settled = |at: Timestamp| at.as_ns() <= settled_to;
        self.orders(statement, &is_settled, at_work)?;
        self.fills(statement, &is_settled)?;
        self.positions(statement, &is_settled, held)
    }

    fn stands(&self, subject: &Subject) -> bool {
        self.standing.iter().any(|(own, _)| own == subject)
    }

    fn must(&self, subject: &Subject, differs: bool) -> Result<(), String> {
        match (differs, self.stands(subject)) {
            (true, false) => Err(format!("[R15] {subject:?} differs and was overlooked")),
            (false, true) => Err(format!("[R15] {subject:?} differs no more and still stands")),
            _ => Ok(()),
        }
    }

    fn orders(
        &self,
        statement: &Statement,
        is_settled: &impl Fn(Timestamp) -> bool,
        at_work: &[AtWork],
    ) -> Result<(), String> {
        for stated in &statement.orders.orders {
            let id = stated.order_intent_id;
            if !statement.orders.covers(id) || !is_settled(stated.moved_at) {
                continue;
            }
            let own = at_work.iter().find(|own| own.order.order_intent_id == id);
            let same = match own {
                None => !stated.is_open,
                Some(own) => {
                    stated.is_open
                        && own.cum_qty == exact(stated.cum_qty.get())
                        && own.order.requested_quantity == stated.qty
                }
            };
            self.must(&Subject::Order(id), !same)?;
        }
        for own in at_work.iter().filter(|own| own.order.plane == statement.plane) {
            let id = own.order.order_intent_id;
            let is_stated =
                statement.orders.orders.iter().any(|stated| stated.order_intent_id == id);
            let sent_at = self.sent_at.get(&id).copied().unwrap_or(Timestamp::MIN);
            if statement.orders.covers(id) && !is_stated && is_settled(sent_at) {
                self.must(&Subject::Order(id), true)?;
            }
        }
        Ok(())
    }

    fn fills(
        &self,
        statement: &Statement,
        is_settled: &impl Fn(Timestamp) -> bool,
    ) -> Result<(), String> {
        let mut stated = BTreeSet::new();
        for one in &statement.fills.fills {
            let name = (one.order_intent_id, one.exec_id.clone());
            stated.insert(name.clone());
            if !statement.fills.covers(one.transact_at) || !is_settled(one.moved_at) {
                continue;
            }
            let own = self.fills.get(&name);
            let is_gone = one.last_qty.is_zero() && own.is_none_or(|own| own.qty.is_zero());
            let is_same = own.is_some_and(|own| {
                own.qty == one.last_qty && own.px == one.last_px && own.fee == one.fee
            });
            self.must(&Subject::Fill(name.0, name.1), !(is_gone || is_same))?;
        }
        for (name, own) in &self.fills {
            let is_looked_at = statement.fills.covers(own.at) && own.qty.is_positive();
            if is_looked_at && !stated.contains(name) {
                self.must(&Subject::Fill(name.0, name.1.clone()), true)?;
            }
        }
        Ok(())
    }

    fn positions(
        &self,
        statement: &Statement,
        is_settled: &impl Fn(Timestamp) -> bool,
        held: &BTreeMap<(AccountId, InstrumentId), Exact>,
    ) -> Result<(), String> {
        let Some(stated) = &statement.positions else { return Ok(()) };
        let mut left = held.clone();
        for one in stated {
            let place = (one.account.clone(), one.instrument_id.clone());
            let own = left.remove(&place).unwrap_or_else(Exact::zero);
            if is_settled(one.moved_at) {
                let differs = own != exact(one.qty.get());
                self.must(&Subject::Position(place.0, place.1), differs)?;
            }
        }
        for ((account, instrument), own) in left {
            self.must(&Subject::Position(account, instrument), !own.is_zero())?;
        }
        Ok(())
    }

    /// Whether the kernel knows the same breaks.
    pub(crate) fn agrees_with(&self, state: &State) -> Result<(), String> {
        let known: BTreeSet<_> = state
            .reconciliation
            .standing()
            .map(|one| (one.name.subject.clone(), one.name.kind))
            .collect();
        if known == self.standing { Ok(()) } else { Err("[R15] other breaks stand".to_owned()) }
    }
}

/// What a statement may lead to: nothing that moves an order, a position or a result.
fn may_follow(event: &Event) -> bool {
    matches!(
        event,
        Event::Reconciliation(_)
            | Event::Incident(_)
            | Event::RestraintImposed { by: None, .. }
            | Event::OrderQueried { .. }
            | Event::OrderCancelRequested { .. }
            | Event::Policy(_)
            | Event::RulebookAdopted { .. }
    )
}
