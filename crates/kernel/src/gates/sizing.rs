//! The quantity: a fraction of the book's allocation for additions, of its equity for changes of weight, at the touch
//! the order would trade against. The worth asked for is rounded down, and so is the quantity it buys, to 18 decimals;
//! a quantity of zero is skipped. What closes a position was sized with it and compares nothing. Figures: the worth
//! asked for and the allocation or equity it is a fraction of, in quote currency.

use super::{Case, Draft, Ruling};
use crate::{Denial, Skip};
use fillwright_domain::{Ask, Notional, Ratio, Rounding};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Ruling, Denial> {
    if draft.qty.is_positive() {
        return Ok(Ruling::Allow);
    }
    let (fraction, capital) = basis(case)?;
    let worth = fraction.of_notional(capital, Rounding::Down)?;
    draft.compare(worth.get(), capital.get());
    draft.qty =
        worth.qty_at(draft.reference_px, case.instrument()?.contract_size, Rounding::Down)?;
    if draft.qty.is_positive() {
        Ok(Ruling::Allow)
    } else {
        Ok(Ruling::Skip { reason: Skip::NothingToDo })
    }
}

fn basis(case: &Case) -> Result<(Ratio, Notional), Denial> {
    let book = case.book()?;
    match &case.intent.ask {
        Ask::Execution(asked) => Ok((asked.size_frac, book.allocation)),
        Ask::Rebalance(asked) => Ok((asked.weight_change.checked_abs()?, book.equity)),
    }
}
