//! Where bytes from outside enter: one function a parser, for the fuzzer and for the replay of its corpora.
//!
//! Each takes any bytes, and panics exactly where the parser breaks a promise: it lost a line, gave two answers to
//! the same bytes, or refused with a message that is not one short printable line.

use crate::actual::read_actual;
use crate::lines::{LineRecords, ReadLine};
use crate::portfolio::read_portfolio;
use crate::refusal::{IntakeError, Refusal};
use crate::registry::read_registry;
use crate::{ActualState, DriftOrders, Intents, Quotes, differences, emit, ledger};
use fillwright_domain::Ask;

const SOURCE: &str = "fuzz";
const MESSAGE_CHARS_MAX: usize = 2_000;

/// Execution intents, one a line. An accepted one must survive being written and read again.
///
/// # Panics
///
/// Where a promise is broken.
pub fn ndjson(bytes: &[u8]) {
    let intents = every_line(|| Intents::new(SOURCE, bytes), bytes);
    assert_eq!(intents, every_line(|| Intents::new(SOURCE, bytes), bytes), "two answers");
    for intent in intents {
        let Ask::Execution(asked) = &intent.ask else { panic!("a line became {intent:?}") };
        let emitted = emit::execution_json(asked).expect("an accepted intent has a form in JSON");
        let again: Vec<_> =
            Intents::new(SOURCE, emitted.as_bytes()).map(|item| item.expect("ours").ask).collect();
        assert_eq!(again, [intent.ask], "changed by being written");
    }
}

/// Drift orders, one a line.
///
/// # Panics
///
/// Where a promise is broken.
pub fn drift(bytes: &[u8]) {
    let rows = every_line(|| DriftOrders::new(SOURCE, bytes), bytes);
    assert_eq!(rows, every_line(|| DriftOrders::new(SOURCE, bytes), bytes), "two answers");
}

/// Quotes, one a line.
///
/// # Panics
///
/// Where a promise is broken.
pub fn quotes(bytes: &[u8]) {
    let quotes = every_line(|| Quotes::new(SOURCE, bytes), bytes);
    assert_eq!(quotes, every_line(|| Quotes::new(SOURCE, bytes), bytes), "two answers");
}

/// The upstream audit ledger.
///
/// # Panics
///
/// Where a promise is broken.
pub fn ledger(bytes: &[u8]) {
    match ledger::verify(SOURCE, bytes) {
        Ok(ledger) => assert!(ledger.runs.len() as u64 <= ledger.records),
        Err(IntakeError::Refused(refusal)) => check_message(&refusal),
        Err(error) => panic!("bytes in memory could not be read: {error}"),
    }
}

/// A target portfolio, and its difference from nothing and from itself.
///
/// # Panics
///
/// Where a promise is broken.
pub fn portfolio(bytes: &[u8]) {
    let read = read_portfolio(SOURCE, bytes);
    assert_eq!(read, read_portfolio(SOURCE, bytes), "two answers");
    match read {
        Err(refusal) => check_message(&refusal),
        Ok(portfolio) => {
            let rows: u64 = portfolio.books.iter().map(|book| book.rows).sum();
            let assets: usize = portfolio.books.iter().map(|book| book.assets.len()).sum();
            assert_eq!(rows, (assets + portfolio.refusals.len()) as u64, "a row was lost");
            portfolio.refusals.iter().for_each(check_message);
            let held = portfolio.books.iter().map(|book| {
                let weights =
                    book.assets.iter().map(|asset| (asset.instrument_id.clone(), asset.weight));
                (book.book_id.clone(), weights.collect())
            });
            let held = ActualState { books: held.collect() };
            assert_eq!(differences(&portfolio, &held).intents, [], "a difference from itself");
            assert!(differences(&portfolio, &ActualState::default()).intents.len() <= assets);
        }
    }
}

/// What the books hold.
///
/// # Panics
///
/// Where a promise is broken.
pub fn actual(bytes: &[u8]) {
    whole(bytes, read_actual);
}

/// The registry of audited runs.
///
/// # Panics
///
/// Where a promise is broken.
pub fn registry(bytes: &[u8]) {
    whole(bytes, read_registry);
}

fn whole<T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    read: impl Fn(&str, &[u8]) -> Result<T, Refusal>,
) {
    let answer = read(SOURCE, bytes);
    assert_eq!(answer, read(SOURCE, bytes), "two answers");
    if let Err(refusal) = answer {
        check_message(&refusal);
    }
}

/// Reads to the end, and checks that every line was accounted for.
fn every_line<'a, L: ReadLine>(
    start: impl Fn() -> LineRecords<&'a [u8], L>,
    bytes: &[u8],
) -> Vec<L::Record> {
    let mut records = start();
    let mut accepted = Vec::new();
    for item in &mut records {
        match item {
            Ok(record) => accepted.push(record),
            Err(IntakeError::Refused(refusal)) => check_message(&refusal),
            Err(error) => panic!("bytes in memory could not be read: {error}"),
        }
    }
    assert_eq!(records.counts().accepted, accepted.len() as u64);
    assert_eq!(records.counts().lines(), lines_in(bytes), "a line was lost");
    assert_eq!(records.position().byte, bytes.len() as u64, "a byte was lost");
    accepted
}

fn lines_in(bytes: &[u8]) -> u64 {
    bytes.split_inclusive(|byte| *byte == b'\n').count() as u64
}

fn check_message(refusal: &Refusal) {
    let message = refusal.to_string();
    assert!(message.starts_with("fuzz:"), "{message:?} does not begin with its place");
    assert!(message.chars().count() <= MESSAGE_CHARS_MAX, "{message:?} is long");
    assert!(!message.contains(char::is_control), "{message:?} has control characters");
    assert!(refusal.line >= 1 && refusal.column != Some(0), "{message:?} has no place");
}
