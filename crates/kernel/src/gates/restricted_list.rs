//! The instrument is not on the restricted list. A list that is not stated denies. A safety exit passes: it only gives up
//! what is held.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(listed(case))
}

fn listed(case: &Case) -> Result<Finding, Denial> {
    let list = case.rulebook.flow.restricted.as_ref().ok_or(Denial::LimitMissing)?;
    if list.contains_key(&case.intent.instrument_id) {
        Err(Denial::InstrumentRestricted)
    } else {
        Ok(Finding::Allow)
    }
}
