//! A running session has the book, and covers the strategy, the lane and this instant. Outside `live` the rules may waive
//! sessions for books that none has.

use super::{Case, Draft, Finding};
use crate::Denial;
use crate::sessions::{SessionStatus, admits};

pub(super) fn judge(case: &Case, _: &mut Draft) -> Result<Finding, Denial> {
    case.unless_safety_exit(rule(case))
}

fn rule(case: &Case) -> Result<Finding, Denial> {
    let Some(session) = case.session() else {
        return if is_waived(case) { Ok(Finding::Allow) } else { Err(Denial::SessionMissing) };
    };
    if session.status == SessionStatus::Suspended {
        return Err(Denial::SessionSuspended);
    }
    if case.at >= session.definition.end_at {
        return Err(Denial::SessionOver);
    }
    let strategy_id = case.strategy_id().ok_or(Denial::StrategyUnknown)?;
    let covers = session.definition.env == case.rulebook.environment
        && case.lane_id() == Some(&session.definition.lane)
        && admits(session, strategy_id);
    if covers { Ok(Finding::Allow) } else { Err(Denial::SessionElsewhere) }
}

fn is_waived(case: &Case) -> bool {
    case.rulebook.lanes.sessions_waived && case.rulebook.environment.as_str() != "live"
}
