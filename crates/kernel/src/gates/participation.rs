//! The order is no more of the market's volume than the policy's rate allows, by the volume the quote states; a quote that
//! states none denies. Without a rate, volume is not looked at. A safety exit passes. Figures: the order's quantity and the
//! largest allowed, rounded down, in units.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::Rounding;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(within_volume(case, draft))
}

fn within_volume(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let policy = case.rulebook.flow.participation.ok_or(Denial::LimitMissing)?;
    let Some(rate) = policy.max_rate else { return Ok(Finding::Allow) };
    let volume = case.quote()?.interval_qty.ok_or(Denial::VolumeMissing)?;
    let most = rate.of_qty(volume, Rounding::Floor)?;
    draft.compare(draft.qty.get(), most.get());
    if draft.qty <= most { Ok(Finding::Allow) } else { Err(Denial::ParticipationAboveCap) }
}
