//! Identifiers: those others gave us, and those derived from them so that a resubmission can never be a second order.

use crate::hex;
use crate::text::text_types;
use sha2::{Digest, Sha256};

text_types! {
    /// Names an intent; its sender chooses it, and the same name is the same intent for ever.
    IntentId;
    /// Names a strategy in the rulebook.
    StrategyId;
    /// Names an account: what a broker or venue holds us to; books belong to one.
    AccountId;
    /// Names a lane: a path to the market with a capital budget of its own (`live_canary`).
    LaneId;
    /// Names a book: the unit of capital, positions and results.
    BookId;
    /// Names an instrument as `VENUE:SYMBOL`, for example `BINANCE:BTCUSDT.P`.
    InstrumentId;
    /// Names a venue (`BINANCE`, `NASDAQ`).
    VenueId;
    /// Names a trading calendar of the rulebook.
    CalendarId;
    /// Names an upstream research run (`Source_Run`).
    RunId;
    /// Names a position as the portfolio manager keeps it.
    PositionId;
    /// Names an incident: the entry that opened it, and its place there.
    IncidentId;
    /// A person or service that asked for something.
    Principal;
    /// Names a logical route: a manner of trading (`smart_limit`), mapped to brokers in each environment.
    RouteId;
    /// Names a broker: a connection orders go out on, `config/brokers/NAME.json`.
    BrokerId;
    /// Names a session: a period in which strategies may use a lane.
    SessionId;
    /// The venue's own name for an order (FIX 37).
    VenueOrderId;
    /// The venue's own name for one execution report (FIX 17).
    ExecId;
    /// The order's name at the venue (FIX 11): derived, at most 36 letters and digits.
    ClientOrderId;
}

/// Why a text cannot serve as an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// Longer than [`ID_BYTES_MAX`].
    #[error("is longer than {ID_BYTES_MAX} bytes")]
    TooLong,
    /// A control character, at this byte.
    #[error("has a control character at byte {position}")]
    ControlCharacter {
        /// Byte offset of the character.
        position: usize,
    },
}

/// The longest identifier accepted at an edge, in bytes.
pub const ID_BYTES_MAX: usize = 128;

/// Checks that a text from outside can serve as an identifier.
///
/// # Errors
///
/// `IdError` says what is wrong with it.
pub fn check_id(text: &str) -> Result<(), IdError> {
    match text.char_indices().find(|(_, c)| c.is_control()) {
        _ if text.is_empty() => Err(IdError::Empty),
        _ if text.len() > ID_BYTES_MAX => Err(IdError::TooLong),
        Some((position, _)) => Err(IdError::ControlCharacter { position }),
        None => Ok(()),
    }
}

impl AccountId {
    /// The account of books that name none.
    pub fn main() -> Self {
        Self::new("main")
    }
}

impl InstrumentId {
    /// The instrument of a venue namespace and a symbol; the namespace is written in capitals.
    pub fn of(venue: &str, symbol: &str) -> Self {
        Self::new(format!("{}:{symbol}", venue.to_uppercase()))
    }

    /// The part before the colon, or nothing where there is no colon.
    pub fn venue(&self) -> Option<&str> {
        self.as_str().split_once(':').map(|(venue, _)| venue)
    }
}

/// Declares a 16-byte identifier written as a UUID of version 8 (RFC 9562: content of our own choosing).
macro_rules! derived_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The identifier with these bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The identifier's bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for (i, byte) in self.0.iter().enumerate() {
                    let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write!(f, "{dash}{byte:02x}")?;
                }
                Ok(())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = UuidError;

            fn from_str(text: &str) -> Result<Self, UuidError> {
                parse_uuid(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes = d.bytes()?.try_into();
                bytes.map(Self).map_err(|_| minicbor::decode::Error::message("expected 16 bytes"))
            }
        }
    )+};
}

derived_ids! {
    /// A short name for an intent, derived from its partition and id: what the kernel remembers of it for ever.
    IntentKey;
    /// A digest of everything an intent says, so that the same id with other content is noticed.
    ContentDigest;
    /// Names one child order; derived from its intent and its number.
    OrderIntentId;
    /// Names the one outcome of a child order; derived from the order.
    ExecutionId;
    /// Names a request for approval; derived from the exact change and the entry that made it.
    RequestId;
}

/// A text that is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a UUID of 32 hexadecimal digits")]
pub struct UuidError;

fn parse_uuid(text: &str) -> Result<[u8; 16], UuidError> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    hex::read(&digits).ok_or(UuidError)
}

impl IntentKey {
    /// Derives the key of an intent in a partition.
    pub fn derive(partition: &str, intent_id: &IntentId) -> Self {
        Self(as_uuid(derive(&[
            b"fillwright/intent/1\0",
            partition.as_bytes(),
            b"\0",
            intent_id.as_str().as_bytes(),
        ])))
    }
}

impl ContentDigest {
    /// Digests the canonical bytes of an intent.
    pub fn of(content: &[u8]) -> Self {
        Self(derive(&[content]))
    }
}

impl RequestId {
    /// Derives the name of a request from the digest of its change and the entry that made it, so that what was approved
    /// is never confused with the same change asked for again.
    pub fn derive(change: ContentDigest, seq: u64) -> Self {
        Self(as_uuid(derive(&[b"fillwright/request/1\0", &change.0, &seq.to_be_bytes()])))
    }
}

impl OrderIntentId {
    /// Derives the name of the `child_no`-th order of an intent: the intent's key with the number folded into its last
    /// four bytes, so no two children of an intent share one, and no two intents do but where their keys nearly collide.
    pub fn derive(intent: IntentKey, child_no: u32) -> Self {
        Self(fold_in(intent.0, child_no))
    }

    /// The key of the intent whose `child_no`-th order this is.
    #[must_use]
    pub fn intent_key(&self, child_no: u32) -> IntentKey {
        IntentKey(fold_in(self.0, child_no))
    }

    /// The order's name at the venue: two letters and 32 hexadecimal digits, within every venue's limits.
    pub fn client_order_id(&self) -> ClientOrderId {
        ClientOrderId::new(format!("fw{}", hex::write(&self.0)))
    }
}

impl ExecutionId {
    /// Derives the name of an order's outcome: one order, one outcome, one name. The order's own bits, each turned over
    /// but for the version and variant of the UUID: as unlike any other as the order is, and no order's name.
    pub fn derive(order: OrderIntentId) -> Self {
        Self(as_uuid(order.0.map(|byte| !byte)))
    }
}

/// A number folded into the last four bytes; folded in twice it is gone again.
fn fold_in(mut bytes: [u8; 16], number: u32) -> [u8; 16] {
    for (byte, number) in bytes[12..].iter_mut().zip(number.to_be_bytes()) {
        *byte ^= number;
    }
    bytes
}

/// The first 128 bits of SHA-256 over the parts.
fn derive(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id
}

/// Marks 16 bytes as a UUID of version 8, variant 10.
fn as_uuid(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}
