//! What can be read off everything that happened. Nothing is kept: every question reads the whole history again.

use super::Entry;
use crate::exact::{Exact, exact};
use fillwright_domain::{
    BookId, Decimal, ExecId, ExecutionOutcome, InstrumentId, IntentKey, OrderIntent, OrderIntentId,
    OrderStatus, Plane, Px, Qty, Rounding, RunId, Side, Text, Timestamp,
};
use fillwright_kernel::Event;
use fillwright_kernel::corrections::Correction;
use fillwright_policy::Rulebook;

#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) partition: &'a str,
    pub(super) history: &'a [Entry],
    /// The number of the entry that is decided on.
    pub(super) next_seq: u64,
}

/// A child order and its outcome, where it has one.
#[derive(Clone, Copy)]
pub(super) struct Child<'a> {
    pub(super) order: &'a OrderIntent,
    pub(super) intent_key: IntentKey,
    pub(super) outcome: Option<&'a ExecutionOutcome>,
    /// How much more was filled than the outcome says, by corrections since; below zero where it is less.
    pub(super) since: Decimal,
}

/// What a book holds of one instrument.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) instrument_id: InstrumentId,
    pub(super) position: Exact,
    pub(super) open_buy: Exact,
    pub(super) open_sell: Exact,
}

/// The story of one working order so far.
pub(super) struct Story<'a> {
    pub(super) child: Child<'a>,
    pub(super) status: OrderStatus,
    /// What it would be, had nobody asked to cancel it.
    pub(super) otherwise: OrderStatus,
    pub(super) cum_qty: Qty,
    pub(super) fills: Vec<&'a Event>,
    /// Busts and corrections of its fills, in their order.
    pub(super) corrections: Vec<&'a Correction>,
    pub(super) seen: Vec<&'a ExecId>,
    pub(super) stranded: bool,
    /// Whether the venue ever showed that it has the order.
    pub(super) has_arrived: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn new(partition: &'a str, history: &'a [Entry]) -> Self {
        Self { partition, history, next_seq: history.len() as u64 + 1 }
    }

    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = &'a Event> {
        self.history.iter().flat_map(|entry| entry.events.iter())
    }

    /// The rules in force and the entry that adopted them.
    pub(super) fn rulebook(&self) -> Option<(u64, &'a Rulebook)> {
        self.history.iter().rev().find_map(|entry| {
            entry.events.iter().rev().find_map(|event| match event {
                Event::RulebookAdopted { rulebook, .. } => Some((entry.seq, &**rulebook)),
                _ => None,
            })
        })
    }

    /// The manifest of a registered run.
    pub(super) fn manifest(&self, run: &RunId) -> Option<&'a Text> {
        self.events().rev().find_map(|event| match event {
            Event::RunRegistered { run_id, manifest_hash, .. } if run_id == run => {
                Some(manifest_hash)
            }
            _ => None,
        })
    }

    /// The mark in force.
    pub(super) fn mark(&self, instrument: &InstrumentId) -> Option<(Px, Timestamp)> {
        self.events().rev().find_map(|event| match event {
            Event::MarkTaken { instrument_id, mark_px, as_of } if instrument_id == instrument => {
                Some((*mark_px, *as_of))
            }
            _ => None,
        })
    }

    /// Every child order ever released, with its outcome.
    pub(super) fn children(&self) -> Vec<Child<'a>> {
        let mut children: Vec<Child> = Vec::new();
        for event in self.events() {
            match event {
                Event::OrderEmitted { order } => {
                    children.push(Child {
                        order,
                        intent_key: order.intent_key(),
                        outcome: None,
                        since: Decimal::ZERO,
                    });
                }
                Event::OutcomeRecorded { outcome } => {
                    let ended =
                        |child: &&mut Child| child.order.order_intent_id == outcome.order_intent_id;
                    if let Some(child) = children.iter_mut().rev().find(ended) {
                        child.outcome = Some(outcome);
                    }
                }
                Event::FillCorrected(correction) if !correction.is_open => {
                    let ended = |child: &&mut Child| {
                        child.order.order_intent_id == correction.order_intent_id
                    };
                    if let Some(child) = children.iter_mut().rev().find(ended) {
                        let more =
                            exact(correction.after.qty.get()) - exact(correction.before.qty.get());
                        let since = exact(child.since) + more;
                        child.since = since.rounded(Rounding::Down).expect("a quantity");
                    }
                }
                _ => {}
            }
        }
        children
    }

    /// Orders without an outcome, by id.
    pub(super) fn working(&self) -> Vec<Child<'a>> {
        let mut working: Vec<Child> =
            self.children().into_iter().filter(|child| child.outcome.is_none()).collect();
        working.sort_by_key(|child| child.order.order_intent_id);
        working
    }

    /// Everything a book holds on a plane: positions that are not flat and working orders.
    pub(super) fn holdings(&self, book: &BookId, plane: Plane) -> Vec<Held> {
        let mut holdings: Vec<Held> = Vec::new();
        let children = self.children();
        for child in children
            .iter()
            .filter(|child| child.order.book_id == *book && child.order.plane == plane)
        {
            count(&mut holdings, child);
        }
        holdings.retain(|held| {
            !(held.position.is_zero() && held.open_buy.is_zero() && held.open_sell.is_zero())
        });
        holdings
    }

    /// Everything held and at work on a plane, whoever holds it.
    pub(super) fn everything(&self, plane: Plane) -> Vec<(BookId, Held)> {
        let books = self.ledgers().into_iter().filter(|(_, of)| *of == plane);
        let held = books.flat_map(|(book, plane)| {
            self.holdings(&book, plane).into_iter().map(move |held| (book.clone(), held))
        });
        held.collect()
    }

    /// Every book and plane that ever had an order.
    pub(super) fn ledgers(&self) -> Vec<(BookId, Plane)> {
        let mut ledgers: Vec<(BookId, Plane)> = self
            .children()
            .iter()
            .map(|child| (child.order.book_id.clone(), child.order.plane))
            .collect();
        ledgers.sort();
        ledgers.dedup();
        ledgers
    }

    /// The story of a working order.
    pub(super) fn story(&self, order: OrderIntentId) -> Option<Story<'a>> {
        let child =
            self.working().into_iter().find(|child| child.order.order_intent_id == order)?;
        let mut story = Story {
            child,
            status: OrderStatus::PendingNew,
            otherwise: OrderStatus::PendingNew,
            cum_qty: Qty::ZERO,
            fills: Vec::new(),
            corrections: Vec::new(),
            seen: Vec::new(),
            stranded: false,
            has_arrived: false,
        };
        self.events().for_each(|event| story.read(event));
        Some(story)
    }
}

fn count(holdings: &mut Vec<Held>, child: &Child) {
    let found = holdings.iter().position(|held| held.instrument_id == child.order.market_id);
    let at = found.unwrap_or_else(|| {
        holdings.push(Held {
            instrument_id: child.order.market_id.clone(),
            position: Exact::zero(),
            open_buy: Exact::zero(),
            open_sell: Exact::zero(),
        });
        holdings.len() - 1
    });
    let held = &mut holdings[at];
    let asked = exact(child.order.requested_quantity.get());
    match (child.outcome, child.order.side) {
        (Some(outcome), Side::Buy) => {
            held.position =
                held.position.clone() + exact(outcome.filled_quantity.get()) + exact(child.since);
        }
        (Some(outcome), Side::Sell) => {
            held.position =
                held.position.clone() - exact(outcome.filled_quantity.get()) - exact(child.since);
        }
        (None, Side::Buy) => held.open_buy = held.open_buy.clone() + asked,
        (None, Side::Sell) => held.open_sell = held.open_sell.clone() + asked,
    }
}

impl Held {
    /// Nothing of an instrument.
    pub(super) fn nothing(instrument_id: &InstrumentId) -> Self {
        Self {
            instrument_id: instrument_id.clone(),
            position: Exact::zero(),
            open_buy: Exact::zero(),
            open_sell: Exact::zero(),
        }
    }

    /// The largest position, either way, that working orders could lead to.
    pub(super) fn worst(&self) -> Exact {
        let long = (self.position.clone() + self.open_buy.clone()).abs();
        let short = (self.position.clone() - self.open_sell.clone()).abs();
        if long > short { long } else { short }
    }

    /// The position if every buy at work is done, and if every sell is.
    pub(super) fn ends(&self) -> (Exact, Exact) {
        let position = self.position.clone();
        (position.clone() + self.open_buy.clone(), position - self.open_sell.clone())
    }

    /// The same with one more order.
    pub(super) fn with(&self, side: Side, qty: &Exact) -> Self {
        let mut held = self.clone();
        match side {
            Side::Buy => held.open_buy = held.open_buy + qty.clone(),
            Side::Sell => held.open_sell = held.open_sell + qty.clone(),
        }
        held
    }
}

impl<'a> Story<'a> {
    fn read(&mut self, event: &'a Event) {
        let own = self.child.order.order_intent_id;
        match event {
            Event::OrderStatusChanged { order_intent_id, status, exec_id, .. }
                if *order_intent_id == own =>
            {
                self.stands(*status);
                self.has_arrived |=
                    matches!(status, OrderStatus::New | OrderStatus::PartiallyFilled);
                self.seen.extend(exec_id);
            }
            Event::OrderCancelRequested { order_intent_id, .. } if *order_intent_id == own => {
                self.status = OrderStatus::PendingCancel;
            }
            Event::OrderQueried { order_intent_id, status, .. } if *order_intent_id == own => {
                self.stands(*status);
            }
            Event::FillCorrected(correction) if correction.order_intent_id == own => {
                self.corrections.push(&**correction);
            }
            Event::OrderStranded { order_intent_id, exec_id, .. } if *order_intent_id == own => {
                self.stranded = true;
                self.seen.push(exec_id);
            }
            Event::FillBooked { order_intent_id, exec_id, cum_qty, status, .. }
                if *order_intent_id == own =>
            {
                self.status = *status;
                self.otherwise = OrderStatus::PartiallyFilled;
                self.cum_qty = *cum_qty;
                self.has_arrived = true;
                self.fills.push(event);
                self.seen.push(exec_id);
            }
            _ => {}
        }
    }

    /// How much more its fills are by their corrections; below zero where they are less.
    pub(super) fn corrected_by(&self) -> Exact {
        self.corrections.iter().fold(Exact::zero(), |sum, one| {
            sum + exact(one.after.qty.get()) - exact(one.before.qty.get())
        })
    }

    fn stands(&mut self, status: OrderStatus) {
        self.status = status;
        self.otherwise = status;
    }
}
