//! Routes in a script and drawn from a seed, and what the oracle knows of them.

use crate::rng::Rng;
use fillwright_domain::{
    BrokerId, ComponentKind, HealthStatus, OrderIntent, OrderType, Plane, RouteId, Text,
    TimeInForce, VenueId,
};
use fillwright_kernel::incidents::IncidentEvent;
use fillwright_policy::route::{
    Destination, ExecutionRoutes, RouteProfile, RouteProfiles, RouteRule,
};
use fillwright_policy::{RoutePolicy, Rulebook};
use std::collections::BTreeMap;

/// Makes the routes differ: `routes none`, `routes smart for limit to main, spare@NASDAQ`, where each route takes only
/// orders of the type it is chosen for, or `routes smart for limit but market to main`, where it takes another.
pub(crate) fn differ(routes: &mut Option<RoutePolicy>, edit: &[&str]) {
    if edit == ["none"] {
        *routes = None;
        return;
    }
    let policy = routes.get_or_insert_default();
    let [name, "for", chosen, rest @ ..] = edit else { panic!("no such routes: {edit:?}") };
    let route_id = RouteId::new(name);
    let (takes, rest) = match rest {
        ["but", takes, rest @ ..] => (*takes, rest),
        rest => (*chosen, rest),
    };
    let (time_in_force, rest) = match rest {
        ["ioc", rest @ ..] => (Some(TimeInForce::Ioc), rest),
        rest => (None, rest),
    };
    let order_types = vec![order_type(takes)];
    let profile = RouteProfile { description: Text::new(name), order_types, time_in_force };
    let order_type = Some(order_type(chosen));
    let rule = RouteRule { order_type, route_id: route_id.clone(), ..RouteRule::default() };
    policy.profiles.selection.insert(0, rule);
    policy.profiles.profiles.insert(route_id.clone(), profile);
    if let ["to", destinations @ ..] = rest {
        let destinations = destinations.iter().map(|name| destination(name)).collect();
        policy.routes.routes.insert(route_id, destinations);
    }
}

fn order_type(name: &str) -> OrderType {
    if name == "market" { OrderType::Market } else { OrderType::Limit }
}

fn destination(name: &str) -> Destination {
    let (broker, venue) = name.split_once('@').map_or((name, None), |(b, v)| (b, Some(v)));
    Destination {
        venue: venue.map(VenueId::new),
        plane: None,
        broker: BrokerId::new(broker),
        algorithm: (broker == "spare").then(|| Text::new("broker-vwap")),
    }
}

/// Routes over two connections that are told of often; now and then one leads nowhere, or takes too little.
pub(crate) fn generated(rng: &mut Rng) -> RoutePolicy {
    if rng.chance(700) {
        return RoutePolicy::wide();
    }
    let (smart, urgent) = (RouteId::new("smart_limit"), RouteId::new("urgent_mkt"));
    let types = if rng.chance(900) {
        vec![OrderType::Limit, OrderType::Market]
    } else {
        vec![OrderType::Market]
    };
    let profiles = BTreeMap::from([
        (smart.clone(), profile(rng, types)),
        (urgent.clone(), profile(rng, vec![OrderType::Market])),
    ]);
    let mut selection = vec![
        RouteRule {
            order_type: Some(OrderType::Market),
            venue: rng.chance(300).then(|| VenueId::new("BINANCE")),
            route_id: urgent.clone(),
            ..RouteRule::default()
        },
        RouteRule { route_id: smart.clone(), ..RouteRule::default() },
    ];
    if rng.chance(80) {
        selection.pop();
    }
    let mut routes = BTreeMap::from([(urgent, destinations(rng)), (smart, destinations(rng))]);
    if rng.chance(50) {
        routes.pop_first();
    }
    RoutePolicy {
        profiles: RouteProfiles { selection, profiles },
        routes: ExecutionRoutes { routes },
    }
}

fn profile(rng: &mut Rng, order_types: Vec<OrderType>) -> RouteProfile {
    let time_in_force = rng.chance(300).then(|| rng.pick(&[TimeInForce::Ioc, TimeInForce::Gtc]));
    RouteProfile { description: Text::new("generated"), order_types, time_in_force }
}

fn destinations(rng: &mut Rng) -> Vec<Destination> {
    let mut one = |broker: &str| Destination {
        venue: rng.chance(150).then(|| VenueId::new(rng.pick(&["BINANCE", "NASDAQ"]))),
        plane: rng.chance(100).then(|| rng.pick(&[Plane::Paper, Plane::LiveStub])),
        broker: BrokerId::new(broker),
        algorithm: rng.chance(300).then(|| Text::new("broker-vwap")),
    };
    let mut found = vec![one("BINANCE"), one("ELSEWHERE")];
    if rng.chance(750) {
        found.pop();
    }
    found
}

/// The connections somebody told of.
#[derive(Debug, Clone, Default)]
pub(crate) struct RouteWitness {
    brokers: BTreeMap<BrokerId, HealthStatus>,
}

impl RouteWitness {
    /// Reads one event.
    pub(crate) fn read(&mut self, event: &IncidentEvent) {
        if let IncidentEvent::HealthChanged { component, kind, status, .. } = event
            && *kind == ComponentKind::BrokerConnection
        {
            self.brokers.insert(BrokerId::new(component.as_str()), *status);
        }
    }

    /// Whether an order takes a way that the rules know, on a connection that was in a state to take it.
    pub(crate) fn released(&self, rules: &Rulebook, order: &OrderIntent) -> Result<(), String> {
        let id = order.order_intent_id;
        let Some(route) = &order.route else { return Err(format!("[D8] {id} has no route")) };
        let leads =
            rules.routes.iter().filter_map(|policy| policy.routes.routes.get(&route.route_id));
        let leads = leads.flatten().any(|way| {
            way.broker == route.broker
                && way.plane.is_none_or(|plane| plane == order.plane)
                && way.algorithm == route.algorithm
                && way
                    .venue
                    .as_ref()
                    .is_none_or(|venue| order.market_id.venue() == Some(venue.as_str()))
        });
        if !leads {
            return Err(format!("[D8] {id} goes by {route:?}, which the rules do not know"));
        }
        let unknown_is_healthy =
            rules.flow.venue_health.is_some_and(|policy| policy.unknown_is_healthy);
        let may = match self.brokers.get(&route.broker) {
            None => unknown_is_healthy || route.broker.as_str() == "paper",
            Some(HealthStatus::Up) => true,
            Some(HealthStatus::Degraded) => order.reduce_only,
            Some(HealthStatus::Down) => false,
        };
        if may { Ok(()) } else { Err(format!("[D8] {id} goes out on {}", route.broker)) }
    }
}
