//! What the order would cost against the mid stays within its budget: the policy's, or the intent's own where that is
//! lower. The cost is that of its limit price, or of the touch at the market; a price better than the mid costs nothing.
//! A safety exit passes. Figures: cost and budget in basis points of the mid, the cost rounded up.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{Decimal, Px, Side};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(within_budget(case, draft))
}

fn within_budget(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let most = case.rulebook.flow.max_slippage_bps.ok_or(Denial::LimitMissing)?;
    let most = case.intent.max_slippage_bps().map_or(most, |own| own.min(most));
    let most = Decimal::from_int(i64::from(most));
    let mid = case.quote()?.mid()?;
    let worse = match draft.side {
        Side::Buy => draft.px().checked_sub(mid)?,
        Side::Sell => mid.checked_sub(draft.px())?,
    };
    let cost = draft.bps_of(worse.max(Px::ZERO), mid)?;
    draft.compare(cost, most);
    if cost <= most { Ok(Finding::Allow) } else { Err(Denial::SlippageAboveBudget) }
}
