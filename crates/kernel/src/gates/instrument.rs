//! The instrument is known and enabled.

use super::{Case, Draft, Ruling};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    if case.instrument()?.enabled { Ok(Ruling::Allow) } else { Err(Denial::InstrumentDisabled) }
}
