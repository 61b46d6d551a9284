//! Market quotes, one JSON object a line: `data/market/quotes.ndjson`.
//!
//! `{"instrument_id": "BINANCE:BTCUSDT", "bid_px": "…", "ask_px": "…", "as_of": "2026-01-06T10:00:00Z"}`, with
//! `bid_qty`, `ask_qty`, `last_px` and `interval_qty` where the source has them. Figures are decimals, as strings or
//! as JSON numbers, and exact or refused; none is negative. A zero price is a side without a price.

use std::io::BufRead;

use fillwright_domain::{Decimal, InstrumentId, Px, Qty, Quote, Timestamp};

use crate::asset::parse_symbol;
use crate::fields::Fields;
use crate::json::{Node, Value};
use crate::lines::{Line, LineRecords, Position, ReadLine};
use crate::refusal::{Fault, Refusal};

const FIELDS: &[&str] = &[
    "instrument_id",
    "bid_px",
    "ask_px",
    "bid_qty",
    "ask_qty",
    "last_px",
    "interval_qty",
    "as_of",
];
const FIGURE: &str = "a decimal that is not negative, of at most 18 decimals";
const INSTANT: &str = "an instant of RFC 3339 with its zone, as \"2026-01-06T10:00:00Z\"";
const VALUES_MAX: usize = 64;

/// The quotes of a file, line by line.
pub type Quotes<R> = LineRecords<R, QuoteLine>;

/// Reads one line as a quote.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuoteLine;

impl<R: BufRead> Quotes<R> {
    /// Reads a file from its start.
    pub fn new(source: &str, input: R) -> Self {
        Self::resume(source, input, Position::default())
    }

    /// Reads on from a position reached before; `input` must start at its byte.
    pub fn resume(source: &str, input: R, from: Position) -> Self {
        Self::start(source, input, QuoteLine, from)
    }
}

impl ReadLine for QuoteLine {
    type Record = (InstrumentId, Quote);

    fn read_line(&mut self, line: &Line<'_>) -> Result<Option<Self::Record>, Refusal> {
        line.json(VALUES_MAX, quote).map(Some)
    }
}

fn quote(node: &Node) -> Result<(InstrumentId, Quote), Fault> {
    let fields = Fields::of(node)?.only(FIELDS)?;
    let instrument_id = fields.required("instrument_id", |node| {
        parse_symbol(node.string("VENUE:SYMBOL in quotes")?).map_err(|kind| node.fault(kind))
    })?;
    let quote = Quote {
        bid_px: fields.required("bid_px", figure).map(Px::new)?,
        ask_px: fields.required("ask_px", figure).map(Px::new)?,
        bid_qty: fields.nullable("bid_qty", figure)?.map(Qty::new),
        ask_qty: fields.nullable("ask_qty", figure)?.map(Qty::new),
        last_px: fields.nullable("last_px", figure)?.map(Px::new),
        interval_qty: fields.nullable("interval_qty", figure)?.map(Qty::new),
        as_of: fields.required("as_of", instant)?,
    };
    Ok((instrument_id, quote))
}

fn figure(node: &Node) -> Result<Decimal, Fault> {
    let (text, parsed) = match &node.value {
        Value::String(text) => (&**text, Decimal::parse(text).map(|value| (value, false))),
        _ => (
            node.number(FIGURE)?,
            node.decimal(FIGURE).map(|parsed| (parsed.value, parsed.truncated)).map(Ok)?,
        ),
    };
    let (value, truncated) = parsed.map_err(|reason| node.not_exact(text, reason, FIGURE))?;
    if truncated || value.is_negative() { Err(node.out_of_range(text, FIGURE)) } else { Ok(value) }
}

fn instant(node: &Node) -> Result<Timestamp, Fault> {
    let text = node.string(INSTANT)?;
    let instant = text.parse::<jiff::Timestamp>().ok();
    let ns = instant.and_then(|instant| i64::try_from(instant.as_nanosecond()).ok());
    ns.map(Timestamp::from_ns).ok_or_else(|| node.out_of_range(text, INSTANT))
}
