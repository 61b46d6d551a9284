//! The position in one instrument stays within its cap at every level that states one: what the level's books hold of it
//! at worst case, added up, because books do not net against each other. An order that leaves its book's worst case no
//! larger than it was passes, and so does a safety exit, before anything is compared. Where the rules reduce, the largest
//! quantity that fits remains; none that fits is a refusal. Figures: the position with this order and the cap, in units.

use super::levels::{Limit, hold};
use super::{Case, Draft, Ruling};
use crate::Denial;
use crate::exposure::{Added, Holding};
use crate::tree::{BOOK_DEPTH, INSTRUMENT_DEPTH, Levels, Slot};
use fillwright_domain::{Constraint, Decimal, NumberError, Qty};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Ruling, Denial> {
    if case.is_safety_exit() {
        return Ok(Ruling::Bypass);
    }
    if Added::of(&case.holding, draft.side, draft.qty).is_none()? {
        return Ok(Ruling::Allow);
    }
    let (place, levels) = case.exposure()?;
    let limit = PositionLimit { place, levels, holding: &case.holding };
    hold(case, draft, &limit, |limits| limits.max_position.map(|cap| (cap, limits.on_position)))
}

struct PositionLimit<'a> {
    place: &'a Slot,
    levels: &'a Levels,
    holding: &'a Holding,
}

impl PositionLimit<'_> {
    /// What else is held of the instrument at a level of this depth.
    fn others(&self, depth: usize) -> Result<Qty, NumberError> {
        match depth {
            BOOK_DEPTH => Ok(Qty::ZERO),
            // What is held of an instrument is what the firm holds of it.
            INSTRUMENT_DEPTH => self.others(0),
            depth => {
                let level = self.place.level(depth).map(|level| self.levels.get(level));
                let position = level.map_or(Qty::ZERO, |level| level.position(self.place));
                position.checked_sub(self.holding.worst_qty()?)
            }
        }
    }

    fn with(&self, depth: usize, draft: &Draft) -> Result<Qty, NumberError> {
        let added = Added::of(self.holding, draft.side, draft.qty);
        self.others(depth)?.checked_add(added.after()?.worst_qty()?)
    }
}

impl Limit for PositionLimit<'_> {
    type Cap = Qty;
    const DENIAL: Denial = Denial::PositionAboveCap;
    const CONSTRAINT: Constraint = Constraint::PositionLimit;

    fn compare(
        &self,
        depth: usize,
        draft: &Draft,
        cap: &Qty,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((self.with(depth, draft)?.get(), cap.get()))
    }

    fn fitting(&self, depth: usize, draft: &Draft, most: Decimal) -> Result<Qty, Denial> {
        let room = Qty::new(most).checked_sub(self.others(depth)?)?;
        Ok(Added::of(self.holding, draft.side, draft.qty).fitting_qty(room)?)
    }
}
