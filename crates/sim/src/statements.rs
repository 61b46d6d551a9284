//! How often a seed's venue states its ledger, by which rule it is held against ours, and what is wrong with it.

use crate::rng::Rng;
use crate::venue::Venue;
use fillwright_domain::{
    BookId, Decimal, ExecId, ExecutionReport, IntentId, IntentKey, Notional, OrderIntentId, Px,
    Qty, ReportKind, StatedFill, StatedOrder, Statement, Text, Timestamp,
};
use fillwright_kernel::Input;
use fillwright_policy::{OnBreak, ReconciliationPolicy, Rulebook};
use std::collections::BTreeSet;

const NS_PER_S: i64 = 1_000_000_000;

/// What makes statements: its draws are its own, so that seeds mean without it what they mean with it.
#[derive(Debug, Clone)]
pub(crate) struct Stater {
    rng: Rng,
    /// Steps in a thousand that bring a statement.
    often: u64,
    /// Statements in a thousand that are wrong.
    wrong: u64,
    /// Steps in a thousand that bust or correct a fill.
    corrects: u64,
    forgeries: u64,
}

impl Stater {
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5354_4154_454d_454e);
        let (often, wrong) = (rng.pick(&[0, 30, 120]), rng.pick(&[0, 0, 300]));
        let corrects = rng.pick(&[0, 0, 20, 80]);
        Self { rng, often, wrong, corrects, forgeries: 0 }
    }

    /// The rule of a seed.
    pub(crate) fn policy(&mut self) -> ReconciliationPolicy {
        // Seldom: what a halt stops reaches no gate behind it.
        let on_break = match self.rng.below(60) {
            0 => OnBreak::Halt,
            1 => OnBreak::ReduceOnly,
            _ => OnBreak::Incident,
        };
        ReconciliationPolicy {
            every_s: 60,
            grace_ms: self.rng.pick(&[0, 0, 1_000, 10_000]),
            lookback_s: 3_600,
            on_break,
        }
    }

    /// Lets the venue bust or correct a fill, now and then.
    pub(crate) fn correct(
        &mut self,
        venue: &mut Venue,
        at: Timestamp,
        is_heard: impl Fn(OrderIntentId, &ExecId) -> bool,
    ) {
        if self.rng.chance(self.corrects) {
            venue.correct(&mut self.rng, at, is_heard);
        }
    }

    /// A bust or correction nobody sent, of a fill that was booked or of none.
    pub(crate) fn forged(
        &mut self,
        at: Timestamp,
        booked: &[(OrderIntentId, ExecId)],
    ) -> Option<Input> {
        if booked.is_empty() || !self.rng.chance(60) {
            return None;
        }
        let (order_intent_id, of) = booked[self.rng.index(booked.len())].clone();
        let of = if self.rng.chance(300) { ExecId::new("X-nobody") } else { of };
        self.forgeries += 1;
        let whole = Decimal::ONE.mantissa();
        let sizes = [0, -1, 1, whole / 3, whole, whole * 1_000_000];
        let (size, px) = (self.rng.pick(&sizes), self.rng.pick(&[0, whole, whole / 3]));
        let kind = if self.rng.chance(300) {
            ReportKind::Busted { of }
        } else {
            ReportKind::Corrected {
                of,
                last_qty: Qty::new(Decimal::from_mantissa(size)),
                last_px: Px::new(Decimal::from_mantissa(px)),
                fee: Notional::ZERO,
            }
        };
        Some(Input::Report(ExecutionReport {
            order_intent_id,
            exec_id: ExecId::new(format!("C{}", self.forgeries)),
            transact_at: at,
            kind,
        }))
    }

    /// The programs a seed's rules allow.
    pub(crate) fn builds(&mut self) -> BTreeSet<Text> {
        self.rng.chance(300).then(|| Text::new("b1")).into_iter().collect()
    }

    /// A program that starts, now and then.
    pub(crate) fn started(&mut self) -> Option<Input> {
        let build = Text::new(self.rng.pick(&["b1", "b2"]));
        self.rng.chance(5).then_some(Input::Started { build })
    }

    /// A statement, where one is due.
    pub(crate) fn statement(
        &mut self,
        venue: &Venue,
        at: Timestamp,
        rules: Option<&Rulebook>,
    ) -> Option<Statement> {
        if !self.rng.chance(self.often) {
            return None;
        }
        let behind = match self.rng.below(3) {
            0 => Timestamp::from_ns(at.as_ns() - 10 * NS_PER_S),
            _ => Timestamp::MIN,
        };
        let mut statement = right(venue, at, behind, rules);
        if self.rng.chance(self.wrong) {
            self.spoil(&mut statement);
        }
        Some(statement)
    }

    fn spoil(&mut self, statement: &mut Statement) {
        match self.rng.below(12) {
            0 => drop_one(&mut self.rng, &mut statement.fills.fills),
            1 => drop_one(&mut self.rng, &mut statement.orders.orders),
            2 => change_fill(&mut self.rng, statement),
            3 => add_fill(statement),
            4 => add_order(statement),
            5 => self.change_order(statement),
            6 => self.change_position(statement),
            7 => statement.positions = None,
            8 => self.turn_page(statement),
            9 => statement.as_of = Timestamp::from_ns(statement.as_of.as_ns() + 1),
            10 => {
                let earlier = statement.as_of.as_ns() - 10 * NS_PER_S;
                statement.as_of = Timestamp::from_ns(earlier);
            }
            _ => {
                drop_one(&mut self.rng, &mut statement.fills.fills);
                add_fill(statement);
            }
        }
    }

    fn change_order(&mut self, statement: &mut Statement) {
        let orders = &mut statement.orders.orders;
        if orders.is_empty() {
            return;
        }
        let at = self.rng.index(orders.len());
        match self.rng.below(3) {
            0 => orders[at].is_open = !orders[at].is_open,
            1 => orders[at].cum_qty = one_more(orders[at].cum_qty),
            _ => orders[at].qty = one_more(orders[at].qty),
        }
    }

    fn change_position(&mut self, statement: &mut Statement) {
        if let Some(positions) = statement.positions.as_mut().filter(|all| !all.is_empty()) {
            let at = self.rng.index(positions.len());
            positions[at].qty = one_more(positions[at].qty);
        }
    }

    /// Only the orders up to one of them.
    fn turn_page(&mut self, statement: &mut Statement) {
        let orders = &mut statement.orders;
        if let Some(at) = (!orders.orders.is_empty()).then(|| self.rng.index(orders.orders.len())) {
            orders.orders.sort_by_key(|order| order.order_intent_id);
            orders.to = Some(orders.orders[at].order_intent_id);
            orders.orders.truncate(at + 1);
        }
    }
}

/// What the venue states truly.
pub fn right(
    venue: &Venue,
    at: Timestamp,
    behind: Timestamp,
    rules: Option<&Rulebook>,
) -> Statement {
    venue.statement(at, behind, |book: &BookId| {
        let book = rules.and_then(|rules| rules.books.get(book));
        book.map_or_else(fillwright_domain::AccountId::main, |book| book.account.clone())
    })
}

fn drop_one<T>(rng: &mut Rng, all: &mut Vec<T>) {
    if !all.is_empty() {
        all.remove(rng.index(all.len()));
    }
}

/// Changes the quantity, the price or the fee of one fill.
pub fn change_fill(rng: &mut Rng, statement: &mut Statement) {
    let fills = &mut statement.fills.fills;
    if fills.is_empty() {
        return;
    }
    let at = rng.index(fills.len());
    let fill = &mut fills[at];
    match rng.below(3) {
        0 => fill.last_qty = one_more(fill.last_qty),
        1 => fill.last_px = Px::new(unit_more(fill.last_px.get())),
        _ => fill.fee = Notional::new(unit_more(fill.fee.get())),
    }
}

/// Adds a fill nobody here ever heard of, of an order that is known or not.
pub fn add_fill(statement: &mut Statement) {
    let known = statement.orders.orders.first();
    let order = known.map_or_else(foreign, |order| order.order_intent_id);
    let instrument_id = known.map_or_else(
        || fillwright_domain::InstrumentId::new("ELSEWHERE:X"),
        |order| order.instrument_id.clone(),
    );
    statement.fills.fills.push(StatedFill {
        order_intent_id: order,
        exec_id: ExecId::new("X-foreign"),
        instrument_id,
        last_qty: Qty::new(Decimal::ONE),
        last_px: Px::new(Decimal::ONE),
        fee: Notional::ZERO,
        transact_at: Timestamp::from_ns(0),
        moved_at: Timestamp::from_ns(0),
    });
    statement.fills.behind = Timestamp::MIN;
}

fn add_order(statement: &mut Statement) {
    statement.orders.orders.push(StatedOrder {
        order_intent_id: foreign(),
        instrument_id: fillwright_domain::InstrumentId::new("BINANCE:BTCUSDT"),
        qty: Qty::new(Decimal::ONE),
        cum_qty: Qty::ZERO,
        is_open: true,
        moved_at: Timestamp::from_ns(0),
    });
}

fn foreign() -> OrderIntentId {
    OrderIntentId::derive(IntentKey::derive("elsewhere", &IntentId::new("F1")), 1)
}

fn one_more(qty: Qty) -> Qty {
    Qty::new(unit_more(qty.get()))
}

fn unit_more(value: Decimal) -> Decimal {
    Decimal::from_mantissa(value.mantissa() + 1)
}
