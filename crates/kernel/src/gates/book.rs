//! The book is known and enabled.

use super::{Case, Draft, Ruling};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    if case.book()?.enabled { Ok(Ruling::Allow) } else { Err(Denial::BookDisabled) }
}
