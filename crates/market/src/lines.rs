//! Lines of a file in bounded memory, and the fields of a line.

use crate::refused::Reason;
use fillwright_domain::{Decimal, Px, Qty};
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// The longest line that is read. A depth snapshot of a thousand levels has a tenth of it.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Lines, one at a time, in one buffer.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    from: R,
    line: Vec<u8>,
    number: u64,
}

/// A line, or what is wrong with it.
pub(crate) type Line<'a> = Result<&'a str, Reason>;

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, line: Vec::new(), number: 0 }
    }

    /// The number of the last line read, from one.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not empty, without its end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let taken = (&mut self.from).take(limit).read_until(b'\n', &mut self.line)?;
            if taken == 0 {
                return Ok(None);
            }
            self.number += 1;
            if taken > LINE_BYTES_MAX && self.line.last() != Some(&b'\n') {
                self.skip_rest()?;
                return Ok(Some(Err(Reason::Text)));
            }
            while matches!(self.line.last(), Some(b'\n' | b'\r')) {
                self.line.pop();
            }
            if !self.line.is_empty() {
                return Ok(Some(std::str::from_utf8(&self.line).map_err(|_| Reason::Text)));
            }
        }
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.from.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let (taken, is_end) =
                end.map_or((buffer.len(), buffer.is_empty()), |at| (at + 1, true));
            self.from.consume(taken);
            if is_end {
                return Ok(());
            }
        }
    }
}

/// Splits a line at its commas into exactly `N` fields.
pub(crate) fn fields<const N: usize>(line: &str) -> Result<[&str; N], Reason> {
    let mut fields = [""; N];
    let mut parts = line.split(',');
    for field in &mut fields {
        *field = parts.next().ok_or(Reason::FieldCount)?;
    }
    if parts.next().is_some() { Err(Reason::FieldCount) } else { Ok(fields) }
}

/// A decimal as it is written, with or without an exponent.
pub(crate) fn decimal(text: &str) -> Result<Decimal, Reason> {
    Decimal::parse(text)
        .or_else(|_| Decimal::parse_json_number(text).map(|parsed| parsed.value))
        .map_err(|_| Reason::Number)
}

/// A price, which is above zero.
pub(crate) fn px(value: Decimal) -> Result<Px, Reason> {
    if value.is_positive() { Ok(Px::new(value)) } else { Err(Reason::Price) }
}

/// A quantity, which is not below zero.
pub(crate) fn qty(value: Decimal) -> Result<Qty, Reason> {
    if value.is_negative() { Err(Reason::Quantity) } else { Ok(Qty::new(value)) }
}

/// Counts the bytes that are read through it; the count can be looked at from elsewhere.
#[derive(Debug)]
pub(crate) struct Counted<R> {
    from: R,
    taken: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    pub(crate) fn new(from: R, taken: Rc<Cell<u64>>) -> Self {
        Self { from, taken }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.from.read(into)?;
        self.taken.set(self.taken.get() + taken as u64);
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_from_one_and_empty_ones_passed_over() {
        let mut lines = Lines::new(&b"a\r\n\n\nb"[..]);
        assert_eq!(lines.next().expect("read"), Some(Ok("a")));
        assert_eq!(lines.number(), 1);
        assert_eq!(lines.next().expect("read"), Some(Ok("b")));
        assert_eq!(lines.number(), 4);
        assert_eq!(lines.next().expect("read"), None);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_refusal_and_the_next_is_read() {
        let mut text = vec![b'x'; 3 * LINE_BYTES_MAX];
        text.extend_from_slice(b"\nnext\n");
        let mut lines = Lines::new(text.as_slice());
        assert_eq!(lines.next().expect("read"), Some(Err(Reason::Text)));
        assert_eq!(lines.next().expect("read"), Some(Ok("next")));
        assert_eq!(lines.number(), 2);
        assert!(lines.line.capacity() < 2 * LINE_BYTES_MAX + 1024);
    }

    #[test]
    fn what_is_not_text_is_refused() {
        let mut lines = Lines::new(&b"\xff\xfe\nnext"[..]);
        assert_eq!(lines.next().expect("read"), Some(Err(Reason::Text)));
        assert_eq!(lines.next().expect("read"), Some(Ok("next")));
    }

    #[test]
    fn a_line_has_as_many_fields_as_it_should() {
        assert_eq!(fields::<3>("1,,3"), Ok(["1", "", "3"]));
        assert_eq!(fields::<3>("1,2"), Err(Reason::FieldCount));
        assert_eq!(fields::<3>("1,2,3,4"), Err(Reason::FieldCount));
    }

    #[test]
    fn numbers_with_an_exponent_are_read_and_words_are_not() {
        assert_eq!(decimal("1E-05").map(|d| d.to_string()), Ok("0.00001".into()));
        assert_eq!(
            decimal("0.029768000000000003").map(|d| d.to_string()),
            Ok("0.029768000000000003".into())
        );
        for text in ["", "NaN", "inf", "1,0", " 1", "0x10", "--1"] {
            assert_eq!(decimal(text), Err(Reason::Number), "{text:?}");
        }
    }
}
