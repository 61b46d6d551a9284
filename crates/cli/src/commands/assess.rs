//! `fillwright assess`: what the outcomes, incidents and changes of a period are worth recommending.

use crate::arguments::{Between, Common};
use crate::exit::Exit;
use crate::output::{Report, table};
use crate::progress;
use crate::reading::{JournalReader, thresholds};
use crate::story::gate_word;
use crate::words;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_domain::LaneId;
use fillwright_policy::execution_metrics::ExecutionMetricsSpec;
use fillwright_projections::ProjectedEntry;
use fillwright_projections::assessment::{
    Assessed, Assessment, Evidence, Kind, Recommendation, Subject,
};
use fillwright_projections::evidence::Period;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Where the thresholds stand.
const SPEC: &str = "config/policies/execution_metrics_spec.json";

/// Recommend what to promote, demote, tighten and loosen, with what it rests on; nothing follows by itself.
///
/// Outcomes, incidents and changes of a period are held against the thresholds of
/// `config/policies/execution_metrics_spec.json`. Each recommendation names the figures, the
/// thresholds they met and the entries that prove them; below the thresholds nothing is said. The
/// same journal, period and thresholds give the same bytes. The period must have ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright assess --from 2026-01-01T00:00:00Z --to 2026-03-31T23:59:59Z --home /srv/book
  fillwright assess --from 2026-01-01T00:00:00Z --to 2026-03-31T23:59:59Z --out q1.json
  fillwright assess --from 2026-01-01T00:00:00Z --to 2026-03-31T23:59:59Z --json | jq .recommendations

Exit codes: as `fillwright --help` lists them; 3 where the home states no thresholds.")]
pub(crate) struct Assess {
    #[command(flatten)]
    between: Between,
    /// A file to write the whole assessment to, as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Assess {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let home = common.home()?;
        let period = self.between.period()?;
        let thresholds = thresholds(&home, SPEC, "a figure is worth a recommendation")?;
        let assessed = assess(&JournalReader::of(&home)?, period, thresholds)?;
        if let Some(path) = &self.out {
            write(path, &assessed)?;
        }
        common.output().report(&assessed)?;
        Ok(Exit::Done)
    }
}

fn assess(
    reader: &JournalReader,
    period: Period,
    thresholds: ExecutionMetricsSpec,
) -> Result<Assessed> {
    let bar = progress::counting("assessing, at entry");
    let mut assessment = Assessment::new(&reader.options.partition, period);
    reader.each(1, |entry| {
        bar.set_position(entry.seq);
        let goes_on = assessment.take(&ProjectedEntry::decode(entry)?);
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    bar.finish_and_clear();
    Ok(assessment.finish(thresholds))
}

fn write(path: &Path, assessed: &Assessed) -> Result<()> {
    let text = serde_json::to_string_pretty(assessed)? + "\n";
    fs::write(path, text).with_context(|| {
        format!("{} cannot be written; check permissions and the disk", path.display())
    })
}

impl Report for Assessed {
    fn tell(&self) -> String {
        if self.recommendations.is_empty() {
            return "nothing is recommended: no figure met its threshold".to_owned();
        }
        let mut table = table(&["recommended", "of", "because", "entries"]);
        for recommendation in &self.recommendations {
            let because: Vec<String> = recommendation.evidence.iter().map(because).collect();
            let entries: Vec<String> = recommendation.evidence.iter().map(entries).collect();
            table.add_row([
                kind(recommendation.kind).to_owned(),
                subject(recommendation),
                because.join("\n"),
                entries.join("\n"),
            ]);
        }
        format!("{}\n\nnothing follows from this by itself: people decide", table.trim_fmt())
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Promote => "promote",
        Kind::Demote => "demote",
        Kind::Tighten => "tighten",
        Kind::Loosen => "loosen",
    }
}

fn subject(recommendation: &Recommendation) -> String {
    match &recommendation.subject {
        Subject::Strategy { strategy_id, lanes } if lanes.is_empty() => {
            format!("strategy {strategy_id}")
        }
        Subject::Strategy { strategy_id, lanes } => {
            let lanes: Vec<&str> = lanes.iter().map(LaneId::as_str).collect();
            format!("strategy {strategy_id}, in {}", lanes.join(", "))
        }
        Subject::Limit { gate, book_id, levels } if levels.is_empty() => {
            format!("{} of book {book_id}", gate_word(*gate))
        }
        Subject::Limit { gate, book_id, levels } => {
            format!("{} of book {book_id}, at {}", gate_word(*gate), levels.join(", "))
        }
        Subject::Value { path, before, after } => {
            let told =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            format!("{path}, {} since it was {}", told(after), told(before))
        }
    }
}

fn because(evidence: &Evidence) -> String {
    let measure = evidence.measure.replace('_', " ");
    format!("{measure} {}, threshold {}", evidence.found, evidence.threshold)
}

fn entries(evidence: &Evidence) -> String {
    words::entries(&evidence.entries.seqs, evidence.entries.count)
}
