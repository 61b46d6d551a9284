//! The quote is there, neither old nor from the future, and two-sided; in this order. Figures: its age and the largest
//! allowed, in whole milliseconds, rounded down; so a quote of the limit and a fraction of a millisecond still passes,
//! and one from the future by any fraction is -1.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::Decimal;

const NS_PER_MS: i64 = 1_000_000;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let quote = case.quote()?;
    let age_ms = case.at.since_ns(quote.as_of).div_euclid(NS_PER_MS);
    let age_max_ms = i64::from(case.rulebook.execution.quote_age_max_ms);
    draft.compare(Decimal::from_int(age_ms), Decimal::from_int(age_max_ms));
    if !(0..=age_max_ms).contains(&age_ms) {
        return Err(Denial::QuoteStale);
    }
    if quote.is_two_sided() { Ok(Finding::Allow) } else { Err(Denial::QuoteUnusable) }
}
