//! The audit ledger upstream, `audit.jsonl`: a chain of records, and the runs it vouches for.
//!
//! Each record carries the hash of the one before (`prev_hash`, 64 zeros first) and its own (`hash`): SHA-256 of the
//! record without `hash`, as Python's `json.dumps(record, sort_keys=True)` writes it. Numbers are hashed in the text
//! they were written in. A writer may also use `separators=(",", ":")`; either form proves the content.

use std::io::BufRead;

use fillwright_domain::Text;

use crate::fields::Fields;
use crate::hash::sha256_hex;
use crate::json::{Member, Node, Value};
use crate::lines::{Line, LineRecords, Position, ReadLine};
use crate::refusal::{Excerpt, Fault, IntakeError, Refusal, RefusalKind};
use crate::registry::{self, AuditedRun};

/// The `prev_hash` of the first record.
pub const FIRST_PREV_HASH: &str =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// Values in one record.
const VALUES_MAX: usize = 50_000;

/// What an unbroken ledger says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The runs of its genesis records, in order.
    pub runs: Vec<AuditedRun>,
    /// How many records it has.
    pub records: u64,
    /// The hash of its last record; the next one's `prev_hash`.
    pub head: Text,
}

/// Verifies the chain from the first record to the last.
///
/// # Errors
///
/// `Refused` with the first line where the chain breaks or that cannot be read (`Unfinished` where the last line is
/// cut off); `Read` where the bytes cannot be had.
pub fn verify(source: &str, input: impl BufRead) -> Result<Ledger, IntakeError> {
    let chain = Chain { head: Text::new(FIRST_PREV_HASH) };
    let mut records = LineRecords::start(source, input, chain, Position::default());
    let mut ledger = Ledger { runs: Vec::new(), records: 0, head: Text::new(FIRST_PREV_HASH) };
    for record in &mut records {
        let record = record?;
        ledger.records += 1;
        ledger.runs.extend(record.run);
        ledger.head = record.hash;
    }
    Ok(ledger)
}

/// Reads records that follow each other.
struct Chain {
    head: Text,
}

/// A record that follows the one before it.
struct Record {
    hash: Text,
    run: Option<AuditedRun>,
}

impl ReadLine for Chain {
    type Record = Record;

    fn read_line(&mut self, line: &Line<'_>) -> Result<Option<Record>, Refusal> {
        let record = line.json(VALUES_MAX, |node| self.record(node))?;
        self.head = record.hash.clone();
        Ok(Some(record))
    }
}

impl Chain {
    fn record(&self, node: &Node) -> Result<Record, Fault> {
        let fields = Fields::of(node)?;
        fields.required("prev_hash", |node| self.follows(node))?;
        let hash = fields.required("hash", |node| states_hash_of(node, fields.members()))?;
        let kind = fields.nullable("type", Node::text)?;
        let is_genesis = kind.is_some_and(|kind| kind.as_str() == "genesis");
        Ok(Record { hash, run: is_genesis.then(|| registry::run(&fields)).transpose()? })
    }

    fn follows(&self, node: &Node) -> Result<(), Fault> {
        let prev_hash = registry::sha256(node)?;
        if prev_hash == self.head.as_str() {
            return Ok(());
        }
        Err(node.fault(RefusalKind::ChainBroken { expected: Excerpt::whole(self.head.as_str()) }))
    }
}

/// The record's `hash`, if it is that of its content.
fn states_hash_of(node: &Node, members: &[Member]) -> Result<Text, Fault> {
    let stated = registry::sha256(node)?;
    let hashes =
        [&SPACED, &COMPACT].map(|style| sha256_hex(style.without_hash(members).as_bytes()));
    if hashes.iter().any(|hash| hash == stated) {
        return Ok(Text::new(stated));
    }
    Err(node.fault(RefusalKind::HashMismatch { expected: Excerpt::whole(&hashes[0]) }))
}

/// How Python's `json.dumps` separates what it writes.
struct Style {
    item: &'static str,
    key: &'static str,
}

const SPACED: Style = Style { item: ", ", key: ": " };
const COMPACT: Style = Style { item: ",", key: ":" };

impl Style {
    fn without_hash(&self, members: &[Member]) -> String {
        let mut out = String::new();
        self.write_object(&mut out, members.iter().filter(|member| member.key != "hash"));
        out
    }

    fn write(&self, out: &mut String, node: &Node) {
        match &node.value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(text) | Value::NotFinite(text) => out.push_str(text),
            Value::String(text) => write_string(out, text),
            Value::Array(nodes) => self.write_array(out, nodes),
            Value::Object(members) => self.write_object(out, members.iter()),
        }
    }

    fn write_array(&self, out: &mut String, nodes: &[Node]) {
        out.push('[');
        for (position, node) in nodes.iter().enumerate() {
            out.push_str(if position == 0 { "" } else { self.item });
            self.write(out, node);
        }
        out.push(']');
    }

    /// Fields in the order of their names' code points, which is that of their UTF-8.
    fn write_object<'m, 'a: 'm>(
        &self,
        out: &mut String,
        members: impl Iterator<Item = &'m Member<'a>>,
    ) {
        let mut members: Vec<&Member> = members.collect();
        members.sort_by(|a, b| a.key.cmp(&b.key));
        out.push('{');
        for (position, member) in members.into_iter().enumerate() {
            out.push_str(if position == 0 { "" } else { self.item });
            write_string(out, &member.key);
            out.push_str(self.key);
            self.write(out, &member.node);
        }
        out.push('}');
    }
}

/// A string as Python writes it: ASCII, the rest as `\uXXXX` in UTF-16.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => write_code_units(out, c),
        }
    }
    out.push('"');
}

fn write_code_units(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        for shift in [12, 8, 4, 0] {
            out.push(char::from_digit(u32::from(*unit >> shift & 15), 16).unwrap_or('0'));
        }
    }
}
