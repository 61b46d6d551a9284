//! A slow, obvious kernel: it keeps everything that ever happened and recomputes whatever it needs by reading all of it.
//!
//! Written from the documents (`kernel`'s doc comments, the design and the house style), not from the kernel. It
//! calculates with exact rationals, so that it shares no arithmetic with the kernel either. Given the same inputs both
//! must record the same events, figures included.

mod admin;
mod approvals;
mod corrections;
mod decisions;
mod deployment;
mod facts;
mod flow;
mod gates;
mod incidents;
mod intents;
mod limits;
mod orders;
mod restraints;
mod routes;
mod sessions;
mod statements;
mod versions;

use facts::Facts;
use fillwright_domain::Timestamp;
use fillwright_kernel::{Event, Input};
use fillwright_policy::{KillEffect, RestraintKind};

/// One step that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Counts steps from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What came in.
    pub input: Input,
    /// What happened.
    pub events: Vec<Event>,
}

/// The slow kernel of one partition.
#[derive(Debug, Clone)]
pub struct Reference {
    partition: String,
    history: Vec<Entry>,
}

impl Reference {
    /// One that has seen nothing yet.
    pub fn new(partition: &str) -> Self {
        Self { partition: partition.to_owned(), history: Vec::new() }
    }

    /// What happens if this input comes in now.
    pub fn decide(&self, at: Timestamp, input: &Input) -> Vec<Event> {
        let facts = Facts::new(&self.partition, &self.history);
        let due = versions::fall_due(&facts, at);
        if due.is_empty() {
            return Self::answer(&facts, at, input);
        }
        // What fell due happened before the input was looked at, in the same entry.
        let mut behind = self.clone();
        behind.record(at, input, &due);
        let facts =
            Facts { next_seq: facts.next_seq, ..Facts::new(&self.partition, &behind.history) };
        let answered = Self::answer(&facts, at, input);
        due.into_iter().chain(answered).collect()
    }

    fn answer(facts: &Facts, at: Timestamp, input: &Input) -> Vec<Event> {
        let mut events = Self::decide_alone(facts, at, input);
        events.extend(incidents::detected(facts, at, &events));
        events
    }

    fn decide_alone(facts: &Facts, at: Timestamp, input: &Input) -> Vec<Event> {
        match input {
            Input::AdoptRulebook { rulebook, by, reason } => {
                admin::adopt(facts, rulebook, by, reason)
            }
            Input::RegisterRun { run_id, manifest_hash, by, reason } => {
                admin::register(facts, run_id, manifest_hash, by, reason)
            }
            Input::SubmitIntent { intent, quote } => {
                intents::submit(facts, at, intent, quote.as_ref())
            }
            Input::Mark { instrument_id, mark_px, as_of } => {
                admin::mark(facts, at, instrument_id, *mark_px, *as_of)
            }
            Input::Report(report) => orders::report(facts, at, report),
            Input::EngageKillSwitch { by, reason, scope, effect } => {
                let kind = RestraintKind::KillSwitch;
                restraints::impose(facts, at, kind, scope, *effect, None, by, reason)
            }
            Input::ReleaseKillSwitch { by, reason, scope } => {
                restraints::lift(facts, at, RestraintKind::KillSwitch, scope, by, reason)
            }
            Input::Restrain { kind, scope, until, by, reason } => {
                let effect = KillEffect::Cancel;
                restraints::impose(facts, at, *kind, scope, effect, *until, by, reason)
            }
            Input::LiftRestraint { kind, scope, by, reason } => {
                restraints::lift(facts, at, *kind, scope, by, reason)
            }
            Input::Flow(input) => flow::input(facts, input),
            Input::Resume => orders::resume(facts),
            Input::Tick => {
                let mut events = restraints::tick(facts, at);
                events.extend(incidents::due(facts, at));
                events
            }
            Input::Policy(asked) => versions::answer(facts, at, asked),
            Input::Incident(input) => incidents::decide(facts, at, input),
            Input::Approval(input) => approvals::decide(facts, at, input),
            Input::Session(input) => sessions::decide(facts, at, input),
            Input::Deployment(input) => deployment::decide(facts, at, input),
            Input::Started { build } => admin::started(facts, at, build),
            Input::Statement(statement) => statements::state(facts, at, statement),
        }
    }

    /// Forgets what never became durable: everything behind this entry.
    pub fn forget_after(&mut self, seq: u64) {
        self.history.retain(|entry| entry.seq <= seq);
    }

    /// Notes what happened.
    pub fn record(&mut self, at: Timestamp, input: &Input, events: &[Event]) {
        let seq = self.history.len() as u64 + 1;
        self.history.push(Entry { seq, at, input: input.clone(), events: events.to_vec() });
    }
}
