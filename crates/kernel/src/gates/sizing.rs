//! The quantity: a fraction of the book's allocation for additions, of its equity for changes of weight, at the touch
//! the order would trade against, under a reduce-only mode no more than working orders leave to close. The worth asked for is rounded down, and so is the quantity it buys, to 18 decimals;
//! a quantity of zero is skipped. What closes a position was sized with it and compares nothing. Figures: the worth
//! asked for and the allocation or equity it is a fraction of, in quote currency.

use super::mapping::closable;
use super::{Case, Draft, Finding};
use crate::{Denial, Skip};
use fillwright_domain::{Ask, Constraint, Notional, Ratio, Rounding};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if draft.qty.is_positive() {
        return Ok(Finding::Allow);
    }
    let (fraction, capital) = basis(case)?;
    let worth = fraction.of_notional(capital, Rounding::Down)?;
    draft.compare(worth.get(), capital.get());
    draft.qty =
        worth.qty_at(draft.reference_px, case.instrument()?.contract_size, Rounding::Down)?;
    if !draft.qty.is_positive() {
        return Ok(Finding::Skip { reason: Skip::NothingToDo });
    }
    if draft.reduce_only { to_what_is_left(case, draft) } else { Ok(Finding::Allow) }
}

fn to_what_is_left(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let left = closable(case, draft.side)?;
    if !left.is_positive() {
        return Ok(Finding::Skip { reason: Skip::AlreadyClosing });
    }
    if draft.qty > left {
        Ok(draft.reduce(left, Constraint::ReduceOnly))
    } else {
        Ok(Finding::Allow)
    }
}

fn basis(case: &Case) -> Result<(Ratio, Notional), Denial> {
    let book = case.book()?;
    match &case.intent.ask {
        Ask::Execution(asked) => Ok((asked.size_frac, book.allocation)),
        Ask::Rebalance(asked) => Ok((asked.weight_change.checked_abs()?, book.equity)),
    }
}
