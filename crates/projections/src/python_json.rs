//! JSON exactly as Python's `json.dumps(record, sort_keys=True)` writes it, so that a few lines of Python verify a hash.
//!
//! Separators are `", "` and `": "`, and every character outside printable ASCII is escaped. Keys are in the order of
//! the fields, which the types that are written this way declare sorted. There are no floats.

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{Result, Write};

/// Appends a value to a buffer.
pub(crate) fn write(value: &impl Serialize, to: &mut Vec<u8>) {
    let mut serializer = Serializer::with_formatter(to, Python);
    value.serialize(&mut serializer).expect("a record has text keys and memory takes it");
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        text: &str,
    ) -> Result<()> {
        let is_plain = |byte: &u8| (0x20..0x7f).contains(byte);
        if text.as_bytes().iter().all(is_plain) {
            return writer.write_all(text.as_bytes());
        }
        for character in text.chars() {
            if (' '..='~').contains(&character) {
                write!(writer, "{character}")?;
            } else {
                escape(writer, character)?;
            }
        }
        Ok(())
    }
}

fn escape<W: ?Sized + Write>(writer: &mut W, character: char) -> Result<()> {
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(writer, "\\u{unit:04x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_python_escapes_it() {
        let mut written = Vec::new();
        write(&("a\"b\\c\n\u{1}", "é\u{7f}😀", 7, [true]), &mut written);
        let expected = r#"["a\"b\\c\n\u0001", "\u00e9\u007f\ud83d\ude00", 7, [true]]"#;
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}
