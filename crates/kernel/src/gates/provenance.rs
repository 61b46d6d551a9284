//! The research run behind the intent (`Source_Run`) is in the registry of audited runs.

use super::{Case, Draft, Finding};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    let run = case.source_run().ok_or(Denial::ProvenanceMissing)?;
    if case.state.audited_runs.contains_key(run) {
        Ok(Finding::Allow)
    } else {
        Err(Denial::RunNotAudited)
    }
}
