//! The venue is known and enabled, and the book has an executor there.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    if !case.found()?.venue_is_enabled().ok_or(Denial::VenueUnknown)? {
        return Err(Denial::VenueDisabled);
    }
    case.plane().map(|_| Finding::Allow)
}
