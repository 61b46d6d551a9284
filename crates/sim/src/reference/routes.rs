//! The way an order takes to its venue, chosen anew from the documents and everything ever told of connections.

use super::gates::{Case, PASS, Said, Shape, deny};
use super::incidents::health;
use fillwright_domain::{ComponentKind, HealthStatus, Instrument, OrderType, Route, RouteId, Text};
use fillwright_kernel::Denial;
use fillwright_policy::RoutePolicy;
use fillwright_policy::route::{Destination, RouteRule};

pub(super) fn route(case: &Case, shape: &mut Shape, instrument: &Instrument) -> Said {
    let Some(policy) = &case.rules.routes else { return deny(Denial::LimitMissing) };
    let Some(row) =
        policy.profiles.selection.iter().find(|row| speaks_of(row, case, shape, instrument))
    else {
        return deny(Denial::RouteMissing);
    };
    match way(case, shape, instrument, policy, &row.route_id) {
        Ok((way, is_preferred)) => {
            shape.route = Some(Route {
                route_id: row.route_id.clone(),
                broker: way.broker.clone(),
                algorithm: way.algorithm.clone(),
            });
            shape.time_in_force =
                policy.profiles.profiles.get(&row.route_id).and_then(|found| found.time_in_force);
            shape.rule = (!is_preferred).then(|| Text::new(way.broker.as_str()));
            PASS
        }
        Err(reason) => {
            shape.rule = Some(Text::new(row.route_id.as_str()));
            deny(reason)
        }
    }
}

fn speaks_of(row: &RouteRule, case: &Case, shape: &Shape, instrument: &Instrument) -> bool {
    let makes_only = case.intent.post_only() && shape.order_type == OrderType::Limit;
    let not_of = [
        row.strategy.is_some() && row.strategy.as_ref() != case.strategy_id(),
        row.venue.as_ref().is_some_and(|venue| *venue != instrument.venue),
        row.instrument.as_ref().is_some_and(|id| *id != instrument.instrument_id),
        row.order_type.is_some_and(|own| own != shape.order_type),
        row.post_only.is_some_and(|own| own != makes_only),
    ];
    not_of == [false; 5]
}

/// The first destination that may take it, and whether its connection is the preferred one.
fn way<'a>(
    case: &Case,
    shape: &Shape,
    instrument: &Instrument,
    policy: &'a RoutePolicy,
    route_id: &RouteId,
) -> Result<(&'a Destination, bool), Denial> {
    let profile = policy.profiles.profiles.get(route_id).ok_or(Denial::RouteMissing)?;
    if !profile.order_types.contains(&shape.order_type) {
        return Err(Denial::RouteUnfit);
    }
    let all = policy.routes.routes.get(route_id).map_or(&[][..], Vec::as_slice);
    let here: Vec<&Destination> = all
        .iter()
        .filter(|way| way.venue.is_none() || way.venue.as_ref() == Some(&instrument.venue))
        .filter(|way| way.plane.is_none() || way.plane == case.plane)
        .collect();
    let preferred = here.first().ok_or(Denial::RouteMissing)?;
    let taking = here.iter().find(|way| is_fit(case, shape, way));
    let way = taking.ok_or(Denial::RouteUnavailable)?;
    Ok((way, way.broker == preferred.broker))
}

fn is_fit(case: &Case, shape: &Shape, way: &Destination) -> bool {
    if way.broker.as_str() == "paper" {
        return true;
    }
    let name = Text::new(way.broker.as_str());
    match health(case.facts, ComponentKind::BrokerConnection, &name) {
        None => case.rules.flow.venue_health.is_some_and(|policy| policy.unknown_is_healthy),
        Some(HealthStatus::Down) => false,
        Some(HealthStatus::Degraded) => case.intent.reduce_only() || shape.reduces_only,
        Some(HealthStatus::Up) => true,
    }
}
