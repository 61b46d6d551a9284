//! One order is worth no more than one order may be, at every level that says so. A safety exit passes before anything is
//! compared. Where the rules reduce, the largest quantity that fits remains, rounded down to 18 decimals; none that fits is
//! a refusal. Figures: the order's worth at the touch it would trade against, rounded up, and the cap, in quote currency.

use super::levels::{Limit, hold};
use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{Constraint, Decimal, Instrument, Notional, Qty, Rounding};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    let limit = OrderNotional { instrument: case.instrument()? };
    hold(case, draft, &limit, |limits| {
        limits.max_order_notional.map(|cap| (cap, limits.on_order_notional))
    })
}

struct OrderNotional<'a> {
    instrument: &'a Instrument,
}

impl Limit for OrderNotional<'_> {
    type Cap = Notional;
    const DENIAL: Denial = Denial::NotionalAboveCap;
    const CONSTRAINT: Constraint = Constraint::OrderNotional;

    fn compare(
        &self,
        _: usize,
        draft: &mut Draft,
        cap: &Notional,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((draft.notional(self.instrument)?.get(), cap.get()))
    }

    fn fitting(&self, _: usize, draft: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        let size = self.instrument.contract_size;
        Ok(Notional::new(most).qty_at(draft.reference_px, size, Rounding::Down)?)
    }
}
