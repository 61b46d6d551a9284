//! Net exposure stays within its cap, long and short, at every level that states one: everything its books hold on the
//! plane of the order, signed, at marks, this instrument at the touch the order would trade against. It is counted at both
//! ends, with every buy at work done and no sell, and the other way round, and the end further from nothing counts. An
//! order that leaves its book's worst case no larger than it was passes, and so does a safety exit, before anything is
//! compared: leaving a position is never refused for what it hedged. A level that the order brings no further from nothing
//! than it was passes, whatever its cap. Gross exposure has looked at the marks. Where the rules reduce, the largest
//! quantity that fits remains; none that fits is a refusal. Figures: exposure with this order and the cap, in quote
//! currency.

use super::levels::{Limit, hold};
use super::{Case, Draft, Ruling};
use crate::Denial;
use crate::exposure::{Added, Holding};
use crate::tree::{Levels, Slot};
use fillwright_domain::{
    Constraint, Decimal, Instrument, Notional, NumberError, Px, Qty, Rounding, Side,
};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Ruling, Denial> {
    if case.is_safety_exit() {
        return Ok(Ruling::Bypass);
    }
    if Added::of(&case.holding, draft.side, draft.qty).is_none()? {
        return Ok(Ruling::Allow);
    }
    let (place, levels) = case.exposure()?;
    let instrument = case.instrument()?;
    let holding = Holding { contract_size: instrument.contract_size, ..case.holding };
    let limit = NetExposure { place, levels, holding, instrument };
    hold(case, draft, &limit, |limits| {
        limits.max_net_exposure.map(|cap| (cap, limits.on_net_exposure))
    })
}

struct NetExposure<'a> {
    place: &'a Slot,
    levels: &'a Levels,
    holding: Holding,
    instrument: &'a Instrument,
}

/// What a level is worth with every buy at work done, and with every sell.
#[derive(Clone, Copy)]
struct Ends {
    long: Notional,
    short: Notional,
}

impl Ends {
    /// The end further from nothing.
    fn worst(self) -> Result<Notional, NumberError> {
        Ok(self.long.checked_abs()?.max(self.short.checked_abs()?))
    }
}

impl NetExposure<'_> {
    /// Everything else at a level of this depth.
    fn others(&self, depth: usize) -> Result<Ends, NumberError> {
        let Some(level) = self.place.level(depth).map(|level| self.levels.get(level)) else {
            return Ok(Ends { long: Notional::ZERO, short: Notional::ZERO });
        };
        Ok(Ends {
            long: level.long.checked_sub(self.holding.long)?,
            short: level.short.checked_sub(self.holding.short)?,
        })
    }

    /// A level of this depth with the instrument held like this.
    fn with(&self, depth: usize, held: &Holding, px: Px) -> Result<Ends, NumberError> {
        let (others, (long, short)) = (self.others(depth)?, held.ends(px)?);
        Ok(Ends { long: others.long.checked_add(long)?, short: others.short.checked_add(short)? })
    }

    fn after(&self, depth: usize, draft: &Draft) -> Result<Ends, NumberError> {
        let held = Added::of(&self.holding, draft.side, draft.qty).after()?;
        self.with(depth, &held, draft.reference_px)
    }
}

impl Limit for NetExposure<'_> {
    type Cap = Notional;
    const DENIAL: Denial = Denial::NetExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::NetExposure;

    fn compare(
        &self,
        depth: usize,
        draft: &Draft,
        cap: &Notional,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((self.after(depth, draft)?.worst()?.get(), cap.get()))
    }

    fn adds_nothing(&self, depth: usize, draft: &Draft) -> Result<bool, Denial> {
        let before = self.with(depth, &self.holding, draft.reference_px)?.worst()?;
        Ok(self.after(depth, draft)?.worst()? <= before)
    }

    /// The order moves one end alone, away from where it is: the other must fit as it stands.
    fn fitting(&self, depth: usize, draft: &Draft, most: Decimal) -> Result<Qty, Denial> {
        let (most, others) = (Notional::new(most), self.others(depth)?);
        let now = self.with(depth, &self.holding, draft.reference_px)?;
        let (still, room, taken) = match draft.side {
            Side::Buy => (
                now.short,
                most.checked_sub(others.long)?,
                self.holding.position.checked_add(self.holding.open_buy)?,
            ),
            Side::Sell => (
                now.long,
                most.checked_add(others.short)?,
                self.holding.open_sell.checked_sub(self.holding.position)?,
            ),
        };
        if still.checked_abs()? > most {
            return Ok(Qty::ZERO);
        }
        let size = self.instrument.contract_size;
        let fits = room.qty_at(draft.reference_px, size, Rounding::Floor)?.checked_sub(taken)?;
        Ok(if fits < draft.qty { fits } else { Qty::ZERO })
    }
}
