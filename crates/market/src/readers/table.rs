//! Tables of any source, CSV or Parquet: a mapping says which column is what.

mod csv;
mod mapping;
mod parquet;

pub use mapping::{Columns, Mapping, MappingError, TimeUnit};

use crate::event::{Bar, Body, Candle, Level, MarketEvent, Quote, QuoteSide, Trade, TradeFlags};
use crate::lines::{decimal, px, qty};
use crate::refused::{Reason, Refusal, Refused};
use crate::source::{Listing, Listings, MarketError, Source};
use fillwright_domain::{InstrumentId, Px, Qty, Side, Timestamp};
use mapping::{BarColumns, QuoteColumns, TradeColumns};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Opens a table.
///
/// # Errors
///
/// `Open`; `Unreadable` where the file is no table or lacks a column that the mapping names.
pub fn open(path: &Path, mapping: Mapping) -> Result<Box<dyn Source>, MarketError> {
    let is_parquet = path.extension().is_some_and(|ending| ending == "parquet");
    let rows: Box<dyn Rows> =
        if is_parquet { Box::new(parquet::open(path)?) } else { Box::new(csv::open(path)?) };
    let table = Table::new(path, rows, mapping);
    Ok(Box::new(table.map_err(|reason| MarketError::unreadable(path, reason))?))
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    /// Text, or a number as it would be written.
    Text(String),
    /// An instant the file itself says is one.
    Instant(Timestamp),
    /// Nothing.
    Missing,
}

/// The rows of a table.
trait Rows {
    /// The names of the columns.
    fn names(&self) -> Vec<String>;
    /// Reads the next row into `cells`, as many as there are names; `None` at the end.
    fn next(&mut self, cells: &mut Vec<Cell>) -> Option<Result<(), RowError>>;
    /// The row that was read last, as people count them in that kind of file.
    fn position(&self) -> u64;
    fn bytes_taken(&self) -> u64;
}

/// Why there is no row.
enum RowError {
    /// This one makes no sense; the next may.
    Row(Reason),
    /// The file cannot be read on.
    File(std::io::Error),
}

struct Table {
    path: PathBuf,
    rows: Box<dyn Rows>,
    cells: Vec<Cell>,
    mapping: Mapping,
    /// Where each column that is named stands.
    places: BTreeMap<String, usize>,
    listings: Listings,
    refused: Refused,
}

impl Table {
    fn new(path: &Path, rows: Box<dyn Rows>, mapping: Mapping) -> Result<Self, String> {
        let names = rows.names();
        let mut places = BTreeMap::new();
        for column in mapping.columns() {
            let place = names.iter().position(|name| name == column).ok_or_else(|| {
                format!("there is no column {column:?}; there are {}", names.join(", "))
            })?;
            places.insert(column.to_owned(), place);
        }
        let (cells, listings, refused) = (Vec::new(), Listings::default(), Refused::default());
        Ok(Self { path: path.to_owned(), rows, cells, mapping, places, listings, refused })
    }

    fn cell(&self, column: &str) -> &Cell {
        self.places.get(column).and_then(|place| self.cells.get(*place)).unwrap_or(&Cell::Missing)
    }

    fn text(&self, column: &str) -> Option<&str> {
        match self.cell(column) {
            Cell::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn px(&self, column: &str) -> Result<Px, Reason> {
        px(decimal(self.text(column).ok_or(Reason::Number)?)?)
    }

    fn qty(&self, column: &str) -> Result<Qty, Reason> {
        qty(decimal(self.text(column).ok_or(Reason::Number)?)?)
    }

    fn instant(&self, column: &str) -> Result<Timestamp, Reason> {
        match self.cell(column) {
            Cell::Instant(at) => Ok(*at),
            Cell::Text(text) => self.mapping.time_unit.instant(text).ok_or(Reason::Time),
            Cell::Missing => Err(Reason::Time),
        }
    }

    /// One row as an event.
    fn tell(&mut self, event: &mut MarketEvent) -> Result<(), Reason> {
        event.event_at = self.instant(&self.mapping.time)?;
        event.received_at = match &self.mapping.received {
            Some(column) => self.instant(column)?,
            None => event.event_at,
        };
        let columns = self.mapping.columns.clone();
        event.body = match &columns {
            Columns::Trades(columns) => Body::Trade(self.trade(columns)?),
            Columns::Quotes(columns) => Body::Quote(self.quote(columns)?),
            Columns::Bars(columns) => {
                let end = event.event_at.as_ns().checked_add(columns.span_ns());
                event.received_at = Timestamp::from_ns(end.ok_or(Reason::Time)?);
                Body::Bar(self.bar(columns)?)
            }
        };
        let symbol = match &self.mapping.symbol_column {
            Some(column) => self.text(column).ok_or(Reason::Instrument)?,
            None => &self.mapping.symbol,
        };
        let instrument = InstrumentId::of(&self.mapping.venue, symbol);
        event.instrument = self.listings.number(&instrument, &self.mapping.zone);
        Ok(())
    }

    fn trade(&self, columns: &TradeColumns) -> Result<Trade, Reason> {
        let aggressor = match (&columns.side, &columns.buyer_maker) {
            (Some(column), _) => side(self.text(column))?,
            (None, Some(column)) => match truth(self.text(column))? {
                Some(true) => Some(Side::Sell),
                Some(false) => Some(Side::Buy),
                None => None,
            },
            (None, None) => None,
        };
        let trade_id = match &columns.trade_id {
            Some(column) => {
                let text = self.text(column).ok_or(Reason::Number)?;
                Some(text.parse().map_err(|_| Reason::Number)?)
            }
            None => None,
        };
        let (px, qty) = (self.px(&columns.price)?, self.qty(&columns.qty)?);
        Ok(Trade { px, qty, aggressor, trade_id, flags: TradeFlags::NONE })
    }

    /// A price that is not there says that the side was empty.
    fn quote(&self, columns: &QuoteColumns) -> Result<Quote, Reason> {
        let side = |price: &str, size: &Option<String>| {
            let Some(price) = self.text(price) else { return Ok(QuoteSide::Empty) };
            let px = px(decimal(price)?)?;
            let qty = size.as_ref().map(|size| self.qty(size)).transpose()?;
            Ok(QuoteSide::At(Level { px, qty }))
        };
        Ok(Quote {
            bid: side(&columns.bid, &columns.bid_qty)?,
            ask: side(&columns.ask, &columns.ask_qty)?,
        })
    }

    fn bar(&self, columns: &BarColumns) -> Result<Bar, Reason> {
        let candle = Candle {
            open_px: self.px(&columns.open)?,
            high_px: self.px(&columns.high)?,
            low_px: self.px(&columns.low)?,
            close_px: self.px(&columns.close)?,
            qty: self.qty(&columns.qty)?,
        };
        if candle.is_in_order() { Ok(Bar::Trades(candle)) } else { Err(Reason::BarOrder) }
    }

    fn refuse(&mut self, reason: Reason) {
        let (file, line) = (self.path.display().to_string(), self.rows.position());
        self.refused.add(|| Refusal { file, member: None, line, reason }, reason);
    }
}

impl Source for Table {
    fn listings(&self) -> &[Listing] {
        self.listings.all()
    }

    fn read(&mut self, event: &mut MarketEvent) -> Result<bool, MarketError> {
        loop {
            let told = match self.rows.next(&mut self.cells) {
                None => return Ok(false),
                Some(Ok(())) => self.tell(event),
                Some(Err(RowError::Row(reason))) => Err(reason),
                Some(Err(RowError::File(source))) => {
                    let line = self.rows.position() + 1;
                    let place = format!("{}, line {line}", self.path.display());
                    return Err(MarketError::Read { place, source });
                }
            };
            match told {
                Ok(()) => return Ok(true),
                Err(reason) => self.refuse(reason),
            }
        }
    }

    fn refused(&self) -> &Refused {
        &self.refused
    }

    fn bytes_taken(&self) -> u64 {
        self.rows.bytes_taken()
    }
}

/// Who crossed the spread, in the words sources use.
fn side(text: Option<&str>) -> Result<Option<Side>, Reason> {
    let Some(text) = text else { return Ok(None) };
    Ok(match text.to_ascii_lowercase().as_str() {
        "buy" | "b" | "bid" | "1" => Some(Side::Buy),
        "sell" | "s" | "a" | "ask" | "-1" => Some(Side::Sell),
        "unknown" | "none" | "n" | "0" => None,
        _ => return Err(Reason::Word),
    })
}

fn truth(text: Option<&str>) -> Result<Option<bool>, Reason> {
    let Some(text) = text else { return Ok(None) };
    Ok(Some(match text.to_ascii_lowercase().as_str() {
        "true" | "1" => true,
        "false" | "0" => false,
        _ => return Err(Reason::Word),
    }))
}
