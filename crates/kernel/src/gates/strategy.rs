//! The strategy is known, enabled, and owns the book it wants to change. A safety exit passes one that is disabled: what
//! it holds must be closable.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    let strategy_id = case.strategy_id().ok_or(Denial::StrategyUnknown)?;
    let is_owner = case.book()?.strategy_id == *strategy_id;
    let is_enabled = match case.found {
        Some(found) if is_owner => found.strategy_is_enabled(),
        _ => case.rulebook.strategies.get(strategy_id).map(|strategy| strategy.enabled),
    };
    let is_enabled = is_enabled.ok_or(Denial::StrategyUnknown)?;
    if !is_enabled && !case.is_safety_exit() {
        return Err(Denial::StrategyDisabled);
    }
    if !is_owner {
        return Err(Denial::StrategyNotOwner);
    }
    Ok(if is_enabled { Finding::Allow } else { Finding::Bypass })
}
