//! The first row of the table of decisions that matches lets the order pass, cuts it, or refuses it; its id stands in the
//! verdict. No row that matches, and a fact that is not there, refuse. A safety exit passes before anything is looked
//! up. Without a table everything passes outside live, and nothing in live. Figures where a row reduces: the quantity
//! asked for and what is left of it, rounded down to 18 decimals.

use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::{Ask, Decimal, Qty, Regime, Rounding, Side, StrategyId, Urgency};
use fillwright_policy::{Condition, Decision, DecisionRow, FactName};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    if case.is_safety_exit() {
        return Ok(Finding::Bypass);
    }
    let Some(table) = &case.rulebook.decisions else {
        let is_live = case.rulebook.environment.as_str() == "live";
        return if is_live { Err(Denial::DecisionTableMissing) } else { Ok(Finding::Allow) };
    };
    for row in &table.rows {
        if matches(case, draft, row)? {
            draft.bound_by(row.id.clone());
            return decide(draft, row);
        }
    }
    Err(Denial::DecisionRowMissing)
}

fn decide(draft: &mut Draft, row: &DecisionRow) -> Result<Finding, Denial> {
    match row.then {
        Decision::Allow => Ok(Finding::Allow),
        Decision::Deny => Err(Denial::DecisionDenied),
        Decision::Reduce => {
            let size = row.size.ok_or(Denial::DecisionDenied)?;
            let asked = draft.qty.get();
            let left = asked.checked_mul(size.get(), Rounding::Down)?;
            draft.compare(asked, left);
            if !left.is_positive() {
                return Err(Denial::DecisionDenied);
            }
            draft.qty = Qty::new(left);
            Ok(Finding::Reduce)
        }
    }
}

/// Whether all of a row holds. The row is named where it asks for a fact that is not there.
fn matches(case: &Case, draft: &mut Draft, row: &DecisionRow) -> Result<bool, Denial> {
    for condition in &row.when {
        let holds = if condition.fact.is_number() {
            number(case, draft, condition.fact).map(|found| is_within(condition, found))
        } else {
            word(case, draft, condition.fact).map(|found| condition.one_of.contains(found))
        };
        match holds {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(why) => {
                draft.bound_by(row.id.clone());
                return Err(why);
            }
        }
    }
    Ok(true)
}

fn is_within(condition: &Condition, found: Decimal) -> bool {
    condition.above.is_none_or(|above| found > above)
        && condition.at_most.is_none_or(|most| found <= most)
}

fn number(case: &Case, draft: &Draft, fact: FactName) -> Result<Decimal, Denial> {
    Ok(match fact {
        FactName::OrderNotional => draft.notional(case.instrument()?)?.get(),
        FactName::OrderQty => draft.qty.get(),
        FactName::PositionQty => case.holding.position.get(),
        FactName::QuoteAgeMs => {
            const NS_PER_MS: i64 = 1_000_000;
            let age_ns = case.at.as_ns().saturating_sub(case.quote()?.as_of.as_ns());
            Decimal::from_int(age_ns / NS_PER_MS)
        }
        _ => return Err(Denial::DecisionFactMissing),
    })
}

fn word<'a>(case: &'a Case<'a>, draft: &Draft, fact: FactName) -> Result<&'a str, Denial> {
    let word = match fact {
        FactName::Action => Some(case.intent.action().as_str()),
        FactName::Side => Some(if draft.side == Side::Buy { "buy" } else { "sell" }),
        FactName::Urgency => urgency(case),
        FactName::Environment => Some(case.rulebook.environment.as_str()),
        FactName::Account => Some(case.book()?.account.as_str()),
        FactName::Strategy => case.strategy_id().map(StrategyId::as_str),
        FactName::Book => Some(case.intent.book_id.as_str()),
        FactName::Venue => Some(case.instrument()?.venue.as_str()),
        FactName::Instrument => Some(case.intent.instrument_id.as_str()),
        FactName::MarketRegime => match &case.intent.ask {
            Ask::Rebalance(asked) => asked.regime.map(regime),
            Ask::Execution(_) => None,
        },
        _ => None,
    };
    word.ok_or(Denial::DecisionFactMissing)
}

fn urgency(case: &Case) -> Option<&'static str> {
    let Ask::Execution(asked) = &case.intent.ask else { return None };
    Some(match asked.urgency {
        Urgency::Low => "low",
        Urgency::Medium => "medium",
        Urgency::High => "high",
        Urgency::Critical => "critical",
    })
}

fn regime(regime: Regime) -> &'static str {
    match regime {
        Regime::Normal => "normal",
        Regime::Turbulent => "turbulent",
        Regime::Crisis => "crisis",
        Regime::Quiet => "quiet",
    }
}
