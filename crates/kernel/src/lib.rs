//! The pure state machine between intents and planes: inputs in, events recorded, effects asked for.
//!
//! No I/O, clock, randomness, thread, float or hash-ordered iteration. The same inputs give the same events, and the
//! events alone give the same state and the same effects.

pub mod adoption;
pub mod answered;
pub mod approvals;
pub mod by_name;
pub mod control;
pub mod corrections;
pub mod denial;
pub mod deployment;
mod detection;
mod directory;
pub mod effect;
pub mod event;
pub mod exposure;
pub mod fact;
pub mod flatten;
pub mod flow;
pub mod gates;
pub mod incidents;
pub mod input;
mod intents;
pub mod orders;
mod people;
mod place;
mod planes;
pub mod reconciliation;
mod rules;
pub mod sessions;
pub mod state;
mod tree;
pub mod verdict;

pub use approvals::{ApprovalEvent, ApprovalInput, Change};
use control::Wanted;
pub use denial::{Denial, Skip};
pub use deployment::{DeploymentEvent, DeploymentInput};
pub use effect::{Answer, Durable, Effect, effects_of};
pub use event::{Event, IgnoredReport, Refusal};

pub use fact::Fact;
pub use flow::{FlowEvent, FlowInput};
pub use input::Input;
pub use intents::{OpenIntent, realised_on_paper};
pub use reconciliation::ReconciliationEvent;
pub use sessions::{SessionEvent, SessionInput, SessionMove, SessionStatus};
pub use state::State;
pub use verdict::{Figures, Gate, GateSet, Ruling, Verdict, Verdicts};

use fillwright_domain::{DigestedIntent, ExecutionPlan, Intent, Quote, Timestamp};
use fillwright_policy::{KillEffect, RestraintKind, Rulebook};

/// One partition's decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    state: State,
}

impl Kernel {
    /// A kernel that has seen nothing yet.
    pub fn new(partition: &str) -> Self {
        Self { state: State::new(partition) }
    }

    /// A kernel as a snapshot left it.
    pub fn restored(mut state: State) -> Self {
        state.count_anew();
        Self { state }
    }

    /// What it knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes one input; says what happened and what the outside must now do.
    pub fn step(&mut self, at: Timestamp, input: &Input) -> Step {
        let events = self.decide(at, input);
        self.replay(at, &events);
        Step { seq: self.state.seq, effects: effects_of(&events), events }
    }

    /// What happens if this input comes in now. Reads state, never writes it; every refusal is made here.
    pub fn decide(&self, at: Timestamp, input: &Input) -> Vec<Event> {
        if self.state.versions.is_due(at) {
            return self.decide_behind_new_rules(at, input);
        }
        let mut events = self.decide_alone(at, input);
        detection::detect(&self.state, at, &mut events);
        events
    }

    /// What an input leads to by itself, before the detection rules look at it.
    fn decide_alone(&self, at: Timestamp, input: &Input) -> Vec<Event> {
        let state = &self.state;
        match input {
            Input::AdoptRulebook { rulebook, by, reason } => {
                rules::adopt(state, rulebook, by, reason)
            }
            Input::RegisterRun { run_id, manifest_hash, by, reason } => {
                rules::register(state, run_id, manifest_hash, by, reason)
            }
            Input::SubmitIntent { intent, quote } => {
                intents::submit(state, at, intent, quote.as_ref())
            }
            Input::Mark { instrument_id, mark_px, as_of } => {
                rules::mark(state, at, instrument_id, *mark_px, *as_of)
            }
            Input::Report(report) => orders::reconcile(state, at, report),
            Input::Flow(input) => flow::decide(state, input),
            Input::EngageKillSwitch { by, reason, scope, effect } => {
                let (kind, effect) = (RestraintKind::KillSwitch, *effect);
                control::impose(state, at, Wanted { kind, scope, effect, until: None }, by, reason)
            }
            Input::ReleaseKillSwitch { by, reason, scope } => {
                control::lift(state, at, RestraintKind::KillSwitch, scope, by, reason)
            }
            Input::Restrain { kind, scope, until, by, reason } => {
                let (effect, until) = (KillEffect::default(), *until);
                control::impose(state, at, Wanted { kind: *kind, scope, effect, until }, by, reason)
            }
            Input::LiftRestraint { kind, scope, by, reason } => {
                control::lift(state, at, *kind, scope, by, reason)
            }
            Input::Resume => control::resume(state, at),
            Input::Policy(asked) => adoption::decide(state, at, asked),
            Input::Tick => {
                control::tick(state, at).into_iter().chain(incidents::due(state, at)).collect()
            }
            Input::Incident(input) => incidents::decide(state, at, input),
            Input::Approval(input) => approvals::decide(state, at, input),
            Input::Session(input) => sessions::decide(state, at, input),
            Input::Deployment(input) => deployment::decide(state, at, input),
            Input::Started { build } => rules::started(state, at, build),
            Input::Statement(statement) => reconciliation::reconcile(state, at, statement),
        }
    }

    /// A version of the rules fell due: it comes into force in this step, before the input is looked at.
    fn decide_behind_new_rules(&self, at: Timestamp, input: &Input) -> Vec<Event> {
        let (mut events, behind) = self.behind_new_rules(at);
        events.extend(behind.decide(at, input));
        events
    }

    /// What the version of the rules that fell due leads to, and the kernel behind it. The state is copied for it, once a
    /// version.
    fn behind_new_rules(&self, at: Timestamp) -> (Vec<Event>, Self) {
        let events = adoption::fall_due(&self.state, at);
        let mut behind = self.clone();
        behind.replay(at, &events);
        // The input is of the same entry.
        behind.state.seq = self.state.seq;
        (events, behind)
    }

    /// Everything that would happen to an intent that came in now, whether its id came before or not. Nothing is recorded.
    pub fn consider(
        &self,
        at: Timestamp,
        intent: &DigestedIntent,
        quote: Option<&Quote>,
    ) -> Vec<Event> {
        if self.state.versions.is_due(at) {
            return self.behind_new_rules(at).1.consider(at, intent, quote);
        }
        let mut events = intents::consider(&self.state, at, intent, quote);
        detection::detect(&self.state, at, &mut events);
        events
    }

    /// This kernel under other rules, as though they were adopted where it stands, by nobody and in no entry: for asking what
    /// they would change. A version that waits is forgotten.
    ///
    /// # Errors
    ///
    /// Why the rules cannot be in force here.
    pub fn under(&self, rulebook: &Rulebook) -> Result<Self, Refusal> {
        match rules::misfit(&self.state, rulebook) {
            Some(why) => Err(why),
            None => Ok(Self { state: self.state.under(rulebook) }),
        }
    }

    /// What an intent would become if it came in now: its plan, or a skip with its reason. Nothing is recorded, and an id
    /// that came before is looked at like any other.
    pub fn prepare(&self, at: Timestamp, intent: &Intent, quote: Option<&Quote>) -> ExecutionPlan {
        intents::prepare(&self.state, at, intent, quote)
    }

    /// Whether a book may trade an instrument right now: both known and enabled, an executor at the venue, the market
    /// open, no halt. `prepare` looks at all of it again, and at size, price and limits.
    ///
    /// # Errors
    ///
    /// The first reason why not.
    pub fn can_trade_now(&self, at: Timestamp, intent: &Intent) -> Result<(), Denial> {
        let rulebook = self.state.rulebook.as_ref().ok_or(Denial::NoRulebook)?;
        gates::tradable(&gates::Case::gather(at, intent, None, &self.state, rulebook))
    }

    /// Writes the events of one step, taken at this time.
    pub fn replay(&mut self, at: Timestamp, events: &[Event]) {
        self.begin(at);
        for event in events {
            if let Some(fact) = Fact::of(event) {
                self.state.apply(&fact);
            }
        }
    }

    /// Writes the facts of one step, taken at this time. Recovery is this function alone.
    ///
    /// # Errors
    ///
    /// The first fact that is none. What stood before it is written, so the kernel must not be used any more.
    pub fn replay_facts<E>(
        &mut self,
        at: Timestamp,
        facts: impl IntoIterator<Item = Result<Fact, E>>,
    ) -> Result<(), E> {
        self.begin(at);
        for fact in facts {
            self.state.apply(&fact?);
        }
        Ok(())
    }

    /// Writes the facts of one step, taken at this time, that were read before.
    pub fn apply(&mut self, at: Timestamp, facts: &[Fact]) {
        self.begin(at);
        for fact in facts {
            self.state.apply(fact);
        }
    }

    /// Begins a step, taken at this time.
    fn begin(&mut self, at: Timestamp) {
        self.state.seq += 1;
        self.state.at = at;
    }
}

/// What one input led to. Its effects are given up only against proof that its entry is on disk.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a step that is not journaled must not be forgotten"]
pub struct Step {
    /// The sequence number of the step, and of its journal entry.
    pub seq: u64,
    /// What happened.
    pub events: Vec<Event>,
    effects: Vec<Effect>,
}

impl Step {
    /// What is left to do once the events stand in the journal's buffer: nothing but to wait for the disk.
    pub fn pending(self) -> Pending {
        Pending { seq: self.seq, effects: self.effects }
    }

    /// Gives up the effects, once the entry is durable.
    ///
    /// # Panics
    ///
    /// As [`Pending::release`].
    pub fn release(self, proof: &impl Durable) -> Vec<Effect> {
        self.pending().release(proof)
    }
}

/// A step whose events were handed to the journal: it holds its effects until they are shown to be durable.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "effects that are never released never happen"]
pub struct Pending {
    seq: u64,
    effects: Vec<Effect>,
}

impl Pending {
    /// Gives up the effects, once the entry is durable.
    ///
    /// # Panics
    ///
    /// When the proof does not cover this step: acting on it could make visible what a crash would undo.
    pub fn release(self, proof: &impl Durable) -> Vec<Effect> {
        assert!(proof.covers(self.seq), "entry {} is not durable yet", self.seq);
        self.effects
    }
}
