//! The model behind the strategy is fit for the lane: at least what the lane asks. Without a lane there is nothing to
//! compare.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(rule(case))
}

fn rule(case: &Case) -> Result<Finding, Denial> {
    let Some(lane_id) = case.lane_id() else { return Ok(Finding::Allow) };
    let lane = case.rulebook.lanes.lanes.get(lane_id).ok_or(Denial::LaneUnknown)?;
    let strategy_id = case.strategy_id().ok_or(Denial::StrategyUnknown)?;
    let model = case.state.deployment.model(case.rulebook, strategy_id);
    if model.ok_or(Denial::ModelUnknown)? >= lane.model_min {
        Ok(Finding::Allow)
    } else {
        Err(Denial::ModelUnfit)
    }
}
