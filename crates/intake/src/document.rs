//! Files that are one JSON document, read whole within a limit.

use std::io::Read;

use fillwright_domain::Text;

use crate::json::{self, Node};
use crate::refusal::{Fault, IntakeError, Place, Refusal, RefusalKind, utf8};

/// The largest document read, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 64 << 20;

/// The most values in one document, so that a small file cannot become a large tree: about 100 MB at worst.
const VALUES_MAX: usize = 1_000_000;

/// Reads a document's bytes, and never more than [`DOCUMENT_BYTES_MAX`].
///
/// # Errors
///
/// `Refused` with `FileTooLarge`; `Read` where the bytes cannot be had.
pub fn read_document(source: &str, input: impl Read) -> Result<Vec<u8>, IntakeError> {
    let mut bytes = Vec::new();
    let read = input.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| IntakeError::Read { file: Text::new(source), line: 1, source: error })?;
    refuse_larger(&Text::new(source), &bytes)?;
    Ok(bytes)
}

fn refuse_larger(source: &Text, bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() <= DOCUMENT_BYTES_MAX {
        return Ok(());
    }
    let kind = RefusalKind::FileTooLarge { limit_bytes: DOCUMENT_BYTES_MAX };
    Err(Refusal { source: source.clone(), line: 1, column: None, field: None, kind })
}

/// A document's text, for turning faults into refusals.
pub(crate) struct Document<'a> {
    pub(crate) source: Text,
    text: &'a str,
}

impl<'a> Document<'a> {
    pub(crate) fn of(source: &str, bytes: &'a [u8]) -> Result<Self, Refusal> {
        let source = Text::new(source);
        refuse_larger(&source, bytes)?;
        let text = utf8(&source, 1, bytes)?;
        Ok(Self { source, text })
    }

    pub(crate) fn parse(&self) -> Result<Node<'a>, Refusal> {
        json::parse(self.text, VALUES_MAX).map_err(|fault| self.refusal(fault))
    }

    pub(crate) fn refusal(&self, fault: Fault) -> Refusal {
        fault.placed(&self.source, 1, self.text)
    }

    /// The refusals of many faults, which stand in the order of the text.
    pub(crate) fn refusals(&self, faults: impl Iterator<Item = Fault>) -> Vec<Refusal> {
        let mut place = Place::START;
        let refusal = |fault: Fault| {
            place.reach(fault.at, self.text);
            fault.at_place(&self.source, place)
        };
        faults.map(refusal).collect()
    }
}
