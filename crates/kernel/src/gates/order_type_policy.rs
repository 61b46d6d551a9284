//! Some row of the policy allows this type of order in this environment, at this venue, for this strategy. A safety exit
//! passes.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_policy::flow::OrderTypeRule;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(allowed(case, draft))
}

fn allowed(case: &Case, draft: &Draft) -> Result<Finding, Denial> {
    let rules = case.rulebook.flow.order_types.as_ref().ok_or(Denial::LimitMissing)?;
    let venue = &case.instrument()?.venue;
    let applies = |rule: &OrderTypeRule| {
        rule.environment.as_ref().is_none_or(|own| *own == case.rulebook.environment)
            && rule.venue.as_ref().is_none_or(|own| own == venue)
            && rule.strategy.as_ref().is_none_or(|own| case.strategy_id() == Some(own))
            && rule.order_types.contains(&draft.order_type)
    };
    if rules.iter().any(applies) { Ok(Finding::Allow) } else { Err(Denial::OrderTypeNotAllowed) }
}
