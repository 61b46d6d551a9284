//! Which column of a table is what, as people write it.

use crate::zone::Zone;
use fillwright_domain::{Decimal, Timestamp};
use jiff::civil::DateTime;
use serde::Deserialize;

/// Units of a decimal in a nanosecond of a second.
const MANTISSA_PER_NS_OF_SECOND: i128 = 1_000_000_000;

/// Which column is what.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(super) venue: String,
    pub(super) symbol: String,
    pub(super) symbol_column: Option<String>,
    pub(super) zone: Zone,
    pub(super) time: String,
    pub(super) received: Option<String>,
    pub(super) time_unit: TimeUnit,
    pub(super) columns: Columns,
}

/// The mapping as it is written (JSON).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// `VENUE:SYMBOL`, or `VENUE:` where a column holds the symbol.
    instrument: String,
    /// The column that holds the symbol.
    symbol: Option<String>,
    /// The market's time zone; UTC where none is named.
    zone: Option<String>,
    /// The column of the event time.
    time: String,
    /// The column of the receive time.
    received: Option<String>,
    /// What times are counted in.
    time_unit: TimeUnit,
    trades: Option<TradeColumns>,
    quotes: Option<QuoteColumns>,
    bars: Option<BarColumns>,
}

/// What times are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds since 1970 UTC, with decimals.
    Seconds,
    /// Milliseconds, with decimals.
    Milliseconds,
    /// Microseconds, with decimals.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
    /// Dates and times as text, `2013-01-01 22:00:00.295000+00:00`; UTC where none says otherwise.
    Text,
}

/// What the rows are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// Trades.
    Trades(TradeColumns),
    /// Best quotes.
    Quotes(QuoteColumns),
    /// Bars of trades.
    Bars(BarColumns),
}

/// Columns of trades.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeColumns {
    pub(super) price: String,
    pub(super) qty: String,
    /// Who crossed the spread: buy or sell.
    pub(super) side: Option<String>,
    /// Whether the buyer was there first: then the seller crossed.
    pub(super) buyer_maker: Option<String>,
    pub(super) trade_id: Option<String>,
}

/// Columns of best quotes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteColumns {
    pub(super) bid: String,
    pub(super) ask: String,
    pub(super) bid_qty: Option<String>,
    pub(super) ask_qty: Option<String>,
}

/// Columns of bars.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarColumns {
    pub(super) open: String,
    pub(super) high: String,
    pub(super) low: String,
    pub(super) close: String,
    pub(super) qty: String,
    /// How long a bar is.
    pub(super) seconds: u32,
}

impl BarColumns {
    pub(super) fn span_ns(&self) -> i64 {
        i64::from(self.seconds) * 1_000_000_000
    }
}

/// What is wrong with a mapping.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// Not JSON, or not a mapping.
    #[error("the mapping cannot be read")]
    Json(#[from] serde_json::Error),
    /// The rows must be of one thing.
    #[error("a mapping names the columns of trades, quotes or bars: exactly one of them")]
    NotOneKind,
    /// No instrument.
    #[error("instrument must be VENUE:SYMBOL, or VENUE: beside the column of the symbol")]
    Instrument,
    /// No such zone.
    #[error(transparent)]
    Zone(#[from] crate::zone::UnknownZone),
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    ///
    /// `MappingError`.
    pub fn parse(json: &str) -> Result<Self, MappingError> {
        let document: Document = serde_json::from_str(json)?;
        let columns = match (document.trades, document.quotes, document.bars) {
            (Some(columns), None, None) => Columns::Trades(columns),
            (None, Some(columns), None) => Columns::Quotes(columns),
            (None, None, Some(columns)) => Columns::Bars(columns),
            _ => return Err(MappingError::NotOneKind),
        };
        let (venue, symbol) =
            document.instrument.split_once(':').ok_or(MappingError::Instrument)?;
        if venue.is_empty() || symbol.is_empty() != document.symbol.is_some() {
            return Err(MappingError::Instrument);
        }
        Ok(Self {
            venue: venue.to_owned(),
            symbol: symbol.to_owned(),
            symbol_column: document.symbol,
            zone: document.zone.map_or_else(|| Ok(Zone::utc()), |zone| Zone::named(&zone))?,
            time: document.time,
            received: document.received,
            time_unit: document.time_unit,
            columns,
        })
    }

    /// Every column it names.
    pub(super) fn columns(&self) -> Vec<&str> {
        let mut named = vec![&self.time];
        named.extend(&self.received);
        named.extend(&self.symbol_column);
        match &self.columns {
            Columns::Trades(TradeColumns { price, qty, side, buyer_maker, trade_id }) => {
                named.extend([price, qty]);
                named.extend(side.iter().chain(buyer_maker).chain(trade_id));
            }
            Columns::Quotes(QuoteColumns { bid, ask, bid_qty, ask_qty }) => {
                named.extend([bid, ask]);
                named.extend(bid_qty.iter().chain(ask_qty));
            }
            Columns::Bars(BarColumns { open, high, low, close, qty, .. }) => {
                named.extend([open, high, low, close, qty]);
            }
        }
        named.into_iter().map(String::as_str).collect()
    }
}

impl TimeUnit {
    /// The instant of a text, exact to the nanosecond; nothing where it would have to be rounded.
    pub(super) fn instant(self, text: &str) -> Option<Timestamp> {
        let zeros = match self {
            Self::Seconds => 0,
            Self::Milliseconds => 3,
            Self::Microseconds => 6,
            Self::Nanoseconds => 9,
            Self::Text => return from_text(text),
        };
        let mantissa = Decimal::parse(text).ok()?.mantissa();
        let unit = MANTISSA_PER_NS_OF_SECOND * 10_i128.pow(zeros);
        let is_whole = mantissa % unit == 0;
        let ns = i64::try_from(mantissa / unit).ok()?;
        is_whole.then_some(Timestamp::from_ns(ns))
    }
}

fn from_text(text: &str) -> Option<Timestamp> {
    let instant = text.parse::<jiff::Timestamp>().ok();
    let instant = instant.or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    });
    let ns = instant?.as_nanosecond();
    i64::try_from(ns).ok().map(Timestamp::from_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_any_unit_is_exact_to_the_nanosecond() {
        let ns = |unit: TimeUnit, text| unit.instant(text).map(Timestamp::as_ns);
        assert_eq!(ns(TimeUnit::Seconds, "1.000000001"), Some(1_000_000_001));
        assert_eq!(ns(TimeUnit::Milliseconds, "1.5"), Some(1_500_000));
        assert_eq!(ns(TimeUnit::Microseconds, "1598918403696000"), Some(1_598_918_403_696_000_000));
        assert_eq!(ns(TimeUnit::Nanoseconds, "7"), Some(7));
        assert_eq!(ns(TimeUnit::Nanoseconds, "7.5"), None);
        let text = "2013-01-01 22:00:00.295000+00:00";
        assert_eq!(ns(TimeUnit::Text, text), Some(1_357_077_600_295_000_000));
        assert_eq!(ns(TimeUnit::Text, "1970-01-01T00:00:01"), Some(1_000_000_000));
        assert_eq!(ns(TimeUnit::Text, "yesterday"), None);
    }

    #[test]
    fn a_mapping_is_of_one_thing_and_names_an_instrument() {
        let parse =
            |json: &str| Mapping::parse(json).map(|_| ()).map_err(|error| error.to_string());
        let quotes = r#""time":"t","time_unit":"text","quotes":{"bid":"b","ask":"a"}"#;
        assert_eq!(parse(&format!(r#"{{"instrument":"FX:USDJPY",{quotes}}}"#)), Ok(()));
        for instrument in ["USDJPY", "FX:", ":USDJPY"] {
            let told = parse(&format!(r#"{{"instrument":"{instrument}",{quotes}}}"#));
            assert!(told.is_err_and(|error| error.contains("VENUE:SYMBOL")), "{instrument}");
        }
        let neither = r#"{"instrument":"FX:USDJPY","time":"t","time_unit":"text"}"#;
        assert!(parse(neither).is_err_and(|error| error.contains("exactly one")));
        let unknown = format!(r#"{{"instrument":"FX:USDJPY","colour":"red",{quotes}}}"#);
        assert!(parse(&unknown).is_err());
    }
}
