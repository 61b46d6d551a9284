//! What a person calls the way an intent ended.
//!
//! | disposition | when |
//! |---|---|
//! | executed | something was filled, and no gate had cut the quantity |
//! | reduced | something was filled of a quantity that a gate had cut |
//! | denied | a gate refused it |
//! | skipped | there was nothing to do, Below Floor included |
//! | failed | it was sent and nothing came of it |
//!
//! Rounding to lot and tick, a limit price and the closing of a whole position are no cuts. A repeated intent has no
//! disposition of its own: it is answered with the first one's, and counted apart.

use fillwright_domain::{Constraint, Constraints, ExecutionResult, ResultStatus};
use serde::Serialize;

/// How an intent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Done, or done in part, as it was asked for.
    Executed,
    /// Done, or done in part, with a smaller quantity than was asked for.
    Reduced,
    /// Refused.
    Denied,
    /// Nothing to do.
    Skipped,
    /// Sent in vain.
    Failed,
}

impl Disposition {
    /// Every disposition.
    pub const ALL: [Self; 5] =
        [Self::Executed, Self::Reduced, Self::Denied, Self::Skipped, Self::Failed];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Executed => "executed",
            Self::Reduced => "reduced",
            Self::Denied => "denied",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    /// The disposition of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|disposition| disposition.as_str() == word)
    }

    /// How an intent ended, from its result, the constraints of its plan, and whether a gate denied it.
    pub fn of(result: &ExecutionResult, constraints: Constraints, denied: bool) -> Self {
        match result.status {
            ResultStatus::Success | ResultStatus::Partial if is_cut(constraints) => Self::Reduced,
            ResultStatus::Success | ResultStatus::Partial => Self::Executed,
            ResultStatus::Skipped if denied => Self::Denied,
            ResultStatus::Skipped => Self::Skipped,
            ResultStatus::Error => Self::Failed,
        }
    }
}

/// Whether a gate cut the quantity below what was asked for, beyond rounding.
pub(crate) fn is_cut(constraints: Constraints) -> bool {
    constraints.iter().any(|constraint| match constraint {
        Constraint::ReduceOnly
        | Constraint::OrderNotional
        | Constraint::LeverageCap
        | Constraint::AssetExposure
        | Constraint::OrderQuantity
        | Constraint::PositionLimit
        | Constraint::GrossExposure
        | Constraint::NetExposure
        | Constraint::SectorExposure
        | Constraint::ClusterExposure
        | Constraint::MaxQuantity => true,
        Constraint::InputTruncated
        | Constraint::LotRounding
        | Constraint::TickRounding
        | Constraint::MinNotional
        | Constraint::SafetyExit
        | Constraint::SlippageLimit
        | Constraint::FullExit
        | Constraint::DuplicateSuspected => false,
    })
}
