//! Sessions: nothing trades outside a running one, and each moves only as the one table says.

mod check;

use check::{check, check_each};
use expect_test::expect;

const PAPER: &str = "1s adopt standard by risk-1, lanes";

fn check_paper(script: &str, expected: &expect_test::Expect) {
    check(&format!("{PAPER}\n{script}"), expected);
}

#[test]
fn no_order_outside_a_running_session() {
    check_paper(
        "2s intent I1 add 0.1
         3s schedule S1 by ops-1
         4s intent I2 add 0.1
         5s session start S1 by ops-1
         6s intent I3 add 0.1
         7s session suspend S1 by ops-1
         8s intent I4 add 0.1
         9s session resume S1 by ops-1
         10s intent I5 add 0.1
         11s session complete S1 by ops-1
         12s intent I6 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s I1 denied by Session: no running session has the book
            3s S1 scheduled by ops-1 in canary with 50000
            4s I2 denied by Session: no running session has the book
            5s S1 moved by ops-1 from scheduled to running
            6s I3 plans 0.2 at 20001, leverage 0.040002
            6s I3.1 buys 0.2 BTCUSDT on paper
            6s I3.1 outcome Filled 0.2
            6s I3 success bought 0.2, reply
            7s S1 moved by ops-1 from running to suspended
            8s I4 denied by Session: the session is suspended
            9s S1 moved by ops-1 from suspended to running
            10s I5 plans 0.2 at 20001, leverage 0.080004
            10s I5.1 buys 0.2 BTCUSDT on paper
            10s I5.1 outcome Filled 0.2
            10s I5 success bought 0.2, reply
            11s S1 moved by ops-1 from running to completed
            12s I6 denied by Session: no running session has the book
        "#]],
    );
}

#[test]
fn a_safety_exit_passes_without_a_session() {
    check_paper(
        "2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s intent I1 add 0.1
         5s session complete S1 by ops-1
         6s intent I2 exit
         7s intent I3 emergency",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s I1 plans 0.2 at 20001, leverage 0.040002
            4s I1.1 buys 0.2 BTCUSDT on paper
            4s I1.1 outcome Filled 0.2
            4s I1 success bought 0.2, reply
            5s S1 moved by ops-1 from running to completed
            6s I2 denied by Session: no running session has the book
            7s I3 passes Session as a safety exit
            7s I3 passes DecisionTable as a safety exit
            7s I3 passes OrderQuantity as a safety exit
            7s I3 passes OrderNotional as a safety exit
            7s I3 passes PositionLimit as a safety exit
            7s I3 passes Leverage as a safety exit
            7s I3 passes AssetExposure as a safety exit
            7s I3 passes GrossExposure as a safety exit
            7s I3 passes NetExposure as a safety exit
            7s I3 passes SectorExposure as a safety exit
            7s I3 passes ClusterExposure as a safety exit
            7s I3 passes OpenOrders as a safety exit
            7s I3 plans 0.2 at the market, leverage 0.039998 [safety_exit, full_exit]
            7s I3.1 sells 0.2 BTCUSDT on paper reduce-only
            7s I3.1 outcome Filled 0.2
            7s I3 success sold 0.2, reply
        "#]],
    );
}

#[test]
fn a_session_lets_through_until_just_before_its_end() {
    check_each(
        "1s adopt standard by risk-1, lanes
         2s schedule S1 until 20s by ops-1
         3s session start S1 by ops-1
         {} intent I1 add 0.1",
        &["19999ms", "20s", "20001ms"],
        &expect![[r#"
            19999ms:
              19999ms I1 plans 0.2 at 20001, leverage 0.040002
              19999ms I1.1 buys 0.2 BTCUSDT on paper
              19999ms I1.1 outcome Filled 0.2
              19999ms I1 success bought 0.2, reply
            20s:
              20s I1 denied by Session: the session has come to its planned end
            20001ms:
              20001ms I1 denied by Session: the session has come to its planned end
        "#]],
    );
}

#[test]
fn a_session_starts_within_its_time() {
    check_each(
        "1s adopt standard by risk-1, lanes
         2s schedule S1 from 10s until 20s by ops-1
         {} session start S1 by ops-1",
        &["9999ms", "10s", "19999ms", "20s"],
        &expect![[r#"
            9999ms:
              9999ms refused ops-1: the session may not run yet, or not any more
            10s:
              10s S1 moved by ops-1 from scheduled to running
            19999ms:
              19999ms S1 moved by ops-1 from scheduled to running
            20s:
              20s refused ops-1: the session may not run yet, or not any more
        "#]],
    );
}

#[test]
fn every_move_that_the_table_does_not_know_is_refused() {
    check_paper(
        "2s session start S1 by ops-1
         3s schedule S1 by ops-1
         4s session suspend S1 by ops-1
         4s session resume S1 by ops-1
         4s session roll-back S1 by ops-1
         5s session start S1 by ops-1
         6s session start S1 by ops-1
         6s session resume S1 by ops-1
         7s session suspend S1 by ops-1
         8s session start S1 by ops-1
         8s session suspend S1 by ops-1
         9s session complete S1 by ops-1
         10s session start S1 by ops-1
         10s session suspend S1 by ops-1
         10s session resume S1 by ops-1
         10s session complete S1 by ops-1
         10s session roll-back S1 by ops-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s refused ops-1: no such session is known
            3s S1 scheduled by ops-1 in canary with 50000
            4s refused ops-1: the session does not stand where that could follow
            4s refused ops-1: the session does not stand where that could follow
            4s refused ops-1: the session does not stand where that could follow
            5s S1 moved by ops-1 from scheduled to running
            6s refused ops-1: the session does not stand where that could follow
            6s refused ops-1: the session does not stand where that could follow
            7s S1 moved by ops-1 from running to suspended
            8s refused ops-1: the session does not stand where that could follow
            8s refused ops-1: the session does not stand where that could follow
            9s S1 moved by ops-1 from suspended to completed
            10s refused ops-1: the session does not stand where that could follow
            10s refused ops-1: the session does not stand where that could follow
            10s refused ops-1: the session does not stand where that could follow
            10s refused ops-1: the session does not stand where that could follow
            10s refused ops-1: the session does not stand where that could follow
        "#]],
    );
}

#[test]
fn a_session_that_runs_is_not_rolled_back() {
    check_paper(
        "2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s session roll-back S1 by ops-1
         5s session suspend S1 by ops-1
         6s session roll-back S1 by ops-1
         7s session resume S1 by ops-1
         8s intent I1 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s refused ops-1: it still runs; suspend it or halt trading before it is rolled back
            5s S1 moved by ops-1 from running to suspended
            6s S1 moved by ops-1 from suspended to rolled_back
            7s refused ops-1: the session does not stand where that could follow
            8s I1 denied by Session: no running session has the book
        "#]],
    );
}

#[test]
fn a_session_that_runs_under_a_halt_is_rolled_back() {
    check_paper(
        "2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s kill by ops-1
         5s session roll-back S1 by risk-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s kill switch engaged by ops-1
            5s S1 moved by risk-1 from running to rolled_back
        "#]],
    );
}

#[test]
fn stopping_takes_a_name_and_everything_else_a_role() {
    check_paper(
        "2s schedule S1 by risk-1
         2s schedule S1
         3s schedule S1 by ops-1
         4s session start S1 by risk-1
         5s session start S1 by ops-1
         6s session suspend S1
         7s session suspend S1 by a-passer-by
         8s session resume S1 by risk-1
         9s session complete S1 by audit-1
         9s session roll-back S1 by audit-1
         9s session complete S1 by risk-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s refused risk-1: it takes a role that the person does not hold
            2s refused : nobody is named as asking for it
            3s S1 scheduled by ops-1 in canary with 50000
            4s refused risk-1: it takes a role that the person does not hold
            5s S1 moved by ops-1 from scheduled to running
            6s refused : nobody is named as asking for it
            7s S1 moved by a-passer-by from running to suspended
            8s refused risk-1: it takes a role that the person does not hold
            9s refused audit-1: it takes a role that the person does not hold
            9s refused audit-1: it takes a role that the person does not hold
            9s S1 moved by risk-1 from suspended to completed
        "#]],
    );
}

#[test]
fn a_session_that_does_not_fit_the_rules_is_not_scheduled() {
    check_paper(
        "2s schedule S1 lane none by ops-1
         2s schedule S1 env live by ops-1
         2s schedule S1 books nobody by ops-1
         2s schedule S1 strategies other by ops-1
         2s schedule S1 strategies none by ops-1
         2s schedule S1 capital 0 by ops-1
         2s schedule S1 from 10s until 10s by ops-1
         2s schedule S1 from 10s review 9s until 20s by ops-1
         2s schedule S1 until 2s by ops-1
         2s schedule S1 by ops-1
         3s schedule S1 by ops-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s refused ops-1: the session does not fit the rules: its environment, lane, strategies, books, capital or times
            2s S1 scheduled by ops-1 in canary with 50000
            3s refused ops-1: a session of that name is known already
        "#]],
    );
}

#[test]
fn a_lane_gives_its_sessions_no_more_than_its_budget() {
    check_each(
        "1s adopt standard by risk-1, lanes
         2s schedule S1 capital 60000 by ops-1
         3s schedule S2 books desk capital {} by ops-1",
        &["39999.999999999999999999", "40000", "40000.000000000000000001"],
        &expect![[r#"
            39999.999999999999999999:
              3s S2 scheduled by ops-1 in canary with 39999.999999999999999999
            40000:
              3s S2 scheduled by ops-1 in canary with 40000
            40000.000000000000000001:
              3s refused ops-1: the lane has less capital left than the session is to be given
        "#]],
    );
}

#[test]
fn what_a_session_was_given_is_free_again_once_it_ended() {
    check_paper(
        "2s schedule S1 capital 60000 by ops-1
         3s schedule S2 books desk capital 60000 by ops-1
         4s session complete S1 by ops-1
         5s schedule S2 books desk capital 60000 by ops-1
         6s adopt standard by risk-1, lanes, lane canary budget 59999
         7s session start S2 by ops-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 60000
            3s refused ops-1: the lane has less capital left than the session is to be given
            4s S1 moved by ops-1 from scheduled to completed
            5s S2 scheduled by ops-1 in canary with 60000
            6s rulebook 1 adopted by risk-1
            7s refused ops-1: the lane has less capital left than the session is to be given
        "#]],
    );
}

#[test]
fn a_book_is_in_one_session_at_a_time() {
    check_paper(
        "2s schedule S1 capital 1000 by ops-1
         3s schedule S2 capital 1000 by ops-1
         4s session start S1 by ops-1
         5s session start S2 by ops-1
         6s session suspend S1 by ops-1
         7s session start S2 by ops-1
         8s session complete S1 by ops-1
         9s session start S2 by ops-1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 1000
            3s S2 scheduled by ops-1 in canary with 1000
            4s S1 moved by ops-1 from scheduled to running
            5s refused ops-1: another session has one of the books
            6s S1 moved by ops-1 from running to suspended
            7s refused ops-1: another session has one of the books
            8s S1 moved by ops-1 from suspended to completed
            9s S2 moved by ops-1 from scheduled to running
        "#]],
    );
}

#[test]
fn a_session_stays_within_its_capital() {
    check_each(
        "1s adopt standard by risk-1, lanes
         2s schedule S1 capital {} by ops-1
         3s session start S1 by ops-1
         4s intent I1 add 0.5",
        &["20000.999999999999999999", "20001", "20001.000000000000000001"],
        &expect![[r#"
            20000.999999999999999999:
              4s I1 denied by CapitalPlan: the session would be exposed beyond its capital (20001 against 20000.999999999999999999)
            20001:
              4s I1 plans 1 at 20001, leverage 0.20001
              4s I1.1 buys 1 BTCUSDT on paper
              4s I1.1 outcome Filled 1
              4s I1 success bought 1, reply
            20001.000000000000000001:
              4s I1 plans 1 at 20001, leverage 0.20001
              4s I1.1 buys 1 BTCUSDT on paper
              4s I1.1 outcome Filled 1
              4s I1 success bought 1, reply
        "#]],
    );
}

#[test]
fn the_books_of_a_session_share_its_capital() {
    check_paper(
        "2s schedule S1 books core,desk capital 30000 by ops-1
         3s adopt standard by risk-1, lanes, version 2
         4s session start S1 by ops-1
         5s intent I1 add 0.5 book desk
         6s intent I2 add 0.5 book core
         7s intent I3 add 0.5 ETHUSDT book desk
         8s mark BTCUSDT 20000
         9s intent I4 add 0.5 ETHUSDT book desk
         10s intent I5 trim 1 book core",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 30000
            3s rulebook 2 adopted by risk-1
            4s S1 moved by ops-1 from scheduled to running
            5s I1 plans 1 at 20001, leverage 0.20001
            5s I1.1 buys 1 BTCUSDT on live-stub, place
            6s I2 plans 1 at 20001, leverage 0.20001
            6s I2.1 buys 1 BTCUSDT on paper
            6s I2.1 outcome Filled 1
            6s I2 success bought 1, reply
            7s I3 denied by CapitalPlan: a holding of the book has no mark
            8s BINANCE:BTCUSDT marked at 20000
            9s I4 denied by CapitalPlan: the session would be exposed beyond its capital (40001 against 30000)
            10s I5 plans 1 at 19999, leverage 0.19999 [full_exit]
            10s I5.1 sells 1 BTCUSDT on paper
            10s I5.1 outcome Filled 1
            10s I5 success sold 1, reply
        "#]],
    );
}

#[test]
fn a_canary_lane_caps_the_books_its_sessions_bring() {
    check(
        "1s adopt standard by risk-1, lanes, sessions waived, book core venue live-stub, at lane:canary max_gross_exposure 30000
         2s mark BTCUSDT 20000
         3s intent I1 add 0.5 book desk
         4s schedule S1 books core,desk by ops-1
         5s session start S1 by ops-1
         6s intent I2 add 0.5 book core
         7s resume
         8s intent I3 add 0.5 book core
         9s session complete S1 by ops-1
         10s intent I4 add 0.5 book core",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s BINANCE:BTCUSDT marked at 20000
            3s I1 plans 1 at 20001, leverage 0.20001
            3s I1.1 buys 1 BTCUSDT on live-stub, place
            4s S1 scheduled by ops-1 in canary with 50000
            5s S1 moved by ops-1 from scheduled to running
            6s I2 denied by GrossExposure at lane:canary: gross exposure would be above its cap (40001 against 30000)
            7s I1.1 is unknown, query
            8s I3 denied by GrossExposure at lane:canary: gross exposure would be above its cap (40001 against 30000)
            9s S1 moved by ops-1 from running to completed
            10s I4 plans 1 at 20001, leverage 0.20001
            10s I4.1 buys 1 BTCUSDT on live-stub, place
        "#]],
    );
}

#[test]
fn a_lane_admits_whom_the_rules_name() {
    check_paper(
        "2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s adopt standard by risk-1, lanes, lane canary admits nobody
         5s intent I1 add 0.1
         6s adopt standard by risk-1, lanes, lane canary off
         7s intent I2 add 0.1
         8s adopt standard by risk-1, lanes, lane canary elsewhere
         9s intent I3 add 0.1
         10s adopt standard by risk-1, lanes, no lane canary
         11s intent I4 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s rulebook 1 adopted by risk-1
            5s I1 denied by Lane: the lane does not admit the strategy
            6s rulebook 1 adopted by risk-1
            7s I2 denied by Lane: the lane is disabled
            8s rulebook 1 adopted by risk-1
            9s I3 denied by Lane: the lane belongs to another environment
            10s rulebook 1 adopted by risk-1
            11s I4 denied by Lane: the lane is not in the rulebook
        "#]],
    );
}

#[test]
fn a_session_of_another_environment_lets_nothing_through() {
    check_paper(
        "2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s adopt standard by risk-1, lanes, environment offline
         5s intent I1 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s rulebook 1 adopted by risk-1
            5s I1 denied by Session: the session is for another environment, lane or strategy
        "#]],
    );
}

#[test]
fn a_model_is_at_least_what_the_lane_asks() {
    check_paper(
        "2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s adopt standard by risk-1, lanes, lane canary model approved
         5s intent I1 add 0.1
         6s adopt standard by risk-1, lanes, no model trend
         7s intent I2 add 0.1
         8s adopt standard by risk-1, lanes, version 2
         9s intent I3 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            4s rulebook 1 adopted by risk-1
            5s I1 denied by ModelStatus: the model is trusted less than the lane asks
            6s rulebook 1 adopted by risk-1
            7s I2 denied by ModelStatus: nobody says how far the model may be trusted
            8s rulebook 2 adopted by risk-1
            9s I3 plans 0.2 at 20001, leverage 0.040002
            9s I3.1 buys 0.2 BTCUSDT on paper
            9s I3.1 outcome Filled 0.2
            9s I3 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn rules_may_waive_sessions_but_not_in_live() {
    check(
        "0s from scratch
         1s adopt standard by risk-1, lanes, sessions waived, environment live
         1s run R1
         2s intent I1 add 0.1
         3s propose standard by risk-1, lanes, sessions waived
         4s approve by risk-2
         5s intent I2 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            1s run R1 registered
            2s I1 denied by Session: no running session has the book
            3s rulebook 1 proposed by risk-1, a second person must approve
            4s proposed rulebook approved by risk-2
            4s proposed rulebook comes into force
            4s rulebook 1 adopted by risk-1
            5s I2 plans 0.2 at 20001, leverage 0.040002
            5s I2.1 buys 0.2 BTCUSDT on paper
            5s I2.1 outcome Filled 0.2
            5s I2 success bought 0.2, reply
        "#]],
    );
}

#[test]
fn sessions_survive_a_restart() {
    check_paper(
        "2s schedule S1 by ops-1
         3s session start S1 by ops-1
         4s resume
         5s intent I1 add 0.1
         6s session suspend S1 by ops-1
         7s resume
         8s intent I2 add 0.1",
        &expect![[r#"
            1s rulebook 1 adopted by risk-1
            2s S1 scheduled by ops-1 in canary with 50000
            3s S1 moved by ops-1 from scheduled to running
            5s I1 plans 0.2 at 20001, leverage 0.040002
            5s I1.1 buys 0.2 BTCUSDT on paper
            5s I1.1 outcome Filled 0.2
            5s I1 success bought 0.2, reply
            6s S1 moved by ops-1 from running to suspended
            8s I2 denied by Session: the session is suspended
        "#]],
    );
}
