//! Steps as a person would tell them: a line an event, with the effect it asks for behind it.

use crate::generate::PARTITION;
use fillwright_domain::{
    ExecutionPlan, ExecutionResult, IntentId, IntentKey, LaneId, OrderIntent, OrderIntentId,
    OrderStatus, OrderType, Scope, Side, TimeInForce,
};
use fillwright_kernel::adoption::PolicyEvent;
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::deployment::Finding;
use fillwright_kernel::flatten::Exit;
use fillwright_kernel::incidents::{Incident, IncidentEvent};
use fillwright_kernel::reconciliation::{BreakName, LedgerFigures, Subject};
use fillwright_kernel::{
    ApprovalEvent, Change, DeploymentEvent, Effect, Event, FlowEvent, ReconciliationEvent, Ruling,
    SessionEvent, Verdict,
};
use fillwright_policy::KillEffect;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Tells one step. An effect stands behind its event; of a denial or skip the verdict is told, its reply goes without
/// saying.
///
/// # Panics
///
/// When an effect has no event that asks for it.
pub fn tell(told: &mut String, when: &str, events: &[Event], effects: &[Effect]) {
    let mut effects = effects.iter().peekable();
    let mut names = Names(BTreeMap::new());
    for event in events {
        let lines = names.lines(event);
        let asked = effects.next_if(|effect| asks(event, effect)).map(asked_for);
        for line in &lines {
            let _ = writeln!(told, "{when} {line}{}", asked.unwrap_or_default());
        }
    }
    assert!(effects.next().is_none(), "an effect that no event asks for");
}

/// Whether the event asks for the effect and there is a word to add; replies speak for themselves.
fn asks(event: &Event, effect: &Effect) -> bool {
    match effect {
        Effect::PlaceOrder(_) => matches!(event, Event::OrderEmitted { .. }),
        Effect::CancelOrder { .. } => matches!(event, Event::OrderCancelRequested { .. }),
        Effect::QueryOrder { .. } => matches!(event, Event::OrderQueried { .. }),
        Effect::SubmitIntent(_) => matches!(event, Event::ExitAsked { .. }),
        Effect::Reply { .. } => {
            matches!(
                event,
                Event::IntentClosed { .. }
                    | Event::IntentDuplicated { .. }
                    | Event::IntentConflicted { .. }
            )
        }
    }
}

fn asked_for(effect: &Effect) -> &'static str {
    match effect {
        Effect::PlaceOrder(_) => ", place",
        Effect::CancelOrder { .. } => ", cancel",
        Effect::QueryOrder { .. } => ", query",
        Effect::SubmitIntent(_) => ", submit",
        Effect::Reply { .. } => ", reply",
    }
}

/// Short names of orders: an order is derived from its intent, so small names are found again by trying.
struct Names(BTreeMap<OrderIntentId, String>);

impl Names {
    fn of(&mut self, order: OrderIntentId) -> String {
        if self.0.is_empty() {
            for number in 1..100 {
                let intent = IntentId::new(format!("I{number}"));
                let key = IntentKey::derive(PARTITION, &intent);
                self.0.insert(OrderIntentId::derive(key, 1), format!("{intent}.1"));
            }
        }
        self.0.get(&order).cloned().unwrap_or_else(|| order.to_string())
    }

    fn lines(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::IntentAccepted { .. } => Vec::new(),
            Event::IntentJudged { intent_id, verdicts, .. } => {
                verdicts.iter().filter_map(|verdict| shaped(intent_id, &verdict)).collect()
            }
            Event::PlanMade { plan, .. } if plan.skip_reason.is_some() => Vec::new(),
            Event::PlanMade { intent_id, plan, .. } => {
                vec![format!("{intent_id} {}", planned(plan))]
            }
            Event::OrderEmitted { order, .. } => {
                vec![format!("{} {}", self.of(order.order_intent_id), emitted(order))]
            }
            // The verdict that skipped it has said so.
            Event::IntentClosed { result, .. } if result.skip_reason.is_some() => Vec::new(),
            Event::IntentClosed { intent_id, result, .. } => {
                vec![format!("{intent_id} {}", closed(result))]
            }
            Event::OutcomeRecorded { outcome } => {
                let reason =
                    outcome.reason.map(|reason| format!(" {reason:?}")).unwrap_or_default();
                let name = self.of(outcome.order_intent_id);
                vec![format!(
                    "{name} outcome {:?} {}{reason}",
                    outcome.status, outcome.filled_quantity
                )]
            }
            _ => vec![self.other(event)],
        }
    }

    fn other(&mut self, event: &Event) -> String {
        match event {
            Event::RulebookAdopted { rulebook, by, .. } => {
                format!("rulebook {} adopted by {by}", rulebook.version)
            }
            Event::RunRegistered { run_id, .. } => format!("run {run_id} registered"),
            Event::InputRefused { why, by: Some(by) } => format!("refused {by}: {why}"),
            Event::InputRefused { why, by: None } => format!("refused: {why}"),
            Event::MarkTaken { instrument_id, mark_px, .. } => {
                format!("{instrument_id} marked at {mark_px}")
            }
            Event::IntentDuplicated { intent_id, first_seq, status } => {
                let status =
                    status.map_or("no result yet", fillwright_domain::ResultStatus::as_str);
                format!("{intent_id} is a duplicate of entry {first_seq}: {status}")
            }
            Event::IntentConflicted { intent_id, first_seq } => {
                format!("{intent_id} conflicts with entry {first_seq}")
            }
            Event::OrderStatusChanged { order_intent_id, status, text, .. } => {
                let words = text.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
                format!("{} is {}{words}", self.of(*order_intent_id), word(*status))
            }
            Event::FillBooked { order_intent_id, last_qty, last_px, cum_qty, status, .. } => {
                let name = self.of(*order_intent_id);
                format!(
                    "{name} fills {last_qty} at {last_px}, {cum_qty} in all, is {}",
                    word(*status)
                )
            }
            Event::OrderCancelRequested { order_intent_id, .. } => {
                format!("{} cancel requested", self.of(*order_intent_id))
            }
            Event::OrderQueried { order_intent_id, status, .. } => {
                format!("{} is {}", self.of(*order_intent_id), word(*status))
            }
            Event::OrderStranded { order_intent_id, text, .. } => {
                format!("{} is stranded ({text})", self.of(*order_intent_id))
            }
            Event::ReportIgnored { order_intent_id, why, .. } => {
                format!("{} report ignored: {why}", self.of(*order_intent_id))
            }
            Event::KillSwitchEngaged { by, scope, effect, .. } => {
                let effect = if *effect == KillEffect::Cancel {
                    String::new()
                } else {
                    format!(" to {effect}")
                };
                format!("kill switch{}{effect} engaged by {by}", on(scope))
            }

            Event::KillSwitchReleaseRequested { by, scope, .. } => {
                format!("kill switch{} release requested by {by}", on(scope))
            }
            Event::Policy(said) => version(said),
            Event::Incident(event) => incident(event),
            Event::KillSwitchReleased { by, requested_by, scope, .. } => {
                format!("kill switch{} released by {requested_by} and {by}", on(scope))
            }
            Event::RestraintImposed { kind, scope, until, by, .. } => {
                let until = until.map(|until| format!(" until {}s", until.as_ns() / 1_000_000_000));
                let by = by.as_ref().map_or("a rule".to_owned(), ToString::to_string);
                format!("{kind} on {scope} imposed{} by {by}", until.unwrap_or_default())
            }
            Event::RestraintLiftRequested { kind, scope, by, .. } => {
                format!("{kind} on {scope}: lift requested by {by}")
            }
            Event::RestraintLifted { kind, scope, by, requested_by, .. } => {
                format!("{kind} on {scope} lifted by {requested_by} and {by}")
            }
            Event::RestraintExpired { kind, scope } => format!("{kind} on {scope} is over"),
            Event::ExitAsked { exit, .. } => {
                let Exit { intent_id, book_id, instrument_id, .. } = exit;
                format!("{intent_id} is to close {instrument_id} in {book_id}")
            }
            Event::CancelsPaused { scope, .. } => format!("cancels on {scope} paused"),
            Event::Flow(event) => flowed(event),
            Event::Approval(event) => approval(event),
            Event::Session(event) => session(event),
            Event::Deployment(event) => deployment(event),
            Event::Reconciliation(event) => self.reconciled(event),
            Event::FillCorrected(correction) => {
                let Correction { of, before, after, .. } = &**correction;
                let name = self.of(correction.order_intent_id);
                let px = |figures: &LedgerFigures| figures.px.unwrap_or_default();
                if correction.is_bust() {
                    return format!(
                        "{name} fill {of} of {} at {} is busted",
                        before.qty,
                        px(before)
                    );
                }
                let (was, is) = (px(before), px(after));
                format!("{name} fill {of} of {} at {was} is {} at {is}", before.qty, after.qty)
            }
            Event::BuildStated { build, is_allowed } => {
                let word = if *is_allowed { "allowed" } else { "not allowed" };
                format!("build {build} started, {word}")
            }
            _ => unreachable!("told above"),
        }
    }
}

impl Names {
    fn reconciled(&mut self, event: &ReconciliationEvent) -> String {
        match event {
            ReconciliationEvent::Found { found } => {
                let figures = |figures: &Option<LedgerFigures>| {
                    figures.as_ref().map_or("nothing".to_owned(), |figures| {
                        let ordered = figures.ordered.map(|qty| format!(" of {qty}"));
                        let px = figures.px.map(|px| format!(" at {px}"));
                        format!(
                            "{}{}{}",
                            figures.qty,
                            ordered.unwrap_or_default(),
                            px.unwrap_or_default()
                        )
                    })
                };
                let (ours, theirs) = (figures(&found.ours), figures(&found.theirs));
                format!("break {}: here {ours}, there {theirs}", self.break_name(&found.name))
            }
            ReconciliationEvent::Ended { name } => {
                format!("break {} is over", self.break_name(name))
            }
            ReconciliationEvent::Compared {
                plane, orders, fills, positions, differences, ..
            } => {
                let positions = positions.map_or("no".to_owned(), |stated| stated.to_string());
                format!(
                    "{} compared: {orders} orders, {fills} fills, {positions} positions, \
                     {differences} differ",
                    plane.as_str()
                )
            }
        }
    }

    fn break_name(&mut self, name: &BreakName) -> String {
        let subject = match &name.subject {
            Subject::Order(order) => self.of(*order),
            Subject::Fill(order, exec_id) => format!("{} {exec_id}", self.of(*order)),
            Subject::Position(account, instrument) => format!("{account} {instrument}"),
        };
        format!("{} {subject}", name.kind)
    }
}

fn version(said: &PolicyEvent) -> String {
    match said {
        PolicyEvent::Proposed { proposal, needs_approval, .. } => {
            let waits = if *needs_approval { ", a second person must approve" } else { "" };
            format!("rulebook {} proposed by {}{waits}", proposal.rulebook.version, proposal.by)
        }
        PolicyEvent::Approved(word) => format!("proposed rulebook approved by {}", word.by),
        PolicyEvent::Withdrawn(word) => format!("proposed rulebook withdrawn by {}", word.by),
        PolicyEvent::CameInForce { .. } => "proposed rulebook comes into force".to_owned(),
        PolicyEvent::Lapsed { why, .. } => format!("proposed rulebook lapses: {why}"),
    }
}

/// What happened to an incident. What a rule counts is told where it is a hit.
fn incident(event: &IncidentEvent) -> String {
    match event {
        IncidentEvent::Opened { incident } => {
            let Incident { incident_id, category, severity, scope, summary, hits, .. } =
                &**incident;
            let blocks = if incident.blocks { ", blocks" } else { "" };
            let times = if *hits == 1 { String::new() } else { format!(", {hits} hits") };
            format!(
                "{incident_id} opened: {category} {severity} {scope}{blocks}{times} ({summary})"
            )
        }
        IncidentEvent::Acknowledged { incident_id, by, .. } => {
            format!("{incident_id} acknowledged by {by}")
        }
        IncidentEvent::Annotated { incident_id, by, text } => {
            format!("{incident_id} annotated by {by}: {text}")
        }
        IncidentEvent::Linked { incident_id, by, to, .. } => {
            format!("{incident_id} linked to {to} by {by}")
        }
        IncidentEvent::Escalated { incident_id, severity, .. } => {
            format!("{incident_id} is {severity} now, nobody looked")
        }
        IncidentEvent::Closed { incident_id, by, root_cause } => {
            format!("{incident_id} closed by {by}: {root_cause}")
        }
        IncidentEvent::Counted { rule, scope, is_hit, .. } => {
            format!("{rule} counts {} in {scope}", if *is_hit { "a hit" } else { "one more" })
        }
        IncidentEvent::HealthChanged { component, kind, status, .. } => {
            format!("{kind} {component} is {status}")
        }
        IncidentEvent::ClockMeasured { source, offset_ms } => {
            format!("clock {source} is off by {offset_ms} ms")
        }
        IncidentEvent::StartupNoticed { anomaly, .. } => format!("the start found {anomaly}"),
    }
}

/// Where a kill switch holds, unless it is everywhere.
fn on(scope: &Scope) -> String {
    if *scope == Scope::Global { String::new() } else { format!(" on {scope}") }
}

fn flowed(event: &FlowEvent) -> String {
    match event {
        FlowEvent::VenueHealthChanged { venue_id, status, by, .. } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(", says {by}"));
            format!("{venue_id} is {status:?}{by}")
        }
        FlowEvent::StrategyThrottled { strategy_id, executions } => {
            format!("{strategy_id} is disabled after {executions} executions")
        }
        FlowEvent::ReenableRequested { strategy_id, by, .. } => {
            format!("{by} asks to enable {strategy_id} again")
        }
        FlowEvent::StrategyReenabled { strategy_id, by, requested_by, .. } => {
            format!("{strategy_id} enabled again by {requested_by} and {by}")
        }
    }
}

/// Requests are told by what they are for: their names are derived, and say nothing to a reader.
fn approval(event: &ApprovalEvent) -> String {
    match event {
        ApprovalEvent::Requested { change, by, scope, .. } => {
            format!("{by} requests to {} ({scope})", changed(change))
        }
        ApprovalEvent::Approved { by, role, missing, .. } => {
            format!("{by} approves as {}, {missing} missing", role.as_str())
        }
        ApprovalEvent::Rejected { by, .. } => format!("{by} rejects the request"),
        ApprovalEvent::Used { .. } => "the approval is used".to_owned(),
    }
}

fn changed(change: &Change) -> String {
    match change {
        Change::StartSession { session_id, .. } => format!("start {session_id}"),
        Change::ResumeSession { session_id, .. } => format!("resume {session_id}"),
        Change::Promote { strategy_id, from, to } => {
            format!("promote {strategy_id} from {from} to {to}")
        }
        Change::RaiseModel { strategy_id, status } => {
            format!("raise the model of {strategy_id} to {}", status.as_str())
        }
        Change::OverrideOrder { gate, .. } => format!("let one order past {gate:?}"),
    }
}

fn session(event: &SessionEvent) -> String {
    match event {
        SessionEvent::Scheduled { definition, by, .. } => format!(
            "{} scheduled by {by} in {} with {}",
            definition.session_id, definition.lane, definition.capital
        ),
        SessionEvent::Moved { session_id, from, to, by, .. } => {
            format!("{session_id} moved by {by} from {} to {}", from.as_str(), to.as_str())
        }
    }
}

fn deployment(event: &DeploymentEvent) -> String {
    match event {
        DeploymentEvent::Assessed { strategy_id, findings, .. } => {
            let findings: Vec<String> = findings
                .iter()
                .map(|finding| {
                    let is_met = if finding.is_met { "met" } else { "not met" };
                    let Finding { criterion, found, limit, .. } = finding;
                    format!("{criterion:?} {found} against {limit} {is_met}")
                })
                .collect();
            format!("{strategy_id} assessed: {}", findings.join(", "))
        }
        DeploymentEvent::Promoted { strategy_id, from, to, by, .. } => {
            format!("{strategy_id} promoted by {by} from {from} to {to}")
        }
        DeploymentEvent::Demoted { strategy_id, from, to, by, .. } => {
            let to = to.as_ref().map_or("nowhere", LaneId::as_str);
            format!("{strategy_id} demoted by {by} from {from} to {to}")
        }
        DeploymentEvent::ModelSet { strategy_id, status, by, .. } => {
            format!("the model of {strategy_id} is {} by {by}", status.as_str())
        }
        DeploymentEvent::RegimeTaken { regime, source, .. } => {
            format!("the regime is {regime:?} by {source}")
        }
    }
}

/// A verdict that is more than a pass.
fn shaped(intent: &IntentId, verdict: &Verdict) -> Option<String> {
    let figures =
        verdict.figures.map(|figures| format!(" ({} against {})", figures.asked, figures.limit));
    let figures = figures.unwrap_or_default();
    let below_the_firm = verdict.rule.as_ref().filter(|rule| rule.as_str() != "firm");
    let rule = below_the_firm.map(|rule| format!(" at {rule}")).unwrap_or_default();
    let gate = format!("{:?}", verdict.gate);
    match verdict.ruling {
        Ruling::Allow => None,
        Ruling::Bypass => Some(format!("{intent} passes {gate} as a safety exit")),
        Ruling::Reduce { to } => Some(format!("{intent} reduced to {to} by {gate}{rule}{figures}")),
        Ruling::Deny { reason } => {
            Some(format!("{intent} denied by {gate}{rule}: {reason}{figures}"))
        }
        Ruling::Skip { reason } => Some(format!("{intent} skipped by {gate}: {reason}{figures}")),
    }
}

fn planned(plan: &ExecutionPlan) -> String {
    let price = plan.price.map_or_else(|| "the market".to_owned(), |px| px.to_string());
    let applied: Vec<&str> =
        plan.constraints_applied.iter().map(fillwright_domain::Constraint::as_str).collect();
    let applied =
        if applied.is_empty() { String::new() } else { format!(" [{}]", applied.join(", ")) };
    format!("plans {} at {price}, leverage {}{applied}", plan.size, plan.leverage)
}

fn emitted(order: &OrderIntent) -> String {
    let side = if order.side == Side::Buy { "buys" } else { "sells" };
    let instrument = order
        .market_id
        .as_str()
        .split_once(':')
        .map_or(order.market_id.as_str(), |(_, symbol)| symbol);
    let mut text =
        format!("{side} {} {instrument} on {}", order.requested_quantity, order.plane.as_str());
    let by_default = match order.order_type {
        OrderType::Market => TimeInForce::Ioc,
        OrderType::Limit => TimeInForce::Day,
    };
    if order.time_in_force != by_default {
        let _ = write!(text, " {:?}", order.time_in_force);
    }
    text.push_str(if order.reduce_only { " reduce-only" } else { "" });
    text.push_str(if order.post_only { " post-only" } else { "" });
    // The one route of rules that are about something else goes without saying.
    for route in order.route.iter().filter(|route| route.route_id.as_str() != "any") {
        let algorithm = route.algorithm.as_ref().map(|name| format!(" as {name}"));
        let _ = write!(
            text,
            " by {} via {}{}",
            route.route_id,
            route.broker,
            algorithm.unwrap_or_default()
        );
    }
    text
}

fn closed(result: &ExecutionResult) -> String {
    let mut text = result.status.as_str().to_owned();
    for (word, figure) in [("bought", result.tokens_bought), ("sold", result.tokens_sold)] {
        if let Some(qty) = figure {
            let _ = write!(text, " {word} {qty}");
        }
    }
    if let Some(px) = result.price {
        let _ = write!(text, " at {px}");
    }
    if let Some(bps) = result.slippage_bps {
        let _ = write!(text, ", slippage {bps} bps");
    }
    if let Some(fees) = result.fees_usd.filter(|fees| !fees.is_zero()) {
        let _ = write!(text, ", fees {fees}");
    }
    for reason in [&result.skip_reason, &result.error].into_iter().flatten() {
        let _ = write!(text, ": {reason}");
    }
    text
}

fn word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::PendingNew => "pending new",
        OrderStatus::New => "new",
        OrderStatus::PartiallyFilled => "partially filled",
        OrderStatus::PendingCancel => "pending cancel",
        OrderStatus::Unknown => "unknown",
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled => "canceled",
        OrderStatus::Rejected => "rejected",
        OrderStatus::Expired => "expired",
    }
}
