//! The registry of audited runs: `data/registry/audited_runs.json`.

use std::collections::BTreeSet;

use fillwright_domain::{RunId, Text};

use crate::document::Document;
use crate::fields::Fields;
use crate::hash::is_sha256_hex;
use crate::json::Node;
use crate::refusal::{Excerpt, Fault, Refusal, RefusalKind};

/// A research run that was audited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditedRun {
    /// The run, as `Source_Run` names it.
    pub run_id: RunId,
    /// SHA-256 of its manifest: 64 lower-case hexadecimal digits.
    pub manifest_hash: Text,
}

/// Reads `{"runs": [{"run_id": "…", "manifest_hash": "…"}]}`, and nothing else.
///
/// # Errors
///
/// A refusal of the whole file, `Unfinished` where it ended too early: half a registry would deny at random.
pub fn read_registry(source: &str, bytes: &[u8]) -> Result<Vec<AuditedRun>, Refusal> {
    let document = Document::of(source, bytes)?;
    let root = document.parse()?;
    let runs = Fields::of(&root).and_then(|fields| fields.only(&["runs"])?.required("runs", runs));
    runs.map_err(|fault| document.refusal(fault))
}

fn runs(node: &Node) -> Result<Vec<AuditedRun>, Fault> {
    let mut names = BTreeSet::new();
    let read = |(position, node): (usize, &Node)| {
        let in_row = |fault: Fault| fault.inside_element(position);
        let fields = Fields::of(node).and_then(|fields| fields.only(&["run_id", "manifest_hash"]));
        let run = fields.and_then(|fields| run(&fields)).map_err(in_row)?;
        if names.insert(run.run_id.clone()) {
            return Ok(run);
        }
        let found = Excerpt::of(run.run_id.as_str());
        Err(in_row(node.fault(RefusalKind::RepeatedName { found }).inside("run_id")))
    };
    node.elements()?.iter().enumerate().map(read).collect()
}

/// The two fields of a run, wherever they stand.
pub(crate) fn run(fields: &Fields) -> Result<AuditedRun, Fault> {
    Ok(AuditedRun {
        run_id: fields.required("run_id", Node::name).map(RunId::new)?,
        manifest_hash: fields.required("manifest_hash", sha256).map(Text::new)?,
    })
}

pub(crate) fn sha256<'n>(node: &'n Node<'_>) -> Result<&'n str, Fault> {
    let expected = "a SHA-256 as 64 lower-case hexadecimal digits";
    let text = node.string(expected)?;
    if is_sha256_hex(text) { Ok(text) } else { Err(node.out_of_range(text, expected)) }
}
