//! Books made of events: the best of both sides, all prices, or every order.

mod l1;
mod l2;
mod l3;

pub use l1::{L1, Spread};
pub use l2::{Applied, L2, Sides, Unusable};
pub use l3::{Fault, L3, Queue, Resting};
