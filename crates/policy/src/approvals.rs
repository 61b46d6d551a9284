//! What it takes to have a change approved: who may propose it, whose word it needs, and for how long the word counts.

use crate::Role;
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The kinds of change that take approval.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    Encode,
    Decode,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Start a live session.
    #[n(0)]
    StartSession,
    /// Let a suspended live session run again.
    #[n(1)]
    ResumeSession,
    /// Move a strategy to a lane with more capital.
    #[n(2)]
    Promote,
    /// Say that a model is fit for more than it was.
    #[n(3)]
    RaiseModel,
    /// Let one order through that a gate would refuse.
    #[n(4)]
    OverrideOrder,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::StartSession,
        Self::ResumeSession,
        Self::Promote,
        Self::RaiseModel,
        Self::OverrideOrder,
    ];

    /// Its name in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartSession => "start_session",
            Self::ResumeSession => "resume_session",
            Self::Promote => "promote",
            Self::RaiseModel => "raise_model",
            Self::OverrideOrder => "override_order",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What it takes to have one kind of change approved.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, Encode, Decode,
)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRule {
    /// Whoever proposes holds one of these.
    #[n(0)]
    pub propose: BTreeSet<Role>,
    /// One approval for each, every one by another person, none by who proposed.
    #[n(1)]
    pub approve: Vec<Role>,
    /// The longest a request may stay open, used or not. Seconds.
    #[n(2)]
    pub lifetime_max_s: u32,
    /// How many pieces of evidence a request names at least.
    #[n(3)]
    pub evidence_min: u32,
}

/// Rules by kind (`config/policies/approvals.json`). A kind without a rule cannot be approved at all.
pub type ApprovalRules = BTreeMap<ChangeKind, ApprovalRule>;

/// One rule for every kind: traders and risk propose, risk approves within a day; an override takes risk and an approver.
/// For rulebooks that are built by hand in tests and benches.
pub fn approval_rules() -> ApprovalRules {
    let rule = |kind| {
        let approve = match kind {
            ChangeKind::OverrideOrder => vec![Role::Risk, Role::Approver],
            _ => vec![Role::Risk],
        };
        let propose = BTreeSet::from([Role::Trader, Role::Risk]);
        (kind, ApprovalRule { propose, approve, lifetime_max_s: 86_400, evidence_min: 1 })
    };
    ChangeKind::ALL.into_iter().map(rule).collect()
}
