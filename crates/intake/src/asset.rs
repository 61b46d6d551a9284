//! One asset row of a portfolio file: what target and actual portfolios have in common.

use fillwright_domain::ids::check_id;
use fillwright_domain::number::Parsed;
use fillwright_domain::{InstrumentId, Ratio};

use crate::fields::Fields;
use crate::json::Node;
use crate::refusal::{Excerpt, Fault, RefusalKind};

const WEIGHT: &str = "a weight as a decimal";
const SYMBOL: &str = "VENUE:SYMBOL, as BINANCE:BTCUSDT";

/// A signed fraction of a book's equity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// The fraction; negative is short.
    pub value: Ratio,
    /// Whether decimals beyond the eighteenth were cut off.
    pub truncated: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Long,
    Short,
}

/// The instrument of a row.
pub(crate) fn symbol(fields: &Fields) -> Result<InstrumentId, Fault> {
    fields.required("Symbol", |node| {
        let text = node.string(SYMBOL)?;
        parse_symbol(text).map_err(|kind| node.fault(kind))
    })
}

/// `VENUE:SYMBOL`, with the venue in capitals.
pub(crate) fn parse_symbol(text: &str) -> Result<InstrumentId, RefusalKind> {
    check_id(text).map_err(RefusalKind::BadId)?;
    let parts =
        text.split_once(':').filter(|(venue, symbol)| !venue.is_empty() && !symbol.is_empty());
    let (venue, symbol) = parts
        .ok_or_else(|| RefusalKind::OutOfRange { found: Excerpt::of(text), expected: SYMBOL })?;
    let instrument_id = InstrumentId::of(venue, symbol);
    check_id(instrument_id.as_str()).map(|()| instrument_id).map_err(RefusalKind::BadId)
}

/// The signed weight of a row: negative where the number is, or where the direction is SHORT.
pub(crate) fn weight(fields: &Fields) -> Result<Weight, Fault> {
    let direction = fields.nullable("Direction", direction)?;
    fields.required("Weight", |node| {
        let Parsed { value, truncated } = node.decimal(WEIGHT)?;
        let value = match direction {
            Some(Direction::Long) if value.is_negative() => {
                return Err(node.fault(RefusalKind::SignAgainstDirection));
            }
            Some(Direction::Short) if value.is_positive() => value.checked_neg(),
            _ => Ok(value),
        };
        let value = value.map_err(|reason| node.not_exact("", reason, WEIGHT))?;
        Ok(Weight { value: Ratio::new(value), truncated })
    })
}

fn direction(node: &Node) -> Result<Direction, Fault> {
    node.one_of(&[("LONG", Direction::Long), ("SHORT", Direction::Short)], "LONG or SHORT")
}
