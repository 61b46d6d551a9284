//! The market is open, by the calendar of the instrument. A calendar that does not reach this far denies.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_policy::Tradable;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    let hours =
        case.rulebook.calendars.get(&case.instrument()?.calendar).ok_or(Denial::HoursUnknown)?;
    match hours.at(case.at) {
        Tradable::Open => Ok(Finding::Allow),
        Tradable::Closed => Err(Denial::MarketClosed),
        Tradable::Unknown => Err(Denial::HoursUnknown),
    }
}
