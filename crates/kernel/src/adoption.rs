//! Versions of the rules: proposed by one person, approved by another where they go far, in force at their time.
//!
//! One version at most waits. It names the version it replaces, so that of two proposals made at once the second is
//! refused: the journal's order decides.

use crate::event::Refusal;
use crate::{Event, State, rules};
use fillwright_domain::{Principal, Text, Timestamp};
use fillwright_policy::{Role, Rulebook, RulesHash};
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::VecDeque;

/// How many versions the state remembers. The journal remembers all.
const REMEMBERED: usize = 64;

/// What people ask about versions of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum PolicyInput {
    /// Put this version in force, at once or later.
    #[n(0)]
    Propose(#[n(0)] Proposal),
    /// Let the version that waits come into force.
    #[n(1)]
    Approve(#[n(0)] Word),
    /// Forget the version that waits.
    #[n(2)]
    Withdraw(#[n(0)] Word),
}

/// A version of the rules, and why it should be in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Proposal {
    /// The rules, whole.
    #[n(0)]
    pub rulebook: Box<Rulebook>,
    /// The version it replaces.
    #[n(1)]
    pub replaces: RulesHash,
    /// Who wrote it.
    #[n(2)]
    pub author: Principal,
    /// What supports it: reports, runs, tickets.
    #[n(3)]
    pub evidence: Vec<Text>,
    /// From when it holds; absent, as soon as it may.
    #[n(4)]
    pub effective_at: Option<Timestamp>,
    /// Who asks.
    #[n(5)]
    pub by: Principal,
    /// Why.
    #[n(6)]
    pub reason: Text,
}

/// One person's word on the version of this hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Word {
    /// The version.
    #[n(0)]
    pub hash: RulesHash,
    /// Who says it.
    #[n(1)]
    pub by: Principal,
    /// Why.
    #[n(2)]
    pub reason: Text,
}

/// What became of versions of the rules. A version that comes into force is also a `RulebookAdopted` in the same step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum PolicyEvent {
    /// A version waits.
    #[n(0)]
    Proposed {
        /// Its hash.
        #[n(0)]
        hash: RulesHash,
        /// The version.
        #[n(1)]
        proposal: Proposal,
        /// Whether a second person must approve it.
        #[n(2)]
        needs_approval: bool,
    },
    /// A second person approved the version that waits.
    #[n(1)]
    Approved(#[n(0)] Word),
    /// The version that waited was withdrawn.
    #[n(2)]
    Withdrawn(#[n(0)] Word),
    /// The version that waited came into force.
    #[n(3)]
    CameInForce {
        /// Its hash.
        #[n(0)]
        hash: RulesHash,
        /// Who approved it, where somebody had to.
        #[n(1)]
        approved_by: Option<Principal>,
    },
    /// The version that waited could not come into force at its time; it waits no longer.
    #[n(4)]
    Lapsed {
        /// Its hash.
        #[n(0)]
        hash: RulesHash,
        /// Why.
        #[n(1)]
        why: Refusal,
    },
}

impl PolicyEvent {
    /// What it is called in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "rulebook_proposed",
            Self::Approved(_) => "rulebook_approved",
            Self::Withdrawn(_) => "rulebook_withdrawn",
            Self::CameInForce { .. } => "rulebook_came_in_force",
            Self::Lapsed { .. } => "rulebook_lapsed",
        }
    }

    /// The version it speaks of.
    pub const fn hash(&self) -> RulesHash {
        match self {
            Self::Proposed { hash, .. }
            | Self::CameInForce { hash, .. }
            | Self::Lapsed { hash, .. } => *hash,
            Self::Approved(word) | Self::Withdrawn(word) => word.hash,
        }
    }

    /// Whose doing it is, where it is somebody's.
    pub const fn by(&self) -> Option<&Principal> {
        match self {
            Self::Proposed { proposal, .. } => Some(&proposal.by),
            Self::Approved(word) | Self::Withdrawn(word) => Some(&word.by),
            Self::CameInForce { approved_by, .. } => approved_by.as_ref(),
            Self::Lapsed { .. } => None,
        }
    }

    /// Why, where somebody said so.
    pub const fn reason(&self) -> Option<&Text> {
        match self {
            Self::Proposed { proposal, .. } => Some(&proposal.reason),
            Self::Approved(word) | Self::Withdrawn(word) => Some(&word.reason),
            Self::CameInForce { .. } | Self::Lapsed { .. } => None,
        }
    }
}

/// A version that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Version {
    /// Its hash.
    #[n(0)]
    pub hash: RulesHash,
    /// The entry that put it in force.
    #[n(1)]
    pub seq: u64,
    /// Who asked for it.
    #[n(2)]
    pub by: Principal,
}

/// The version that waits.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Pending {
    /// Its hash.
    #[n(0)]
    pub hash: RulesHash,
    /// The version.
    #[n(1)]
    pub proposal: Proposal,
    /// Whether a second person must approve it.
    #[n(2)]
    pub needs_approval: bool,
    /// Who did.
    #[n(3)]
    pub approved_by: Option<Principal>,
}

/// The versions of the rules: those that were in force, the last ones, and the one that waits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Versions {
    #[n(0)]
    were_in_force: VecDeque<Version>,
    #[n(1)]
    pending: Option<Box<Pending>>,
}

impl Versions {
    /// The version in force.
    pub fn in_force(&self) -> Option<&Version> {
        self.were_in_force.back()
    }

    /// Versions that were in force, the oldest first, the one in force last.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.were_in_force.iter()
    }

    /// The version that waits.
    pub fn pending(&self) -> Option<&Pending> {
        self.pending.as_deref()
    }

    /// Whether a version waits only for its time, and the time has come.
    pub(crate) fn is_due(&self, at: Timestamp) -> bool {
        self.pending().is_some_and(|pending| pending.is_due(at))
    }

    fn knows(&self, hash: RulesHash) -> bool {
        self.were_in_force.iter().any(|version| version.hash == hash)
    }

    /// Notes that a version came into force.
    pub(crate) fn note(&mut self, rulebook: &Rulebook, seq: u64, by: Principal) {
        if self.were_in_force.len() == REMEMBERED {
            self.were_in_force.pop_front();
        }
        self.were_in_force.push_back(Version { hash: rulebook.content_hash(), seq, by });
    }

    /// Forgets the version that waits.
    pub(crate) fn forget_pending(&mut self) {
        self.pending = None;
    }

    pub(crate) fn apply(&mut self, event: PolicyEvent) {
        match event {
            PolicyEvent::Proposed { hash, proposal, needs_approval } => {
                self.pending =
                    Some(Box::new(Pending { hash, proposal, needs_approval, approved_by: None }));
            }
            PolicyEvent::Approved(word) => {
                if let Some(pending) = &mut self.pending {
                    pending.approved_by = Some(word.by);
                }
            }
            PolicyEvent::Withdrawn(_)
            | PolicyEvent::CameInForce { .. }
            | PolicyEvent::Lapsed { .. } => self.forget_pending(),
        }
    }
}

impl Pending {
    fn is_due(&self, at: Timestamp) -> bool {
        (self.approved_by.is_some() || !self.needs_approval)
            && self.proposal.effective_at.is_none_or(|effective_at| effective_at <= at)
    }

    /// Why it cannot come into force: the rules do not fit any more, or who approved it may not approve any more.
    fn obstacle(&self, state: &State) -> Option<Refusal> {
        let approver = self.approved_by.as_ref();
        let may = approver.map_or(Ok(()), |by| state.may(by, &[Role::Approver]));
        may.err().or_else(|| unusable(state, &self.proposal.rulebook, self.hash))
    }

    /// What happens when it comes into force, or why it cannot any more.
    fn come_in_force(&self, state: &State) -> Vec<Event> {
        let hash = self.hash;
        if let Some(why) = self.obstacle(state) {
            return vec![Event::Policy(PolicyEvent::Lapsed { hash, why })];
        }
        vec![
            Event::Policy(PolicyEvent::CameInForce { hash, approved_by: self.approved_by.clone() }),
            Event::RulebookAdopted {
                rulebook: self.proposal.rulebook.clone(),
                by: self.proposal.by.clone(),
                reason: self.proposal.reason.clone(),
            },
        ]
    }
}

/// Decides on what somebody asks about versions.
pub(crate) fn decide(state: &State, at: Timestamp, asked: &PolicyInput) -> Vec<Event> {
    match asked {
        PolicyInput::Propose(proposal) => propose(state, at, proposal),
        PolicyInput::Approve(word) => approve(state, at, word),
        PolicyInput::Withdraw(word) => withdraw(state, word),
    }
}

/// What falls due: the version that waited comes into force, or lapses.
pub(crate) fn fall_due(state: &State, at: Timestamp) -> Vec<Event> {
    let pending = state.versions.pending().filter(|pending| pending.is_due(at));
    pending.map(|pending| pending.come_in_force(state)).unwrap_or_default()
}

/// Why nobody may put this version in force now, whoever asks and however far it goes.
pub(crate) fn unusable(state: &State, rulebook: &Rulebook, hash: RulesHash) -> Option<Refusal> {
    if state.versions.in_force().is_some_and(|version| version.hash == hash) {
        Some(Refusal::NothingNew)
    } else if state.versions.knows(hash) && !state.control.is_halted() {
        Some(Refusal::RollbackWhileRunning)
    } else {
        rules::misfit(state, rulebook)
    }
}

fn propose(state: &State, at: Timestamp, proposal: &Proposal) -> Vec<Event> {
    let hash = proposal.rulebook.content_hash();
    let (rulebook, by) = (&proposal.rulebook, &proposal.by);
    if let Err(why) = state.may_adopt(by) {
        return rules::refuse(why, by);
    }
    if proposal.author.is_empty() {
        return rules::refuse(Refusal::Anonymous, by);
    }
    let Some((in_force, version)) = state.rulebook.as_ref().zip(state.versions.in_force()) else {
        return rules::refuse(Refusal::NotTheVersionInForce, by);
    };
    if let Some(why) = unusable(state, rulebook, hash) {
        return rules::refuse(why, by);
    }
    if proposal.replaces != version.hash {
        return rules::refuse(Refusal::NotTheVersionInForce, by);
    }
    if state.versions.pending().is_some() {
        return rules::refuse(Refusal::AnotherVersionWaits, by);
    }
    let pending = Pending {
        hash,
        proposal: proposal.clone(),
        needs_approval: !in_force.beyond_bounds(rulebook).is_empty(),
        approved_by: None,
    };
    let mut events = vec![Event::Policy(PolicyEvent::Proposed {
        hash,
        proposal: proposal.clone(),
        needs_approval: pending.needs_approval,
    })];
    if pending.is_due(at) {
        events.extend(pending.come_in_force(state));
    }
    events
}

fn approve(state: &State, at: Timestamp, word: &Word) -> Vec<Event> {
    if let Err(why) = state.may(&word.by, &[Role::Approver]) {
        return rules::refuse(why, &word.by);
    }
    let Some(pending) = state.versions.pending().filter(|pending| pending.hash == word.hash) else {
        return rules::refuse(Refusal::NoSuchVersionWaits, &word.by);
    };
    if !pending.needs_approval || pending.approved_by.is_some() {
        return rules::refuse(Refusal::NothingNew, &word.by);
    }
    if word.by == pending.proposal.by || word.by == pending.proposal.author {
        return rules::refuse(Refusal::SelfApproval, &word.by);
    }
    if let Some(why) = unusable(state, &pending.proposal.rulebook, pending.hash) {
        return rules::refuse(why, &word.by);
    }
    let approved = Pending { approved_by: Some(word.by.clone()), ..pending.clone() };
    let mut events = vec![Event::Policy(PolicyEvent::Approved(word.clone()))];
    if approved.is_due(at) {
        events.extend(approved.come_in_force(state));
    }
    events
}

fn withdraw(state: &State, word: &Word) -> Vec<Event> {
    if let Err(why) = state.may(&word.by, &[Role::Risk, Role::Approver]) {
        return rules::refuse(why, &word.by);
    }
    if state.versions.pending().is_none_or(|pending| pending.hash != word.hash) {
        return rules::refuse(Refusal::NoSuchVersionWaits, &word.by);
    }
    vec![Event::Policy(PolicyEvent::Withdrawn(word.clone()))]
}
