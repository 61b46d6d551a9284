//! Rows of Parquet.
//!
//! Columns of doubles are read by the shortest text that is the same double: what was written when 39432.28 was stored is
//! 39432.28 again. From there on it is exact; nothing is added up in doubles.

use super::{Cell, RowError, Rows};
use crate::lines::decimal;
use crate::refused::Reason;
use crate::source::MarketError;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::reader::RowIter;
use ::parquet::record::{Field, Row};
use fillwright_domain::Timestamp;
use std::fs::File;
use std::io;
use std::path::Path;

pub(super) struct ParquetRows {
    rows: RowIter<'static>,
    names: Vec<String>,
    row: u64,
    rows_in_all: u64,
    bytes: u64,
}

pub(super) fn open(path: &Path) -> Result<ParquetRows, MarketError> {
    let unreadable = |error: ::parquet::errors::ParquetError| {
        MarketError::unreadable(path, format!("it is no Parquet file: {error}"))
    };
    let file = File::open(path);
    let file = file.map_err(|source| MarketError::Open { path: path.to_owned(), source })?;
    let bytes = file.metadata().map_or(0, |file| file.len());
    let reader = SerializedFileReader::new(file).map_err(unreadable)?;
    let metadata = reader.metadata().file_metadata();
    let schema = metadata.schema_descr();
    if schema.root_schema().get_fields().len() != schema.num_columns() {
        return Err(MarketError::unreadable(
            path,
            "its columns hold columns; flat tables are read",
        ));
    }
    let columns = schema.columns().iter();
    let names = columns.map(|column| column.name().to_owned()).collect();
    let rows_in_all = u64::try_from(metadata.num_rows()).unwrap_or(0).max(1);
    let rows = RowIter::from_file_into(Box::new(reader));
    Ok(ParquetRows { rows, names, row: 0, rows_in_all, bytes })
}

impl Rows for ParquetRows {
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn next(&mut self, cells: &mut Vec<Cell>) -> Option<Result<(), RowError>> {
        let row = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => {
                return Some(Err(RowError::File(io::Error::other(error.to_string()))));
            }
        };
        self.row += 1;
        Some(fill(&row, cells).map_err(RowError::Row))
    }

    fn position(&self) -> u64 {
        self.row
    }

    /// As much of the file as the rows that were read are of all rows.
    fn bytes_taken(&self) -> u64 {
        let read = u128::from(self.bytes) * u128::from(self.row) / u128::from(self.rows_in_all);
        u64::try_from(read).unwrap_or(self.bytes)
    }
}

fn fill(row: &Row, cells: &mut Vec<Cell>) -> Result<(), Reason> {
    cells.clear();
    for (_, field) in row.get_column_iter() {
        cells.push(cell(field)?);
    }
    Ok(())
}

fn cell(field: &Field) -> Result<Cell, Reason> {
    let instant = |value: i64, unit: i64| {
        value.checked_mul(unit).map(|ns| Cell::Instant(Timestamp::from_ns(ns))).ok_or(Reason::Time)
    };
    Ok(match field {
        Field::TimestampMillis(ms) => instant(*ms, 1_000_000)?,
        Field::TimestampMicros(us) => instant(*us, 1_000)?,
        Field::Str(text) => Cell::Text(text.clone()),
        // Rust writes the shortest text that is read as the same double, and never an exponent.
        Field::Double(value) if value.is_finite() => Cell::Text(shortest(&value.to_string())?),
        Field::Float(value) if value.is_finite() => Cell::Text(shortest(&value.to_string())?),
        // Not a number stands where there was none.
        Field::Null | Field::Double(_) | Field::Float(_) => Cell::Missing,
        Field::Bool(_)
        | Field::Byte(_)
        | Field::Short(_)
        | Field::Int(_)
        | Field::Long(_)
        | Field::UByte(_)
        | Field::UShort(_)
        | Field::UInt(_)
        | Field::ULong(_)
        | Field::Decimal(_) => Cell::Text(field.to_string()),
        _ => return Err(Reason::Kind),
    })
}

/// A double's text as a decimal's: digits beyond the eighteenth decimal are the double's, not the market's.
fn shortest(text: &str) -> Result<String, Reason> {
    decimal(text).map(|value| value.to_string())
}
