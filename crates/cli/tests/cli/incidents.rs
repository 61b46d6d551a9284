//! Incidents, the change log and the evidence of a period, as people meet them.

use crate::stage::Stage;
use serde_json::Value;
use std::fs;

fn raised(stage: &Stage, severity: &str) -> String {
    let raised = stage.json(&[
        "incident",
        "raise",
        "--category",
        "execution",
        "--severity",
        severity,
        "--scope",
        "venue:BINANCE",
        "--blocks",
        "--by",
        "ops-1",
        "--reason",
        "fills look late",
    ]);
    raised["incident"]["incident_id"].as_str().expect("a name").to_owned()
}

#[test]
fn a_person_raises_acknowledges_and_closes_an_incident_in_the_cli_alone() {
    let stage = Stage::demo();
    let id = raised(&stage, "high");
    let said = |verb: &str, by: &str, reason: &str| {
        stage.run(&["incident", verb, &id, "--by", by, "--reason", reason])
    };
    assert_eq!(said("close", "risk-1", "a cable").code, 1);
    said("ack", "risk-1", "asking the broker").ok();
    said("annotate", "ops-1", "since noon").ok();
    let alone = said("close", "risk-1", "a cable");
    assert_eq!(alone.code, 1, "{}", alone.out);
    let closed = said("close", "risk-2", "a cable").ok();
    assert!(closed.out.contains("closed by risk-2: a cable"), "{}", closed.out);
    assert_eq!(stage.json(&["incident", "list"])["incidents"].as_array().map(Vec::len), Some(0));
    let all = stage.json(&["incident", "list", "--all"]);
    assert_eq!(all["incidents"][0]["root_cause"], "a cable");
    let log: Value = serde_json::from_slice(
        &fs::read(stage.path("data/registry/incidents_log.json")).expect("the log"),
    )
    .expect("JSON");
    assert_eq!(log["incidents"], all["incidents"]);
}

#[test]
fn every_change_is_listed_with_who_and_why_and_so_are_those_refused() {
    let stage = Stage::demo();
    let id = raised(&stage, "low");
    stage.run(&["incident", "close", &id, "--by", "risk-1", "--reason", "nothing"]);
    let changes = stage.json(&["changes"]);
    let lines: Vec<(&str, &str, &str)> = changes["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|line| {
            let word = |field: &str| line[field].as_str().unwrap_or_default();
            (word("input"), word("by"), word("outcome"))
        })
        .collect();
    assert_eq!(lines.first(), Some(&("adopt_rulebook", "risk-1", "done")));
    assert_eq!(lines.last(), Some(&("incident.close", "risk-1", "refused")));
    assert!(lines.contains(&("incident.raise", "ops-1", "done")));
    let kept = fs::read_to_string(stage.path("data/registry/change_log.jsonl")).expect("the log");
    assert_eq!(kept.lines().count(), lines.len());
}

#[test]
fn the_evidence_of_a_period_is_signed_and_the_same_when_it_is_made_again() {
    let stage = Stage::demo();
    raised(&stage, "low");
    let make = |folder: &str| {
        let out = stage.path(folder);
        let out = out.to_str().expect("a path");
        let period = ["--from", "2026-01-01T00:00:00Z", "--to", "2026-12-31T23:59:59Z"];
        let told = stage.json(&[&["evidence", "--out", out][..], &period].concat());
        assert_eq!(told["files"].as_object().map(serde_json::Map::len), Some(7), "{told}");
        fs::read_dir(out)
            .expect("a folder")
            .map(|file| file.expect("a file").path())
            .map(|path| {
                (path.file_name().expect("a name").to_owned(), fs::read(&path).expect("bytes"))
            })
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let first = make("first");
    assert!(first == make("again"), "the pack made again differs");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&first[std::ffi::OsStr::new(name)]).expect("JSON")
    };
    assert_eq!(read("limits.json").as_array().map(Vec::len), Some(1));
    assert!(read("blocks.json").as_array().is_some_and(|blocks| !blocks.is_empty()));
    assert!(read("changes.json").as_array().is_some_and(|changes| changes.len() > 1));
    assert!(read("manifest.json")["files"]["limits.json"].is_string());
}

#[test]
fn what_a_start_found_is_an_incident_that_waits_for_a_person() {
    let stage = Stage::demo();
    let snapshot = fs::read_dir(stage.path("data/journal"))
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.to_string_lossy().contains("snap"))
        .max()
        .expect("a snapshot");
    let mut bytes = fs::read(&snapshot).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&snapshot, bytes).expect("written");
    raised(&stage, "low");
    let open = stage.json(&["incident", "list"]);
    let found = open["incidents"].as_array().expect("incidents");
    let of_start = found.iter().find(|one| one["origin"] == "startup:snapshot_skipped");
    let of_start = of_start.unwrap_or_else(|| panic!("{open}"));
    assert_eq!((&of_start["severity"], &of_start["status"]), (&"high".into(), &"open".into()));
}
