//! How the words of the trade look in JSON, for the schemas of the documents that use them.

use crate::{
    AccountId, BookId, BrokerId, CalendarId, Decimal, InstrumentId, LaneId, Notional, Principal,
    Px, Qty, Ratio, RouteId, RunId, Scope, SessionId, StrategyId, Text, VenueId,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// Writes a type as a string in JSON, of a stated pattern where it has one.
macro_rules! strings {
    ($($name:ident $(matches $pattern:literal)?;)+) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string" $(, "pattern": $pattern)? })
            }
        }
    )+};
}

strings! {
    AccountId;
    BookId;
    BrokerId;
    CalendarId;
    InstrumentId;
    LaneId;
    Principal;
    RouteId;
    RunId;
    SessionId;
    Scope matches "^(global|environment|(lane|account|strategy|venue|instrument):.+)$";
    StrategyId;
    Text;
    VenueId;
    // A quoted decimal: a number may have been through a float.
    Decimal matches "^-?[0-9]+(\\.[0-9]+)?$";
    Notional matches "^-?[0-9]+(\\.[0-9]+)?$";
    Px matches "^-?[0-9]+(\\.[0-9]+)?$";
    Qty matches "^-?[0-9]+(\\.[0-9]+)?$";
    Ratio matches "^-?[0-9]+(\\.[0-9]+)?$";
}
