//! Durable before visible: what is released is on disk, and what is not on disk is never released.

mod small_market;

use fillwright_domain::{ResultStatus, Scope};
use fillwright_engine::{ScriptedClock, SequencerError, serve::serve};
use fillwright_journal::{Faults, MemoryStorage, codec, snapshot};
use fillwright_kernel::{Answer, Effect, Input};
use fillwright_policy::KillEffect;
use small_market::{NOW, open, options, started, submit};

fn replies(effects: &[Effect]) -> Vec<(String, Answer)> {
    let replies = effects.iter().filter_map(|effect| match effect {
        Effect::Reply { intent_id, answer } => Some((intent_id.to_string(), *answer)),
        _ => None,
    });
    replies.collect()
}

#[test]
fn nothing_is_released_before_the_disk_has_it() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    sequencer.take(NOW, &submit("I1", "paper")).expect("taken");
    storage.set_faults(Faults { fail_sync: Some(0), ..Faults::default() });
    let error = sequencer.settle().expect_err("a sync that failed");
    assert!(matches!(error, SequencerError::Journal(_)), "{error}");
    assert!(sequencer.settle().is_err(), "a failed sync is never tried twice");
}

#[test]
fn an_order_leaves_only_with_the_receipt_of_its_entry() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    sequencer.take(NOW, &submit("I1", "stub")).expect("taken");
    let effects = sequencer.settle().expect("settled");
    assert!(
        matches!(&effects[..], [Effect::PlaceOrder(order)] if order.requested_quantity.to_string() == "10")
    );
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill_and_answered_as_a_duplicate() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    sequencer.take(NOW, &submit("I1", "paper")).expect("taken");
    let first = replies(&sequencer.settle().expect("settled"));
    assert_eq!(first, [("I1".to_owned(), Answer::Closed(ResultStatus::Success))]);
    drop(sequencer);
    storage.restart();
    let (mut sequencer, recovered) = open(&storage);
    assert_eq!(recovered.replayed, 3);
    sequencer.take(NOW, &submit("I1", "paper")).expect("taken");
    let again = replies(&sequencer.settle().expect("settled"));
    let duplicate = Answer::Duplicate { first_seq: 3, status: Some(ResultStatus::Success) };
    assert_eq!(again, [("I1".to_owned(), duplicate)]);
}

#[test]
fn an_order_that_was_on_its_way_is_queried_after_a_restart_and_never_resent() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    sequencer.take(NOW, &submit("I1", "stub")).expect("taken");
    sequencer.settle().expect("settled");
    drop(sequencer);
    storage.restart();
    let (mut sequencer, _) = open(&storage);
    sequencer.take(NOW, &Input::Resume).expect("taken");
    let effects = sequencer.settle().expect("settled");
    assert!(matches!(&effects[..], [Effect::QueryOrder { .. }]), "{effects:?}");
}

#[test]
fn a_snapshot_and_the_first_entry_lead_to_the_same_state() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    for n in 0..50 {
        sequencer.take(NOW, &submit(&format!("I{n}"), "paper")).expect("taken");
    }
    sequencer.settle().expect("settled");
    let state = codec::encode_state(sequencer.kernel().state());
    let receipt = sequencer.journal().receipt().expect("a receipt");
    snapshot::store(&storage, &receipt, NOW.as_ns(), &state).expect("stored");
    for n in 50..60 {
        sequencer.take(NOW, &submit(&format!("I{n}"), "stub")).expect("taken");
    }
    sequencer.settle().expect("settled");
    let hash = codec::state_hash(sequencer.kernel().state());
    drop(sequencer);
    storage.restart();
    let (from_snapshot, recovered) = open(&storage);
    assert_eq!((recovered.snapshot_seq, recovered.replayed), (Some(52), 10));
    assert_eq!(codec::state_hash(from_snapshot.kernel().state()), hash);
    drop(from_snapshot);
    storage.restart();
    assert_eq!(snapshot::prune(&storage, 0).expect("pruned"), 1);
    let (from_first, recovered) = open(&storage);
    assert_eq!((recovered.snapshot_seq, recovered.replayed), (None, 62));
    assert_eq!(codec::state_hash(from_first.kernel().state()), hash);
}

#[test]
fn a_nearly_full_disk_refuses_intents_and_still_takes_a_halt() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    storage.set_faults(Faults { space: Some(0), ..Faults::default() });
    let mut taken = 0_u32;
    let refused = loop {
        match sequencer.take(NOW, &submit(&format!("I{taken}"), "paper")) {
            Ok(_) => drop(sequencer.settle().expect("settled")),
            Err(error) => break error,
        }
        taken += 1;
        assert!(taken < 10_000, "the disk never filled up");
    };
    assert!(matches!(refused, SequencerError::SpaceLow), "{refused}");
    assert!(taken > 10, "only {taken} intents fitted");
    let halt = Input::EngageKillSwitch {
        by: "ops".into(),
        reason: "disk".into(),
        scope: Scope::Global,
        effect: KillEffect::Cancel,
    };
    sequencer.take(NOW, &halt).expect("the reserve is there for this");
    sequencer.settle().expect("settled");
    assert!(sequencer.kernel().state().control.is_halted());
}

#[test]
fn a_full_disk_still_lets_a_restart_halt() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    sequencer.take(NOW, &submit("I1", "stub")).expect("taken");
    sequencer.close().expect("closed with a checkpoint");
    storage.restart();
    storage.set_faults(Faults { space: Some(0), ..Faults::default() });
    let (mut sequencer, _) = open(&storage);
    let halt = Input::EngageKillSwitch {
        by: "ops".into(),
        reason: "disk".into(),
        scope: Scope::Global,
        effect: KillEffect::Cancel,
    };
    sequencer.take(NOW, &halt).expect("there is room in the segment");
    let effects = sequencer.settle().expect("settled");
    assert!(matches!(&effects[..], [Effect::CancelOrder { .. }]), "{effects:?}");
    sequencer.close().expect("closed without a checkpoint");
}

#[test]
fn an_input_that_no_entry_could_hold_is_refused_and_the_rest_goes_on() {
    let storage = MemoryStorage::new();
    let mut sequencer = started(&storage);
    let reason = "x".repeat(60_000);
    let halt = Input::EngageKillSwitch {
        by: "ops".into(),
        reason: reason.into(),
        scope: Scope::Global,
        effect: KillEffect::Cancel,
    };
    let error = sequencer.take(NOW, &halt).expect_err("too large");
    assert!(matches!(error, SequencerError::TooLarge { .. }), "{error}");
    assert!(!sequencer.kernel().state().control.is_halted(), "nothing was decided on it");
    sequencer.take(NOW, &submit("I1", "paper")).expect("the rest goes on");
    assert_eq!(replies(&sequencer.settle().expect("settled")).len(), 1);
}

#[test]
fn a_served_sequencer_answers_everyone_in_order_however_batches_fall() {
    let storage = MemoryStorage::new();
    let sequencer = started(&storage);
    let (sender, inbox) = crossbeam_channel::bounded(4);
    let senders = std::thread::spawn(move || {
        for group in 0..200 {
            let inputs =
                (0..group % 7).map(|n| submit(&format!("I{group}-{n}"), "paper")).collect();
            sender.send(inputs).expect("served");
        }
    });
    let mut answered = Vec::new();
    let mut clock = ScriptedClock::new(NOW, 0);
    let sequencer =
        serve(sequencer, &inbox, &mut clock, |effects| answered.extend(replies(&effects)));
    senders.join().expect("sent");
    let expected: Vec<String> =
        (0..200).flat_map(|group| (0..group % 7).map(move |n| format!("I{group}-{n}"))).collect();
    assert!(expected.len() > 500);
    assert_eq!(answered.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), expected);
    let seq = sequencer.expect("served to the end").kernel().state().seq;
    assert_eq!(seq, 2 + expected.len() as u64);
}

/// R5: an order counts from the entry that releases it, not from the acknowledgement of its venue.
#[test]
fn a_burst_at_a_limit_passes_exactly_what_fits() {
    const SENDERS: usize = 8;
    const INTENTS_EACH: usize = 25;
    let storage = MemoryStorage::new();
    let (mut sequencer, _) = open(&storage);
    let mut rules = small_market::rulebook();
    // Every intent is for ten units, and no venue ever answers.
    rules.envelope.firm.max_position = Some("70".parse().expect("a quantity"));
    let [_, run] = small_market::opening();
    let (by, reason) = ("ops".into(), "start".into());
    let adopt = Input::AdoptRulebook { rulebook: Box::new(rules), by, reason };
    for input in [adopt, run] {
        sequencer.take(NOW, &input).expect("taken");
    }
    sequencer.settle().expect("settled");
    let (sender, inbox) = crossbeam_channel::bounded(4);
    let begin = std::sync::Arc::new(std::sync::Barrier::new(SENDERS));
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| {
            let (sender, begin) = (sender.clone(), std::sync::Arc::clone(&begin));
            std::thread::spawn(move || {
                begin.wait();
                for n in 0..INTENTS_EACH {
                    sender.send(vec![submit(&format!("I{number}-{n}"), "stub")]).expect("served");
                }
            })
        })
        .collect();
    drop(sender);
    let (mut placed, mut refused) = (0, 0);
    let mut clock = ScriptedClock::new(NOW, 0);
    let sequencer = serve(sequencer, &inbox, &mut clock, |effects| {
        placed += effects.iter().filter(|one| matches!(one, Effect::PlaceOrder(_))).count();
        refused += replies(&effects).len();
    });
    for sender in senders {
        sender.join().expect("sent");
    }
    assert_eq!((placed, refused), (7, SENDERS * INTENTS_EACH - 7));
    let kernel = sequencer.expect("served to the end");
    assert_eq!(kernel.kernel().state().orders.iter().count(), 7);
}

#[test]
fn a_second_writer_is_refused() {
    let storage = MemoryStorage::new();
    let _first = started(&storage);
    let second = fillwright_engine::recover(std::sync::Arc::new(storage.clone()), &options(), NOW);
    assert!(second.is_err(), "two writers on one journal");
}
