//! No more orders are at work at once than may be, at every level that says so, this one counted. A safety exit passes
//! before anything is compared. An order cannot be cut to fit here: one too many is refused. Figures: orders at work with
//! this one, and the most allowed.

use super::{Case, Draft, Finding};
use crate::Denial;
use crate::verdict::Figures;
use fillwright_domain::Decimal;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if case.rulebook.envelope.firm.max_open_orders.is_none() {
        return Err(Denial::LimitMissing);
    }
    let (place, levels) = case.exposure()?;
    let mut closest: Option<(i64, Figures)> = None;
    for (depth, level, limits) in case.levels()?.iter() {
        let Some(cap) = limits.max_open_orders else { continue };
        let at_work = place.level(depth).map_or(0, |level| levels.get(level).open_orders);
        let (asked, most) = (i64::from(at_work) + 1, i64::from(cap));
        let figures = Figures { asked: Decimal::from_int(asked), limit: Decimal::from_int(most) };
        if asked > most {
            draft.compare(figures.asked, figures.limit);
            draft.bound_by(level);
            return Err(Denial::OpenOrdersAboveCap);
        }
        if closest.as_ref().is_none_or(|(room, _)| most - asked < *room) {
            closest = Some((most - asked, figures));
        }
    }
    if let Some((_, figures)) = closest {
        draft.compare(figures.asked, figures.limit);
    }
    Ok(Finding::Allow)
}
