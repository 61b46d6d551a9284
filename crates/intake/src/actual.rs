//! What the books hold: `portfolio_actual_state.json`.

use std::collections::BTreeMap;

use fillwright_domain::ids::check_id;
use fillwright_domain::{BookId, InstrumentId};

use crate::asset::{self, Weight};
use crate::document::Document;
use crate::fields::Fields;
use crate::json::{Member, Node};
use crate::refusal::{Excerpt, Fault, Refusal, RefusalKind};

/// The weights a book holds.
pub type ActualBook = BTreeMap<InstrumentId, Weight>;

/// The weights each book holds. A missing file is the empty state: `ActualState::default()`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActualState {
    /// By book.
    pub books: BTreeMap<BookId, ActualBook>,
}

/// Reads an actual-state file.
///
/// # Errors
///
/// A refusal of the whole file, `Unfinished` where it ended too early. One bad row refuses all of it: taking an
/// unknown position for zero would buy it a second time.
pub fn read_actual(source: &str, bytes: &[u8]) -> Result<ActualState, Refusal> {
    let document = Document::of(source, bytes)?;
    let root = document.parse()?;
    let books = Fields::of(&root).and_then(|fields| fields.members().iter().map(book).collect());
    books.map(|books| ActualState { books }).map_err(|fault| document.refusal(fault))
}

fn book(member: &Member) -> Result<(BookId, ActualBook), Fault> {
    let bad_name = |error| Fault::new(member.key_at, RefusalKind::BadId(error)).inside(&member.key);
    check_id(&member.key).map_err(bad_name)?;
    let rows = Fields::of(&member.node).and_then(|fields| fields.required("assets", weights));
    Ok((BookId::new(&member.key), rows.map_err(|fault| fault.inside(&member.key))?))
}

fn weights(node: &Node) -> Result<ActualBook, Fault> {
    let mut weights = ActualBook::new();
    for (position, row) in node.elements()?.iter().enumerate() {
        let in_row = |fault: Fault| fault.inside_element(position);
        let (instrument_id, weight) = held(row).map_err(in_row)?;
        let found = Excerpt::of(instrument_id.as_str());
        if weights.insert(instrument_id, weight).is_some() {
            return Err(in_row(row.fault(RefusalKind::RepeatedName { found }).inside("Symbol")));
        }
    }
    Ok(weights)
}

fn held(row: &Node) -> Result<(InstrumentId, Weight), Fault> {
    let fields = Fields::of(row)?;
    Ok((asset::symbol(&fields)?, asset::weight(&fields)?))
}
