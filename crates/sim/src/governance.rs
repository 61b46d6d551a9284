//! What the witness remembers of requests, sessions, lanes and the regime, and what may never happen with them:
//! nobody approves what they proposed, an approval counts once, and no order comes from outside a running session.

use crate::oracle::Finding;
use fillwright_domain::{
    ActionType, BookId, ContentDigest, DigestedIntent, Intent, LaneId, OrderIntent, Principal,
    Regime, RequestId, SessionId, Side, StrategyId, Timestamp, Urgency,
};
use fillwright_kernel::{
    ApprovalEvent, Change, DeploymentEvent, Gate, SessionEvent, SessionStatus,
};
use fillwright_policy::{ModelStatus, Role, Rulebook, SessionDefinition};
use std::collections::{BTreeMap, BTreeSet};

/// A request as it was seen.
#[derive(Debug, Clone)]
pub struct SeenRequest {
    /// The change.
    pub change: Change,
    /// Who proposed it.
    pub proposer: Principal,
    /// From when on it counts for nothing.
    pub expires_at: Timestamp,
    /// Whose approval it still needs.
    pub lacking: Vec<Role>,
    approvers: BTreeSet<Principal>,
    is_closed: bool,
}

/// How the rest of the system stands when a session moves.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// Everything is halted.
    pub is_halted: bool,
    /// A serious incident is open that nobody has acknowledged.
    pub is_unseen: bool,
}

/// What is remembered.
#[derive(Debug, Clone, Default)]
pub struct Governance {
    requests: BTreeMap<RequestId, SeenRequest>,
    sessions: BTreeMap<SessionId, (SessionDefinition, SessionStatus)>,
    models: BTreeMap<StrategyId, ModelStatus>,
    moved: BTreeMap<(LaneId, StrategyId), bool>,
    regime: Option<(Regime, Timestamp)>,
    /// Changes whose approval was spent in this step.
    spent: Vec<Change>,
    /// Whether a strategy was measured in this step and found good.
    is_found_good: bool,
}

macro_rules! must {
    ($holds:expr, $($what:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($what)+));
        }
    };
}

impl Governance {
    /// Another step begins.
    pub fn begin(&mut self) {
        self.spent.clear();
        self.is_found_good = false;
    }

    /// Requests that are neither used nor rejected, expired or not.
    pub fn requests(&self) -> Vec<(RequestId, &SeenRequest)> {
        let open = self.requests.iter().filter(|(_, request)| !request.is_closed);
        open.map(|(id, request)| (*id, request)).collect()
    }

    /// Sessions and where they stand.
    pub fn sessions(&self) -> impl Iterator<Item = &(SessionDefinition, SessionStatus)> {
        self.sessions.values()
    }

    /// Watches what happens to a request. [I11]
    ///
    /// # Errors
    ///
    /// Says what may not have happened.
    pub fn approval(
        &mut self,
        at: Timestamp,
        rules: Option<&Rulebook>,
        event: &ApprovalEvent,
    ) -> Finding {
        match event {
            ApprovalEvent::Requested { request_id, change, by, needs, expires_at, .. } => {
                must!(!needs.is_empty(), "{request_id} needs nobody");
                let seen = SeenRequest {
                    change: change.clone(),
                    proposer: by.clone(),
                    expires_at: *expires_at,
                    lacking: needs.clone(),
                    approvers: BTreeSet::new(),
                    is_closed: false,
                };
                let known = self.requests.insert(*request_id, seen);
                must!(known.is_none(), "{request_id} was requested twice");
            }
            ApprovalEvent::Approved { request_id, by, role, missing, .. } => {
                let holds = rules
                    .and_then(|rules| rules.people.get(by))
                    .is_some_and(|person| person.enabled && person.roles.contains(role));
                must!(holds, "[I11] {by} approved as {role:?} without holding it");
                let request = self.open(*request_id)?;
                must!(request.proposer != *by, "[I11] {by} approved what they proposed");
                must!(request.approvers.insert(by.clone()), "[I11] {by} approved twice");
                must!(at < request.expires_at, "[I11] {by} approved what had expired");
                let found = request.lacking.iter().position(|lacks| lacks == role);
                must!(found.is_some(), "[I11] nobody asked for {role:?}");
                found.map(|found| request.lacking.remove(found));
                must!(request.lacking.len() == *missing as usize, "the approvals are miscounted");
            }
            ApprovalEvent::Rejected { request_id, .. } => {
                self.open(*request_id)?.is_closed = true;
            }
            ApprovalEvent::Used { request_id } => {
                let request = self.open(*request_id)?;
                must!(request.lacking.is_empty(), "[I11] {request_id} was used unapproved");
                must!(at < request.expires_at, "[I11] {request_id} was used when it had expired");
                must!(
                    !request.approvers.contains(&request.proposer),
                    "[I11] {request_id} was approved by who proposed it"
                );
                request.is_closed = true;
                let change = request.change.clone();
                self.spent.push(change);
            }
        }
        Ok(())
    }

    fn open(&mut self, request_id: RequestId) -> Result<&mut SeenRequest, String> {
        let request = self.requests.get_mut(&request_id).filter(|request| !request.is_closed);
        request.ok_or(format!("[I11] request {request_id} is not open"))
    }

    /// Watches what happens to a session.
    ///
    /// # Errors
    ///
    /// Says what may not have happened.
    pub fn session(&mut self, around: Around, event: &SessionEvent) -> Finding {
        match event {
            SessionEvent::Scheduled { definition, .. } => {
                let seen = (definition.clone(), SessionStatus::Scheduled);
                self.sessions.insert(definition.session_id.clone(), seen);
                Ok(())
            }
            SessionEvent::Moved { session_id, from, to, .. } => {
                self.moved(around, session_id, *from, *to)
            }
        }
    }

    fn moved(
        &mut self,
        around: Around,
        session_id: &SessionId,
        from: SessionStatus,
        to: SessionStatus,
    ) -> Finding {
        let known = self.sessions.get(session_id);
        let Some((definition, before)) = known else {
            return Err(format!("unknown session {session_id} moved"));
        };
        must!(*before == from, "{session_id} moved from {from:?} and stood at {before:?}");
        must!(!from.is_over(), "{session_id} had ended and moved");
        if to == SessionStatus::Running {
            self.may_run(session_id, definition, from)?;
            must!(
                !around.is_unseen || definition.env.as_str() != "live",
                "[K4] live session {session_id} runs before anybody looked at what is serious"
            );
        }
        must!(
            to != SessionStatus::RolledBack || from == SessionStatus::Suspended || around.is_halted,
            "[K6] {session_id} was rolled back while it ran"
        );
        self.sessions.entry(session_id.clone()).and_modify(|(_, status)| *status = to);
        Ok(())
    }

    fn may_run(
        &self,
        session_id: &SessionId,
        definition: &SessionDefinition,
        from: SessionStatus,
    ) -> Finding {
        let digest = ContentDigest::of(&minicbor::to_vec(definition).expect("memory"));
        let is_approved = self.spent.iter().any(|change| match change {
            Change::StartSession { session_id: id, definition } => {
                from == SessionStatus::Scheduled && id == session_id && *definition == digest
            }
            Change::ResumeSession { session_id: id, definition } => {
                from == SessionStatus::Suspended && id == session_id && *definition == digest
            }
            _ => false,
        });
        must!(
            is_approved || definition.env.as_str() != "live",
            "[I11] live session {session_id} runs unapproved"
        );
        let others = self.sessions.values().filter(|(other, status)| {
            status.is_active() && other.session_id != definition.session_id
        });
        for (other, _) in others {
            must!(
                other.books.is_disjoint(&definition.books),
                "{session_id} and {} have the same book",
                other.session_id
            );
        }
        Ok(())
    }

    /// Watches what happens to strategies, models and the regime.
    ///
    /// # Errors
    ///
    /// Says what may not have happened.
    pub fn deployment(&mut self, event: &DeploymentEvent) -> Finding {
        match event {
            DeploymentEvent::Assessed { findings, .. } => {
                self.is_found_good = findings.iter().all(|finding| finding.is_met);
            }
            DeploymentEvent::Promoted { strategy_id, from, to, .. } => {
                let is_approved = self.spent.iter().any(|change| {
                    matches!(change, Change::Promote { strategy_id: who, from: before, to: after }
                        if who == strategy_id && before == from && after == to)
                });
                must!(is_approved, "[I11] {strategy_id} was promoted unapproved");
                must!(self.is_found_good, "{strategy_id} was promoted on figures that lack");
                self.moved.insert((from.clone(), strategy_id.clone()), false);
                self.moved.insert((to.clone(), strategy_id.clone()), true);
            }
            DeploymentEvent::Demoted { strategy_id, from, to, .. } => {
                self.moved.insert((from.clone(), strategy_id.clone()), false);
                let to = to.iter().map(|to| ((to.clone(), strategy_id.clone()), true));
                self.moved.extend(to);
            }
            DeploymentEvent::ModelSet { strategy_id, status, .. } => {
                let known = self.models.insert(strategy_id.clone(), *status);
                let is_approved = self.spent.iter().any(|change| {
                    matches!(change, Change::RaiseModel { strategy_id: who, .. } if who == strategy_id)
                });
                let is_raised = known.is_some_and(|known| known < *status);
                must!(is_approved || !is_raised, "[I11] a model was raised unapproved");
            }
            DeploymentEvent::RegimeTaken { regime, as_of, .. } => {
                self.regime = Some((*regime, *as_of));
            }
        }
        Ok(())
    }

    /// New rules make what was moved in lanes or strategies they do not know forgotten.
    pub fn adopted(&mut self, rules: &Rulebook) {
        self.moved.retain(|(lane, strategy), _| {
            rules.lanes.lanes.contains_key(lane) && rules.strategies.contains_key(strategy)
        });
        self.models.retain(|strategy, _| rules.strategies.contains_key(strategy));
    }

    /// The session that has a book, running or suspended.
    pub fn active(&self, book: &BookId) -> Option<&SessionDefinition> {
        let has = |(definition, status): &&(SessionDefinition, SessionStatus)| {
            status.is_active() && definition.books.contains(book)
        };
        self.sessions.values().find(has).map(|(definition, _)| definition)
    }

    /// The running session of a book.
    pub fn running(&self, book: &BookId) -> Option<&SessionDefinition> {
        let running = |(definition, status): &&(SessionDefinition, SessionStatus)| {
            *status == SessionStatus::Running && definition.books.contains(book)
        };
        self.sessions.values().find(running).map(|(definition, _)| definition)
    }

    /// Whether an order may come of an intent: within a running session, in a lane that admits it, and no aggressive long
    /// in a crisis that nobody let through.
    ///
    /// # Errors
    ///
    /// Says what may not have happened.
    pub fn order(
        &self,
        at: Timestamp,
        rules: &Rulebook,
        intent: &Intent,
        order: &OrderIntent,
        is_long: bool,
    ) -> Finding {
        if intent.action() == ActionType::EmergencyExit {
            return Ok(());
        }
        let session = self.running(&order.book_id);
        let waived = rules.lanes.sessions_waived && rules.environment.as_str() != "live";
        let is_idle = self.sessions.values().all(|(definition, status)| {
            !definition.books.contains(&order.book_id) || !status.is_active()
        });
        must!(
            session.is_some() || (waived && is_idle),
            "[E1] {} is an order outside a running session",
            order.intent_id
        );
        let book = rules.books.get(&order.book_id);
        let strategy = intent.strategy_id.as_ref().or(book.map(|book| &book.strategy_id));
        if let Some(session) = session {
            must!(at < session.end_at, "[E1] an order after its session's end");
            let covers = strategy.is_some_and(|strategy| session.strategies.contains(strategy));
            must!(covers, "[E1] an order of a strategy its session does not name");
            let key = (session.lane.clone(), strategy.cloned().unwrap_or_default());
            must!(self.moved.get(&key) != Some(&false), "[R17] an order of a demoted strategy");
        }
        self.parity(at, rules, intent, order, is_long)
    }

    fn parity(
        &self,
        at: Timestamp,
        rules: &Rulebook,
        intent: &Intent,
        order: &OrderIntent,
        is_long: bool,
    ) -> Finding {
        let in_crisis = self.regime.is_some_and(|(regime, as_of)| {
            let age_ns = i128::from(at.as_ns()) - i128::from(as_of.as_ns());
            regime == Regime::Crisis && age_ns <= i128::from(rules.regime.age_max_s) * 1_000_000_000
        });
        let is_aggressive = order.side == Side::Buy && is_long && intent.urgency() >= Urgency::High;
        let digest = DigestedIntent::new(intent.clone()).digest();
        let change = Change::OverrideOrder { intent: digest, gate: Gate::RegimeParity };
        must!(
            !in_crisis || !is_aggressive || self.spent.contains(&change),
            "[R8] {} is aggressively long in a crisis and nobody let it through",
            order.intent_id
        );
        Ok(())
    }
}
