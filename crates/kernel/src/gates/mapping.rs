//! The action gives a side and, where it closes, the quantity to close.
//!
//! | action | side | how much |
//! |---|---|---|
//! | hold | | nothing: skipped |
//! | add | the position's, buy when flat | sized from the allocation |
//! | reclaim | buy | sized from the allocation |
//! | trim | against the position | that fraction of it |
//! | exit, emergency exit | against the position | all of it |
//! | rebalance | the sign of the change | sized from the equity |
//! | rebalance to a zero target | the sign of the change | all of the position; never past it |
//!
//! A size outside 0 to 1 is refused, but for a hold. A fraction of a position is rounded down to 18 decimals. What may only
//! reduce is skipped where the action builds, whatever is held. What working orders on that side already close is not
//! closed twice. Of a change of weight, nothing and dust are skipped first; towards a zero target, a sign that would add
//! is skipped, and a flat position has nothing to close.
//!
//! Figures: what the action would close and what is left to close, in units; of a change of weight that closes nothing,
//! its size and the minimum trade, as weights.

use super::{Case, Draft, Finding};
use crate::{Denial, Skip};
use fillwright_domain::{
    ActionType, Ask, Constraint, ExecutionIntent, Qty, Ratio, Rebalance, Rounding, Side,
};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let ruling = match &case.intent.ask {
        Ask::Execution(asked) => by_action(case, asked, draft)?,
        Ask::Rebalance(asked) => by_weight(case, asked, draft)?,
    };
    let quote = case.quote()?;
    draft.reference_px = match draft.side {
        Side::Buy => quote.ask_px,
        Side::Sell => quote.bid_px,
    };
    if case.is_safety_exit() {
        draft.constraints.insert(Constraint::SafetyExit);
    }
    Ok(ruling)
}

fn by_action(case: &Case, asked: &ExecutionIntent, draft: &mut Draft) -> Result<Finding, Denial> {
    if asked.action == ActionType::Hold {
        return Ok(Finding::Skip { reason: Skip::Hold });
    }
    if asked.size_frac.is_negative() || asked.size_frac > Ratio::ONE {
        return Err(Denial::SizeOutOfRange);
    }
    match asked.action {
        ActionType::Add => Ok(build(case, draft, adding_side(case))),
        ActionType::Reclaim => Ok(build(case, draft, Side::Buy)),
        ActionType::Trim => close(case, draft, asked.size_frac),
        ActionType::Exit | ActionType::EmergencyExit => close(case, draft, Ratio::ONE),
        ActionType::Hold | ActionType::Rebalance => Err(Denial::SizeOutOfRange),
    }
}

/// The side that increases the position; a flat book starts long.
fn adding_side(case: &Case) -> Side {
    if case.holding.position.is_negative() { Side::Sell } else { Side::Buy }
}

fn build(case: &Case, draft: &mut Draft, side: Side) -> Finding {
    draft.side = side;
    if case.intent.reduce_only() {
        Finding::Skip { reason: Skip::ReduceOnlyConstraint }
    } else {
        Finding::Allow
    }
}

fn close(case: &Case, draft: &mut Draft, fraction: Ratio) -> Result<Finding, Denial> {
    let position = case.holding.position;
    if position.is_zero() {
        return Ok(Finding::Skip { reason: Skip::NoPosition });
    }
    draft.side = if position.is_positive() { Side::Sell } else { Side::Buy };
    let wanted = fraction.of_qty(position.checked_abs()?, Rounding::Down)?;
    let available = closable(case, draft.side)?;
    draft.compare(wanted.get(), available.get());
    if wanted.is_zero() {
        return Ok(Finding::Skip { reason: Skip::NothingToDo });
    }
    if !available.is_positive() {
        return Ok(Finding::Skip { reason: Skip::AlreadyClosing });
    }
    draft.qty = wanted.min(available);
    if draft.qty == position.checked_abs()? {
        draft.constraints.insert(Constraint::FullExit);
    }
    if draft.qty < wanted {
        return Ok(draft.reduce(available, Constraint::ReduceOnly));
    }
    Ok(Finding::Allow)
}

/// What is left to close on this side once working orders are done.
pub(super) fn closable(case: &Case, side: Side) -> Result<Qty, Denial> {
    let closing = match side {
        Side::Buy => case.holding.open_buy,
        Side::Sell => case.holding.open_sell,
    };
    Ok(case.holding.position.checked_abs()?.checked_sub(closing)?)
}

fn by_weight(case: &Case, asked: &Rebalance, draft: &mut Draft) -> Result<Finding, Denial> {
    let change = asked.weight_change.checked_abs()?;
    let dust = case.rulebook.execution.minimum_trade_weight;
    draft.compare(change.get(), dust.get());
    if change.is_zero() {
        return Ok(Finding::Skip { reason: Skip::NothingToDo });
    }
    if change < dust {
        return Ok(Finding::Skip { reason: Skip::Dust });
    }
    let side = if asked.weight_change.is_positive() { Side::Buy } else { Side::Sell };
    draft.side = side;
    if !asked.target_weight.is_zero() {
        return Ok(Finding::Allow);
    }
    if case.holding.position.is_zero() || closes(case, side) {
        close(case, draft, Ratio::ONE)
    } else {
        Ok(Finding::Skip { reason: Skip::ReduceOnlyConstraint })
    }
}

/// Whether an order on this side works against the position.
pub(super) fn closes(case: &Case, side: Side) -> bool {
    match side {
        Side::Buy => case.holding.position.is_negative(),
        Side::Sell => case.holding.position.is_positive(),
    }
}
