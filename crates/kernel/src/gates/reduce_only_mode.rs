//! Where a reduce-only or degraded mode covers the order, only what reduces passes: a trim, an exit, and a change of weight
//! against the position. What passes is sent reduce-only, and never more than working orders leave to close. A safety
//! exit passes.

use super::{Case, Draft, Finding, mapping};
use crate::Denial;
use fillwright_domain::{ActionType, Ask, Side};
use fillwright_policy::RestraintKind;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let Some(denial) = mode(case) else { return Ok(Finding::Allow) };
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if !can_reduce(case) {
        return Err(denial);
    }
    draft.reduce_only = true;
    Ok(Finding::Allow)
}

fn mode(case: &Case) -> Option<Denial> {
    if case.is_held_back(RestraintKind::Degraded) {
        Some(Denial::DegradedMode)
    } else if case.is_held_back(RestraintKind::ReduceOnly) {
        Some(Denial::ReduceOnlyMode)
    } else {
        None
    }
}

/// Whether the intent works against the position, or does nothing at all.
fn can_reduce(case: &Case) -> bool {
    match &case.intent.ask {
        Ask::Execution(asked) => !matches!(asked.action, ActionType::Add | ActionType::Reclaim),
        Ask::Rebalance(asked) if asked.weight_change.is_zero() => true,
        Ask::Rebalance(asked) => {
            let is_buy = asked.weight_change.is_positive();
            mapping::closes(case, if is_buy { Side::Buy } else { Side::Sell })
        }
    }
}
