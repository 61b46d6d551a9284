//! `fillwright explain`: why an order exists, or does not, from the journal.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{self, Output, Report};
use crate::reading::JournalReader;
use crate::refusals::{self, RefusedLine};
use crate::story::find::{self, Found};
use crate::story::{self};
use anyhow::Result;
use clap::Args;
use fillwright_engine::Home;
use serde::Serialize;
use serde_json::json;

/// Tell the whole story of an intent, an order or a fill, from the journal.
///
/// Who wanted it and where it was read, the market it was decided by, what each gate compared and
/// said, the plan, the order, what came back, how it ended, and the entries that prove it.
#[derive(Debug, Args)]
#[command(after_help = "\
ID is one of:
  up-01-add-btc            an intent, or the first letters of its id (six or more)
  6f0c…-…                  an order or an execution, by its UUID
  fw6f0c…                  an order, by its name at the venue
  …/0                      a report, by the venue's name for it
  50-malformed.ndjson:2    a line that was read or refused, by its file and number

Examples:
  fillwright explain up-01-add-btc --home fillwright-demo
  fillwright explain 50-malformed.ndjson:2 --home fillwright-demo
  fillwright explain up-01-add-btc --json | jq .gates

Exit codes: as `fillwright --help` lists them; 1 where nothing of that name is found.")]
pub(crate) struct Explain {
    /// What to explain.
    #[arg(allow_hyphen_values = true)]
    id: String,
}

impl Explain {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (home, output) = (common.home()?, common.output());
        if let Some(refused) = refused_at(&home, &self.id)? {
            output.report(&refused)?;
            return Ok(Exit::Done);
        }
        let reader = JournalReader::of(&home)?;
        match find::find(&home, &reader, &self.id)? {
            Found::Intent(intent_id) => {
                let seqs = find::entries_of(&home, &reader, &intent_id)?;
                match story::gather(&reader, &seqs)? {
                    Some(story) => output.report(&story)?,
                    None => return nothing(&self.id, output),
                }
                Ok(Exit::Done)
            }
            Found::Several(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                several(&self.id, &ids, output)
            }
            Found::Nothing => nothing(&self.id, output),
        }
    }
}

/// A line that was refused, told.
#[derive(Debug, Serialize)]
struct Refused {
    refused: RefusedLine,
}

fn refused_at(home: &Home, id: &str) -> Result<Option<Refused>> {
    let Some((source, number)) = find::place_of(id) else { return Ok(None) };
    let mut lines = refusals::read_all(home)?.into_iter();
    let found = lines.find(|line| line.source == source && line.line == number);
    Ok(found.map(|refused| Refused { refused }))
}

impl Report for Refused {
    fn tell(&self) -> String {
        let line = &self.refused;
        let column = line.column.map(|column| format!(", character {column}")).unwrap_or_default();
        format!(
            "{}:{}: could not be read\n\n\
             What is wrong\n  {}\n  ({}{column})\n\n\
             What was done\n  nothing: it never became an intent, so the journal has no entry of it. The lines around it \
             went on.\n  First met at {}, kept in data/intake/refusals.ndjson.\n\n\
             What to do\n  correct it and send it again, in a new file or from its writer; what was taken already is \
             answered from memory.",
            line.source, line.line, line.message, line.code, line.at
        )
    }
}

fn nothing(id: &str, output: Output) -> Result<Exit> {
    output::note(format_args!(
        "nothing is called {id}: no intent, order, execution or report in the journal, no line that was refused. \
         `fillwright explain --help` says what can be asked for"
    ));
    if output.is_json() {
        output::line(&json!({ "found": null, "id": id }))?;
    }
    Ok(Exit::Found)
}

fn several(id: &str, ids: &[String], output: Output) -> Result<Exit> {
    output::note(format_args!(
        "several intents begin with {id}; say which:\n  {}",
        ids.join("\n  ")
    ));
    if output.is_json() {
        output::line(&json!({ "found": ids, "id": id }))?;
    }
    Ok(Exit::Found)
}
