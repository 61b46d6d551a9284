//! Where orders and holdings stand, as scopes name it.

use crate::State;
use crate::sessions::lane_of;
use fillwright_domain::{BookId, InstrumentId, Place};

impl State {
    /// The place of what a book holds or works in an instrument, by the rules in force.
    pub fn place_of<'a>(&'a self, book_id: &BookId, instrument_id: &'a InstrumentId) -> Place<'a> {
        let rulebook = self.rulebook.as_ref();
        let book = rulebook.and_then(|rulebook| rulebook.books.get(book_id));
        let instrument = rulebook.and_then(|rulebook| rulebook.instruments.get(instrument_id));
        Place {
            lane: book.and_then(|book| lane_of(book, self.sessions.of_book(book_id))),
            account: book.map(|book| &book.account),
            strategy_id: book.map(|book| &book.strategy_id),
            venue: instrument.map(|instrument| &instrument.venue),
            instrument_id: Some(instrument_id),
        }
    }
}
