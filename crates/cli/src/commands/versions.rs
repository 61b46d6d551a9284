//! Versions of the rules: proposing, approving, withdrawing, going back, and what was in force when.

use crate::arguments::Common;
use crate::decisions::Decider;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::reading::{JournalReader, events_of};
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{Principal, Text, Timestamp};
use fillwright_engine::Home;
use fillwright_kernel::adoption::{PolicyEvent, PolicyInput, Proposal, Word};
use fillwright_kernel::{Event, Input};
use fillwright_policy::{Change, Rulebook, difference};
use serde::Serialize;
use std::ops::ControlFlow;

/// Put the documents under `config/` in force: propose them as the next version of the rules.
///
/// What stays within the operator's bounds comes into force at once, or at its time. Anything else,
/// and everything in live, waits until a second person approves it. The rules are proposed against
/// the version in force, so of two people who adopt at once the second is refused.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy adopt --by risk-1 --reason \"tighter after TCA-7\" --evidence TCA-7
  fillwright policy adopt --by risk-1 --reason \"new week\" --effective-at 2026-01-12T00:00:00Z

Exit codes: as `fillwright --help` lists them; 1 where it was refused, 3 where a document cannot be
used, 6 where another process holds the journal.")]
pub(crate) struct Adopt {
    #[command(flatten)]
    decider: Decider,
    /// Who wrote these rules; absent, who asks.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// What supports them: reports, runs, tickets. May be given more than once.
    #[arg(long, value_name = "TEXT")]
    evidence: Vec<String>,
    /// When they come into force; absent, as soon as they may.
    #[arg(long, value_name = "RFC3339")]
    effective_at: Option<jiff::Timestamp>,
}

/// Approve the version of the rules that waits. It takes the role approver, and somebody who neither wrote nor
/// proposed it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy approve 4f2a90c1d3e5 --by risk-2 --reason \"checked with risk-1\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused, 6 where another process holds
the journal.")]
pub(crate) struct Approve {
    /// The version that waits, by its hash or the beginning of it.
    version: String,
    #[command(flatten)]
    decider: Decider,
}

/// Forget the version of the rules that waits.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy withdraw 4f2a90c1d3e5 --by risk-1 --reason \"found a mistake\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused, 6 where another process holds
the journal.")]
pub(crate) struct Withdraw {
    /// The version that waits, by its hash or the beginning of it.
    version: String,
    #[command(flatten)]
    decider: Decider,
}

/// Go back to a version of the rules that was in force. It takes a halt, and otherwise what any other change takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright kill --by ops-1 --reason \"the new limits are wrong\"
  fillwright policy rollback 9d01b27c44aa --by risk-1 --reason \"back to last week's limits\"

Exit codes: as `fillwright --help` lists them; 1 where it was refused: trading is not halted, or it
is in force; 6 where another process holds the journal.")]
pub(crate) struct Rollback {
    /// The version, by its hash or the beginning of it, or by the entry that put it in force.
    version: String,
    #[command(flatten)]
    decider: Decider,
}

/// Every version of the rules that was in force or proposed, with who answers for it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy history --home fillwright-demo
  fillwright policy history --json | jq '.versions[-1]'

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct History {}

/// What two versions of the rules say differently, value by value.
///
/// Without versions: what the documents under `config/` would change in the rules in force, and what
/// of it takes a second person.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright policy diff --home fillwright-demo
  fillwright policy diff 9d01b27c44aa 4f2a90c1d3e5

Exit codes: as `fillwright --help` lists them; 1 where nothing differs or no such version was ever
in force.")]
pub(crate) struct Diff {
    /// The earlier version, by its hash or the beginning of it, or by the entry that put it in force.
    from: Option<String>,
    /// The later version; absent, the documents under `config/`.
    #[arg(requires = "from")]
    to: Option<String>,
}

/// What came of asking.
#[derive(Debug, Serialize)]
struct Asked {
    /// `in_force`, `waits_for_approval`, `waits_for_its_time`, `withdrawn` or `refused`.
    came_of_it: &'static str,
    hash: String,
    why_refused: Option<String>,
    /// What takes a second person.
    beyond_bounds: Vec<Change>,
}

impl Adopt {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let rulebook = common.home()?.rulebook()?;
        propose(common, &self.decider, rulebook, |proposal| Proposal {
            author: self.author.as_ref().map_or(proposal.author, Principal::new),
            evidence: self.evidence.iter().map(Text::new).collect(),
            effective_at: self.effective_at.and_then(instant),
            ..proposal
        })
    }
}

impl Rollback {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let rulebook = find_version(&JournalReader::of(&common.home()?)?, &self.version)?;
        propose(common, &self.decider, rulebook, |proposal| proposal)
    }
}

impl Approve {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        say(common, &self.decider, &self.version, PolicyInput::Approve)
    }
}

impl Withdraw {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        say(common, &self.decider, &self.version, PolicyInput::Withdraw)
    }
}

fn propose(
    common: &Common,
    decider: &Decider,
    rulebook: Rulebook,
    complete: impl FnOnce(Proposal) -> Proposal,
) -> Result<Exit> {
    let (kernel, ..) = JournalReader::of(&common.home()?)?.kernel()?;
    let state = kernel.state();
    let beyond = state.rulebook.as_ref().map(|rules| rules.beyond_bounds(&rulebook));
    let in_force = state.versions.in_force().ok_or_else(nothing_in_force)?;
    let hash = rulebook.content_hash();
    let proposal = complete(Proposal {
        rulebook: Box::new(rulebook),
        replaces: in_force.hash,
        author: decider.by(),
        evidence: Vec::new(),
        effective_at: None,
        by: decider.by(),
        reason: decider.reason(),
    });
    let asked = ask(common, decider, PolicyInput::Propose(proposal))?;
    let beyond_bounds = beyond.unwrap_or_default();
    tell(common, &Asked { hash: hash.to_string(), beyond_bounds, ..asked })
}

pub(crate) fn say(
    common: &Common,
    decider: &Decider,
    version: &str,
    input: fn(Word) -> PolicyInput,
) -> Result<Exit> {
    let (kernel, ..) = JournalReader::of(&common.home()?)?.kernel()?;
    let waits = kernel.state().versions.pending().map(|pending| pending.hash);
    let hash = waits
        .filter(|hash| hash.to_string().starts_with(version))
        .ok_or_else(|| Stop::found(format!("no version whose hash begins with {version} waits")))?;
    let (by, reason) = (decider.by(), decider.reason());
    tell(common, &ask(common, decider, input(Word { hash, by, reason }))?)
}

/// Whether a version of the rules waits whose hash begins so.
pub(crate) fn waits(common: &Common, version: &str) -> Result<bool> {
    let (kernel, ..) = JournalReader::of(&common.home()?)?.kernel()?;
    let waits = kernel.state().versions.pending();
    Ok(waits.is_some_and(|pending| is_named(&pending.hash.to_string(), version)))
}

/// Whether a hash begins so, with enough of it that nothing else is meant.
fn is_named(hash: &str, beginning: &str) -> bool {
    const DIGITS_MIN: usize = 8;
    beginning.len() >= DIGITS_MIN && hash.starts_with(beginning)
}

fn tell(common: &Common, asked: &Asked) -> Result<Exit> {
    common.output().report(asked)?;
    Ok(if asked.why_refused.is_some() { Exit::Found } else { Exit::Done })
}

fn nothing_in_force() -> Stop {
    Stop::found("no rules are in force yet; the first `fillwright run` puts the documents in force")
}

fn ask(common: &Common, decider: &Decider, asked: PolicyInput) -> Result<Asked> {
    let is_withdrawal = matches!(asked, PolicyInput::Withdraw(_));
    let taken = decider.hand_in(common, &Input::Policy(Box::new(asked)))?;
    let why_refused = taken.why_refused();
    let kernel = taken.kernel()?;
    let versions = &kernel.state().versions;
    let came_of_it = match versions.pending() {
        _ if why_refused.is_some() => "refused",
        _ if is_withdrawal => "withdrawn",
        None => "in_force",
        Some(pending) if pending.needs_approval && pending.approved_by.is_none() => {
            "waits_for_approval"
        }
        Some(_) => "waits_for_its_time",
    };
    let pending = versions.pending().map(|pending| pending.hash);
    let hash = pending.or(versions.in_force().map(|version| version.hash));
    Ok(Asked {
        came_of_it,
        hash: hash.map(|hash| hash.to_string()).unwrap_or_default(),
        why_refused,
        beyond_bounds: Vec::new(),
    })
}

fn instant(at: jiff::Timestamp) -> Option<Timestamp> {
    i64::try_from(at.as_nanosecond()).ok().map(Timestamp::from_ns)
}

impl Report for Asked {
    fn tell(&self) -> String {
        let hash = &self.hash[..self.hash.len().min(12)];
        let said = match self.came_of_it {
            "in_force" => format!("version {hash} is in force"),
            "waits_for_approval" => format!(
                "version {hash} waits for a second person: fillwright policy approve {hash} --by NAME --reason TEXT"
            ),
            "waits_for_its_time" => format!("version {hash} waits for its time"),
            "withdrawn" => "the version that waited is withdrawn".to_owned(),
            _ => {
                format!("nothing was changed: {}", self.why_refused.as_deref().unwrap_or_default())
            }
        };
        if self.beyond_bounds.is_empty() {
            return said;
        }
        format!(
            "{said}\n\nbeyond what one person may change alone\n{}",
            changes(&self.beyond_bounds)
        )
    }
}

/// One thing that became of a version.
#[derive(Debug, Serialize)]
struct Step {
    seq: u64,
    at: String,
    /// `in_force`, or what became of it otherwise.
    what: &'static str,
    hash: String,
    version: Option<String>,
    by: Option<String>,
    author: Option<String>,
    reason: Option<String>,
    evidence: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Told {
    versions: Vec<Step>,
}

impl History {
    #[expect(clippy::unused_self, reason = "every command runs itself")]
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let mut versions = Vec::new();
        JournalReader::of(&common.home()?)?.each(1, |entry| {
            let at = words::at(Timestamp::from_ns(entry.at));
            for event in events_of(entry)? {
                versions.extend(step(entry.seq, &at, &event));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        common.output().report(&Told { versions })?;
        Ok(Exit::Done)
    }
}

fn step(seq: u64, at: &str, event: &Event) -> Option<Step> {
    let blank = |what, hash| Step {
        seq,
        at: at.to_owned(),
        what,
        hash,
        version: None,
        by: None,
        author: None,
        reason: None,
        evidence: Vec::new(),
    };
    match event {
        Event::RulebookAdopted { rulebook, by, reason } => Some(Step {
            version: Some(rulebook.version.to_string()),
            by: Some(by.to_string()),
            reason: Some(reason.to_string()),
            ..blank("in_force", rulebook.content_hash().to_string())
        }),
        Event::Policy(said) => {
            let proposal = match said {
                PolicyEvent::Proposed { proposal, .. } => Some(proposal),
                _ => None,
            };
            let evidence = proposal.iter().flat_map(|proposal| &proposal.evidence);
            Some(Step {
                version: proposal.map(|proposal| proposal.rulebook.version.to_string()),
                by: said.by().map(ToString::to_string),
                author: proposal.map(|proposal| proposal.author.to_string()),
                reason: said.reason().map(ToString::to_string),
                evidence: evidence.map(ToString::to_string).collect(),
                ..blank(said.name(), said.hash().to_string())
            })
        }
        _ => None,
    }
}

impl Report for Told {
    fn tell(&self) -> String {
        let mut table = table(&["entry", "at", "what", "hash", "version", "by", "why"]);
        for step in &self.versions {
            table.add_row([
                step.seq.to_string(),
                step.at.clone(),
                step.what.replace('_', " "),
                step.hash[..12].to_owned(),
                step.version.clone().unwrap_or_default(),
                step.by.clone().unwrap_or_default(),
                step.reason.clone().unwrap_or_default(),
            ]);
        }
        table.trim_fmt()
    }
}

/// A version that was in force, by its hash, the beginning of it, or the entry that put it in force.
fn find_version(reader: &JournalReader, version: &str) -> Result<Rulebook> {
    let mut found = None;
    reader.each(1, |entry| {
        for event in events_of(entry)? {
            if let Event::RulebookAdopted { rulebook, .. } = event {
                let is_meant = version == entry.seq.to_string()
                    || rulebook.content_hash().to_string().starts_with(version);
                if is_meant {
                    found = Some(*rulebook);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let missing = || {
        Stop::found(format!(
            "no version {version} was ever in force; see `fillwright policy history`"
        ))
    };
    Ok(found.ok_or_else(missing)?)
}

#[derive(Debug, Serialize)]
struct Differs {
    changes: Vec<Change>,
    /// Of the changes, those one person may not make alone by the bounds of the earlier version.
    beyond_bounds: Vec<Change>,
}

impl Diff {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let home = common.home()?;
        let before = self.before(&home)?;
        let after = match &self.to {
            Some(version) => find_version(&JournalReader::of(&home)?, version)?,
            None => home.rulebook()?,
        };
        let changes = difference(&before, &after);
        let is_same = changes.is_empty();
        let beyond_bounds = before.beyond_bounds(&after);
        common.output().report(&Differs { changes, beyond_bounds })?;
        Ok(if is_same { Exit::Found } else { Exit::Done })
    }

    fn before(&self, home: &Home) -> Result<Rulebook> {
        let reader = JournalReader::of(home)?;
        if let Some(version) = &self.from {
            return find_version(&reader, version);
        }
        let rulebook = reader.kernel()?.0.state().rulebook.clone();
        Ok(rulebook.ok_or_else(nothing_in_force)?)
    }
}

impl Report for Differs {
    fn tell(&self) -> String {
        if self.changes.is_empty() {
            return "nothing differs".to_owned();
        }
        let second = match self.beyond_bounds.len() {
            0 => "one person may change this alone".to_owned(),
            n => format!(
                "{} beyond what one person may change alone",
                words::count(n as u64, "value is", "values are")
            ),
        };
        format!("{}\n\n{second}", changes(&self.changes))
    }
}

fn changes(changes: &[Change]) -> String {
    let mut table = table(&["value", "was", "becomes"]);
    for change in changes {
        let told =
            |value: &Option<String>| value.clone().unwrap_or_else(|| "not stated".to_owned());
        table.add_row([change.path.clone(), told(&change.before), told(&change.after)]);
    }
    table.trim_fmt()
}
