//! All that can be asked of the outside, and the proof it takes to ask.

use crate::{Event, flatten};
use fillwright_domain::{
    InstrumentId, Intent, IntentId, OrderIntent, OrderIntentId, Plane, ResultStatus,
};

/// Proof that entries are on disk. The journal's receipt is the only one.
pub trait Durable {
    /// Whether the entry with this sequence number is durable.
    fn covers(&self, seq: u64) -> bool;
}

/// What the outside must do, in the imperative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send an order to its plane.
    PlaceOrder(Box<OrderIntent>),
    /// Ask its plane to cancel an order.
    CancelOrder {
        /// The order.
        order_intent_id: OrderIntentId,
        /// Where it works.
        instrument_id: InstrumentId,
    },
    /// Ask its plane what became of an order.
    QueryOrder {
        /// The order.
        order_intent_id: OrderIntentId,
        /// Where it works.
        instrument_id: InstrumentId,
    },
    /// Take this intent in, with the market as it is.
    SubmitIntent(Box<Intent>),
    /// Answer whoever sent an intent.
    Reply {
        /// The intent.
        intent_id: IntentId,
        /// The answer.
        answer: Answer,
    },
}

/// What a sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The intent has its result.
    Closed(ResultStatus),
    /// The same intent came before, in this entry; its result, where it has one.
    Duplicate {
        /// The entry that accepted it.
        first_seq: u64,
        /// Its result so far.
        status: Option<ResultStatus>,
    },
    /// The id is taken by an intent with other content.
    Conflict {
        /// The entry that accepted the first of that name.
        first_seq: u64,
    },
}

/// What the events ask of the outside: a function of the events alone, so the journal explains every order sent.
pub fn effects_of(events: &[Event]) -> Vec<Effect> {
    events.iter().filter_map(effect_of).collect()
}

fn effect_of(event: &Event) -> Option<Effect> {
    match event {
        Event::OrderEmitted { order, .. } => match order.plane {
            Plane::Paper => None,
            Plane::LiveStub => Some(Effect::PlaceOrder(Box::new(order.clone()))),
        },
        Event::OrderCancelRequested { order_intent_id, instrument_id } => {
            Some(Effect::CancelOrder {
                order_intent_id: *order_intent_id,
                instrument_id: instrument_id.clone(),
            })
        }
        Event::OrderQueried { order_intent_id, instrument_id, .. } => Some(Effect::QueryOrder {
            order_intent_id: *order_intent_id,
            instrument_id: instrument_id.clone(),
        }),
        Event::IntentClosed { intent_id, result, .. } => Some(Effect::Reply {
            intent_id: intent_id.clone(),
            answer: Answer::Closed(result.status),
        }),
        Event::IntentDuplicated { intent_id, first_seq, status } => Some(Effect::Reply {
            intent_id: intent_id.clone(),
            answer: Answer::Duplicate { first_seq: *first_seq, status: *status },
        }),
        Event::IntentConflicted { intent_id, first_seq } => Some(Effect::Reply {
            intent_id: intent_id.clone(),
            answer: Answer::Conflict { first_seq: *first_seq },
        }),
        Event::ExitAsked { exit, .. } => {
            Some(Effect::SubmitIntent(Box::new(flatten::intent(exit))))
        }
        Event::RulebookAdopted { .. }
        | Event::RunRegistered { .. }
        | Event::InputRefused { .. }
        | Event::MarkTaken { .. }
        | Event::IntentAccepted { .. }
        | Event::IntentJudged { .. }
        | Event::PlanMade { .. }
        | Event::OrderStatusChanged { .. }
        | Event::FillBooked { .. }
        | Event::OrderStranded { .. }
        | Event::ReportIgnored { .. }
        | Event::OutcomeRecorded { .. }
        | Event::KillSwitchEngaged { .. }
        | Event::KillSwitchReleaseRequested { .. }
        | Event::KillSwitchReleased { .. }
        | Event::RestraintImposed { .. }
        | Event::RestraintLiftRequested { .. }
        | Event::RestraintLifted { .. }
        | Event::RestraintExpired { .. }
        | Event::CancelsPaused { .. }
        | Event::Policy(_)
        | Event::Incident(_)
        | Event::Flow(_)
        | Event::Approval(_)
        | Event::Session(_)
        | Event::Deployment(_)
        | Event::Reconciliation(_)
        | Event::BuildStated { .. }
        | Event::FillCorrected(_) => None,
    }
}
