//! Books made of events: the best of both sides, all prices, or every order.

mod l1;

pub use l1::{L1, Spread};
