//! The order would not trade with one of our own: nothing of the same account works on the other side of the instrument at
//! a price this one reaches. At the market it reaches every price. On paper nothing is at work. A safety exit is held to it
//! like any other. Figures: the order's price and our best on the other side, in quote currency.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{OrderType, Plane, Side};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.plane()? == Plane::Paper {
        return Ok(Finding::Allow);
    }
    let account = &case.book()?.account;
    let resting = &case.state.flow.resting;
    let best = resting.best_opposite(account, &case.intent.instrument_id, draft.side);
    let Some(best) = best else { return Ok(Finding::Allow) };
    let px = draft.px();
    draft.compare(px.get(), best.get());
    let crosses = match draft.side {
        _ if draft.order_type == OrderType::Market => true,
        Side::Buy => px >= best,
        Side::Sell => px <= best,
    };
    if crosses { Err(Denial::SelfMatch) } else { Ok(Finding::Allow) }
}
