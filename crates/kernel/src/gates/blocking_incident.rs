//! No open incident that blocks covers the order. A safety exit passes: it can only reduce risk.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    if case.state.incidents.blocking(&case.place()).is_none() {
        Ok(Finding::Allow)
    } else if case.is_safety_exit() {
        Ok(Finding::Bypass)
    } else {
        Err(Denial::BlockingIncident)
    }
}
