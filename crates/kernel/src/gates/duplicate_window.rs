//! No order of the same book, instrument, side, quantity and price was released less than the window ago; where the policy
//! only marks, a twin passes and its plan says so. A safety exit passes. Figures, where there is a twin: how long ago it
//! was, rounded down, and the window, in milliseconds.

use super::{Case, Draft, Finding};
use crate::Denial;
use crate::flow::{NS_PER_MS, OrderShape, is_within};
use fillwright_domain::{Constraint, Decimal};
use fillwright_policy::flow::OnDuplicate;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(compared(case, draft))
}

fn compared(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let window = case.rulebook.flow.duplicate_window.as_ref().ok_or(Denial::LimitMissing)?;
    if window.window_ms == 0 {
        return Ok(Finding::Allow);
    }
    let twin = case.state.flow.twins.last(&OrderShape {
        qty: draft.qty,
        limit_px: draft.limit_px,
        side: draft.side,
        instrument_id: case.intent.instrument_id.clone(),
        book_id: case.intent.book_id.clone(),
    });
    let Some(then) = twin.filter(|then| is_within(case.at, *then, window.window_ms)) else {
        return Ok(Finding::Allow);
    };
    let ago_ms = case.at.since_ns(then).div_euclid(NS_PER_MS);
    draft.compare(Decimal::from_int(ago_ms), Decimal::from_int(i64::from(window.window_ms)));
    match window.action {
        OnDuplicate::Deny => Err(Denial::DuplicateOrder),
        OnDuplicate::Mark => {
            draft.constraints.insert(Constraint::DuplicateSuspected);
            Ok(Finding::Allow)
        }
    }
}
