//! The strategy has not executed as often as it may within the window, and has not been disabled for it: the first that
//! asks for more disables it, until two people enable it again. A safety exit passes, but is counted. Figures: executions
//! with this one and the most allowed; none once the strategy is disabled.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::Decimal;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(counted(case, draft))
}

fn counted(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let throttle = case.rulebook.flow.repeat_throttle.ok_or(Denial::LimitMissing)?;
    let strategy = case.strategy_id().ok_or(Denial::StrategyUnknown)?;
    let repeats = &case.state.flow.repeats;
    if repeats.is_disabled(strategy) {
        return Err(Denial::StrategyThrottled);
    }
    let with = repeats.executions(case.at, strategy, throttle.window_ms) + 1;
    let most = u64::from(throttle.max_executions);
    draft.compare(Decimal::from_int(with.cast_signed()), Decimal::from_int(most.cast_signed()));
    if with <= most { Ok(Finding::Allow) } else { Err(Denial::StrategyThrottled) }
}
