//! Net exposure stays within its cap, long and short, at every level that states one: everything its books hold on the
//! plane of the order, signed, at marks, this instrument at the touch the order would trade against. It is counted at both
//! ends, with every buy at work done and no sell, and the other way round, and the end further from nothing counts. An
//! order that leaves its book's worst case no larger than it was passes, and so does a safety exit, before anything is
//! compared: leaving a position is never refused for what it hedged. A level that the order brings no further from nothing
//! than it was passes, whatever its cap. Gross exposure has looked at the marks. Where the rules reduce, the largest
//! quantity that fits remains; none that fits is a refusal. Figures: exposure with this order and the cap, in quote
//! currency.

use super::levels::{Limit, hold};
use super::{Case, Draft, Finding};
use crate::Denial;
use crate::directory::Slot;
use crate::exposure::Ends;
use crate::tree::Levels;
use fillwright_domain::{Constraint, Decimal, Notional, NumberError, Qty, Ratio, Rounding, Side};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if draft.added(case)?.is_none() {
        return Ok(Finding::Allow);
    }
    let (place, levels) = case.exposure()?;
    let size = case.instrument()?.contract_size;
    let limit = NetExposure { case, place, levels, size };
    hold(case, draft, &limit, |limits| {
        limits.max_net_exposure.map(|cap| (cap, limits.on_net_exposure))
    })
}

struct NetExposure<'a> {
    case: &'a Case<'a>,
    place: &'a Slot,
    levels: &'a Levels,
    size: Ratio,
}

impl NetExposure<'_> {
    /// Everything else at a level of this depth.
    fn others(&self, depth: usize) -> Result<Ends, NumberError> {
        let Some(level) = self.place.level(depth).map(|level| self.levels.get(level)) else {
            return Ok(Ends::default());
        };
        Ok(Ends {
            long: level.long.checked_sub(self.case.holding.long)?,
            short: level.short.checked_sub(self.case.holding.short)?,
        })
    }

    /// A level of this depth with the instrument worth this much.
    fn with(&self, depth: usize, own: Ends) -> Result<Ends, NumberError> {
        let others = self.others(depth)?;
        Ok(Ends {
            long: others.long.checked_add(own.long)?,
            short: others.short.checked_add(own.short)?,
        })
    }

    fn now(&self, depth: usize, draft: &Draft) -> Result<Ends, NumberError> {
        let held = self.case.holding.reach()?.worth(draft.reference_px, self.size)?;
        self.with(depth, held)
    }

    fn after(&self, depth: usize, draft: &mut Draft) -> Result<Ends, Denial> {
        Ok(self.with(depth, draft.at_touch(self.case)?.0)?)
    }
}

impl Limit for NetExposure<'_> {
    type Cap = Notional;
    const DENIAL: Denial = Denial::NetExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::NetExposure;

    fn compare(
        &self,
        depth: usize,
        draft: &mut Draft,
        cap: &Notional,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((self.after(depth, draft)?.worst()?.get(), cap.get()))
    }

    fn adds_nothing(&self, depth: usize, draft: &mut Draft) -> Result<bool, Denial> {
        let before = self.now(depth, draft)?.worst()?;
        Ok(self.after(depth, draft)?.worst()? <= before)
    }

    /// The order moves one end alone, away from where it is: the other must fit as it stands.
    fn fitting(&self, depth: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        let (most, others) = (Notional::new(most), self.others(depth)?);
        let now = self.now(depth, draft)?;
        let (still, room, taken) = match draft.side {
            Side::Buy => (
                now.short,
                most.checked_sub(others.long)?,
                self.case.holding.position.checked_add(self.case.holding.open_buy)?,
            ),
            Side::Sell => (
                now.long,
                most.checked_add(others.short)?,
                self.case.holding.open_sell.checked_sub(self.case.holding.position)?,
            ),
        };
        if still.checked_abs()? > most {
            return Ok(Qty::ZERO);
        }
        let most = room.qty_at(draft.reference_px, self.size, Rounding::Floor)?;
        let fits = most.checked_sub(taken)?;
        Ok(if fits < draft.qty { fits } else { Qty::ZERO })
    }
}
