//! The market trades: nothing covers the order with a trading halt. A safety exit is held to it: there is nobody to trade
//! with.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_policy::RestraintKind;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    if case.is_held_back(RestraintKind::Halt) {
        Err(Denial::TradingHalted)
    } else {
        Ok(Finding::Allow)
    }
}
