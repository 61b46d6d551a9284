//! Exposure to a group of instruments, whoever holds them: what sectors and clusters have in common. Gross exposure has
//! looked at the marks.

use super::levels::{Limit, hold_each};
use super::{Case, Draft, Ruling};
use crate::Denial;
use crate::exposure::{Added, Holding};
use crate::tree::Slot;
use fillwright_domain::{Constraint, Decimal, Instrument, Notional, Qty};
use fillwright_policy::{GroupLimits, Level};
use std::marker::PhantomData;

/// A kind of group.
pub(super) trait Group {
    /// Why an order above its cap is refused.
    const DENIAL: Denial;
    /// What is noted of an order that was cut to it.
    const CONSTRAINT: Constraint;
}

/// Holds an order against what every group of the kind keeps to, and what its own does.
pub(super) fn hold_group<G: Group>(
    case: &Case,
    draft: &mut Draft,
    number: impl FnOnce(&Slot) -> u32,
    every: (Level, &GroupLimits),
    own: Option<(Level, &GroupLimits)>,
) -> Result<Ruling, Denial> {
    if case.is_safety_exit() {
        return Ok(Ruling::Bypass);
    }
    if Added::of(&case.holding, draft.side, draft.qty).is_none()? {
        return Ok(Ruling::Allow);
    }
    if every.1.max_exposure.is_none() {
        return Err(Denial::LimitMissing);
    }
    let (place, levels) = case.exposure()?;
    let others = levels.get(number(place)).gross.checked_sub(case.holding.value)?;
    let (instrument, holding) = (case.instrument()?, &case.holding);
    let limit = GroupExposure::<G> { others, holding, instrument, kind: PhantomData };
    let caps = std::iter::once(every).chain(own).filter_map(|(level, limits)| {
        limits.max_exposure.map(|cap| (0, level, cap, limits.on_exposure))
    });
    hold_each(draft, &limit, caps)
}

struct GroupExposure<'a, G> {
    others: Notional,
    holding: &'a Holding,
    instrument: &'a Instrument,
    kind: PhantomData<G>,
}

impl<G: Group> Limit for GroupExposure<'_, G> {
    type Cap = Notional;
    const DENIAL: Denial = G::DENIAL;
    const CONSTRAINT: Constraint = G::CONSTRAINT;

    fn compare(
        &self,
        _: usize,
        draft: &Draft,
        cap: &Notional,
    ) -> Result<(Decimal, Decimal), Denial> {
        let added = Added::of(self.holding, draft.side, draft.qty);
        let own = added.worst(draft.reference_px, self.instrument)?;
        Ok((self.others.checked_add(own)?.get(), cap.get()))
    }

    fn fitting(&self, _: usize, draft: &Draft, most: Decimal) -> Result<Qty, Denial> {
        let room = Notional::new(most).checked_sub(self.others)?;
        let added = Added::of(self.holding, draft.side, draft.qty);
        Ok(added.fitting(room, draft.reference_px, self.instrument)?)
    }
}
