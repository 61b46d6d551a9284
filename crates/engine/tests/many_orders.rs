//! A halt over more orders than one step cancels, and more restraints than may stand.

mod small_market;

use fillwright_domain::{Scope, Timestamp};
use fillwright_kernel::control::CANCELS_PER_STEP;
use fillwright_kernel::{Event, Input, Kernel, Refusal};
use fillwright_policy::{Envelope, FlowPolicy, KillEffect, RestraintKind};
use small_market::{NOW, opening, rulebook, submit};

const MORE: usize = 5;

fn kernel_with_orders(orders: usize) -> Kernel {
    let mut kernel = Kernel::new("main");
    let mut rules = rulebook();
    rules.envelope = Envelope::wide();
    rules.flow = FlowPolicy::wide();
    for book in rules.books.values_mut() {
        book.equity = "1000000000000".parse().expect("an amount");
    }
    let [_, run] = opening();
    let (by, reason) = ("ops".into(), "start".into());
    let adopt = Input::AdoptRulebook { rulebook: Box::new(rules), by, reason };
    for input in [adopt, run] {
        let _ = kernel.step(NOW, &input);
    }
    for n in 0..orders {
        let _ = kernel.step(NOW, &submit(&format!("i{n}"), "stub"));
    }
    assert_eq!(kernel.state().orders.iter().count(), orders, "every intent is at work");
    kernel
}

fn cancels(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::OrderCancelRequested { .. })).count()
}

#[test]
fn a_halt_over_very_many_orders_cancels_them_over_several_steps() {
    let mut kernel = kernel_with_orders(CANCELS_PER_STEP + MORE);
    let kill = Input::EngageKillSwitch {
        by: "ops".into(),
        reason: "drill".into(),
        scope: Scope::Global,
        effect: KillEffect::Cancel,
    };
    let first = kernel.step(NOW, &kill).events;
    assert_eq!(cancels(&first), CANCELS_PER_STEP);
    let second = kernel.step(NOW, &Input::Tick).events;
    assert_eq!(cancels(&second), MORE);
    assert!(kernel.decide(NOW, &Input::Tick).is_empty(), "nothing is left to do");
}

#[test]
fn beyond_so_many_restraints_only_those_on_everything_are_taken() {
    const MOST: usize = 1_024;
    let mut kernel = kernel_with_orders(0);
    let impose = |scope: Scope| Input::Restrain {
        kind: RestraintKind::Cooldown,
        scope,
        until: Some(Timestamp::from_ns(NOW.as_ns() + 1)),
        by: "ops".into(),
        reason: "drill".into(),
    };
    for n in 0..MOST {
        let _ = kernel.step(NOW, &impose(Scope::Strategy(format!("s{n}").into())));
    }
    let refused = kernel.decide(NOW, &impose(Scope::Venue("SIM".into())));
    let why = Refusal::TooManyRestraints;
    assert_eq!(refused, [Event::InputRefused { why, by: Some("ops".into()) }]);
    let taken = kernel.decide(NOW, &impose(Scope::Global));
    assert!(matches!(taken[0], Event::RestraintImposed { .. }));
    let over = kernel.step(Timestamp::from_ns(NOW.as_ns() + 1), &Input::Tick).events;
    assert_eq!(over.len(), MOST, "a tick makes room");
}
