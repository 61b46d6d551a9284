//! The strategy may trade the instrument at the venue: a permission names all three, or `*` for every one. Nothing is
//! permitted that no permission covers; a safety exit needs one as well.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    // The strategy that asks owns the book: the strategy gate has seen to it.
    if case.found()?.is_permitted().ok_or(Denial::LimitMissing)? {
        Ok(Finding::Allow)
    } else {
        Err(Denial::NotPermitted)
    }
}
