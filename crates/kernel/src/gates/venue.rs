//! The venue is known and enabled, and the book has an executor there.

use super::{Case, Draft, Ruling};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    let venue = case.rulebook.venues.get(&case.instrument()?.venue).ok_or(Denial::VenueUnknown)?;
    if !venue.enabled {
        return Err(Denial::VenueDisabled);
    }
    case.plane().map(|_| Ruling::Allow)
}
