//! `fillwright policy schema`: what each document may say, for editors and other programs.

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output::{self, Report, table};
use anyhow::Result;
use clap::Args;
use fillwright_engine::LiveStubRules;
use fillwright_policy::schema::{DocumentSchema, documents};
use serde::Serialize;

/// Print the JSON Schema of a document, or list the documents that have one.
///
/// Schemas are generated from the types that read the documents, and stand in docs/schemas. They
/// hold for one document by itself; `policy check` also sees whether documents fit together.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy schema
  fillwright policy schema risk_envelope > risk_envelope.schema.json

Exit codes: as `fillwright --help` lists them; 2 where there is no such document.")]
pub(crate) struct Schema {
    /// The document: its file's name without the ending.
    name: Option<String>,
}

/// The documents that have a schema.
#[derive(Debug, Serialize)]
struct Listed {
    documents: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    file: &'static str,
}

impl Schema {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        match &self.name {
            None => common.output().report(&Listed { documents: lines() })?,
            Some(name) if common.output().is_json() => output::line(&find(name)?.schema)?,
            Some(name) => common.output().say(find(name)?.to_text().trim_end())?,
        }
        Ok(Exit::Done)
    }
}

/// Every document of a home that has a schema.
fn schemas() -> Vec<DocumentSchema> {
    let stub = DocumentSchema::of::<LiveStubRules>("live-stub", "config/brokers/live-stub.json");
    documents().into_iter().chain([stub]).collect()
}

fn find(name: &str) -> Result<DocumentSchema, Stop> {
    let names: Vec<&str> = schemas().iter().map(|schema| schema.name).collect();
    let found = schemas().into_iter().find(|schema| schema.name == name);
    found.ok_or_else(|| {
        Stop::usage(format!("no document is called {name}; there are {}", names.join(", ")))
    })
}

fn lines() -> Vec<Line> {
    let line = |schema: DocumentSchema| Line { name: schema.name, file: schema.file };
    schemas().into_iter().map(line).collect()
}

impl Report for Listed {
    fn tell(&self) -> String {
        let mut table = table(&["document", "file"]);
        for line in &self.documents {
            table.add_row([line.name, line.file]);
        }
        table.trim_fmt()
    }
}
