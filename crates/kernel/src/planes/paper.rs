//! The paper plane: every order is filled in full, at once. No prices, no randomness, no failures; a deterministic
//! realisation of intent, not a simulation of reality.

use fillwright_domain::{ExecutionOutcome, ExecutionStatus, OrderIntent, Timestamp};

/// The one outcome of an order on paper.
pub(crate) fn realise(order: &OrderIntent, at: Timestamp) -> ExecutionOutcome {
    ExecutionOutcome {
        order_intent_id: order.order_intent_id,
        plane: order.plane,
        status: ExecutionStatus::Filled,
        filled_quantity: order.requested_quantity,
        logical_time: at,
        reason: None,
        side: order.side,
        market_id: order.market_id.clone(),
    }
}
