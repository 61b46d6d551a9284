//! The payload of an entry: one input and the events it led to, as CBOR with numbered fields.
//!
//! `u32` little-endian length of the input, the input, the events as an array. Replay reads the events alone and never
//! looks at the input. Fields are numbered in the types themselves; a new optional field takes the next number, so old
//! entries stay readable and older readers pass over what they do not know (`docs/decisions/0002-encoding.md`).

use crate::Hash;
use fillwright_domain::Sink;
use fillwright_kernel::{Event, Fact, Input, State};
use sha2::{Digest, Sha256};

const LENGTH_BYTES: usize = 4;

/// A payload that is not one input and its events.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Too short to hold the length of its input.
    #[error("the payload ends before the length of its input")]
    Short,
    /// The input is longer than the payload.
    #[error("the payload ends inside its input")]
    InputCut,
    /// Not the CBOR that was expected.
    #[error("the {part} cannot be read")]
    Cbor {
        /// `input` or `events`.
        part: &'static str,
        /// What the decoder met.
        source: minicbor::decode::Error,
    },
    /// Bytes follow the events.
    #[error("{0} bytes follow the events")]
    Trailing(usize),
}

/// Appends the payload of one step to a buffer.
///
/// # Panics
///
/// Never: writing to memory cannot fail, and an input is far below 4 GiB.
pub fn encode_step(input: &Input, events: &[Event], buffer: &mut Vec<u8>) {
    let mut encoded = Vec::new();
    encode_input(input, &mut encoded);
    encode_entry(&encoded, events, buffer);
}

/// Appends an input's bytes to a buffer, so that their length can be looked at before anything is decided.
///
/// # Panics
///
/// Never: writing to memory cannot fail.
pub fn encode_input(input: &Input, buffer: &mut Vec<u8>) {
    minicbor::encode(input, Sink(buffer)).expect("writing to memory cannot fail");
}

/// Appends the payload of a step to a buffer, from its input's bytes and its events.
///
/// # Panics
///
/// Never: writing to memory cannot fail, and an input is far below 4 GiB.
pub fn encode_entry(input: &[u8], events: &[Event], buffer: &mut Vec<u8>) {
    let length = u32::try_from(input.len()).expect("an input is far below 4 GiB");
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(input);
    minicbor::encode(events, Sink(buffer)).expect("writing to memory cannot fail");
}

/// Reads the input of a payload.
///
/// # Errors
///
/// `CodecError` says which part is not what it should be.
pub fn decode_input(payload: &[u8]) -> Result<Input, CodecError> {
    let (input, _) = split(payload)?;
    minicbor::decode(input).map_err(|source| CodecError::Cbor { part: "input", source })
}

/// Reads the events of a payload.
///
/// # Errors
///
/// `CodecError` says which part is not what it should be.
pub fn decode_events(payload: &[u8]) -> Result<Vec<Event>, CodecError> {
    let (_, events) = split(payload)?;
    let mut decoder = minicbor::Decoder::new(events);
    let read = decoder.decode().map_err(|source| CodecError::Cbor { part: "events", source })?;
    match events.len() - decoder.position() {
        0 => Ok(read),
        rest => Err(CodecError::Trailing(rest)),
    }
}

/// What of a payload's events changes the state, one fact after the other. What is recorded only to be read, such as the
/// gates' verdicts, is passed over.
///
/// # Errors
///
/// `CodecError` where the payload has no events; an item is an error where an event cannot be read.
pub fn facts(payload: &[u8]) -> Result<Facts<'_>, CodecError> {
    let (_, events) = split(payload)?;
    let mut decoder = minicbor::Decoder::new(events);
    let left = decoder
        .array()
        .and_then(|count| count.ok_or_else(|| minicbor::decode::Error::message("uncounted")));
    let left = left.map_err(|source| CodecError::Cbor { part: "events", source })?;
    Ok(Facts { decoder, left })
}

/// The facts of one payload.
pub struct Facts<'a> {
    decoder: minicbor::Decoder<'a>,
    left: u64,
}

impl Iterator for Facts<'_> {
    type Item = Result<Fact, CodecError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            self.left -= 1;
            let fact = Fact::decode(&mut self.decoder);
            match fact.map_err(|source| CodecError::Cbor { part: "events", source }) {
                Ok(None) => {}
                Ok(Some(fact)) => return Some(Ok(fact)),
                Err(error) => return Some(Err(error)),
            }
        }
        let rest = self.decoder.input().len() - self.decoder.position();
        self.decoder.set_position(self.decoder.input().len());
        (rest > 0).then_some(Err(CodecError::Trailing(rest)))
    }
}

fn split(payload: &[u8]) -> Result<(&[u8], &[u8]), CodecError> {
    let (length, rest) = payload.split_first_chunk::<LENGTH_BYTES>().ok_or(CodecError::Short)?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(CodecError::InputCut)
}

/// The bytes of a kernel's state, as snapshots hold it. The same state has the same bytes.
///
/// # Panics
///
/// Never: writing to memory cannot fail.
pub fn encode_state(state: &State) -> Vec<u8> {
    minicbor::to_vec(state).expect("writing to memory cannot fail")
}

/// Reads a kernel's state back.
///
/// # Errors
///
/// `CodecError` where the bytes are not a state.
pub fn decode_state(bytes: &[u8]) -> Result<State, CodecError> {
    minicbor::decode(bytes).map_err(|source| CodecError::Cbor { part: "state", source })
}

/// SHA-256 over the bytes of a state: equal exactly where the states are.
pub fn state_hash(state: &State) -> Hash {
    Sha256::digest(encode_state(state)).into()
}
