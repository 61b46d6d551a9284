//! Safe modes: restraints that belong together, written down before they are needed.

use crate::{KillEffect, RestraintKind};
use fillwright_domain::{Scope, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `config/policies/safe_modes.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafeModesDocument {
    /// Safe modes by name.
    #[serde(deserialize_with = "crate::unique::map")]
    pub safe_modes: BTreeMap<Text, SafeMode>,
}

/// One safe mode. It only holds back: there is nothing in it that could loosen anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafeMode {
    /// When it is meant for, in plain words.
    pub description: Text,
    /// What it imposes.
    pub restraints: Vec<Template>,
}

/// One restraint of a safe mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// In which way.
    pub kind: RestraintKind,
    /// Where.
    pub scope: Scope,
    /// What a kill switch does.
    #[serde(default)]
    pub effect: KillEffect,
}
