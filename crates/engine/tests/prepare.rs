//! The executor's questions, answered without recording anything: what would this intent become, and may it trade now.

mod small_market;

use fillwright_domain::Scope;
use fillwright_journal::MemoryStorage;
use fillwright_kernel::{Denial, Input, Kernel};
use fillwright_policy::KillEffect;
use small_market::{NOW, intent, quote, started, submit};

#[test]
fn a_prepared_plan_is_the_plan_that_is_made() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    let before = sequencer.kernel().state().clone();
    let prepared = sequencer.kernel().prepare(NOW, &intent("I1", "paper"), Some(&quote()));
    assert_eq!(sequencer.kernel().state(), &before, "nothing is recorded");
    assert_eq!(prepared.size.to_string(), "10");
    assert_eq!(prepared.skip_reason, None);
    sequencer.take(NOW, &submit("I1", "paper")).expect("taken");
    sequencer.settle().expect("settled");
    let holding =
        sequencer.kernel().state().ledgers.get(&"paper".into(), fillwright_domain::Plane::Paper);
    let position = holding
        .and_then(|ledger| ledger.holding(&"SIM:ABC".into()))
        .map(|holding| holding.position);
    assert_eq!(position, Some(prepared.size));
}

#[test]
fn a_prepared_skip_says_why() {
    let storage = MemoryStorage::new();
    let sequencer = started(&storage);
    let prepared = sequencer.kernel().prepare(NOW, &intent("I1", "paper"), None);
    assert_eq!(
        prepared.skip_reason.map(|reason| reason.to_string()),
        Some("quote_missing".to_owned())
    );
    assert!(prepared.size.is_zero());
}

#[test]
fn trading_now_is_refused_for_the_first_reason_there_is() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    let asked = intent("I1", "paper");
    assert_eq!(Kernel::new("main").can_trade_now(NOW, &asked), Err(Denial::NoRulebook));
    assert_eq!(sequencer.kernel().can_trade_now(NOW, &asked), Ok(()));
    assert_eq!(
        sequencer.kernel().can_trade_now(NOW, &intent("I1", "nobody")),
        Err(Denial::BookUnknown)
    );
    sequencer
        .take(
            NOW,
            &Input::EngageKillSwitch {
                by: "ops".into(),
                reason: "drill".into(),
                scope: Scope::Global,
                effect: KillEffect::Cancel,
            },
        )
        .expect("taken");
    assert_eq!(sequencer.kernel().can_trade_now(NOW, &asked), Err(Denial::KillSwitchEngaged));
}
