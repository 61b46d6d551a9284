//! What may never happen in the flow of orders, whatever kernel and reference agree on.

use crate::exact::{Exact, exact};
use fillwright_domain::{
    ActionType, HealthStatus, InstrumentId, Intent, OrderIntent, OrderType, Plane, Principal, Px,
    Quote, Side, StrategyId, Timestamp, VenueId,
};
use fillwright_kernel::FlowEvent;
use fillwright_policy::flow::{Bucket, OnDuplicate, Permissions, PriceCollar, Reference};
use fillwright_policy::{FlowPolicy, Rulebook};
use std::collections::{BTreeMap, BTreeSet};

type Finding = Result<(), String>;

/// An order that was released.
#[derive(Debug, Clone)]
struct Sent {
    at: Timestamp,
    order: OrderIntent,
    strategy_id: StrategyId,
    is_safety_exit: bool,
}

/// What it remembers. Orders only since the rules last changed: what went before was counted by others.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlowWitness {
    rules: Option<Rulebook>,
    sent: Vec<Sent>,
    marks: BTreeMap<InstrumentId, (Px, Timestamp)>,
    firsts: BTreeMap<InstrumentId, (Timestamp, Exact)>,
    health: BTreeMap<VenueId, HealthStatus>,
    disabled: BTreeMap<StrategyId, Option<Principal>>,
}

/// An order, and what it was decided by.
pub(crate) struct Released<'a> {
    pub(crate) at: Timestamp,
    pub(crate) intent: &'a Intent,
    pub(crate) quote: &'a Quote,
    pub(crate) order: &'a OrderIntent,
    pub(crate) at_work: Vec<&'a OrderIntent>,
}

macro_rules! must {
    ($holds:expr, $($what:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($what)+));
        }
    };
}

impl FlowWitness {
    pub(crate) fn adopted(&mut self, rules: &Rulebook) {
        self.rules = Some(rules.clone());
        self.sent.clear();
    }

    pub(crate) fn marked(&mut self, instrument: &InstrumentId, px: Px, as_of: Timestamp) {
        self.marks.insert(instrument.clone(), (px, as_of));
    }

    pub(crate) fn happened(&mut self, event: &FlowEvent) -> Finding {
        match event {
            FlowEvent::VenueHealthChanged { venue_id, status, by, .. } => {
                must!(by.as_ref().is_none_or(|by| !by.is_empty()), "[I11] nobody says {venue_id}");
                self.health.insert(venue_id.clone(), *status);
            }
            FlowEvent::StrategyThrottled { strategy_id, .. } => {
                let known = self.disabled.insert(strategy_id.clone(), None);
                must!(known.is_none(), "{strategy_id} was disabled twice");
            }
            FlowEvent::ReenableRequested { strategy_id, by, .. } => {
                let asked = self.disabled.get_mut(strategy_id).ok_or("nothing to enable")?;
                *asked = Some(by.clone());
            }
            FlowEvent::StrategyReenabled { strategy_id, by, requested_by, .. } => {
                must!(by != requested_by, "[I11] {by} enabled {strategy_id} alone");
                let asked = self.disabled.remove(strategy_id).flatten();
                must!(asked.as_ref() == Some(requested_by), "[I11] {requested_by} never asked");
                self.sent.retain(|sent| sent.strategy_id != *strategy_id);
            }
        }
        Ok(())
    }

    /// Whether an order may be released.
    pub(crate) fn released(&mut self, released: &Released) -> Finding {
        let Some(rules) = self.rules.clone() else { return Err("an order without rules".into()) };
        let (Some(book), Some(instrument)) = (
            rules.books.get(&released.order.book_id),
            rules.instruments.get(&released.order.market_id),
        ) else {
            return Err("an order in an unknown book or instrument".to_owned());
        };
        let sent = Sent {
            at: released.at,
            order: released.order.clone(),
            strategy_id: book.strategy_id.clone(),
            is_safety_exit: released.intent.action() == ActionType::EmergencyExit,
        };
        self.permitted(&rules, &sent, &instrument.venue, released.intent)?;
        self.collared(&rules.flow, released)?;
        own_side_is_clear(&rules, released)?;
        if !sent.is_safety_exit {
            self.new_risk(&rules, &sent, &instrument.venue, released)?;
        }
        self.follow(&rules.flow, released);
        self.sent.push(sent);
        Ok(())
    }

    fn permitted(
        &self,
        rules: &Rulebook,
        sent: &Sent,
        venue: &VenueId,
        intent: &Intent,
    ) -> Finding {
        let names = [sent.strategy_id.as_str(), venue.as_str(), sent.order.market_id.as_str()];
        let permitted = rules.flow.permissions.iter().flat_map(Permissions::iter).any(
            |(strategy, venue, instrument)| {
                let rows = [strategy.as_str(), venue.as_str(), instrument.as_str()];
                rows.iter().zip(names).all(|(row, name)| *row == "*" || *row == name)
            },
        );
        must!(permitted, "{} may not trade {}", sent.strategy_id, sent.order.market_id);
        let unknown_is_healthy =
            rules.flow.venue_health.is_some_and(|policy| policy.unknown_is_healthy);
        let can_trade = match self.health.get(venue) {
            None => unknown_is_healthy,
            Some(HealthStatus::Up) => true,
            Some(HealthStatus::Degraded) => intent.reduce_only(),
            Some(HealthStatus::Down) => false,
        };
        must!(can_trade, "an order to {venue}, which is {:?}", self.health.get(venue));
        Ok(())
    }

    fn collared(&self, policy: &FlowPolicy, released: &Released) -> Finding {
        let collar = policy.price_collar.as_ref().ok_or("an order without a collar")?;
        let px = px_of(released);
        let reference = self.reference(collar, released)?;
        must!(
            is_near(&px, &reference, collar.max_deviation_bps),
            "{} is priced away from its reference",
            released.intent.intent_id
        );
        let first = self.first(released, collar.window_ms);
        must!(
            first.is_none_or(|first| is_near(&px, &first, collar.max_movement_bps)),
            "{} is priced away from the window's first",
            released.intent.intent_id
        );
        Ok(())
    }

    fn reference(&self, collar: &PriceCollar, released: &Released) -> Result<Exact, String> {
        if collar.reference == Reference::Mid {
            return Ok(mid(released.quote));
        }
        let known = self.marks.get(&released.order.market_id);
        let (px, as_of) = known.ok_or("an order without a reference")?;
        let age_ms = (released.at.as_ns() - as_of.as_ns()) / 1_000_000;
        must!(
            age_ms <= i64::from(collar.reference_age_max_ms),
            "a reference that is {age_ms} ms old"
        );
        Ok(exact(px.get()))
    }

    fn first(&self, released: &Released, window_ms: u32) -> Option<Exact> {
        let (since, mid) = self.firsts.get(&released.order.market_id)?;
        is_recent(released.at, *since, window_ms).then(|| mid.clone())
    }

    fn follow(&mut self, policy: &FlowPolicy, released: &Released) {
        let window_ms = policy.price_collar.as_ref().map_or(0, |collar| collar.window_ms);
        if window_ms > 0 && self.first(released, window_ms).is_none() {
            let mid = exact(released.quote.mid().unwrap_or_default().get());
            self.firsts.insert(released.order.market_id.clone(), (released.at, mid));
        }
    }

    /// What guards new risk only.
    fn new_risk(
        &self,
        rules: &Rulebook,
        sent: &Sent,
        venue: &VenueId,
        released: &Released,
    ) -> Finding {
        let (policy, order) = (&rules.flow, released.order);
        let unlisted =
            policy.restricted.as_ref().is_some_and(|list| !list.contains_key(&order.market_id));
        must!(unlisted, "{} is restricted", order.market_id);
        must!(
            !self.disabled.contains_key(&sent.strategy_id),
            "{} is disabled, and trades",
            sent.strategy_id
        );
        let is_allowed = policy.order_types.iter().flatten().any(|row| {
            row.order_types.contains(&order.order_type)
                && row.environment.as_ref().is_none_or(|own| *own == rules.environment)
                && row.venue.as_ref().is_none_or(|own| own == venue)
                && row.strategy.as_ref().is_none_or(|own| *own == sent.strategy_id)
        });
        must!(is_allowed, "{:?} is not allowed", order.order_type);
        costs_and_volume(policy, released)?;
        self.repeated(policy, sent)?;
        self.rated(rules, sent, venue)
    }

    fn repeated(&self, policy: &FlowPolicy, sent: &Sent) -> Finding {
        let throttle = policy.repeat_throttle.ok_or("an order without a throttle")?;
        let own = self.sent.iter().filter(|then| then.strategy_id == sent.strategy_id);
        let count = own.filter(|then| is_recent(sent.at, then.at, throttle.window_ms)).count();
        must!(
            count < usize::try_from(throttle.max_executions).unwrap_or(usize::MAX),
            "{} executed {count} times before",
            sent.strategy_id
        );
        let window = policy.duplicate_window.as_ref().ok_or("an order without a window")?;
        let is_twin = |then: &&Sent| {
            let (one, other) = (&then.order, &sent.order);
            is_recent(sent.at, then.at, window.window_ms)
                && one.book_id == other.book_id
                && one.market_id == other.market_id
                && one.side == other.side
                && one.requested_quantity == other.requested_quantity
                && one.limit_px == other.limit_px
        };
        let denies = window.action == OnDuplicate::Deny;
        must!(!denies || !self.sent.iter().any(|then| is_twin(&then)), "a twin was released");
        Ok(())
    }

    /// In no window do more orders pass than the bucket held and took in.
    fn rated(&self, rules: &Rulebook, sent: &Sent, venue: &VenueId) -> Finding {
        let rate = rules.flow.message_rate.ok_or("an order without a rate")?;
        let at_venue = |then: &Sent| {
            rules.instruments.get(&then.order.market_id).is_some_and(|found| found.venue == *venue)
        };
        self.paced(sent, rate.venue, at_venue)?;
        let account = |then: &Sent| rules.books.get(&then.order.book_id).map(|book| &book.account);
        self.paced(sent, rate.account, |then| account(then) == account(sent))?;
        self.paced(sent, rate.strategy, |then| then.strategy_id == sent.strategy_id)
    }

    fn paced(&self, sent: &Sent, bucket: Bucket, counts: impl Fn(&Sent) -> bool) -> Finding {
        let mut orders = 1;
        for then in self.sent.iter().rev().filter(|then| !then.is_safety_exit && counts(then)) {
            orders += 1;
            let passed_ns = Exact::int(sent.at.as_ns() - then.at.as_ns());
            let billion = Exact::int(1_000_000_000);
            let filled = Exact::int(bucket.per_s.into()) * passed_ns;
            let held = Exact::int(i64::from(bucket.burst) - i64::from(bucket.reserve));
            let most = held * billion.clone() + filled;
            must!(Exact::int(orders) * billion <= most, "{orders} orders, too fast");
        }
        Ok(())
    }
}

/// What it costs against the mid, and how much of the volume it is.
fn costs_and_volume(policy: &FlowPolicy, released: &Released) -> Finding {
    let (order, quote) = (released.order, released.quote);
    let budget = policy.max_slippage_bps.ok_or("an order without a budget")?;
    let budget = released.intent.max_slippage_bps().map_or(budget, |own| own.min(budget));
    let (px, mid) = (px_of(released), mid(quote));
    let is_dear = match order.side {
        Side::Buy => px > mid,
        Side::Sell => px < mid,
    };
    must!(!is_dear || is_near(&px, &mid, budget), "an order above its budget");
    let Some(rate) = policy.participation.and_then(|policy| policy.max_rate) else {
        return Ok(());
    };
    let volume = quote.interval_qty.ok_or("an order without a volume")?;
    let most = exact(rate.get()) * exact(volume.get());
    must!(exact(order.requested_quantity.get()) <= most, "too much of the volume");
    Ok(())
}

/// No order at work on the other side that this one could trade with.
fn own_side_is_clear(rules: &Rulebook, released: &Released) -> Finding {
    let order = released.order;
    let account = |order: &OrderIntent| rules.books.get(&order.book_id).map(|book| &book.account);
    let facing = released.at_work.iter().filter(|own| {
        own.plane != Plane::Paper
            && account(own) == account(order)
            && own.market_id == order.market_id
            && own.side != order.side
    });
    let mut met: BTreeSet<String> = BTreeSet::new();
    for own in facing {
        let crosses = match (own.limit_px, order.limit_px, order.side) {
            (Some(theirs), Some(ours), Side::Buy) => ours >= theirs,
            (Some(theirs), Some(ours), Side::Sell) => ours <= theirs,
            _ => true,
        };
        met.extend(crosses.then(|| own.order_intent_id.to_string()));
    }
    must!(
        met.is_empty() || order.plane == Plane::Paper,
        "an order that could trade with our own {met:?}"
    );
    Ok(())
}

fn px_of(released: &Released) -> Exact {
    let touch = match released.order.side {
        Side::Buy => released.quote.ask_px,
        Side::Sell => released.quote.bid_px,
    };
    let is_market = released.order.order_type == OrderType::Market;
    exact(released.order.limit_px.filter(|_| !is_market).unwrap_or(touch).get())
}

fn mid(quote: &Quote) -> Exact {
    exact(quote.mid().unwrap_or_default().get())
}

fn is_near(px: &Exact, to: &Exact, most_bps: u32) -> bool {
    let distance = (px.clone() - to.clone()).abs() * Exact::int(10_000);
    distance <= to.clone() * Exact::int(most_bps.into())
}

fn is_recent(at: Timestamp, then: Timestamp, window_ms: u32) -> bool {
    at.as_ns() - then.as_ns() < i64::from(window_ms) * 1_000_000
}
