//! What people decided about requests, sessions and lanes, in the few words every read model needs.

use fillwright_domain::{Principal, Text};
use fillwright_kernel::{ApprovalEvent, DeploymentEvent, Event, SessionEvent, SessionStatus};

/// One decision.
pub(crate) struct Decided<'a> {
    /// `approval`, `session` or `deployment`.
    pub(crate) area: &'static str,
    /// What became of it.
    pub(crate) what: &'static str,
    /// Who decided, where somebody did.
    pub(crate) by: Option<&'a Principal>,
    /// Why.
    pub(crate) reason: &'a str,
    /// The request, session or strategy.
    pub(crate) subject: String,
}

impl<'a> Decided<'a> {
    /// The decision an event records; nothing where it records none.
    pub(crate) fn of(event: &'a Event) -> Option<Self> {
        match event {
            Event::Approval(event) => Some(of_approval(event)),
            Event::Session(event) => Some(of_session(event)),
            Event::Deployment(event) => Some(of_deployment(event)),
            _ => None,
        }
    }
}

fn decided<'a>(
    area: &'static str,
    what: &'static str,
    asked: Option<(&'a Principal, &'a Text)>,
    subject: String,
) -> Decided<'a> {
    let (by, reason) = asked.unzip();
    Decided { area, what, by, reason: reason.map_or("", Text::as_str), subject }
}

fn of_approval(event: &ApprovalEvent) -> Decided<'_> {
    let (what, asked, request_id) = match event {
        ApprovalEvent::Requested { request_id, by, reason, .. } => {
            ("approval_requested", Some((by, reason)), request_id)
        }
        ApprovalEvent::Approved { request_id, by, reason, .. } => {
            ("approval_approved", Some((by, reason)), request_id)
        }
        ApprovalEvent::Rejected { request_id, by, reason } => {
            ("approval_rejected", Some((by, reason)), request_id)
        }
        ApprovalEvent::Used { request_id } => ("approval_used", None, request_id),
    };
    decided("approval", what, asked, request_id.to_string())
}

fn of_session(event: &SessionEvent) -> Decided<'_> {
    match event {
        SessionEvent::Scheduled { definition, by, reason } => {
            let subject = definition.session_id.to_string();
            decided("session", "session_scheduled", Some((by, reason)), subject)
        }
        SessionEvent::Moved { session_id, to, by, reason, .. } => {
            decided("session", moved_to(*to), Some((by, reason)), session_id.to_string())
        }
    }
}

fn of_deployment(event: &DeploymentEvent) -> Decided<'_> {
    let (what, asked, subject) = match event {
        DeploymentEvent::Assessed { strategy_id, .. } => {
            ("strategy_assessed", None, strategy_id.as_str())
        }
        DeploymentEvent::Promoted { strategy_id, by, reason, .. } => {
            ("strategy_promoted", Some((by, reason)), strategy_id.as_str())
        }
        DeploymentEvent::Demoted { strategy_id, by, reason, .. } => {
            ("strategy_demoted", Some((by, reason)), strategy_id.as_str())
        }
        DeploymentEvent::ModelSet { strategy_id, by, reason, .. } => {
            ("model_set", Some((by, reason)), strategy_id.as_str())
        }
        DeploymentEvent::RegimeTaken { source, .. } => ("regime_taken", None, source.as_str()),
    };
    decided("deployment", what, asked, subject.to_owned())
}

const fn moved_to(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::Scheduled => "session_scheduled",
        SessionStatus::Running => "session_running",
        SessionStatus::Suspended => "session_suspended",
        SessionStatus::Completed => "session_completed",
        SessionStatus::RolledBack => "session_rolled_back",
    }
}
