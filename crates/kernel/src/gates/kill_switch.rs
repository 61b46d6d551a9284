//! No kill switch covers the order. A safety exit passes: it can only reduce risk.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_policy::RestraintKind;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    case.unless_held_back(RestraintKind::KillSwitch, Denial::KillSwitchEngaged)
}
