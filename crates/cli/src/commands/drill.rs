//! `fillwright drill`: restores a copy of the journal and holds it against the original.

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::progress;
use crate::reading::JournalReader;
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_engine::drill::{self, DrillError, Drilled};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Restore a copy of the journal, verify it, open it, and hold its state against the original's.
///
/// The copy is what a backup or a standby would have: segments, checkpoints and snapshots. It is
/// verified from its first entry with every step decided again, then opened for writing. A run may
/// be at work meanwhile; nothing of it is touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright drill --home fillwright-demo
  fillwright drill --home /srv/book --into /mnt/standby/journal --within 30 --json

Exit codes: as `fillwright --help` lists them; 1 where the copy comes to another state, or where
restoring took longer than --within.")]
pub(crate) struct Drill {
    /// Restore into this folder, which must be empty, and leave the copy there.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// How many seconds copying and opening may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    within: u64,
}

/// What the drill found.
#[derive(Debug, Serialize)]
struct Finding {
    ok: bool,
    entries: u64,
    bytes: u64,
    head: String,
    original_state: String,
    replayed_state: String,
    opened_state: String,
    decided_otherwise: usize,
    copying_s: f64,
    verifying_s: f64,
    opening_s: f64,
    /// Copying and opening: how long until a standby could have taken an input.
    restore_s: f64,
    within_s: u64,
    /// Where the copy is, where it was kept.
    kept_in: Option<String>,
}

impl Drill {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let home = common.home()?;
        let reader = JournalReader::of(&home)?;
        let scratch = home.path(&format!("data/drill-{}", std::process::id()));
        let into = self.into.clone().unwrap_or_else(|| scratch.clone());
        let bar = progress::counting("verifying the copy, at entry");
        let drilled =
            drill::restore(&home.journal(), &reader.options, &into, |seq| bar.set_position(seq));
        bar.finish_and_clear();
        if self.into.is_none() && scratch.is_dir() {
            std::fs::remove_dir_all(&scratch)?;
        }
        let finding = self.finding(&drilled.map_err(|error| match error {
            DrillError::NotEmpty => Stop::usage(error.to_string()).into(),
            error => anyhow::Error::from(error),
        })?);
        common.output().report(&finding)?;
        Ok(if finding.ok { Exit::Done } else { Exit::Found })
    }

    fn finding(&self, drilled: &Drilled) -> Finding {
        let restore = drilled.restore_time();
        Finding {
            ok: drilled.is_restored() && restore <= Duration::from_secs(self.within),
            entries: drilled.last_seq,
            bytes: drilled.bytes,
            head: words::hash(&drilled.opened.head),
            original_state: words::hash(&drilled.original.state),
            replayed_state: words::hash(&drilled.replayed.state),
            opened_state: words::hash(&drilled.opened.state),
            decided_otherwise: drilled.decided_otherwise,
            copying_s: drilled.copying.as_secs_f64(),
            verifying_s: drilled.verifying.as_secs_f64(),
            opening_s: drilled.opening.as_secs_f64(),
            restore_s: restore.as_secs_f64(),
            within_s: self.within,
            kept_in: self.into.as_ref().map(|into| into.display().to_string()),
        }
    }
}

impl Finding {
    fn verdict(&self) -> &'static str {
        let same = self.original_state == self.replayed_state
            && self.original_state == self.opened_state
            && self.decided_otherwise == 0;
        match (self.ok, same) {
            (true, _) => "the copy is as good as the original",
            (false, true) => "the copy is as good as the original, but restoring it took too long",
            (false, false) => "the copy does NOT come to the original's state; do not rely on it",
        }
    }
}

impl Report for Finding {
    fn tell(&self) -> String {
        let seconds = |value: f64| format!("{value:.3} s");
        let mut rows = table(&["", ""]);
        rows.add_row(["entries", &self.entries.to_string()]);
        rows.add_row(["copied", &format!("{} bytes in {}", self.bytes, seconds(self.copying_s))]);
        rows.add_row(["verified and decided again in", &seconds(self.verifying_s)]);
        rows.add_row(["opened in", &seconds(self.opening_s)]);
        let restored = format!("{}; {} s allowed", seconds(self.restore_s), self.within_s);
        rows.add_row(["copied and opened in", &restored]);
        rows.add_row(["state of the original", &self.original_state]);
        rows.add_row(["state of the copy, replayed", &self.replayed_state]);
        rows.add_row(["state of the copy, opened", &self.opened_state]);
        let kept = self.kept_in.as_ref().map_or(String::new(), |into| format!("\nkept in {into}"));
        format!("{}\n\n{rows}{kept}", self.verdict())
    }
}
