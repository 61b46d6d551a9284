//! The engine's sequencer and journal under one seed, on a disk that tears, fills up and fails, with the process dying
//! anywhere: before a step, behind it, in the middle of a write or sync, between two effects, in recovery.
//!
//! What must hold is said by those who never crash: the venue with its own ledger, the callers who send again what was
//! not answered, the reference that decides the same, and the oracle.

use crate::generate::{Generator, PARTITION};
use crate::lockstep::{Failure, agree, agrees_with_venue, carry_out, words_of};
use crate::oracle::{self, Oracle};
use crate::reference::Reference;
use crate::rng::Rng;
use crate::story::tell;
use crate::venue::{Habits, Venue};
use fillwright_domain::{IntentId, Timestamp};
use fillwright_engine::verify::verify;
use fillwright_engine::{Sequencer, SequencerError, recover};
use fillwright_journal::{
    Fate, Faults, Hash, Journal, JournalOptions, MemoryStorage, Preparation, Storage, Unsynced,
    codec, snapshot,
};
use fillwright_kernel::{Answer, Effect, Event, Input, Kernel, effects_of};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

const SEGMENT_BYTES: u64 = 32 * 1024;
/// Recoveries that may themselves be cut off in one crash, so that every run ends.
const CRASHES_IN_RECOVERY_MAX: u64 = 2;

/// Where the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Here and there, as the seed says.
    AtRandom,
    /// Never.
    Never,
    /// Before this changing operation of the disk, counted from 0.
    Operation(u64),
    /// Before this effect is carried out, counted from 0.
    Effect(u64),
    /// Before this input is taken, counted from 0.
    Input(u64),
}

/// What remains of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// As the seed says, sector by sector.
    AtRandom,
    /// Nothing: the power went.
    Nothing,
    /// Everything: only the process died.
    Everything,
    /// Half of every sector.
    Torn,
}

/// A planted bug of the shell around kernel and journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellCanary {
    /// Effects are carried out before their entries are durable.
    EffectsBeforeReceipt,
    /// A failed sync is taken for a success.
    SyncFailureIgnored,
    /// Unanswered orders are sent again after a restart.
    OrdersSentAgain,
    /// Nobody asks about open orders after a restart.
    NothingResumed,
    /// A restart begins from an empty memory of answered intents.
    AnswersForgotten,
}

/// Every planted bug of the shell.
pub const SHELL_CANARIES: [ShellCanary; 5] = [
    ShellCanary::EffectsBeforeReceipt,
    ShellCanary::SyncFailureIgnored,
    ShellCanary::OrdersSentAgain,
    ShellCanary::NothingResumed,
    ShellCanary::AnswersForgotten,
];

/// How one run is to go.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The seed of everything.
    pub seed: u64,
    /// Where the process dies.
    pub when: When,
    /// What remains then.
    pub remains: Remains,
    /// A planted bug, or none.
    pub canary: Option<ShellCanary>,
    /// Whether the failure comes with the whole story.
    pub tells: bool,
}

impl Plan {
    /// Everything as the seed says.
    pub fn of(seed: u64) -> Self {
        Self { seed, when: When::AtRandom, remains: Remains::AtRandom, canary: None, tells: false }
    }
}

/// What runs did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// What the oracle saw.
    pub seen: oracle::Tally,
    /// Deaths of the process.
    pub crashes: u64,
    /// Deaths during recovery.
    pub in_recovery: u64,
    /// Tails that had to be cut off.
    pub torn: u64,
    /// Entries that were stepped and never became durable.
    pub lost_unacknowledged: u64,
    /// Entries that became durable although nobody was told.
    pub survived_unacknowledged: u64,
    /// Intents sent again because no answer came.
    pub resubmitted: u64,
    /// Commits that failed, and with them the process.
    pub failed_commits: u64,
    /// Disks that filled up.
    pub full_disks: u64,
    /// Inputs no entry could hold.
    pub too_large: u64,
    /// Recoveries from a snapshot.
    pub from_snapshot: u64,
    /// Entries that were decided again from the journal and compared.
    pub redecided: u64,
    /// Changing operations of the disk.
    pub operations: u64,
    /// Effects carried out.
    pub effects: u64,
    /// Inputs taken.
    pub inputs: u64,
}

impl Tally {
    /// Adds what another run did.
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.seen.add(other.seen);
        self.crashes += other.crashes;
        self.in_recovery += other.in_recovery;
        self.torn += other.torn;
        self.lost_unacknowledged += other.lost_unacknowledged;
        self.survived_unacknowledged += other.survived_unacknowledged;
        self.resubmitted += other.resubmitted;
        self.failed_commits += other.failed_commits;
        self.full_disks += other.full_disks;
        self.too_large += other.too_large;
        self.from_snapshot += other.from_snapshot;
        self.redecided += other.redecided;
        self.operations += other.operations;
        self.effects += other.effects;
        self.inputs += other.inputs;
    }
}

/// A step that nobody was told of yet.
struct Pending {
    seq: u64,
    at: Timestamp,
    input: Input,
    events: Vec<Event>,
}

/// Why a turn did not end as it should.
enum Stop {
    /// The process died; what is on disk decides.
    Crash,
    /// Something that may never happen did.
    Wrong(String),
}

impl From<String> for Stop {
    fn from(what: String) -> Self {
        Self::Wrong(what)
    }
}

struct World {
    plan: Plan,
    rng: Rng,
    storage: MemoryStorage,
    sequencer: Option<Sequencer>,
    reference: Reference,
    oracle: Oracle,
    venue: Venue,
    generator: Generator,
    pending: Vec<Pending>,
    acknowledged: u64,
    /// The state's hash behind every entry.
    hashes: Vec<Hash>,
    unanswered: BTreeSet<IntentId>,
    trace: Vec<(Timestamp, Input)>,
    is_calm: bool,
    told: String,
    tally: Tally,
}

/// Runs one plan to its end.
///
/// # Errors
///
/// The first thing that went wrong.
pub fn run(plan: Plan) -> Result<Tally, Box<Failure>> {
    let mut world = World::new(plan);
    let lived = catch_unwind(AssertUnwindSafe(|| world.live_through()));
    match lived.unwrap_or_else(|panic| Err(format!("panic: {}", words_of(panic.as_ref())))) {
        Ok(()) => Ok(Tally { runs: 1, seen: world.oracle.tally, ..world.tally }),
        Err(what) => Err(Box::new(Failure {
            seed: plan.seed,
            step: world.oracle.tally.steps,
            what,
            trace: world.trace,
            told: world.told,
        })),
    }
}

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: SEGMENT_BYTES,
        checkpoint_every: 50,
        signing_seed: Some([7; 32]),
        preparation: Preparation::Inline,
        ..JournalOptions::new(PARTITION)
    }
}

impl World {
    fn new(plan: Plan) -> Self {
        let mut rng = Rng::new(plan.seed);
        let habits = Habits::draw(&mut rng);
        let venue = Venue::new(rng.split(), habits);
        let generator = Generator::new(rng.split(), false);
        Self {
            plan,
            rng,
            storage: MemoryStorage::new(),
            sequencer: None,
            reference: Reference::new(PARTITION),
            oracle: Oracle::default(),
            venue,
            generator,
            pending: Vec::new(),
            acknowledged: 0,
            hashes: Vec::new(),
            unanswered: BTreeSet::new(),
            trace: Vec::new(),
            is_calm: false,
            told: String::new(),
            tally: Tally::default(),
        }
    }

    fn live_through(&mut self) -> Result<(), String> {
        if let When::Operation(operation) = self.plan.when {
            self.storage.set_faults(Faults { stop_after: Some(operation), ..Faults::default() });
        }
        self.come_back()?;
        let opening = self.generator.opening();
        self.turn(opening)?;
        let turns = self.rng.pick(&[8, 20, 40]);
        for _ in 0..turns {
            self.generator.wait();
            self.break_something();
            let batch = self.batch();
            self.turn(batch)?;
        }
        self.come_to_rest()
    }

    /// Somebody looks at what is asked for, or something else comes in.
    fn decision_or_input(&mut self) -> Input {
        let looks = self.rng.chance(100);
        let follow_up = looks.then(|| self.generator.follow_up(&self.oracle.governance)).flatten();
        follow_up.unwrap_or_else(|| self.generator.input())
    }

    /// What arrived since the last turn: reports of the venue, then what others sent.
    fn batch(&mut self) -> Vec<Input> {
        let at = self.generator.at();
        for _ in 0..self.rng.below(3) {
            self.venue.trade(at);
        }
        let mut batch = Vec::new();
        for _ in 0..self.rng.below(4) {
            batch.extend(self.venue.receive(at).map(Input::Report));
        }
        for _ in 0..self.rng.between(1, 5) {
            batch.push(self.decision_or_input());
        }
        batch
    }

    fn break_something(&mut self) {
        if self.plan.when != When::AtRandom || self.is_calm {
            return;
        }
        let soon = self.rng.below(12);
        let faults = match self.rng.below(40) {
            0 => Faults { stop_after: Some(soon), ..Faults::default() },
            1 => {
                Faults { fail_write: Some((soon, std::io::ErrorKind::Other)), ..Faults::default() }
            }
            2 => Faults { fail_sync: Some(soon / 2), ..Faults::default() },
            3 => Faults { space: Some(soon * 4096), ..Faults::default() },
            _ => return,
        };
        self.note(&format!("{faults:?} from here on"));
        self.storage.set_faults(faults);
    }

    fn note(&mut self, what: &str) {
        if self.plan.tells {
            let _ = writeln!(self.told, "--- {what}");
        }
    }

    /// Takes a batch; where the process dies in it, comes back and goes on.
    fn turn(&mut self, batch: Vec<Input>) -> Result<(), String> {
        match self.attempt(batch) {
            Ok(()) => Ok(()),
            Err(Stop::Wrong(what)) => Err(what),
            Err(Stop::Crash) => self.die_and_come_back(),
        }
    }

    fn attempt(&mut self, batch: Vec<Input>) -> Result<(), Stop> {
        for input in batch {
            if let Input::SubmitIntent { intent, .. } = &input
                && self.generator.is_awaited(&intent.intent_id)
            {
                self.unanswered.insert(intent.intent_id.clone());
            }
            self.take(input)?;
        }
        if self.plan.canary == Some(ShellCanary::EffectsBeforeReceipt) {
            let early = self.pending.iter().flat_map(|step| effects_of(&step.events)).collect();
            self.carry_out_all(early)?;
        }
        self.dies_here(20)?;
        let effects = self.settle()?;
        let mut asked = Vec::new();
        if self.plan.canary != Some(ShellCanary::EffectsBeforeReceipt) {
            asked = self.carry_out_all(effects)?;
        }
        self.sometimes_snapshot()?;
        if asked.is_empty() { Ok(()) } else { self.attempt(asked) }
    }

    fn take(&mut self, input: Input) -> Result<(), Stop> {
        if self.plan.when == When::Input(self.tally.inputs) {
            self.plan.when = When::Never;
            return Err(Stop::Crash);
        }
        self.tally.inputs += 1;
        let at = self.generator.at();
        self.trace.push((at, input.clone()));
        self.dies_here(3)?;
        let Some(sequencer) = &mut self.sequencer else { return Err(Stop::Crash) };
        let events = sequencer.kernel().decide(at, &input);
        if self.plan.canary.is_none() {
            agree(&events, &self.reference.decide(at, &input))?;
        }
        let seq = match sequencer.take(at, &input) {
            Ok(seq) => seq,
            Err(SequencerError::SpaceLow) => {
                self.tally.full_disks += 1;
                self.storage.set_faults(Faults::default());
                sequencer.journal().retry_room();
                return Ok(());
            }
            Err(SequencerError::TooLarge { .. }) => {
                self.tally.too_large += 1;
                if let Input::SubmitIntent { intent, .. } = &input {
                    self.unanswered.remove(&intent.intent_id);
                }
                return Ok(());
            }
            Err(_) => return Err(Stop::Crash),
        };
        self.reference.record(at, &input, &events);
        self.hashes.push(codec::state_hash(sequencer.kernel().state()));
        if self.hashes.len() as u64 != seq {
            return Err(Stop::Wrong(format!("[I5] step {} became entry {seq}", self.hashes.len())));
        }
        self.pending.push(Pending { seq, at, input, events });
        Ok(())
    }

    fn settle(&mut self) -> Result<Vec<Effect>, Stop> {
        let Some(sequencer) = &mut self.sequencer else { return Err(Stop::Crash) };
        let settled = sequencer.settle();
        let asked: Vec<Effect> =
            self.pending.iter().flat_map(|step| effects_of(&step.events)).collect();
        let effects = match settled {
            Ok(effects) => effects,
            Err(_) if self.plan.canary == Some(ShellCanary::SyncFailureIgnored) => asked.clone(),
            Err(_) => {
                self.tally.failed_commits += 1;
                return Err(Stop::Crash);
            }
        };
        if effects != asked {
            return Err(Stop::Wrong(
                "[I2] the sequencer released other effects than the events ask for".to_owned(),
            ));
        }
        self.acknowledge(u64::MAX)?;
        if let Some(sequencer) = &self.sequencer
            && self.plan.canary.is_none()
        {
            self.oracle.agrees_with(sequencer.kernel().state())?;
        }
        Ok(effects)
    }

    /// What is durable has happened: the oracle is told.
    fn acknowledge(&mut self, up_to: u64) -> Result<(), String> {
        for step in std::mem::take(&mut self.pending) {
            if step.seq <= up_to {
                let effects = effects_of(&step.events);
                if self.plan.tells {
                    let when = format!("{} entry {}", step.at, step.seq);
                    tell(&mut self.told, &when, &step.events, &effects);
                }
                self.oracle.watch(step.at, &step.input, &step.events, &effects)?;
                self.acknowledged = step.seq;
            }
        }
        Ok(())
    }

    /// Carries effects out, and returns the intents they ask to be taken in.
    fn carry_out_all(&mut self, effects: Vec<Effect>) -> Result<Vec<Input>, Stop> {
        let at = self.generator.at();
        let mut asked = Vec::new();
        for effect in effects {
            if self.plan.when == When::Effect(self.tally.effects) {
                self.plan.when = When::Never;
                return Err(Stop::Crash);
            }
            self.dies_here(3)?;
            self.tally.effects += 1;
            match &effect {
                Effect::Reply {
                    intent_id,
                    answer:
                        Answer::Closed(_)
                        | Answer::Conflict { .. }
                        | Answer::Duplicate { status: Some(_), .. },
                } => {
                    self.unanswered.remove(intent_id);
                }
                Effect::SubmitIntent(intent) => asked.push(self.generator.asked(intent)),
                _ => carry_out(&mut self.venue, at, &effect),
            }
        }
        Ok(asked)
    }

    fn sometimes_snapshot(&mut self) -> Result<(), Stop> {
        if !self.rng.chance(30) || self.plan.when != When::AtRandom {
            return Ok(());
        }
        let Some(sequencer) = &self.sequencer else { return Err(Stop::Crash) };
        let state = codec::encode_state(sequencer.kernel().state());
        let Ok(receipt) = sequencer.journal().receipt() else { return Err(Stop::Crash) };
        let stored = snapshot::store(&self.storage, &receipt, self.generator.at().as_ns(), &state);
        stored.map(|_| ()).map_err(|_| Stop::Crash)
    }

    fn dies_here(&mut self, per_mille: u64) -> Result<(), Stop> {
        let dies = self.plan.when == When::AtRandom && !self.is_calm && self.rng.chance(per_mille);
        if dies { Err(Stop::Crash) } else { Ok(()) }
    }

    /// The process is gone; after some time another one starts.
    fn die_and_come_back(&mut self) -> Result<(), String> {
        self.tally.crashes += 1;
        self.generator.wait();
        self.die();
        if self.rng.chance(500) {
            self.venue.drop_wire();
        }
        for _ in 0..CRASHES_IN_RECOVERY_MAX {
            if self.plan.when != When::AtRandom || self.is_calm || !self.rng.chance(50) {
                break;
            }
            let soon = self.rng.below(6);
            self.storage.set_faults(Faults { stop_after: Some(soon), ..Faults::default() });
            if let Ok((sequencer, _)) = recover(self.disk(), &options(), self.generator.at()) {
                self.sequencer = Some(sequencer);
            }
            self.tally.in_recovery += 1;
            self.die();
        }
        self.come_back()?;
        self.send_again()
    }

    fn die(&mut self) {
        let remains = self.plan.remains;
        let only_the_process = match remains {
            Remains::Everything => true,
            Remains::AtRandom => self.rng.chance(400),
            Remains::Nothing | Remains::Torn => false,
        };
        if only_the_process {
            self.note("the process dies");
            self.storage.restart();
        } else {
            self.note("the power goes");
            self.storage.crash(|unsynced| fate(remains, &mut self.rng, unsynced));
        }
        self.storage.set_faults(Faults::default());
        self.sequencer = None;
    }

    fn disk(&self) -> Arc<dyn Storage> {
        Arc::new(self.storage.clone())
    }

    /// Recovers from what is on disk, and holds it against what everybody was told.
    fn come_back(&mut self) -> Result<(), String> {
        let (sequencer, recovered) = match recover(self.disk(), &options(), self.generator.at()) {
            Ok(recovered) => recovered,
            Err(_) if self.acknowledged == 0 && self.storage.faults().stop_after == Some(0) => {
                self.tally.crashes += 1;
                self.die();
                return self.come_back();
            }
            Err(error) => {
                return Err(format!(
                    "[I5] recovery refuses: {error}: {:?}",
                    std::error::Error::source(&error)
                ));
            }
        };
        self.tally.torn += u64::from(recovered.opened.torn_tail.is_some());
        self.tally.from_snapshot += u64::from(recovered.snapshot_seq.is_some());
        let last = sequencer.kernel().state().seq;
        if last < self.acknowledged {
            return Err(format!(
                "[I5] {} entries were acknowledged, {last} are there",
                self.acknowledged
            ));
        }
        let (kept, stepped) = (last - self.acknowledged, self.hashes.len() as u64);
        self.tally.survived_unacknowledged += kept;
        self.tally.lost_unacknowledged += stepped - last.min(stepped);
        self.acknowledge(last)?;
        self.reference.forget_after(last);
        self.hashes.truncate(usize::try_from(last).unwrap_or(usize::MAX));
        if self
            .hashes
            .last()
            .is_some_and(|hash| *hash != codec::state_hash(sequencer.kernel().state()))
        {
            return Err(format!("[I4] recovery to entry {last} gives another state"));
        }
        self.sequencer = Some(self.spoilt(sequencer)?);
        Ok(())
    }

    /// A planted bug: what was answered is forgotten.
    fn spoilt(&self, sequencer: Sequencer) -> Result<Sequencer, String> {
        if self.plan.canary != Some(ShellCanary::AnswersForgotten) || self.acknowledged == 0 {
            return Ok(sequencer);
        }
        let mut state = sequencer.kernel().state().clone();
        state.answered = fillwright_kernel::answered::AnsweredIntents::default();
        drop(sequencer);
        let at = self.generator.at();
        let (journal, _) = Journal::open(self.disk(), &options(), at.as_ns())
            .map_err(|error| error.to_string())?;
        Sequencer::new(Kernel::restored(state), journal, at).map_err(|error| error.to_string())
    }

    /// After a restart the planes are asked, and callers send what nobody answered.
    fn send_again(&mut self) -> Result<(), String> {
        if self.plan.canary == Some(ShellCanary::OrdersSentAgain) {
            let at = self.generator.at();
            let working = self.oracle.orders_at_work();
            for order in &working {
                self.venue.place(at, order);
            }
        }
        let again: Vec<Input> = self
            .unanswered
            .iter()
            .filter_map(|intent| self.generator.resubmission(intent))
            .collect();
        self.tally.resubmitted += again.len() as u64;
        let asks = self.plan.canary != Some(ShellCanary::NothingResumed);
        self.turn(asks.then_some(Input::Resume).into_iter().chain(again).collect())
    }

    /// Faults stop: everything that was begun ends, everybody is answered, and all ledgers agree.
    fn come_to_rest(&mut self) -> Result<(), String> {
        self.is_calm = true;
        self.tally.operations = self.storage.operations();
        self.generator.wait();
        self.storage.set_faults(Faults::default());
        self.die_and_come_back()?;
        // Intents sent again may place orders that end only in the next round.
        for _ in 0..3 {
            self.venue.calm_down(self.generator.at());
            while let Some(report) = self.venue.receive(self.generator.at()) {
                self.turn(vec![Input::Report(report)])?;
            }
            self.send_again()?;
        }
        self.all_is_well()
    }

    fn all_is_well(&mut self) -> Result<(), String> {
        if let Some(violation) = self.venue.violations().first() {
            return Err(format!("[I2] {violation}"));
        }
        self.oracle.all_ended()?;
        if let Some(intent) = self.unanswered.first() {
            return Err(format!("[I1] intent {intent} was never answered"));
        }
        agrees_with_venue(&self.oracle, &self.venue)?;
        let Some(sequencer) = self.sequencer.take() else {
            return Err("the process is gone".to_owned());
        };
        sequencer.close().map_err(|error| format!("closing: {error}"))?;
        let verified = verify(&self.disk(), &options(), true, |_| {})
            .map_err(|error| format!("[I5] {error}"))?;
        if self.hashes.last().is_some_and(|hash| *hash != verified.state_hash) {
            return Err("[I4] verifying leads to another state".to_owned());
        }
        if let Some(other) = verified.redecided.first() {
            return Err(format!("entry {} would be decided otherwise now", other.seq));
        }
        if self.plan.canary.is_none() { self.decide_again() } else { Ok(()) }
    }

    /// Reads the journal from its first entry: every step decides the same again, every prefix gives the same state.
    fn decide_again(&mut self) -> Result<(), String> {
        let opened = Journal::recover(self.disk(), &options(), self.generator.at().as_ns());
        let mut recovery = opened.map_err(|error| error.to_string())?;
        let mut kernel = Kernel::new(PARTITION);
        while let Some(chunk) = recovery.next_chunk().map_err(|error| error.to_string())? {
            for entry in chunk.entries() {
                let input =
                    codec::decode_input(entry.payload).map_err(|error| error.to_string())?;
                let events =
                    codec::decode_events(entry.payload).map_err(|error| error.to_string())?;
                if kernel.decide(Timestamp::from_ns(entry.at), &input) != events {
                    return Err(format!("entry {} decides otherwise the second time", entry.seq));
                }
                kernel.replay(Timestamp::from_ns(entry.at), &events);
                let known = usize::try_from(entry.seq - 1).ok().and_then(|at| self.hashes.get(at));
                if known != Some(&codec::state_hash(kernel.state())) {
                    return Err(format!("[I4] the first {} entries give another state", entry.seq));
                }
                self.tally.redecided += 1;
            }
        }
        Ok(())
    }
}

fn fate(remains: Remains, rng: &mut Rng, unsynced: Unsynced<'_>) -> Fate {
    match (remains, unsynced) {
        (Remains::Nothing | Remains::Everything, _) => Fate::Lost,
        (Remains::Torn, Unsynced::Sector { .. }) => Fate::Torn(256),
        (Remains::Torn, Unsynced::Folder { .. }) => Fate::Kept(0),
        (Remains::AtRandom, Unsynced::Sector { versions, .. }) => match rng.below(3) {
            0 => Fate::Lost,
            1 => Fate::Kept(rng.index(versions)),
            _ => Fate::Torn(rng.index(512)),
        },
        (Remains::AtRandom, Unsynced::Folder { .. }) => {
            if rng.chance(500) {
                Fate::Lost
            } else {
                Fate::Kept(0)
            }
        }
    }
}
