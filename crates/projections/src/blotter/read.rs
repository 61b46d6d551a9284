//! Questions to the blotter.

use super::rows::{
    AdminRow, Counts, DuplicateRow, FillRow, IntentRow, OrderRow, OutcomeRow, PositionRow,
};
use crate::error::{self, ProjectionError};
use crate::{Disposition, Paths};
use fillwright_domain::{BookId, InstrumentId, IntentId, OrderIntentId, StrategyId};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, params};
use std::path::PathBuf;

/// The orders of an intent, by the number that says whose they are.
const OF_INTENT: &str = "order_no BETWEEN ?1 << 20 AND (?1 << 20) + 1048575";

/// The blotter, to read; also while another process writes it. Every answer is of one moment: call
/// [`cursor`](Self::cursor) for the entry it reflects at least.
pub struct BlotterReader {
    path: PathBuf,
    database: Connection,
}

/// Which intents; nothing set is all of them.
#[derive(Debug, Clone, Default)]
pub struct IntentFilter {
    /// Only of this book.
    pub book: Option<BookId>,
    /// Only of this strategy.
    pub strategy: Option<StrategyId>,
    /// Only in this instrument.
    pub instrument: Option<InstrumentId>,
    /// Only that ended so.
    pub disposition: Option<Disposition>,
    /// Only open ones.
    pub open_only: bool,
    /// Only accepted before this entry: the next page.
    pub before_seq: Option<u64>,
}

impl BlotterReader {
    /// Opens the blotter of a home.
    ///
    /// # Errors
    ///
    /// `Database` where there is none.
    pub fn open(paths: &Paths) -> Result<Self, ProjectionError> {
        let path = paths.blotter();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database =
            Connection::open_with_flags(&path, flags).map_err(error::database("open", &path, 0))?;
        Ok(Self { path, database })
    }

    /// The last entry that is in it.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn cursor(&self) -> Result<u64, ProjectionError> {
        let seq = self.one("SELECT seq FROM cursor", [], |row| row.get(0))?;
        Ok(seq.unwrap_or(0))
    }

    /// Intents, the newest first.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn intents(
        &self,
        filter: &IntentFilter,
        limit: u32,
    ) -> Result<Vec<IntentRow>, ProjectionError> {
        let sql = format!(
            "SELECT {} FROM intents WHERE (?1 IS NULL OR book = ?1) AND (?2 IS NULL OR strategy = ?2)
             AND (?3 IS NULL OR instrument = ?3) AND (?4 IS NULL OR disposition = ?4)
             AND (NOT ?5 OR status IS NULL) AND (?6 IS NULL OR seq < ?6) ORDER BY seq DESC LIMIT ?7",
            IntentRow::COLUMNS
        );
        let asked = params![
            filter.book.as_ref().map(fillwright_domain::BookId::as_str),
            filter.strategy.as_ref().map(fillwright_domain::StrategyId::as_str),
            filter.instrument.as_ref().map(fillwright_domain::InstrumentId::as_str),
            filter.disposition.map(Disposition::as_str),
            filter.open_only,
            filter.before_seq,
            limit,
        ];
        self.all(&sql, asked, IntentRow::read)
    }

    /// The intent of this name.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn intent(&self, id: &IntentId) -> Result<Option<IntentRow>, ProjectionError> {
        let sql = format!("SELECT {} FROM intents WHERE intent_id = ?1", IntentRow::COLUMNS);
        self.one(&sql, [id.as_str()], IntentRow::read)
    }

    /// The intent that an entry accepted.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn intent_at(&self, seq: u64) -> Result<Option<IntentRow>, ProjectionError> {
        let sql = format!("SELECT {} FROM intents WHERE seq = ?1", IntentRow::COLUMNS);
        self.one(&sql, [seq], IntentRow::read)
    }

    /// The verdicts on an intent as JSON, in the order of the gates.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn verdicts(&self, intent_seq: u64) -> Result<Option<String>, ProjectionError> {
        let sql = "SELECT verdicts FROM verdicts WHERE intent_seq = ?1";
        self.one(sql, [intent_seq], |row| row.get(0))
    }

    /// The newest orders.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn orders(&self, limit: u32) -> Result<Vec<OrderRow>, ProjectionError> {
        let sql =
            format!("SELECT {} FROM orders ORDER BY order_no DESC LIMIT ?1", OrderRow::COLUMNS);
        self.all(&sql, [limit], OrderRow::read)
    }

    /// The orders of an intent.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn orders_of(&self, intent_seq: u64) -> Result<Vec<OrderRow>, ProjectionError> {
        let sql =
            format!("SELECT {} FROM orders WHERE {OF_INTENT} ORDER BY order_no", OrderRow::COLUMNS);
        self.all(&sql, [intent_seq], OrderRow::read)
    }

    /// The order of this name.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn order(&self, id: OrderIntentId) -> Result<Option<OrderRow>, ProjectionError> {
        let sql = format!("SELECT {} FROM orders WHERE order_intent_id = ?1", OrderRow::COLUMNS);
        self.one(&sql, [id.to_string()], OrderRow::read)
    }

    /// The newest fills.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn fills(&self, limit: u32) -> Result<Vec<FillRow>, ProjectionError> {
        let sql = format!(
            "SELECT {} FROM fills JOIN orders USING (order_no) ORDER BY order_no DESC, fills.seq DESC LIMIT ?1",
            FillRow::COLUMNS
        );
        self.all(&sql, [limit], FillRow::read)
    }

    /// The fills of an intent, in order.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn fills_of(&self, intent_seq: u64) -> Result<Vec<FillRow>, ProjectionError> {
        let sql = format!(
            "SELECT {} FROM orders JOIN fills USING (order_no) WHERE {OF_INTENT} ORDER BY order_no, fills.seq",
            FillRow::COLUMNS
        );
        self.all(&sql, [intent_seq], FillRow::read)
    }

    /// The outcomes of an intent's orders.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn outcomes_of(&self, intent_seq: u64) -> Result<Vec<OutcomeRow>, ProjectionError> {
        let sql = format!(
            "SELECT {} FROM orders JOIN outcomes USING (order_no) WHERE {OF_INTENT} ORDER BY order_no",
            OutcomeRow::COLUMNS
        );
        self.all(&sql, [intent_seq], OutcomeRow::read)
    }

    /// Every position that is not flat.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn positions(&self) -> Result<Vec<PositionRow>, ProjectionError> {
        let sql = format!(
            "SELECT {} FROM positions ORDER BY plane, book, instrument",
            PositionRow::COLUMNS
        );
        self.all(&sql, [], PositionRow::read)
    }

    /// The newest intents that came again.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn duplicates(&self, limit: u32) -> Result<Vec<DuplicateRow>, ProjectionError> {
        let sql =
            format!("SELECT {} FROM duplicates ORDER BY seq DESC LIMIT ?1", DuplicateRow::COLUMNS);
        self.all(&sql, [limit], DuplicateRow::read)
    }

    /// The newest rules, runs, halts and refusals.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn admin(&self, limit: u32) -> Result<Vec<AdminRow>, ProjectionError> {
        let sql =
            format!("SELECT {} FROM admin ORDER BY seq DESC, n DESC LIMIT ?1", AdminRow::COLUMNS);
        self.all(&sql, [limit], AdminRow::read)
    }

    /// How many there are of what. Costs the same however many there are.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn counts(&self) -> Result<Counts, ProjectionError> {
        let rows = self.all("SELECT what, n FROM counts", [], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(Counts(rows?.into_iter().collect()))
    }

    /// The entries that tell the story behind an id, in order: of an intent, an order (`UUID` or `fw…`), an outcome or
    /// a report. None where nothing has that name.
    ///
    /// # Errors
    ///
    /// `Database`.
    pub fn find(&self, id: &str) -> Result<Vec<u64>, ProjectionError> {
        let uuid = as_uuid(id);
        let sql = "WITH found (seq) AS (
                SELECT seq FROM intents WHERE intent_id = ?1
                UNION SELECT intent_seq FROM orders WHERE order_intent_id = ?2
                UNION SELECT intent_seq FROM outcomes JOIN orders USING (order_no) WHERE execution_id = ?2
                UNION SELECT intent_seq FROM exec_ids WHERE exec_id = ?1 AND intent_seq IS NOT NULL
            )
            SELECT seq FROM found
            UNION SELECT mentions.seq FROM found JOIN mentions ON intent_seq = found.seq
            UNION SELECT seq FROM exec_ids WHERE exec_id = ?1
            ORDER BY seq";
        self.all(sql, params![id, uuid], |row| row.get(0))
    }

    fn all<T>(
        &self,
        sql: &str,
        asked: impl Params,
        read: impl FnMut(&Row) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, ProjectionError> {
        let rows = || self.database.prepare_cached(sql)?.query_map(asked, read)?.collect();
        let rows: rusqlite::Result<Vec<T>> = rows();
        rows.map_err(error::database("read", &self.path, 0))
    }

    fn one<T>(
        &self,
        sql: &str,
        asked: impl Params,
        read: impl FnOnce(&Row) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, ProjectionError> {
        let row = || self.database.prepare_cached(sql)?.query_row(asked, read).optional();
        row().map_err(error::database("read", &self.path, 0))
    }
}

/// The id as a UUID's text, where it is one, with or without dashes or the `fw` of a client order id.
fn as_uuid(id: &str) -> Option<String> {
    let digits = id.strip_prefix("fw").unwrap_or(id);
    digits.parse::<OrderIntentId>().ok().map(|id| id.to_string())
}
