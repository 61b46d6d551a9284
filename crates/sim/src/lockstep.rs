//! One seed: kernel and reference decide side by side on a generated stream, a venue misbehaves, a witness watches.

use crate::canary::{Canary, Tampered};
use crate::generate::{Generator, PARTITION};
use crate::oracle::{Oracle, Tally};
use crate::reference::Reference;
use crate::rng::Rng;
use crate::statements::{Stater, right};
use crate::venue::{Habits, Venue};
use fillwright_domain::Timestamp;
use fillwright_kernel::{Effect, Event, Input, Kernel, effects_of};
use fillwright_policy::Rulebook;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Something went wrong at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed that reproduces it.
    pub seed: u64,
    /// The step, counted from 1; zero after the last.
    pub step: u64,
    /// What went wrong.
    pub what: String,
    /// What came in, up to and with the step that failed.
    pub trace: Vec<(Timestamp, Input)>,
    /// The story up to there, where it was asked for.
    pub told: String,
}

/// Kernel, reference and witness, given the same inputs.
pub struct Pair {
    kernel: Kernel,
    reference: Reference,
    oracle: Oracle,
    history: Vec<(Timestamp, Vec<Event>)>,
    canary: Option<Canary>,
}

impl Pair {
    /// A pair that has seen nothing, with a planted bug or none.
    pub fn new(canary: Option<Canary>) -> Self {
        Self {
            kernel: Kernel::new(PARTITION),
            reference: Reference::new(PARTITION),
            oracle: Oracle::default(),
            history: Vec::new(),
            canary,
        }
    }

    /// Takes one input on both sides.
    ///
    /// # Errors
    ///
    /// Says where the two disagree, or what may not have happened.
    pub fn step(&mut self, at: Timestamp, input: &Input) -> Result<Vec<Effect>, String> {
        let stepped = catch_unwind(AssertUnwindSafe(|| self.step_or_panic(at, input)));
        stepped.unwrap_or_else(|panic| Err(format!("panic: {}", words_of(panic.as_ref()))))
    }

    fn step_or_panic(&mut self, at: Timestamp, input: &Input) -> Result<Vec<Effect>, String> {
        let decided = self.kernel.decide(at, input);
        if self.canary.is_none() {
            agree(&decided, &self.reference.decide(at, input))?;
        }
        let before = self.canary.map(|canary| (canary, self.kernel.clone()));
        let events = self.kernel.step(at, input).events;
        if events != decided {
            return Err("the kernel steps otherwise than it decides".to_owned());
        }
        let step = Tampered { effects: effects_of(&events), events };
        let Tampered { events, effects } = match before {
            None => step,
            Some((canary, before)) => canary.tamper(before, &mut self.kernel, at, input, step),
        };
        if self.canary.is_none() {
            self.reference.record(at, input, &events);
        }
        self.oracle.watch(at, input, &events, &effects)?;
        self.oracle.agrees_with(self.kernel.state())?;
        self.history.push((at, events));
        Ok(effects)
    }

    /// The rules in force.
    pub fn rules_in_force(&self) -> Option<&Rulebook> {
        self.kernel.state().rulebook.as_ref()
    }

    /// The entry that was taken last.
    pub fn seq(&self) -> u64 {
        self.kernel.state().seq
    }

    /// What happened last.
    pub fn last_events(&self) -> &[Event] {
        self.history.last().map_or(&[], |(_, events)| events.as_slice())
    }

    /// As if the process had died: a new kernel knows what the events say, and no more.
    ///
    /// # Errors
    ///
    /// When it does not know the same.
    pub fn restart(&mut self) -> Result<(), String> {
        let mut replayed = Kernel::new(PARTITION);
        self.history.iter().for_each(|(at, events)| replayed.replay(*at, events));
        let same = replayed == self.kernel;
        self.kernel = replayed;
        if same || self.canary.is_some() {
            Ok(())
        } else {
            Err("[I4] replaying the events gives another state".to_owned())
        }
    }
}

pub(crate) fn agree(kernel: &[Event], reference: &[Event]) -> Result<(), String> {
    if kernel == reference {
        return Ok(());
    }
    let differ = kernel.iter().zip(reference).find(|(one, other)| one != other);
    Err(match differ {
        Some((one, other)) => {
            format!("the kernel decides\n  {one:?}\nthe reference decides\n  {other:?}")
        }
        None => {
            format!("the kernel decides {} events, the reference {}", kernel.len(), reference.len())
        }
    })
}

/// What a panic said.
pub fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// A pair, the venue and what came in so far.
struct World {
    pair: Pair,
    venue: Venue,
    generator: Generator,
    rng: Rng,
    stater: Stater,
    trace: Vec<(Timestamp, Input)>,
    is_wild: bool,
    is_calm: bool,
}

/// Runs one seed to its end.
///
/// # Errors
///
/// The first thing that went wrong.
pub fn run(seed: u64, canary: Option<Canary>) -> Result<Tally, Box<Failure>> {
    let mut world = World::new(seed, canary);
    let lived = catch_unwind(AssertUnwindSafe(|| world.live_through()));
    match lived.unwrap_or_else(|panic| Err(format!("panic: {}", words_of(panic.as_ref())))) {
        Ok(()) => Ok(world.pair.oracle.tally),
        Err(what) => Err(Box::new(Failure {
            seed,
            step: world.pair.oracle.tally.steps,
            what,
            trace: std::mem::take(&mut world.trace),
            told: String::new(),
        })),
    }
}

/// Everything that comes in during one seed's run.
///
/// # Panics
///
/// When the run fails, which the lockstep would have told.
pub fn inputs_of(seed: u64) -> Vec<(Timestamp, Input)> {
    let mut world = World::new(seed, None);
    world.live_through().expect("the seed holds in lockstep");
    world.trace
}

impl World {
    fn new(seed: u64, canary: Option<Canary>) -> Self {
        let mut rng = Rng::new(seed);
        let is_wild = rng.chance(200) && canary.is_none();
        let habits = Habits::draw(&mut rng);
        let venue = Venue::new(rng.split(), habits);
        let mut stater = Stater::of(seed);
        let mut generator = Generator::new(rng.split(), is_wild);
        generator.reconcile_by(stater.policy(), stater.builds());
        Self {
            pair: Pair::new(canary),
            venue,
            generator,
            rng,
            stater,
            trace: Vec::new(),
            is_wild,
            is_calm: false,
        }
    }

    fn live_through(&mut self) -> Result<(), String> {
        for input in self.generator.opening() {
            self.take(&input)?;
        }
        let steps = self.rng.pick(&[20, 60, 120, 200]);
        for _ in 0..steps {
            self.generator.wait();
            self.venue_acts()?;
            self.venue_states()?;
            self.somebody_forges()?;
            self.somebody_decides()?;
            let input = self.generator.input();
            if input == Input::Resume {
                self.pair.restart()?;
                self.venue.drop_wire();
            }
            self.take(&input)?;
        }
        self.come_to_rest()
    }

    /// Somebody looks at what is asked for.
    fn somebody_decides(&mut self) -> Result<(), String> {
        let often = if self.generator.has_lanes() { 450 } else { 100 };
        if !self.rng.chance(often) {
            return Ok(());
        }
        match self.generator.follow_up(&self.pair.oracle.governance) {
            Some(input) => self.take(&input),
            None => Ok(()),
        }
    }

    /// In a wild run, reports nobody sent come in on orders that are at work.
    fn somebody_forges(&mut self) -> Result<(), String> {
        let working = self.pair.oracle.orders_at_work();
        if !self.is_wild || working.is_empty() || !self.rng.chance(300) {
            return Ok(());
        }
        let order = &working[self.rng.index(working.len())];
        let forged = self.generator.forged_report_on(order);
        self.take(&forged)
    }

    fn take(&mut self, input: &Input) -> Result<(), String> {
        let at = self.generator.at();
        self.trace.push((at, input.clone()));
        let effects = self.pair.step(at, input)?;
        self.generator.hear(self.pair.last_events());
        for effect in effects {
            match &effect {
                // One that never comes in is asked for again after a restart.
                Effect::SubmitIntent(intent) if self.is_calm || self.rng.chance(900) => {
                    let input = self.generator.asked(intent);
                    self.take(&input)?;
                }
                effect => carry_out(&mut self.venue, at, effect),
            }
        }
        Ok(())
    }

    fn venue_acts(&mut self) -> Result<(), String> {
        let at = self.generator.at();
        for _ in 0..self.rng.below(3) {
            self.venue.trade(at);
        }
        for _ in 0..self.rng.below(4) {
            let Some(report) = self.venue.receive(at) else { break };
            self.take(&Input::Report(report))?;
        }
        Ok(())
    }

    /// Now and then the venue states its ledger, rightly or not.
    fn venue_states(&mut self) -> Result<(), String> {
        if let Some(started) = self.stater.started() {
            self.take(&started)?;
        }
        let (at, pair) = (self.generator.at(), &self.pair);
        if self.is_wild {
            let forged = self.stater.forged(at, &pair.oracle.fill_names());
            forged.map_or(Ok(()), |forged| self.take(&forged))?;
        } else {
            let is_heard = |order, exec_id: &_| pair.oracle.knows_fill(order, exec_id);
            self.stater.correct(&mut self.venue, at, is_heard);
        }
        let rules = self.pair.rules_in_force();
        match self.stater.statement(&self.venue, at, rules) {
            Some(statement) => self.take(&Input::Statement(Box::new(statement))),
            None => Ok(()),
        }
    }

    /// Faults stop, queries are answered: everything that was begun must end, and all ledgers agree.
    fn come_to_rest(&mut self) -> Result<(), String> {
        self.is_calm = true;
        self.generator.wait();
        // Exits that come in after the restart may place orders that end only in the next round.
        for _ in 0..2 {
            self.venue.calm_down(self.generator.at());
            self.drain()?;
            self.pair.restart()?;
            self.take(&Input::Resume)?;
            self.drain()?;
        }
        self.compare_once_more()?;
        if let Some(violation) = self.venue.violations().first() {
            return Err(format!("[I2] {violation}"));
        }
        if self.is_wild {
            return Ok(());
        }
        self.pair.oracle.all_ended()?;
        agrees_with_venue(&self.pair.oracle, &self.venue)
    }

    /// What was said of orders that had ended, and was lost, is asked for where ledgers differ.
    fn compare_once_more(&mut self) -> Result<(), String> {
        if self.is_wild {
            return Ok(());
        }
        self.generator.pass_minute();
        let (at, rules) = (self.generator.at(), self.pair.rules_in_force());
        let statement = right(&self.venue, at, Timestamp::MIN, rules);
        self.take(&Input::Statement(Box::new(statement)))?;
        self.drain()
    }

    fn drain(&mut self) -> Result<(), String> {
        while let Some(report) = self.venue.receive(self.generator.at()) {
            self.take(&Input::Report(report))?;
        }
        Ok(())
    }
}

/// Does what an effect asks, at the venue.
pub fn carry_out(venue: &mut Venue, at: Timestamp, effect: &Effect) {
    match effect {
        Effect::PlaceOrder(order) => venue.place(at, order),
        Effect::CancelOrder { order_intent_id, .. } => venue.cancel(at, *order_intent_id),
        Effect::QueryOrder { order_intent_id, .. } => venue.query(at, *order_intent_id),
        Effect::SubmitIntent(_) | Effect::Reply { .. } => {}
    }
}

/// Whether outcomes add up to what the venue's own ledger says, order by order known. [I3]
///
/// # Errors
///
/// Names what differs.
pub fn agrees_with_venue(oracle: &Oracle, venue: &Venue) -> Result<(), String> {
    if let Some(order) = venue.orders().find(|order| !oracle.knows_order(order.order_intent_id)) {
        return Err(format!(
            "[I2] the venue has {}, which was never released",
            order.client_order_id()
        ));
    }
    let (mut ours, mut theirs) = (oracle.live_positions(), venue.positions());
    ours.retain(|place, _| !oracle.unplaced().contains(place));
    theirs.retain(|place, _| !oracle.unplaced().contains(place));
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("[I3] positions differ from the venue's:\n  {ours:?}\n  {theirs:?}"))
    }
}

/// Whether a fixed stream of inputs still fails in the same way of failing.
pub fn fails(trace: &[(Timestamp, Input)], canary: Option<Canary>) -> Option<String> {
    let mut pair = Pair::new(canary);
    trace.iter().find_map(|(at, input)| pair.step(*at, input).err())
}
