//! One recorded format per file. Each reader yields the same events, refuses the lines that make no sense with their
//! place, and goes on.

pub mod lean;
mod line_source;

use crate::file::FileReader;
use crate::source::{MarketError, Source};
use std::path::Path;

/// What a file's own name does not say.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The market of a LEAN archive that lies outside its folders, as `equity/usa`.
    pub lean_market: Option<String>,
}

/// Opens a recording by what its name says it is.
///
/// # Errors
///
/// `MarketError` where the name says nothing, or the file is not what it says.
pub fn open(path: &Path, hints: &Hints) -> Result<Box<dyn Source>, MarketError> {
    if lean::is_named_so(path) {
        return lean::open(path, hints.lean_market.as_deref());
    }
    if path.extension().is_some_and(|ending| ending == "fwm") {
        return Ok(Box::new(FileReader::open(path)?));
    }
    Err(MarketError::unreadable(path, "its name does not say what it holds"))
}
