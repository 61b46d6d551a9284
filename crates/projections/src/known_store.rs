//! Where [`Known`] and the cursors of the files outlive the process: one small database, one transaction a batch.
//!
//! It is written behind the files and never ahead of them, so what it knows is at most as new as what they hold. It
//! can be removed at any time: it is built again from the journal.

use crate::ProjectionError;
use crate::error;
use crate::facts::{IntentFacts, OrderFacts, PositionPlace, Rules};
use crate::known::{Changed, Known};
use crate::line_file::Vouch;
use fillwright_domain::{IntentKey, OrderIntent, OrderIntentId, RunId, Text, Timestamp};
use minicbor::Decode;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) struct KnownStore {
    path: PathBuf,
    database: Connection,
    /// Whether what is stored belongs to another beginning and must go first.
    stale: bool,
}

/// A row that could not be read, or not be understood.
enum RowError {
    Database(rusqlite::Error),
    Kept(minicbor::decode::Error),
}

impl From<rusqlite::Error> for RowError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<minicbor::decode::Error> for RowError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Kept(error)
    }
}

impl KnownStore {
    pub(crate) fn open(path: &Path) -> Result<Self, ProjectionError> {
        let database = open(path).map_err(error::database("open", path, 0))?;
        Ok(Self { path: path.to_owned(), database, stale: false })
    }

    pub(crate) fn vouches(&self) -> Result<BTreeMap<String, Vouch>, ProjectionError> {
        let rows = || -> rusqlite::Result<_> {
            let mut select = self.database.prepare("SELECT name, seq, len FROM vouches")?;
            let rows = select.query_map([], |row| {
                Ok((row.get(0)?, Vouch { seq: row.get(1)?, len: row.get(2)? }))
            })?;
            rows.collect()
        };
        rows().map_err(error::database("read", &self.path, 0))
    }

    /// What was known when it was last stored.
    pub(crate) fn load(&self) -> Result<Known, ProjectionError> {
        self.read().map_err(|error| match error {
            RowError::Database(source) => error::database("read", &self.path, 0)(source),
            RowError::Kept(source) => ProjectionError::Kept { path: self.path.clone(), source },
        })
    }

    /// Forgets what was stored, with the next commit.
    pub(crate) fn start_over(&mut self) {
        self.stale = true;
    }

    /// Stores what changed, and what the files vouch for.
    pub(crate) fn commit(
        &mut self,
        known: &mut Known,
        vouches: &BTreeMap<&'static str, Vouch>,
    ) -> Result<(), ProjectionError> {
        let stale = std::mem::take(&mut self.stale);
        let changed = std::mem::take(&mut known.changed);
        write(&mut self.database, stale, known, &changed, vouches)
            .map_err(error::database("write", &self.path, known.seq))
    }

    fn read(&self) -> Result<Known, RowError> {
        let database = &self.database;
        let intents = read_intents(database)?;
        let orders = read_orders(database, &intents)?;
        let seq = "SELECT seq FROM known";
        let mut known = Known {
            seq: database.query_row(seq, [], |row| row.get(0)).optional()?.unwrap_or(0),
            rules: read_rules(database)?.map(Arc::new),
            runs: rows(database, "SELECT run_id, manifest_hash FROM runs", |row| {
                Ok((RunId::new(text(row, 0)?), Text::new(text(row, 1)?)))
            })?,
            intents,
            orders,
            positions: rows(
                database,
                "SELECT plane, book, instrument, qty FROM positions",
                |row| Ok((position_place(row)?, parsed(row, 3)?)),
            )?,
            marks: rows(database, "SELECT instrument, px FROM marks", |row| {
                Ok((text(row, 0)?.into(), parsed(row, 1)?))
            })?,
            sessions: rows(database, "SELECT session_id, facts FROM sessions", |row| {
                Ok((text(row, 0)?.into(), decoded(row, 1)?))
            })?,
            by_book: Arc::default(),
            changed: Changed::default(),
        };
        known.find_books();
        Ok(known)
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let database = crate::database::open(path)?;
    database.execute_batch(include_str!("known_store.sql"))?;
    Ok(database)
}

fn read_rules(database: &Connection) -> Result<Option<Rules>, RowError> {
    let stored = database.query_row("SELECT seq, are_first, rulebook FROM rules", [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
    });
    let Some((seq, are_first, rulebook)) = stored.optional()? else { return Ok(None) };
    Ok(Some(Rules::new(seq, are_first, minicbor::decode(&rulebook)?)))
}

fn read_intents(database: &Connection) -> Result<BTreeMap<IntentKey, Arc<IntentFacts>>, RowError> {
    rows(database, "SELECT intent_key, facts FROM intents", |row| {
        Ok((IntentKey::from_bytes(row.get(0)?), Arc::new(decoded(row, 1)?)))
    })
}

fn read_orders(
    database: &Connection,
    intents: &BTreeMap<IntentKey, Arc<IntentFacts>>,
) -> Result<BTreeMap<OrderIntentId, Arc<OrderFacts>>, RowError> {
    let sql = "SELECT intent_key, emitted_seq, emitted_at, facts FROM orders";
    let orders: Vec<Option<OrderFacts>> = rows(database, sql, |row| {
        let order: OrderIntent = decoded(row, 3)?;
        let at = Timestamp::from_ns(row.get(2)?);
        let intent = intents.get(&IntentKey::from_bytes(row.get(0)?)).cloned();
        let seq = row.get(1)?;
        Ok(intent.map(|intent| OrderFacts::new(order, intent, seq, at)))
    })?;
    let by_id =
        orders.into_iter().flatten().map(|facts| (facts.order.order_intent_id, Arc::new(facts)));
    Ok(by_id.collect())
}

fn rows<T, C: FromIterator<T>>(
    database: &Connection,
    sql: &str,
    read: impl Fn(&Row) -> Result<T, RowError>,
) -> Result<C, RowError> {
    let mut select = database.prepare(sql)?;
    let mut rows = select.query([])?;
    let next = || match rows.next() {
        Ok(row) => row.map(&read),
        Err(error) => Some(Err(error.into())),
    };
    std::iter::from_fn(next).collect()
}

fn decoded<T: for<'b> Decode<'b, ()>>(row: &Row, column: usize) -> Result<T, RowError> {
    let bytes = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(minicbor::decode(bytes)?)
}

fn text<'a>(row: &'a Row, column: usize) -> Result<&'a str, RowError> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

fn parsed<T: std::str::FromStr>(row: &Row, column: usize) -> Result<T, RowError> {
    let unreadable = || minicbor::decode::Error::message("a decimal that is none");
    text(row, column)?.parse().map_err(|_| unreadable().into())
}

fn position_place(row: &Row) -> Result<PositionPlace, RowError> {
    let unknown = || minicbor::decode::Error::message("a plane that is none");
    Ok(PositionPlace {
        plane: crate::text::plane(text(row, 0)?).ok_or_else(unknown)?,
        book_id: text(row, 1)?.into(),
        instrument_id: text(row, 2)?.into(),
    })
}

fn write(
    database: &mut Connection,
    stale: bool,
    known: &Known,
    changed: &Changed,
    vouches: &BTreeMap<&'static str, Vouch>,
) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    if stale {
        transaction.execute_batch(
            "DELETE FROM rules; DELETE FROM runs; DELETE FROM intents; DELETE FROM orders; DELETE FROM positions;
             DELETE FROM marks; DELETE FROM sessions;",
        )?;
    }
    write_rules(&transaction, known, changed)?;
    write_open(&transaction, known, changed)?;
    write_positions(&transaction, known, changed)?;
    write_sessions(&transaction, known, changed)?;
    for (name, vouch) in vouches {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO vouches VALUES (?1, ?2, ?3)")?
            .execute(params![name, vouch.seq, vouch.len])?;
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO known VALUES (1, ?1)")?
        .execute([known.seq])?;
    transaction.commit()
}

fn write_rules(database: &Connection, known: &Known, changed: &Changed) -> rusqlite::Result<()> {
    if let Some(rules) = known.rules.as_ref().filter(|_| changed.rules) {
        database.execute(
            "INSERT OR REPLACE INTO rules VALUES (1, ?1, ?2, ?3)",
            params![rules.seq, rules.are_first, encoded(&rules.rulebook)],
        )?;
    }
    for run in &changed.runs {
        let hash = known.runs.get(run).map_or("", Text::as_str);
        database.execute("INSERT OR REPLACE INTO runs VALUES (?1, ?2)", [run.as_str(), hash])?;
    }
    Ok(())
}

fn write_open(database: &Connection, known: &Known, changed: &Changed) -> rusqlite::Result<()> {
    for key in &changed.intents {
        match known.intents.get(key) {
            Some(facts) => database
                .prepare_cached("INSERT OR REPLACE INTO intents VALUES (?1, ?2)")?
                .execute(params![key.as_bytes(), encoded(&**facts)])?,
            None => database
                .prepare_cached("DELETE FROM intents WHERE intent_key = ?1")?
                .execute([key.as_bytes()])?,
        };
    }
    for id in &changed.orders {
        match known.orders.get(id) {
            Some(facts) => write_order(database, facts)?,
            None => database
                .prepare_cached("DELETE FROM orders WHERE order_intent_id = ?1")?
                .execute([id.as_bytes()])?,
        };
    }
    Ok(())
}

fn write_order(database: &Connection, facts: &OrderFacts) -> rusqlite::Result<usize> {
    database.prepare_cached("INSERT OR REPLACE INTO orders VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
        params![
            facts.order.order_intent_id.as_bytes(),
            facts.intent.intent_key.as_bytes(),
            facts.emitted_seq,
            facts.emitted_at.as_ns(),
            encoded(&facts.order)
        ],
    )
}

fn write_positions(
    database: &Connection,
    known: &Known,
    changed: &Changed,
) -> rusqlite::Result<()> {
    for place in &changed.positions {
        let (plane, book, instrument) =
            (place.plane.as_str(), place.book_id.as_str(), place.instrument_id.as_str());
        match known.positions.get(place) {
            Some(qty) => database
                .prepare_cached("INSERT OR REPLACE INTO positions VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![plane, book, instrument, qty.to_string()])?,
            None => database
                .prepare_cached(
                    "DELETE FROM positions WHERE plane = ?1 AND book = ?2 AND instrument = ?3",
                )?
                .execute([plane, book, instrument])?,
        };
    }
    Ok(())
}

fn write_sessions(database: &Connection, known: &Known, changed: &Changed) -> rusqlite::Result<()> {
    for instrument in &changed.marks {
        let px = known.marks.get(instrument).map(ToString::to_string);
        database
            .prepare_cached("INSERT OR REPLACE INTO marks VALUES (?1, ?2)")?
            .execute(params![instrument.as_str(), px])?;
    }
    for session_id in &changed.sessions {
        match known.sessions.get(session_id) {
            Some(session) => database
                .prepare_cached("INSERT OR REPLACE INTO sessions VALUES (?1, ?2)")?
                .execute(params![session_id.as_str(), encoded(session)])?,
            None => database
                .prepare_cached("DELETE FROM sessions WHERE session_id = ?1")?
                .execute([session_id.as_str()])?,
        };
    }
    Ok(())
}

fn encoded(value: &impl minicbor::Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory cannot fail")
}
