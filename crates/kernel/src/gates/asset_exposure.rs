//! The book's exposure to one instrument stays within its share of equity, counted at worst case: the largest position,
//! either way, that working orders and this one could lead to, at the touch this one would trade against. An order that
//! leaves the worst case no larger than it was passes, and so does a safety exit, before anything is compared. Where the
//! rules reduce, the largest quantity that fits remains; none that fits is a refusal. Figures: exposure with this order,
//! rounded up, and the most allowed, rounded down, in quote currency.

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
