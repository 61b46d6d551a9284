//! The order has a way to its venue: a rule chooses its logical route, the route takes orders of its type, and one of the
//! route's destinations is on a healthy connection. They are tried in the order they are written down, before anything is
//! sent; behind a submission only the meta layer may change the way. A connection that is degraded takes only what
//! reduces. Safety exits are held to it: an order that cannot go anywhere is not sent.
//!
//! Orders on paper leave no process, and nothing of their connection can be unwell. The verdict names the connection where it is not the preferred one, and the route where there is none.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{BrokerId, HealthStatus, OrderType, Route, RouteId, VenueId};
use fillwright_policy::RoutePolicy;
use fillwright_policy::route::{Destination, Routed};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let policy = case.rulebook.routes.as_ref().ok_or(Denial::LimitMissing)?;
    let instrument = case.instrument()?;
    let order = Routed {
        strategy: case.strategy_id(),
        venue: &instrument.venue,
        instrument: &instrument.instrument_id,
        order_type: draft.order_type,
        post_only: case.intent.post_only() && draft.order_type == OrderType::Limit,
    };
    let row = policy.profiles.selection.iter().find(|row| row.applies(&order));
    let route_id = &row.ok_or(Denial::RouteMissing)?.route_id;
    let way = way(case, draft, policy, route_id, order.venue);
    if way.is_err() {
        draft.bound_by(route_id.as_str());
    }
    way.map(|()| Finding::Allow)
}

/// Writes the way the order takes into the draft.
fn way(
    case: &Case,
    draft: &mut Draft,
    policy: &RoutePolicy,
    route_id: &RouteId,
    venue: &VenueId,
) -> Result<(), Denial> {
    let profile = policy.profiles.profiles.get(route_id).ok_or(Denial::RouteMissing)?;
    if !profile.order_types.contains(&draft.order_type) {
        return Err(Denial::RouteUnfit);
    }
    let plane = case.plane()?;
    let destinations = policy.routes.routes.get(route_id).ok_or(Denial::RouteMissing)?;
    let mut serving = destinations.iter().filter(|destination| destination.serves(plane, venue));
    let preferred = serving.clone().next().ok_or(Denial::RouteMissing)?;
    let reduces = case.intent.reduce_only() || draft.reduce_only;
    let chosen = serving.find(|destination| takes(case, destination, reduces));
    let chosen = chosen.ok_or(Denial::RouteUnavailable)?;
    if chosen.broker != preferred.broker {
        draft.bound_by(chosen.broker.as_str());
    }
    draft.time_in_force = profile.time_in_force;
    draft.route = Some(Route {
        route_id: route_id.clone(),
        broker: chosen.broker.clone(),
        algorithm: chosen.algorithm.clone(),
    });
    Ok(())
}

/// Whether the connection is in a state to take the order.
fn takes(case: &Case, destination: &Destination, reduces: bool) -> bool {
    match health(case, &destination.broker) {
        Some(HealthStatus::Up) => true,
        Some(HealthStatus::Degraded) => reduces,
        Some(HealthStatus::Down) => false,
        None => case.rulebook.flow.venue_health.is_some_and(|policy| policy.unknown_is_healthy),
    }
}

fn health(case: &Case, broker: &BrokerId) -> Option<HealthStatus> {
    if broker.as_str() == Destination::PAPER {
        return Some(HealthStatus::Up);
    }
    case.state.incidents.broker_health(broker)
}
