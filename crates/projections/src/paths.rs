//! Where the read models of a home are.

use std::path::{Path, PathBuf};

/// The folder `data/` of a home, and what the read models call their files there.
#[derive(Debug, Clone)]
pub struct Paths {
    data: PathBuf,
}

impl Paths {
    /// The files under this folder, which is `data/` of a home.
    pub fn new(data: impl AsRef<Path>) -> Self {
        Self { data: data.as_ref().to_owned() }
    }

    /// `telemetry/events_execution.ndjson`.
    pub fn execution_events(&self) -> PathBuf {
        self.data.join("telemetry/events_execution.ndjson")
    }

    /// `telemetry/events_risk.ndjson`.
    pub fn risk_events(&self) -> PathBuf {
        self.data.join("telemetry/events_risk.ndjson")
    }

    /// `lakehouse/execution_logs.jsonl`.
    pub fn execution_log(&self) -> PathBuf {
        self.data.join("lakehouse/execution_logs.jsonl")
    }

    /// `audit.jsonl`.
    pub fn audit(&self) -> PathBuf {
        self.data.join("audit.jsonl")
    }

    /// `registry/incidents_log.json`.
    pub fn incidents_log(&self) -> PathBuf {
        self.data.join("registry/incidents_log.json")
    }

    /// `registry/live_sessions.json`.
    pub fn live_sessions(&self) -> PathBuf {
        self.data.join("registry/live_sessions.json")
    }

    /// `registry/paper_sessions.json`.
    pub fn paper_sessions(&self) -> PathBuf {
        self.data.join("registry/paper_sessions.json")
    }

    /// `registry/change_log.jsonl`.
    pub fn change_log(&self) -> PathBuf {
        self.data.join("registry/change_log.jsonl")
    }

    /// `portfolio_actual_state.json`.
    pub fn actual_state(&self) -> PathBuf {
        self.data.join("portfolio_actual_state.json")
    }

    /// `blotter.sqlite`.
    pub fn blotter(&self) -> PathBuf {
        self.data.join("blotter.sqlite")
    }

    /// `projections.sqlite`: cursors of the files and what is known of open orders.
    pub fn known(&self) -> PathBuf {
        self.data.join("projections.sqlite")
    }
}
