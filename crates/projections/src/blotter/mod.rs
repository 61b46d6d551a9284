//! The blotter: intents, orders, fills, outcomes and positions in `SQLite`, for questions.
//!
//! One transaction a batch holds the rows and the cursor, so every entry is in it exactly once. Any SQL tool may read
//! beside us; [`BlotterReader`] is ours.

mod read;
mod rows;
mod write;

pub use read::{BlotterReader, IntentFilter};
pub use rows::{
    AdminRow, Counts, DuplicateRow, FillRow, IntentRow, OrderRow, OutcomeRow, PositionRow,
};

use crate::error::{self, ProjectionError};
use crate::facts::PositionPlace;
use crate::line_file::Vouch;
use crate::{Paths, ProjectedEntry, Projection, database};
use fillwright_domain::Qty;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The blotter, to write.
pub struct Blotter {
    path: PathBuf,
    database: Connection,
    cursor: u64,
    in_transaction: bool,
    /// Counts since the last commit.
    counts: BTreeMap<&'static str, i64>,
    /// Positions that changed since the last commit, and where.
    positions: BTreeMap<PositionPlace, (Qty, u64)>,
}

impl Blotter {
    pub(crate) fn open(paths: &Paths) -> Result<Self, ProjectionError> {
        let path = paths.blotter();
        let opened = Self::connect(path.clone());
        opened.map_err(error::database("open", &path, 0))
    }

    fn connect(path: PathBuf) -> rusqlite::Result<Self> {
        let database = database::open(&path)?;
        database.execute_batch(include_str!("schema.sql"))?;
        let cursor =
            database.query_row("SELECT seq FROM cursor", [], |row| row.get(0)).optional()?;
        Ok(Self {
            path,
            database,
            cursor: cursor.unwrap_or(0),
            in_transaction: false,
            counts: BTreeMap::new(),
            positions: BTreeMap::new(),
        })
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.in_transaction {
            self.database.execute_batch("BEGIN IMMEDIATE")?;
            self.in_transaction = true;
        }
        Ok(())
    }

    fn end(&mut self) -> rusqlite::Result<()> {
        if !self.in_transaction {
            return Ok(());
        }
        self.write_counts()?;
        self.write_positions()?;
        self.database
            .prepare_cached("INSERT OR REPLACE INTO cursor VALUES (1, ?1)")?
            .execute([self.cursor])?;
        self.database.execute_batch("COMMIT")?;
        self.in_transaction = false;
        Ok(())
    }
}

impl Projection for Blotter {
    fn name(&self) -> &'static str {
        "blotter"
    }

    fn cursor(&self) -> u64 {
        self.cursor
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        if entry.seq <= self.cursor {
            return Ok(());
        }
        let written = self.begin().and_then(|()| self.write(entry));
        written.map_err(error::database("write", &self.path, self.cursor))?;
        self.cursor = entry.seq;
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        let ended = self.end();
        ended.map_err(error::database("commit", &self.path, self.cursor))?;
        Ok(Vec::new())
    }
}
