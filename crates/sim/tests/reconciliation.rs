//! Our ledger held against the venue's own: every difference is found at once, told once, and books nothing.

mod check;

use check::check;
use expect_test::expect;
use fillwright_domain::Timestamp;
use fillwright_kernel::incidents::IncidentOrigin;
use fillwright_kernel::reconciliation::{BreakKind, Subject};
use fillwright_kernel::{Effect, Event, Input, Kernel, ReconciliationEvent, effects_of};
use fillwright_sim::generate::{Generator, PARTITION};
use fillwright_sim::lockstep::carry_out;
use fillwright_sim::rng::Rng;
use fillwright_sim::statements::{add_fill, change_fill, right};
use fillwright_sim::venue::{Habits, Venue};

#[test]
fn ledgers_that_agree_are_compared_and_nothing_else_happens() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.05@20000 as E1
         3s ledger open I1.1 0.2 cum 0.05, fill I1.1 E1 0.05@20000 at 2s, position main BTCUSDT 0.05",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.05 at 20000, 0.05 in all, is partially filled
            3s live-stub compared: 1 orders, 1 fills, 1 positions, 0 differ
        "#]],
    );
}

#[test]
fn each_kind_of_difference_is_found_told_once_and_over_when_it_is() {
    check(
        "1s intent I1 add 0.1 book desk
         2s report I1.1 fill 0.05@20000 as E1
         3s ledger open I2.1 1, fill I1.1 E2 1@20000 at 2s, fill I1.1 E1 0.05@20001 at 2s
         4s ledger open I2.1 1, fill I1.1 E2 1@20000 at 2s, fill I1.1 E1 0.05@20001 at 2s
         5s ledger open I1.1 0.2 cum 0.06, position main BTCUSDT 0.06
         6s ledger open I1.1 0.2 cum 0.05, fill I1.1 E1 0.05@20000 at 2s, position main BTCUSDT 0.05",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s I1.1 fills 0.05 at 20000, 0.05 in all, is partially filled
            3s break order_unknown I2.1: here nothing, there 0 of 1
            3s break order_missing I1.1: here 0.05 of 0.2, there nothing
            3s break fill_changed I1.1 E1: here 0.05 at 20000, there 0.05 at 20001
            3s break fill_missing I1.1 E2: here nothing, there 1 at 20000
            3s break position_differs main BINANCE:BTCUSDT: here 0.05, there 0
            3s INC-5-1 opened: execution high venue:BINANCE (an order is at work at the executor that is not at work here)
            3s INC-5-2 opened: execution high venue:BINANCE (an order is at work here that is not at work at its executor)
            3s INC-5-3 opened: execution high venue:BINANCE (the executor has a fill that was never booked here)
            3s INC-5-4 opened: execution high venue:BINANCE (a fill has another quantity, price or fee at its executor)
            3s INC-5-5 opened: execution high venue:BINANCE (an account holds another position at the executor than here)
            3s I1.1 is partially filled, query
            3s live-stub compared: 1 orders, 2 fills, 0 positions, 5 differ
            4s I1.1 is partially filled, query
            4s live-stub compared: 1 orders, 2 fills, 0 positions, 5 differ
            5s break order_differs I1.1: here 0.05 of 0.2, there 0.06 of 0.2
            5s break fill_extra I1.1 E1: here 0.05 at 20000, there nothing
            5s break order_unknown I2.1 is over
            5s break order_missing I1.1 is over
            5s break fill_changed I1.1 E1 is over
            5s break fill_missing I1.1 E2 is over
            5s INC-7-1 opened: execution high venue:BINANCE (an order has another quantity at its executor than here)
            5s INC-7-2 opened: execution high venue:BINANCE (a fill was booked here that its executor does not have)
            5s I1.1 is partially filled, query
            5s live-stub compared: 1 orders, 0 fills, 1 positions, 3 differ
            6s break order_differs I1.1 is over
            6s break fill_extra I1.1 E1 is over
            6s break position_differs main BINANCE:BTCUSDT is over
            6s live-stub compared: 1 orders, 1 fills, 1 positions, 0 differ
        "#]],
    );
}

#[test]
fn what_moved_within_the_grace_is_looked_at_the_next_time() {
    check(
        "0s adopt standard, reconciliation grace_ms 1000
         1s intent I1 add 0.1 book desk
         1500ms ledger
         2s report I1.1 ack
         3s ledger open I1.1 0.2 cum 0.05 moved 2500ms, fill I1.1 E1 0.05@20000 at 2500ms, position main BTCUSDT 0.05 moved 2500ms
         4s ledger open I1.1 0.2 cum 0.05 moved 2500ms, fill I1.1 E1 0.05@20000 at 2500ms, position main BTCUSDT 0.05 moved 2500ms",
        &expect![[r#"
            0s rulebook 1 adopted by risk-1
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            1500ms live-stub compared: 0 orders, 0 fills, 0 positions, 0 differ
            2s I1.1 is new
            3s live-stub compared: 1 orders, 1 fills, 1 positions, 0 differ
            4s break order_differs I1.1: here 0 of 0.2, there 0.05 of 0.2
            4s break fill_missing I1.1 E1: here nothing, there 0.05 at 20000
            4s break position_differs main BINANCE:BTCUSDT: here 0, there 0.05
            4s INC-8-1 opened: execution high venue:BINANCE (an order has another quantity at its executor than here)
            4s INC-8-2 opened: execution high venue:BINANCE (the executor has a fill that was never booked here)
            4s INC-8-3 opened: execution high venue:BINANCE (an account holds another position at the executor than here)
            4s I1.1 is new, query
            4s live-stub compared: 1 orders, 1 fills, 1 positions, 3 differ
        "#]],
    );
}

#[test]
fn a_missing_fill_is_booked_from_its_own_report_and_from_no_ledger() {
    check(
        "1s intent I1 add 0.1 book desk
         2s ledger open I1.1 0.2 cum 0.05, fill I1.1 E1 0.05@20000 at 2s, position main BTCUSDT 0.05
         3s report I1.1 fill 0.05@20000 as E1
         4s ledger open I1.1 0.2 cum 0.05, fill I1.1 E1 0.05@20000 at 3s, position main BTCUSDT 0.05",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on live-stub, place
            2s break order_differs I1.1: here 0 of 0.2, there 0.05 of 0.2
            2s break fill_missing I1.1 E1: here nothing, there 0.05 at 20000
            2s break position_differs main BINANCE:BTCUSDT: here 0, there 0.05
            2s INC-4-1 opened: execution high venue:BINANCE (an order has another quantity at its executor than here)
            2s INC-4-2 opened: execution high venue:BINANCE (the executor has a fill that was never booked here)
            2s INC-4-3 opened: execution high venue:BINANCE (an account holds another position at the executor than here)
            2s I1.1 is unknown, query
            2s live-stub compared: 1 orders, 1 fills, 1 positions, 3 differ
            3s I1.1 fills 0.05 at 20000, 0.05 in all, is partially filled
            4s break order_differs I1.1 is over
            4s break fill_missing I1.1 E1 is over
            4s break position_differs main BINANCE:BTCUSDT is over
            4s live-stub compared: 1 orders, 1 fills, 1 positions, 0 differ
        "#]],
    );
}

#[test]
fn policy_halts_the_venue_of_a_difference_until_two_people_say_otherwise() {
    check(
        "0s adopt standard, reconciliation halts
         1s ledger position main BTCUSDT 1
         2s intent I1 add 0.1 book desk
         3s ledger position main BTCUSDT 0.05",
        &expect![[r#"
            0s rulebook 1 adopted by risk-1
            1s break position_differs main BINANCE:BTCUSDT: here 0, there 1
            1s INC-4-1 opened: execution high venue:BINANCE (an account holds another position at the executor than here)
            1s halt on venue:BINANCE imposed by a rule
            1s live-stub compared: 0 orders, 0 fills, 1 positions, 1 differ
            2s I1 denied by Halt: trading is halted there
            3s live-stub compared: 0 orders, 0 fills, 1 positions, 1 differ
        "#]],
    );
}

#[test]
fn policy_lets_the_venue_of_a_difference_only_reduce() {
    check(
        "0s adopt standard, reconciliation reduces
         1s ledger position main BTCUSDT 1
         2s intent I1 add 0.1 book desk",
        &expect![[r#"
            0s rulebook 1 adopted by risk-1
            1s break position_differs main BINANCE:BTCUSDT: here 0, there 1
            1s INC-4-1 opened: execution high venue:BINANCE (an account holds another position at the executor than here)
            1s reduce_only on venue:BINANCE imposed by a rule
            1s live-stub compared: 0 orders, 0 fills, 1 positions, 1 differ
            2s I1 denied by ReduceOnlyMode: a reduce-only mode lets only reductions through
        "#]],
    );
}

#[test]
fn a_statement_is_of_now_or_earlier_and_not_older_than_the_last() {
    check(
        "1s ledger as of 2s
         3s ledger
         4s ledger as of 2s",
        &expect![[r#"
            1s refused: the statement is from the future
            3s live-stub compared: 0 orders, 0 fills, 0 positions, 0 differ
            4s refused: the statement is older than the one looked at last
        "#]],
    );
}

/// A kernel and a calm venue after a seed's first inputs, everything said and heard.
struct Quiet {
    kernel: Kernel,
    venue: Venue,
    generator: Generator,
}

impl Quiet {
    fn after(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let venue = Venue::new(rng.split(), Habits::CALM);
        let generator = Generator::new(rng.split(), false);
        let mut quiet = Self { kernel: Kernel::new(PARTITION), venue, generator };
        for input in quiet.generator.opening() {
            quiet.take(&input);
        }
        for _ in 0..60 {
            quiet.generator.wait();
            quiet.venue.trade(quiet.generator.at());
            quiet.hear();
            let input = quiet.generator.input();
            quiet.take(&input);
            quiet.hear();
        }
        quiet
    }

    fn take(&mut self, input: &Input) -> Vec<Event> {
        let at = self.generator.at();
        let events = self.kernel.step(at, input).events;
        for effect in effects_of(&events) {
            match &effect {
                Effect::SubmitIntent(intent) => {
                    let input = self.generator.asked(intent);
                    self.take(&input);
                }
                effect => carry_out(&mut self.venue, at, effect),
            }
        }
        events
    }

    fn hear(&mut self) {
        while let Some(report) = self.venue.receive(self.generator.at()) {
            self.take(&Input::Report(report));
        }
    }

    fn statement(&self) -> fillwright_domain::Statement {
        let rules = self.kernel.state().rulebook.as_ref();
        right(&self.venue, self.generator.at(), Timestamp::MIN, rules)
    }
}

fn found(events: &[Event]) -> Vec<(BreakKind, Subject)> {
    let found = events.iter().filter_map(|event| match event {
        Event::Reconciliation(said) => match &**said {
            ReconciliationEvent::Found { found } => {
                Some((found.name.kind, found.name.subject.clone()))
            }
            _ => None,
        },
        _ => None,
    });
    found.collect()
}

#[test]
fn a_missing_an_extra_and_a_changed_fill_are_found_within_one_cycle() {
    const SEEDS: usize = 1_000;
    let with_fills = (0..)
        .map(Quiet::after)
        .filter(|quiet| !quiet.statement().fills.fills.is_empty())
        .take(SEEDS);
    for (n, mut quiet) in with_fills.enumerate() {
        let truth = quiet.statement();
        let events = quiet.take(&Input::Statement(Box::new(truth.clone())));
        assert_eq!(found(&events), [], "{n}: ledgers that agree differ");
        let mut wrong = truth.clone();
        let mut rng = Rng::new(n as u64);
        let kind = match n % 3 {
            0 => {
                wrong.fills.fills.remove(rng.index(truth.fills.fills.len()));
                BreakKind::FillExtra
            }
            1 => {
                add_fill(&mut wrong);
                BreakKind::FillMissing
            }
            _ => {
                change_fill(&mut rng, &mut wrong);
                BreakKind::FillChanged
            }
        };
        let injected = truth
            .fills
            .fills
            .iter()
            .find(|fill| !wrong.fills.fills.contains(fill))
            .or(wrong.fills.fills.last())
            .expect("something was injected");
        let subject = Subject::Fill(injected.order_intent_id, injected.exec_id.clone());
        let events = quiet.take(&Input::Statement(Box::new(wrong)));
        assert_eq!(found(&events), [(kind, subject)], "{n}");
        let opened = quiet.kernel.state().incidents.open();
        let is_raised =
            opened.into_iter().any(|incident| incident.origin == IncidentOrigin::Break(kind));
        assert!(is_raised, "{n}: {kind} is no incident");
        let over = quiet.take(&Input::Statement(Box::new(truth)));
        assert_eq!(found(&over), [], "{n}");
        assert_eq!(quiet.kernel.state().reconciliation.standing().count(), 0, "{n}");
    }
}
