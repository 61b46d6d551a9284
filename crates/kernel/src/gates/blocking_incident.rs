//! No open incident that blocks covers the order. A safety exit passes: it can only reduce risk.

use super::{Case, Draft, Ruling};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    if case.state.incidents.blocking(&case.place()).is_none() {
        Ok(Ruling::Allow)
    } else if case.is_safety_exit() {
        Ok(Ruling::Bypass)
    } else {
        Err(Denial::BlockingIncident)
    }
}
