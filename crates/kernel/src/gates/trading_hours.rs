//! The market is open, by the calendar of the instrument. A calendar that does not reach this far denies.

use super::{Case, Draft, Ruling};
use crate::Denial;
use fillwright_policy::Tradable;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    let hours =
        case.rulebook.calendars.get(&case.instrument()?.calendar).ok_or(Denial::HoursUnknown)?;
    match hours.at(case.at) {
        Tradable::Open => Ok(Ruling::Allow),
        Tradable::Closed => Err(Denial::MarketClosed),
        Tradable::Unknown => Err(Denial::HoursUnknown),
    }
}
