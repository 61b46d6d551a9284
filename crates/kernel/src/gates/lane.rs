//! The lane of the book is known, open, of this environment, and admits the strategy. A book without a lane has nothing
//! to compare here; whether it may do without is settled by the session gate.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(rule(case))
}

fn rule(case: &Case) -> Result<Finding, Denial> {
    let Some(lane_id) = case.lane_id() else { return Ok(Finding::Allow) };
    let lane = case.rulebook.lanes.lanes.get(lane_id).ok_or(Denial::LaneUnknown)?;
    if !lane.enabled {
        return Err(Denial::LaneDisabled);
    }
    if lane.environment != case.rulebook.environment {
        return Err(Denial::LaneElsewhere);
    }
    let strategy_id = case.strategy_id().ok_or(Denial::StrategyUnknown)?;
    if case.state.deployment.admits(case.rulebook, lane_id, strategy_id) {
        Ok(Finding::Allow)
    } else {
        Err(Denial::StrategyNotAdmitted)
    }
}
