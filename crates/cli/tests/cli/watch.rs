//! A home that is watched: what is half-written waits, what is whole is acted on.

use crate::stage::{Stage, example, until};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::Duration;

/// Longer than a watch takes to look several times.
const SEVERAL_LOOKS: Duration = Duration::from_millis(700);

fn intents(stage: &Stage) -> u64 {
    let has_journal = stage.path("data/journal").is_dir();
    let status = if has_journal { stage.run(&["status", "--json"]).out } else { String::new() };
    let status: serde_json::Value = serde_json::from_str(&status).unwrap_or_default();
    status["intents"].as_u64().unwrap_or_default()
}

fn watching(stage: &Stage) -> crate::stage::Running {
    let running = stage.start(&["run", "--watch", "--json", "--clock", "2026-01-06T15:00:00Z"]);
    until("the home is watched", || {
        stage.path("data/blotter.sqlite").exists() && stage.path("data/journal").is_dir()
    });
    running
}

#[test]
fn a_half_written_portfolio_is_acted_on_once_it_is_whole() {
    let stage = Stage::idle();
    let whole = fs::read(example().join("data/portfolio_optimized_v3.json")).expect("a portfolio");
    let mut running = watching(&stage);
    stage.write("data/portfolio_optimized_v3.json", &whole[..whole.len() / 2]);
    std::thread::sleep(SEVERAL_LOOKS);
    assert_eq!(intents(&stage), 0, "half a portfolio is not acted on");
    stage.write("data/portfolio_optimized_v3.json", &whole);
    until("the portfolio is acted on", || intents(&stage) == 7);
    let mut said: Vec<String> = (0..8).map(|_| running.line()["answer"].to_string()).collect();
    said.sort();
    assert_eq!((&*said[0], &*said[6], &*said[7]), ("\"closed\"", "\"closed\"", "\"refused\""));
    let ran = running.terminate().ok();
    let summary = ran.last_json();
    assert_eq!(summary["submitted"], 7);
    assert_eq!(summary["refused"], 1, "the row with NaN, and nothing for the half file");
}

#[test]
fn a_growing_file_is_read_line_by_line_as_lines_are_ended() {
    let stage = Stage::idle();
    let text = fs::read_to_string(example().join("data/inbox/10-uptrend.ndjson")).expect("intents");
    let lines: Vec<&str> = text.lines().collect();
    stage.write("data/inbox/grows.ndjson", "");
    let mut running = watching(&stage);
    let mut file = OpenOptions::new()
        .append(true)
        .open(stage.path("data/inbox/grows.ndjson"))
        .expect("a file");
    let mut append = |text: &str| file.write_all(text.as_bytes()).expect("a writable file");
    append(&lines[0][..40]);
    std::thread::sleep(SEVERAL_LOOKS);
    assert_eq!(intents(&stage), 0, "half a line is not acted on");
    append(&lines[0][40..]);
    append("\nnonsense\n");
    let mut answers = [running.line(), running.line()].map(|line| line["answer"].to_string());
    answers.sort();
    assert_eq!(answers, ["\"closed\"", "\"refused\""]);
    append(&format!("{}\n", lines[1]));
    let answer = running.line();
    assert_eq!(
        (&answer["answer"], &answer["intent_id"]),
        (&"closed".into(), &"up-02-add-eth".into())
    );
    let summary = running.terminate().ok().last_json();
    assert_eq!((&summary["submitted"], &summary["refused"]), (&2.into(), &1.into()));
}

#[test]
fn newer_quotes_are_taken_while_it_watches() {
    let stage = Stage::idle();
    let running = watching(&stage);
    let mut quotes = OpenOptions::new()
        .append(true)
        .open(stage.path("data/market/quotes.ndjson"))
        .expect("quotes");
    let line = r#"{"instrument_id": "BINANCE:LINKUSDT", "bid_px": "13.1", "ask_px": "13.2", "as_of": "2026-01-06T14:59:59Z"}"#;
    writeln!(quotes, "{line}").expect("a writable file");
    let marks = || {
        let stat = stage.run(&["journal", "cat"]).out;
        stat.lines()
            .filter(|line| line.contains("BINANCE:LINKUSDT") && line.contains("mark_taken"))
            .count()
    };
    until("the new quote marks its instrument", || marks() == 1);
    running.terminate().ok();
}
