//! `fillwright verify`: checks the whole journal, offline and without changing anything.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::Report;
use crate::progress;
use crate::reading::JournalReader;
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_engine::recovery::RecoveryError;
use fillwright_engine::verify::{Redecided, Verified, verify};
use fillwright_journal::{Damage, JournalError};
use serde::Serialize;

/// How many steps that would be decided otherwise are listed.
const LISTED: usize = 10;

/// Check the journal: every hash, every checkpoint, every event; nothing is changed.
///
/// The chain is followed from the first entry, each signed checkpoint is held against it, and the
/// state is built again. With --redecide every step is decided again by this version and compared
/// with what was decided then.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright verify --home fillwright-demo
  fillwright verify --home fillwright-demo --redecide --json

Exit codes: as `fillwright --help` lists them; 1 where the journal is damaged or a step would be
decided otherwise. A tail that a crash cut off in the middle of a write was never acknowledged:
it is reported, and no failure.")]
pub(crate) struct Verify {
    /// Decide every step again and compare.
    #[arg(long)]
    redecide: bool,
}

/// What verification found.
#[derive(Debug, Serialize)]
struct Finding {
    ok: bool,
    entries: u64,
    segments: u64,
    checkpoints: usize,
    head: String,
    state_hash: Option<String>,
    /// Bytes a crash left behind the last entry; the next start drops them.
    torn_bytes: Option<u64>,
    redecided: bool,
    /// Steps that this version would decide otherwise.
    decided_otherwise: u64,
    /// The first of them.
    first_decided_otherwise: Vec<Otherwise>,
    damage: Option<String>,
    /// The first entry that cannot be trusted.
    damaged_seq: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Otherwise {
    seq: u64,
    then: Vec<fillwright_kernel::Event>,
    now: Vec<fillwright_kernel::Event>,
}

impl Verify {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let reader = JournalReader::of(&common.home()?)?;
        let bar = progress::counting("verifying, at entry");
        let verified =
            verify(&reader.storage, &reader.options, self.redecide, |seq| bar.set_position(seq));
        bar.finish_and_clear();
        let finding = match verified {
            Ok(verified) => Finding::sound(&verified),
            Err(error) => Finding::damaged(error, self.redecide)?,
        };
        common.output().report(&finding)?;
        Ok(if finding.ok { Exit::Done } else { Exit::Found })
    }
}

impl Finding {
    fn sound(verified: &Verified) -> Self {
        let opened = &verified.opened;
        Self {
            ok: verified.redecided.is_empty(),
            entries: opened.last_seq,
            segments: opened.segments,
            checkpoints: opened.checkpoints,
            head: words::hash(&opened.head),
            state_hash: Some(words::hash(&verified.state_hash)),
            torn_bytes: opened.torn_tail.as_ref().map(|torn| torn.bytes_dropped),
            redecided: verified.was_redecided,
            decided_otherwise: verified.redecided.len() as u64,
            first_decided_otherwise: verified
                .redecided
                .iter()
                .take(LISTED)
                .map(otherwise)
                .collect(),
            damage: None,
            damaged_seq: None,
        }
    }

    /// What is damaged is a finding; what cannot be read for another reason is an error.
    fn damaged(error: RecoveryError, redecided: bool) -> Result<Self> {
        let (seq, intact) = match &error {
            RecoveryError::Journal(JournalError::Damaged { seq, what, .. }) => {
                (*seq, if matches!(what, Damage::HeaderBroken) { 0 } else { seq.saturating_sub(1) })
            }
            RecoveryError::Journal(JournalError::BadCheckpoint { .. }) => (0, 0),
            RecoveryError::Entry { seq, .. } => (*seq, seq.saturating_sub(1)),
            _ => return Err(error.into()),
        };
        let error = anyhow::Error::from(error);
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        Ok(Self {
            ok: false,
            entries: intact,
            segments: 0,
            checkpoints: 0,
            head: String::new(),
            state_hash: None,
            torn_bytes: None,
            redecided,
            decided_otherwise: 0,
            first_decided_otherwise: Vec::new(),
            damage: Some(causes.join(": ")),
            damaged_seq: Some(seq),
        })
    }

    fn tell_sound(&self) -> String {
        let torn = self.torn_bytes.map_or(String::new(), |bytes| {
            format!(
                "\n  a crash left {} behind the last entry; they were never acknowledged, the next start drops them",
                words::count(bytes, "byte", "bytes")
            )
        });
        format!(
            "{}\n  {} in {}, {}\n  head  {}\n  state {}{torn}",
            self.verdict(),
            words::count(self.entries, "entry", "entries"),
            words::count(self.segments, "segment", "segments"),
            words::count(self.checkpoints as u64, "signed checkpoint", "signed checkpoints"),
            self.head,
            self.state_hash.as_deref().unwrap_or_default()
        )
    }

    fn verdict(&self) -> String {
        if !self.redecided {
            return "the journal is sound: the chain holds from the first entry to the last"
                .to_owned();
        }
        if self.ok {
            return "the journal is sound, and every step is decided again the same way".to_owned();
        }
        let seqs: Vec<String> =
            self.first_decided_otherwise.iter().map(|step| step.seq.to_string()).collect();
        format!(
            "the chain holds, but this version would decide {} otherwise, first at {}; `--json` shows both decisions",
            words::count(self.decided_otherwise, "step", "steps"),
            seqs.join(", ")
        )
    }
}

fn otherwise(redecided: &Redecided) -> Otherwise {
    Otherwise { seq: redecided.seq, then: redecided.then.clone(), now: redecided.now.clone() }
}

impl Report for Finding {
    fn tell(&self) -> String {
        match &self.damage {
            None => self.tell_sound(),
            Some(damage) => format!("verification FAILED\n  {damage}"),
        }
    }
}
