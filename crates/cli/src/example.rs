//! The example home, as it stands under `crates/cli/demo/`.

use crate::exit::Stop;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Marks a folder as one that the demo wrote.
const MARK: &str = ".fillwright-demo";
const MARK_TEXT: &str = "This home was written by `fillwright demo`. Change what you like; files that are \
                         missing are written again, others are left alone.\n";

/// The files, by their path below the home.
macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!("../demo/", $path)))),+]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "config/books.json",
    "config/brokers/live-stub.json",
    "config/calendars/24x7.json",
    "config/calendars/CME-ES.json",
    "config/calendars/FX.json",
    "config/calendars/XNYS.json",
    "config/calendars/XSTO.json",
    "config/fillwright.json",
    "config/groups.json",
    "config/lanes.json",
    "config/paper_trading/session_canary.json",
    "config/paper_trading/session_uptrend.json",
    "config/people.json",
    "config/policies/approvals.json",
    "config/policies/dra_decision_tables.json",
    "config/policies/execution_metrics_spec.json",
    "config/policies/execution_policies.json",
    "config/policies/execution_routes.json",
    "config/policies/execution_routes_live.json",
    "config/policies/incident_rules.json",
    "config/policies/operator_bounds.json",
    "config/policies/reconciliation.json",
    "config/policies/regime.json",
    "config/policies/risk_envelope.json",
    "config/policies/route_profiles.json",
    "config/policies/safe_modes.json",
    "config/policies/surveillance.json",
    "config/strategies.json",
    "config/venue_limits.csv",
    "config/venues.json",
    "data/inbox/10-uptrend.ndjson",
    "data/inbox/20-refused.ndjson",
    "data/inbox/30-again.ndjson",
    "data/inbox/40-live-stub.ndjson",
    "data/inbox/50-malformed.ndjson",
    "data/inbox/60-drift.csv",
    "data/inbox/70-halted.ndjson",
    "data/market/quotes.ndjson",
    "data/portfolio_optimized_v3.json",
    "data/registry/audited_runs.json",
    "data/tour/1-early.ndjson",
    "data/tour/2-canary.ndjson",
    "data/tour/3-breach.ndjson",
    "data/tour/4-paused.ndjson",
    "data/tour/5-again.ndjson",
];

/// Writes the example home; files that are there already stay as they are. True where it is new.
pub(crate) fn write(root: &Path) -> Result<bool> {
    let is_new = !root.join(MARK).exists();
    if is_new && has_entries(root)? {
        let message = format!(
            "{} is not empty and no demo home, so nothing was written; name a new folder with --home",
            root.display()
        );
        return Err(Stop::usage(message).into());
    }
    write_file(root, MARK, MARK_TEXT.as_bytes())?;
    for (path, bytes) in FILES {
        if !root.join(path).exists() {
            write_file(root, path, bytes)?;
        }
    }
    Ok(is_new)
}

fn has_entries(root: &Path) -> Result<bool> {
    match fs::read_dir(root) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        listed => {
            let mut listed =
                listed.with_context(|| format!("{} cannot be listed", root.display()))?;
            Ok(listed.next().is_some())
        }
    }
}

fn write_file(root: &Path, below: &str, bytes: &[u8]) -> Result<()> {
    let path = root.join(below);
    let written = path.parent().map_or(Ok(()), fs::create_dir_all);
    written.and_then(|()| fs::write(&path, bytes)).with_context(|| {
        format!("{} cannot be written; check permissions and the disk", path.display())
    })
}
