//! One order is no larger than one order may be, at every level that says so. A safety exit passes before anything is
//! compared. Where the rules reduce, the cap remains; a cap of zero is a refusal. Figures: the order's quantity and the
//! cap, in units.

use super::levels::{Limit, hold};
use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{Constraint, Decimal, Qty};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    hold(case, draft, &OrderQuantity, |limits| {
        limits.max_order_qty.map(|cap| (cap, limits.on_order_qty))
    })
}

struct OrderQuantity;

impl Limit for OrderQuantity {
    type Cap = Qty;
    const DENIAL: Denial = Denial::QuantityAboveCap;
    const CONSTRAINT: Constraint = Constraint::OrderQuantity;

    fn compare(
        &self,
        _: usize,
        draft: &mut Draft,
        cap: &Qty,
    ) -> Result<(Decimal, Decimal), Denial> {
        Ok((draft.qty.get(), cap.get()))
    }

    fn fitting(&self, _: usize, _: &mut Draft, most: Decimal) -> Result<Qty, Denial> {
        Ok(Qty::new(most))
    }
}
