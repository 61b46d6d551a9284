//! The venue is in a state to trade: healthy, or degraded and the intent may only reduce. One that is down trades nothing,
//! safety exits included. One that nobody has told of is healthy only where the policy says so.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::HealthStatus;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    let policy = case.rulebook.flow.venue_health.ok_or(Denial::LimitMissing)?;
    match case.state.flow.venues.get(&case.instrument()?.venue) {
        None if policy.unknown_is_healthy => Ok(Finding::Allow),
        None => Err(Denial::VenueHealthUnknown),
        Some(HealthStatus::Up) => Ok(Finding::Allow),
        Some(HealthStatus::Degraded) if case.intent.reduce_only() => Ok(Finding::Allow),
        Some(HealthStatus::Degraded | HealthStatus::Down) => Err(Denial::VenueUnhealthy),
    }
}
