//! The order's price, its limit or at the market the touch, lies near its reference: the mid of the quote, or the mark,
//! which must be there and fresh. It also lies near the first mid of the instrument's window, where one is open. Either
//! way, dearer or cheaper. A safety exit is held to it like any other. In this order: limit missing, reference missing,
//! reference stale, too far from the reference, too far from the window's first. Figures: the distance and the largest
//! allowed, in basis points, the distance rounded up: from the window's first where that was compared, otherwise from the
//! reference.

use super::{Case, Draft, Finding};
use crate::Denial;
use crate::flow::NS_PER_MS;
use fillwright_domain::{Decimal, Px};
use fillwright_policy::flow::{PriceCollar, Reference};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let collar = case.rulebook.flow.price_collar.as_ref().ok_or(Denial::LimitMissing)?;
    let reference = reference(case, collar)?;
    hold(draft, reference, collar.max_deviation_bps, Denial::PriceOutsideCollar)?;
    let movements = &case.state.flow.movements;
    match movements.first(case.at, &case.intent.instrument_id, collar.window_ms) {
        Some(first) => hold(draft, first, collar.max_movement_bps, Denial::PriceMovedTooFar),
        None => Ok(Finding::Allow),
    }
}

fn hold(draft: &mut Draft, from: Px, max_bps: u32, otherwise: Denial) -> Result<Finding, Denial> {
    let away = draft.px().checked_sub(from)?.checked_abs()?;
    let distance = draft.bps_of(away, from)?;
    let most = Decimal::from_int(i64::from(max_bps));
    draft.compare(distance, most);
    if distance <= most { Ok(Finding::Allow) } else { Err(otherwise) }
}

fn reference(case: &Case, collar: &PriceCollar) -> Result<Px, Denial> {
    match collar.reference {
        Reference::Mid => Ok(case.quote()?.mid()?),
        Reference::Mark => {
            let marks = &case.state.marks;
            let mark = marks.get(&case.intent.instrument_id).ok_or(Denial::ReferenceMissing)?;
            let age_max_ns = i64::from(collar.reference_age_max_ms) * NS_PER_MS;
            if case.at.since_ns(mark.as_of) > age_max_ns {
                return Err(Denial::ReferenceStale);
            }
            Ok(mark.mark_px)
        }
    }
}
