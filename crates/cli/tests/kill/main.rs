//! The real process, killed at random moments while intents stream through it: nothing acknowledged is lost, nothing is
//! done twice.

mod intents;
mod life;
mod proof;
mod rng;

use intents::Intents;
use life::Life;
use rng::Rng;
use std::collections::BTreeMap;
use std::time::Instant;
use tempfile::TempDir;

/// How often the process is killed, unless `FILLWRIGHT_KILL_CYCLES` says otherwise.
const CYCLES: u64 = 200;
const SEED: u64 = 0x5eed_2026;
/// New intents of one life at most.
const NEW_MAX: u64 = 160;
/// Acknowledged intents that are sent again in one life at most.
const AGAIN_MAX: u64 = 12;

/// What is known of the intents sent so far.
#[derive(Default)]
struct Known {
    /// Sent at least once.
    sent: u64,
    /// Answered, with the status of the first answer.
    acknowledged: BTreeMap<String, String>,
    repeated: u64,
    killed_before_any_answer: u64,
}

#[test]
fn two_hundred_kills_lose_nothing_that_was_acknowledged_and_repeat_nothing() {
    let seed = number_of("FILLWRIGHT_KILL_SEED").unwrap_or(SEED);
    let cycles = number_of("FILLWRIGHT_KILL_CYCLES").unwrap_or(CYCLES);
    println!(
        "seed {seed:#x}; replay: FILLWRIGHT_KILL_SEED={seed} FILLWRIGHT_KILL_CYCLES={cycles} \
         cargo test -p fillwright-cli --test kill -- --nocapture"
    );
    let began = Instant::now();
    let folder = TempDir::new().expect("a temporary folder");
    let home = life::write_home(folder.path());
    let mut rng = Rng::new(seed);
    let intents = Intents::new(seed);
    let mut known = Known::default();
    for cycle in 0..cycles {
        let batch = batch(&mut known, &mut rng);
        let life = Life::until_killed(&home, &intents, &batch, &mut rng);
        known.killed_before_any_answer += u64::from(life.answers.is_empty());
        known.note(&life, cycle);
    }
    let rest = known.unacknowledged();
    let last = Life::to_the_end(&home, &intents, &rest);
    known.note(&last, cycles);
    assert!(known.unacknowledged().is_empty(), "every intent is answered in the end");
    let counted = proof::check(&home, &known.acknowledged);
    println!(
        "{cycles} kills, {} restarts, {} acknowledged intents, {} entries, {} answers repeated, {} lives without an \
         answer, {:.1} s",
        cycles + 1,
        known.acknowledged.len(),
        counted.entries,
        known.repeated,
        known.killed_before_any_answer,
        began.elapsed().as_secs_f64()
    );
    assert!(known.acknowledged.len() as u64 >= cycles * 10, "enough was at stake");
    assert!(known.repeated >= cycles, "enough was sent again");
    assert!(counted.stub_orders >= cycles, "enough went through a plane outside the process");
}

/// What is sent in one life: everything unanswered, a few that were answered, and new ones.
fn batch(known: &mut Known, rng: &mut Rng) -> Vec<u64> {
    let mut batch = known.unacknowledged();
    for _ in 0..rng.below(AGAIN_MAX) {
        if known.sent > 0 {
            batch.push(rng.below(known.sent));
        }
    }
    let new = 1 + rng.below(NEW_MAX);
    batch.extend(known.sent..known.sent + new);
    known.sent += new;
    batch
}

impl Known {
    fn unacknowledged(&self) -> Vec<u64> {
        (0..self.sent).filter(|n| !self.acknowledged.contains_key(&Intents::id(*n))).collect()
    }

    fn note(&mut self, life: &Life, cycle: u64) {
        for answer in &life.answers {
            let status = answer.status.clone();
            match self.acknowledged.get(&answer.intent_id) {
                None => drop(self.acknowledged.insert(answer.intent_id.clone(), status)),
                Some(first) => {
                    self.repeated += 1;
                    assert_eq!(
                        *first, status,
                        "cycle {cycle}: {} is answered the same every time",
                        answer.intent_id
                    );
                    assert_eq!(answer.kind, "duplicate", "cycle {cycle}: {}", answer.intent_id);
                }
            }
        }
    }
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}
