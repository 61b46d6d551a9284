//! The drift monitor's orders: CSV, one row a line.
//!
//! The header is `Profile,Symbol,Action,Size,Target_Weight,Market,Description`, with `Source_Run` where the monitor
//! writes one; columns may stand in any order. Size is the absolute change of weight. Dust is not dropped here: it
//! becomes an intent like any other, and the kernel skips it on the record. A row stands on one line, so that an
//! open quote cannot swallow the rows behind it; the last line too needs its ending, because half a row can look whole.

use std::io::BufRead;

use fillwright_domain::ids::check_id;
use fillwright_domain::number::Parsed;
use fillwright_domain::{
    Ask, BookId, Decimal, Intent, Origin, Ratio, Rebalance, RunId, Side, Text,
};

use crate::asset::parse_symbol;
use crate::fields::TEXT_BYTES_MAX;
use crate::lines::{Line, LineRecords, Position, ReadLine};
use crate::refusal::{Excerpt, Refusal, RefusalKind};

const COLUMNS: &[&str] = &[
    "Profile",
    "Symbol",
    "Action",
    "Size",
    "Target_Weight",
    "Market",
    "Description",
    "Source_Run",
];
const OPTIONAL_COLUMN: &str = "Source_Run";
/// Cells of one row that are looked at; more are refused by their count.
const CELLS_MAX: usize = 64;

/// The intents of a drift file, row by row.
pub type DriftOrders<R> = LineRecords<R, DriftRow>;

/// Reads the header, then each row as an intent.
#[derive(Debug, Clone, Default)]
pub struct DriftRow {
    header: Header,
}

#[derive(Debug, Clone, Default)]
enum Header {
    /// No line was read yet.
    #[default]
    Awaited,
    Refused,
    /// The columns' names, in the file's order.
    Read(Vec<&'static str>),
}

impl<R: BufRead> DriftOrders<R> {
    /// Reads a file from its start. `source` names it in errors and in derived ids, so a file with other orders needs
    /// another name.
    pub fn new(source: &str, input: R) -> Self {
        Self::start(source, input, DriftRow::default(), Position::default())
    }
}

impl ReadLine for DriftRow {
    type Record = Intent;

    fn read_line(&mut self, line: &Line<'_>) -> Result<Option<Intent>, Refusal> {
        match &self.header {
            Header::Read(columns) => read_row(line, columns).map(Some),
            Header::Refused => Err(line.refusal(None, RefusalKind::NoHeader)),
            Header::Awaited => {
                let columns = read_header(line);
                let read = columns.as_ref().map(|columns| Header::Read(columns.clone()));
                self.header = read.unwrap_or(Header::Refused);
                columns.map(|_| None)
            }
        }
    }
}

fn read_header(line: &Line) -> Result<Vec<&'static str>, Refusal> {
    let mut columns = Vec::new();
    for cell in &cells(line)? {
        let known = COLUMNS.iter().find(|column| *column == cell);
        let unknown = || line.refusal(Some(cell), RefusalKind::UnknownField { known: COLUMNS });
        let known = *known.ok_or_else(unknown)?;
        if columns.contains(&known) {
            return Err(line.refusal(Some(cell), RefusalKind::DuplicateField));
        }
        columns.push(known);
    }
    let is_missing = |column: &&&str| !columns.contains(*column) && **column != OPTIONAL_COLUMN;
    match COLUMNS.iter().find(is_missing) {
        Some(column) => Err(line.refusal(Some(column), RefusalKind::MissingField)),
        None => Ok(columns),
    }
}

fn read_row(line: &Line, columns: &[&'static str]) -> Result<Intent, Refusal> {
    let cells = cells(line)?;
    if cells.len() != columns.len() {
        let kind = RefusalKind::CellCount { found: cells.len(), expected: columns.len() };
        return Err(line.refusal(None, kind));
    }
    Row { line, columns, cells: &cells }.intent()
}

/// The line's cells, unquoted. A line without its ending may be half a line: no cell says where it ends.
fn cells(line: &Line) -> Result<Vec<String>, Refusal> {
    let text = line.text()?;
    if !line.ended {
        return Err(line.refusal(None, RefusalKind::Unfinished));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The line feed closes an unquoted row, and turns up inside the last cell of one whose quote is open.
    let closed = format!("{text}\n");
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(closed.as_bytes());
    let mut row = csv::StringRecord::new();
    let _found =
        reader.read_record(&mut row).map_err(|_| line.refusal(None, RefusalKind::NotUtf8))?;
    if row.iter().any(|cell| cell.contains('\n')) {
        return Err(line.refusal(None, RefusalKind::OpenQuote));
    }
    if row.len() > CELLS_MAX {
        return Err(line.refusal(None, RefusalKind::TooManyValues { limit: CELLS_MAX }));
    }
    Ok(row.iter().map(str::to_owned).collect())
}

/// One row under its header.
struct Row<'a> {
    line: &'a Line<'a>,
    columns: &'a [&'static str],
    cells: &'a [String],
}

impl Row<'_> {
    fn intent(&self) -> Result<Intent, Refusal> {
        let book_id = BookId::new(self.name("Profile")?);
        let instrument_id = self.read("Symbol", parse_symbol)?;
        let side = self.read("Action", side)?;
        let change = self.read("Size", size)?;
        let target = self.read("Target_Weight", |cell| decimal(cell, "a weight as a decimal"))?;
        let weight_change =
            if side == Side::Sell { change.value.checked_neg() } else { Ok(change.value) };
        let weight_change = weight_change
            .map_err(|_| self.line.refusal(Some("Size"), RefusalKind::ChangeOutOfRange))?;
        let ask = Rebalance {
            weight_change: Ratio::new(weight_change),
            target_weight: Ratio::new(target.value),
            regime: None,
            market: self.read("Market", text)?,
            description: self.read("Description", text)?,
        };
        Ok(Intent {
            intent_id: self.line.derived_id("drift-"),
            strategy_id: None,
            book_id,
            instrument_id,
            source_run: self.source_run()?,
            ask: Ask::Rebalance(Box::new(ask)),
            input_truncated: change.truncated || target.truncated,
            origin: Origin { source: self.line.source.clone(), line: self.line.number },
        })
    }

    fn cell(&self, column: &str) -> &str {
        let position = self.columns.iter().position(|name| *name == column);
        position.and_then(|position| self.cells.get(position)).map_or("", String::as_str)
    }

    fn read<T>(
        &self,
        column: &str,
        read: impl FnOnce(&str) -> Result<T, RefusalKind>,
    ) -> Result<T, Refusal> {
        read(self.cell(column)).map_err(|kind| self.line.refusal(Some(column), kind))
    }

    fn name(&self, column: &str) -> Result<&str, Refusal> {
        let name = self.cell(column);
        self.read(column, |cell| check_id(cell).map_err(RefusalKind::BadId)).map(|()| name)
    }

    /// The row's run; an empty cell leaves it to the book.
    fn source_run(&self) -> Result<Option<RunId>, Refusal> {
        if self.cell(OPTIONAL_COLUMN).is_empty() {
            return Ok(None);
        }
        self.name(OPTIONAL_COLUMN).map(|run| Some(RunId::new(run)))
    }
}

fn side(cell: &str) -> Result<Side, RefusalKind> {
    match cell {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(RefusalKind::OutOfRange { found: Excerpt::of(cell), expected: "BUY or SELL" }),
    }
}

fn size(cell: &str) -> Result<Parsed, RefusalKind> {
    let expected = "the absolute change of weight as a decimal";
    if cell.starts_with('-') {
        return Err(RefusalKind::OutOfRange { found: Excerpt::of(cell), expected });
    }
    decimal(cell, expected)
}

fn decimal(cell: &str, expected: &'static str) -> Result<Parsed, RefusalKind> {
    let token = cell.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if matches!(token.as_str(), "nan" | "inf" | "infinity") {
        return Err(RefusalKind::NotFinite { token: Excerpt::of(cell), expected });
    }
    let not_exact = |reason| RefusalKind::NotExact { found: Excerpt::of(cell), reason, expected };
    Decimal::parse_json_number(cell).map_err(not_exact)
}

fn text(cell: &str) -> Result<Text, RefusalKind> {
    if cell.len() > TEXT_BYTES_MAX {
        return Err(RefusalKind::TextTooLong { limit_bytes: TEXT_BYTES_MAX });
    }
    Ok(Text::new(cell))
}
