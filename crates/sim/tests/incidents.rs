//! Incidents: what opens them, who looks, what they stop, and what a person must say to end them.

mod check;

use check::check;
use expect_test::expect;
use fillwright_kernel::incidents::{COMPONENTS_MAX, RAISED_MAX};
use fillwright_sim::scenario::play;
use std::fmt::Write as _;

#[test]
fn an_incident_goes_from_raised_to_closed_with_its_root_cause() {
    check(
        "1s raise execution medium strategy:trend by ops-1 because fills look late
         2s annotate INC-3-1 by audit-1 because since the morning
         3s acknowledge INC-3-1 by ops-1 because asking the broker
         4s link INC-3-1 to entry:2 by ops-1 because same broker
         5s close INC-3-1 by risk-1 because the broker's clock was off",
        &expect![[r#"
            1s INC-3-1 opened: execution medium strategy:trend (fills look late)
            2s INC-3-1 annotated by audit-1: since the morning
            3s INC-3-1 acknowledged by ops-1
            4s INC-3-1 linked to entry:2 by ops-1
            5s INC-3-1 closed by risk-1: the broker's clock was off
        "#]],
    );
}

#[test]
fn a_serious_incident_is_closed_by_another_person_than_the_one_who_looked() {
    check(
        "1s raise risk high global by ops-1 because exposure looks wrong
         2s acknowledge INC-3-1 by risk-1 because counting again
         3s close INC-3-1 by risk-1 because a typo
         4s close INC-3-1 by ops-1 because a typo
         5s close INC-3-1 by risk-2 because a typo
         6s raise risk medium global by ops-1 because exposure looks wrong
         7s acknowledge INC-8-1 by risk-1 because counting again
         8s close INC-8-1 by risk-1 because a typo",
        &expect![[r#"
            1s INC-3-1 opened: risk high global (exposure looks wrong)
            2s INC-3-1 acknowledged by risk-1
            3s refused risk-1: releasing takes a second, different person
            4s refused ops-1: it takes a role that the person does not hold
            5s INC-3-1 closed by risk-2: a typo
            6s INC-8-1 opened: risk medium global (exposure looks wrong)
            7s INC-8-1 acknowledged by risk-1
            8s INC-8-1 closed by risk-1: a typo
        "#]],
    );
}

#[test]
fn nobody_closes_what_nobody_looked_at_and_nothing_is_said_without_words() {
    check(
        "1s raise data low global by ops-1
         2s raise data low global because gaps
         3s raise data low global by ops-1 because gaps
         4s close INC-5-1 by risk-1 because gone
         5s acknowledge INC-5-1 by ops-1 because looking
         6s acknowledge INC-5-1 by risk-1 because looking too
         7s close INC-5-1 by risk-1
         8s annotate INC-5-1 by ops-1
         9s close INC-9-9 by risk-1 because gone
         10s acknowledge INC-5-1 by Risk-1 because looking
         11s annotate INC-5-1 by gone-1 because looking
         12s close INC-5-1 by audit-1 because gone",
        &expect![[r#"
            1s refused ops-1: nothing was said: the text is empty
            2s refused : nobody is named as asking for it
            3s INC-5-1 opened: data low global (gaps)
            4s refused risk-1: an incident is acknowledged before it is closed
            5s INC-5-1 acknowledged by ops-1
            6s refused risk-1: somebody has acknowledged it already
            7s refused risk-1: nothing was said: the text is empty
            8s refused ops-1: nothing was said: the text is empty
            9s refused risk-1: no such incident is open
            10s refused Risk-1: no such person stands in the rules
            11s refused gone-1: the person is disabled
            12s refused audit-1: it takes a role that the person does not hold
        "#]],
    );
}

#[test]
fn a_blocking_incident_stops_new_risk_in_its_scope_only_and_a_safety_exit_passes() {
    check(
        "1s intent I1 add 0.1
         2s raise execution high instrument:BINANCE:BTCUSDT blocks by ops-1 because odd fills
         3s intent I2 add 0.1
         4s intent I3 add 0.1 ETHUSDT
         5s intent I4 emergency
         6s acknowledge INC-4-1 by ops-1 because looking
         7s intent I5 add 0.1
         8s close INC-4-1 by risk-1 because a test order
         9s intent I6 add 0.1",
        &expect![[r#"
            1s I1 plans 0.2 at 20001, leverage 0.040002
            1s I1.1 buys 0.2 BTCUSDT on paper
            1s I1.1 outcome Filled 0.2
            1s I1 success bought 0.2, reply
            2s INC-4-1 opened: execution high instrument:BINANCE:BTCUSDT, blocks (odd fills)
            3s I2 denied by BlockingIncident: an incident that is open stops new risk here
            4s I3 denied by Leverage: a holding of the book has no mark
            5s I4 passes BlockingIncident as a safety exit
            5s I4 passes DecisionTable as a safety exit
            5s I4 passes OrderQuantity as a safety exit
            5s I4 passes OrderNotional as a safety exit
            5s I4 passes PositionLimit as a safety exit
            5s I4 passes Leverage as a safety exit
            5s I4 passes AssetExposure as a safety exit
            5s I4 passes GrossExposure as a safety exit
            5s I4 passes NetExposure as a safety exit
            5s I4 passes SectorExposure as a safety exit
            5s I4 passes ClusterExposure as a safety exit
            5s I4 passes OpenOrders as a safety exit
            5s I4 plans 0.2 at the market, leverage 0.039998 [safety_exit, full_exit]
            5s I4.1 sells 0.2 BTCUSDT on paper reduce-only
            5s I4.1 outcome Filled 0.2
            5s I4 success sold 0.2, reply
            6s INC-4-1 acknowledged by ops-1
            7s I5 denied by BlockingIncident: an incident that is open stops new risk here
            8s INC-4-1 closed by risk-1: a test order
            9s I6 plans 0.2 at 20001, leverage 0.040002
            9s I6.1 buys 0.2 BTCUSDT on paper
            9s I6.1 outcome Filled 0.2
            9s I6 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn every_kind_of_scope_blocks_what_it_covers() {
    for (scope, is_covered) in [
        ("global", true),
        ("environment", true),
        ("account:main", true),
        ("account:other", false),
        ("lane:live_canary", false),
        ("strategy:trend", true),
        ("strategy:other", false),
        ("venue:BINANCE", true),
        ("venue:NASDAQ", false),
        ("instrument:BINANCE:BTCUSDT", true),
        ("instrument:BINANCE:ETHUSDT", false),
    ] {
        let told = play(&format!(
            "1s raise risk high {scope} blocks by ops-1 because a test
             2s intent I1 add 0.1"
        ));
        assert_eq!(told.contains("denied by BlockingIncident"), is_covered, "{scope}: {told}");
    }
}

#[test]
fn a_fault_is_an_incident_in_the_same_step() {
    check(
        "1s adopt standard, detect overfill 1 within 60 by venue blocks, detect order_stranded 1
         2s intent I1 add 0.5 book desk
         3s report I1.1 fill 2@20001
         4s report I1.1 query-failed
         5s intent I2 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 1 at 20001, leverage 0.20001
            2s I1.1 buys 1 BTCUSDT on live-stub, place
            3s I1.1 report ignored: it would fill more than was ordered
            3s overfill counts a hit in venue:BINANCE
            3s INC-5-1 opened: execution high venue:BINANCE, blocks (overfill)
            4s I1.1 is stranded (timeout)
            4s order_stranded counts a hit in global
            4s INC-6-1 opened: execution high global (order_stranded)
            5s I2 denied by BlockingIncident: an incident that is open stops new risk here
        "#]],
    );
}

#[test]
fn a_rule_cools_its_scope_down_and_never_shortens_what_stands() {
    check(
        "1s adopt standard, detect intent_denied 2 within 60 by strategy cooldown 30
         2s intent I1 add 99 book desk
         3s intent I2 add 99 book desk
         4s intent I3 add 0.01 book desk
         5s lift cooldown on strategy:trend by ops-1 because looked at
         6s lift cooldown on strategy:trend by ops-1 because looked at
         7s lift cooldown on strategy:trend by risk-1 because looked at
         8s intent I4 add 0.01 book desk",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by Mapping: the size is outside 0 to 1
            2s intent_denied counts a hit in strategy:trend
            3s I2 denied by Mapping: the size is outside 0 to 1
            3s intent_denied counts a hit in strategy:trend
            3s INC-5-1 opened: execution high strategy:trend, 2 hits (intent_denied)
            3s cooldown on strategy:trend imposed until 33s by a rule
            4s I3 denied by Cooldown: a cooldown holds new risk back
            4s intent_denied counts a hit in strategy:trend
            5s cooldown on strategy:trend: lift requested by ops-1
            6s refused ops-1: releasing takes a second, different person
            7s cooldown on strategy:trend lifted by ops-1 and risk-1
            8s I4 plans 0.02 at 20001, leverage 0.0040002
            8s I4.1 buys 0.02 BTCUSDT on live-stub, place
        "#]],
    );
}

#[test]
fn a_rule_lengthens_a_cooldown_that_is_shorter_and_leaves_a_longer_one() {
    let rules = "1s adopt standard, detect intent_denied 1 by strategy cooldown 30";
    for until in ["20s", "33s", "34s"] {
        let told = play(&format!(
            "{rules}
             2s impose cooldown on strategy:trend until {until} by ops-1 because wait
             3s intent I1 add 99 book desk"
        ));
        let lengthened = told.contains("3s cooldown on strategy:trend imposed until 33s by a rule");
        assert_eq!(lengthened, until == "20s", "{told}");
    }
}

#[test]
fn every_gate_of_the_envelope_is_a_breach_that_counts() {
    for (limit, intent) in [
        ("max_order_qty 0.001", "add 0.01 book desk"),
        ("max_order_notional 1", "add 0.01 book desk"),
        ("max_open_orders 0", "add 0.01 book desk"),
        ("at cluster:majors max_exposure 1", "add 0.01 book desk"),
    ] {
        let played = play(&format!(
            "1s adopt standard, {limit}, detect risk_breach 1
             2s intent I1 {intent}"
        ));
        assert!(played.contains("INC-4-1 opened: execution high global"), "{limit}: {played}");
    }
}

#[test]
fn rejects_make_an_incident_at_their_number_and_share_and_not_one_before() {
    check(
        "1s adopt standard, detect order_rejected 2 within 60 by strategy percent 50
         2s intent I1 add 0.01 book desk
         3s intent I2 add 0.01 book desk
         4s intent I3 add 0.01 book desk
         5s intent I4 add 0.01 book desk
         6s report I1.1 reject
         7s report I2.1 reject
         8s report I3.1 reject",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 plans 0.02 at 20001, leverage 0.0040002
            2s I1.1 buys 0.02 BTCUSDT on live-stub, place
            2s order_rejected counts one more in strategy:trend
            3s I2 plans 0.02 at 20001, leverage 0.0080004
            3s I2.1 buys 0.02 BTCUSDT on live-stub, place
            3s order_rejected counts one more in strategy:trend
            4s I3 plans 0.02 at 20001, leverage 0.0120006
            4s I3.1 buys 0.02 BTCUSDT on live-stub, place
            4s order_rejected counts one more in strategy:trend
            5s I4 plans 0.02 at 20001, leverage 0.0160008
            5s I4.1 buys 0.02 BTCUSDT on live-stub, place
            5s order_rejected counts one more in strategy:trend
            6s I1.1 is rejected (venue says no)
            6s I1.1 outcome Failed 0 ExecutionRejected
            6s I1 error: EXECUTION_REJECTED, reply
            6s order_rejected counts a hit in strategy:trend
            7s I2.1 is rejected (venue says no)
            7s I2.1 outcome Failed 0 ExecutionRejected
            7s I2 error: EXECUTION_REJECTED, reply
            7s order_rejected counts a hit in strategy:trend
            7s INC-9-1 opened: execution high strategy:trend, 2 hits (order_rejected)
            8s I3.1 is rejected (venue says no)
            8s I3.1 outcome Failed 0 ExecutionRejected
            8s I3 error: EXECUTION_REJECTED, reply
            8s order_rejected counts a hit in strategy:trend
        "#]],
    );
}

#[test]
fn hits_count_for_their_window_and_not_a_tenth_longer() {
    check(
        "10s adopt standard, detect intent_denied 2 within 10
         20s intent I1 add 0.1 unquoted
         29999ms intent I2 add 0.1 unquoted",
        &expect![[r#"
            10s rulebook 1 adopted by risk-1
            20s I1 denied by DataAge: there is no quote to decide by
            20s intent_denied counts a hit in global
            29999ms I2 denied by DataAge: there is no quote to decide by
            29999ms intent_denied counts a hit in global
            29999ms INC-5-1 opened: execution high global, 2 hits (intent_denied)
        "#]],
    );
    check(
        "10s adopt standard, detect intent_denied 2 within 10
         20s intent I1 add 0.1 unquoted
         30s intent I2 add 0.1 unquoted",
        &expect![[r#"
            10s rulebook 1 adopted by risk-1
            20s I1 denied by DataAge: there is no quote to decide by
            20s intent_denied counts a hit in global
            30s I2 denied by DataAge: there is no quote to decide by
            30s intent_denied counts a hit in global
        "#]],
    );
}

#[test]
fn one_incident_a_rule_and_scope_counts_further_hits_and_begins_anew_once_closed() {
    check(
        "1s adopt standard, detect stale_data 2 by instrument severity medium
         2s intent I1 add 0.1 unquoted
         3s intent I2 add 0.1 unquoted
         4s intent I3 add 0.1 unquoted
         5s intent I4 add 0.1 ETHUSDT unquoted
         6s acknowledge INC-5-1 by ops-1 because the feed is asked
         7s close INC-5-1 by risk-1 because the feed was down
         8s intent I5 add 0.1 unquoted
         9s intent I6 add 0.1 unquoted",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by DataAge: there is no quote to decide by
            2s stale_data counts a hit in instrument:BINANCE:BTCUSDT
            3s I2 denied by DataAge: there is no quote to decide by
            3s stale_data counts a hit in instrument:BINANCE:BTCUSDT
            3s INC-5-1 opened: execution medium instrument:BINANCE:BTCUSDT, 2 hits (stale_data)
            4s I3 denied by DataAge: there is no quote to decide by
            4s stale_data counts a hit in instrument:BINANCE:BTCUSDT
            5s I4 denied by DataAge: there is no quote to decide by
            5s stale_data counts a hit in instrument:BINANCE:ETHUSDT
            6s INC-5-1 acknowledged by ops-1
            7s INC-5-1 closed by risk-1: the feed was down
            8s I5 denied by DataAge: there is no quote to decide by
            8s stale_data counts a hit in instrument:BINANCE:BTCUSDT
            9s I6 denied by DataAge: there is no quote to decide by
            9s stale_data counts a hit in instrument:BINANCE:BTCUSDT
            9s INC-11-1 opened: execution medium instrument:BINANCE:BTCUSDT, 2 hits (stale_data)
        "#]],
    );
}

#[test]
fn machines_say_how_they_are_and_what_is_not_well_is_an_incident() {
    check(
        "1s adopt standard, detect broker_unhealthy 1 by venue blocks, detect data_feed_unhealthy 1, detect component_unhealthy 2
         2s health broker_connection BINANCE up
         3s health broker_connection BINANCE degraded
         4s health broker_connection BINANCE degraded
         5s health broker_connection ELSEWHERE down
         6s health data_feed crypto down
         7s health component sequencer degraded
         8s health component sequencer down
         9s intent I1 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s broker_connection BINANCE is up
            3s broker_connection BINANCE is degraded
            3s broker_unhealthy counts a hit in venue:BINANCE
            3s INC-5-1 opened: execution high venue:BINANCE, blocks (broker_unhealthy)
            4s refused: the component said the same before
            5s broker_connection ELSEWHERE is down
            5s broker_unhealthy counts a hit in global
            5s INC-7-1 opened: execution high global, blocks (broker_unhealthy)
            6s data_feed crypto is down
            6s data_feed_unhealthy counts a hit in global
            6s INC-8-1 opened: execution high global (data_feed_unhealthy)
            7s component sequencer is degraded
            7s component_unhealthy counts a hit in global
            8s component sequencer is down
            8s component_unhealthy counts a hit in global
            8s INC-10-1 opened: execution high global, 2 hits (component_unhealthy)
            9s I1 denied by BlockingIncident: an incident that is open stops new risk here
        "#]],
    );
}

#[test]
fn a_clock_may_be_off_by_as_much_as_is_allowed() {
    check(
        "1s adopt standard, clock_offset_max_ms 100, detect clock_offset 1
         2s clock ntp 100
         3s clock ntp -100
         4s clock ntp -101
         5s clock ntp 101",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s clock ntp is off by 100 ms
            3s clock ntp is off by -100 ms
            4s clock ntp is off by -101 ms
            4s clock_offset counts a hit in global
            4s INC-6-1 opened: execution high global (clock_offset)
            5s clock ntp is off by 101 ms
            5s clock_offset counts a hit in global
        "#]],
    );
}

#[test]
fn an_incident_nobody_looks_at_gets_worse_at_the_stated_time_until_it_is_critical() {
    check(
        "1s adopt standard, escalate_after_s 10
         2s raise data low global by ops-1 because gaps
         3s raise data low global by ops-1 because more gaps
         4s acknowledge INC-5-1 by ops-1 because looking
         11999ms tick
         12s tick
         21s tick
         22s tick
         32s tick
         42s tick",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s INC-4-1 opened: data low global (gaps)
            3s INC-5-1 opened: data low global (more gaps)
            4s INC-5-1 acknowledged by ops-1
            12s INC-4-1 is medium now, nobody looked
            22s INC-4-1 is high now, nobody looked
            32s INC-4-1 is critical now, nobody looked
        "#]],
    );
}

#[test]
fn what_a_start_found_is_an_incident_before_there_are_any_rules() {
    check(
        "0s from scratch
         1s startup torn_tail_dropped
         2s startup snapshot_skipped
         3s startup torn_tail_dropped
         4s resume",
        &expect![[r#"
            1s the start found torn_tail_dropped
            1s INC-1-1 opened: infrastructure high global (torn_tail_dropped)
            2s the start found snapshot_skipped
            2s INC-2-1 opened: infrastructure high global (snapshot_skipped)
            3s the start found torn_tail_dropped
        "#]],
    );
}

#[test]
fn what_is_kept_of_incidents_has_an_end() {
    let mut script = String::new();
    for second in 1..=RAISED_MAX {
        let _ = writeln!(script, "{second}s raise data low global by ops-1 because one of many");
    }
    let full = play(&format!("{script}200s raise data low global by ops-1 because one too many"));
    assert_eq!(
        full.lines().last(),
        Some("200s refused ops-1: too many incidents raised by people are open; close some")
    );
    let mut script = String::new();
    for component in 1..=COMPONENTS_MAX {
        let _ = writeln!(script, "1s health component part-{component} up");
    }
    let full =
        play(&format!("{script}2s health component one-more up\n3s health component part-1 down"));
    let last: Vec<&str> = full.lines().rev().take(2).collect();
    assert_eq!(
        last,
        ["3s component part-1 is down", "2s refused: too many components are known by name"]
    );
}
