//! What must hold in the end: the journal, the venue's own ledger, positions and read models say the same.

use fillwright_domain::{ExecutionStatus, IntentId, OrderIntentId, Plane, Qty, Side};
use fillwright_engine::Home;
use fillwright_journal::{Entries, FileStorage, Storage, codec};
use fillwright_kernel::Event;
use fillwright_projections::{BlotterReader, Paths};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Positions by plane, book and instrument, as text that sorts.
type Positions = BTreeMap<(String, String, String), Qty>;

/// What the journal says, counted.
#[derive(Default)]
pub(crate) struct Counted {
    pub(crate) entries: u64,
    pub(crate) stub_orders: u64,
    results: BTreeMap<IntentId, Vec<String>>,
    accepted: BTreeSet<IntentId>,
    duplicates: u64,
    /// Orders with their plane, book, instrument, side and quantity.
    orders: BTreeMap<OrderIntentId, (Plane, String, String, Side, Qty)>,
    outcomes: BTreeMap<OrderIntentId, Vec<(ExecutionStatus, Qty)>>,
    positions: Positions,
    fills_by_reports: u64,
}

/// Checks everything, and says how much there was.
pub(crate) fn check(root: &Path, acknowledged: &BTreeMap<String, String>) -> Counted {
    let home = Home::at(root);
    let counted = count(&home);
    every_answer_has_one_result(&counted, acknowledged);
    every_order_has_one_outcome(&counted);
    the_ledger_holds_each_order_once(&home, &counted);
    positions_are_the_sum_of_outcomes(root, &counted);
    verification_agrees(root, &counted);
    the_blotter_counts_as_the_journal_does(&home, &counted);
    read_models_built_anew_are_the_same(&home);
    counted
}

fn count(home: &Home) -> Counted {
    let partition = home.rulebook().expect("the rules").partition;
    let options = home.journal_options(&partition).expect("the options");
    let storage: Arc<dyn Storage> =
        Arc::new(FileStorage::new(home.journal()).expect("the journal"));
    let mut entries = Entries::from_seq(storage, &options, 1).expect("the journal");
    let mut counted = Counted::default();
    while let Some(entry) = entries.next().expect("a sound journal") {
        counted.entries = entry.seq;
        for event in codec::decode_events(entry.payload).expect("readable events") {
            counted.take(event);
        }
    }
    counted
}

impl Counted {
    fn take(&mut self, event: Event) {
        match event {
            Event::IntentAccepted { intent_id, .. } => {
                assert!(self.accepted.insert(intent_id.clone()), "{intent_id} is accepted once");
            }
            Event::IntentDuplicated { .. } => self.duplicates += 1,
            Event::IntentConflicted { intent_id, .. } => {
                panic!("{intent_id} conflicts with itself")
            }
            Event::IntentClosed { intent_id, result, .. } => {
                self.results.entry(intent_id).or_default().push(result.status.as_str().to_owned());
            }
            Event::OrderEmitted { order, .. } => {
                self.stub_orders += u64::from(order.plane == Plane::LiveStub);
                let facts = (
                    order.plane,
                    order.book_id.to_string(),
                    order.market_id.to_string(),
                    order.side,
                    order.requested_quantity,
                );
                let earlier = self.orders.insert(order.order_intent_id, facts);
                assert!(earlier.is_none(), "{} is released once", order.order_intent_id);
            }
            Event::FillBooked { .. } => self.fills_by_reports += 1,
            Event::OutcomeRecorded { outcome } => {
                let ended = (outcome.status, outcome.filled_quantity);
                self.outcomes.entry(outcome.order_intent_id).or_default().push(ended);
                self.settle(outcome.order_intent_id, outcome.filled_quantity);
            }
            _ => {}
        }
    }

    fn settle(&mut self, order: OrderIntentId, filled: Qty) {
        let (plane, book, instrument, side, _) = &self.orders[&order];
        let held_in = (book.clone(), plane.as_str().to_owned(), instrument.clone());
        book_into(&mut self.positions, held_in, *side, filled);
    }
}

fn book_into(positions: &mut Positions, place: (String, String, String), side: Side, filled: Qty) {
    let held = positions.entry(place).or_default();
    *held = match side {
        Side::Buy => held.checked_add(filled),
        Side::Sell => held.checked_sub(filled),
    }
    .expect("small figures");
}

fn every_answer_has_one_result(counted: &Counted, acknowledged: &BTreeMap<String, String>) {
    for (intent_id, status) in acknowledged {
        let results = counted.results.get(intent_id.as_str()).map(Vec::as_slice);
        assert_eq!(
            results,
            Some([status.clone()].as_slice()),
            "{intent_id} has the result that was answered"
        );
    }
    assert_eq!(counted.results.len(), counted.accepted.len(), "every intent has a result");
    assert_eq!(counted.accepted.len(), acknowledged.len(), "nothing was made up");
}

fn every_order_has_one_outcome(counted: &Counted) {
    assert_eq!(counted.orders.len(), counted.outcomes.len(), "every order has an outcome");
    for (order, outcomes) in &counted.outcomes {
        assert_eq!(outcomes.len(), 1, "{order} has one outcome");
    }
}

/// The stub writes down what arrives, before it answers: its ledger is the outside's own memory.
fn the_ledger_holds_each_order_once(home: &Home, counted: &Counted) {
    let text =
        fs::read_to_string(home.path("data/venue/live-stub.ndjson")).expect("the stub's ledger");
    let mut arrived = BTreeSet::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("a whole line");
        let order: OrderIntentId =
            line["order"].as_str().expect("an order").parse().expect("a UUID");
        assert!(arrived.insert(order), "{order} arrived once");
        let (plane, .., qty) = &counted.orders[&order];
        assert_eq!(*plane, Plane::LiveStub);
        assert_eq!(line["qty"].as_str().expect("a quantity"), qty.to_string(), "{order}");
    }
    let lost = counted
        .orders
        .iter()
        .filter(|(id, order)| order.0 == Plane::LiveStub && !arrived.contains(id));
    for (order, _) in lost {
        // Killed between the journal and the venue: asked about afterwards, never sent again.
        assert_eq!(counted.outcomes[order], [(ExecutionStatus::Failed, Qty::ZERO)], "{order}");
    }
}

fn positions_are_the_sum_of_outcomes(root: &Path, counted: &Counted) {
    let status = json_of(root, &["status"]);
    assert_eq!(status["open_orders"].as_array().map(Vec::len), Some(0), "no order is left at work");
    let text = |position: &Value, field: &str| position[field].as_str().expect("a text").to_owned();
    let mut held = Positions::new();
    for position in status["positions"].as_array().expect("positions") {
        let held_in = ["book_id", "plane", "instrument_id"].map(|field| text(position, field));
        let [book, plane, instrument] = held_in;
        held.insert((book, plane, instrument), text(position, "qty").parse().expect("a quantity"));
    }
    let mut summed = counted.positions.clone();
    summed.retain(|_, qty| !qty.is_zero());
    assert_eq!(held, summed, "positions are the sum of outcomes");
}

fn verification_agrees(root: &Path, counted: &Counted) {
    let found = json_of(root, &["verify", "--redecide"]);
    assert_eq!(found["ok"], true, "{found}");
    assert_eq!(found["entries"].as_u64(), Some(counted.entries));
}

fn the_blotter_counts_as_the_journal_does(home: &Home, counted: &Counted) {
    let blotter = BlotterReader::open(&Paths::new(home.data())).expect("the blotter");
    assert_eq!(blotter.cursor().expect("a cursor"), counted.entries);
    let counts = blotter.counts().expect("counts");
    assert_eq!(counts.intents(), counted.accepted.len() as u64);
    assert_eq!(counts.duplicates(), counted.duplicates);
    assert_eq!(counts.orders(), counted.orders.len() as u64);
    assert_eq!(counts.conflicts(), 0);
    let paper = counted.orders.values().filter(|order| order.0 == Plane::Paper).count() as u64;
    assert_eq!(counts.fills(), counted.fills_by_reports + paper);
}

/// Every line stands once: what grew through all those lives is what is built from the journal in one go.
fn read_models_built_anew_are_the_same(home: &Home) {
    const LINE_FILES: [&str; 4] = [
        "telemetry/events_execution.ndjson",
        "telemetry/events_risk.ndjson",
        "lakehouse/execution_logs.jsonl",
        "audit.jsonl",
    ];
    let read = |file: &str| fs::read(home.data().join(file)).unwrap_or_default();
    let grown: Vec<Vec<u8>> = LINE_FILES.iter().map(|file| read(file)).collect();
    assert!(grown.iter().any(|bytes| !bytes.is_empty()));
    for file in LINE_FILES.iter().chain(&["portfolio_actual_state.json"]) {
        let _ = fs::remove_file(home.data().join(file));
    }
    for database in ["blotter.sqlite", "projections.sqlite"] {
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(home.data().join(format!("{database}{ending}")));
        }
    }
    json_of(home.root(), &["run", "--intents", "/dev/null", "--by", "risk-1"]);
    for (file, grown) in LINE_FILES.iter().zip(grown) {
        // That run wrote entries of its own behind the others.
        assert!(read(file).starts_with(&grown), "{file} is the same, built anew");
    }
}

/// The JSON that a command prints last.
fn json_of(root: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_fillwright"))
        .args(arguments)
        .args(["--json", "--home"])
        .arg(root)
        .output()
        .expect("the process starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_else(|| panic!("nothing printed: {errors}"));
    serde_json::from_str(last).expect("JSON")
}
