//! `registry/change_log.jsonl`: every input a person made, those that changed nothing too, with who, why and what came
//! of it.
//!
//! What a person asked is an input that says `by`. Its name is its path in the input's own JSON, so an input that is new
//! stands here without being named here. A part too long to read is replaced by its length and SHA-256.

use crate::error::ProjectionError;
use crate::line_file::{LineFile, Vouch, stamp};
use crate::text::rfc3339;
use crate::{Paths, ProjectedEntry, Projection};
use fillwright_domain::{Timestamp, hex};
use fillwright_kernel::{Event, Input};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const NAME: &str = "change_log";
/// A part whose JSON is longer is not written out.
const PART_BYTES_MAX: usize = 2_048;
/// Where an input says why, by the field's name.
const REASONS: [&str; 4] = ["reason", "root_cause", "text", "summary"];

/// One input of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, as RFC 3339 has it.
    pub ts: String,
    /// What was asked.
    pub input: String,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// `done` or `refused`.
    pub outcome: String,
    /// Why it was refused.
    pub why: Option<String>,
    /// What it asked for, in full but for parts too long to read.
    pub asked: Value,
    /// What happened, by the names of the events.
    pub events: Vec<String>,
}

impl Change {
    /// What a person asked with an input, and what came of it; nothing where no person did.
    pub fn of(at: Timestamp, input: &Input, events: &[Event]) -> Option<Self> {
        if is_of_machines(input) {
            return None;
        }
        let value = serde_json::to_value(input).ok()?;
        let (input, asked) = named(&value, String::new())?;
        let by = asked.get("by")?.as_str()?.to_owned();
        let reason = REASONS.iter().find_map(|field| asked.get(*field)?.as_str());
        let why = events.iter().find_map(|event| match event {
            Event::InputRefused { why, .. } => Some(why.to_string()),
            _ => None,
        });
        Some(Self {
            ts: rfc3339(at),
            input,
            by,
            reason: reason.map(ToOwned::to_owned),
            outcome: if why.is_some() { "refused" } else { "done" }.to_owned(),
            why,
            asked: Value::Object(
                asked.iter().map(|(name, part)| (name.clone(), shortened(part))).collect(),
            ),
            events: event_names(events),
        })
    }
}

/// Inputs that come in numbers and name nobody: a glance spares writing them out.
fn is_of_machines(input: &Input) -> bool {
    matches!(
        input,
        Input::SubmitIntent { .. } | Input::Mark { .. } | Input::Report(_) | Input::Resume
    )
}

/// The name of an input and its fields: the path down to the first object that says by whom.
fn named(value: &Value, path: String) -> Option<(String, &Map<String, Value>)> {
    let fields = value.as_object()?;
    if fields.contains_key("by") {
        return Some((path, fields));
    }
    let (name, inner) = fields.iter().next().filter(|_| fields.len() == 1)?;
    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
    named(inner, path)
}

fn shortened(part: &Value) -> Value {
    let text = part.to_string();
    if text.len() <= PART_BYTES_MAX {
        return part.clone();
    }
    json!({ "bytes": text.len(), "sha256": hex::write(&Sha256::digest(text.as_bytes())) })
}

/// Each name once, in the order in which they first came: a halt cancels thousands of orders.
fn event_names(events: &[Event]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in events.iter().map(event_name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn event_name(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    let word = |field: &str| value.get(field).and_then(Value::as_str).map(ToOwned::to_owned);
    let name = word("event").unwrap_or_default();
    // What happened to a session or a request stands under the event's own name.
    let what = word("change").or_else(|| word(&name));
    what.map_or(name.clone(), |what| format!("{name}.{what}"))
}

/// The change log of a home.
pub struct ChangeLog {
    file: LineFile,
    line: Vec<u8>,
}

impl ChangeLog {
    pub(crate) fn open(
        paths: &Paths,
        vouches: &BTreeMap<String, Vouch>,
    ) -> Result<Self, ProjectionError> {
        let file = LineFile::open(paths.change_log(), vouches.get(NAME).copied(), stamp)?;
        Ok(Self { file, line: Vec::with_capacity(1024) })
    }

    fn append(&mut self, entry: &ProjectedEntry, change: &Change) -> Result<(), ProjectionError> {
        let Some(n) = self.file.next(entry.seq) else { return Ok(()) };
        self.line.clear();
        serde_json::to_writer(&mut self.line, change).expect("a change is JSON");
        self.file.append_stamped(n, &self.line)
    }
}

impl Projection for ChangeLog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cursor(&self) -> u64 {
        self.file.cursor()
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        if let Some(change) = Change::of(entry.at, &entry.input, &entry.events) {
            self.append(entry, &change)?;
        }
        self.file.finish(entry.seq);
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        Ok(vec![(NAME, self.file.commit()?)])
    }
}
