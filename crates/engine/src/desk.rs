//! A home at work: what comes in is sequenced, what must go out goes out once it is durable, and planes report back.

use crate::home::{Home, HomeError};
use crate::planes::{LedgerError, LiveStub, LiveStubRules};
use crate::recovery::{Recovered, RecoveryError, recover_with};
use crate::{Clock, Quotes, Sequencer, SequencerError};
use fillwright_domain::{
    AccountId, BookId, ComponentKind, HealthStatus, IntentId, Plane, Principal, StartupAnomaly,
    Text, Timestamp,
};
use fillwright_journal::{FileStorage, JournalOptions, Receipt, codec, snapshot};
use fillwright_kernel::incidents::IncidentInput;
use fillwright_kernel::reconciliation::Subject;
use fillwright_kernel::{Answer, Effect, Event, FlowInput, Input, Kernel, Refusal};
use fillwright_policy::{Change, ReconciliationPolicy, Rulebook, difference};
use std::collections::VecDeque;
use std::sync::Arc;

const NS_PER_MS: i64 = 1_000_000;
const NS_PER_S: i64 = 1_000 * NS_PER_MS;

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
    /// The rules in force allow other programs than this. Stops are taken all the same.
    #[error(
        "the rules in force do not allow this program to take intents; start one they name, or have its hash \
         ({build}) adopted in `builds` of config/fillwright.json"
    )]
    BuildNotAllowed {
        /// The SHA-256 of this executable, in hex.
        build: Text,
    },
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
    /// Which program this is, once it was asked.
    build: Option<Text>,
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
        let started = clock.now();
        let (sequencer, recovered) = recover_with(storage.clone(), &options, started, progress)?;
        let mut stub = open_stub(&home)?;
        // Whatever it says of that is asked for, order by order.
        stub.lapse(started)?;
        let mut desk = Self {
            home,
            storage,
            options,
            sequencer,
            stub,
            quotes: Quotes::default(),
            clock,
            differences: Vec::new(),
            build: None,
        };
        let state = desk.kernel().state();
        if state.orders.iter().next().is_some() || !state.exits.is_empty() {
            desk.process([Input::Resume])?;
        }
        desk.raise_anomalies(&recovered)?;
        desk.begin(rulebook, by)?;
        desk.state_build()?;
        desk.register_runs(by)?;
        let forgotten_to = desk.kernel().state().reconciliation.fills.forgotten_to();
        desk.reconcile(forgotten_to.unwrap_or(Timestamp::MIN))?;
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

    /// Says which program this is, where the rules care and it is another than the last.
    fn state_build(&mut self) -> Result<(), DeskError> {
        let Some(rules) = &self.kernel().state().rulebook else { return Ok(()) };
        if rules.builds.is_empty() && rules.environment.as_str() != "live" {
            return Ok(());
        }
        let build = match &self.build {
            Some(build) => build.clone(),
            None => self.build.insert(self.home.build()?).clone(),
        };
        if self.kernel().state().build.as_ref() == Some(&build) {
            return Ok(());
        }
        self.process([Input::Started { build }]).map(|_| ())
    }

    /// Whether the rules in force let this program take intents.
    ///
    /// # Errors
    ///
    /// `BuildNotAllowed`, or where the journal fails.
    pub fn may_take_intents(&mut self) -> Result<(), DeskError> {
        // Rules that came since the start may care.
        self.state_build()?;
        let state = self.kernel().state();
        let Some(rules) = &state.rulebook else { return Ok(()) };
        let build = state.build.clone().unwrap_or_default();
        if rules.allows_build(&build) { Ok(()) } else { Err(DeskError::BuildNotAllowed { build }) }
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
        let late = self.stub.refresh(at)?;
        self.process(late.into_iter().map(Input::Report))?;
        if !self.kernel().decide(at, &Input::Tick).is_empty() {
            self.process([Input::Tick])?;
        }
        if self.is_reconciliation_due(at) { self.reconcile_lately() } else { Ok(()) }
    }

    /// Whether our ledger is to be held against the executors' again.
    fn is_reconciliation_due(&self, at: Timestamp) -> bool {
        let state = self.kernel().state();
        let every_s = self.reconciliation().every_s;
        let last = state.reconciliation.compared_at(Plane::LiveStub);
        every_s > 0 && last.is_none_or(|last| at.since_ns(last) >= i64::from(every_s) * NS_PER_S)
    }

    fn reconciliation(&self) -> ReconciliationPolicy {
        let rules = self.kernel().state().rulebook.as_ref();
        rules.map(|rules| rules.reconciliation).unwrap_or_default()
    }

    /// Holds our ledger against the executors' as far back as policy says, and as far as a break of a fill still stands.
    fn reconcile_lately(&mut self) -> Result<(), DeskError> {
        let lookback_ns = i64::from(self.reconciliation().lookback_s) * NS_PER_S;
        let behind = self.sequencer.last_at().as_ns().saturating_sub(lookback_ns);
        let standing = self.kernel().state().reconciliation.standing();
        let fills = standing.filter(|one| matches!(one.name.subject, Subject::Fill(..)));
        let oldest = fills.map(|one| one.at.as_ns().saturating_sub(1)).min();
        let behind = oldest.map_or(behind, |oldest| oldest.min(behind));
        self.reconcile(Timestamp::from_ns(behind))
    }

    /// Holds our ledger against the executors', fills behind a time. Nothing is recorded where neither side has anything.
    fn reconcile(&mut self, fills_behind: Timestamp) -> Result<(), DeskError> {
        let state = self.kernel().state();
        let is_quiet = self.stub.is_empty()
            && state.orders.iter().next().is_none()
            && state.reconciliation.fills.is_empty();
        if is_quiet {
            return Ok(());
        }
        let as_of = self.clock.now();
        let grace_ns = i64::from(self.reconciliation().grace_ms) * NS_PER_MS;
        let ended_since = as_of.as_ns().saturating_sub(grace_ns).saturating_sub(NS_PER_S);
        let stated = self.stub.statements(as_of, Timestamp::from_ns(ended_since), fills_behind);
        let inputs = stated.into_iter().map(|page| Input::Statement(Box::new(page)));
        self.process_alone(inputs).map(|_| ())
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
        let inputs: Vec<Input> = inputs.into_iter().collect();
        if inputs.iter().any(|input| matches!(input, Input::SubmitIntent { .. })) {
            self.may_take_intents()?;
        }
        let has_reconnected = inputs.iter().any(is_reconnect);
        let replies = self.process_alone(inputs)?;
        if has_reconnected {
            self.reconcile_lately()?;
        }
        Ok(replies)
    }

    fn process_alone(
        &mut self,
        inputs: impl IntoIterator<Item = Input>,
    ) -> Result<Vec<Reply>, DeskError> {
        let mut replies = Vec::new();
        let mut waiting: VecDeque<Input> = inputs.into_iter().collect();
        while !waiting.is_empty() {
            let effects = self.settle(waiting.drain(..))?;
            // Only what is durable shows that somebody is there.
            let late = self.stub.refresh(self.sequencer.last_at())?;
            waiting.extend(late.into_iter().map(Input::Report));
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
                let account = self.account_of(&order.book_id);
                self.stub.place(&order, &account, self.quotes.get(&order.market_id), at)?
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

    /// The account a book trades for.
    fn account_of(&self, book_id: &BookId) -> AccountId {
        let rules = self.kernel().state().rulebook.as_ref();
        let book = rules.and_then(|rules| rules.books.get(book_id));
        book.map_or_else(AccountId::main, |book| book.account.clone())
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

/// Whether an input says that an executor is there again: what it said meanwhile may have been missed.
fn is_reconnect(input: &Input) -> bool {
    match input {
        Input::Flow(said) => {
            matches!(**said, FlowInput::VenueHealth { status: HealthStatus::Up, .. })
        }
        Input::Incident(said) => matches!(
            **said,
            IncidentInput::Health {
                kind: ComponentKind::BrokerConnection,
                status: HealthStatus::Up,
                ..
            }
        ),
        _ => false,
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
