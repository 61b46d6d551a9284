//! Times, hashes and ids as text.

use fillwright_domain::{Plane, Timestamp, hex};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// Sixteen bytes as a UUID.
pub(crate) fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = hex::write(bytes);
    for dash in [20, 16, 12, 8] {
        text.insert(dash, '-');
    }
    text
}

/// The plane of this name.
pub(crate) fn plane(name: &str) -> Option<Plane> {
    let name: StrDeserializer<Error> = name.into_deserializer();
    Plane::deserialize(name).ok()
}

/// A time as RFC 3339 has it, in UTC with nanoseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    format!("{:.9}", instant(at))
}

/// A time as it stands in the name of a kept version: `YYYYMMDD_HHMMSS`.
pub(crate) fn compact(at: Timestamp) -> String {
    instant(at).strftime("%Y%m%d_%H%M%S").to_string()
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_nanosecond(i128::from(at.as_ns()))
        .expect("64 bits of nanoseconds reach from 1677 to 2262")
}
