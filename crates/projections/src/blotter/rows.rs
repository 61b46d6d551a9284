//! Rows of the blotter, typed. Decimals are exact.

use crate::Disposition;
use fillwright_domain::{
    BookId, ExecId, InstrumentId, IntentId, Notional, OrderIntentId, Plane, Px, Qty, RunId,
    StrategyId, Timestamp,
};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use serde::Serialize;
use std::collections::BTreeMap;
use std::str::FromStr;

/// An intent and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntentRow {
    /// The entry that accepted it.
    pub seq: u64,
    /// Its name.
    pub intent_id: IntentId,
    /// When it was accepted.
    pub at: Timestamp,
    /// The strategy.
    pub strategy: Option<StrategyId>,
    /// The book.
    pub book: BookId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// The run behind it.
    pub source_run: Option<RunId>,
    /// What was asked for.
    pub action: String,
    /// The plan's quantity.
    pub size: Qty,
    /// The plan's limit price.
    pub limit_px: Option<Px>,
    /// Mid of the quote it was decided by.
    pub decision_px: Option<Px>,
    /// Constraints that changed the order.
    pub constraints: Vec<String>,
    /// `success`, `partial`, `skipped`, `error`; nothing while it is open.
    pub status: Option<String>,
    /// How it ended.
    pub disposition: Option<Disposition>,
    /// The code of the denial, skip or failure.
    pub reason: Option<String>,
    /// Quantity bought.
    pub bought: Option<Qty>,
    /// Quantity sold.
    pub sold: Option<Qty>,
    /// Average price.
    pub avg_px: Option<Px>,
    /// Fees in quote currency.
    pub fees: Option<Notional>,
    /// Cost against the decision, in basis points; positive is worse.
    pub slippage_bps: Option<i64>,
    /// The entry that ended it.
    pub closed_seq: Option<u64>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    /// Its name.
    pub order_intent_id: OrderIntentId,
    /// Its name at the venue.
    pub client_order_id: String,
    /// The entry that accepted its intent.
    pub intent_seq: u64,
    /// The entry that released it.
    pub seq: u64,
    /// When it was released.
    pub at: Timestamp,
    /// Counts an intent's children from 1.
    pub child_no: u32,
    /// The plane.
    pub plane: Plane,
    /// The book.
    pub book: BookId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// `BUY` or `SELL`.
    pub side: String,
    /// Quantity ordered.
    pub qty: Qty,
    /// `market` or `limit`.
    pub order_type: String,
    /// Limit price.
    pub limit_px: Option<Px>,
    /// How long it works.
    pub time_in_force: String,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Whether it may only make.
    pub post_only: bool,
    /// Where it stands.
    pub status: String,
    /// Everything filled.
    pub cum_qty: Qty,
    /// Whether its fate is unknown and a person must look.
    pub stranded: bool,
    /// The entry that changed it last.
    pub updated_seq: u64,
    /// The logical route.
    pub route: Option<String>,
    /// The connection it went out on.
    pub broker: Option<String>,
}

/// A fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FillRow {
    /// The entry.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The order.
    pub order_intent_id: OrderIntentId,
    /// The entry that accepted the intent.
    pub intent_seq: u64,
    /// The instrument.
    pub instrument: InstrumentId,
    /// `BUY` or `SELL`.
    pub side: String,
    /// The venue's name for it; none on paper.
    pub exec_id: Option<ExecId>,
    /// Quantity.
    pub qty: Qty,
    /// Price; none on paper.
    pub last_px: Option<Px>,
    /// Fee in quote currency; none on paper.
    pub fee: Option<Notional>,
    /// Everything filled by then.
    pub cum_qty: Qty,
    /// When the venue says it happened.
    pub transact_at: Option<Timestamp>,
}

/// How an order ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeRow {
    /// Its name.
    pub execution_id: String,
    /// The order.
    pub order_intent_id: OrderIntentId,
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// `FILLED`, `PARTIALLY_FILLED` or `FAILED`.
    pub status: String,
    /// Everything filled.
    pub filled_qty: Qty,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PositionRow {
    /// The plane.
    pub plane: Plane,
    /// The book.
    pub book: BookId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// Signed quantity, never zero.
    pub qty: Qty,
    /// The entry that changed it last.
    pub seq: u64,
}

/// An intent that came again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuplicateRow {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Its name.
    pub intent_id: IntentId,
    /// The entry that accepted the first.
    pub first_seq: u64,
    /// Whether its content was another.
    pub is_conflict: bool,
    /// How the first had ended by then.
    pub status: Option<String>,
}

/// What people and documents changed, and what was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdminRow {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The event.
    pub what: String,
    /// Who.
    pub by: Option<String>,
    /// Why.
    pub reason: String,
    /// The rulebook's version, the run, or the one who asked first.
    pub subject: Option<String>,
}

/// How many there are of what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counts(pub(super) BTreeMap<String, u64>);

impl Counts {
    /// Intents that ended so.
    pub fn of(&self, disposition: Disposition) -> u64 {
        self.named(disposition.as_str())
    }

    /// Intents that were accepted, open ones included.
    pub fn intents(&self) -> u64 {
        self.named("intents")
    }

    /// Intents that are open.
    pub fn open(&self) -> u64 {
        let ended: u64 = Disposition::ALL.into_iter().map(|disposition| self.of(disposition)).sum();
        self.intents().saturating_sub(ended)
    }

    /// Intents that came again with the same content.
    pub fn duplicates(&self) -> u64 {
        self.named("duplicate")
    }

    /// Intents that came with a known name and other content.
    pub fn conflicts(&self) -> u64 {
        self.named("conflict")
    }

    /// Orders that were released.
    pub fn orders(&self) -> u64 {
        self.named("orders")
    }

    /// Fills.
    pub fn fills(&self) -> u64 {
        self.named("fills")
    }

    /// Everything that is counted, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(what, n)| (what.as_str(), *n))
    }

    fn named(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }
}

impl IntentRow {
    pub(super) const COLUMNS: &str = "seq, intent_id, at_ns, strategy, book, instrument, source_run, action, size, \
        limit_px, decision_px, constraints, status, disposition, reason, bought, sold, avg_px, fees, slippage_bps, \
        closed_seq, closed_at_ns";

    pub(super) fn read(row: &Row) -> Result<Self> {
        let constraints: String = row.get(11)?;
        let disposition: Option<String> = row.get(13)?;
        Ok(Self {
            seq: row.get(0)?,
            intent_id: text(row, 1)?,
            at: at(row, 2)?,
            strategy: optional_text(row, 3)?,
            book: text(row, 4)?,
            instrument: text(row, 5)?,
            source_run: optional_text(row, 6)?,
            action: row.get(7)?,
            size: parsed(row, 8)?,
            limit_px: optional(row, 9)?,
            decision_px: optional(row, 10)?,
            constraints: constraints
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            status: row.get(12)?,
            disposition: disposition.and_then(|word| Disposition::named(&word)),
            reason: row.get(14)?,
            bought: optional(row, 15)?,
            sold: optional(row, 16)?,
            avg_px: optional(row, 17)?,
            fees: optional(row, 18)?,
            slippage_bps: row.get(19)?,
            closed_seq: row.get(20)?,
            closed_at: optional_at(row, 21)?,
        })
    }
}

impl OrderRow {
    pub(super) const COLUMNS: &str = "order_intent_id, client_order_id, intent_seq, seq, at_ns, child_no, plane, book, \
        instrument, side, qty, order_type, limit_px, time_in_force, reduce_only, post_only, status, cum_qty, \
        stranded, updated_seq, route, broker";

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            order_intent_id: parsed(row, 0)?,
            client_order_id: row.get(1)?,
            intent_seq: row.get(2)?,
            seq: row.get(3)?,
            at: at(row, 4)?,
            child_no: row.get(5)?,
            plane: plane(row, 6)?,
            book: text(row, 7)?,
            instrument: text(row, 8)?,
            side: row.get(9)?,
            qty: parsed(row, 10)?,
            order_type: row.get(11)?,
            limit_px: optional(row, 12)?,
            time_in_force: row.get(13)?,
            reduce_only: row.get(14)?,
            post_only: row.get(15)?,
            status: row.get(16)?,
            cum_qty: parsed(row, 17)?,
            stranded: row.get(18)?,
            updated_seq: row.get(19)?,
            route: row.get(20)?,
            broker: row.get(21)?,
        })
    }
}

impl FillRow {
    pub(super) const COLUMNS: &str = "fills.seq, fills.at_ns, order_intent_id, intent_seq, instrument, side, exec_id, \
        fills.qty, last_px, fee, fills.cum_qty, transact_at_ns";

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at: at(row, 1)?,
            order_intent_id: parsed(row, 2)?,
            intent_seq: row.get(3)?,
            instrument: text(row, 4)?,
            side: row.get(5)?,
            exec_id: optional_text(row, 6)?,
            qty: parsed(row, 7)?,
            last_px: optional(row, 8)?,
            fee: optional(row, 9)?,
            cum_qty: parsed(row, 10)?,
            transact_at: optional_at(row, 11)?,
        })
    }
}

impl OutcomeRow {
    pub(super) const COLUMNS: &str = "execution_id, order_intent_id, outcomes.seq, outcomes.at_ns, outcomes.status, \
        filled_qty, reason";

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            execution_id: row.get(0)?,
            order_intent_id: parsed(row, 1)?,
            seq: row.get(2)?,
            at: at(row, 3)?,
            status: row.get(4)?,
            filled_qty: parsed(row, 5)?,
            reason: row.get(6)?,
        })
    }
}

impl PositionRow {
    pub(super) const COLUMNS: &str = "plane, book, instrument, qty, seq";

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            plane: plane(row, 0)?,
            book: text(row, 1)?,
            instrument: text(row, 2)?,
            qty: parsed(row, 3)?,
            seq: row.get(4)?,
        })
    }
}

impl DuplicateRow {
    pub(super) const COLUMNS: &str = "seq, at_ns, intent_id, first_seq, kind = 'conflict', status";

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at: at(row, 1)?,
            intent_id: text(row, 2)?,
            first_seq: row.get(3)?,
            is_conflict: row.get(4)?,
            status: row.get(5)?,
        })
    }
}

impl AdminRow {
    pub(super) const COLUMNS: &str = "seq, at_ns, what, by, reason, subject";

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at: at(row, 1)?,
            what: row.get(2)?,
            by: row.get(3)?,
            reason: row.get(4)?,
            subject: row.get(5)?,
        })
    }
}

fn at(row: &Row, column: usize) -> Result<Timestamp> {
    row.get(column).map(Timestamp::from_ns)
}

fn optional_at(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ns))
}

fn text<T: From<String>>(row: &Row, column: usize) -> Result<T> {
    row.get::<_, String>(column).map(T::from)
}

fn optional_text<T: From<String>>(row: &Row, column: usize) -> Result<Option<T>> {
    Ok(row.get::<_, Option<String>>(column)?.map(T::from))
}

fn parsed<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &Row,
    column: usize,
) -> Result<T> {
    parse(&row.get::<_, String>(column)?, column)
}

fn optional<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &Row,
    column: usize,
) -> Result<Option<T>> {
    row.get::<_, Option<String>>(column)?.map(|text| parse(&text, column)).transpose()
}

fn parse<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
    column: usize,
) -> Result<T> {
    text.parse()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn plane(row: &Row, column: usize) -> Result<Plane> {
    let name: String = row.get(column)?;
    crate::text::plane(&name).ok_or_else(|| Error::InvalidColumnType(column, name, Type::Text))
}
