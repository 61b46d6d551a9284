//! The instrument is known and enabled.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    if case.instrument()?.enabled { Ok(Finding::Allow) } else { Err(Denial::InstrumentDisabled) }
}
