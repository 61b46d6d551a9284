//! The schedule of child orders. One is in force: immediate, which sends the whole plan as one child order now.

use super::{Case, Draft, Ruling};
use crate::Denial;

#[allow(clippy::unnecessary_wraps, reason = "every gate has this shape")]
pub(super) fn judge(_: &Case, _: &mut Draft) -> Result<Ruling, Denial> {
    Ok(Ruling::Allow)
}
