//! A home at work: what comes in is sequenced, what must go out goes out once it is durable, and planes report back.

use crate::home::{Home, HomeError};
use crate::planes::{LedgerError, LiveStub, LiveStubRules};
use crate::recovery::{Recovered, RecoveryError, recover_with};
use crate::{Clock, Quotes, Sequencer, SequencerError};
use fillwright_domain::{IntentId, Principal, StartupAnomaly, Text};
use fillwright_journal::{FileStorage, JournalOptions, Receipt, codec, snapshot};
use fillwright_kernel::incidents::IncidentInput;
use fillwright_kernel::{Answer, Effect, Event, Input, Kernel, Refusal};
use fillwright_policy::{Change, Rulebook, difference};
use std::collections::VecDeque;
use std::sync::Arc;

/// Why the desk must stop.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The home cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The journal cannot be recovered.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The sequencer must stop.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// The live stub's ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The journal's folder cannot be used.
    #[error("the journal's folder cannot be used; check permissions and the disk")]
    Folder(#[source] std::io::Error),
    /// A snapshot could not be stored. Nothing is lost: the next start replays more.
    #[error("the snapshot could not be stored; the next start replays from an earlier one")]
    Snapshot(#[source] fillwright_journal::JournalError),
}

/// The answer to one intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The intent.
    pub intent_id: IntentId,
    /// What became of it.
    pub answer: Answer,
}

/// A home at work.
pub struct Desk {
    home: Home,
    storage: Arc<FileStorage>,
    options: JournalOptions,
    sequencer: Sequencer,
    stub: LiveStub,
    quotes: Quotes,
    clock: Box<dyn Clock>,
    differences: Vec<Change>,
}

impl Desk {
    /// Opens a home: recovers its journal, asks the planes about orders that are still open, adopts the rules and runs
    /// that are new. `progress` is told the sequence number reached while recovering.
    ///
    /// # Errors
    ///
    /// `DeskError` says what stands in the way.
    pub fn open(
        home: Home,
        mut clock: Box<dyn Clock>,
        by: &Principal,
        progress: impl FnMut(u64),
    ) -> Result<(Self, Recovered), DeskError> {
        let rulebook = home.rulebook()?;
        let options = home.journal_options(&rulebook.partition)?;
        let storage = Arc::new(FileStorage::new(home.journal()).map_err(DeskError::Folder)?);
        let (sequencer, recovered) =
            recover_with(storage.clone(), &options, clock.now(), progress)?;
        let stub = open_stub(&home)?;
        let mut desk = Self {
            home,
            storage,
            options,
            sequencer,
            stub,
            quotes: Quotes::default(),
            clock,
            differences: Vec::new(),
        };
        let state = desk.kernel().state();
        if state.orders.iter().next().is_some() || !state.exits.is_empty() {
            desk.process([Input::Resume])?;
        }
        desk.raise_anomalies(&recovered)?;
        desk.begin(rulebook, by)?;
        desk.register_runs(by)?;
        Ok((desk, recovered))
    }

    /// Puts the documents in force where nothing was ever in force. Later they change nothing by lying there: the rules
    /// in force hold, and what differs from them is only told.
    fn begin(&mut self, rulebook: Rulebook, by: &Principal) -> Result<(), DeskError> {
        if let Some(in_force) = &self.kernel().state().rulebook {
            self.differences = difference(in_force, &rulebook);
            return Ok(());
        }
        let reason = Text::new("the first rules of this home");
        let rulebook = Box::new(rulebook);
        self.process([Input::AdoptRulebook { rulebook, by: by.clone(), reason }]).map(|_| ())
    }

    /// What the policy documents said otherwise than the rules in force when the home was opened.
    pub fn differences(&self) -> &[Change] {
        &self.differences
    }

    /// Asks for something about the rules, and says why it was refused, where it was.
    ///
    /// # Errors
    ///
    /// `DeskError` where the journal fails.
    pub fn ask_about_rules(&mut self, input: Input) -> Result<Option<Refusal>, DeskError> {
        let now = self.clock.now();
        let refused = self.kernel().decide(now, &input).into_iter().find_map(|event| match event {
            Event::InputRefused { why, .. } => Some(why),
            _ => None,
        });
        self.process([input])?;
        Ok(refused)
    }

    /// What the start found that should not have been is an incident before anything else happens.
    fn raise_anomalies(&mut self, recovered: &Recovered) -> Result<(), DeskError> {
        let torn = recovered.opened.torn_tail.iter().map(|torn| {
            let detail = format!(
                "{} bytes behind entry {} were dropped: the process ended in the middle of a write",
                torn.bytes_dropped, torn.after_seq
            );
            (StartupAnomaly::TornTailDropped, detail)
        });
        let skipped = recovered.skipped.iter().map(|skipped| {
            let detail = format!("snapshot {} was passed over: {}", skipped.file, skipped.why);
            (StartupAnomaly::SnapshotSkipped, detail)
        });
        let unsigned = self.options.signing_seed.is_none().then(|| {
            (StartupAnomaly::OpenedUnsigned, "the journal has no key to sign with".to_owned())
        });
        let inputs: Vec<Input> = torn
            .chain(skipped)
            .chain(unsigned)
            .map(|(anomaly, detail)| {
                let detail = Text::new(detail);
                Input::Incident(Box::new(IncidentInput::Startup { anomaly, detail }))
            })
            .collect();
        self.process(inputs).map(|_| ())
    }

    /// Registers the runs of the registry that are not registered yet, where `by` may register any.
    ///
    /// # Errors
    ///
    /// `DeskError` where the registry is malformed or the journal fails.
    pub fn register_runs(&mut self, by: &Principal) -> Result<(), DeskError> {
        if self.kernel().state().may_register(by).is_err() {
            return Ok(());
        }
        let known = &self.kernel().state().audited_runs;
        let runs = self.home.audited_runs()?;
        let new = runs.into_iter().filter(|run| known.get(&run.run_id) != Some(&run.manifest_hash));
        let inputs: Vec<Input> = new
            .map(|run| Input::RegisterRun {
                run_id: run.run_id,
                manifest_hash: run.manifest_hash,
                by: by.clone(),
                reason: Text::new("the registry of audited runs names it"),
            })
            .collect();
        self.process(inputs).map(|_| ())
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The kernel, to read.
    pub fn kernel(&self) -> &Kernel {
        self.sequencer.kernel()
    }

    /// The sequencer, to read.
    pub fn sequencer(&self) -> &Sequencer {
        &self.sequencer
    }

    /// Where the journal is stored, for readers.
    pub fn storage(&self) -> Arc<FileStorage> {
        Arc::clone(&self.storage)
    }

    /// How the journal is kept, for readers.
    pub fn options(&self) -> &JournalOptions {
        &self.options
    }

    /// The latest quotes, to be fed.
    pub fn quotes_mut(&mut self) -> &mut Quotes {
        &mut self.quotes
    }

    /// The latest quotes.
    pub fn quotes(&self) -> &Quotes {
        &self.quotes
    }

    /// Values all holdings at the latest quotes.
    ///
    /// # Errors
    ///
    /// `DeskError` where the journal fails.
    pub fn mark(&mut self) -> Result<(), DeskError> {
        let marks = self.quotes.marks();
        self.process(marks).map(|_| ())
    }

    /// Lets the kernel do what fell due with time, where anything did: nothing is recorded otherwise.
    ///
    /// # Errors
    ///
    /// `DeskError` where the journal fails.
    pub fn tick(&mut self) -> Result<(), DeskError> {
        let at = self.clock.now();
        if self.kernel().decide(at, &Input::Tick).is_empty() {
            return Ok(());
        }
        self.process([Input::Tick]).map(|_| ())
    }

    /// Takes a group of inputs through to the end: one commit for the group, then its effects, then what the planes
    /// report, until nothing is left to do. Replies come in the order in which intents were answered.
    ///
    /// # Errors
    ///
    /// `DeskError`: the process must stop. Replies that were not returned were never given.
    pub fn process(
        &mut self,
        inputs: impl IntoIterator<Item = Input>,
    ) -> Result<Vec<Reply>, DeskError> {
        let mut replies = Vec::new();
        let mut waiting: VecDeque<Input> = inputs.into_iter().collect();
        while !waiting.is_empty() {
            let effects = self.settle(waiting.drain(..))?;
            for effect in effects {
                waiting.extend(self.perform(effect, &mut replies)?);
            }
        }
        Ok(replies)
    }

    /// Takes a group and settles it. Where one input cannot be taken, those before it are settled all the same.
    fn settle(&mut self, group: impl Iterator<Item = Input>) -> Result<Vec<Effect>, DeskError> {
        let clock = &mut self.clock;
        let sequencer = &mut self.sequencer;
        let taken = group.map(|input| sequencer.take(clock.now(), &input)).find(Result::is_err);
        match taken {
            Some(Err(SequencerError::SpaceLow)) => {
                sequencer.settle()?;
                Err(SequencerError::SpaceLow.into())
            }
            Some(Err(error)) => Err(error.into()),
            _ => Ok(sequencer.settle()?),
        }
    }

    fn perform(
        &mut self,
        effect: Effect,
        replies: &mut Vec<Reply>,
    ) -> Result<Vec<Input>, DeskError> {
        let at = self.clock.now();
        let reports = match effect {
            Effect::PlaceOrder(order) => {
                self.stub.place(&order, self.quotes.get(&order.market_id), at)?
            }
            Effect::CancelOrder { order_intent_id, instrument_id } => {
                self.stub.cancel(order_intent_id, &instrument_id, at)?
            }
            Effect::QueryOrder { order_intent_id, .. } => self.stub.query(order_intent_id, at),
            Effect::SubmitIntent(intent) => return Ok(vec![self.quotes.submit(*intent)]),
            Effect::Reply { intent_id, answer } => {
                replies.push(Reply { intent_id, answer });
                Vec::new()
            }
        };
        Ok(reports.into_iter().map(Input::Report).collect())
    }

    /// Stores a snapshot of everything that is durable, and keeps the two newest.
    ///
    /// # Errors
    ///
    /// `Snapshot`.
    pub fn snapshot(&self) -> Result<(), DeskError> {
        const KEPT: usize = 2;
        let receipt = self.sequencer.journal().receipt().map_err(DeskError::Snapshot)?;
        let state = codec::encode_state(self.kernel().state());
        let at = self.sequencer.last_at().as_ns();
        snapshot::store(&*self.storage, &receipt, at, &state).map_err(DeskError::Snapshot)?;
        snapshot::prune(&*self.storage, KEPT).map_err(DeskError::Snapshot)?;
        Ok(())
    }

    /// Ends the work: settles what is left, signs a checkpoint, closes the journal.
    ///
    /// # Errors
    ///
    /// `DeskError` where the journal fails.
    pub fn close(self) -> Result<(Kernel, Receipt), DeskError> {
        let (kernel, receipt, _) = self.sequencer.close()?;
        Ok((kernel, receipt))
    }
}

fn open_stub(home: &Home) -> Result<LiveStub, DeskError> {
    const RULES: &str = "config/brokers/live-stub.json";
    let rules: LiveStubRules = match home.optional_document(RULES)? {
        None => LiveStubRules::default(),
        Some((file, bytes)) => serde_json::from_slice(&bytes).map_err(|error| HomeError::Read {
            file,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
        })?,
    };
    let ledger = home.path("data/venue/live-stub.ndjson");
    ledger.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(DeskError::Folder)?;
    Ok(LiveStub::with_ledger(rules, &ledger)?)
}
