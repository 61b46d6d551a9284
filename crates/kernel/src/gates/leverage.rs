//! The book's gross exposure over its equity stays within the cap at every level that states one, or the intent's own
//! where that is lower. Exposure is counted at worst case, working orders in full: this instrument at the touch the order would trade
//! against, other holdings at their marks, which must be there and fresh; each rounded up. What the order as asked for
//! leads to must be countable at its own instrument's mark as well. An order that leaves the worst case no larger than it
//! was passes, and so does a safety exit, before anything is compared. Where the rules reduce, the largest quantity that
//! fits remains; none that fits is a refusal. In this order: limit missing, mark missing, mark stale, figure out of range,
//! above the cap. Figures: exposure with this order and the most allowed, rounded down, in quote currency.

use super::levels::{Limit, check_firm, hold};
use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{Constraint, Decimal, Notional, Qty, Ratio, Rounding};
use fillwright_policy::Limits;

const NS_PER_MS: i64 = 1_000_000;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    if draft.added(case)?.is_none() {
        return Ok(Finding::Allow);
    }
    let others = others_gross(case)?;
    let limit = Leverage { case, equity: case.book()?.equity, others };
    let own = case.intent.max_leverage();
    let stated = |limits: &Limits| {
        let cap = limits.max_leverage?;
        Some((own.map_or(cap, |own| own.min(cap)), limits.on_leverage))
    };
    check_firm(case, stated)?;
    check_marks(case)?;
    if let Some(worst) = draft.at_mark(case)? {
        others.checked_add(worst)?;
    }
    hold(case, draft, &limit, stated)
}

struct Leverage<'a> {
    case: &'a Case<'a>,
    equity: Notional,
    others: Notional,
}

impl Limit for Leverage<'_> {
    type Cap = Ratio;
    const DENIAL: Denial = Denial::LeverageAboveCap;
    const CONSTRAINT: Constraint = Constraint::LeverageCap;

    fn compare(
        &self,
        _: usize,
        draft: &mut Draft,
        cap: &Ratio,
    ) -> Result<(Decimal, Decimal), Denial> {
        let most = cap.of_notional(self.equity, Rounding::Down)?;
        let with = self.others.checked_add(draft.at_touch(self.case)?.1)?;
        Ok((with.get(), most.get()))
    }

    fn fitting(&self, _: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        let room = Notional::new(most).checked_sub(self.others)?;
        draft.fitting(self.case, room)
    }
}

/// The book's gross exposure over its equity, at worst case, with the order as it finally stands.
pub(super) fn with_order(case: &Case, draft: &mut Draft) -> Result<Ratio, Denial> {
    let (worst, size) = (draft.added(case)?.after().worst()?, case.instrument()?.contract_size);
    let own = draft.reference_px.notional_of(worst, size, Rounding::Up)?;
    let with = others_gross(case)?.checked_add(own)?;
    Ok(with.over(case.book()?.equity, Rounding::Up)?)
}

/// Gross exposure of everything else the book holds, at marks.
fn others_gross(case: &Case) -> Result<Notional, Denial> {
    case.ledger
        .map_or(Ok(Notional::ZERO), |ledger| Ok(ledger.gross().checked_sub(case.holding.value)?))
}

fn check_marks(case: &Case) -> Result<(), Denial> {
    let Some(ledger) = case.ledger else { return Ok(()) };
    if ledger.unmarked_besides(&case.intent.instrument_id) {
        return Err(Denial::MarkMissing);
    }
    let age_max_ns = i64::from(case.rulebook.execution.mark_age_max_ms) * NS_PER_MS;
    match ledger.oldest_mark_besides(&case.intent.instrument_id) {
        Some(oldest) if case.at.since_ns(oldest) > age_max_ns => Err(Denial::MarkStale),
        _ => Ok(()),
    }
}
