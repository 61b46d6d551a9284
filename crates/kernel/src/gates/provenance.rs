//! The research run behind the intent (`Source_Run`) is in the registry of audited runs.

use super::{Case, Draft, Ruling};
use crate::Denial;

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    let run = case.source_run().ok_or(Denial::ProvenanceMissing)?;
    if case.state.audited_runs.contains_key(run) {
        Ok(Ruling::Allow)
    } else {
        Err(Denial::RunNotAudited)
    }
}
