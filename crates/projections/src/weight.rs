//! What executions do to the weights of a book.
//!
//! - A change of weight that was executed in full leaves exactly the weight that was wanted, although lots round.
//! - One that was cut by a gate or filled in part moves the weight by the executed share of the change.
//! - Any other intent leaves what is held, at the price of the decision, over the book's equity.

use fillwright_domain::{Notional, NumberError, Px, Qty, Ratio, Rebalance, Rounding};
use fillwright_kernel::{Gate, Verdicts};

/// A change of weight that a gate cut, as it was asked for.
pub(crate) struct Asked<'a> {
    pub(crate) rebalance: &'a Rebalance,
    /// What was left of it in the plan.
    pub(crate) planned: Qty,
    pub(crate) verdicts: Option<&'a Verdicts>,
    /// The price it was sized at.
    pub(crate) touch: Px,
    pub(crate) contract_size: Ratio,
}

impl Asked<'_> {
    /// How much of what was asked is in the plan, at most one. The gates' own figures say what was asked: mapping the
    /// quantity to close, sizing the worth to trade.
    pub(crate) fn share(&self) -> Result<Ratio, NumberError> {
        let share = if self.rebalance.target_weight.is_zero() {
            let wanted = self.asked_of(Gate::Mapping)?;
            self.planned.get().checked_div(wanted, Rounding::HalfEven)?
        } else {
            let worth =
                self.touch.notional_of(self.planned, self.contract_size, Rounding::HalfEven)?;
            worth.get().checked_div(self.asked_of(Gate::Sizing)?, Rounding::HalfEven)?
        };
        Ok(Ratio::new(share).min(Ratio::ONE))
    }

    fn asked_of(&self, gate: Gate) -> Result<fillwright_domain::Decimal, NumberError> {
        let verdict = self.verdicts.and_then(|verdicts| verdicts.get(gate));
        let figures = verdict.and_then(|verdict| verdict.figures);
        figures.map(|figures| figures.asked).ok_or(NumberError::DivisionByZero)
    }
}

/// The weight after an execution of part of a change of weight.
pub(crate) fn moved(
    before: Ratio,
    rebalance: &Rebalance,
    share: Ratio,
    filled: Qty,
    ordered: Qty,
) -> Result<Ratio, NumberError> {
    if share == Ratio::ONE && filled == ordered {
        return Ok(rebalance.target_weight);
    }
    let change = rebalance.weight_change.get().checked_mul_div(
        filled.get(),
        ordered.get(),
        Rounding::HalfEven,
    )?;
    before.checked_add(Ratio::new(change.checked_mul(share.get(), Rounding::HalfEven)?))
}

/// The weight of a position at a price.
pub(crate) fn held(
    position: Qty,
    px: Px,
    contract_size: Ratio,
    equity: Notional,
) -> Result<Ratio, NumberError> {
    let units = position.get().checked_mul(contract_size.get(), Rounding::HalfEven)?;
    units.checked_mul_div(px.get(), equity.get(), Rounding::HalfEven).map(Ratio::new)
}
