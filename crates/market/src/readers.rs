//! One recorded format per file. Each reader yields the same events, refuses the lines that make no sense with their
//! place, and goes on.

pub mod binance_archive;
pub mod capture;
pub mod databento;
pub mod lean;
mod line_source;
pub mod table;

use crate::file::FileReader;
use crate::source::{MarketError, Source};
use flate2::read::MultiGzDecoder;
use std::io::{BufReader, Read};
use std::path::Path;

/// The bytes of a file, unpacked where its name says that it is packed with gzip.
pub fn unpacked<R: Read + 'static>(path: &Path, from: R) -> Box<dyn Read> {
    let from = BufReader::with_capacity(1 << 16, from);
    let is_packed = path.extension().is_some_and(|ending| ending == "gz");
    if is_packed { Box::new(MultiGzDecoder::new(from)) } else { Box::new(from) }
}

/// What a file's own name does not say.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The market of a LEAN archive that lies outside its folders, as `equity/usa`.
    pub lean_market: Option<String>,
    /// Which column of a table is what.
    pub mapping: Option<table::Mapping>,
    /// Whether a file of Binance's archive that lies outside its folders is of a perpetual.
    pub is_perpetual: bool,
}

/// Opens a recording by what its name says it is.
///
/// # Errors
///
/// `MarketError` where the name says nothing, or the file is not what it says.
pub fn open(path: &Path, hints: &Hints) -> Result<Box<dyn Source>, MarketError> {
    if let Some(mapping) = &hints.mapping {
        return table::open(path, mapping.clone());
    }
    if lean::is_named_so(path) {
        return lean::open(path, hints.lean_market.as_deref());
    }
    if binance_archive::is_named_so(path) {
        return binance_archive::open(path, hints.is_perpetual);
    }
    if path.extension().is_some_and(|ending| ending == "fwm") {
        return Ok(Box::new(FileReader::open(path)?));
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if [".dbn", ".dbn.zst"].iter().any(|ending| name.ends_with(ending)) {
        return databento::open(path);
    }
    let is_table = [".csv", ".csv.gz", ".parquet"].iter().any(|ending| name.ends_with(ending));
    if is_table {
        return Err(MarketError::unreadable(path, "a table needs a mapping of its columns"));
    }
    if [".gz", ".ndjson"].iter().any(|ending| name.ends_with(ending)) {
        return capture::open(path);
    }
    Err(MarketError::unreadable(path, "its name does not say what it holds"))
}
