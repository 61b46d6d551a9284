//! No aggressive long in a crisis, unless somebody let this very order through.
//!
//! An order is aggressively long where it buys at high or critical urgency and may leave the book long of the
//! instrument. In the regime CRISIS it is refused; where no regime is known, or the last was stated too long ago, the
//! policy says. An approved override of exactly this intent's content lets it pass, once.

use super::{Case, Draft, Finding};
use crate::approvals::{Change, found_for};
use crate::{Denial, Gate};
use fillwright_domain::{DigestedIntent, Regime, Side, Urgency};
use fillwright_policy::UnknownRegime;

const NS_PER_S: i64 = 1_000_000_000;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(rule(case, draft))
}

fn rule(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if !is_aggressive_long(case, draft)? {
        return Ok(Finding::Allow);
    }
    let Some(denial) = disparity(case) else { return Ok(Finding::Allow) };
    let intent = DigestedIntent::new(case.intent.clone()).digest();
    let change = Change::OverrideOrder { intent, gate: Gate::RegimeParity };
    draft.used = found_for(case.state, case.at, &change);
    if draft.used.is_some() { Ok(Finding::Allow) } else { Err(denial) }
}

fn is_aggressive_long(case: &Case, draft: &Draft) -> Result<bool, Denial> {
    if draft.side != Side::Buy || case.intent.urgency() < Urgency::High {
        return Ok(false);
    }
    let bought = case.holding.open_buy.checked_add(draft.qty)?;
    Ok(case.holding.position.checked_add(bought)?.is_positive())
}

/// Why the regime refuses an aggressive long, where it does.
fn disparity(case: &Case) -> Option<Denial> {
    let policy = case.rulebook.regime;
    let age_max_ns = i64::from(policy.age_max_s) * NS_PER_S;
    let stated = case.state.deployment.regime();
    match stated.filter(|stated| case.at.since_ns(stated.as_of) <= age_max_ns) {
        Some(stated) => (stated.regime == Regime::Crisis).then_some(Denial::RegimeCrisis),
        None => (policy.unknown == UnknownRegime::Deny).then_some(Denial::RegimeUnknown),
    }
}
