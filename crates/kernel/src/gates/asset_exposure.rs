//! The book's exposure to one instrument stays within its share of equity, counted at worst case, working orders in
//! full. An order that adds nothing to the worst case passes, and so does a safety exit. Figures: exposure with this
//! order and the most allowed, in quote currency.

use super::{Case, Draft, Ruling};
use crate::Denial;
use crate::exposure::Added;
use fillwright_domain::{Constraint, Rounding};
use fillwright_policy::Breach;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Ruling, Denial> {
    if case.is_safety_exit() {
        return Ok(Ruling::Bypass);
    }
    let instrument = case.instrument()?;
    let risk = case.risk()?;
    let added = Added::of(&case.holding, draft.side, draft.qty);
    if added.is_none()? {
        return Ok(Ruling::Allow);
    }
    let share = risk.max_asset_exposure.ok_or(Denial::LimitMissing)?;
    let most = share.of_notional(case.book()?.equity, Rounding::Down)?;
    let with = added.worst(draft.reference_px, instrument)?;
    draft.compare(with.get(), most.get());
    if with <= most {
        return Ok(Ruling::Allow);
    }
    let fits = added.fitting(most, draft.reference_px, instrument)?;
    match risk.on_asset_exposure {
        Breach::Reduce if fits.is_positive() => Ok(draft.reduce(fits, Constraint::AssetExposure)),
        Breach::Reduce | Breach::Deny => Err(Denial::AssetExposureAboveCap),
    }
}
