//! What a line says beyond whom it is about, by event.

use crate::disposition::Disposition;
use crate::verdicts::VerdictLine;
use fillwright_domain::{
    ActionType, ComponentKind, ExecId, HealthStatus, Notional, OrderIntent, OrderStatus, OrderType,
    Origin, Principal, Px, Qty, Ratio, ResultStatus, Route, RunId, Scope, Side, Text, TimeInForce,
    Timestamp, Urgency, VenueId,
};
use fillwright_kernel::adoption::PolicyInput;
use fillwright_kernel::incidents::{IncidentEvent, IncidentInput};
use fillwright_kernel::reconciliation::{
    BreakKind, BreakName, LedgerFigures, Subject as BreakSubject,
};
use fillwright_kernel::{FlowEvent, FlowInput, IgnoredReport, Input, ReconciliationEvent, Refusal};
use fillwright_policy::{KillEffect, RestraintKind};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
pub(super) struct Nothing {}

#[derive(Serialize, Default)]
pub(super) struct PolicyChange<'a> {
    pub(super) change: &'static str,
    pub(super) version: Option<&'a Text>,
    pub(super) rulebook_hash: Option<&'a str>,
    pub(super) run_id: Option<&'a RunId>,
    pub(super) manifest_hash: Option<&'a Text>,
    pub(super) by: Option<&'a Principal>,
    pub(super) reason: Option<&'a Text>,
}

impl<'a> PolicyChange<'a> {
    pub(super) fn by(by: &'a Principal) -> Self {
        Self { by: Some(by), ..Self::default() }
    }
}

#[derive(Serialize)]
pub(super) struct InputRefused<'a> {
    pub(super) input: &'static str,
    pub(super) why: Refusal,
    pub(super) sentence: String,
    pub(super) by: Option<&'a Principal>,
}

pub(super) fn input_name(input: &Input) -> &'static str {
    match input {
        Input::AdoptRulebook { .. } => "adopt_rulebook",
        Input::RegisterRun { .. } => "register_run",
        Input::SubmitIntent { .. } => "submit_intent",
        Input::Mark { .. } => "mark",
        Input::Report(_) => "report",
        Input::EngageKillSwitch { .. } => "engage_kill_switch",
        Input::ReleaseKillSwitch { .. } => "release_kill_switch",
        Input::Resume => "resume",
        Input::Approval(_) => "approval",
        Input::Session(_) => "session",
        Input::Deployment(_) => "deployment",
        Input::Statement(_) => "statement",
        Input::Started { .. } => "started",
        Input::Tick => "tick",
        Input::Policy(asked) => match **asked {
            PolicyInput::Propose(_) => "propose_rulebook",
            PolicyInput::Approve(_) => "approve_rulebook",
            PolicyInput::Withdraw(_) => "withdraw_rulebook",
        },
        Input::Incident(input) => incident_input_name(input),
        Input::Restrain { .. } => "restrain",
        Input::LiftRestraint { .. } => "lift_restraint",
        Input::Flow(input) => match **input {
            FlowInput::VenueHealth { .. } => "venue_health",
            FlowInput::Reenable { .. } => "reenable",
        },
    }
}

fn incident_input_name(input: &IncidentInput) -> &'static str {
    match input {
        IncidentInput::Raise { .. } => "raise_incident",
        IncidentInput::Acknowledge { .. } => "acknowledge_incident",
        IncidentInput::Annotate { .. } => "annotate_incident",
        IncidentInput::Link { .. } => "link_incident",
        IncidentInput::Close { .. } => "close_incident",
        IncidentInput::Health { .. } => "health",
        IncidentInput::ClockOffset { .. } => "clock_offset",
        IncidentInput::Startup { .. } => "startup",
    }
}

/// The name of the line an incident's event makes; nothing where a rule only counted.
pub(super) fn incident_line(event: &IncidentEvent) -> Option<&'static str> {
    Some(match event {
        IncidentEvent::Opened { .. } => "incident_created",
        IncidentEvent::Acknowledged { .. } => "incident_acknowledged",
        IncidentEvent::Annotated { .. } => "incident_annotated",
        IncidentEvent::Linked { .. } => "incident_linked",
        IncidentEvent::Escalated { .. } => "incident_escalated",
        IncidentEvent::Closed { .. } => "incident_resolved",
        IncidentEvent::HealthChanged { kind, .. } => match kind {
            ComponentKind::Component => "component_health_change",
            ComponentKind::DataFeed => "data_feed_status_change",
            ComponentKind::BrokerConnection => "broker_connection_status_change",
        },
        IncidentEvent::ClockMeasured { .. } => "clock_measured",
        IncidentEvent::StartupNoticed { .. } => "startup_anomaly",
        IncidentEvent::Counted { .. } => return None,
    })
}

#[derive(Serialize)]
pub(super) struct Proposal<'a> {
    pub(super) action: ActionType,
    pub(super) urgency: Urgency,
    pub(super) size_frac: Option<Ratio>,
    pub(super) weight_change: Option<Ratio>,
    pub(super) target_weight: Option<Ratio>,
    pub(super) reduce_only: bool,
    pub(super) post_only: bool,
    pub(super) max_slippage_bps: Option<u32>,
    pub(super) reason_codes: &'a [Text],
    pub(super) source_run: Option<&'a RunId>,
    pub(super) digest: String,
    pub(super) origin: &'a Origin,
}

#[derive(Serialize)]
pub(super) struct Repeated {
    pub(super) first_seq: u64,
    pub(super) status: Option<ResultStatus>,
}

#[derive(Serialize)]
pub(super) struct Decision<'a> {
    #[serde(rename = "decision")]
    pub(super) together: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) rulebook_seq: u64,
    pub(super) verdicts: &'a RawValue,
}

#[derive(Serialize)]
pub(super) struct Breach {
    pub(super) rulebook_seq: u64,
    #[serde(flatten)]
    pub(super) verdict: VerdictLine,
}

#[derive(Serialize)]
pub(super) struct Submitted<'a> {
    pub(super) child_no: u32,
    pub(super) side: Side,
    pub(super) requested_quantity: Qty,
    pub(super) order_type: OrderType,
    pub(super) limit_px: Option<Px>,
    pub(super) time_in_force: TimeInForce,
    pub(super) reduce_only: bool,
    pub(super) post_only: bool,
    pub(super) route: Option<&'a Route>,
    pub(super) decision_px: Option<Px>,
}

impl<'a> Submitted<'a> {
    pub(super) fn of(order: &'a OrderIntent, decision_px: Option<Px>) -> Self {
        Self {
            child_no: order.child_no,
            side: order.side,
            requested_quantity: order.requested_quantity,
            order_type: order.order_type,
            limit_px: order.limit_px,
            time_in_force: order.time_in_force,
            reduce_only: order.reduce_only,
            post_only: order.post_only,
            route: order.route.as_ref(),
            decision_px,
        }
    }
}

#[derive(Serialize)]
pub(super) struct StatusChanged<'a> {
    pub(super) status: OrderStatus,
    pub(super) exec_id: Option<&'a ExecId>,
    pub(super) text: Option<&'a Text>,
    pub(super) transact_at: Option<Timestamp>,
    pub(super) latency_ns: Option<i64>,
}

#[derive(Serialize)]
pub(super) struct Filled<'a> {
    pub(super) side: Option<Side>,
    pub(super) exec_id: Option<&'a ExecId>,
    pub(super) last_qty: Qty,
    pub(super) last_px: Option<Px>,
    pub(super) cum_qty: Qty,
    pub(super) requested_quantity: Option<Qty>,
    pub(super) fee: Option<Notional>,
    pub(super) decision_px: Option<Px>,
    pub(super) status: OrderStatus,
    pub(super) transact_at: Option<Timestamp>,
    pub(super) latency_ns: Option<i64>,
}

#[derive(Serialize)]
pub(super) struct Queried {
    pub(super) status: OrderStatus,
}

#[derive(Serialize)]
pub(super) struct Stranded<'a> {
    pub(super) exec_id: &'a ExecId,
    pub(super) text: &'a Text,
}

#[derive(Serialize)]
pub(super) struct Ignored<'a> {
    pub(super) exec_id: &'a ExecId,
    pub(super) why: IgnoredReport,
    pub(super) sentence: String,
}

#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    pub(super) latency_ns: Option<i64>,
    pub(super) outcome: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub(super) struct Closed<'a> {
    pub(super) disposition: Option<Disposition>,
    pub(super) result: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub(super) struct RestraintChange<'a> {
    pub(super) kind: RestraintKind,
    pub(super) scope: &'a Scope,
    /// `imposed`, `lift_requested`, `lifted` or `expired`.
    pub(super) state: &'static str,
    pub(super) until: Option<Timestamp>,
    /// Nobody where a rule imposed it or its time was over.
    pub(super) by: Option<&'a Principal>,
    pub(super) requested_by: Option<&'a Principal>,
    pub(super) reason: Option<&'a Text>,
}

#[derive(Serialize)]
pub(super) struct VenueStatus<'a> {
    pub(super) venue: &'a VenueId,
    pub(super) status: HealthStatus,
    /// Who said so and why, where a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<&'a Principal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a Text>,
}

/// Which program has started.
#[derive(Serialize)]
pub(super) struct Build<'a> {
    pub(super) build: &'a Text,
    pub(super) is_allowed: bool,
}

/// How an executor's ledger compares with ours; absent is what a line does not speak of.
#[derive(Serialize, Default)]
pub(super) struct Reconciled<'a> {
    pub(super) kind: Option<BreakKind>,
    pub(super) subject: Option<&'a BreakSubject>,
    pub(super) venue: Option<&'a VenueId>,
    pub(super) ours: Option<&'a LedgerFigures>,
    pub(super) theirs: Option<&'a LedgerFigures>,
    pub(super) as_of: Option<Timestamp>,
    pub(super) orders: Option<u32>,
    pub(super) fills: Option<u32>,
    pub(super) positions: Option<u32>,
    pub(super) differences: Option<u32>,
}

impl<'a> Reconciled<'a> {
    pub(super) fn of(event: &'a ReconciliationEvent) -> Self {
        match event {
            ReconciliationEvent::Found { found } => Self {
                venue: found.venue.as_ref(),
                ours: found.ours.as_ref(),
                theirs: found.theirs.as_ref(),
                as_of: Some(found.at),
                ..Self::about(&found.name)
            },
            ReconciliationEvent::Ended { name } => Self::about(name),
            ReconciliationEvent::Compared {
                as_of, orders, fills, positions, differences, ..
            } => Self {
                as_of: Some(*as_of),
                orders: Some(*orders),
                fills: Some(*fills),
                positions: *positions,
                differences: Some(*differences),
                ..Self::default()
            },
        }
    }

    fn about(name: &'a BreakName) -> Self {
        Self { kind: Some(name.kind), subject: Some(&name.subject), ..Self::default() }
    }
}

/// What the repeat throttle did to a strategy, or people undid.
#[derive(Serialize, Default)]
pub(super) struct Throttle<'a> {
    pub(super) state: &'static str,
    pub(super) executions: Option<u32>,
    pub(super) by: Option<&'a Principal>,
    pub(super) requested_by: Option<&'a Principal>,
    pub(super) reason: Option<&'a Text>,
}

impl<'a> RestraintChange<'a> {
    pub(super) fn of(kind: RestraintKind, scope: &'a Scope, state: &'static str) -> Self {
        Self { kind, scope, state, until: None, by: None, requested_by: None, reason: None }
    }
}

impl<'a> Throttle<'a> {
    pub(super) fn of(event: &'a FlowEvent) -> Self {
        match event {
            FlowEvent::VenueHealthChanged { .. } => Self::default(),
            FlowEvent::StrategyThrottled { executions, .. } => {
                Self { state: "disabled", executions: Some(*executions), ..Self::default() }
            }
            FlowEvent::ReenableRequested { by, reason, .. } => Self {
                state: "reenable_requested",
                by: Some(by),
                reason: Some(reason),
                ..Self::default()
            },
            FlowEvent::StrategyReenabled { by, requested_by, reason, .. } => Self {
                state: "reenabled",
                by: Some(by),
                requested_by: Some(requested_by),
                reason: Some(reason),
                ..Self::default()
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct KillSwitch<'a> {
    pub(super) scope: &'a Scope,
    /// What is done beside denying new risk, where it is engaged.
    pub(super) effect: Option<KillEffect>,
    pub(super) state: &'static str,
    pub(super) by: &'a Principal,
    pub(super) requested_by: Option<&'a Principal>,
    pub(super) reason: &'a Text,
}
