//! Kernel and reference decide the same on every event of many seeded runs, and the oracle finds nothing.

use fillwright_sim::fleet::{past_seeds, report, run_all, seed_start};
use fillwright_sim::lockstep::run;
use fillwright_sim::oracle::Tally;

const SEEDS: u64 = 10_000;

/// How often each reason has to come up, or the generator has lost its way there.
const TIMES_MIN: u64 = 50;
/// Every reason to refuse, skip or ignore.
const REASONS: &[&str] = &[
    "AlreadyAcknowledged",
    "AlreadyApproved",
    "AlreadyEngaged",
    "AlreadyOver",
    "AlreadyRequested",
    "Anonymous",
    "AnotherVersionWaits",
    "ApprovalNeeded",
    "BeyondBounds",
    "CriteriaNotMet",
    "EvidenceUnusable",
    "ExpiryUnusable",
    "FigureOutOfRange",
    "HealthKnown",
    "Impossible",
    "IncidentUnknown",
    "IncidentUnknown",
    "LaneBudgetExceeded",
    "MarkFromFuture",
    "MarkOutOfOrder",
    "MarkUnusable",
    "NoSuchFill",
    "NoSuchOrder",
    "NoSuchVersionWaits",
    "NotAcknowledged",
    "NotEngaged",
    "NotTheVersionInForce",
    "NotThrottled",
    "NothingNew",
    "NothingSaid",
    "OtherPartition",
    "Overfill",
    "OwnStrategy",
    "OwnRequest",
    "PersonDisabled",
    "PersonUnknown",
    "RegimeFromFuture",
    "RegimeOutOfOrder",
    "Repeated",
    "RequestExpired",
    "RequestUnknown",
    "RoleMissing",
    "RollbackWhileRunning",
    "RuleMissing",
    "SamePerson",
    "SelfApproval",
    "SeriousIncident",
    "SessionKnown",
    "SessionNotThere",
    "SessionUnknown",
    "SessionUnusable",
    "StatementFromFuture",
    "StatementOutOfOrder",
    "StillInUse",
    "VenueUnknown",
    "StillRunning",
    "StrategyNotThere",
    "already_closing",
    "asset_exposure_above_cap",
    "below_floor",
    "blocking_incident",
    "book_disabled",
    "book_unknown",
    "cluster_exposure_above_cap",
    "capital_exceeded",
    "cooling_down",
    "degraded_mode",
    "decision_denied",
    "decision_fact_missing",
    "decision_row_missing",
    "decision_table_missing",
    "duplicate_order",
    "dust",
    "figure_out_of_range",
    "gross_exposure_above_cap",
    "hold",
    "hours_unknown",
    "instrument_disabled",
    "instrument_restricted",
    "instrument_unknown",
    "kill_switch_engaged",
    "lane_disabled",
    "lane_elsewhere",
    "leverage_above_cap",
    "limit_missing",
    "mark_missing",
    "mark_stale",
    "market_closed",
    "net_exposure_above_cap",
    "message_rate_exceeded",
    "model_unfit",
    "no_executor",
    "no_position",
    "no_rulebook",
    "not_permitted",
    "nothing_to_do",
    "notional_above_cap",
    "open_orders_above_cap",
    "position_above_cap",
    "order_type_not_allowed",
    "participation_above_cap",
    "price_moved_too_far",
    "price_outside_collar",
    "price_unusable",
    "provenance_missing",
    "quantity_above_cap",
    "quote_missing",
    "quote_stale",
    "quote_unusable",
    "reduce_only_constraint",
    "reduce_only_mode",
    "reference_missing",
    "reference_stale",
    "regime_crisis",
    "regime_unknown",
    "route_missing",
    "route_unavailable",
    "route_unfit",
    "run_not_audited",
    "sector_exposure_above_cap",
    "self_match",
    "session_missing",
    "session_over",
    "session_suspended",
    "size_out_of_range",
    "slippage_above_budget",
    "strategy_disabled",
    "strategy_not_admitted",
    "strategy_not_owner",
    "strategy_throttled",
    "strategy_unknown",
    "trading_halted",
    "under_maintenance",
    "venue_disabled",
    "venue_health_unknown",
    "venue_unhealthy",
    "venue_unknown",
    "volume_missing",
];
/// Reasons that take a long way to come to.
const RARE: [&str; 8] = [
    "ApprovedOtherwise",
    "BookInSession",
    "NotADemotion",
    "NotApproved",
    "SessionOutOfTime",
    "lane_unknown",
    "model_unknown",
    "session_elsewhere",
];

#[test]
fn kernel_and_reference_agree_on_every_event() {
    let start = seed_start(1_000_000);
    let done = run_all(start..start + SEEDS, |seed| run(seed, None), Tally::add);
    let tally = done.unwrap_or_else(|failure| panic!("{}", report(&failure)));
    println!("lockstep: {SEEDS} seeds, {tally:#?}");
    assert!(tally.intents > 500_000, "too few intents");
    assert!(tally.orders > 30_000 && tally.fills > 15_000, "too few orders and fills");
    assert!(tally.reduced > 60_000 && tally.denied > 300_000, "too few verdicts that bite");
    assert!(tally.duplicates > 60_000 && tally.conflicts > 30_000, "too few repeated ids");
    assert!(
        tally.kills > 8_000 && tally.rulebooks > 20_000,
        "too few halts and changes of the rules"
    );
    assert!(tally.breaks > 5_000, "too few differences from the venue's ledger");
    assert!(tally.corrections > 1_000, "too few busts and corrections");
    for reason in REASONS {
        let times = tally.reasons.get(*reason).copied().unwrap_or_default();
        assert!(times >= TIMES_MIN, "{reason} came up {times} times");
    }
    for reason in RARE {
        assert!(tally.reasons.contains_key(reason), "{reason} never came up");
    }
}

#[test]
fn seeds_that_once_failed_agree() {
    for seed in past_seeds(include_str!("past_seeds.txt")) {
        run(seed, None).unwrap_or_else(|failure| panic!("{}", report(&failure)));
    }
}

#[test]
fn one_seed_is_the_same_run_every_time() {
    for seed in 0..50 {
        assert_eq!(run(seed, None), run(seed, None));
    }
}
