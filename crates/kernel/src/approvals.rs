//! Approvals: somebody proposes an exact change, others approve it, and it may then be made once.
//!
//! A request is bound to the digest of the change it shows. Nobody approves what they proposed, an approver holds the
//! role at that moment and still when the change is made, and the journal's order decides every race. A change that
//! takes approval either names its request or is refused with [`Refusal::ApprovalNeeded`]; [`use_of`] is the one place
//! that lets it through. Requests that ended are forgotten: the journal has them.

use crate::event::Refusal;
use crate::verdict::Gate;
use crate::{Event, State};
use fillwright_domain::{
    ContentDigest, LaneId, Principal, RequestId, Scope, SessionId, StrategyId, Text, Timestamp,
};
use fillwright_policy::{ApprovalRule, ChangeKind, ModelStatus, Role};
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most requests that may be open at once.
pub const REQUESTS_MAX: usize = 256;
/// The most pieces of evidence a request may name.
pub const EVIDENCE_MAX: usize = 16;
const NS_PER_S: i64 = 1_000_000_000;

/// A change that takes approval, exactly as it would be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// Start a session.
    #[n(0)]
    StartSession {
        /// The session.
        #[n(0)]
        session_id: SessionId,
        /// The digest of its definition.
        #[n(1)]
        definition: ContentDigest,
    },
    /// Let a suspended session run again.
    #[n(1)]
    ResumeSession {
        /// The session.
        #[n(0)]
        session_id: SessionId,
        /// The digest of its definition.
        #[n(1)]
        definition: ContentDigest,
    },
    /// Move a strategy to a lane with more capital.
    #[n(2)]
    Promote {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Where it comes from.
        #[n(1)]
        from: LaneId,
        /// Where it goes.
        #[n(2)]
        to: LaneId,
    },
    /// Say that a model is fit for more than it was.
    #[n(3)]
    RaiseModel {
        /// The strategy it stands behind.
        #[n(0)]
        strategy_id: StrategyId,
        /// What it is to be.
        #[n(1)]
        status: ModelStatus,
    },
    /// Let the one order through that comes of an intent with this content, past a gate that would refuse it.
    #[n(4)]
    OverrideOrder {
        /// The digest of the intent's content.
        #[n(0)]
        intent: ContentDigest,
        /// The gate.
        #[n(1)]
        gate: Gate,
    },
}

impl Change {
    /// What kind of change it is.
    pub const fn kind(&self) -> ChangeKind {
        match self {
            Self::StartSession { .. } => ChangeKind::StartSession,
            Self::ResumeSession { .. } => ChangeKind::ResumeSession,
            Self::Promote { .. } => ChangeKind::Promote,
            Self::RaiseModel { .. } => ChangeKind::RaiseModel,
            Self::OverrideOrder { .. } => ChangeKind::OverrideOrder,
        }
    }

    /// A digest of everything it says.
    ///
    /// # Panics
    ///
    /// Never: writing to memory cannot fail.
    pub fn digest(&self) -> ContentDigest {
        ContentDigest::of(&minicbor::to_vec(self).expect("writing to memory cannot fail"))
    }
}

/// What people ask about approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalInput {
    /// Propose a change.
    #[n(0)]
    Request {
        /// The change.
        #[n(0)]
        change: Change,
        /// What it reaches.
        #[n(1)]
        scope: Scope,
        /// What speaks for it: reports, entries, runs.
        #[n(2)]
        evidence: Vec<Text>,
        /// From when on it counts for nothing.
        #[n(3)]
        expires_at: Timestamp,
        /// Who proposes.
        #[n(4)]
        by: Principal,
        /// Why.
        #[n(5)]
        reason: Text,
    },
    /// Approve a request.
    #[n(1)]
    Approve {
        /// The request.
        #[n(0)]
        request_id: RequestId,
        /// Who approves.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// Reject a request, or withdraw one's own.
    #[n(2)]
    Reject {
        /// The request.
        #[n(0)]
        request_id: RequestId,
        /// Who rejects.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "approval")]
pub enum ApprovalEvent {
    /// A change was proposed.
    #[n(0)]
    Requested {
        /// The request.
        #[n(0)]
        request_id: RequestId,
        /// The change.
        #[n(1)]
        change: Change,
        /// What it reaches.
        #[n(2)]
        scope: Scope,
        /// What speaks for it.
        #[n(3)]
        evidence: Vec<Text>,
        /// When.
        #[n(4)]
        requested_at: Timestamp,
        /// From when on it counts for nothing.
        #[n(5)]
        expires_at: Timestamp,
        /// Whose approval it needs, each from another person.
        #[n(6)]
        needs: Vec<Role>,
        /// Who proposed.
        #[n(7)]
        by: Principal,
        /// Why.
        #[n(8)]
        reason: Text,
    },
    /// Somebody approved.
    #[n(1)]
    Approved {
        /// The request.
        #[n(0)]
        request_id: RequestId,
        /// Who.
        #[n(1)]
        by: Principal,
        /// In which role.
        #[n(2)]
        role: Role,
        /// How many approvals are still missing.
        #[n(3)]
        missing: u32,
        /// Why.
        #[n(4)]
        reason: Text,
    },
    /// Somebody rejected it, or its proposer withdrew it.
    #[n(2)]
    Rejected {
        /// The request.
        #[n(0)]
        request_id: RequestId,
        /// Who.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// The change was made; the request is spent.
    #[n(3)]
    Used {
        /// The request.
        #[n(0)]
        request_id: RequestId,
    },
}

/// One person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Given {
    /// Who.
    #[n(0)]
    pub by: Principal,
    /// In which role.
    #[n(1)]
    pub role: Role,
}

/// A request that was neither used nor rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Request {
    /// The change.
    #[n(0)]
    pub change: Change,
    /// What it reaches.
    #[n(1)]
    pub scope: Scope,
    /// What speaks for it.
    #[n(2)]
    pub evidence: Vec<Text>,
    /// From when on it counts for nothing.
    #[n(3)]
    pub expires_at: Timestamp,
    /// Who proposed.
    #[n(4)]
    pub proposed_by: Principal,
    /// Why.
    #[n(5)]
    pub reason: Text,
    /// Roles whose approval is still missing.
    #[n(6)]
    pub missing: Vec<Role>,
    /// Approvals so far.
    #[n(7)]
    pub given: Vec<Given>,
}

/// Requests that are open, or approved and not yet used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Approvals(#[n(0)] BTreeMap<RequestId, Request>);

impl Approvals {
    /// One request.
    pub fn get(&self, request_id: RequestId) -> Option<&Request> {
        self.0.get(&request_id)
    }

    /// Every request, by name; expired ones too, until another is made.
    pub fn iter(&self) -> impl Iterator<Item = (RequestId, &Request)> {
        self.0.iter().map(|(request_id, request)| (*request_id, request))
    }

    /// Writes what happened to a request.
    pub(crate) fn apply(&mut self, event: ApprovalEvent) {
        match event {
            ApprovalEvent::Requested {
                request_id,
                change,
                scope,
                evidence,
                requested_at,
                expires_at,
                needs: missing,
                by: proposed_by,
                reason,
            } => {
                self.0.retain(|_, known| known.is_open(requested_at));
                let given = Vec::new();
                let request = Request {
                    change,
                    scope,
                    evidence,
                    expires_at,
                    proposed_by,
                    reason,
                    missing,
                    given,
                };
                self.0.insert(request_id, request);
            }
            ApprovalEvent::Approved { request_id, by, role, .. } => {
                if let Some(request) = self.0.get_mut(&request_id) {
                    request.approve(by, role);
                }
            }
            ApprovalEvent::Rejected { request_id, .. } | ApprovalEvent::Used { request_id } => {
                self.0.remove(&request_id);
            }
        }
    }
}

impl Request {
    /// Whether it still counts.
    pub fn is_open(&self, at: Timestamp) -> bool {
        at < self.expires_at
    }

    fn approve(&mut self, by: Principal, role: Role) {
        if let Some(found) = self.missing.iter().position(|missing| *missing == role) {
            self.missing.remove(found);
        }
        self.given.push(Given { by, role });
    }

    /// Whether everybody it needs has approved, and holds the role to this day.
    fn is_approved(&self, state: &State) -> bool {
        let holds = |given: &Given| state.may(&given.by, &[given.role]).is_ok();
        self.missing.is_empty() && self.given.iter().all(holds)
    }
}

/// Decides on what people ask about approvals.
pub(crate) fn decide(state: &State, at: Timestamp, input: &ApprovalInput) -> Vec<Event> {
    let (decided, by) = match input {
        ApprovalInput::Request { change, scope, evidence, expires_at, by, reason } => {
            let needs = may_request(state, at, change, evidence, *expires_at, by);
            let requested = needs.map(|needs| ApprovalEvent::Requested {
                request_id: RequestId::derive(change.digest(), state.seq + 1),
                change: change.clone(),
                scope: scope.clone(),
                evidence: evidence.clone(),
                requested_at: at,
                expires_at: *expires_at,
                needs,
                by: by.clone(),
                reason: reason.clone(),
            });
            (requested, by)
        }
        ApprovalInput::Approve { request_id, by, reason } => {
            let role = may_approve(state, at, *request_id, by);
            let approved = role.map(|(role, missing)| ApprovalEvent::Approved {
                request_id: *request_id,
                by: by.clone(),
                role,
                missing,
                reason: reason.clone(),
            });
            (approved, by)
        }
        ApprovalInput::Reject { request_id, by, reason } => {
            let rejected = may_reject(state, *request_id, by).map(|()| ApprovalEvent::Rejected {
                request_id: *request_id,
                by: by.clone(),
                reason: reason.clone(),
            });
            (rejected, by)
        }
    };
    vec![match decided {
        Ok(event) => Event::Approval(Box::new(event)),
        Err(why) => Event::InputRefused { why, by: Some(by.clone()) },
    }]
}

/// Whether somebody may propose a change; whose approval it then needs.
fn may_request(
    state: &State,
    at: Timestamp,
    change: &Change,
    evidence: &[Text],
    expires_at: Timestamp,
    by: &Principal,
) -> Result<Vec<Role>, Refusal> {
    let rule = rule_of(state, change.kind())?;
    let proposers: Vec<Role> = rule.propose.iter().copied().collect();
    state.may(by, &proposers)?;
    let pieces = rule.evidence_min as usize..=EVIDENCE_MAX;
    if !pieces.contains(&evidence.len()) || evidence.iter().any(Text::is_empty) {
        return Err(Refusal::EvidenceUnusable);
    }
    let lifetime_max_ns = i64::from(rule.lifetime_max_s).saturating_mul(NS_PER_S);
    if expires_at <= at || expires_at.since_ns(at) > lifetime_max_ns {
        return Err(Refusal::ExpiryUnusable);
    }
    let mut open = state.approvals.0.values().filter(|request| request.is_open(at));
    if open.clone().any(|request| request.change == *change) {
        return Err(Refusal::AlreadyRequested);
    }
    if open.nth(REQUESTS_MAX - 1).is_some() {
        return Err(Refusal::TooMany);
    }
    Ok(rule.approve.clone())
}

fn rule_of(state: &State, kind: ChangeKind) -> Result<&ApprovalRule, Refusal> {
    let rules = state.rulebook.as_ref().map(|rulebook| &rulebook.approvals);
    let rule = rules.and_then(|rules| rules.get(&kind));
    rule.filter(|rule| !rule.approve.is_empty()).ok_or(Refusal::RuleMissing)
}

/// Whether somebody may approve; in which role, and how many approvals are then missing.
fn may_approve(
    state: &State,
    at: Timestamp,
    request_id: RequestId,
    by: &Principal,
) -> Result<(Role, u32), Refusal> {
    let request = open_request(state, at, request_id)?;
    if request.missing.is_empty() {
        return Err(Refusal::AlreadyApproved);
    }
    if request.proposed_by == *by {
        return Err(Refusal::OwnRequest);
    }
    if request.given.iter().any(|given| given.by == *by) {
        return Err(Refusal::SamePerson);
    }
    state.may(by, &request.missing)?;
    let held = |role: &&Role| state.may(by, &[**role]).is_ok();
    let role = request.missing.iter().find(held).copied().ok_or(Refusal::RoleMissing)?;
    let missing = u32::try_from(request.missing.len() - 1).unwrap_or(u32::MAX);
    Ok((role, missing))
}

/// Whether somebody may reject: whoever proposed, and whoever could have approved.
fn may_reject(state: &State, request_id: RequestId, by: &Principal) -> Result<(), Refusal> {
    let request = state.approvals.get(request_id).ok_or(Refusal::RequestUnknown)?;
    if request.proposed_by == *by && !by.is_empty() {
        return Ok(());
    }
    let given = request.given.iter().map(|given| given.role);
    let roles: Vec<Role> = request.missing.iter().copied().chain(given).collect();
    state.may(by, &roles)
}

fn open_request(state: &State, at: Timestamp, request_id: RequestId) -> Result<&Request, Refusal> {
    let request = state.approvals.get(request_id).ok_or(Refusal::RequestUnknown)?;
    if request.is_open(at) { Ok(request) } else { Err(Refusal::RequestExpired) }
}

/// The event that spends the approval a change rests on. It goes into the same entry as the change.
///
/// # Errors
///
/// Why the change may not be made.
pub(crate) fn use_of(
    state: &State,
    at: Timestamp,
    change: &Change,
    named: Option<RequestId>,
) -> Result<Event, Refusal> {
    let request_id = named.ok_or(Refusal::ApprovalNeeded)?;
    let request = open_request(state, at, request_id)?;
    if request.change.digest() != change.digest() {
        return Err(Refusal::ApprovedOtherwise);
    }
    if !request.is_approved(state) {
        return Err(Refusal::NotApproved);
    }
    Ok(used(request_id))
}

/// The approved request for exactly this change, where there is one: for changes that no person makes.
pub(crate) fn found_for(state: &State, at: Timestamp, change: &Change) -> Option<RequestId> {
    let approved = |(_, request): &(RequestId, &Request)| {
        request.is_open(at) && request.change == *change && request.is_approved(state)
    };
    state.approvals.iter().find(approved).map(|(request_id, _)| request_id)
}

/// The event that a request is spent.
pub(crate) fn used(request_id: RequestId) -> Event {
    Event::Approval(Box::new(ApprovalEvent::Used { request_id }))
}
