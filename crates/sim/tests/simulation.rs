//! Recorded inputs decided again under proposed rules: the same rules change nothing, whatever else happened.

use fillwright_domain::{Decimal, Notional, OrderIntent, Plane, Timestamp};
use fillwright_engine::simulate::{Simulated, Simulation};
use fillwright_kernel::{Event, Input, Kernel, State};
use fillwright_policy::{Breach, Rulebook};
use fillwright_sim::fleet::seed_start;
use fillwright_sim::generate::PARTITION;
use fillwright_sim::lockstep::inputs_of;

const SEEDS: u64 = 400;

/// An entry as it was recorded, and the kernel before it.
struct Recorded {
    before: Kernel,
    at: Timestamp,
    input: Input,
    events: Vec<Event>,
}

fn record(seed: u64) -> (Vec<Recorded>, Kernel) {
    let mut kernel = Kernel::new(PARTITION);
    let mut entries = Vec::new();
    for (at, input) in inputs_of(seed) {
        let before = kernel.clone();
        let events = kernel.step(at, &input).events;
        entries.push(Recorded { before, at, input, events });
    }
    (entries, kernel)
}

fn adopted(entry: &Recorded) -> Option<&Rulebook> {
    entry.events.iter().rev().find_map(|event| match event {
        Event::RulebookAdopted { rulebook, .. } => Some(&**rulebook),
        _ => None,
    })
}

/// The rules with a tighter cap on every order, which cuts.
fn tightened(rules: &Rulebook) -> Rulebook {
    let mut rules = rules.clone();
    let firm = &mut rules.envelope.firm;
    firm.max_order_notional = Some(Notional::new(Decimal::from_int(500)));
    firm.on_order_notional = Breach::Reduce;
    rules
}

fn order_of(events: &[Event]) -> Option<&OrderIntent> {
    events.iter().find_map(|event| match event {
        Event::OrderEmitted { order } => Some(order),
        _ => None,
    })
}

/// The state without what only says who adopted which rules when.
fn without_versions(kernel: &Kernel, like: &Kernel) -> State {
    let mut state = kernel.state().clone();
    state.versions = like.state().versions.clone();
    state.rulebook_seq = like.state().rulebook_seq;
    state
}

#[test]
fn the_same_rules_change_no_intent_and_lead_to_the_same_state() {
    let (mut intents, mut stretches) = (0, 0);
    let from = seed_start(0);
    for seed in from..from + SEEDS {
        let (entries, end) = record(seed);
        let starts: Vec<usize> =
            (0..entries.len()).filter(|at| adopted(&entries[*at]).is_some()).collect();
        for (n, start) in starts.iter().enumerate() {
            let stop = starts.get(n + 1).copied().unwrap_or(entries.len());
            let rules = adopted(&entries[*start]).expect("rules were adopted here");
            let mut simulation =
                Simulation::start(&entries[*start].before, rules).expect("the rules fit");
            for entry in &entries[*start..stop] {
                let simulated = simulation.take(entry.at, &entry.input, &entry.events);
                match simulated.expect("the rules fit") {
                    Simulated::Intent(intent) => {
                        assert!(!intent.is_changed(), "seed {seed}: {intent:#?}");
                        intents += 1;
                    }
                    Simulated::Refused(why) => panic!("seed {seed}: {why}"),
                    Simulated::Nothing => {}
                }
            }
            let recorded = entries.get(stop).map_or(&end, |entry| &entry.before);
            assert_eq!(
                without_versions(simulation.kernel(), recorded),
                *recorded.state(),
                "seed {seed}, up to entry {stop}"
            );
            stretches += 1;
        }
    }
    assert!(intents > 5_000 && stretches > 300, "{intents} intents in {stretches} stretches");
}

#[test]
fn an_order_that_leaves_otherwise_is_filled_at_once_and_any_other_follows_the_record() {
    let (mut otherwise, mut alike) = (0, 0);
    for seed in 0..SEEDS {
        let (entries, _) = record(seed);
        let Some(start) = entries.iter().position(|entry| adopted(entry).is_some()) else {
            continue;
        };
        let rules = tightened(adopted(&entries[start]).expect("rules were adopted here"));
        let Ok(mut simulation) = Simulation::start(&entries[start].before, &rules) else {
            continue;
        };
        for entry in &entries[start..] {
            let Ok(simulated) = simulation.take(entry.at, &entry.input, &entry.events) else {
                break;
            };
            let Simulated::Intent(intent) = simulated else { continue };
            let recorded = order_of(&entry.events).filter(|order| order.plane != Plane::Paper);
            let Some(order) = recorded.filter(|_| intent.now.side.is_some()) else { continue };
            let id = order.order_intent_id;
            let is_at_work = simulation.kernel().state().orders.get(id).is_some();
            assert_eq!(is_at_work, !intent.is_changed(), "seed {seed}: {intent:#?}");
            if intent.is_changed() { otherwise += 1 } else { alike += 1 }
        }
    }
    assert!(otherwise > 100 && alike > 20, "{otherwise} otherwise, {alike} alike");
}
