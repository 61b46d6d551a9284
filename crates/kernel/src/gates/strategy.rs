//! The strategy is known, enabled, and owns the book it wants to change. A safety exit passes one that is disabled: what
//! it holds must be closable.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    let strategy_id = case.strategy_id().ok_or(Denial::StrategyUnknown)?;
    let strategy = case.rulebook.strategies.get(strategy_id).ok_or(Denial::StrategyUnknown)?;
    if !strategy.enabled && !case.is_safety_exit() {
        return Err(Denial::StrategyDisabled);
    }
    if case.book()?.strategy_id != *strategy_id {
        return Err(Denial::StrategyNotOwner);
    }
    Ok(if strategy.enabled { Finding::Allow } else { Finding::Bypass })
}
