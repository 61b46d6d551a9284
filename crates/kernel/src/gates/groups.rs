//! Exposure to a group of instruments, whoever holds them: what sectors and clusters have in common. Gross exposure has
//! looked at the marks.

use super::levels::{Limit, hold_each};
use super::{Case, Draft, Finding};
use crate::Denial;
use crate::directory::Found;
use fillwright_domain::{Constraint, Decimal, Notional, Qty};
use fillwright_policy::{GroupLimits, Level};
use std::marker::PhantomData;

/// A kind of group.
pub(super) trait Group {
    /// Why an order above its cap is refused.
    const DENIAL: Denial;
    /// What is noted of an order that was cut to it.
    const CONSTRAINT: Constraint;

    /// The number of the group an order's instrument belongs to, and what it states of its own.
    fn own<'a>(found: &Found<'a>) -> (u32, Level<'a>, Option<&'a GroupLimits>);
}

/// Holds an order against what every group of the kind keeps to, and what its own does.
pub(super) fn hold_group<'a, G: Group>(
    case: &Case,
    draft: &mut Draft,
    every: (Level<'a>, &'a GroupLimits),
) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if draft.added(case)?.is_none() {
        return Ok(Finding::Allow);
    }
    if every.1.max_exposure.is_none() {
        return Err(Denial::LimitMissing);
    }
    let (_, levels) = case.exposure()?;
    let (number, level, own) = G::own(case.found()?);
    let others = levels.get(number).gross.checked_sub(case.holding.value)?;
    let limit = GroupExposure::<G> { case, others, kind: PhantomData };
    let caps =
        std::iter::once(every).chain(own.map(|own| (level, own))).filter_map(|(level, limits)| {
            limits.max_exposure.map(|cap| (0, level, cap, limits.on_exposure))
        });
    hold_each(draft, &limit, caps)
}

struct GroupExposure<'a, G> {
    case: &'a Case<'a>,
    others: Notional,
    kind: PhantomData<G>,
}

impl<G: Group> Limit for GroupExposure<'_, G> {
    type Cap = Notional;
    const DENIAL: Denial = G::DENIAL;
    const CONSTRAINT: Constraint = G::CONSTRAINT;

    fn compare(
        &self,
        _: usize,
        draft: &mut Draft,
        cap: &Notional,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((self.others.checked_add(draft.at_touch(self.case)?.1)?.get(), cap.get()))
    }

    fn fitting(&self, _: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        let room = Notional::new(most).checked_sub(self.others)?;
        draft.fitting(self.case, room)
    }
}
