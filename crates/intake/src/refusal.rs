//! Why something was refused, and where it stands.

use std::fmt;

use fillwright_domain::ids::{ID_BYTES_MAX, IdError};
use fillwright_domain::{NumberError, Text};

/// Characters of the input an error repeats at most.
const EXCERPT_CHARS_MAX: usize = 40;
/// Characters of a row's name: two ids and a number.
const ROW_NAME_CHARS_MAX: usize = 300;

/// A piece of the input, short and printable, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    /// Cuts the text to 40 characters and escapes what a terminal would act on.
    pub fn of(text: &str) -> Self {
        Self::up_to(EXCERPT_CHARS_MAX, text)
    }

    fn up_to(chars_max: usize, text: &str) -> Self {
        let mut short: String = text.chars().take(chars_max).flat_map(printable).collect();
        if text.chars().nth(chars_max).is_some() {
            short.push('…');
        }
        Self(short.into())
    }

    /// A text of ours that is printable and short enough.
    pub(crate) fn whole(text: &str) -> Self {
        Self(text.into())
    }

    /// The printable text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A character as it is where it is safe to print, else its escape.
fn printable(c: char) -> impl Iterator<Item = char> {
    let quote = matches!(c, '"' | '\'' | '\\');
    let (plain, escaped) = if quote { (Some(c), None) } else { (None, Some(c.escape_debug())) };
    plain.into_iter().chain(escaped.into_iter().flatten())
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that could not be read, with its place.
///
/// It prints as `intents.ndjson:7:31: size_frac: is NaN, which is not a number; write a decimal between 0 and 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file's name as the caller gave it; `-` for standard input.
    pub source: Text,
    /// The line, counted from 1.
    pub line: u64,
    /// The character in the line, counted from 1, where one is to blame.
    pub column: Option<u32>,
    /// The field, where one is to blame: `intent.size_frac`, `reason_codes[2]`.
    pub field: Option<String>,
    /// What is wrong.
    pub kind: RefusalKind,
}

impl Refusal {
    /// Whether the file ended too early, so that more may come: it is read again, never acted on.
    pub fn is_unfinished(&self) -> bool {
        self.kind == RefusalKind::Unfinished
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.line)?;
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ": {field}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for Refusal {}

/// What can be wrong with input. The list is closed, and a [code](RefusalKind::code) is never reused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusalKind {
    /// A line is longer than we read; it was skipped without being held in memory.
    #[error("the line is longer than {limit_bytes} bytes and was skipped; write one record a line")]
    LineTooLong {
        /// The longest line read, in bytes.
        limit_bytes: usize,
    },
    /// A whole file is larger than we read.
    #[error("the file is larger than {limit_bytes} bytes and was not read")]
    FileTooLarge {
        /// The largest file read, in bytes.
        limit_bytes: usize,
    },
    /// The bytes are not text.
    #[error("is not UTF-8 from here on; write the file as UTF-8")]
    NotUtf8,
    /// A line has its ending and not all of its record; more will not come.
    #[error("the line ends before its record does")]
    CutOff,
    /// The file ended too early; more may come.
    #[error("ends before it is complete; it was cut off, or is still being written")]
    Unfinished,
    /// The text is not JSON from here on.
    #[error("has `{found}` where {expected} should be")]
    Syntax {
        /// What stands there.
        found: Excerpt,
        /// What could stand there.
        expected: &'static str,
    },
    /// Arrays and objects inside each other, more than we follow.
    #[error("is nested more than {limit} levels deep")]
    TooDeep {
        /// The levels followed.
        limit: usize,
    },
    /// More values in one document, or entries in one list, than we read.
    #[error("has more than {limit} values")]
    TooManyValues {
        /// The values read.
        limit: usize,
    },
    /// A field that does not belong here.
    #[error("is not a field here; the fields are {}", known.join(", "))]
    UnknownField {
        /// The fields that do.
        known: &'static [&'static str],
    },
    /// A field that must be here is not.
    #[error("is missing; add it")]
    MissingField,
    /// A field is here twice.
    #[error("is given twice; keep one")]
    DuplicateField,
    /// A value of another type.
    #[error("is {found}; write {expected}")]
    WrongType {
        /// The type found.
        found: &'static str,
        /// What to write.
        expected: &'static str,
    },
    /// `NaN`, `Infinity` or `-Infinity`, as Python writes them.
    #[error("is {token}, which is not a number; write {expected}")]
    NotFinite {
        /// The token found.
        token: Excerpt,
        /// What to write.
        expected: &'static str,
    },
    /// A word or number outside the allowed set.
    #[error("is `{found}`; write {expected}")]
    OutOfRange {
        /// What was found.
        found: Excerpt,
        /// What to write.
        expected: &'static str,
    },
    /// A number with a point or exponent where only integers are accepted.
    #[error("is `{found}`; write {expected}, without a point or an exponent")]
    NotAnInteger {
        /// What was found.
        found: Excerpt,
        /// What to write.
        expected: &'static str,
    },
    /// A number that cannot be held exactly.
    #[error("is `{found}`, which is no exact decimal ({reason}); write {expected}")]
    NotExact {
        /// What was found.
        found: Excerpt,
        /// Why it cannot be held.
        reason: NumberError,
        /// What to write.
        expected: &'static str,
    },
    /// A text that cannot name anything.
    #[error("{0}; write a name of 1 to {ID_BYTES_MAX} bytes without control characters")]
    BadId(IdError),
    /// A text longer than we keep.
    #[error("is longer than {limit_bytes} bytes; shorten it")]
    TextTooLong {
        /// The longest text kept, in bytes.
        limit_bytes: usize,
    },
    /// A weight whose sign contradicts its direction.
    #[error("is negative although Direction is LONG; write SHORT, or a positive weight")]
    SignAgainstDirection,
    /// A symbol in more than one row of a book.
    #[error("has more than one row in this book, the first being row {first_row}; keep one")]
    RepeatedSymbol {
        /// The first of the rows, counted from 1.
        first_row: u64,
    },
    /// A name that must be unique is used again.
    #[error("`{found}` is used twice; names must differ")]
    RepeatedName {
        /// The name.
        found: Excerpt,
    },
    /// A row of a table with too few or too many cells.
    #[error("the row has {found} cells and the header {expected}")]
    CellCount {
        /// Cells of the row.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// A quoted cell that does not end on its line.
    #[error("a quoted cell does not end on its line; close the quote")]
    OpenQuote,
    /// A row under a header that was refused.
    #[error("the row cannot be read because the header was refused; correct the header")]
    NoHeader,
    /// The difference of two weights is beyond the range of a decimal.
    #[error("the change of weight is beyond the range of a decimal")]
    ChangeOutOfRange,
    /// A ledger record does not follow the one before it.
    #[error("the chain breaks here: the record before has the hash {expected}")]
    ChainBroken {
        /// The hash that should stand there.
        expected: Excerpt,
    },
    /// A ledger record's own hash does not match its content.
    #[error("the record was altered: its content has the hash {expected}")]
    HashMismatch {
        /// The hash of the content as it is.
        expected: Excerpt,
    },
}

impl RefusalKind {
    /// A stable code for telemetry and tests.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LineTooLong { .. } => "line_too_long",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::NotUtf8 => "not_utf8",
            Self::CutOff => "cut_off",
            Self::Unfinished => "unfinished",
            Self::Syntax { .. } => "syntax",
            Self::TooDeep { .. } => "too_deep",
            Self::TooManyValues { .. } => "too_many_values",
            Self::UnknownField { .. } => "unknown_field",
            Self::MissingField => "missing_field",
            Self::DuplicateField => "duplicate_field",
            Self::WrongType { .. } => "wrong_type",
            Self::NotFinite { .. } => "not_finite",
            Self::OutOfRange { .. } => "out_of_range",
            Self::NotAnInteger { .. } => "not_an_integer",
            Self::NotExact { .. } => "not_exact",
            Self::BadId(_) => "bad_id",
            Self::TextTooLong { .. } => "text_too_long",
            Self::SignAgainstDirection => "sign_against_direction",
            Self::RepeatedSymbol { .. } => "repeated_symbol",
            Self::RepeatedName { .. } => "repeated_name",
            Self::CellCount { .. } => "cell_count",
            Self::OpenQuote => "open_quote",
            Self::NoHeader => "no_header",
            Self::ChangeOutOfRange => "change_out_of_range",
            Self::ChainBroken { .. } => "chain_broken",
            Self::HashMismatch { .. } => "hash_mismatch",
        }
    }
}

/// What a reader yields in place of a record.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// This record is refused; the rest goes on.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The bytes could not be had. Nothing more is read.
    #[error("{file}:{line}: could not be read")]
    Read {
        /// The file's name as the caller gave it.
        file: Text,
        /// The line that was being read, counted from 1.
        line: u64,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A refusal before its place is known as line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Byte offset in the text.
    pub(crate) at: usize,
    pub(crate) field: Option<String>,
    pub(crate) kind: RefusalKind,
}

impl Fault {
    pub(crate) fn new(at: usize, kind: RefusalKind) -> Self {
        Self { at, field: None, kind }
    }

    /// Says which field it happened in, from the inside out.
    #[must_use]
    pub(crate) fn inside(self, name: &str) -> Self {
        let name = if name.is_empty() { "\"\"" } else { name };
        self.within(&Excerpt::of(name), ".")
    }

    /// Says which element of an array it happened in. Too deep a nesting has too many of them to tell.
    #[must_use]
    pub(crate) fn inside_element(self, position: usize) -> Self {
        if matches!(self.kind, RefusalKind::TooDeep { .. }) {
            return self;
        }
        self.within(&Excerpt::whole(&format!("[{position}]")), ".")
    }

    /// Says which row it happened in; its name is of names we accepted.
    #[must_use]
    pub(crate) fn inside_row(self, name: &str) -> Self {
        self.within(&Excerpt::up_to(ROW_NAME_CHARS_MAX, name), ": ")
    }

    fn within(mut self, name: &Excerpt, separator: &str) -> Self {
        self.field = Some(match self.field {
            None => name.to_string(),
            Some(inner) if inner.starts_with('[') => format!("{name}{inner}"),
            Some(inner) => format!("{name}{separator}{inner}"),
        });
        self
    }

    /// Gives it its line and column in `text`, whose first line has the number `first_line`.
    pub(crate) fn placed(self, source: &Text, first_line: u64, text: &str) -> Refusal {
        let mut place = Place { line: first_line, ..Place::START };
        place.reach(self.at, text);
        self.at_place(source, place)
    }

    pub(crate) fn at_place(self, source: &Text, place: Place) -> Refusal {
        Refusal {
            source: source.clone(),
            line: place.line,
            column: Some(place.column),
            field: self.field,
            kind: self.kind,
        }
    }
}

/// A place in a text, which moves forward: many places cost one pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    at: usize,
    line: u64,
    column: u32,
}

impl Place {
    pub(crate) const START: Self = Self { at: 0, line: 1, column: 1 };

    /// Moves to a byte of the text; one further back than where it is starts again from the first line.
    pub(crate) fn reach(&mut self, at: usize, text: &str) {
        if at < self.at {
            *self = Self::START;
        }
        for c in text.get(self.at..at).unwrap_or_default().chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.at = at;
    }
}

/// The text of bytes, or the place where they stop being UTF-8.
pub(crate) fn utf8<'a>(source: &Text, line: u64, bytes: &'a [u8]) -> Result<&'a str, Refusal> {
    std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let cut = error.error_len().is_none();
        let kind = if cut { RefusalKind::Unfinished } else { RefusalKind::NotUtf8 };
        let text = std::str::from_utf8(&bytes[..good]).unwrap_or_default();
        Fault::new(good, kind).placed(source, line, text)
    })
}
