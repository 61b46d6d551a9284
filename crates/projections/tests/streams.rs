//! What each stream says of a day with one of everything. `UPDATE_EXPECT=1` writes the snapshots; read what it wrote.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod desk;

use desk::day;
use expect_test::{ExpectFile, expect_file};
use fillwright_domain::{OrderIntentId, Plane, Rounding};
use fillwright_kernel::{Event, Kernel};
use fillwright_projections::session_registry::SessionRecords;
use fillwright_projections::{Paths, Projections};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Compares a file with its snapshot and returns its lines.
fn check(file: fn(&Paths) -> PathBuf, expected: &ExpectFile) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    day().feed_all(folder.path());
    let text = fs::read_to_string(file(&Paths::new(folder.path()))).unwrap();
    expected.assert_eq(&text);
    text.lines().map(str::to_owned).collect()
}

fn names(lines: &[String], field: &str) -> BTreeSet<String> {
    let name = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line[field].as_str().unwrap().to_owned()
    };
    lines.iter().map(name).collect()
}

#[test]
fn the_execution_stream_has_a_line_for_everything_that_happens() {
    let lines = check(Paths::execution_events, &expect_file!["snapshots/events_execution.ndjson"]);
    let expected = [
        "broker_connection_status_change",
        "clock_measured",
        "component_health_change",
        "data_feed_status_change",
        "deployment_change",
        "dra_decision",
        "execution_outcome",
        "execution_result",
        "incident_acknowledged",
        "incident_annotated",
        "incident_created",
        "incident_escalated",
        "incident_linked",
        "incident_resolved",
        "input_refused",
        "intent_conflict",
        "intent_duplicate",
        "kill_switch_change",
        "msi_proposal",
        "order_acknowledged",
        "order_cancel_rejected",
        "order_cancel_requested",
        "order_cancelled",
        "order_filled",
        "order_queried",
        "order_rejected",
        "order_stranded",
        "order_submitted",
        "order_unknown",
        "policy_change",
        "report_ignored",
        "risk_breach",
        "session_change",
        "startup_anomaly",
    ];
    assert_eq!(names(&lines, "event"), expected.map(str::to_owned).into());
    assert!(lines.len() > 100, "{}", lines.len());
}

#[test]
fn the_risk_stream_has_decisions_breaches_halts_and_incidents() {
    let lines = check(Paths::risk_events, &expect_file!["snapshots/events_risk.ndjson"]);
    let expected = [
        "broker_connection_status_change",
        "clock_measured",
        "component_health_change",
        "data_feed_status_change",
        "deployment_change",
        "dra_decision",
        "incident_acknowledged",
        "incident_annotated",
        "incident_created",
        "incident_escalated",
        "incident_linked",
        "incident_resolved",
        "kill_switch_change",
        "risk_breach",
        "session_change",
        "startup_anomaly",
    ];
    assert_eq!(names(&lines, "event"), expected.map(str::to_owned).into());
    assert!(lines.len() > 20, "{}", lines.len());
}

#[test]
fn the_execution_log_has_fills_outcomes_and_results_with_their_costs() {
    let lines = check(Paths::execution_log, &expect_file!["snapshots/execution_logs.jsonl"]);
    assert_eq!(names(&lines, "type"), ["fill", "outcome", "result"].map(str::to_owned).into());
    assert!(lines.len() > 40, "{}", lines.len());
}

#[test]
fn the_audit_ledger_leads_from_the_run_to_the_fills() {
    let lines = check(Paths::audit, &expect_file!["snapshots/audit.jsonl"]);
    assert_eq!(names(&lines, "type"), ["genesis", "intent", "outcome"].map(str::to_owned).into());
    assert!(lines.len() > 40, "{}", lines.len());
}

#[test]
fn the_portfolio_file_has_the_executed_weights_as_numbers() {
    let lines = check(Paths::actual_state, &expect_file!["snapshots/portfolio_actual_state.json"]);
    assert!(lines.len() > 10, "{}", lines.len());
}

#[test]
fn the_incidents_log_says_who_looked_and_what_was_behind_it() {
    let lines = check(Paths::incidents_log, &expect_file!["snapshots/incidents_log.json"]);
    assert!(lines.len() > 50, "{}", lines.len());
}

#[test]
fn the_change_log_has_every_input_of_a_person_and_those_refused_with_why() {
    let lines = check(Paths::change_log, &expect_file!["snapshots/change_log.jsonl"]);
    assert_eq!(names(&lines, "outcome"), ["done", "refused"].map(str::to_owned).into());
    let expected = [
        "adopt_rulebook",
        "deployment.promote",
        "engage_kill_switch",
        "incident.acknowledge",
        "incident.annotate",
        "incident.close",
        "incident.link",
        "incident.raise",
        "policy.approve",
        "policy.propose",
        "register_run",
        "release_kill_switch",
        "session.move",
        "session.schedule",
    ];
    assert_eq!(names(&lines, "input"), expected.map(str::to_owned).into());
}

/// What an event of an order must show in the drop copy: its line, its order, its report.
fn order_event(event: &Event) -> Option<(&'static [&'static str], String, Option<String>)> {
    let order = |id: &OrderIntentId| id.to_string();
    Some(match event {
        Event::OrderEmitted { order: emitted } => {
            (&["order_submitted"][..], order(&emitted.order_intent_id), None)
        }
        Event::OrderStatusChanged { order_intent_id, exec_id, .. } => (
            &["order_acknowledged", "order_rejected", "order_cancelled", "order_cancel_rejected"],
            order(order_intent_id),
            exec_id.as_ref().map(ToString::to_string),
        ),
        Event::FillBooked { order_intent_id, exec_id, .. } => {
            (&["order_filled"], order(order_intent_id), Some(exec_id.to_string()))
        }
        Event::OrderCancelRequested { order_intent_id, .. } => {
            (&["order_cancel_requested"], order(order_intent_id), None)
        }
        Event::OrderQueried { order_intent_id, .. } => {
            (&["order_unknown", "order_queried"], order(order_intent_id), None)
        }
        Event::OrderStranded { order_intent_id, exec_id, .. } => {
            (&["order_stranded"], order(order_intent_id), Some(exec_id.to_string()))
        }
        Event::OutcomeRecorded { outcome } => {
            (&["execution_outcome"], order(&outcome.order_intent_id), None)
        }
        _ => return None,
    })
}

#[test]
fn the_drop_copy_is_every_order_event_and_fill_of_the_journal_and_nothing_else() {
    let day = day();
    let folder = tempfile::tempdir().unwrap();
    day.feed_all(folder.path());
    let told = fs::read_to_string(Paths::new(folder.path()).execution_events()).unwrap();
    let lines: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // On paper nothing reports: the fill is the outcome, told as a line of its own before it.
    let is_copy = |line: &&serde_json::Value| {
        let name = line["event"].as_str().unwrap();
        let is_paper_fill = name == "order_filled" && line["plane"] == "paper";
        (name.starts_with("order_") && !is_paper_fill) || name == "execution_outcome"
    };
    let mut copy = lines.iter().filter(is_copy);
    let mut events = 0;
    for entry in day.entries(0, day.last_seq()) {
        for (names, order, exec_id) in entry.events.iter().filter_map(order_event) {
            let line = copy.next().expect("the drop copy has a line for every event");
            assert_eq!(line["seq"], entry.seq);
            assert!(names.contains(&line["event"].as_str().unwrap()), "{line} is not {names:?}");
            assert_eq!(line["order_intent_id"], order);
            if let Some(exec_id) = exec_id {
                assert_eq!(line["exec_id"], exec_id);
            }
            events += 1;
        }
    }
    assert_eq!(copy.next(), None, "the drop copy says more than happened");
    assert!(events > 30, "{events}");
}

#[test]
fn the_registry_has_every_session_with_its_moves_and_what_it_had_at_stake() {
    let day = day();
    let folder = tempfile::tempdir().unwrap();
    day.feed_all(folder.path());
    let paths = Paths::new(folder.path());
    let text = fs::read_to_string(paths.paper_sessions()).unwrap();
    expect_file!["snapshots/paper_sessions.json"].assert_eq(&text);
    let live: SessionRecords =
        serde_json::from_str(&fs::read_to_string(paths.live_sessions()).unwrap()).unwrap();
    assert_eq!(live, SessionRecords::default(), "nothing was live");
    let records: SessionRecords = serde_json::from_str(&text).unwrap();
    let week = &records.sessions[0];
    let moves: Vec<&str> = week.timeline.iter().map(|moved| moved.status.as_str()).collect();
    assert_eq!(moves, ["scheduled", "running", "suspended", "running", "completed"]);
    assert_eq!((week.orders.ended, week.orders.failed), (1, 0));
    assert_eq!((week.links.incidents.len(), week.links.evaluations.len()), (1, 1));
}

/// Read behind every entry, whatever the batches were.
#[test]
fn what_a_session_has_at_stake_is_what_the_kernel_counts() {
    let day = day();
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::new(folder.path());
    let mut projections = Projections::open(&paths, desk::BUILD).unwrap();
    let mut kernel = Kernel::new("main");
    let (mut compared, mut seen) = (0, BTreeSet::new());
    for seq in 1..=day.last_seq() {
        let entries = day.entries(seq - 1, seq);
        kernel.replay(entries[0].at, &entries[0].events);
        projections.catch_up(entries).unwrap();
        let is_active = kernel.state().sessions.iter().any(|(_, known)| known.status.is_active());
        if !is_active {
            continue;
        }
        let text = fs::read_to_string(paths.paper_sessions()).unwrap();
        let records: SessionRecords = serde_json::from_str(&text).unwrap();
        let capital = &records.sessions[0].capital;
        let ledger = kernel.state().ledgers.get(&desk::LIVE.into(), Plane::LiveStub).unwrap();
        assert_eq!(capital.at_stake, Some(ledger.gross()), "behind entry {seq}");
        let share = ledger.gross().over(capital.allocated, Rounding::Up).unwrap();
        assert_eq!(capital.utilisation, Some(share), "behind entry {seq}");
        seen.insert(ledger.gross());
        compared += 1;
    }
    assert!(compared > 8 && seen.len() > 3, "{compared} {seen:?}");
}

#[test]
fn order_lines_say_the_lane_of_the_session_they_are_in() {
    let lines = check(Paths::execution_events, &expect_file!["snapshots/events_execution.ndjson"]);
    let told: Vec<_> = lines
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["intent_id"] == "session-1" || line["intent_id"] == "live-1")
        .map(|line| (line["intent_id"].clone(), line["lane"].clone()))
        .collect();
    assert!(told.len() > 8, "{told:?}");
    for (intent, lane) in told {
        let expected =
            if intent == "session-1" { "canary".into() } else { serde_json::Value::Null };
        assert_eq!(lane, expected, "{intent}");
    }
}
