//! One order is worth no more than one order may be. A safety exit passes before anything is compared. Where the rules
//! reduce, the largest quantity that fits remains, rounded down to 18 decimals; none that fits is a refusal. Figures: the
//! order's worth at the touch it would trade against, rounded up, and the cap, in quote currency.

use super::{Case, Draft, Ruling};
use crate::Denial;
use fillwright_domain::{Constraint, Rounding};
use fillwright_policy::Breach;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Ruling, Denial> {
    if case.is_safety_exit() {
        return Ok(Ruling::Bypass);
    }
    let risk = case.risk()?;
    let instrument = case.instrument()?;
    let cap = risk.max_order_notional.ok_or(Denial::LimitMissing)?;
    let worth = draft.notional(instrument)?;
    draft.compare(worth.get(), cap.get());
    if worth <= cap {
        return Ok(Ruling::Allow);
    }
    let fits = cap.qty_at(draft.reference_px, instrument.contract_size, Rounding::Down)?;
    match risk.on_order_notional {
        Breach::Reduce if fits.is_positive() => Ok(draft.reduce(fits, Constraint::OrderNotional)),
        Breach::Reduce | Breach::Deny => Err(Denial::NotionalAboveCap),
    }
}
