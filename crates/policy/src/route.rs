//! Routes: in what manner an order trades, and on which connection it goes to its venue.
//!
//! A strategy never names a broker. A rule chooses the logical route, the same in every environment; each environment maps
//! it to destinations of its own, the first of which that is healthy takes the order.

use crate::unique;
use fillwright_domain::{
    BrokerId, InstrumentId, OrderType, Plane, RouteId, StrategyId, Text, TimeInForce, VenueId,
};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The routes of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Encode, Decode)]
pub struct RoutePolicy {
    /// What the logical routes are, and which orders take them.
    #[n(0)]
    pub profiles: RouteProfiles,
    /// What they stand for here.
    #[n(1)]
    pub routes: ExecutionRoutes,
}

/// `config/policies/route_profiles.json`: the logical routes, the same in every environment.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct RouteProfiles {
    /// Which orders take which route: the first row that applies decides, and an order that none applies to is refused.
    #[n(0)]
    pub selection: Vec<RouteRule>,
    /// The routes by name.
    #[n(1)]
    #[serde(deserialize_with = "unique::map")]
    pub profiles: BTreeMap<RouteId, RouteProfile>,
}

/// `config/policies/execution_routes.json`, in `live` `execution_routes_live.json`: what routes stand for.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ExecutionRoutes {
    /// Destinations by route, the preferred one first; behind it, in order, those to fall back to.
    #[n(0)]
    #[serde(deserialize_with = "unique::map")]
    pub routes: BTreeMap<RouteId, Vec<Destination>>,
}

/// Which orders take a route. What a row does not name, it applies to all of.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct RouteRule {
    /// Only of this strategy.
    #[n(0)]
    #[serde(default)]
    pub strategy: Option<StrategyId>,
    /// Only at this venue.
    #[n(1)]
    #[serde(default)]
    pub venue: Option<VenueId>,
    /// Only in this instrument.
    #[n(2)]
    #[serde(default)]
    pub instrument: Option<InstrumentId>,
    /// Only of this type.
    #[n(3)]
    #[serde(default)]
    pub order_type: Option<OrderType>,
    /// Only orders that may not take liquidity (`true`), or that may (`false`).
    #[n(4)]
    #[serde(default)]
    pub post_only: Option<bool>,
    /// The route they take.
    #[n(5)]
    pub route_id: RouteId,
}

/// A logical route: a manner of trading.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct RouteProfile {
    /// What it is for, in plain words.
    #[n(0)]
    pub description: Text,
    /// The types of order it takes; one of another type is refused.
    #[n(1)]
    pub order_types: Vec<OrderType>,
    /// How long limit orders on it work; absent, for the day. Those at the market are never left at work.
    #[n(2)]
    #[serde(default)]
    pub time_in_force: Option<TimeInForce>,
}

/// Where a route leads.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Only orders for this venue; absent, for every one.
    #[n(0)]
    #[serde(default)]
    pub venue: Option<VenueId>,
    /// Only orders of this plane; absent, of every one.
    #[n(3)]
    #[serde(default)]
    pub plane: Option<Plane>,
    /// The connection: `config/brokers/NAME.json`, or `paper`, which needs none.
    #[n(1)]
    pub broker: BrokerId,
    /// The broker's own algorithm, where it is to use one.
    #[n(2)]
    #[serde(default)]
    pub algorithm: Option<Text>,
}

/// What an order is, as far as its route depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Routed<'a> {
    /// Whose it is.
    pub strategy: Option<&'a StrategyId>,
    /// Where it goes.
    pub venue: &'a VenueId,
    /// What it trades.
    pub instrument: &'a InstrumentId,
    /// How its price is set.
    pub order_type: OrderType,
    /// Whether it may not take liquidity.
    pub post_only: bool,
}

impl RouteRule {
    /// Whether it speaks of this order.
    pub fn applies(&self, order: &Routed) -> bool {
        self.strategy.as_ref().is_none_or(|own| order.strategy == Some(own))
            && self.venue.as_ref().is_none_or(|own| own == order.venue)
            && self.instrument.as_ref().is_none_or(|own| own == order.instrument)
            && self.order_type.is_none_or(|own| own == order.order_type)
            && self.post_only.is_none_or(|own| own == order.post_only)
    }
}

impl Destination {
    /// The connection of orders that leave no process: nothing of it can be unwell.
    pub const PAPER: &str = "paper";

    /// Whether it takes orders of this plane for this venue.
    pub fn serves(&self, plane: Plane, venue: &VenueId) -> bool {
        self.plane.is_none_or(|own| own == plane)
            && self.venue.as_ref().is_none_or(|own| own == venue)
    }
}

impl RoutePolicy {
    /// One route for everything, on one connection: for tests, benches and generated rulebooks about something else.
    pub fn wide() -> Self {
        let route_id = RouteId::new("any");
        let profile = RouteProfile {
            description: Text::new("takes every order"),
            order_types: vec![OrderType::Market, OrderType::Limit],
            time_in_force: None,
        };
        let rule = RouteRule { route_id: route_id.clone(), ..RouteRule::default() };
        let broker = BrokerId::new(Destination::PAPER);
        let destination = Destination { broker, ..Destination::default() };
        Self {
            profiles: RouteProfiles {
                selection: vec![rule],
                profiles: BTreeMap::from([(route_id.clone(), profile)]),
            },
            routes: ExecutionRoutes { routes: BTreeMap::from([(route_id, vec![destination])]) },
        }
    }
}
