//! Lines that could not be read, kept in `data/intake/refusals.ndjson` so that none is lost.

use crate::words;
use anyhow::{Context, Result};
use fillwright_domain::Timestamp;
use fillwright_engine::Home;
use fillwright_intake::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::PathBuf;

const BELOW_HOME: &str = "data/intake/refusals.ndjson";

/// A line that was refused, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct RefusedLine {
    /// The file's name; `-` for standard input.
    pub(crate) source: String,
    /// The line, counted from 1.
    pub(crate) line: u64,
    pub(crate) column: Option<u32>,
    pub(crate) field: Option<String>,
    /// A stable code.
    pub(crate) code: String,
    /// The sentence for a person, with its place.
    pub(crate) message: String,
    /// Logical time at which it was first met.
    pub(crate) at: String,
}

impl RefusedLine {
    pub(crate) fn of(refusal: &Refusal, at: Timestamp) -> Self {
        Self {
            source: refusal.source.to_string(),
            line: refusal.line,
            column: refusal.column,
            field: refusal.field.clone(),
            code: refusal.kind.code().to_owned(),
            message: refusal.to_string(),
            at: words::at(at),
        }
    }
}

/// The kept lines of a home. The same refusal is kept once, however often its file is read.
pub(crate) struct RefusalLog {
    path: PathBuf,
    known: BTreeSet<String>,
    file: Option<File>,
}

impl RefusalLog {
    pub(crate) fn open(home: &Home) -> Result<Self> {
        let known = read_all(home)?.into_iter().map(|line| line.message).collect();
        Ok(Self { path: home.path(BELOW_HOME), known, file: None })
    }

    /// Keeps the lines that are new, and makes that durable.
    pub(crate) fn keep(&mut self, lines: &[RefusedLine]) -> Result<()> {
        let mut text = Vec::new();
        for line in lines {
            if self.known.insert(line.message.clone()) {
                serde_json::to_writer(&mut text, line)?;
                text.push(b'\n');
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        self.append(&text).with_context(|| {
            format!("refused lines could not be kept in {}; check the disk", self.path.display())
        })
    }

    fn append(&mut self, text: &[u8]) -> std::io::Result<()> {
        if self.file.is_none() {
            self.path.parent().map_or(Ok(()), fs::create_dir_all)?;
            let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(text).and_then(|()| file.sync_data()),
            None => Ok(()),
        }
    }
}

/// Every line kept so far. A last one that a crash cut short is passed over; it is kept again when its file is read.
pub(crate) fn read_all(home: &Home) -> Result<Vec<RefusedLine>> {
    let path = home.path(BELOW_HOME);
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    let mut lines = Vec::new();
    // A device or pipe in its place can be written to, and holds nothing to read back.
    if !file.metadata().is_ok_and(|looked| looked.is_file()) {
        return Ok(lines);
    }
    for line in BufReader::new(file).split(b'\n') {
        let line = line.with_context(|| format!("{} cannot be read", path.display()))?;
        lines.extend(serde_json::from_slice::<RefusedLine>(&line));
    }
    Ok(lines)
}
