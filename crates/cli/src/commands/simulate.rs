//! `fillwright policy simulate`: what proposed rules would have made of the intents of the journal.

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::progress;
use crate::reading::{JournalReader, events_of, input_of};
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{Notional, Side, Timestamp};
use fillwright_engine::ConfigFolder;
use fillwright_engine::redecision::{Decided, Redecision};
use fillwright_engine::simulate::{Simulated, Simulation};
use fillwright_kernel::Refusal;
use fillwright_policy::Rulebook;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// How many intents the table lists.
const LISTED: usize = 100;

/// Say what proposed documents would have changed: decide the recorded intents again under them.
///
/// Every entry of the journal, or of the stretch from --from to --to, is decided again under the
/// proposed rules, in order, and what they decide carries on: what they refuse is not held later.
/// Nothing is written and nothing is adopted.
///
/// What is recorded of the outside is taken as it was: quotes, marks, times, what people asked for,
/// and the reports of orders that leave unchanged. An order that leaves otherwise than it did is
/// filled in full at once, as on paper. Rules that were adopted within the stretch are passed over:
/// the proposed ones hold throughout. People's inputs are decided by the people of the proposed
/// rules; those that would have been refused are told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy simulate --config proposed/config --home fillwright-demo
  fillwright policy simulate --config proposed/config --from 1000000 --json | jq .reasons

Exit codes: as `fillwright --help` lists them; 1 where the journal has no such entry, 3 where the
documents cannot be used, or could not have been in force there.")]
pub(crate) struct Simulate {
    /// The folder of the proposed documents, laid out as `config/` is.
    #[arg(long, value_name = "DIR")]
    config: PathBuf,
    /// First entry that is decided again.
    #[arg(long, value_name = "SEQ", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// Last entry; absent, the last there is.
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
}

/// What the proposed rules would have changed.
#[derive(Debug, Default, Serialize)]
struct Finding {
    version: String,
    hash: String,
    from_seq: u64,
    to_seq: u64,
    intents: u64,
    changed: u64,
    /// Intents by what came of them: `sent`, `duplicate`, `conflict`, or the code of the refusal.
    reasons: BTreeMap<String, Count>,
    /// The worth of what was sent.
    notional: Worth,
    differences: Vec<Difference>,
    /// What people asked for that would have been refused, and was not.
    refused_inputs: Vec<RefusedInput>,
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Count {
    then: u64,
    now: u64,
}

#[derive(Debug, Serialize)]
struct Worth {
    then: Notional,
    now: Notional,
}

#[derive(Debug, Serialize)]
struct Difference {
    seq: u64,
    at: String,
    #[serde(flatten)]
    intent: Redecision,
}

#[derive(Debug, Serialize)]
struct RefusedInput {
    seq: u64,
    at: String,
    why: Refusal,
}

impl Default for Worth {
    fn default() -> Self {
        Self { then: Notional::ZERO, now: Notional::ZERO }
    }
}

impl Simulate {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let home = common.home()?;
        let proposed = self.proposed()?;
        let reader = JournalReader::of(&home)?;
        let finding = self.simulate(&reader, &proposed)?;
        common.output().report(&finding)?;
        Ok(Exit::Done)
    }

    fn proposed(&self) -> Result<Rulebook> {
        let name = self.config.display().to_string();
        if !self.config.is_dir() {
            return Err(Stop::configuration(format!("there is no folder {name}")).into());
        }
        Ok(ConfigFolder::new(&self.config, name.trim_end_matches('/')).rulebook()?)
    }

    fn simulate(&self, reader: &JournalReader, proposed: &Rulebook) -> Result<Finding> {
        let bar = progress::counting("deciding again, at entry");
        let recorded = reader.kernel_at(self.from - 1, |seq| bar.set_position(seq))?;
        let mut simulation = Simulation::start(&recorded, proposed).map_err(unfit)?;
        let mut finding = Finding::of(proposed, self.from);
        reader.each(self.from, |entry| {
            if self.to.is_some_and(|to| entry.seq > to) {
                return Ok(ControlFlow::Break(()));
            }
            bar.set_position(entry.seq);
            let at = Timestamp::from_ns(entry.at);
            let simulated = simulation.take(at, &input_of(entry)?, &events_of(entry)?);
            finding.take(entry.seq, at, simulated.map_err(unfit)?);
            Ok(ControlFlow::Continue(()))
        })?;
        bar.finish_and_clear();
        Ok(finding)
    }
}

fn unfit(why: Refusal) -> Stop {
    Stop::configuration(format!("the proposed rules could not have been in force there: {why}"))
}

impl Finding {
    fn of(proposed: &Rulebook, from_seq: u64) -> Self {
        Self {
            version: proposed.version.to_string(),
            hash: proposed.content_hash().to_string(),
            from_seq,
            ..Self::default()
        }
    }

    fn take(&mut self, seq: u64, at: Timestamp, simulated: Simulated) {
        self.to_seq = seq;
        match simulated {
            Simulated::Intent(intent) => self.note(seq, at, *intent),
            Simulated::Refused(why) => {
                self.refused_inputs.push(RefusedInput { seq, at: words::at(at), why });
            }
            Simulated::Nothing => {}
        }
    }

    fn note(&mut self, seq: u64, at: Timestamp, intent: Redecision) {
        self.intents += 1;
        self.reasons.entry(reason(&intent.then)).or_default().then += 1;
        self.reasons.entry(reason(&intent.now)).or_default().now += 1;
        add(&mut self.notional.then, intent.then.notional);
        add(&mut self.notional.now, intent.now.notional);
        if intent.is_changed() {
            self.changed += 1;
            self.differences.push(Difference { seq, at: words::at(at), intent });
        }
    }
}

/// What came of an intent in one word: the code of its refusal where it has one.
fn reason(decided: &Decided) -> String {
    decided.reason.as_ref().map_or_else(|| decided.outcome.to_owned(), ToString::to_string)
}

/// Adds up; a sum that cannot be held stays where it is, because it is a figure to look at and nothing more.
fn add(sum: &mut Notional, more: Notional) {
    *sum = sum.checked_add(more).unwrap_or(*sum);
}

impl Report for Finding {
    fn tell(&self) -> String {
        let sections = [
            Some(self.verdict()),
            self.tell_differences(),
            Some(self.tell_reasons()),
            Some(format!(
                "sent then {}, now {} (quote currency, at limit or touch)",
                words::money(self.notional.then),
                words::money(self.notional.now)
            )),
            self.tell_refused(),
        ];
        sections.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }
}

impl Finding {
    fn verdict(&self) -> String {
        format!(
            "version {} ({}) would have changed {} of {}, entries {} to {}",
            self.version,
            &self.hash[..12],
            self.changed,
            words::count(self.intents, "intent", "intents"),
            self.from_seq,
            self.to_seq
        )
    }

    fn tell_differences(&self) -> Option<String> {
        if self.differences.is_empty() {
            return None;
        }
        let mut table = table(&["entry", "intent", "instrument", "then", "now"]);
        for difference in self.differences.iter().take(LISTED) {
            let intent = &difference.intent;
            table.add_row([
                difference.seq.to_string(),
                intent.intent_id.to_string(),
                intent.instrument_id.to_string(),
                told(&intent.then),
                told(&intent.now),
            ]);
        }
        let more = self.differences.len().saturating_sub(LISTED);
        let more = match more {
            0 => String::new(),
            more => format!("\nand {more} more; `--json` lists them all"),
        };
        Some(format!("{}{more}", table.trim_fmt()))
    }

    fn tell_reasons(&self) -> String {
        let mut table = table(&["intents by what came of them", "then", "now"]);
        for (reason, count) in &self.reasons {
            table.add_row([
                reason.replace('_', " "),
                count.then.to_string(),
                count.now.to_string(),
            ]);
        }
        table.trim_fmt()
    }

    fn tell_refused(&self) -> Option<String> {
        let lines: Vec<String> = self
            .refused_inputs
            .iter()
            .map(|refused| format!("  entry {}, {}: {}", refused.seq, refused.at, refused.why))
            .collect();
        let title = "what was asked for and would have been refused";
        (!lines.is_empty()).then(|| format!("{title}\n{}", lines.join("\n")))
    }
}

fn told(decided: &Decided) -> String {
    match (decided.side, &decided.reason) {
        (Some(side), _) => {
            let side = match side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            };
            format!("{side} {} ({})", words::quantity(decided.qty), words::money(decided.notional))
        }
        (None, Some(reason)) => {
            format!("{}: {}", decided.outcome, reason.as_str().replace('_', " "))
        }
        (None, None) => decided.outcome.to_owned(),
    }
}
