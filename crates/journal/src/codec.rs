//! The payload of an entry: one input and the events it led to, as CBOR with numbered fields.
//!
//! `u32` little-endian length of the input, the input, the events as an array. Replay reads the events alone and never
//! looks at the input. Fields are numbered in the types themselves; a new optional field takes the next number, so old
//! entries stay readable and older readers pass over what they do not know (`docs/decisions/0002-encoding.md`).

use crate::Hash;
use fillwright_kernel::{Event, Input, State};
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
    let start = buffer.len();
    buffer.extend([0; LENGTH_BYTES]);
    minicbor::encode(input, &mut *buffer).expect("writing to memory cannot fail");
    let length =
        u32::try_from(buffer.len() - start - LENGTH_BYTES).expect("an input is far below 4 GiB");
    buffer[start..start + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    minicbor::encode(events, buffer).expect("writing to memory cannot fail");
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
    let decoded = decoder.decode().map_err(|source| CodecError::Cbor { part: "events", source })?;
    match events.len() - decoder.position() {
        0 => Ok(decoded),
        rest => Err(CodecError::Trailing(rest)),
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
