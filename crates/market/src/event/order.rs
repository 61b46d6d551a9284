//! Single orders of a book.

use fillwright_domain::{Px, Qty, Side};
use serde::Serialize;

/// A change to one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OrderChange {
    /// What became of it.
    pub action: OrderAction,
    /// The venue's number for the order; zero where `action` is `clear`.
    pub order_id: u64,
    /// Whether it buys or sells.
    pub side: Side,
    /// Its price.
    pub px: Px,
    /// Its quantity: that of the order, or with `cancel` what is taken away.
    pub qty: Qty,
    /// Whether the venue's event ends here: only then is the book whole.
    pub ends_event: bool,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAction {
    /// It was added.
    Add,
    /// It was taken away, in part or whole.
    Cancel,
    /// Its price or quantity was changed.
    Modify,
    /// It traded. The book changes with the cancel or modify that follows.
    Fill,
    /// Every order of the instrument is gone.
    Clear,
    /// Changes before this one are missing: the book says nothing until every order is cleared.
    Lost,
    /// Nothing; the event ends, or a trade of it stands in an event of its own.
    Nothing,
}
