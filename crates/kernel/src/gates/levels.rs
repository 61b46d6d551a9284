//! One limit at every level that states it, from the firm down: the order keeps to each in turn. A level above which the
//! rules reduce cuts it, and the levels below it see what is left; otherwise the first level it breaks refuses it. The
//! verdict names the level that refused, or that cut it last; one that passes everywhere shows the figures of the level
//! with the least room, the upper one where two have the same.

use super::{Case, Draft, Finding};
use crate::Denial;
use crate::verdict::Figures;
use fillwright_domain::{Constraint, Decimal, Qty};
use fillwright_policy::{Breach, Level, Limits};

/// One limit, as the levels of the tree may state it.
pub(super) trait Limit {
    /// What stands in the rules.
    type Cap;
    /// Why an order above it is refused.
    const DENIAL: Denial;
    /// What is noted of an order that was cut to it.
    const CONSTRAINT: Constraint;

    /// What the order would lead to at a level of this depth, and the most that is allowed.
    fn compare(
        &self,
        depth: usize,
        draft: &mut Draft,
        cap: &Self::Cap,
    ) -> Result<(Decimal, Decimal), Denial>;

    /// Whether a level of this depth is left no worse than it was, so that its cap does not matter.
    fn adds_nothing(&self, _: usize, _: &mut Draft) -> Result<bool, Denial> {
        Ok(false)
    }

    /// The largest quantity that keeps a level of this depth within `most`; not above zero where none does.
    fn fitting(&self, depth: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial>;
}

/// Reads a limit out of what a level states, with what happens above it.
pub(super) trait Stated<Cap>: Fn(&Limits) -> Option<(Cap, Breach)> {}
impl<Cap, F: Fn(&Limits) -> Option<(Cap, Breach)>> Stated<Cap> for F {}

/// The firm must state a limit before anything can be compared to it.
pub(super) fn check_firm<Cap>(case: &Case, stated: impl Stated<Cap>) -> Result<(), Denial> {
    stated(&case.rulebook.envelope.firm).map(|_| ()).ok_or(Denial::LimitMissing)
}

/// Holds an order against a limit, level by level.
pub(super) fn hold<L: Limit>(
    case: &Case,
    draft: &mut Draft,
    limit: &L,
    stated: impl Stated<L::Cap>,
) -> Result<Finding, Denial> {
    check_firm(case, &stated)?;
    let caps = case.levels()?.iter().filter_map(|(depth, level, limits)| {
        stated(limits).map(|(cap, breach)| (depth, level, cap, breach))
    });
    hold_each(draft, limit, caps)
}

/// Holds an order against the caps of a limit, one after the other.
pub(super) fn hold_each<'a, L: Limit>(
    draft: &mut Draft,
    limit: &L,
    caps: impl Iterator<Item = (usize, Level<'a>, L::Cap, Breach)>,
) -> Result<Finding, Denial> {
    let mut cut = None;
    let mut closest: Option<(Decimal, Figures)> = None;
    for (depth, level, cap, breach) in caps {
        let (asked, most) = limit.compare(depth, draft, &cap)?;
        let figures = Figures { asked, limit: most };
        if asked <= most {
            note_closest(&mut closest, figures)?;
            continue;
        }
        if limit.adds_nothing(depth, draft)? {
            continue;
        }
        let fits = limit.fitting(depth, draft, most);
        refuse_unless_cut::<L>(draft, level, breach, figures, fits)?;
        cut = Some((level, figures));
    }
    match (cut, closest) {
        (Some((level, figures)), _) => {
            draft.compare(figures.asked, figures.limit);
            draft.bound_by(level);
            Ok(draft.reduce(draft.qty, L::CONSTRAINT))
        }
        (None, closest) => {
            if let Some((_, figures)) = closest {
                draft.compare(figures.asked, figures.limit);
            }
            Ok(Finding::Allow)
        }
    }
}

fn note_closest(closest: &mut Option<(Decimal, Figures)>, figures: Figures) -> Result<(), Denial> {
    let room = figures.limit.checked_sub(figures.asked)?;
    if closest.as_ref().is_none_or(|(least, _)| room < *least) {
        *closest = Some((room, figures));
    }
    Ok(())
}

fn refuse_unless_cut<L: Limit>(
    draft: &mut Draft,
    level: Level,
    breach: Breach,
    figures: Figures,
    fits: Result<Qty, Denial>,
) -> Result<(), Denial> {
    draft.compare(figures.asked, figures.limit);
    draft.bound_by(level);
    match (breach, fits?) {
        (Breach::Reduce, fits) if fits.is_positive() => {
            draft.qty = fits;
            Ok(())
        }
        (Breach::Reduce | Breach::Deny, _) => Err(L::DENIAL),
    }
}
