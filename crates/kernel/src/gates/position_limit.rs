//! The position in one instrument stays within its cap at every level that states one: what the level's books hold of it
//! at worst case, added up, because books do not net against each other. An order that leaves its book's worst case no
//! larger than it was passes, and so does a safety exit, before anything is compared. Where the rules reduce, the largest
//! quantity that fits remains; none that fits is a refusal. Figures: the position with this order and the cap, in units.

use super::levels::{Limit, hold};
use super::{Case, Draft, Finding};
use crate::Denial;
use crate::directory::{BOOK_DEPTH, INSTRUMENT_DEPTH, Slot};
use crate::tree::Levels;
use fillwright_domain::{Constraint, Decimal, NumberError, Qty};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if draft.added(case)?.is_none() {
        return Ok(Finding::Allow);
    }
    let (place, levels) = case.exposure()?;
    let limit = PositionLimit { case, place, levels };
    hold(case, draft, &limit, |limits| limits.max_position.map(|cap| (cap, limits.on_position)))
}

struct PositionLimit<'a> {
    case: &'a Case<'a>,
    place: &'a Slot,
    levels: &'a Levels,
}

impl PositionLimit<'_> {
    /// What else is held of the instrument at a level of this depth.
    fn others(&self, depth: usize) -> Result<Qty, NumberError> {
        match depth {
            BOOK_DEPTH => Ok(Qty::ZERO),
            // What is held of an instrument is what the firm holds of it.
            INSTRUMENT_DEPTH => self.others(0),
            depth => {
                let held = |level| self.levels.position(level, self.place.instrument);
                let position = self.place.level(depth).map_or(Qty::ZERO, held);
                position.checked_sub(self.case.holding.worst_qty()?)
            }
        }
    }

    fn with(&self, depth: usize, draft: &mut Draft) -> Result<Qty, NumberError> {
        self.others(depth)?.checked_add(draft.added(self.case)?.after().worst()?)
    }
}

impl Limit for PositionLimit<'_> {
    type Cap = Qty;
    const DENIAL: Denial = Denial::PositionAboveCap;
    const CONSTRAINT: Constraint = Constraint::PositionLimit;

    fn compare(
        &self,
        depth: usize,
        draft: &mut Draft,
        cap: &Qty,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((self.with(depth, draft)?.get(), cap.get()))
    }

    fn fitting(&self, depth: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        let room = Qty::new(most).checked_sub(self.others(depth)?)?;
        Ok(draft.added(self.case)?.fitting(room)?)
    }
}
