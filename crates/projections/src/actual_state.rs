//! The shadow loop: `portfolio_actual_state.json` follows what was executed.
//!
//! The weights start from what the file says and move with every outcome, by the rules of [`crate::weight`]. Books and
//! symbols nothing was executed in stay as they are. The file carries its own cursor, one a book (see
//! [`crate::portfolio_file`]), so it is replaced whole or not at all; positions come from the facts of the entries. It
//! is written at most once a batch, and the version before is kept beside it, the last five of them.

use crate::error::{self, ProjectionError};
use crate::facts::{OrderFacts, PositionChange};
use crate::line_file::Vouch;
use crate::portfolio_file::{NewAsset, PortfolioBook, PortfolioFile};
use crate::text::{compact, rfc3339};
use crate::{Paths, ProjectedEntry, Projection, weight};
use fillwright_domain::{BookId, Notional, NumberError, Qty, Ratio, Timestamp};
use fillwright_kernel::Event;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NAME: &str = "actual_state";
/// Earlier versions that are kept.
const KEPT: usize = 5;

/// The weights of every book as they were executed.
pub struct ActualState {
    path: PathBuf,
    cursor: u64,
    /// Whether we ever wrote the file.
    written: bool,
    /// By book, in the order in which the books first changed, so that batches make no difference to the file.
    changes: Vec<(BookId, Vec<Change>)>,
}

/// What one outcome did to a position.
struct Change {
    seq: u64,
    at: Timestamp,
    order: Arc<OrderFacts>,
    filled: Qty,
    position: Qty,
    contract_size: Option<Ratio>,
    equity: Option<Notional>,
}

impl ActualState {
    pub(crate) fn open(paths: &Paths, vouches: &BTreeMap<String, Vouch>) -> Self {
        let path = paths.actual_state();
        let vouch = vouches.get(NAME).filter(|vouch| vouch.len == 0 || path.exists());
        let cursor = vouch.map_or(0, |vouch| vouch.seq);
        let written = vouch.is_some_and(|vouch| vouch.len > 0);
        Self { path, cursor, written, changes: Vec::new() }
    }

    fn note(&mut self, entry: &ProjectedEntry, position: &PositionChange) {
        let id = position.order_intent_id;
        let filled = entry.events.iter().find_map(|event| match event {
            Event::OutcomeRecorded { outcome } if outcome.order_intent_id == id => {
                Some(outcome.filled_quantity)
            }
            _ => None,
        });
        let (Some(order), Some(filled)) = (entry.facts.order(id), filled) else { return };
        let rules = entry.facts.rules.as_ref();
        let change = Change {
            seq: entry.seq,
            at: entry.at,
            order: Arc::clone(order),
            filled,
            position: position.qty,
            contract_size: rules
                .and_then(|rules| rules.contract_size(&position.place.instrument_id)),
            equity: rules.and_then(|rules| {
                rules.rulebook.books.get(&position.place.book_id).map(|book| book.equity)
            }),
        };
        let book = &position.place.book_id;
        match self.changes.iter_mut().find(|(known, _)| known == book) {
            Some((_, changes)) => changes.push(change),
            None => self.changes.push((book.clone(), vec![change])),
        }
    }

    fn rewrite(&mut self) -> Result<(), ProjectionError> {
        let seq = self.cursor;
        let before = match fs::read(&self.path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error::file("read", &self.path, seq)(error)),
        };
        let mut file = match &before {
            Some(text) => {
                PortfolioFile::read(text).map_err(|error| self.unreadable(seq, &error))?
            }
            None => PortfolioFile::default(),
        };
        let mut last = None;
        for (book, changes) in std::mem::take(&mut self.changes) {
            last = last.max(self.update(&mut file, &book, &changes)?);
        }
        if let Some(at) = last {
            replace(&self.path, &file.text(), before.is_some(), at)
                .map_err(error::file("replace", &self.path, seq))?;
            self.written = true;
        }
        Ok(())
    }

    /// Brings a book's weights up to date; returns when it last changed, or nothing where the file has it all.
    fn update(
        &self,
        file: &mut PortfolioFile,
        key: &BookId,
        changes: &[Change],
    ) -> Result<Option<Timestamp>, ProjectionError> {
        let Some(last) = changes.last() else { return Ok(None) };
        let mut book =
            file.book(key.as_str()).map_err(|error| self.unreadable(last.seq, &error))?;
        let known = book.journal_seq;
        if last.seq <= known {
            return Ok(None);
        }
        for change in changes.iter().filter(|change| change.seq > known) {
            self.change(&mut book, change)?;
        }
        book.journal_seq = last.seq;
        file.set_book(key.as_str(), book, &rfc3339(last.at));
        Ok(Some(last.at))
    }

    fn change(&self, book: &mut PortfolioBook, change: &Change) -> Result<(), ProjectionError> {
        let intent = &change.order.intent;
        let before =
            book.weight(&intent.instrument_id).map_err(|what| self.wrong(change.seq, what))?;
        let weight = change.weight(before).map_err(|source| ProjectionError::Figure {
            path: self.path.clone(),
            seq: change.seq,
            source,
        })?;
        let rebalance = intent.rebalance.as_ref();
        let asset = NewAsset {
            symbol: &intent.instrument_id,
            weight,
            quantity: change.position.get(),
            price: intent.decision_px.map(fillwright_domain::Px::get),
            market: rebalance.map_or("", |rebalance| rebalance.market.as_str()),
            description: rebalance.map_or("", |rebalance| rebalance.description.as_str()),
        };
        book.set(&asset).map_err(|error| self.unreadable(change.seq, &error))
    }

    fn unreadable(&self, seq: u64, error: &serde_json::Error) -> ProjectionError {
        self.wrong(seq, error.to_string())
    }

    fn wrong(&self, seq: u64, what: String) -> ProjectionError {
        ProjectionError::Portfolio { path: self.path.clone(), seq, what }
    }
}

impl Change {
    /// The weight after it. Where there is no price to value by, or no equity, a position that is still held keeps
    /// the weight it had.
    fn weight(&self, before: Ratio) -> Result<Ratio, NumberError> {
        let intent = &self.order.intent;
        if let Some(rebalance) = &intent.rebalance {
            let share = intent.share.ok_or(NumberError::Overflow)?;
            let ordered = self.order.order.requested_quantity;
            return weight::moved(before, rebalance, share, self.filled, ordered);
        }
        if self.position.is_zero() {
            return Ok(Ratio::ZERO);
        }
        let equity = self.equity.filter(|equity| equity.is_positive());
        match (intent.decision_px, self.contract_size, equity) {
            (Some(px), Some(size), Some(equity)) => weight::held(self.position, px, size, equity),
            _ => Ok(before),
        }
    }
}

impl Projection for ActualState {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cursor(&self) -> u64 {
        self.cursor
    }

    fn apply(&mut self, entry: &ProjectedEntry) -> Result<(), ProjectionError> {
        if entry.seq > self.cursor {
            for position in &entry.facts.positions {
                self.note(entry, position);
            }
            self.cursor = entry.seq;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<Vec<(&'static str, Vouch)>, ProjectionError> {
        if !self.changes.is_empty() {
            self.rewrite()?;
        }
        Ok(vec![(NAME, Vouch { seq: self.cursor, len: u64::from(self.written) })])
    }
}

/// Replaces a file whole, keeping the version before.
fn replace(path: &Path, text: &[u8], existed: bool, at: Timestamp) -> std::io::Result<()> {
    let new = beside(path, "tmp");
    let mut file = File::create(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    if existed {
        fs::copy(path, beside(path, &format!("bak_{}", compact(at))))?;
        forget_old(path)?;
    }
    fs::rename(new, path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{ending}"))
}

/// Removes all but the newest versions that were kept.
fn forget_old(path: &Path) -> std::io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let prefix = format!("{}.bak_", name.to_string_lossy());
    let mut kept = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(&prefix) {
            kept.push(file.path());
        }
    }
    kept.sort();
    let old = kept.len().saturating_sub(KEPT);
    kept[..old].iter().try_for_each(fs::remove_file)
}
