//! No cooldown covers the order. A safety exit passes.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_policy::RestraintKind;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    case.unless_held_back(RestraintKind::Cooldown, Denial::CoolingDown)
}
