//! What lies in a home's inbox and beside it, read into inputs and taken to the end, group by group.

use crate::desk::{Desk, DeskError, Reply};
use crate::home::HomeError;
use crossbeam_channel::{Receiver, bounded};
use fillwright_domain::{BookId, InstrumentId, Intent};
use fillwright_intake::{
    ActualState, DriftOrders, IntakeError, Intents, Quotes as QuoteLines, Refusal, actual,
    differences, document, portfolio,
};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The most intents of one group, which is one commit.
const GROUP_MAX: usize = 1024;
/// Intents that may be parsed ahead of the group being taken.
const PARSED_AHEAD: usize = 4096;

/// What reading one source led to.
#[derive(Debug, Default)]
pub struct IntakeReport {
    /// Intents that were submitted.
    pub submitted: u64,
    /// Lines or rows that were refused; the rest went on.
    pub refusals: Vec<Refusal>,
    /// Books that hold something and stand in no target: nothing was asked of them.
    pub untargeted_books: Vec<BookId>,
    /// Holdings left alone because the row that targets them was refused.
    pub withheld: Vec<(BookId, InstrumentId)>,
    /// Whether the source was half-written and must be read again.
    pub unfinished: bool,
}

/// What a caller is told while a source is read.
pub enum Progress<'a> {
    /// Replies that are durable by now.
    Replies(&'a [Reply]),
    /// A line that was refused.
    Refused(&'a Refusal),
}

/// Reads intents, one a line, from any reader; each group is answered as soon as it is durable.
///
/// # Errors
///
/// `DeskError` where the source can no longer be read or the desk must stop. Refused lines are not errors.
pub fn submit_lines(
    desk: &mut Desk,
    source: &str,
    input: impl BufRead + Send,
    mut tell: impl FnMut(Progress),
) -> Result<IntakeReport, DeskError> {
    let intents = Intents::new(source, input);
    submit_all(desk, source, intents, Grouping::AsTheyCome, &mut tell, &mut |_| Ok(()))
}

/// Reads a file of the inbox by its ending: `.ndjson` intents or `.csv` drift orders. The same file is always taken in
/// the same groups, so that under a scripted clock the same files lead to the same journal. `between` is called with
/// the desk behind each group: whoever must be heard while a long file is read is heard there.
///
/// # Errors
///
/// As [`submit_lines`]; whatever `between` says.
pub fn submit_file(
    desk: &mut Desk,
    path: &Path,
    mut tell: impl FnMut(Progress),
    mut between: impl FnMut(&mut Desk) -> Result<(), DeskError>,
) -> Result<IntakeReport, DeskError> {
    let source =
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = File::open(path).map_err(|error| read_error(&source, error))?;
    let input = BufReader::with_capacity(1 << 20, file);
    if path.extension().is_some_and(|ending| ending == "csv") {
        let orders = DriftOrders::new(&source, input);
        submit_all(desk, &source, orders, Grouping::Full, &mut tell, &mut between)
    } else {
        let intents = Intents::new(&source, input);
        submit_all(desk, &source, intents, Grouping::Full, &mut tell, &mut between)
    }
}

/// What makes a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouping {
    /// What has been parsed by now: nobody waits for those behind.
    AsTheyCome,
    /// As many as one group may hold, or all that are left.
    Full,
}

/// Parses on a thread of its own and takes what has been parsed in groups.
fn submit_all(
    desk: &mut Desk,
    source: &str,
    records: impl Iterator<Item = Result<Intent, IntakeError>> + Send,
    grouping: Grouping,
    tell: &mut impl FnMut(Progress),
    between: &mut impl FnMut(&mut Desk) -> Result<(), DeskError>,
) -> Result<IntakeReport, DeskError> {
    std::thread::scope(|scope| {
        let (sender, parsed) = bounded(PARSED_AHEAD);
        scope.spawn(move || {
            for record in records {
                if sender.send(record).is_err() {
                    return;
                }
            }
        });
        take_groups(desk, source, &parsed, grouping, tell, between)
    })
}

fn take_groups(
    desk: &mut Desk,
    source: &str,
    parsed: &Receiver<Result<Intent, IntakeError>>,
    grouping: Grouping,
    tell: &mut impl FnMut(Progress),
    between: &mut impl FnMut(&mut Desk) -> Result<(), DeskError>,
) -> Result<IntakeReport, DeskError> {
    let mut report = IntakeReport::default();
    while let Ok(first) = parsed.recv() {
        let mut group = Vec::new();
        let next = || match grouping {
            Grouping::AsTheyCome => parsed.try_recv().ok(),
            Grouping::Full => parsed.recv().ok(),
        };
        let others = std::iter::from_fn(next).take(GROUP_MAX - 1);
        for record in std::iter::once(first).chain(others) {
            match record {
                Ok(intent) => group.push(desk.quotes().submit(intent)),
                Err(IntakeError::Refused(refusal)) => {
                    tell(Progress::Refused(&refusal));
                    report.refusals.push(refusal);
                }
                Err(IntakeError::Read { source: error, .. }) => {
                    return Err(read_error(source, error));
                }
            }
        }
        report.submitted += group.len() as u64;
        tell(Progress::Replies(&desk.process(group)?));
        between(desk)?;
    }
    Ok(report)
}

/// Compares the target portfolio with the actual state and submits the differences. A half-written file is not acted
/// on: the report says so, and the caller reads it again.
///
/// # Errors
///
/// `DeskError` where a file cannot be read, the actual state is malformed, or the desk must stop.
pub fn submit_portfolio(
    desk: &mut Desk,
    mut tell: impl FnMut(Progress),
) -> Result<IntakeReport, DeskError> {
    const PORTFOLIO: &str = "portfolio_optimized_v3.json";
    let Some(bytes) = read_whole(PORTFOLIO, &desk.home().portfolio())? else {
        return Ok(IntakeReport::default());
    };
    let targets = match portfolio::read_portfolio(PORTFOLIO, &bytes) {
        Ok(targets) => targets,
        Err(refusal) if refusal.is_unfinished() => {
            return Ok(IntakeReport { unfinished: true, ..IntakeReport::default() });
        }
        Err(refusal) => {
            tell(Progress::Refused(&refusal));
            return Ok(IntakeReport { refusals: vec![refusal], ..IntakeReport::default() });
        }
    };
    let actual = actual_state(desk)?;
    let found = differences(&targets, &actual);
    let refusals: Vec<Refusal> = targets.refusals.into_iter().chain(found.refusals).collect();
    for refusal in &refusals {
        tell(Progress::Refused(refusal));
    }
    let submitted = found.intents.len() as u64;
    let inputs: Vec<_> =
        found.intents.into_iter().map(|intent| desk.quotes().submit(intent)).collect();
    tell(Progress::Replies(&desk.process(inputs)?));
    Ok(IntakeReport {
        submitted,
        refusals,
        untargeted_books: found.untargeted_books,
        withheld: found.withheld,
        unfinished: false,
    })
}

fn actual_state(desk: &Desk) -> Result<ActualState, DeskError> {
    const ACTUAL: &str = "portfolio_actual_state.json";
    match read_whole(ACTUAL, &desk.home().actual_state())? {
        None => Ok(ActualState::default()),
        Some(bytes) => actual::read_actual(ACTUAL, &bytes).map_err(|refusal| {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidData, refusal.to_string());
            read_error(ACTUAL, error)
        }),
    }
}

/// Takes the quotes of the home, and values holdings at them. Refused lines are told and do not stop the rest.
///
/// # Errors
///
/// `DeskError` where the file cannot be read or the journal fails.
pub fn take_quotes(desk: &mut Desk, mut tell: impl FnMut(Progress)) -> Result<u64, DeskError> {
    const QUOTES: &str = "quotes.ndjson";
    let file = match File::open(desk.home().quotes()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        file => file.map_err(|error| read_error(QUOTES, error))?,
    };
    let mut taken = 0;
    for record in QuoteLines::new(QUOTES, BufReader::new(file)) {
        match record {
            Ok((instrument_id, quote)) => {
                desk.quotes_mut().take(instrument_id, quote);
                taken += 1;
            }
            Err(IntakeError::Refused(refusal)) => tell(Progress::Refused(&refusal)),
            Err(IntakeError::Read { source, .. }) => return Err(read_error(QUOTES, source)),
        }
    }
    desk.mark()?;
    Ok(taken)
}

fn read_whole(name: &str, path: &Path) -> Result<Option<Vec<u8>>, DeskError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| read_error(name, error))?,
    };
    match document::read_document(name, file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(IntakeError::Read { source, .. }) => Err(read_error(name, source)),
        Err(IntakeError::Refused(refusal)) => Err(read_error(
            name,
            std::io::Error::new(std::io::ErrorKind::InvalidData, refusal.to_string()),
        )),
    }
}

fn read_error(file: &str, source: std::io::Error) -> DeskError {
    HomeError::Read { file: file.to_owned(), source }.into()
}
