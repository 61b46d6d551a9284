//! A buffer to encode into.

use std::convert::Infallible;

/// Appends encoded bytes to a buffer. Most of what CBOR writes is a single byte, which costs less to push than to copy.
pub struct Sink<'a>(pub &'a mut Vec<u8>);

impl minicbor::encode::Write for Sink<'_> {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        match bytes {
            [byte] => self.0.push(*byte),
            bytes => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }
}
