//! Patterns that look like abuse of a market are found, and ordinary trading is not.

#![allow(clippy::unwrap_used, reason = "tests")]

mod desk;

use desk::{AAPL, BTC, Desk, LIVE, TREND, execute, fill, rulebook};
use fillwright_domain::{ActionType, BookId, Plane, ReportKind, Scope, Timestamp, VenueId};
use fillwright_kernel::Input;
use fillwright_policy::KillEffect;
use fillwright_policy::surveillance::{Layering, OrderToTrade, SurveillancePolicy, Wash};
use fillwright_projections::evidence::Period;
use fillwright_projections::surveillance::{Finding, Surveillance, Surveyed};

const ALWAYS: Period = Period { from: Timestamp::MIN, to: Timestamp::from_ns(i64::MAX) };
/// More than any test reaches.
const FAR: u64 = 1_000_000;
const OTHER: &str = "other-live";

/// Thresholds that nothing meets but for what a test moves.
fn policy(change: impl FnOnce(&mut SurveillancePolicy)) -> SurveillancePolicy {
    let mut policy = SurveillancePolicy {
        window_s: 60,
        order_to_trade: OrderToTrade { messages_min: FAR, messages_per_trade_min: FAR },
        layering: Layering { cancelled_min: FAR, cancelled_over_filled_percent_min: 100 },
        wash: Wash { apart_max_ms: 0, apart_max_bps: 0 },
    };
    change(&mut policy);
    policy
}

/// A desk with two books on the live stub, of one strategy and two accounts.
fn desk() -> Desk {
    let mut desk = Desk::opened();
    let mut rules = rulebook("two accounts");
    let mut other = rules.books[LIVE].clone();
    other.account = "second".into();
    rules.books.insert(BookId::new(OTHER), other);
    assert_eq!(rules.books[LIVE].executors[&VenueId::new("NASDAQ")], Plane::LiveStub);
    desk.adopt(rules);
    desk
}

fn order(desk: &mut Desk, id: &str, book: &str, action: ActionType) {
    let before = desk.state().orders.iter().count();
    desk.submit(execute(id, book, AAPL, action, "0.013"), "249.9", "250.1");
    assert_eq!(desk.state().orders.iter().count(), before + 1, "{id} is at work");
}

fn bought(desk: &mut Desk, id: &str, book: &str, px: &str) {
    order(desk, id, book, ActionType::Add);
    desk.report(id, fill("1", px, "1", "0"));
}

fn sold(desk: &mut Desk, id: &str, book: &str, px: &str) {
    order(desk, id, book, ActionType::Exit);
    desk.report(id, fill("1", px, "1", "0"));
}

/// Orders that are taken back by a halt of their instrument and its end.
fn taken_back(desk: &mut Desk, ids: &[&str], book: &str) {
    for id in ids {
        order(desk, id, book, ActionType::Add);
    }
    let scope: Scope = format!("instrument:{AAPL}").parse().unwrap();
    desk.take(&Input::EngageKillSwitch {
        by: "ops-1".into(),
        reason: "test".into(),
        scope: scope.clone(),
        effect: KillEffect::Cancel,
    });
    for id in ids {
        desk.report(id, ReportKind::Canceled { cum_qty: "0".parse().unwrap() });
    }
    for by in ["ops-1", "risk-1"] {
        let (by, reason, scope) = (by.into(), "over".into(), scope.clone());
        desk.take(&Input::ReleaseKillSwitch { by, reason, scope });
    }
}

fn survey(desk: Desk, period: Period, policy: SurveillancePolicy) -> Surveyed {
    let day = desk.close();
    let mut surveillance = Surveillance::new(policy, period);
    for entry in day.entries(0, day.last_seq()) {
        if !surveillance.take(&entry) {
            break;
        }
    }
    surveillance.finish()
}

fn found(desk: Desk, policy: SurveillancePolicy) -> Vec<String> {
    survey(desk, ALWAYS, policy).findings.iter().map(shown).collect()
}

fn shown(finding: &Finding) -> String {
    let Finding { pattern, measured, threshold, entries, books, .. } = finding;
    let books: Vec<&str> = books.iter().map(BookId::as_str).collect();
    format!("{pattern:?} of {}: {measured}/{threshold} {entries:?}", books.join(", "))
}

#[test]
fn many_orders_and_few_trades_are_found_at_their_number_and_share() {
    let at = |messages_min, messages_per_trade_min| {
        policy(|policy| {
            policy.order_to_trade = OrderToTrade { messages_min, messages_per_trade_min };
        })
    };
    let play = || {
        let mut desk = desk();
        bought(&mut desk, "a", LIVE, "250");
        taken_back(&mut desk, &["b", "c", "d"], LIVE);
        desk
    };
    // Four orders, three cancels, one trade.
    assert_eq!(found(play(), at(7, 7)).len(), 1);
    assert_eq!(found(play(), at(8, 7)), [""; 0], "one message short");
    assert_eq!(found(play(), at(7, 8)), [""; 0], "one message a trade short");
    let sliced = policy(|policy| {
        policy.window_s = 1;
        policy.order_to_trade = OrderToTrade { messages_min: 7, messages_per_trade_min: 7 };
    });
    assert_eq!(found(play(), sliced), [""; 0], "not within the window");
}

#[test]
fn orders_taken_back_while_the_other_side_is_filled_are_found() {
    let at = |cancelled_min, percent| {
        policy(|policy| {
            policy.layering =
                Layering { cancelled_min, cancelled_over_filled_percent_min: percent };
        })
    };
    let play = || {
        let mut desk = desk();
        bought(&mut desk, "a", LIVE, "250");
        taken_back(&mut desk, &["b", "c", "d"], LIVE);
        sold(&mut desk, "e", LIVE, "250");
        desk
    };
    let findings = found(play(), at(3, 300));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("Layering of live: 300/300 "), "{findings:?}");
    assert_eq!(found(play(), at(4, 300)), [""; 0], "one order short");
    assert_eq!(found(play(), at(3, 301)), [""; 0], "too little was taken back");
    let mut one_sided = desk();
    taken_back(&mut one_sided, &["b", "c", "d"], LIVE);
    bought(&mut one_sided, "e", LIVE, "250");
    assert_eq!(found(one_sided, at(3, 1)), [""; 0], "the same side was filled");
}

#[test]
fn both_sides_of_a_trade_are_found_across_accounts() {
    let at = |apart_max_ms, apart_max_bps| {
        policy(|policy| policy.wash = Wash { apart_max_ms, apart_max_bps })
    };
    let play = |px: &str| {
        let mut desk = desk();
        bought(&mut desk, "a", LIVE, "250");
        bought(&mut desk, "b", OTHER, "250");
        sold(&mut desk, "c", OTHER, px);
        desk
    };
    let findings = found(play("250.25"), at(60_000, 10));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("Wash of live, other-live: 10/10 "), "{findings:?}");
    assert_eq!(found(play("250.25"), at(60_000, 9)), [""; 0], "the prices lie too far apart");
    assert_eq!(found(play("250.25"), at(1_000, 10)), [""; 0], "the fills lie too far apart");
    let mut own = desk();
    bought(&mut own, "a", LIVE, "250");
    sold(&mut own, "b", LIVE, "250");
    assert_eq!(found(own, at(60_000, 10)), [""; 0], "one book that goes in and out");
}

#[test]
fn ordinary_trading_and_paper_show_nothing() {
    let watchful = policy(|policy| {
        policy.order_to_trade = OrderToTrade { messages_min: 3, messages_per_trade_min: 3 };
        policy.layering = Layering { cancelled_min: 1, cancelled_over_filled_percent_min: 1 };
        policy.wash = Wash { apart_max_ms: 60_000, apart_max_bps: 100 };
    });
    let mut desk = desk();
    for id in ["a", "b", "c", "d", "e"] {
        bought(&mut desk, id, LIVE, "250");
    }
    sold_all_on_paper(&mut desk);
    let surveyed = survey(desk, ALWAYS, watchful);
    assert_eq!((surveyed.messages, surveyed.trades), (5, 5), "what was looked at");
    assert_eq!(surveyed.findings, []);
}

fn sold_all_on_paper(desk: &mut Desk) {
    for (id, action) in [("p1", ActionType::Add), ("p2", ActionType::Exit)] {
        desk.submit(execute(id, TREND, BTC, action, "0.1"), "99990", "100010");
    }
}

#[test]
fn what_lies_before_the_period_is_known_but_not_told() {
    let mut desk = desk();
    bought(&mut desk, "a", LIVE, "250");
    bought(&mut desk, "b", OTHER, "250");
    sold(&mut desk, "c", OTHER, "250");
    let wash = policy(|policy| policy.wash = Wash { apart_max_ms: 60_000, apart_max_bps: 10 });
    let late = Period { from: Timestamp::from_ns(i64::MAX - 1), to: Timestamp::from_ns(i64::MAX) };
    let surveyed = survey(desk, late, wash);
    assert_eq!((surveyed.messages, surveyed.trades, surveyed.findings.len()), (0, 0, 0));
}
