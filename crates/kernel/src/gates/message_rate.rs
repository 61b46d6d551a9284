//! The venue, the account and the strategy have a message left, beyond the share that only cancels and safety exits may
//! use. Cancels are never refused, but counted, and so is every order. A safety exit passes, to its last message and
//! beyond. Figures, of the bucket with the least to spare: the messages that must be left and those that are.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::Decimal;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(left(case, draft))
}

fn left(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let rate = case.rulebook.flow.message_rate.ok_or(Denial::LimitMissing)?;
    let (book, venue) = (case.book()?, &case.instrument()?.venue);
    let messages = &case.state.flow.messages;
    let left = messages.left(case.at, &rate, venue, &book.account, &book.strategy_id);
    let needed = [rate.venue, rate.account, rate.strategy]
        .map(|bucket| 1 + if case.is_safety_exit() { 0 } else { i64::from(bucket.reserve) });
    let left = left.map(|left| i64::try_from(left).unwrap_or(i64::MAX));
    let scarcest = needed.into_iter().zip(left).min_by_key(|(needed, left)| left - needed);
    let (needed, left) = scarcest.ok_or(Denial::LimitMissing)?;
    draft.compare(Decimal::from_int(needed), Decimal::from_int(left));
    if needed <= left { Ok(Finding::Allow) } else { Err(Denial::MessageRateExceeded) }
}
