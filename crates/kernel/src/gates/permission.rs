//! The strategy may trade the instrument at the venue: a permission names all three, or `*` for every one. Nothing is
//! permitted that no permission covers; a safety exit needs one as well.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    let permissions = case.rulebook.flow.permissions.as_ref().ok_or(Denial::LimitMissing)?;
    let strategy = case.strategy_id().ok_or(Denial::StrategyUnknown)?;
    let instrument = case.instrument()?;
    let (venue, name) = (instrument.venue.as_str(), instrument.instrument_id.as_str());
    if permissions.allow(strategy.as_str(), venue, name) {
        Ok(Finding::Allow)
    } else {
        Err(Denial::NotPermitted)
    }
}
