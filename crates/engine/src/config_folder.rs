//! A folder of policy documents: a home's `config/`, or one that is only proposed.

use crate::HomeError;
use crate::home::files_in;
use fillwright_domain::{BrokerId, CalendarId};
use fillwright_policy::{Documents, Rulebook, compile};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

/// A document: its name for messages, and its bytes.
type Document = (String, Vec<u8>);

/// A folder laid out as `config/` is.
#[derive(Debug, Clone)]
pub struct ConfigFolder {
    folder: PathBuf,
    /// What it is called in messages.
    name: String,
}

impl ConfigFolder {
    /// A folder, and what it is called in messages; nothing is read yet.
    pub fn new(folder: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Self { folder: folder.into(), name: name.into() }
    }

    /// Reads and compiles its documents.
    ///
    /// # Errors
    ///
    /// `HomeError` names the document and the place in it.
    pub fn rulebook(&self) -> Result<Rulebook, HomeError> {
        Ok(compile(&self.documents()?)?)
    }

    /// Its documents as they stand.
    ///
    /// # Errors
    ///
    /// `Read` names the document.
    pub fn documents(&self) -> Result<Documents, HomeError> {
        Ok(Documents {
            home: self.document("fillwright.json")?,
            venues: self.document("venues.json")?,
            venue_limits: self.document("venue_limits.csv")?,
            strategies: self.document("strategies.json")?,
            books: self.document("books.json")?,
            groups: self.document("groups.json")?,
            people: self.document("people.json")?,
            risk_envelope: self.document("policies/risk_envelope.json")?,
            execution_policies: self.document("policies/execution_policies.json")?,
            operator_bounds: self.optional("policies/operator_bounds.json")?,
            incident_rules: self.optional("policies/incident_rules.json")?,
            decision_tables: self.optional("policies/dra_decision_tables.json")?,
            lanes: self.optional("lanes.json")?,
            approvals: self.optional("policies/approvals.json")?,
            regime: self.optional("policies/regime.json")?,
            route_profiles: self.optional("policies/route_profiles.json")?,
            execution_routes: self.optional("policies/execution_routes.json")?,
            execution_routes_live: self.optional("policies/execution_routes_live.json")?,
            brokers: self.names_in("brokers")?.into_iter().map(BrokerId::from).collect(),
            reconciliation: self.optional("policies/reconciliation.json")?,
            calendars: self.calendars()?,
        })
    }

    fn calendars(&self) -> Result<BTreeMap<CalendarId, Document>, HomeError> {
        let calendars = self.names_in("calendars")?.into_iter().map(|name| {
            let document = self.document(&format!("calendars/{name}.json"))?;
            Ok((CalendarId::from(name), document))
        });
        calendars.collect()
    }

    /// The documents in a folder below, by what they are called without their ending.
    fn names_in(&self, below: &str) -> Result<Vec<String>, HomeError> {
        let files = files_in(&self.folder.join(below), "json");
        let files = files.map_err(|source| self.unreadable(below, source))?;
        let names = files.iter().filter_map(|path| path.file_stem());
        Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
    }

    fn document(&self, below: &str) -> Result<Document, HomeError> {
        let bytes = fs::read(self.folder.join(below));
        let bytes = bytes.map_err(|source| self.unreadable(below, source))?;
        Ok((format!("{}/{below}", self.name), bytes))
    }

    fn optional(&self, below: &str) -> Result<Option<Document>, HomeError> {
        match self.document(below) {
            Err(HomeError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            document => document.map(Some),
        }
    }

    fn unreadable(&self, below: &str, source: io::Error) -> HomeError {
        HomeError::Read { file: format!("{}/{below}", self.name), source }
    }
}
