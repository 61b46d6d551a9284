//! Target portfolios: `portfolio_optimized_v3.json` in its three shapes.
//!
//! The file's writer replaces it in place, so a reader may meet half of it: that is [`Refusal::is_unfinished`], and
//! the caller reads again. A complete file of another shape is refused whole. A bad row is refused alone and the
//! other rows go on, but its symbol is *withheld*: what we could not read must not be traded to zero.
//!
//! Columns we do not read may hold anything, a bare NaN included; only in these files are they tolerated.

use std::collections::{BTreeMap, BTreeSet};

use fillwright_domain::ids::check_id;
use fillwright_domain::{BookId, InstrumentId, Regime, RunId, Text};

pub use crate::asset::Weight;

use crate::asset;
use crate::document::Document;
use crate::fields::Fields;
use crate::json::{Node, Value};
use crate::refusal::{Excerpt, Fault, Refusal, RefusalKind};

/// The profile of a single-root file that names none.
const DEFAULT_PROFILE: &str = "barbell";

const REGIMES: &[(&str, Regime)] = &[
    ("NORMAL", Regime::Normal),
    ("TURBULENT", Regime::Turbulent),
    ("CRISIS", Regime::Crisis),
    ("QUIET", Regime::Quiet),
];

/// What a target portfolio file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// The file's name as the caller gave it.
    pub source: Text,
    /// Its books, in the file's order.
    pub books: Vec<TargetBook>,
    /// The rows that were refused.
    pub refusals: Vec<Refusal>,
}

/// The weights one book should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetBook {
    /// `Rank{rank}_{engine}_{profile}`, or the profile's name in the older shapes.
    pub book_id: BookId,
    /// The regime the optimiser saw.
    pub regime: Option<Regime>,
    /// The run behind the rows that name none themselves.
    pub source_run: Option<RunId>,
    /// When the optimiser wrote it, as it says; it has no time zone. Empty where the file does not say.
    pub generated_at: Text,
    /// How many rows the file has for it: the assets and the refused rows.
    pub rows: u64,
    /// The rows that could be read.
    pub assets: Vec<TargetAsset>,
    /// Instruments of refused rows: their targets are unknown, so nothing is asked for them.
    pub withheld: BTreeSet<InstrumentId>,
    /// Whether a refused row's instrument is unknown as well. Then no held instrument can be said to be missing.
    pub has_unnamed_row: bool,
}

/// The weight one instrument should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetAsset {
    /// The row in its book, counted from 1.
    pub row: u64,
    /// The instrument.
    pub instrument_id: InstrumentId,
    /// The weight, signed.
    pub weight: Weight,
    /// `Market`; empty where absent or null.
    pub market: Text,
    /// `Description`; empty where absent or null.
    pub description: Text,
    /// The row's own `Regime`, which goes before the book's.
    pub regime: Option<Regime>,
    /// The row's own `Source_Run`, which goes before the book's.
    pub source_run: Option<RunId>,
}

/// Reads a target portfolio file.
///
/// # Errors
///
/// A refusal of the whole file: `Unfinished` where it ended too early (an empty one included), `FileTooLarge`, or
/// what is wrong with its shape. A regime we do not know is wrong: ignoring it could ignore a crisis.
pub fn read_portfolio(source: &str, bytes: &[u8]) -> Result<Portfolio, Refusal> {
    let document = Document::of(source, bytes)?;
    let root = document.parse()?;
    let read = books(&root).map_err(|fault| document.refusal(fault))?;
    let (books, faults): (Vec<TargetBook>, Vec<Vec<Fault>>) = read.into_iter().unzip();
    let refusals = document.refusals(faults.into_iter().flatten());
    Ok(Portfolio { source: document.source.clone(), books, refusals })
}

/// A book and the faults of its refused rows.
type BookRead = (TargetBook, Vec<Fault>);

fn books(root: &Node) -> Result<Vec<BookRead>, Fault> {
    let fields = Fields::of(root)?;
    if fields.get("winners").is_some() {
        return unique(fields.required("winners", winners)?);
    }
    if fields.get("profiles").is_some() {
        return unique(fields.required("profiles", profiles)?);
    }
    let profile = fields.nullable("profile", Node::name)?.unwrap_or(DEFAULT_PROFILE);
    Ok(vec![book(profile, root)?])
}

fn winners(node: &Node) -> Result<Vec<(usize, BookRead)>, Fault> {
    let read = |(position, node): (usize, &Node)| {
        let winner = winner(node).map_err(|fault| fault.inside_element(position))?;
        Ok((node.at, winner))
    };
    node.elements()?.iter().enumerate().map(read).collect()
}

fn winner(node: &Node) -> Result<BookRead, Fault> {
    let fields = Fields::of(node)?;
    let rank =
        fields.required("rank", |node| node.integer(&(0..=u32::MAX), "a rank as an integer"))?;
    let engine = fields.required("engine", Node::name)?;
    let profile = fields.required("profile", Node::name)?;
    book(&format!("Rank{rank}_{engine}_{profile}"), node)
}

fn profiles(node: &Node) -> Result<Vec<(usize, BookRead)>, Fault> {
    let members = Fields::of(node)?.members();
    let read = members.iter().map(|member| Ok((member.key_at, book(&member.key, &member.node)?)));
    read.collect()
}

/// Refuses two books of one name: which of them is meant cannot be known.
fn unique(books: Vec<(usize, BookRead)>) -> Result<Vec<BookRead>, Fault> {
    let mut names = BTreeSet::new();
    for (at, (book, _)) in &books {
        if !names.insert(book.book_id.clone()) {
            let found = Excerpt::of(book.book_id.as_str());
            return Err(Fault::new(*at, RefusalKind::RepeatedName { found }));
        }
    }
    Ok(books.into_iter().map(|(_, book)| book).collect())
}

fn book(name: &str, node: &Node) -> Result<BookRead, Fault> {
    check_id(name).map_err(|error| node.fault(RefusalKind::BadId(error)).inside(name))?;
    read_book(name, node).map_err(|fault| fault.inside(name))
}

fn read_book(name: &str, node: &Node) -> Result<BookRead, Fault> {
    let fields = Fields::of(node)?;
    let (source_run, generated_at) = fields.nullable("metadata", provenance)?.unwrap_or_default();
    let regime = fields.nullable("regime", regime)?.flatten();
    let nodes = fields.required("assets", Node::elements)?;
    let rows = Rows::read(name, nodes);
    let book = TargetBook {
        book_id: BookId::new(name),
        regime,
        source_run,
        generated_at,
        rows: nodes.len() as u64,
        assets: rows.assets,
        withheld: rows.withheld,
        has_unnamed_row: rows.has_unnamed_row,
    };
    Ok((book, rows.faults))
}

/// The run and the time of generation, as the metadata has them.
fn provenance(node: &Node) -> Result<(Option<RunId>, Text), Fault> {
    let fields = Fields::of(node)?;
    let source_run = fields.nullable("source_run_id", Node::name)?.map(RunId::new);
    Ok((source_run, fields.nullable("generated_at", Node::text)?.unwrap_or_default()))
}

/// `{"name": "CRISIS", …}` or the name alone.
fn regime(node: &Node) -> Result<Option<Regime>, Fault> {
    match &node.value {
        Value::Object(_) => Fields::of(node)?.nullable("name", regime_name),
        _ => regime_name(node).map(Some),
    }
}

fn regime_name(node: &Node) -> Result<Regime, Fault> {
    node.one_of(REGIMES, "NORMAL, TURBULENT, CRISIS or QUIET")
}

/// The rows of one book, read and refused.
#[derive(Default)]
struct Rows {
    assets: Vec<TargetAsset>,
    faults: Vec<Fault>,
    withheld: BTreeSet<InstrumentId>,
    has_unnamed_row: bool,
}

impl Rows {
    fn read(book: &str, nodes: &[Node]) -> Self {
        let mut rows = Self::default();
        let repeated = repeated_symbols(nodes);
        for (row, node) in (1..).zip(nodes) {
            let symbol = row_symbol(node);
            match symbol.clone().and_then(|symbol| read_row(row, node, symbol, &repeated)) {
                Ok(asset) => rows.assets.push(asset),
                Err(fault) => rows.refuse(
                    fault.inside_row(&row_name(book, row, symbol.as_ref().ok())),
                    symbol.ok(),
                ),
            }
        }
        rows
    }

    fn refuse(&mut self, fault: Fault, symbol: Option<InstrumentId>) {
        self.faults.push(fault);
        match symbol {
            Some(symbol) => {
                self.withheld.insert(symbol);
            }
            None => self.has_unnamed_row = true,
        }
    }
}

/// Names a row for a person: book, row and, where it can be read, symbol.
fn row_name(book: &str, row: u64, symbol: Option<&InstrumentId>) -> String {
    let symbol = symbol.map(|symbol| format!(" {symbol}")).unwrap_or_default();
    format!("{book} row {row}{symbol}")
}

/// The symbols with more than one row, and the first row of each. None of those rows is believed.
fn repeated_symbols(nodes: &[Node]) -> BTreeMap<InstrumentId, u64> {
    let mut first_rows = BTreeMap::new();
    let mut repeated = BTreeMap::new();
    for (row, node) in (1..).zip(nodes) {
        if let Ok(symbol) = row_symbol(node)
            && let Some(first) = first_rows.get(&symbol)
        {
            repeated.insert(symbol, *first);
        } else if let Ok(symbol) = row_symbol(node) {
            first_rows.insert(symbol, row);
        }
    }
    repeated
}

fn row_symbol(node: &Node) -> Result<InstrumentId, Fault> {
    asset::symbol(&Fields::of(node)?)
}

fn read_row(
    row: u64,
    node: &Node,
    instrument_id: InstrumentId,
    repeated: &BTreeMap<InstrumentId, u64>,
) -> Result<TargetAsset, Fault> {
    if let Some(&first_row) = repeated.get(&instrument_id) {
        return Err(node.fault(RefusalKind::RepeatedSymbol { first_row }).inside("Symbol"));
    }
    let fields = Fields::of(node)?;
    Ok(TargetAsset {
        row,
        instrument_id,
        weight: asset::weight(&fields)?,
        market: fields.nullable("Market", Node::text)?.unwrap_or_default(),
        description: fields.nullable("Description", Node::text)?.unwrap_or_default(),
        regime: fields.nullable("Regime", regime_name)?,
        source_run: fields.nullable("Source_Run", Node::name)?.map(RunId::new),
    })
}
