//! Documents that lie beside the rules and are no part of them: what is wrong with those.

use crate::compile::json;
use crate::safe_mode::SafeModesDocument;
use crate::{DocumentError, Rulebook};
use fillwright_domain::Scope;
use serde::de::DeserializeOwned;

/// Why a document cannot be read as what it should be.
pub fn unreadable<T: DeserializeOwned>(document: &(String, Vec<u8>)) -> Option<DocumentError> {
    json::<T>(document).err()
}

/// What is wrong with `config/policies/safe_modes.json`: that it cannot be read, or scopes of what the rules do not know. A
/// safe mode that holds back nothing is found out too late otherwise.
pub fn safe_modes(document: &(String, Vec<u8>), rules: &Rulebook) -> Vec<DocumentError> {
    let modes: SafeModesDocument = match json(document) {
        Ok(modes) => modes,
        Err(error) => return vec![error],
    };
    let scopes = modes.safe_modes.iter().flat_map(|(name, mode)| {
        mode.restraints.iter().enumerate().map(move |(n, one)| (name, n, &one.scope))
    });
    let unknown = scopes.filter(|(.., scope)| !is_known(rules, scope));
    unknown
        .map(|(name, n, scope)| {
            let place = format!("safe_modes: {name}: restraints: {n}: scope");
            DocumentError::unknown(&document.0, place, &scope.to_string())
        })
        .collect()
}

fn is_known(rules: &Rulebook, scope: &Scope) -> bool {
    match scope {
        // Sessions bring lanes of their own.
        Scope::Global | Scope::Environment | Scope::Lane(_) => true,
        Scope::Account(name) => rules.books.values().any(|book| book.account == *name),
        Scope::Strategy(name) => rules.strategies.contains_key(name),
        Scope::Venue(name) => rules.venues.contains_key(name),
        Scope::Instrument(name) => rules.instruments.contains_key(name),
    }
}
