//! A stub venue with a ledger of its own, which the engine's crashes do not touch.
//!
//! It acknowledges, rejects, fills in parts, races fills against cancels, and its wire loses, repeats, delays and
//! reorders what it says. What it says of an order it never contradicts. It refuses a second order of the same name and
//! notes it: that is the one thing an engine must never do.

use crate::exact::{Exact, exact};
use crate::rng::Rng;
use fillwright_domain::{
    AccountId, BookId, Decimal, ExecId, ExecutionReport, InstrumentId, Notional, OrderIntent,
    OrderIntentId, Plane, Px, Qty, ReportKind, Side, StatedFill, StatedFills, StatedOrder,
    StatedOrders, StatedPosition, Statement, Text, Timestamp, VenueOrderId,
};
use std::collections::BTreeMap;

/// How a venue and its wire behave; shares are in a thousand.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Orders that never arrive.
    pub never_arrives: u64,
    /// Orders that are refused.
    pub rejects: u64,
    /// Reports that are lost on the wire.
    pub loses: u64,
    /// Reports that come twice.
    pub repeats: u64,
    /// Queries that cannot be answered.
    pub query_fails: u64,
    /// Cancels that a fill outruns.
    pub fill_outruns_cancel: u64,
    /// The longest a report is under way.
    pub delay_max_ns: u64,
}

impl Habits {
    /// A venue that does everything right, at once.
    pub const CALM: Self = Self {
        never_arrives: 0,
        rejects: 0,
        loses: 0,
        repeats: 0,
        query_fails: 0,
        fill_outruns_cancel: 0,
        delay_max_ns: 0,
    };

    /// Habits drawn from a seed.
    pub fn draw(rng: &mut Rng) -> Self {
        Self {
            never_arrives: rng.pick(&[0, 20, 150]),
            rejects: rng.pick(&[0, 50, 200]),
            loses: rng.pick(&[0, 0, 50, 300]),
            repeats: rng.pick(&[0, 100, 500]),
            query_fails: rng.pick(&[0, 100, 500]),
            fill_outruns_cancel: rng.pick(&[0, 300, 700]),
            delay_max_ns: rng.pick(&[0, 1_000_000, 5_000_000_000]),
        }
    }
}

/// The venue.
#[derive(Debug, Clone)]
pub struct Venue {
    rng: Rng,
    habits: Habits,
    orders: BTreeMap<OrderIntentId, Resting>,
    sent: BTreeMap<OrderIntentId, u32>,
    wire: Vec<(Timestamp, ExecutionReport)>,
    reports: u64,
    violations: Vec<String>,
}

/// An order the venue has.
#[derive(Debug, Clone)]
struct Resting {
    order: OrderIntent,
    placed_at: Timestamp,
    filled: i128,
    is_open: bool,
    /// Everything it ever said of the order.
    said: Vec<ExecutionReport>,
    /// Its fills that it busted or corrected, as they are now.
    corrected: BTreeMap<ExecId, Corrected>,
}

/// A fill as it is now.
#[derive(Debug, Clone)]
struct Corrected {
    qty: i128,
    /// How much more that is than it was.
    more: i128,
    px: Px,
    fee: Notional,
    at: Timestamp,
}

impl Resting {
    /// What is filled, busts and corrections counted.
    fn net(&self) -> i128 {
        self.filled + self.corrected.values().map(|now| now.more).sum::<i128>()
    }

    fn stated(&self) -> StatedOrder {
        let moved = self.said.iter().map(|report| report.transact_at).max();
        StatedOrder {
            order_intent_id: self.order.order_intent_id,
            instrument_id: self.order.market_id.clone(),
            qty: self.order.requested_quantity,
            cum_qty: qty(self.filled),
            is_open: self.is_open,
            moved_at: moved.unwrap_or(self.placed_at).max(self.placed_at),
        }
    }

    fn fills(&self) -> impl Iterator<Item = StatedFill> {
        self.said.iter().filter_map(|report| match &report.kind {
            ReportKind::Fill { last_qty, last_px, fee, .. } => {
                let now = self.corrected.get(&report.exec_id);
                Some(StatedFill {
                    order_intent_id: report.order_intent_id,
                    exec_id: report.exec_id.clone(),
                    instrument_id: self.order.market_id.clone(),
                    last_qty: now.map_or(*last_qty, |now| qty(now.qty)),
                    last_px: now.map_or(*last_px, |now| now.px),
                    fee: now.map_or(*fee, |now| now.fee),
                    transact_at: report.transact_at,
                    moved_at: now.map_or(report.transact_at, |now| now.at),
                })
            }
            _ => None,
        })
    }
}

impl Venue {
    /// A venue with habits and nothing on its books.
    pub fn new(rng: Rng, habits: Habits) -> Self {
        Self {
            rng,
            habits,
            orders: BTreeMap::new(),
            sent: BTreeMap::new(),
            wire: Vec::new(),
            reports: 0,
            violations: Vec::new(),
        }
    }

    /// What no engine may do and this one did.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Orders that reached it.
    pub fn orders(&self) -> impl Iterator<Item = &OrderIntent> {
        self.orders.values().map(|resting| &resting.order)
    }

    /// What each book holds by the venue's own ledger, where it holds anything.
    pub fn positions(&self) -> BTreeMap<(BookId, InstrumentId), Exact> {
        let mut positions: BTreeMap<_, Exact> = BTreeMap::new();
        for resting in self.orders.values() {
            let place = (resting.order.book_id.clone(), resting.order.market_id.clone());
            let filled = exact(Decimal::from_mantissa(resting.net()));
            let signed = if resting.order.side == Side::Buy { filled } else { -filled };
            let before = positions.remove(&place).unwrap_or_else(Exact::zero);
            positions.insert(place, before + signed);
        }
        positions.retain(|_, position| !position.is_zero());
        positions
    }

    /// States its own ledger: every order that is open or ended within a minute, every fill behind a time, and what every
    /// account holds.
    pub fn statement(
        &self,
        at: Timestamp,
        behind: Timestamp,
        account: impl Fn(&BookId) -> AccountId,
    ) -> Statement {
        let orders = self.orders.values().map(Resting::stated);
        let is_recent = |order: &StatedOrder| at.since_ns(order.moved_at) < 60_000_000_000;
        let orders = orders.filter(|order| order.is_open || is_recent(order)).collect();
        let all = self.orders.values().flat_map(Resting::fills);
        let fills = all.filter(|fill| fill.transact_at > behind).collect();
        let mut positions: BTreeMap<_, StatedPosition> = BTreeMap::new();
        for resting in self.orders.values() {
            let place = (account(&resting.order.book_id), resting.order.market_id.clone());
            let of = positions.entry(place.clone()).or_insert_with(|| StatedPosition {
                account: place.0,
                instrument_id: place.1,
                qty: Qty::ZERO,
                moved_at: Timestamp::MIN,
            });
            let signed =
                if resting.order.side == Side::Buy { resting.net() } else { -resting.net() };
            of.qty = qty(of.qty.get().mantissa() + signed);
            let moved = resting.fills().map(|fill| fill.moved_at).max();
            of.moved_at = of.moved_at.max(moved.unwrap_or(Timestamp::MIN));
        }
        Statement {
            plane: Plane::LiveStub,
            as_of: at,
            orders: StatedOrders { behind: None, to: None, orders },
            fills: StatedFills { behind, to: at, fills },
            positions: Some(positions.into_values().collect()),
        }
    }

    /// Takes an order.
    pub fn place(&mut self, at: Timestamp, order: &OrderIntent) {
        let sent = self.sent.entry(order.order_intent_id).or_default();
        *sent += 1;
        if *sent > 1 {
            self.violations
                .push(format!("order {} was sent {sent} times", order.client_order_id()));
            return;
        }
        if !self.is_within_parent(order) {
            self.violations.push(format!(
                "[K3] order {} takes those of its intent beyond their plan",
                order.client_order_id()
            ));
            return;
        }
        if self.rng.chance(self.habits.never_arrives) {
            return;
        }
        let resting = Resting {
            order: order.clone(),
            placed_at: at,
            filled: 0,
            is_open: true,
            said: Vec::new(),
            corrected: BTreeMap::new(),
        };
        self.orders.insert(order.order_intent_id, resting);
        if self.rng.chance(self.habits.rejects) {
            self.end(order.order_intent_id);
            self.say(
                at,
                order.order_intent_id,
                ReportKind::Rejected { text: Text::new("not today") },
            );
        } else {
            let venue_order_id = VenueOrderId::new(format!("V{}", self.orders.len()));
            self.say(at, order.order_intent_id, ReportKind::Accepted { venue_order_id });
        }
    }

    /// Whether an order and those it has of the same intent, open and filled, are within what their plan is for.
    fn is_within_parent(&self, order: &OrderIntent) -> bool {
        let of_intent =
            self.orders.values().filter(|resting| resting.order.intent_key() == order.intent_key());
        let before: i128 = of_intent
            .map(|resting| {
                if resting.is_open {
                    resting.order.requested_quantity.get().mantissa()
                } else {
                    resting.filled
                }
            })
            .sum();
        let parent = order.parent_quantity.map_or(0, |qty| qty.get().mantissa());
        before + order.requested_quantity.get().mantissa() <= parent
    }

    /// Tries to cancel an order.
    pub fn cancel(&mut self, at: Timestamp, order: OrderIntentId) {
        if self.rng.chance(self.habits.fill_outruns_cancel) {
            self.fill(at, order);
        }
        let Some(filled) =
            self.orders.get(&order).filter(|resting| resting.is_open).map(|resting| resting.filled)
        else {
            return self.say(at, order, ReportKind::CancelRejected);
        };
        self.end(order);
        self.say(at, order, ReportKind::Canceled { cum_qty: qty(filled) });
    }

    /// Answers what became of an order: everything it ever said of it, again.
    pub fn query(&mut self, at: Timestamp, order: OrderIntentId) {
        if self.rng.chance(self.habits.query_fails) {
            return self.say_once(at, order, ReportKind::QueryFailed { text: Text::new("busy") });
        }
        match self.orders.get(&order) {
            None => self.say_once(at, order, ReportKind::NotFound),
            Some(resting) => {
                resting.said.clone().into_iter().for_each(|report| self.transmit(at, &report));
            }
        }
    }

    /// Lets the market do something to one order.
    pub fn trade(&mut self, at: Timestamp) {
        let open: Vec<OrderIntentId> =
            self.orders.iter().filter(|(_, resting)| resting.is_open).map(|(id, _)| *id).collect();
        if open.is_empty() {
            return;
        }
        let order = open[self.rng.index(open.len())];
        if self.rng.chance(100) {
            let filled = self.orders[&order].filled;
            self.end(order);
            self.say(at, order, ReportKind::Expired { cum_qty: qty(filled) });
        } else {
            self.fill(at, order);
        }
    }

    /// Busts or corrects a fill that was heard, where there is one it may: of an order at work or one that ended.
    pub fn correct(
        &mut self,
        rng: &mut Rng,
        at: Timestamp,
        is_heard: impl Fn(OrderIntentId, &ExecId) -> bool,
    ) {
        let fills: Vec<(OrderIntentId, StatedFill)> = self
            .orders
            .iter()
            .flat_map(|(id, resting)| resting.fills().map(|fill| (*id, fill)))
            .filter(|(id, fill)| {
                fill.moved_at < at && fill.last_qty.is_positive() && is_heard(*id, &fill.exec_id)
            })
            .collect();
        if fills.is_empty() {
            return;
        }
        let (order, fill) = fills[rng.index(fills.len())].clone();
        let (was, px) = (fill.last_qty.get().mantissa(), fill.last_px.get().mantissa());
        let Some(resting) = self.orders.get_mut(&order) else { return };
        let has_room =
            !resting.is_open && resting.net() < resting.order.requested_quantity.get().mantissa();
        let now = match rng.below(5) {
            0 | 1 => 0,
            2 => (was / 2).max(1),
            3 if has_room => was + 1,
            _ => was,
        };
        let earlier = resting.corrected.get(&fill.exec_id).map_or(0, |known| known.more);
        let px = if now == was { px + 1 } else { px };
        let corrected = Corrected {
            qty: now,
            more: earlier + now - was,
            px: Px::new(Decimal::from_mantissa(px)),
            fee: if now == 0 { Notional::ZERO } else { fill.fee },
            at,
        };
        let of = fill.exec_id.clone();
        let kind = match now {
            0 => ReportKind::Busted { of: of.clone() },
            _ => ReportKind::Corrected {
                of: of.clone(),
                last_qty: qty(now),
                last_px: corrected.px,
                fee: corrected.fee,
            },
        };
        resting.corrected.insert(of, corrected);
        self.say(at, order, kind);
    }

    /// The next report to arrive by this time.
    pub fn receive(&mut self, at: Timestamp) -> Option<ExecutionReport> {
        let due = self.wire.iter().enumerate().filter(|(_, (due, _))| *due <= at);
        let (first, _) = due.min_by_key(|(_, (due, _))| *due)?;
        Some(self.wire.remove(first).1)
    }

    /// From now on it does everything right, and every order it still has ends.
    pub fn calm_down(&mut self, at: Timestamp) {
        self.habits = Habits::CALM;
        self.wire.iter_mut().for_each(|(due, _)| *due = at);
        let open: Vec<OrderIntentId> =
            self.orders.iter().filter(|(_, resting)| resting.is_open).map(|(id, _)| *id).collect();
        for order in open {
            self.fill(at, order);
            if self.orders[&order].is_open {
                let filled = self.orders[&order].filled;
                self.end(order);
                self.say(at, order, ReportKind::Expired { cum_qty: qty(filled) });
            }
        }
    }

    /// Whatever is under way is lost, as when a connection breaks.
    pub fn drop_wire(&mut self) {
        self.wire.clear();
    }

    fn end(&mut self, order: OrderIntentId) {
        if let Some(resting) = self.orders.get_mut(&order) {
            resting.is_open = false;
        }
    }

    /// Fills an open order, in full or in part: never less than the smallest unit, never more than is left.
    fn fill(&mut self, at: Timestamp, order: OrderIntentId) {
        let Some(resting) = self.orders.get_mut(&order).filter(|resting| resting.is_open) else {
            return;
        };
        let left = resting.order.requested_quantity.get().mantissa() - resting.filled;
        let part = match self.rng.below(4) {
            0 => left / 3,
            1 => left / 2,
            _ => left,
        };
        let last = part.max(1);
        resting.filled += last;
        resting.is_open = last < left;
        let cum_qty = qty(resting.filled);
        let last_px = resting
            .order
            .limit_px
            .unwrap_or(Px::new(Decimal::from_mantissa(123_456_789_000_000_000)));
        let fee = Notional::new(Decimal::from_mantissa(i128::from(self.rng.below(1000)) - 100));
        self.say(at, order, ReportKind::Fill { last_qty: qty(last), last_px, cum_qty, fee });
    }

    /// Says something that stays said.
    fn say(&mut self, at: Timestamp, order: OrderIntentId, kind: ReportKind) {
        let is_answer = matches!(kind, ReportKind::CancelRejected);
        let report = self.report(at, order, kind);
        if let Some(resting) = self.orders.get_mut(&order).filter(|_| !is_answer) {
            resting.said.push(report.clone());
        }
        self.transmit(at, &report);
    }

    fn say_once(&mut self, at: Timestamp, order: OrderIntentId, kind: ReportKind) {
        let report = self.report(at, order, kind);
        self.transmit(at, &report);
    }

    fn report(
        &mut self,
        at: Timestamp,
        order_intent_id: OrderIntentId,
        kind: ReportKind,
    ) -> ExecutionReport {
        self.reports += 1;
        let exec_id = ExecId::new(format!("X{}", self.reports));
        ExecutionReport { order_intent_id, exec_id, transact_at: at, kind }
    }

    fn transmit(&mut self, at: Timestamp, report: &ExecutionReport) {
        if self.rng.chance(self.habits.loses) {
            return;
        }
        let copies = if self.rng.chance(self.habits.repeats) { 2 } else { 1 };
        for _ in 0..copies {
            let delay_ns = self.rng.between(0, self.habits.delay_max_ns);
            let due = at.as_ns().saturating_add_unsigned(delay_ns);
            self.wire.push((Timestamp::from_ns(due), report.clone()));
        }
    }
}

fn qty(mantissa: i128) -> Qty {
    Qty::new(Decimal::from_mantissa(mantissa))
}
