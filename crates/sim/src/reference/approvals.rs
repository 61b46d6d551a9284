//! Requests for approval, read off the history each time.

use super::admin::may;
use super::facts::Facts;
use fillwright_domain::{Principal, RequestId, Scope, Text, Timestamp};
use fillwright_kernel::event::Refusal;
use fillwright_kernel::{ApprovalEvent, ApprovalInput, Change, Event};
use fillwright_policy::{ApprovalRule, Role};

/// A request and everybody who approved it.
pub(super) struct Asked<'a> {
    request_id: RequestId,
    change: &'a Change,
    proposer: &'a Principal,
    expires_at: Timestamp,
    needs: &'a [Role],
    approvers: Vec<(&'a Principal, Role)>,
}

impl Asked<'_> {
    /// The roles that nobody has stood for yet, in the order of the rule.
    fn lacking(&self) -> Vec<Role> {
        let mut lacking = self.needs.to_vec();
        for (_, role) in &self.approvers {
            let found = lacking.iter().position(|lacks| lacks == role);
            found.map(|found| lacking.remove(found));
        }
        lacking
    }

    fn is_granted(&self, facts: &Facts) -> bool {
        self.lacking().is_empty()
            && self.approvers.iter().all(|(by, role)| may(facts, by, &[*role]).is_none())
    }
}

/// Everything asked for that was neither made nor rejected, nor forgotten because it had expired when another was asked.
fn asked<'a>(facts: &Facts<'a>) -> Vec<Asked<'a>> {
    let mut all: Vec<Asked<'a>> = Vec::new();
    for event in facts.events() {
        let Event::Approval(event) = event else { continue };
        match &**event {
            ApprovalEvent::Requested {
                request_id,
                change,
                by,
                requested_at,
                expires_at,
                needs,
                ..
            } => {
                all.retain(|known| known.expires_at > *requested_at);
                all.push(Asked {
                    request_id: *request_id,
                    change,
                    proposer: by,
                    expires_at: *expires_at,
                    needs,
                    approvers: Vec::new(),
                });
            }
            ApprovalEvent::Approved { request_id, by, role, .. } => {
                let found = all.iter_mut().find(|known| known.request_id == *request_id);
                if let Some(found) = found {
                    found.approvers.push((by, *role));
                }
            }
            ApprovalEvent::Rejected { request_id, .. } | ApprovalEvent::Used { request_id } => {
                all.retain(|known| known.request_id != *request_id);
            }
        }
    }
    all.sort_by_key(|known| known.request_id);
    all
}

pub(super) fn decide(facts: &Facts, at: Timestamp, input: &ApprovalInput) -> Vec<Event> {
    match input {
        ApprovalInput::Request { change, scope, evidence, expires_at, by, reason } => {
            request(facts, at, (change, scope, evidence), *expires_at, (by, reason))
        }
        ApprovalInput::Approve { request_id, by, reason } => {
            approve(facts, at, *request_id, by, reason)
        }
        ApprovalInput::Reject { request_id, by, reason } => reject(facts, *request_id, by, reason),
    }
}

fn request(
    facts: &Facts,
    at: Timestamp,
    (change, scope, evidence): (&Change, &Scope, &[Text]),
    expires_at: Timestamp,
    (by, reason): (&Principal, &Text),
) -> Vec<Event> {
    let rule = facts.rulebook().and_then(|(_, rules)| rules.approvals.get(&change.kind()));
    let Some(rule) = rule.filter(|rule| !rule.approve.is_empty()) else {
        return refused(Refusal::RuleMissing, by);
    };
    if let Some(why) = unfit(facts, at, rule, (change, evidence), expires_at, by) {
        return refused(why, by);
    }
    let seq = facts.next_seq;
    vec![Event::Approval(Box::new(ApprovalEvent::Requested {
        request_id: RequestId::derive(change.digest(), seq),
        change: change.clone(),
        scope: scope.clone(),
        evidence: evidence.to_vec(),
        requested_at: at,
        expires_at,
        needs: rule.approve.clone(),
        by: by.clone(),
        reason: reason.clone(),
    }))]
}

fn unfit(
    facts: &Facts,
    at: Timestamp,
    rule: &ApprovalRule,
    (change, evidence): (&Change, &[Text]),
    expires_at: Timestamp,
    by: &Principal,
) -> Option<Refusal> {
    let proposers: Vec<Role> = rule.propose.iter().copied().collect();
    if let Some(why) = may(facts, by, &proposers) {
        return Some(why);
    }
    let too_few = (evidence.len() as u64) < u64::from(rule.evidence_min);
    if too_few || evidence.len() > 16 || evidence.iter().any(|piece| piece.as_str().is_empty()) {
        return Some(Refusal::EvidenceUnusable);
    }
    let ahead_ns = i128::from(expires_at.as_ns()) - i128::from(at.as_ns());
    if ahead_ns <= 0 || ahead_ns > i128::from(rule.lifetime_max_s) * 1_000_000_000 {
        return Some(Refusal::ExpiryUnusable);
    }
    let open: Vec<Asked> = asked(facts).into_iter().filter(|known| known.expires_at > at).collect();
    if open.iter().any(|known| known.change == change) {
        return Some(Refusal::AlreadyRequested);
    }
    (open.len() >= 256).then_some(Refusal::TooMany)
}

fn approve(
    facts: &Facts,
    at: Timestamp,
    request_id: RequestId,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    let all = asked(facts);
    let Some(found) = all.iter().find(|known| known.request_id == request_id) else {
        return refused(Refusal::RequestUnknown, by);
    };
    let lacking = found.lacking();
    let why = if found.expires_at <= at {
        Some(Refusal::RequestExpired)
    } else if lacking.is_empty() {
        Some(Refusal::AlreadyApproved)
    } else if found.proposer == by {
        Some(Refusal::OwnRequest)
    } else if found.approvers.iter().any(|(known, _)| *known == by) {
        Some(Refusal::SamePerson)
    } else {
        may(facts, by, &lacking)
    };
    if let Some(why) = why {
        return refused(why, by);
    }
    let role = lacking.iter().find(|role| may(facts, by, &[**role]).is_none());
    vec![Event::Approval(Box::new(ApprovalEvent::Approved {
        request_id,
        by: by.clone(),
        role: *role.expect("somebody who holds one of them holds one of them"),
        missing: u32::try_from(lacking.len() - 1).expect("a rule is short"),
        reason: reason.clone(),
    }))]
}

fn reject(facts: &Facts, request_id: RequestId, by: &Principal, reason: &Text) -> Vec<Event> {
    let all = asked(facts);
    let Some(found) = all.iter().find(|known| known.request_id == request_id) else {
        return refused(Refusal::RequestUnknown, by);
    };
    let is_own = found.proposer == by && !by.as_str().is_empty();
    match may(facts, by, found.needs).filter(|_| !is_own) {
        Some(why) => refused(why, by),
        None => vec![Event::Approval(Box::new(ApprovalEvent::Rejected {
            request_id,
            by: by.clone(),
            reason: reason.clone(),
        }))],
    }
}

/// The event that a change spends its approval, or why it may not be made.
pub(super) fn spend(
    facts: &Facts,
    at: Timestamp,
    change: &Change,
    named: Option<RequestId>,
) -> Result<Event, Refusal> {
    let Some(named) = named else { return Err(Refusal::ApprovalNeeded) };
    let all = asked(facts);
    let Some(found) = all.iter().find(|known| known.request_id == named) else {
        return Err(Refusal::RequestUnknown);
    };
    if found.expires_at <= at {
        Err(Refusal::RequestExpired)
    } else if found.change != change {
        Err(Refusal::ApprovedOtherwise)
    } else if found.is_granted(facts) {
        Ok(spent(named))
    } else {
        Err(Refusal::NotApproved)
    }
}

/// The request that was granted for a change that no person makes.
pub(super) fn granted(facts: &Facts, at: Timestamp, change: &Change) -> Option<RequestId> {
    let mut open = asked(facts).into_iter().filter(|known| known.expires_at > at);
    open.find(|known| known.change == change && known.is_granted(facts))
        .map(|known| known.request_id)
}

pub(super) fn spent(request_id: RequestId) -> Event {
    Event::Approval(Box::new(ApprovalEvent::Used { request_id }))
}

fn refused(why: Refusal, by: &Principal) -> Vec<Event> {
    vec![Event::InputRefused { why, by: Some(by.clone()) }]
}
