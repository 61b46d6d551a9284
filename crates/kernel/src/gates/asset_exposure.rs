//! The book's exposure to one instrument stays within its share of equity, at every level that says so, counted at worst
//! case: the largest position, either way, that working orders and this one could lead to, at the touch this one would
//! trade against. An order that leaves the worst case no larger than it was passes, and so does a safety exit, before
//! anything is compared. Where the rules reduce, the largest quantity that fits remains; none that fits is a refusal.
//! Figures: exposure with this order, rounded up, and the most allowed, rounded down, in quote currency.

use super::levels::{Limit, hold};
use super::{Case, Draft, Ruling};
use crate::Denial;
use crate::exposure::{Added, Holding};
use fillwright_domain::{Constraint, Decimal, Instrument, Notional, Qty, Ratio, Rounding};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Ruling, Denial> {
    if case.is_safety_exit() {
        return Ok(Ruling::Bypass);
    }
    if Added::of(&case.holding, draft.side, draft.qty).is_none()? {
        return Ok(Ruling::Allow);
    }
    let (instrument, equity) = (case.instrument()?, case.book()?.equity);
    let limit = AssetExposure { instrument, equity, holding: &case.holding };
    hold(case, draft, &limit, |limits| {
        limits.max_asset_exposure.map(|cap| (cap, limits.on_asset_exposure))
    })
}

struct AssetExposure<'a> {
    instrument: &'a Instrument,
    equity: Notional,
    holding: &'a Holding,
}

impl Limit for AssetExposure<'_> {
    type Cap = Ratio;
    const DENIAL: Denial = Denial::AssetExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::AssetExposure;

    fn compare(&self, _: usize, draft: &Draft, cap: &Ratio) -> Result<(Decimal, Decimal), Denial> {
        let most = cap.of_notional(self.equity, Rounding::Down)?;
        let added = Added::of(self.holding, draft.side, draft.qty);
        Ok((added.worst(draft.reference_px, self.instrument)?.get(), most.get()))
    }

    fn fitting(&self, _: usize, draft: &Draft, most: Decimal) -> Result<Qty, Denial> {
        let added = Added::of(self.holding, draft.side, draft.qty);
        Ok(added.fitting(Notional::new(most), draft.reference_px, self.instrument)?)
    }
}
