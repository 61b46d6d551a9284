//! `fillwright changes`: every input a person made, with who, why and what came of it.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{Report, table};
use crate::reading::{JournalReader, events_of, input_of};
use anyhow::Result;
use clap::Args;
use fillwright_domain::Timestamp;
use fillwright_projections::change_log::Change;
use serde::Serialize;
use std::ops::ControlFlow;

/// List the changes people made, those that were refused too.
///
/// Read from the journal; `data/registry/change_log.jsonl` holds the same lines.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright changes --home /srv/book
  fillwright changes --by ops-1 --json | jq '.changes[] | select(.outcome == \"refused\")'

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct Changes {
    /// Those of this person only.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Those behind this entry only.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: u64,
}

#[derive(Debug, Serialize)]
struct Listed {
    changes: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    /// The entry.
    seq: u64,
    #[serde(flatten)]
    change: Change,
}

impl Changes {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let mut changes = Vec::new();
        JournalReader::of(&common.home()?)?.each(self.after + 1, |entry| {
            let at = Timestamp::from_ns(entry.at);
            if let Some(change) = Change::of(at, &input_of(entry)?, &events_of(entry)?)
                && self.by.as_ref().is_none_or(|by| *by == change.by)
            {
                changes.push(Line { seq: entry.seq, change });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        common.output().report(&Listed { changes })?;
        Ok(Exit::Done)
    }
}

impl Report for Listed {
    fn tell(&self) -> String {
        if self.changes.is_empty() {
            return "nobody has changed anything".to_owned();
        }
        let mut table = table(&["entry", "at", "who", "what", "came of it", "why"]);
        for Line { seq, change } in &self.changes {
            let outcome = match &change.why {
                None => change.outcome.clone(),
                Some(why) => format!("{}: {why}", change.outcome),
            };
            table.add_row([
                seq.to_string(),
                change.ts.clone(),
                change.by.clone(),
                change.input.clone(),
                outcome,
                change.reason.clone().unwrap_or_default(),
            ]);
        }
        table.trim_fmt()
    }
}
