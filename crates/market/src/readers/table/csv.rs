//! Rows of CSV with a header, packed with gzip or plain.

use super::{Cell, RowError, Rows};
use crate::lines::Counted;
use crate::readers::unpacked;
use crate::refused::Reason;
use crate::source::MarketError;
use ::csv::{ByteRecord, Reader, ReaderBuilder};
use std::cell::Cell as Shared;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

/// The longest row: what a quote that is never closed may swallow.
const ROW_BYTES_MAX: u64 = 1 << 20;

pub(super) struct CsvRows {
    reader: Reader<Budgeted<Box<dyn Read>>>,
    names: Vec<String>,
    record: ByteRecord,
    line: u64,
    budget: Rc<Shared<u64>>,
    taken: Rc<Shared<u64>>,
}

pub(super) fn open(path: &Path) -> Result<CsvRows, MarketError> {
    let file = File::open(path);
    let file = file.map_err(|source| MarketError::Open { path: path.to_owned(), source })?;
    let (taken, budget) = (Rc::new(Shared::new(0)), Rc::new(Shared::new(ROW_BYTES_MAX)));
    let from = unpacked(path, Counted::new(file, Rc::clone(&taken)));
    let budgeted = Budgeted { from, left: Rc::clone(&budget) };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(budgeted);
    let header = reader.headers().map_err(|error| {
        MarketError::unreadable(path, format!("its header cannot be read: {error}"))
    })?;
    let names = header.iter().map(str::to_owned).collect();
    Ok(CsvRows { reader, names, record: ByteRecord::new(), line: 1, budget, taken })
}

impl Rows for CsvRows {
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn next(&mut self, cells: &mut Vec<Cell>) -> Option<Result<(), RowError>> {
        self.budget.set(ROW_BYTES_MAX);
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                let source = io::Error::other(error.to_string());
                return Some(Err(RowError::File(source)));
            }
        }
        self.line = self.record.position().map_or(self.line + 1, ::csv::Position::line);
        if self.record.len() != self.names.len() {
            return Some(Err(RowError::Row(Reason::FieldCount)));
        }
        cells.clear();
        for field in &self.record {
            let Ok(text) = std::str::from_utf8(field) else {
                return Some(Err(RowError::Row(Reason::Text)));
            };
            cells.push(Cell::Text(text.to_owned()));
        }
        Some(Ok(()))
    }

    fn position(&self) -> u64 {
        self.line
    }

    fn bytes_taken(&self) -> u64 {
        self.taken.get()
    }
}

/// Reads on only while a row is not too long.
struct Budgeted<R> {
    from: R,
    left: Rc<Shared<u64>>,
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row is longer than a MiB"));
        }
        let taken = self.from.read(into)?;
        self.left.set(self.left.get().saturating_sub(taken as u64));
        Ok(taken)
    }
}
