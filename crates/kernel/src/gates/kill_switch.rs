//! No kill switch is engaged. A safety exit passes: it can only reduce risk.

use super::{Case, Draft, Ruling};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    if !case.state.control.is_halted() {
        Ok(Ruling::Allow)
    } else if case.is_safety_exit() {
        Ok(Ruling::Bypass)
    } else {
        Err(Denial::KillSwitchEngaged)
    }
}
