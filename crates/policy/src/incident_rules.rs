//! `config/policies/incident_rules.json`: what is noticed, how much of it makes an incident, and of which kind.
//!
//! A rule counts hits of one signal in a window that moves in tenths of its length, place by place as its `by` says.
//! Rules are checked when they are compiled; counting them is the kernel's.

use fillwright_domain::{IncidentCategory, Severity, Text};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The detection rules in force.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct IncidentRules {
    /// An incident nobody has acknowledged for this long gets one severity worse, and again. Seconds; absent: never.
    #[n(0)]
    #[serde(default)]
    pub escalate_after_s: Option<u32>,
    /// A clock further off than this is a hit of `clock_offset`. Milliseconds.
    #[n(1)]
    #[serde(default)]
    pub clock_offset_max_ms: u32,
    /// Rules by name.
    #[n(2)]
    #[serde(deserialize_with = "crate::unique::map")]
    pub rules: BTreeMap<Text, DetectionRule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectionRule {
    /// What it counts.
    #[n(0)]
    pub signal: Signal,
    /// Where hits are counted together.
    #[n(1)]
    #[serde(default)]
    pub by: Grouping,
    /// Hits in the window that make an incident.
    #[n(2)]
    pub hits: u32,
    /// How long a hit counts. Seconds.
    #[n(3)]
    pub window_s: u32,
    /// Where given, the hits must also be this share of everything they could have been. Percent; only of
    /// `order_rejected`, whose whole is every order released.
    #[n(4)]
    #[serde(default)]
    pub percent_min: Option<u32>,
    /// The kind of incident.
    #[n(5)]
    pub category: IncidentCategory,
    /// How bad it is at first.
    #[n(6)]
    pub severity: Severity,
    /// Whether new risk in its scope waits until it is closed.
    #[n(7)]
    #[serde(default)]
    pub blocks: bool,
    /// What it means, in plain words.
    #[n(8)]
    pub description: Text,
    /// How long nothing new is let through in its scope once it makes an incident. Seconds; absent: nothing is held back.
    #[n(9)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_s: Option<u32>,
}

/// What a rule can count.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// A venue refused an order.
    #[n(0)]
    OrderRejected,
    /// A gate denied an intent.
    #[n(1)]
    IntentDenied,
    /// A limit of the envelope denied an intent.
    #[n(2)]
    RiskBreach,
    /// An intent was denied because a quote or mark was missing or too old.
    #[n(3)]
    StaleData,
    /// A report would have filled more than was ordered.
    #[n(4)]
    Overfill,
    /// A report contradicted what is known of its order.
    #[n(5)]
    ImpossibleReport,
    /// A venue could not say what became of an order.
    #[n(6)]
    OrderStranded,
    /// A part of the system works badly or not at all.
    #[n(7)]
    ComponentUnhealthy,
    /// A data feed works badly or not at all.
    #[n(8)]
    DataFeedUnhealthy,
    /// The way to a broker works badly or not at all.
    #[n(9)]
    BrokerUnhealthy,
    /// A clock is off by more than is allowed.
    #[n(10)]
    ClockOffset,
}

/// Where hits are counted together, and so what an incident concerns. What is not known by name counts globally.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// All of it.
    #[default]
    #[n(0)]
    Global,
    /// By strategy.
    #[n(1)]
    Strategy,
    /// By venue.
    #[n(2)]
    Venue,
    /// By instrument.
    #[n(3)]
    Instrument,
}

impl IncidentRules {
    /// The rules that count a signal, by name.
    pub fn counting(&self, signal: Signal) -> impl Iterator<Item = (&Text, &DetectionRule)> {
        self.rules.iter().filter(move |(_, rule)| rule.signal == signal)
    }

    /// What makes no sense: the place, and what would be right.
    pub fn problems(&self) -> impl Iterator<Item = (String, &'static str)> {
        let escalation = ("escalate_after_s".to_owned(), "must be above zero, or absent");
        let of_rules = self.rules.iter().filter_map(|(name, rule)| {
            let (field, problem) = rule.problem()?;
            Some((format!("rules: {name}: {field}"), problem))
        });
        (self.escalate_after_s == Some(0)).then_some(escalation).into_iter().chain(of_rules)
    }
}

impl DetectionRule {
    fn problem(&self) -> Option<(&'static str, &'static str)> {
        const WINDOW_MAX_S: u32 = 7 * 86_400;
        if self.hits == 0 {
            return Some(("hits", "must be above zero"));
        }
        if !(1..=WINDOW_MAX_S).contains(&self.window_s) {
            return Some(("window_s", "must be one second to seven days"));
        }
        if self.cooldown_s.is_some_and(|lasts_s| !(1..=WINDOW_MAX_S).contains(&lasts_s)) {
            return Some(("cooldown_s", "must be one second to seven days, or absent"));
        }
        match self.percent_min {
            None => None,
            Some(1..=100) if self.signal == Signal::OrderRejected => None,
            Some(1..=100) => Some(("percent_min", "makes sense of order_rejected only")),
            Some(_) => Some(("percent_min", "must be 1 to 100")),
        }
    }
}

impl IncidentRules {
    /// What holds where a home states no rules of its own: whatever a person must look at is an incident at its first
    /// hit, and gets worse if nobody looks.
    pub fn standard() -> Self {
        let rule = |signal, category, severity, blocks, description| DetectionRule {
            signal,
            by: Grouping::Global,
            hits: 1,
            window_s: 3_600,
            percent_min: None,
            category,
            severity,
            blocks,
            description: Text::new(description),
            cooldown_s: None,
        };
        let (execution, infrastructure) =
            (IncidentCategory::Execution, IncidentCategory::Infrastructure);
        let rules = [
            (
                "overfill",
                rule(
                    Signal::Overfill,
                    execution,
                    Severity::Critical,
                    true,
                    "a venue reported more than was ordered",
                ),
            ),
            (
                "impossible_report",
                rule(
                    Signal::ImpossibleReport,
                    execution,
                    Severity::High,
                    false,
                    "a venue contradicted what is known of an order",
                ),
            ),
            (
                "stranded_order",
                rule(
                    Signal::OrderStranded,
                    execution,
                    Severity::High,
                    false,
                    "a venue cannot say what became of an order",
                ),
            ),
            (
                "broker_unhealthy",
                rule(
                    Signal::BrokerUnhealthy,
                    infrastructure,
                    Severity::High,
                    false,
                    "the way to a broker works badly or not at all",
                ),
            ),
        ];
        Self {
            escalate_after_s: Some(900),
            clock_offset_max_ms: 500,
            rules: rules.into_iter().map(|(name, rule)| (Text::new(name), rule)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn altered(change: impl FnOnce(&mut DetectionRule)) -> Option<(String, &'static str)> {
        let mut rules = IncidentRules::standard();
        rules.rules.values_mut().next().map(change);
        rules.problems().next()
    }

    #[test]
    fn the_standard_rules_make_sense() {
        assert_eq!(IncidentRules::standard().problems().next(), None);
    }

    #[test]
    fn a_rule_that_makes_no_sense_is_named_with_its_field() {
        let told = [
            altered(|rule| rule.hits = 0),
            altered(|rule| rule.window_s = 0),
            altered(|rule| rule.window_s = 604_801),
            altered(|rule| rule.cooldown_s = Some(0)),
            altered(|rule| rule.cooldown_s = Some(604_801)),
            altered(|rule| rule.cooldown_s = Some(604_800)),
            altered(|rule| rule.percent_min = Some(50)),
            altered(|rule| (rule.signal, rule.percent_min) = (Signal::OrderRejected, Some(101))),
            altered(|rule| (rule.signal, rule.percent_min) = (Signal::OrderRejected, Some(100))),
        ];
        let places: Vec<_> =
            told.iter().map(|told| told.as_ref().map(|(place, _)| place.as_str())).collect();
        assert_eq!(
            places,
            [
                Some("rules: broker_unhealthy: hits"),
                Some("rules: broker_unhealthy: window_s"),
                Some("rules: broker_unhealthy: window_s"),
                Some("rules: broker_unhealthy: cooldown_s"),
                Some("rules: broker_unhealthy: cooldown_s"),
                None,
                Some("rules: broker_unhealthy: percent_min"),
                Some("rules: broker_unhealthy: percent_min"),
                None,
            ]
        );
    }
}
