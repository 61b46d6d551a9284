//! What lies in the inbox.

use anyhow::Result;
use fillwright_engine::Home;
use std::path::PathBuf;

/// The files of the inbox, intents and drift orders alike, by name.
pub(crate) fn files(home: &Home) -> Result<Vec<PathBuf>> {
    let mut files = home.files("data/inbox", "ndjson")?;
    files.extend(home.files("data/inbox", "csv")?);
    files.sort();
    Ok(files)
}
