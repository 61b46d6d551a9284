//! Files of one record a line, streamed in bounded memory.

use std::io::{self, BufRead, Read};

use fillwright_domain::{IntentId, Text};

use crate::hash::derived_name;
use crate::json::{self, Node};
use crate::refusal::{Excerpt, Fault, IntakeError, Refusal, RefusalKind, utf8};

/// The longest line read, in bytes. A longer one is refused and skipped without being held.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// How one line becomes a record.
pub trait ReadLine {
    /// What a line holds.
    type Record;

    /// Reads one line. `None` where the line is well formed and holds no record, as a header.
    ///
    /// # Errors
    ///
    /// A refusal with the line's place.
    fn read_line(&mut self, line: &Line<'_>) -> Result<Option<Self::Record>, Refusal>;
}

/// One line, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The file's name.
    pub source: &'a Text,
    /// Its number, counted from 1.
    pub number: u64,
    /// Its bytes, without its ending.
    pub bytes: &'a [u8],
    /// Whether it has an ending. The last line may have none because more will follow.
    pub ended: bool,
}

impl<'a> Line<'a> {
    /// The line's text.
    pub(crate) fn text(&self) -> Result<&'a str, Refusal> {
        utf8(self.source, self.number, self.bytes).map_err(|refusal| {
            let cut = self.ended && refusal.is_unfinished();
            if cut { Refusal { kind: RefusalKind::NotUtf8, ..refusal } } else { refusal }
        })
    }

    /// Reads the line as one JSON value of at most `values_max` values.
    pub(crate) fn json<T>(
        &self,
        values_max: usize,
        read: impl FnOnce(&Node) -> Result<T, Fault>,
    ) -> Result<T, Refusal> {
        let text = self.text()?;
        let value = json::parse(text, values_max).and_then(|node| read(&node));
        value.map_err(|fault| {
            let refusal = fault.placed(self.source, self.number, text);
            let cut = self.ended && refusal.is_unfinished();
            if cut { Refusal { kind: RefusalKind::CutOff, ..refusal } } else { refusal }
        })
    }

    /// A refusal of the line, where no column is to blame.
    pub(crate) fn refusal(&self, field: Option<&str>, kind: RefusalKind) -> Refusal {
        let field = field.map(|field| Excerpt::of(field).to_string());
        Refusal { source: self.source.clone(), line: self.number, column: None, field, kind }
    }

    /// The name of the intent on this line: the same source, number and bytes yield the same name.
    pub(crate) fn derived_id(&self, prefix: &str) -> IntentId {
        let parts = [self.source.as_str().as_bytes(), &self.number.to_be_bytes(), self.bytes];
        IntentId::new(derived_name(prefix, &parts))
    }
}

/// Where reading goes on: the first line not yet read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Its number, counted from 1.
    pub line: u64,
    /// Where it starts, in bytes.
    pub byte: u64,
}

impl Default for Position {
    fn default() -> Self {
        Self { line: 1, byte: 0 }
    }
}

/// What became of the lines read so far; the three add up to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Lines that became a record.
    pub accepted: u64,
    /// Lines refused.
    pub refused: u64,
    /// Lines that hold no record: blank ones, and a header.
    pub blank: u64,
}

impl Counts {
    /// All lines read.
    pub const fn lines(&self) -> u64 {
        self.accepted + self.refused + self.blank
    }
}

/// An iterator over the records of a file. A refused line is an item like any other; the next line follows it.
/// Where the bytes cannot be had, that is the last item.
///
/// It stops at the end of what is there. [`LineRecords::position`] says where, so that a file that grows can be read
/// on; a last line without an ending counts as read, so remember the position from before it if it was `Unfinished`.
#[derive(Debug)]
pub struct LineRecords<R, L> {
    input: R,
    reader: L,
    source: Text,
    next: Position,
    counts: Counts,
    buffer: Vec<u8>,
    broken: bool,
}

impl<R: BufRead, L: ReadLine> LineRecords<R, L> {
    pub(crate) fn start(source: &str, input: R, reader: L, from: Position) -> Self {
        let source = Text::new(source);
        Self {
            input,
            reader,
            source,
            next: from,
            counts: Counts::default(),
            buffer: Vec::new(),
            broken: false,
        }
    }

    /// Where the next line starts.
    pub const fn position(&self) -> Position {
        self.next
    }

    /// What became of the lines so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Fills the buffer with the next line and its ending. `None` at the end.
    fn fill(&mut self) -> io::Result<Option<Filled>> {
        self.buffer.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.buffer)? as u64;
        self.next.byte += read;
        if read < limit || self.buffer.ends_with(b"\n") {
            return Ok((read > 0).then_some(Filled::Whole));
        }
        self.buffer.clear();
        self.next.byte += skip_line(&mut self.input)?;
        Ok(Some(Filled::TooLong))
    }

    /// Reads the line in the buffer. `None` where it holds no record.
    fn read(&mut self, filled: Filled, number: u64) -> Result<Option<L::Record>, Refusal> {
        let ended = self.buffer.ends_with(b"\n");
        let line =
            Line { source: &self.source, number, bytes: without_ending(&self.buffer), ended };
        if filled == Filled::TooLong {
            let kind = RefusalKind::LineTooLong { limit_bytes: LINE_BYTES_MAX };
            return Err(line.refusal(None, kind));
        }
        if line.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        self.reader.read_line(&line)
    }

    fn count(&mut self, read: &Result<Option<L::Record>, Refusal>) {
        let counter = match read {
            Ok(Some(_)) => &mut self.counts.accepted,
            Ok(None) => &mut self.counts.blank,
            Err(_) => &mut self.counts.refused,
        };
        *counter += 1;
    }

    fn cannot_be_read(&mut self, line: u64, source: io::Error) -> IntakeError {
        self.broken = true;
        IntakeError::Read { file: self.source.clone(), line, source }
    }
}

impl<R: BufRead, L: ReadLine> Iterator for LineRecords<R, L> {
    type Item = Result<L::Record, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.broken {
            let line = self.next.line;
            let filled = match self.fill() {
                Ok(filled) => filled?,
                Err(error) => return Some(Err(self.cannot_be_read(line, error))),
            };
            self.next.line += 1;
            let read = self.read(filled, line);
            self.count(&read);
            if let Some(item) = read.transpose() {
                return Some(item.map_err(IntakeError::Refused));
            }
        }
        None
    }
}

/// What stands in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    Whole,
    TooLong,
}

/// Passes over the rest of a line; says how many bytes that were.
fn skip_line(input: &mut impl BufRead) -> io::Result<u64> {
    input.skip_until(b'\n').map(|skipped| skipped as u64)
}

/// The line without its line feed, and a carriage return before it.
fn without_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
