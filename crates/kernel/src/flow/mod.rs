//! What the flow of orders leaves behind: recent orders, first prices of a window, message buckets, executions counted,
//! venues' health, and the prices our own orders rest at.
//!
//! Everything is bounded: by a window of logical time, by the orders at work, or by the names rulebooks ever had.

pub mod bucket;
pub mod health;
pub mod movement;
pub mod repeats;
pub mod resting;
pub mod twins;

pub use bucket::{MessageBucket, Messages};
pub use health::Venues;
pub use movement::Movements;
pub use repeats::Repeats;
pub use resting::Resting;
pub use twins::{OrderShape, Twins};

use crate::directory::Found;
use crate::event::Refusal;
use crate::fact::OrderFact;
use crate::{Event, State};
use fillwright_domain::{HealthStatus, Principal, Px, StrategyId, Text, Timestamp, VenueId};
use fillwright_policy::FlowPolicy;
use minicbor::{Decode, Encode};
use serde::Serialize;

pub(crate) const NS_PER_MS: i64 = 1_000_000;

/// What comes in about the flow of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum FlowInput {
    /// A venue's health changed, as the machinery that watches it says, or a person.
    #[n(0)]
    VenueHealth {
        /// The venue.
        #[n(0)]
        venue_id: VenueId,
        /// How it is.
        #[n(1)]
        status: HealthStatus,
        /// Who says so, where a person does.
        #[n(2)]
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<Principal>,
        /// Why, where a person says so.
        #[n(3)]
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Text>,
    },
    /// Let a strategy execute again that the throttle has disabled; two different people must ask, one of them `risk`.
    #[n(1)]
    Reenable {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Who asks.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
}

/// What happened to the flow of orders. Each is its own fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "flow")]
pub enum FlowEvent {
    /// A venue's health is this from now on.
    #[n(0)]
    VenueHealthChanged {
        /// The venue.
        #[n(0)]
        venue_id: VenueId,
        /// How it is.
        #[n(1)]
        status: HealthStatus,
        /// Who said so, where a person did.
        #[n(2)]
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<Principal>,
        /// Why, where a person said so.
        #[n(3)]
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Text>,
    },
    /// A strategy executed as often as it may and wanted more: it is disabled until people enable it again.
    #[n(1)]
    StrategyThrottled {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// How often it executed within the window.
        #[n(1)]
        executions: u32,
    },
    /// The first of two people asked to enable a strategy again.
    #[n(2)]
    ReenableRequested {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Who asked.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// The second of two people enabled a strategy again; it starts to count from nothing.
    #[n(3)]
    StrategyReenabled {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Who asked second.
        #[n(1)]
        by: Principal,
        /// Who asked first.
        #[n(2)]
        requested_by: Principal,
        /// Why.
        #[n(3)]
        reason: Text,
    },
}

/// What is remembered of the flow of orders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Flow {
    /// Orders of the last while, so that a twin is known.
    #[n(0)]
    pub twins: Twins,
    /// The first mid of each instrument's window.
    #[n(1)]
    pub movements: Movements,
    /// Messages sent of late.
    #[n(2)]
    pub messages: Messages,
    /// Executions of late, and strategies that were disabled for them.
    #[n(3)]
    pub repeats: Repeats,
    /// Venues' health, as far as anybody told.
    #[n(4)]
    pub venues: Venues,
    /// Prices our own orders are at work at.
    #[n(5)]
    pub resting: Resting,
}

/// An order as the flow remembers it.
pub(crate) struct Emitted<'a> {
    pub(crate) at: Timestamp,
    pub(crate) order: &'a OrderFact,
    pub(crate) decision_px: Option<Px>,
    pub(crate) found: Found<'a>,
    pub(crate) policy: &'a FlowPolicy,
}

impl Flow {
    /// Remembers an order that was released.
    pub(crate) fn emitted(&mut self, emitted: &Emitted) {
        let Emitted { at, order, decision_px, found, policy } = *emitted;
        if let Some(px) = decision_px {
            let window_ms = policy.price_collar.as_ref().map_or(0, |collar| collar.window_ms);
            self.movements.follow(at, &order.market_id, px, window_ms);
        }
        self.sent(at, &found, policy);
        if let Some(throttle) = policy.repeat_throttle {
            self.repeats.count(at, &found.book().strategy_id, throttle.window_ms);
        }
        let window_ms = policy.duplicate_window.as_ref().map_or(0, |window| window.window_ms);
        self.twins.remember(at, window_ms, || OrderShape::of(order));
    }

    /// Counts a message, be it an order or a cancel.
    pub(crate) fn sent(&mut self, at: Timestamp, of: &Found, policy: &FlowPolicy) {
        if let Some(rate) = policy.message_rate {
            let (book, instrument) = (of.book(), of.instrument());
            let (account, strategy_id) = (&book.account, &book.strategy_id);
            self.messages.spend(at, &rate, &instrument.venue, account, strategy_id);
        }
    }

    pub(crate) fn apply(&mut self, event: FlowEvent) {
        match event {
            FlowEvent::VenueHealthChanged { venue_id, status, .. } => {
                self.venues.set(venue_id, status);
            }
            FlowEvent::StrategyThrottled { strategy_id, .. } => self.repeats.disable(&strategy_id),
            FlowEvent::ReenableRequested { strategy_id, by, .. } => {
                self.repeats.request(&strategy_id, by);
            }
            FlowEvent::StrategyReenabled { strategy_id, .. } => self.repeats.enable(&strategy_id),
        }
    }
}

/// What an input about the flow of orders leads to.
pub(crate) fn decide(state: &State, input: &FlowInput) -> Vec<Event> {
    match input {
        FlowInput::VenueHealth { venue_id, status, by, reason } => {
            health::change(state, venue_id, *status, by.as_ref(), reason.as_ref())
        }
        FlowInput::Reenable { strategy_id, by, reason } => {
            repeats::reenable(state, strategy_id, by, reason)
        }
    }
}

pub(crate) fn refuse(why: Refusal, by: Option<&Principal>) -> Vec<Event> {
    vec![Event::InputRefused { why, by: by.cloned() }]
}

/// Whether less than so many milliseconds have passed.
pub(crate) fn is_within(at: Timestamp, since: Timestamp, window_ms: u32) -> bool {
    at.since_ns(since) < i64::from(window_ms) * NS_PER_MS
}
