//! The book's exposure to one instrument stays within its share of equity, at every level that says so, counted at worst
//! case: the largest position, either way, that working orders and this one could lead to, at the touch this one would
//! trade against. An order that leaves the worst case no larger than it was passes, and so does a safety exit, before
//! anything is compared. Where the rules reduce, the largest quantity that fits remains; none that fits is a refusal.
//! Figures: exposure with this order, rounded up, and the most allowed, rounded down, in quote currency.

use super::levels::{Limit, hold};
use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{Constraint, Decimal, Notional, Qty, Ratio, Rounding};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if draft.added(case)?.is_none() {
        return Ok(Finding::Allow);
    }
    let limit = AssetExposure { case, equity: case.book()?.equity };
    hold(case, draft, &limit, |limits| {
        limits.max_asset_exposure.map(|cap| (cap, limits.on_asset_exposure))
    })
}

struct AssetExposure<'a> {
    case: &'a Case<'a>,
    equity: Notional,
}

impl Limit for AssetExposure<'_> {
    type Cap = Ratio;
    const DENIAL: Denial = Denial::AssetExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::AssetExposure;

    fn compare(
        &self,
        _: usize,
        draft: &mut Draft,
        cap: &Ratio,
    ) -> Result<(Decimal, Decimal), Denial> {
        let most = cap.of_notional(self.equity, Rounding::Down)?;
        Ok((draft.at_touch(self.case)?.1.get(), most.get()))
    }

    fn fitting(&self, _: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        draft.fitting(self.case, Notional::new(most))
    }
}
