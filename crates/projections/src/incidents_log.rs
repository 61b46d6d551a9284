//! `registry/incidents_log.json`: every incident there ever was, with what was said of it.
//!
//! The file carries its own cursor, the last entry that changed it, so it is replaced whole or not at all, and is the
//! same however entries were batched. Incidents are rare: it is written where a batch held something of one.

use crate::error::{self, ProjectionError};
use crate::line_file::Vouch;
use crate::text::rfc3339;
use crate::{Paths, ProjectedEntry, Projection};
use fillwright_domain::{IncidentCategory, IncidentId, Scope, Severity, Timestamp};
use fillwright_kernel::Event;
use fillwright_kernel::incidents::{Incident, IncidentEvent, IncidentOrigin};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

const NAME: &str = "incidents_log";

/// Every incident of a journal, as a fold of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IncidentRecords {
    /// The last entry that changed any.
    pub journal_seq: u64,
    /// The incidents, in the order in which they were opened.
    pub incidents: Vec<IncidentRecord>,
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRecord {
    /// Its name.
    pub incident_id: IncidentId,
    /// The entry that opened it.
    pub seq: u64,
    /// `open`, `acknowledged` or `closed`.
    pub status: String,
    /// How bad it is, or was when it was closed.
    pub severity: Severity,
    /// Its kind.
    pub category: IncidentCategory,
    /// What it concerns.
    pub scope: Scope,
    /// `offline`, `paper` or `live`.
    pub env: String,
    /// The lane it concerns, where it is one.
    pub lane: Option<String>,
    /// The strategies it concerns, where it is some.
    pub strategies: Vec<String>,
    /// Whether new risk in its scope waits until it is closed.
    pub blocks: bool,
    /// `rule:NAME`, `startup:ANOMALY` or `person:NAME`.
    pub origin: String,
    /// What happened.
    pub summary: String,
    /// How often it was seen.
    pub hits: u64,
    /// When it was opened.
    pub opened_at: String,
    /// When somebody first looked.
    pub acknowledged_at: Option<String>,
    /// When it was closed.
    pub closed_at: Option<String>,
    /// What was behind it.
    pub root_cause: Option<String>,
    /// Sessions, entries, changes and pages that belong to it.
    pub links: Vec<String>,
    /// What was said and done, in order.
    pub timeline: Vec<TimelineLine>,
}

/// Something said or done about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineLine {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: String,
    /// `opened`, `acknowledged`, `annotated`, `linked`, `escalated` or `closed`.
    pub what: String,
    /// Who, where somebody did.
    pub by: Option<String>,
    /// In their words.
    pub text: String,
}

impl IncidentRecords {
    /// Takes in the events of an entry. One it has already changes nothing.
    pub fn apply(&mut self, seq: u64, at: Timestamp, env: &str, events: &[Event]) {
        if seq <= self.journal_seq {
            return;
        }
        let mut changed = false;
        for event in events {
            if let Event::Incident(event) = event {
                let concerns_one = self.concerns_one(event);
                self.read(seq, at, env, event);
                changed |= concerns_one;
            }
        }
        if changed {
            self.journal_seq = seq;
        }
    }

    /// Whether an event is of a record: what rules only count is not, where no incident of theirs is open.
    fn concerns_one(&self, event: &IncidentEvent) -> bool {
        match event {
            IncidentEvent::Counted { rule, scope, is_hit, .. } => {
                *is_hit && self.is_open(&format!("rule:{rule}"), scope)
            }
            IncidentEvent::StartupNoticed { anomaly, .. } => {
                self.is_open(&format!("startup:{anomaly}"), &Scope::Global)
            }
            IncidentEvent::HealthChanged { .. } | IncidentEvent::ClockMeasured { .. } => false,
            _ => true,
        }
    }

    fn is_open(&self, origin: &str, scope: &Scope) -> bool {
        self.incidents.iter().any(|one| one.is_open_of(origin, scope))
    }

    fn read(&mut self, seq: u64, at: Timestamp, env: &str, event: &IncidentEvent) {
        let at = rfc3339(at);
        let line = |what: &str, by: Option<&str>, text: &str| TimelineLine {
            seq,
            at: at.clone(),
            what: what.to_owned(),
            by: by.map(ToOwned::to_owned),
            text: text.to_owned(),
        };
        match event {
            IncidentEvent::Opened { incident } => {
                let by = match &incident.origin {
                    IncidentOrigin::Person(by) => Some(by.as_str()),
                    _ => None,
                };
                let opened = line("opened", by, incident.summary.as_str());
                self.incidents.push(IncidentRecord::new(incident, seq, &at, env, opened));
            }
            IncidentEvent::Acknowledged { incident_id, by, reason } => {
                let said = line("acknowledged", Some(by.as_str()), reason.as_str());
                self.change(incident_id, said, |one| {
                    "acknowledged".clone_into(&mut one.status);
                    one.acknowledged_at = Some(at.clone());
                });
            }
            IncidentEvent::Annotated { incident_id, by, text } => {
                let said = line("annotated", Some(by.as_str()), text.as_str());
                self.change(incident_id, said, |_| ());
            }
            IncidentEvent::Linked { incident_id, by, to, reason } => {
                let text = format!("{to}: {reason}");
                let said = line("linked", Some(by.as_str()), &text);
                self.change(incident_id, said, |one| one.links.push(to.to_string()));
            }
            IncidentEvent::Escalated { incident_id, severity, .. } => {
                let text = format!("nobody acknowledged it in time; now {severity}");
                self.change(incident_id, line("escalated", None, &text), |one| {
                    one.severity = *severity;
                });
            }
            IncidentEvent::Closed { incident_id, by, root_cause } => {
                let said = line("closed", Some(by.as_str()), root_cause.as_str());
                self.change(incident_id, said, |one| {
                    "closed".clone_into(&mut one.status);
                    one.closed_at = Some(at.clone());
                    one.root_cause = Some(root_cause.to_string());
                });
            }
            IncidentEvent::Counted { rule, scope, is_hit: true, .. } => {
                self.seen_again(&format!("rule:{rule}"), scope);
            }
            IncidentEvent::StartupNoticed { anomaly, .. } => {
                self.seen_again(&format!("startup:{anomaly}"), &Scope::Global);
            }
            IncidentEvent::Counted { .. }
            | IncidentEvent::HealthChanged { .. }
            | IncidentEvent::ClockMeasured { .. } => {}
        }
    }

    fn change(
        &mut self,
        incident_id: &IncidentId,
        line: TimelineLine,
        change: impl FnOnce(&mut IncidentRecord),
    ) {
        let found = self.incidents.iter_mut().rev().find(|one| one.incident_id == *incident_id);
        if let Some(one) = found {
            change(one);
            one.timeline.push(line);
        }
    }

    fn seen_again(&mut self, origin: &str, scope: &Scope) {
        let found = self.incidents.iter_mut().rev().find(|one| one.is_open_of(origin, scope));
        if let Some(one) = found {
            one.hits = one.hits.saturating_add(1);
        }
    }
}

impl IncidentRecord {
    fn new(incident: &Incident, seq: u64, at: &str, env: &str, opened: TimelineLine) -> Self {
        Self {
            incident_id: incident.incident_id.clone(),
            seq,
            status: "open".to_owned(),
            severity: incident.severity,
            category: incident.category,
            scope: incident.scope.clone(),
            env: env.to_owned(),
            lane: match &incident.scope {
                Scope::Lane(lane) => Some(lane.to_string()),
                _ => None,
            },
            strategies: match &incident.scope {
                Scope::Strategy(strategy) => vec![strategy.to_string()],
                _ => Vec::new(),
            },
            blocks: incident.blocks,
            origin: origin_text(&incident.origin),
            summary: incident.summary.to_string(),
            hits: incident.hits,
            opened_at: at.to_owned(),
            acknowledged_at: None,
            closed_at: None,
            root_cause: None,
            links: Vec::new(),
            timeline: vec![opened],
        }
    }

    fn is_open_of(&self, origin: &str, scope: &Scope) -> bool {
        self.closed_at.is_none() && self.origin == origin && self.scope == *scope
    }
}

/// Where an incident comes from, as records and people read it.
pub fn origin_text(origin: &IncidentOrigin) -> String {
    match origin {
        IncidentOrigin::Rule(name) => format!("rule:{name}"),
        IncidentOrigin::Startup(anomaly) => format!("startup:{anomaly}"),
        IncidentOrigin::Person(by) => format!("person:{by}"),
        IncidentOrigin::Corrections => "corrections".to_owned(),
        IncidentOrigin::Break(kind) => format!("reconciliation:{kind}"),
    }
}

/// The incidents log of a home.
pub struct IncidentsLog {
    path: PathBuf,
    cursor: u64,
    records: IncidentRecords,
    /// The last entry the file holds, where we ever wrote it.
    written_seq: Option<u64>,
}

impl IncidentsLog {
    pub(crate) fn open(
        paths: &Paths,
        vouches: &BTreeMap<String, Vouch>,
    ) -> Result<Self, ProjectionError> {
        let path = paths.incidents_log();
        let records: Option<IncidentRecords> = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error::file("read", &path, 0)(error)),
            // One that is damaged is built again from the journal.
            Ok(bytes) => serde_json::from_slice(&bytes).ok(),
        };
        let vouch = vouches.get(NAME).filter(|vouch| vouch.len == 0 || records.is_some());
        let written_seq = records.as_ref().map(|records| records.journal_seq);
        let cursor = vouch.map_or(0, |vouch| vouch.seq);
        Ok(Self { path, cursor, records: records.unwrap_or_default(), written_seq })
    }

    fn rewrite(&mut self) -> Result<(), ProjectionError> {
        let mut text = serde_json::to_vec_pretty(&self.records).expect("records are JSON");
        text.push(b'\n');
        self.replace(&text).map_err(error::file("replace", &self.path, self.cursor))?;
        self.written_seq = Some(self.records.journal_seq);
        Ok(())
    }

    fn replace(&self, text: &[u8]) -> std::io::Result<()> {
        self.path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let new = self.path.with_extension("json.tmp");
        let mut file = File::create(&new)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(new, &self.path)
    }
}

impl Projection for IncidentsLog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cursor(&self) -> u64 {
        self.cursor
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        if entry.seq > self.cursor {
            let env = entry.facts.environment();
            self.records.apply(entry.seq, entry.at, env, &entry.events);
            self.cursor = entry.seq;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        if self.written_seq != Some(self.records.journal_seq) {
            self.rewrite()?;
        }
        Ok(vec![(NAME, Vouch { seq: self.cursor, len: u64::from(self.records.journal_seq > 0) })])
    }
}
