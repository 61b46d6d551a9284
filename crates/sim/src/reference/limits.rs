//! The risk envelope as its documents state it: every level that states a limit is held against the order in turn.

use super::admin::gross_besides;
use super::facts::Held;
use super::gates::{
    Case, PASS, Said, Shape, TOO_LARGE, can_be_marked, deny, fitting, qty, qty_for, unsound_marks,
    with_order, worth,
};
use crate::exact::{Exact, exact};
use fillwright_domain::{Constraint, Decimal, Instrument, Rounding, Text};
use fillwright_kernel::{Denial, Ruling};
use fillwright_policy::{Book, Breach, Limits};

/// One limit as one level states it.
struct Stated {
    level: String,
    cap: Decimal,
    breach: Breach,
}

/// A limit: what its levels state, what the order leads to, what still fits.
struct Rule<'r> {
    stated: Vec<Stated>,
    /// What the order would lead to, and the most that is allowed.
    compare: &'r dyn Fn(&Shape, Decimal) -> Option<(Decimal, Decimal)>,
    fits: &'r dyn Fn(&Shape, Decimal) -> Option<Decimal>,
    constraint: Constraint,
    reason: Denial,
}

/// What the levels an order stands under state of a limit, from the firm down; nothing where the firm is silent.
fn stated(
    case: &Case,
    book: &Book,
    read: impl Fn(&Limits) -> Option<(Decimal, Breach)>,
) -> Option<Vec<Stated>> {
    let (envelope, intent) = (&case.rules.envelope, case.intent);
    let lane = book.lane.as_ref();
    let below = [
        (format!("account:{}", book.account), envelope.accounts.get(&book.account)),
        (
            format!("lane:{}", lane.map_or("", |lane| lane.as_str())),
            lane.and_then(|lane| envelope.lanes.get(lane)),
        ),
        (format!("strategy:{}", book.strategy_id), envelope.strategies.get(&book.strategy_id)),
        (format!("book:{}", intent.book_id), envelope.books.get(&intent.book_id)),
        (
            format!("instrument:{}", intent.instrument_id),
            envelope.instruments.get(&intent.instrument_id),
        ),
    ];
    read(&envelope.firm)?;
    let levels = std::iter::once(("firm".to_owned(), Some(&envelope.firm))).chain(below);
    let stated = levels.filter_map(|(level, limits)| {
        let (cap, breach) = read(limits?)?;
        Some(Stated { level, cap, breach })
    });
    Some(stated.collect())
}

/// Holds the order against a limit at every level in turn: cut where the level says so, otherwise refused.
fn keep(shape: &mut Shape, rule: &Rule) -> Said {
    let mut cut = None;
    let mut passed: Vec<(Decimal, Decimal)> = Vec::new();
    for Stated { level, cap, breach } in &rule.stated {
        let Some((asked, most)) = (rule.compare)(shape, *cap) else {
            return (TOO_LARGE.0, cut);
        };
        if asked <= most {
            passed.push((asked, most));
            continue;
        }
        shape.rule = Some(Text::new(level));
        cut = Some((asked, most));
        match (breach, (rule.fits)(shape, most)) {
            (_, None) => return (TOO_LARGE.0, cut),
            (Breach::Reduce, Some(fits)) if fits.is_positive() => shape.qty = fits,
            _ => return (Ruling::Deny { reason: rule.reason }, cut),
        }
    }
    if cut.is_some() {
        shape.constraints.insert(rule.constraint);
        return (Ruling::Reduce { to: qty(shape.qty) }, cut);
    }
    let room = |(asked, most): &(Decimal, Decimal)| exact(*most) - exact(*asked);
    let closest =
        passed.into_iter().reduce(|one, other| if room(&other) < room(&one) { other } else { one });
    (Ruling::Allow, closest)
}

pub(super) fn order_notional(
    case: &Case,
    shape: &mut Shape,
    book: &Book,
    instrument: &Instrument,
) -> Said {
    let read = |limits: &Limits| Some((limits.max_order_notional?.get(), limits.on_order_notional));
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    let rule = Rule {
        stated,
        compare: &|shape, cap| {
            Some((worth(&exact(shape.touch), &exact(shape.qty), instrument)?, cap))
        },
        fits: &|shape, most| qty_for(&exact(most), shape.touch, instrument, Rounding::Down),
        constraint: Constraint::OrderNotional,
        reason: Denial::NotionalAboveCap,
    };
    keep(shape, &rule)
}

pub(super) fn leverage(
    case: &Case,
    shape: &mut Shape,
    book: &Book,
    instrument: &Instrument,
) -> Said {
    let (before, after) = with_order(case, shape);
    if after.worst() <= before.worst() {
        return PASS;
    }
    if after.worst().rounded(Rounding::Up).is_none() {
        return TOO_LARGE;
    }
    let own_cap = case.intent.max_leverage();
    let read = |limits: &Limits| {
        let cap = limits.max_leverage?;
        Some((own_cap.map_or(cap, |own| own.min(cap)).get(), limits.on_leverage))
    };
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    if let Some(reason) = unsound_marks(case) {
        return deny(reason);
    }
    let others = gross_besides(case.facts, &case.holdings(), &case.intent.instrument_id);
    let Some(others) = others else { return TOO_LARGE };
    if !can_be_marked(case, &after, instrument) {
        return TOO_LARGE;
    }
    let rule = Rule {
        stated,
        compare: &|shape, cap| {
            let own = worth(&exact(shape.touch), &with(&before, shape).worst(), instrument)?;
            let gross = (exact(others) + exact(own)).rounded(Rounding::Up)?;
            Some((gross, share_of(cap, book)?))
        },
        fits: &|shape, most| fitting(&before, shape, &(exact(most) - exact(others)), instrument),
        constraint: Constraint::LeverageCap,
        reason: Denial::LeverageAboveCap,
    };
    keep(shape, &rule)
}

pub(super) fn asset_exposure(
    case: &Case,
    shape: &mut Shape,
    book: &Book,
    instrument: &Instrument,
) -> Said {
    let (before, after) = with_order(case, shape);
    if after.worst() <= before.worst() {
        return PASS;
    }
    let read = |limits: &Limits| Some((limits.max_asset_exposure?.get(), limits.on_asset_exposure));
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    let rule = Rule {
        stated,
        compare: &|shape, cap| {
            let own = worth(&exact(shape.touch), &with(&before, shape).worst(), instrument)?;
            Some((own, share_of(cap, book)?))
        },
        fits: &|shape, most| fitting(&before, shape, &exact(most), instrument),
        constraint: Constraint::AssetExposure,
        reason: Denial::AssetExposureAboveCap,
    };
    keep(shape, &rule)
}

fn with(before: &Held, shape: &Shape) -> Held {
    before.with(shape.side, &exact(shape.qty))
}

/// A share of the book's equity, rounded down.
fn share_of(cap: Decimal, book: &Book) -> Option<Decimal> {
    let share: Exact = exact(cap) * exact(book.equity.get());
    share.rounded(Rounding::Down)
}
