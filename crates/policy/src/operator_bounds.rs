//! How far one person may move a value of the rules alone.

use crate::Rulebook;
use crate::difference::{Change, difference, value_at};
use fillwright_domain::{Decimal, Text};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `config/policies/operator_bounds.json`: the values one person may move alone, and how far. What stands in no bound
/// takes a second person.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct OperatorBounds {
    /// Bounds by the place of the value in the rulebook, a JSON pointer (RFC 6901), as `policy diff` tells it.
    #[n(0)]
    #[serde(deserialize_with = "crate::unique::map")]
    pub bounds: BTreeMap<Text, Bound>,
}

/// The range of one value. It does not move with the value, so many small steps lead no further than one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The least it may become.
    #[n(0)]
    pub least: Decimal,
    /// The most it may become.
    #[n(1)]
    pub most: Decimal,
}

impl Rulebook {
    /// What of a proposal goes further than one person may go alone, by the bounds in force: those of the proposal count
    /// for nothing. The name of the version says nothing. Without bounds one person may change everything outside live,
    /// and nothing in live or into it.
    pub fn beyond_bounds(&self, proposed: &Self) -> Vec<Change> {
        let is_live = [self, proposed].iter().any(|rules| rules.environment.as_str() == "live");
        if self.bounds.is_none() && !is_live {
            return Vec::new();
        }
        let mut changes = difference(self, proposed);
        changes.retain(|change| change.path != "/version" && !self.permits(change));
        changes
    }

    fn permits(&self, change: &Change) -> bool {
        let bound = self.bounds.as_ref().and_then(|bounds| bounds.bounds.get(change.path.as_str()));
        let after = change.after.as_ref().and_then(|after| after.parse::<Decimal>().ok());
        change.before.is_some()
            && bound
                .zip(after)
                .is_some_and(|(bound, after)| (bound.least..=bound.most).contains(&after))
    }
}

/// Bounds that are of no number of these rules, or of bounds or people: those would move the bounds themselves.
pub(crate) fn problems(rules: &Rulebook) -> impl Iterator<Item = (String, &'static str)> {
    let bounds = rules.bounds.iter().flat_map(|bounds| &bounds.bounds);
    bounds
        .filter_map(|(path, bound)| Some((path.to_string(), problem(rules, path.as_str(), bound)?)))
}

fn problem(rules: &Rulebook, path: &str, bound: &Bound) -> Option<&'static str> {
    let is_number = value_at(rules, path).is_some_and(|value| value.parse::<Decimal>().is_ok());
    if path.starts_with("/bounds/") || path.starts_with("/people/") {
        Some("must not be bounded: it decides who may change what")
    } else if !is_number {
        Some("is no number of the rules; `policy show --json` has their places")
    } else if bound.most < bound.least {
        Some("has a most below its least")
    } else {
        None
    }
}
