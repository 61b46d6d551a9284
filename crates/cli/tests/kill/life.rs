//! One life of the process: started on the same home, fed through standard input, killed or let to its end.

use crate::intents::Intents;
use crate::rng::Rng;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for any life; one that takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was answered in one life.
pub(crate) struct Life {
    pub(crate) answers: Vec<Answer>,
}

/// One answer that left the process whole.
pub(crate) struct Answer {
    pub(crate) intent_id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
}

/// When a life ends.
enum End {
    /// So long after its start.
    After(Duration),
    /// Once so many answers were read.
    Answers(usize),
}

impl Life {
    /// Starts the process, sends intents, and kills it at a random moment.
    pub(crate) fn until_killed(
        home: &Path,
        intents: &Intents,
        batch: &[u64],
        rng: &mut Rng,
    ) -> Self {
        const STARTING_MS: u64 = 120;
        let end = if rng.below(3) == 0 {
            End::After(Duration::from_micros(rng.below(STARTING_MS * 1_000)))
        } else {
            let some = rng.below(batch.len() as u64);
            End::Answers(usize::try_from(some).expect("a small number") + 1)
        };
        Self::live(home, intents, batch, Some(&end))
    }

    /// Starts the process, sends intents, closes its input and waits for its end.
    pub(crate) fn to_the_end(home: &Path, intents: &Intents, batch: &[u64]) -> Self {
        Self::live(home, intents, batch, None)
    }

    fn live(home: &Path, intents: &Intents, batch: &[u64], end: Option<&End>) -> Self {
        let mut child = start(home);
        let input = child.stdin.take().expect("standard input is piped");
        let lines: Vec<String> = batch.iter().map(|n| intents.line(*n)).collect();
        let writer = thread::spawn(move || send(input, &lines));
        let answered = Arc::new(AtomicUsize::new(0));
        let reader = read_aside(&mut child, &answered);
        if let Some(end) = end {
            wait_for(end, &answered, &mut child);
            child.kill().expect("the process can be killed");
        }
        let status = child.wait().expect("the process can be waited for");
        let is_well = status.code() == Some(0);
        assert!(is_well || end.is_some(), "a life that is not killed ends well: {status}");
        writer.join().expect("the writer ends");
        Self { answers: reader.join().expect("the reader ends") }
    }
}

fn start(home: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_fillwright"))
        .args([
            "run",
            "--intents",
            "-",
            "--json",
            "--by",
            "risk-1",
            "--clock",
            "2026-01-06T15:00:00Z",
        ])
        .arg("--home")
        .arg(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the process starts")
}

/// Sends until everything is sent or nobody reads any more. Small writes, so that groups differ.
fn send(mut input: ChildStdin, lines: &[String]) {
    for line in lines {
        if input.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_aside(child: &mut Child, answered: &Arc<AtomicUsize>) -> thread::JoinHandle<Vec<Answer>> {
    let output = BufReader::new(child.stdout.take().expect("standard output is piped"));
    let answered = Arc::clone(answered);
    thread::spawn(move || {
        let mut answers = Vec::new();
        for line in whole_lines(output) {
            answers.extend(answer(&line));
            answered.store(answers.len(), Ordering::Release);
        }
        answers
    })
}

/// Lines with their ending: half of one was never an answer.
fn whole_lines(mut output: impl BufRead) -> impl Iterator<Item = String> {
    std::iter::from_fn(move || {
        let mut line = String::new();
        output.read_line(&mut line).ok()?;
        line.ends_with('\n').then_some(line)
    })
}

fn answer(line: &str) -> Option<Answer> {
    let value: Value = serde_json::from_str(line).expect("every line is JSON");
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    let kind = text("answer")?;
    assert_ne!(kind, "refused", "no line is malformed: {line}");
    assert_ne!(kind, "conflict", "no line differs from its first coming: {line}");
    Some(Answer { intent_id: text("intent_id")?, kind, status: text("status")? })
}

fn wait_for(end: &End, answered: &AtomicUsize, child: &mut Child) {
    let began = Instant::now();
    let is_reached = || match end {
        End::After(time) => began.elapsed() >= *time,
        End::Answers(count) => answered.load(Ordering::Acquire) >= *count,
    };
    while !is_reached() {
        assert!(began.elapsed() < PATIENCE, "the process answers within {PATIENCE:?}");
        let ended = child.try_wait().expect("the process can be asked");
        if let Some(status) = ended {
            assert_eq!(status.code(), Some(0), "a life only ends badly when it is killed");
            return;
        }
        thread::sleep(Duration::from_micros(200));
    }
}

/// Writes a home with wide limits: what is refused is no test of what is done.
pub(crate) fn write_home(folder: &Path) -> PathBuf {
    let home = folder.join("home");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    copy_all(&example.join("config"), &home.join("config"));
    copy_all(&example.join("data/registry"), &home.join("data/registry"));
    copy_all(&example.join("data/market"), &home.join("data/market"));
    let book = |plane: &str| {
        json!({
            "enabled": true,
            "strategy_id": "uptrend-pm",
            "equity": "100000000000",
            "allocation": "10000",
            "source_run": "20260105-prod-q4",
            "executors": { "BINANCE": plane, "NASDAQ": plane },
        })
    };
    let books = json!({ "books": { "on-paper": book("paper"), "on-stub": book("live-stub") } });
    fs::write(home.join("config/books.json"), books.to_string()).expect("a writable home");
    write_wide_policies(&home.join("config/policies"));
    let rules = json!({ "rules": [
        { "instrument_id": "NASDAQ:AAPL", "realise": { "reject": "no" } },
        { "instrument_id": "NASDAQ:MSFT", "side": "BUY", "realise": { "partial": "0.5" } },
    ] });
    fs::write(home.join("config/brokers/live-stub.json"), rules.to_string())
        .expect("a writable home");
    home
}

fn write_wide_policies(folder: &Path) {
    let cap = "1000000000000";
    let firm = json!({
        "max_order_qty": cap, "max_order_notional": cap, "max_position": cap,
        "max_leverage": "1000", "max_asset_exposure": "1000",
        "max_gross_exposure": cap, "max_net_exposure": cap, "max_open_orders": 1_000_000,
    });
    let group = json!({ "max_exposure": cap });
    let envelope = json!({ "firm": firm, "every_sector": group, "every_cluster": group });
    let bucket = json!({ "burst": 1_000_000, "per_s": 1_000_000, "reserve": 0 });
    let execution = json!({
        "quote_age_max_ms": 60_000, "mark_age_max_ms": 300_000, "minimum_trade_weight": "0.01",
        "flow": {
            "price_collar": {
                "reference": "mid", "reference_age_max_ms": 300_000, "max_deviation_bps": 10_000,
                "window_ms": 0, "max_movement_bps": 10_000,
            },
            "duplicate_window": { "window_ms": 0, "action": "mark" },
            "restricted": {},
            "permissions": { "*": { "*": ["*"] } },
            "message_rate": { "venue": bucket, "account": bucket, "strategy": bucket },
            "repeat_throttle": { "max_executions": 100_000, "window_ms": 0 },
            "order_types": [{ "order_types": ["limit", "market"] }],
            "max_slippage_bps": 10_000,
            "participation": {},
            "venue_health": { "unknown_is_healthy": true },
        },
    });
    let incidents = json!({ "escalate_after_s": 900, "clock_offset_max_ms": 500, "rules": {} });
    for (name, document) in [
        ("risk_envelope.json", envelope),
        ("execution_policies.json", execution),
        ("incident_rules.json", incidents),
    ] {
        fs::write(folder.join(name), document.to_string()).expect("a writable home");
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a writable home");
    for entry in fs::read_dir(from).expect("the example home") {
        let path = entry.expect("the example home").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a writable home");
        }
    }
}
