//! Who may ask for what: named people and the roles they hold.

use fillwright_domain::Principal;
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody is trusted with. Roles add up; none includes another.
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
    Encode,
    Decode,
    JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    #[n(0)]
    Viewer,
    /// Operates the desk: sends, stops, and asks for the end of a stop.
    #[n(1)]
    Trader,
    /// Answers for limits and for the end of a stop.
    #[n(2)]
    Risk,
    /// Approves what others propose.
    #[n(3)]
    Approver,
    /// Keeps people, runs and the system.
    #[n(4)]
    Admin,
    /// Looks at everything, asks for nothing.
    #[n(5)]
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Trader, Self::Risk, Self::Approver, Self::Admin, Self::Auditor];

    /// Who may ask for the end of a stop; one of the two who do must hold `Risk`.
    pub const ENDS_STOPS: [Self; 4] = [Self::Trader, Self::Risk, Self::Approver, Self::Admin];

    /// Its name in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Trader => "trader",
            Self::Risk => "risk",
            Self::Approver => "approver",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }
}

/// One person, or a service that acts under its own name.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What they are trusted with.
    #[n(0)]
    pub roles: BTreeSet<Role>,
    /// Whether they may ask for anything at all.
    #[n(1)]
    pub enabled: bool,
}

/// People by name. A name is compared byte for byte: an alias that does not stand here is nobody.
pub type People = BTreeMap<Principal, Person>;

/// People of the given names and roles, all enabled: for rulebooks that are built by hand in tests and benches.
pub fn people(known: &[(&str, &[Role])]) -> People {
    let person = |roles: &[Role]| Person { roles: roles.iter().copied().collect(), enabled: true };
    known.iter().map(|(name, roles)| (Principal::new(name), person(roles))).collect()
}
