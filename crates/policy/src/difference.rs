//! What two versions of the rules say differently, value by value.

use crate::Rulebook;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where it stands in the rulebook, as a JSON pointer (RFC 6901): `/execution/quote_age_max_ms`.
    pub path: String,
    /// What it was; nothing where it is new.
    pub before: Option<String>,
    /// What it becomes; nothing where it goes.
    pub after: Option<String>,
}

/// Every value that differs, in the order of their paths. A list is one value.
///
/// # Panics
///
/// Never: a rulebook is a tree of maps with names for keys.
pub fn difference(before: &Rulebook, after: &Rulebook) -> Vec<Change> {
    let tree = |rules: &Rulebook| serde_json::to_value(rules).expect("a rulebook is a tree");
    let mut changes = Vec::new();
    compare("", Some(&tree(before)), Some(&tree(after)), &mut changes);
    changes
}

/// The value at a path, as a difference would tell it; nothing where there is none.
///
/// # Panics
///
/// Never, as [`difference`].
pub fn value_at(rules: &Rulebook, path: &str) -> Option<String> {
    let tree = serde_json::to_value(rules).expect("a rulebook is a tree");
    tree.pointer(path).filter(|value| !value.is_object()).and_then(told)
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let keys = |value: Option<&Value>| -> BTreeSet<String> {
        let map = value.and_then(Value::as_object);
        map.map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let names = keys(before).into_iter().chain(keys(after)).collect::<BTreeSet<_>>();
    for name in &names {
        let below = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        let of = |value: Option<&'_ Value>| value.and_then(|value| value.get(name)).cloned();
        compare(&below, of(before).as_ref(), of(after).as_ref(), changes);
    }
    let (before, after) = (before.and_then(told), after.and_then(told));
    if before != after {
        changes.push(Change { path: path.to_owned(), before, after });
    }
}

/// A value that is no map, in words; nothing for a map or where nothing is stated.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
