//! Planted bugs: each spoils what the witness sees or the engine does, and each must be found. A suite that cannot fail
//! proves nothing.

use fillwright_domain::{Decimal, OrderIntent, OrderIntentId, Plane, Qty, Text, Timestamp};
use fillwright_kernel::event::Refusal;
use fillwright_kernel::incidents::{IncidentEvent, IncidentOrigin};
use fillwright_kernel::{
    ApprovalEvent, ApprovalInput, Effect, Event, Gate, Input, Kernel, ReconciliationEvent,
    effects_of,
};
use fillwright_policy::{Envelope, RegimePolicy, UnknownRegime};

/// One planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canary {
    /// An outcome is lost.
    OutcomeDropped,
    /// An outcome is recorded twice.
    OutcomeRepeated,
    /// A gate's verdict is not recorded.
    VerdictMissing,
    /// A result is recorded twice.
    ResultRepeated,
    /// A result is never recorded.
    ResultDropped,
    /// A fill is booked twice.
    FillBookedTwice,
    /// Outcomes count twice in positions.
    PositionAppliedTwice,
    /// Orders are let through while trading is halted.
    HaltIgnored,
    /// A halt forgets to cancel.
    CancelForgotten,
    /// Limits are ten times what the rules say.
    LimitsIgnored,
    /// Only the firm's own limits hold; the levels below it state theirs in vain.
    LevelsForgotten,
    /// What other books, sectors and clusters hold counts for nothing.
    TogetherForgotten,
    /// An order is sent twice.
    OrderSentTwice,
    /// The venue is sent another quantity.
    QuantityChangedOnTheWay,
    /// A repeated id is taken in again.
    DuplicateAccepted,
    /// Every order is rounded off its grid.
    OffTheGrid,
    /// Incidents that block stop nothing.
    IncidentIgnored,
    /// A fault becomes no incident.
    FaultUnnoticed,
    /// A live session runs although nobody looked at what is serious.
    IncidentOverlooked,
    /// Orders go where no session runs.
    SessionsWaived,
    /// An aggressive long in a crisis passes without anybody's word.
    RegimeIgnored,
    /// Whoever proposes a change approves it as well.
    ApprovedAlone,
    /// A difference from an executor's ledger is overlooked.
    BreakOverlooked,
    /// An order is larger than its plan.
    MoreThanPlanned,
    /// An intent sends its whole plan a second time, under another name.
    PlanSentAgain,
    /// A bust or correction of a fill is forgotten.
    CorrectionDropped,
}

/// Every planted bug.
pub const ALL: [Canary; 26] = [
    Canary::OutcomeDropped,
    Canary::OutcomeRepeated,
    Canary::VerdictMissing,
    Canary::ResultRepeated,
    Canary::ResultDropped,
    Canary::FillBookedTwice,
    Canary::PositionAppliedTwice,
    Canary::HaltIgnored,
    Canary::CancelForgotten,
    Canary::LimitsIgnored,
    Canary::LevelsForgotten,
    Canary::TogetherForgotten,
    Canary::OrderSentTwice,
    Canary::QuantityChangedOnTheWay,
    Canary::DuplicateAccepted,
    Canary::OffTheGrid,
    Canary::IncidentIgnored,
    Canary::FaultUnnoticed,
    Canary::IncidentOverlooked,
    Canary::SessionsWaived,
    Canary::RegimeIgnored,
    Canary::ApprovedAlone,
    Canary::BreakOverlooked,
    Canary::MoreThanPlanned,
    Canary::PlanSentAgain,
    Canary::CorrectionDropped,
];

/// What a step led to, as it is shown.
pub struct Tampered {
    /// What happened.
    pub events: Vec<Event>,
    /// What the outside is asked.
    pub effects: Vec<Effect>,
}

impl Canary {
    /// Spoils one step. `before` is the kernel as it was, `kernel` as it is now.
    pub(crate) fn tamper(
        self,
        before: Kernel,
        kernel: &mut Kernel,
        at: Timestamp,
        input: &Input,
        mut step: Tampered,
    ) -> Tampered {
        match self {
            Self::OutcomeDropped => {
                step.events.retain(|event| !matches!(event, Event::OutcomeRecorded { .. }));
            }
            Self::OutcomeRepeated => {
                repeat(&mut step.events, |event| matches!(event, Event::OutcomeRecorded { .. }));
            }
            Self::VerdictMissing => step.events.iter_mut().for_each(lose_verdict),
            Self::ResultRepeated => {
                repeat(&mut step.events, |event| matches!(event, Event::IntentClosed { .. }));
            }
            Self::ResultDropped => {
                step.events.retain(|event| !matches!(event, Event::IntentClosed { .. }));
            }
            Self::FillBookedTwice => {
                repeat(&mut step.events, |event| matches!(event, Event::FillBooked { .. }));
            }
            Self::PositionAppliedTwice => apply_twice(kernel, before, at, &step.events),
            Self::HaltIgnored => {
                return decided_otherwise(before, kernel, at, input, step, forget_halt);
            }
            Self::IncidentIgnored => {
                return decided_otherwise(before, kernel, at, input, step, forget_incidents);
            }
            Self::IncidentOverlooked if matches!(input, Input::Session(_)) => {
                return decided_by(before, kernel, at, input, forget_incidents);
            }
            Self::IncidentOverlooked => {}
            Self::SessionsWaived => {
                return decided_otherwise(before, kernel, at, input, step, waive_sessions);
            }
            Self::RegimeIgnored => {
                return decided_otherwise(before, kernel, at, input, step, forget_regime);
            }
            Self::ApprovedAlone => return approved_alone(before, kernel, at, input, step),
            Self::MoreThanPlanned => {
                let spoilt = step.events.iter_mut().any(enlarge);
                return went_as_shown(spoilt, before, kernel, at, step);
            }
            Self::PlanSentAgain => {
                let again = step.events.iter().find_map(sent_again);
                let spoilt = again.is_some();
                step.events.extend(again);
                return went_as_shown(spoilt, before, kernel, at, step);
            }
            Self::CorrectionDropped => {
                step.events.retain(|event| !matches!(event, Event::FillCorrected(_)));
                *kernel = before;
                kernel.replay(at, &step.events);
            }
            Self::BreakOverlooked => {
                step.events.retain(|event| !is_break(event));
                *kernel = before;
                kernel.replay(at, &step.events);
            }
            Self::FaultUnnoticed => {
                step.events.retain(|event| !is_of_a_rule(event));
                *kernel = before;
                kernel.replay(at, &step.events);
            }
            Self::CancelForgotten => {
                step.events.retain(|event| !matches!(event, Event::OrderCancelRequested { .. }));
                step.effects.retain(|effect| !matches!(effect, Effect::CancelOrder { .. }));
            }
            Self::LimitsIgnored => {
                return decided_otherwise(before, kernel, at, input, step, lift_limits);
            }
            Self::LevelsForgotten => {
                return decided_otherwise(before, kernel, at, input, step, forget_levels);
            }
            Self::TogetherForgotten => {
                return decided_otherwise(before, kernel, at, input, step, forget_together);
            }
            Self::OrderSentTwice => {
                let again = step
                    .effects
                    .iter()
                    .find(|effect| matches!(effect, Effect::PlaceOrder(_)))
                    .cloned();
                step.effects.extend(again);
            }
            Self::QuantityChangedOnTheWay => step.effects.iter_mut().for_each(double_quantity),
            Self::DuplicateAccepted => {
                return decided_otherwise(before, kernel, at, input, step, forget_intents);
            }
            Self::OffTheGrid => step.events.iter_mut().for_each(off_the_grid),
        }
        step
    }
}

fn repeat(events: &mut Vec<Event>, which: impl Fn(&Event) -> bool) {
    if let Some(at) = events.iter().position(which) {
        events.insert(at, events[at].clone());
    }
}

fn lose_verdict(event: &mut Event) {
    if let Event::IntentJudged { verdicts, .. } = event
        && verdicts.get(Gate::Venue).is_some()
    {
        *verdicts = verdicts.iter().filter(|verdict| verdict.gate != Gate::Venue).collect();
    }
}

fn off_the_grid(event: &mut Event) {
    if let Event::OrderEmitted { order, .. } = event {
        let mantissa = order.requested_quantity.get().mantissa();
        order.requested_quantity = Qty::new(Decimal::from_mantissa(mantissa * 10 / 9 + 1));
    }
}

fn double_quantity(effect: &mut Effect) {
    if let Effect::PlaceOrder(order) = effect {
        let mantissa = order.requested_quantity.get().mantissa();
        order.requested_quantity = Qty::new(Decimal::from_mantissa(mantissa.saturating_mul(2)));
    }
}

/// Sells and buys of a paper order once more, in the state only.
fn apply_twice(kernel: &mut Kernel, before: Kernel, at: Timestamp, events: &[Event]) {
    if events.iter().any(|event| matches!(event, Event::OutcomeRecorded { .. })) {
        let emitted = events.iter().any(|event| matches!(event, Event::OrderEmitted { .. }));
        if emitted {
            let mut again = before;
            again.replay(at, events);
            again.replay(at, events);
            *kernel = again;
        }
    }
}

/// Decides the same input by a kernel that knows less, and goes on from there.
fn decided_otherwise(
    before: Kernel,
    kernel: &mut Kernel,
    at: Timestamp,
    input: &Input,
    step: Tampered,
    spoil: fn(&mut fillwright_kernel::State),
) -> Tampered {
    if !matches!(input, Input::SubmitIntent { .. }) {
        return step;
    }
    decided_by(before, kernel, at, input, spoil)
}

fn decided_by(
    before: Kernel,
    kernel: &mut Kernel,
    at: Timestamp,
    input: &Input,
    spoil: fn(&mut fillwright_kernel::State),
) -> Tampered {
    let mut spoilt = before.state().clone();
    spoil(&mut spoilt);
    let events = Kernel::restored(spoilt).decide(at, input);
    went_otherwise(before, kernel, at, events)
}

fn went_otherwise(
    before: Kernel,
    kernel: &mut Kernel,
    at: Timestamp,
    events: Vec<Event>,
) -> Tampered {
    let mut after = before;
    after.replay(at, &events);
    *kernel = after;
    Tampered { effects: effects_of(&events), events }
}

/// What nobody may approve because they proposed it is approved.
fn approved_alone(
    before: Kernel,
    kernel: &mut Kernel,
    at: Timestamp,
    input: &Input,
    step: Tampered,
) -> Tampered {
    let is_own =
        |event: &Event| matches!(event, Event::InputRefused { why: Refusal::OwnRequest, .. });
    let Input::Approval(asked) = input else { return step };
    let ApprovalInput::Approve { request_id, by, reason } = &**asked else { return step };
    let request = before.state().approvals.get(*request_id);
    let role = request.and_then(|request| request.missing.first().copied());
    let Some(role) = role.filter(|_| step.events.iter().any(is_own)) else { return step };
    let missing = request.map_or(0, |request| request.missing.len() - 1);
    let approved = ApprovalEvent::Approved {
        request_id: *request_id,
        by: by.clone(),
        role,
        missing: u32::try_from(missing).unwrap_or(u32::MAX),
        reason: reason.clone(),
    };
    went_otherwise(before, kernel, at, vec![Event::Approval(Box::new(approved))])
}

fn forget_halt(state: &mut fillwright_kernel::State) {
    state.control = fillwright_kernel::control::Control::default();
}

fn is_of_a_rule(event: &Event) -> bool {
    match event {
        Event::Incident(IncidentEvent::Counted { .. }) => true,
        Event::Incident(IncidentEvent::Opened { incident }) => {
            matches!(incident.origin, IncidentOrigin::Rule(_))
        }
        _ => false,
    }
}

/// Goes on from what is shown, where anything was spoilt.
fn went_as_shown(
    spoilt: bool,
    before: Kernel,
    kernel: &mut Kernel,
    at: Timestamp,
    step: Tampered,
) -> Tampered {
    if spoilt { went_otherwise(before, kernel, at, step.events) } else { step }
}

/// Makes an order that leaves twice as large as it was planned.
fn enlarge(event: &mut Event) -> bool {
    let Event::OrderEmitted { order } = event else { return false };
    if order.plane == Plane::Paper {
        return false;
    }
    let mantissa = order.requested_quantity.get().mantissa();
    order.requested_quantity = Qty::new(Decimal::from_mantissa(mantissa.saturating_mul(2)));
    true
}

/// The same order as the second of its intent.
fn sent_again(event: &Event) -> Option<Event> {
    let Event::OrderEmitted { order } = event else { return None };
    let child_no = order.child_no + 1;
    let order_intent_id = OrderIntentId::derive(order.intent_key(), child_no);
    let order = OrderIntent { order_intent_id, child_no, ..order.clone() };
    (order.plane != Plane::Paper).then_some(Event::OrderEmitted { order })
}

fn is_break(event: &Event) -> bool {
    match event {
        Event::Reconciliation(event) => matches!(**event, ReconciliationEvent::Found { .. }),
        _ => false,
    }
}

fn forget_incidents(state: &mut fillwright_kernel::State) {
    state.incidents = fillwright_kernel::incidents::Incidents::default();
}

fn waive_sessions(state: &mut fillwright_kernel::State) {
    state.sessions = fillwright_kernel::sessions::Sessions::default();
    if let Some(rules) = &mut state.rulebook {
        rules.lanes.sessions_waived = true;
        rules.environment = Text::new("paper");
    }
}

fn forget_regime(state: &mut fillwright_kernel::State) {
    if let Some(rules) = &mut state.rulebook {
        rules.regime = RegimePolicy { age_max_s: 0, unknown: UnknownRegime::Allow };
    }
}

fn forget_intents(state: &mut fillwright_kernel::State) {
    state.answered = fillwright_kernel::answered::AnsweredIntents::default();
}

fn forget_levels(state: &mut fillwright_kernel::State) {
    let Some(rules) = &mut state.rulebook else { return };
    let envelope = std::mem::take(&mut rules.envelope);
    rules.envelope = Envelope {
        firm: envelope.firm,
        every_sector: envelope.every_sector,
        every_cluster: envelope.every_cluster,
        ..Envelope::default()
    };
}

fn forget_together(state: &mut fillwright_kernel::State) {
    let Some(rules) = &mut state.rulebook else { return };
    let (envelope, wide) = (&mut rules.envelope, Envelope::wide());
    envelope.firm.max_position = wide.firm.max_position;
    envelope.firm.max_gross_exposure = wide.firm.max_gross_exposure;
    envelope.firm.max_net_exposure = wide.firm.max_net_exposure;
    envelope.firm.max_open_orders = wide.firm.max_open_orders;
    (envelope.every_sector, envelope.every_cluster) = (wide.every_sector, wide.every_cluster);
}

fn lift_limits(state: &mut fillwright_kernel::State) {
    let Some(rules) = &mut state.rulebook else { return };
    let envelope = &mut rules.envelope;
    let levels = std::iter::once(&mut envelope.firm)
        .chain(envelope.accounts.values_mut())
        .chain(envelope.strategies.values_mut())
        .chain(envelope.books.values_mut())
        .chain(envelope.instruments.values_mut());
    for limits in levels {
        let ten = Decimal::from_int(10);
        let lift = |limit: Decimal| {
            limit.checked_mul(ten, fillwright_domain::Rounding::Down).unwrap_or(limit)
        };
        limits.max_order_notional = limits
            .max_order_notional
            .map(|limit| fillwright_domain::Notional::new(lift(limit.get())));
        limits.max_leverage =
            limits.max_leverage.map(|limit| fillwright_domain::Ratio::new(lift(limit.get())));
        limits.max_asset_exposure =
            limits.max_asset_exposure.map(|limit| fillwright_domain::Ratio::new(lift(limit.get())));
    }
}
