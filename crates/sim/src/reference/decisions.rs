//! The table of decisions, looked up as its page says: every fact spelled out, rows from the top.

use super::gates::{Case, Said, Shape, TOO_LARGE, deny, qty, worth};
use crate::exact::exact;
use fillwright_domain::{Ask, Decimal, Instrument, Ratio, Rounding, Side};
use fillwright_kernel::{Denial, Ruling};
use fillwright_policy::{Book, Condition, Decision, FactName};

/// A fact as it was found.
enum Found {
    Word(String),
    Number(Decimal),
    /// It cannot be computed.
    TooLarge,
    Missing,
}

pub(super) fn look_up(
    case: &Case,
    shape: &mut Shape,
    book: &Book,
    instrument: &Instrument,
) -> Said {
    let Some(table) = &case.rules.decisions else {
        let is_live = case.rules.environment.as_str() == "live";
        return if is_live { deny(Denial::DecisionTableMissing) } else { (Ruling::Allow, None) };
    };
    for row in &table.rows {
        let mut matches = true;
        for condition in &row.when {
            let holds = match found(condition.fact, case, shape, book, instrument) {
                Found::Missing => {
                    shape.rule = Some(row.id.clone());
                    return deny(Denial::DecisionFactMissing);
                }
                Found::TooLarge => {
                    shape.rule = Some(row.id.clone());
                    return TOO_LARGE;
                }
                Found::Word(word) => condition.one_of.iter().any(|one| one.as_str() == word),
                Found::Number(number) => lies_within(condition, number),
            };
            if !holds {
                matches = false;
                break;
            }
        }
        if !matches {
            continue;
        }
        shape.rule = Some(row.id.clone());
        return match row.then {
            Decision::Allow => (Ruling::Allow, None),
            Decision::Deny => deny(Denial::DecisionDenied),
            Decision::Reduce => reduce(shape, row.size.map_or(Decimal::ZERO, Ratio::get)),
        };
    }
    deny(Denial::DecisionRowMissing)
}

fn reduce(shape: &mut Shape, size: Decimal) -> Said {
    let asked = shape.qty;
    let Some(left) = (exact(asked) * exact(size)).rounded(Rounding::Down) else {
        return TOO_LARGE;
    };
    let figures = Some((asked, left));
    if left <= Decimal::ZERO {
        return (Ruling::Deny { reason: Denial::DecisionDenied }, figures);
    }
    shape.qty = left;
    (Ruling::Reduce { to: qty(left) }, figures)
}

fn lies_within(condition: &Condition, number: Decimal) -> bool {
    let is_above = match condition.above {
        Some(above) => number > above,
        None => true,
    };
    let is_below = match condition.at_most {
        Some(most) => number <= most,
        None => true,
    };
    is_above && is_below
}

fn found(
    fact: FactName,
    case: &Case,
    shape: &Shape,
    book: &Book,
    instrument: &Instrument,
) -> Found {
    let word = |word: &dyn ToString| Found::Word(word.to_string());
    let named = |word: &dyn std::fmt::Debug| Found::Word(format!("{word:?}").to_lowercase());
    match fact {
        FactName::Action => named(&case.intent.action()),
        FactName::Side => word(&if shape.side == Side::Buy { "buy" } else { "sell" }),
        FactName::Urgency => match &case.intent.ask {
            Ask::Execution(asked) => named(&asked.urgency),
            Ask::Rebalance(_) => Found::Missing,
        },
        FactName::MarketRegime => match &case.intent.ask {
            Ask::Rebalance(asked) => match &asked.regime {
                Some(regime) => named(regime),
                None => Found::Missing,
            },
            Ask::Execution(_) => Found::Missing,
        },
        FactName::Environment => word(&case.rules.environment),
        FactName::Account => word(&book.account),
        FactName::Strategy => word(case.strategy_id().unwrap_or(&book.strategy_id)),
        FactName::Book => word(&case.intent.book_id),
        FactName::Venue => word(&instrument.venue),
        FactName::Instrument => word(&case.intent.instrument_id),
        FactName::OrderQty => Found::Number(shape.qty),
        FactName::OrderNotional => {
            match worth(&exact(shape.touch), &exact(shape.qty), instrument) {
                Some(worth) => Found::Number(worth),
                None => Found::TooLarge,
            }
        }
        FactName::PositionQty => {
            let held = case.held().position.rounded(Rounding::Down);
            held.map_or(Found::TooLarge, Found::Number)
        }
        FactName::QuoteAgeMs => {
            let Some(quote) = case.quote else { return Found::Missing };
            let ms = (case.at.as_ns() - quote.as_of.as_ns()) / 1_000_000;
            Found::Number(Decimal::from_int(ms))
        }
    }
}
