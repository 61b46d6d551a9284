//! What can be wrong with a document: where, and what would be right.

use crate::calendar::CalendarError;
use fillwright_domain::InstrumentId;

/// What is wrong with a document, where, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not the JSON that was expected; the source says line, column and field.
    #[error("{file}: is not a valid document")]
    Json {
        /// The file.
        file: String,
        /// What the parser met.
        source: serde_json::Error,
    },
    /// Not the table that was expected; the source says line and field.
    #[error("{file}: is not a valid table")]
    Csv {
        /// The file.
        file: String,
        /// What the parser met.
        source: csv::Error,
    },
    /// A calendar that cannot be compiled.
    #[error("{file}: is not a usable calendar")]
    Calendar {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: CalendarError,
    },
    /// A name that no document defines.
    #[error(
        "{file}: {place} names {name:?}, which no document defines; define it or correct the name"
    )]
    UnknownName {
        /// The file.
        file: String,
        /// The entry and field.
        place: String,
        /// The name.
        name: String,
    },
    /// A value outside what makes sense.
    #[error("{file}: {place} {problem}")]
    Value {
        /// The file.
        file: String,
        /// The entry and field.
        place: String,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
    /// The same instrument twice.
    #[error("{file}: row {row}: {instrument_id} stands in an earlier row already; keep one")]
    Repeated {
        /// The file.
        file: String,
        /// The row, counted from 1 without the header.
        row: usize,
        /// The instrument.
        instrument_id: InstrumentId,
    },
}

impl DocumentError {
    /// The file.
    pub fn file(&self) -> &str {
        match self {
            Self::Json { file, .. }
            | Self::Csv { file, .. }
            | Self::Calendar { file, .. }
            | Self::UnknownName { file, .. }
            | Self::Value { file, .. }
            | Self::Repeated { file, .. } => file,
        }
    }

    /// Where in the file: a line, a row, or an entry with its field; nothing where it is about the whole.
    pub fn place(&self) -> Option<String> {
        match self {
            Self::Json { source, .. } => {
                Some(format!("line {}, column {}", source.line(), source.column()))
            }
            Self::Csv { source, .. } => {
                source.position().map(|position| format!("line {}", position.line()))
            }
            Self::Calendar { .. } => None,
            Self::UnknownName { place, .. } | Self::Value { place, .. } => {
                Some(place.trim_end_matches(':').to_owned())
            }
            Self::Repeated { row, .. } => Some(format!("row {row}")),
        }
    }

    pub(crate) fn unknown(file: &str, place: impl Into<String>, name: &str) -> Self {
        Self::UnknownName { file: file.to_owned(), place: place.into(), name: name.to_owned() }
    }

    pub(crate) fn value(file: &str, place: impl Into<String>, problem: &'static str) -> Self {
        Self::Value { file: file.to_owned(), place: place.into(), problem }
    }
}
