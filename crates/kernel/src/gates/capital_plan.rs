//! The books of a session stay within its capital together, on each plane, counted at worst case as the leverage gate
//! counts: this instrument at the touch the order would trade against, everything else at marks, which must be there and
//! fresh. An order that leaves the worst case of its holding no larger than it was passes. Figures: exposure of the
//! session with this order, rounded up, and its capital, in quote currency.

use super::{Case, Draft, Finding};
use crate::Denial;
use crate::exposure::Ledger;
use crate::sessions::Session;
use fillwright_domain::{InstrumentId, Notional, Plane};

const NS_PER_MS: i64 = 1_000_000;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(rule(case, draft))
}

fn rule(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let Some(session) = case.session() else { return Ok(Finding::Allow) };
    if draft.added(case)?.is_none() {
        return Ok(Finding::Allow);
    }
    let others = others_gross(case, session, case.plane()?)?;
    let with = others.checked_add(draft.at_touch(case)?.1)?;
    draft.compare(with.get(), session.definition.capital.get());
    if with <= session.definition.capital {
        Ok(Finding::Allow)
    } else {
        Err(Denial::CapitalExceeded)
    }
}

/// Gross exposure of everything else the session holds, at marks: all of them there and fresh, but for what the order adds
/// to, which is valued at the touch.
fn others_gross(case: &Case, session: &Session, plane: Plane) -> Result<Notional, Denial> {
    let mut others = Ok(Notional::ZERO);
    for book in &session.definition.books {
        let is_own = *book == case.intent.book_id;
        let ledger = if is_own { case.ledger } else { case.state.ledgers.get(book, plane) };
        let Some(ledger) = ledger else { continue };
        check_marks(case, ledger, is_own.then_some(&case.intent.instrument_id))?;
        let own = if is_own { case.holding.value } else { Notional::ZERO };
        let besides = ledger.gross().checked_sub(own);
        others = others.and_then(|others| others.checked_add(besides?));
    }
    Ok(others?)
}

fn check_marks(case: &Case, ledger: &Ledger, besides: Option<&InstrumentId>) -> Result<(), Denial> {
    let age_max_ns = i64::from(case.rulebook.execution.mark_age_max_ms) * NS_PER_MS;
    if ledger.is_unmarked(besides) {
        return Err(Denial::MarkMissing);
    }
    match ledger.oldest_mark(besides) {
        Some(oldest) if case.at.since_ns(oldest) > age_max_ns => Err(Denial::MarkStale),
        _ => Ok(()),
    }
}
