//! Gross exposure stays within its cap at every level that states one: everything its books hold on the plane of the
//! order, each holding the way that hurts more and working orders in full, at marks, this one at the touch it would trade
//! against; each rounded up. Marks must be there and fresh for everything that anybody holds on that plane, but for what
//! only this book holds of the instrument. An order that leaves the worst case no larger than it was passes, and so does
//! a safety exit, before anything is compared. Where the rules reduce, the largest quantity that fits remains; none that
//! fits is a refusal. Figures: exposure with this order and the cap, in quote currency.

use super::levels::{Limit, check_firm, hold};
use super::{Case, Draft, Finding};
use crate::Denial;
use crate::directory::Slot;
use crate::tree::Levels;
use fillwright_domain::{Constraint, Decimal, Notional, NumberError, Qty};
use fillwright_policy::Limits;

const NS_PER_MS: i64 = 1_000_000;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if draft.added(case)?.is_none() {
        return Ok(Finding::Allow);
    }
    let stated =
        |limits: &Limits| limits.max_gross_exposure.map(|cap| (cap, limits.on_gross_exposure));
    check_firm(case, stated)?;
    check_marks(case)?;
    let (place, levels) = case.exposure()?;
    check_countable(case, levels, draft)?;
    let limit = GrossExposure { case, place, levels };
    hold(case, draft, &limit, stated)
}

/// What anybody holds on the plane must have a mark, and a fresh one.
fn check_marks(case: &Case) -> Result<(), Denial> {
    let (place, levels) = case.exposure()?;
    if levels.unmarked_besides(place, case.holding) {
        return Err(Denial::MarkMissing);
    }
    let age_max_ns = i64::from(case.rulebook.execution.mark_age_max_ms) * NS_PER_MS;
    match levels.oldest_mark_besides(place, case.holding) {
        Some(oldest) if case.at.since_ns(oldest) > age_max_ns => Err(Denial::MarkStale),
        _ => Ok(()),
    }
}

/// The firm counts everything, at marks: what it can hold, every level can.
fn check_countable(case: &Case, levels: &Levels, draft: &mut Draft) -> Result<(), Denial> {
    if let Some(worst) = draft.at_mark(case)? {
        let others = levels.firm().gross.checked_sub(case.holding.value)?;
        others.checked_add(worst)?;
    }
    Ok(())
}

struct GrossExposure<'a> {
    case: &'a Case<'a>,
    place: &'a Slot,
    levels: &'a Levels,
}

impl GrossExposure<'_> {
    /// Everything else at a level of this depth.
    fn others(&self, depth: usize) -> Result<Notional, NumberError> {
        let level = self.place.level(depth).map(|level| self.levels.get(level));
        level.map_or(Ok(Notional::ZERO), |level| level.gross.checked_sub(self.case.holding.value))
    }
}

impl Limit for GrossExposure<'_> {
    type Cap = Notional;
    const DENIAL: Denial = Denial::GrossExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::GrossExposure;

    fn compare(
        &self,
        depth: usize,
        draft: &mut Draft,
        cap: &Notional,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((self.others(depth)?.checked_add(draft.at_touch(self.case)?.1)?.get(), cap.get()))
    }

    fn fitting(&self, depth: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        let room = Notional::new(most).checked_sub(self.others(depth)?)?;
        draft.fitting(self.case, room)
    }
}
