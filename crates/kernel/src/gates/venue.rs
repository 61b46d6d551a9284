//! The venue is known and enabled, and the book has an executor there.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    let venue = case.rulebook.venues.get(&case.instrument()?.venue).ok_or(Denial::VenueUnknown)?;
    if !venue.enabled {
        return Err(Denial::VenueDisabled);
    }
    case.plane().map(|_| Finding::Allow)
}
