//! What books hold, as a table.

use crate::output::table;
use crate::words;
use fillwright_domain::{Qty, Rounding};
use fillwright_kernel::State;
use serde::Serialize;

/// One holding.
#[derive(Debug, Serialize)]
pub(crate) struct Position {
    pub(crate) plane: &'static str,
    pub(crate) book_id: String,
    pub(crate) instrument_id: String,
    pub(crate) qty: Qty,
    /// Quantity of working orders that would add to it, and take from it.
    pub(crate) open_buy: Qty,
    pub(crate) open_sell: Qty,
    pub(crate) mark_px: Option<String>,
    /// At the mark, in quote currency, signed.
    pub(crate) worth: Option<String>,
}

/// Every holding, by book, plane and instrument.
pub(crate) fn of(state: &State) -> Vec<Position> {
    let mut positions = Vec::new();
    for (book_id, plane, ledger) in state.ledgers.iter() {
        for (instrument_id, holding) in ledger.holdings() {
            let worth = holding.mark.and_then(|mark| {
                mark.mark_px
                    .notional_of(holding.position, holding.contract_size, Rounding::HalfEven)
                    .ok()
            });
            positions.push(Position {
                plane: plane.as_str(),
                book_id: book_id.to_string(),
                instrument_id: instrument_id.to_string(),
                qty: holding.position,
                open_buy: holding.open_buy,
                open_sell: holding.open_sell,
                mark_px: holding.mark.map(|mark| mark.mark_px.to_string()),
                worth: worth.map(words::money),
            });
        }
    }
    positions
}

/// The holdings as a table for a person.
pub(crate) fn as_table(positions: &[Position]) -> String {
    let mut table =
        table(&["book", "plane", "instrument", "position", "working", "mark", "worth (USD)"]);
    for position in positions {
        table.add_row([
            position.book_id.clone(),
            position.plane.to_owned(),
            position.instrument_id.clone(),
            words::quantity(position.qty),
            working(position),
            position.mark_px.clone().unwrap_or_else(|| "none".to_owned()),
            position.worth.clone().unwrap_or_default(),
        ]);
    }
    table.trim_fmt()
}

fn working(position: &Position) -> String {
    let side =
        |qty: Qty, word: &str| (!qty.is_zero()).then(|| format!("{word} {}", words::quantity(qty)));
    let sides = [side(position.open_buy, "buy"), side(position.open_sell, "sell")];
    sides.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
