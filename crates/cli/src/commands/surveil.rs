//! `fillwright surveil`: patterns in recorded orders and fills that look like abuse of a market.

use crate::arguments::{Between, Common};
use crate::exit::Exit;
use crate::output::{Report, table};
use crate::progress;
use crate::reading::{JournalReader, thresholds};
use crate::words::entries;
use anyhow::Result;
use clap::Args;
use fillwright_policy::surveillance::SurveillancePolicy;
use fillwright_projections::ProjectedEntry;
use fillwright_projections::evidence::Period;
use fillwright_projections::surveillance::{Finding, Pattern, Surveillance, Surveyed};
use std::ops::ControlFlow;

/// Where the thresholds stand.
const POLICY: &str = "config/policies/surveillance.json";

/// Look for patterns that look like abuse of a market: many orders and few trades, layering, trades
/// of the desk with itself.
///
/// The orders and fills of a period are held against the thresholds of
/// `config/policies/surveillance.json`. Each finding names its figures and the entries it rests on; it
/// is a reason to look, and raising an incident is a person's to do (`fillwright incident raise`).
/// Orders on paper reach no market and are left out. The same journal, period and thresholds give
/// the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright surveil --from 2026-01-06T00:00:00Z --to 2026-01-06T23:59:59Z --home /srv/book
  fillwright surveil --from 2026-01-06T00:00:00Z --to 2026-01-06T23:59:59Z --json | jq .findings

Exit codes: as `fillwright --help` lists them; 3 where the home states no thresholds.")]
pub(crate) struct Surveil {
    #[command(flatten)]
    between: Between,
}

impl Surveil {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let home = common.home()?;
        let period = self.between.period()?;
        let policy = thresholds(&home, POLICY, "a pattern is worth a look")?;
        let surveyed = survey(&JournalReader::of(&home)?, period, policy)?;
        common.output().report(&surveyed)?;
        Ok(Exit::Done)
    }
}

fn survey(reader: &JournalReader, period: Period, policy: SurveillancePolicy) -> Result<Surveyed> {
    let bar = progress::counting("looking, at entry");
    let mut surveillance = Surveillance::new(policy, period);
    reader.each(1, |entry| {
        bar.set_position(entry.seq);
        let goes_on = surveillance.take(&ProjectedEntry::decode(entry)?);
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    bar.finish_and_clear();
    Ok(surveillance.finish())
}

impl Report for Surveyed {
    fn tell(&self) -> String {
        let looked_at = format!("{} orders and cancels, {} fills", self.messages, self.trades);
        if self.findings.is_empty() {
            return format!("nothing was found in {looked_at}");
        }
        let mut table = table(&["looks like", "of", "in", "measured", "threshold", "entries"]);
        for finding in &self.findings {
            let (name, unit) = named(finding.pattern);
            table.add_row([
                name.to_owned(),
                whose(finding),
                finding.instrument_id.to_string(),
                format!("{} {unit}", finding.measured),
                format!("{} {unit}", finding.threshold),
                entries(&finding.entries, finding.entries.len() as u64),
            ]);
        }
        format!(
            "{}\n\nfound in {looked_at}; a reason to look: `fillwright explain`, `fillwright incident raise`",
            table.trim_fmt()
        )
    }
}

fn named(pattern: Pattern) -> (&'static str, &'static str) {
    match pattern {
        Pattern::OrderToTrade => ("many orders, few trades", "messages a trade"),
        Pattern::Layering => ("layering", "% taken back of what was filled"),
        Pattern::Wash => ("a trade with ourselves", "bps apart"),
    }
}

fn whose(finding: &Finding) -> String {
    let books = finding.books.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match &finding.strategy_id {
        Some(strategy_id) => format!("strategy {strategy_id}, {books}"),
        None => books,
    }
}
