//! Which entries speak of one intent: those that name it, and those that name its orders.

use fillwright_domain::{ExecutionId, IntentId, IntentKey, OrderIntentId};
use fillwright_kernel::Event;
use std::collections::BTreeSet;

/// The first child of an intent; the only one under the immediate schedule.
const FIRST_CHILD: u32 = 1;

/// An intent and its orders.
#[derive(Debug)]
pub(crate) struct Thread {
    intent_id: IntentId,
    orders: BTreeSet<OrderIntentId>,
}

impl Thread {
    /// The thread of an intent of this partition.
    pub(crate) fn of_intent(partition: &str, id: &str) -> Self {
        let intent_id = IntentId::new(id);
        let key = IntentKey::derive(partition, &intent_id);
        let orders = BTreeSet::from([OrderIntentId::derive(key, FIRST_CHILD)]);
        Self { intent_id, orders }
    }

    /// Whether an entry with these events belongs to it.
    pub(crate) fn is_in(&self, events: &[Event]) -> bool {
        events.iter().any(|event| {
            intent_of(event) == Some(&self.intent_id)
                || order_of(event).is_some_and(|order| self.orders.contains(&order))
        })
    }
}

/// The intent an event names.
pub(crate) fn intent_of(event: &Event) -> Option<&IntentId> {
    match event {
        Event::IntentAccepted { intent_id, .. }
        | Event::IntentDuplicated { intent_id, .. }
        | Event::IntentConflicted { intent_id, .. }
        | Event::IntentJudged { intent_id, .. }
        | Event::PlanMade { intent_id, .. }
        | Event::IntentClosed { intent_id, .. } => Some(intent_id),
        Event::OrderEmitted { order, .. } => Some(&order.intent_id),
        _ => None,
    }
}

/// The order an event names.
pub(crate) fn order_of(event: &Event) -> Option<OrderIntentId> {
    match event {
        Event::OrderEmitted { order, .. } => Some(order.order_intent_id),
        Event::OrderStatusChanged { order_intent_id, .. }
        | Event::FillBooked { order_intent_id, .. }
        | Event::OrderCancelRequested { order_intent_id, .. }
        | Event::OrderQueried { order_intent_id, .. }
        | Event::OrderStranded { order_intent_id, .. }
        | Event::ReportIgnored { order_intent_id, .. } => Some(*order_intent_id),
        Event::FillCorrected(correction) => Some(correction.order_intent_id),
        Event::OutcomeRecorded { outcome } => Some(outcome.order_intent_id),
        _ => None,
    }
}

/// The venue's name for the report behind an event.
pub(crate) fn exec_id_of(event: &Event) -> Option<&str> {
    match event {
        Event::OrderStatusChanged { exec_id: Some(exec_id), .. }
        | Event::FillBooked { exec_id, .. }
        | Event::OrderStranded { exec_id, .. }
        | Event::ReportIgnored { exec_id, .. } => Some(exec_id.as_str()),
        Event::FillCorrected(correction) => Some(correction.exec_id.as_str()),
        _ => None,
    }
}

/// The order that a text names: by its id, its name at the venue, or the id of its outcome.
pub(crate) fn is_named(order: OrderIntentId, id: &str) -> bool {
    id == order.to_string()
        || id == order.client_order_id().as_str()
        || id == ExecutionId::derive(order).to_string()
}
