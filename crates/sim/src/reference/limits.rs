//! The risk envelope as its documents state it: every level that states a limit is held against the order in turn.

use super::admin::gross_besides;
use super::facts::Held;
use super::gates::{
    Case, PASS, Said, Shape, TOO_LARGE, can_be_marked, deny, fitting, fitting_qty, qty, qty_for,
    unsound_marks, with_order, worth,
};
use super::sessions::lane_of;
use crate::exact::{Exact, exact};
use fillwright_domain::{
    BookId, Constraint, Decimal, Instrument, InstrumentId, Rounding, Side, Text, Timestamp,
};
use fillwright_kernel::{Denial, Ruling};
use fillwright_policy::{Book, Breach, GroupLimits, Limits};

/// What a limit counts: everything, or what is in one place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Firm,
    Account,
    Lane,
    Strategy,
    Book,
    Instrument,
    Sector,
    Cluster,
}

/// One limit as one level states it.
struct Stated {
    level: String,
    reach: Reach,
    cap: Decimal,
    breach: Breach,
}

/// What an order would lead to, and the most that is allowed.
type Compared = Option<(Decimal, Decimal)>;

/// A limit: what its levels state, what the order leads to, what still fits.
struct Rule<'r> {
    stated: Vec<Stated>,
    compare: &'r dyn Fn(&Shape, &Stated) -> Compared,
    /// Whether the level is left no worse than it was.
    adds_nothing: &'r dyn Fn(&Shape, &Stated) -> Option<bool>,
    fits: &'r dyn Fn(&Shape, &Stated, Decimal) -> Option<Decimal>,
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
    let lane = case.lane();
    let lane = lane.as_ref();
    let below = [
        (format!("account:{}", book.account), Reach::Account, envelope.accounts.get(&book.account)),
        (
            format!("lane:{}", lane.map_or("", |lane| lane.as_str())),
            Reach::Lane,
            lane.and_then(|lane| envelope.lanes.get(lane)),
        ),
        (
            format!("strategy:{}", book.strategy_id),
            Reach::Strategy,
            envelope.strategies.get(&book.strategy_id),
        ),
        (format!("book:{}", intent.book_id), Reach::Book, envelope.books.get(&intent.book_id)),
        (
            format!("instrument:{}", intent.instrument_id),
            Reach::Instrument,
            envelope.instruments.get(&intent.instrument_id),
        ),
    ];
    read(&envelope.firm)?;
    let firm = ("firm".to_owned(), Reach::Firm, Some(&envelope.firm));
    let stated = std::iter::once(firm).chain(below).filter_map(|(level, reach, limits)| {
        let (cap, breach) = read(limits?)?;
        Some(Stated { level, reach, cap, breach })
    });
    Some(stated.collect())
}

/// Whether what a book holds of an instrument counts at a level the order stands under.
fn counts(case: &Case, reach: Reach, held_in: &BookId, held: &InstrumentId) -> bool {
    let (rules, own_book, own) = (case.rules, case.book, &case.intent.instrument_id);
    let Some((own_book, other)) = own_book.zip(rules.books.get(held_in)) else { return false };
    match reach {
        Reach::Firm => true,
        Reach::Account => other.account == own_book.account,
        Reach::Lane => case.lane().is_some() && lane_of(case.facts, held_in) == case.lane(),
        Reach::Strategy => other.strategy_id == own_book.strategy_id,
        Reach::Book => *held_in == case.intent.book_id,
        Reach::Instrument => held == own,
        Reach::Sector => sector(case, held) == sector(case, own),
        Reach::Cluster => cluster(case, held) == cluster(case, own),
    }
}

fn sector(case: &Case, id: &InstrumentId) -> String {
    let named = case.rules.groups.get(id).and_then(|group| group.sector.as_ref());
    named.map_or("ungrouped".to_owned(), ToString::to_string)
}

fn cluster(case: &Case, id: &InstrumentId) -> String {
    let named = case.rules.groups.get(id).and_then(|group| group.cluster.as_ref());
    named.map_or("ungrouped".to_owned(), ToString::to_string)
}

/// Everything else that counts at a level: what is held on the plane but for the order's own holding.
fn others(case: &Case, reach: Reach) -> Vec<Held> {
    let Some(plane) = case.plane else { return Vec::new() };
    let all = case.facts.everything(plane).into_iter();
    let own = |book: &BookId, held: &Held| {
        *book == case.intent.book_id && held.instrument_id == case.intent.instrument_id
    };
    all.filter(|(book, held)| !own(book, held) && counts(case, reach, book, &held.instrument_id))
        .map(|(_, held)| held)
        .collect()
}

/// What holdings are worth at their marks, by a measure of each; nothing where it cannot be held.
fn valued(
    case: &Case,
    holdings: &[Held],
    measure: impl Fn(&Exact, &Held, &Instrument) -> Option<Decimal>,
) -> Option<Exact> {
    let mut sum = Exact::zero();
    for held in holdings {
        let Some((px, _)) = case.facts.mark(&held.instrument_id) else { continue };
        let instrument = case.rules.instruments.get(&held.instrument_id)?;
        sum = sum + exact(measure(&exact(px.get()), held, instrument)?);
    }
    Some(sum)
}

/// Gross exposure of everything else at a level.
fn gross_of(case: &Case, reach: Reach) -> Option<Exact> {
    valued(case, &others(case, reach), |px, held, instrument| worth(px, &held.worst(), instrument))
}

/// Whether something else that is held on the plane has no mark, or one that is too old.
fn unsound_marks_anywhere(case: &Case) -> Option<Denial> {
    let marks: Vec<_> =
        others(case, Reach::Firm).iter().map(|held| case.facts.mark(&held.instrument_id)).collect();
    let age_max_ns = i128::from(case.rules.execution.mark_age_max_ms) * 1_000_000;
    let age_ns = |as_of: Timestamp| i128::from(case.at.as_ns()) - i128::from(as_of.as_ns());
    if marks.contains(&None) {
        Some(Denial::MarkMissing)
    } else if marks.iter().flatten().any(|(_, as_of)| age_ns(*as_of) > age_max_ns) {
        Some(Denial::MarkStale)
    } else {
        None
    }
}

/// Holds the order against a limit at every level in turn: cut where the level says so, otherwise refused.
fn keep(shape: &mut Shape, rule: &Rule) -> Said {
    let mut cut = None;
    let mut passed: Vec<(Decimal, Decimal)> = Vec::new();
    for stated in &rule.stated {
        let Some((asked, most)) = (rule.compare)(shape, stated) else {
            return (TOO_LARGE.0, cut);
        };
        if asked <= most {
            passed.push((asked, most));
            continue;
        }
        match (rule.adds_nothing)(shape, stated) {
            None => return (TOO_LARGE.0, cut),
            Some(true) => continue,
            Some(false) => {}
        }
        shape.rule = Some(Text::new(&stated.level));
        cut = Some((asked, most));
        match (stated.breach, (rule.fits)(shape, stated, most)) {
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

#[allow(clippy::unnecessary_wraps, reason = "as the one that has to compute it")]
fn always_adds(_: &Shape, _: &Stated) -> Option<bool> {
    Some(false)
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
        compare: &|shape, Stated { cap, .. }| {
            Some((worth(&exact(shape.touch), &exact(shape.qty), instrument)?, *cap))
        },
        adds_nothing: &always_adds,
        fits: &|shape, _, most| qty_for(&exact(most), shape.touch, instrument, Rounding::Down),
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
        compare: &|shape, Stated { cap, .. }| {
            let own = worth(&exact(shape.touch), &with(&before, shape).worst(), instrument)?;
            let gross = (exact(others) + exact(own)).rounded(Rounding::Up)?;
            Some((gross, share_of(*cap, book)?))
        },
        adds_nothing: &always_adds,
        fits: &|shape, _, most| fitting(&before, shape, &(exact(most) - exact(others)), instrument),
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
        compare: &|shape, Stated { cap, .. }| {
            let own = worth(&exact(shape.touch), &with(&before, shape).worst(), instrument)?;
            Some((own, share_of(*cap, book)?))
        },
        adds_nothing: &always_adds,
        fits: &|shape, _, most| fitting(&before, shape, &exact(most), instrument),
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

pub(super) fn order_quantity(case: &Case, shape: &mut Shape, book: &Book) -> Said {
    let read = |limits: &Limits| Some((limits.max_order_qty?.get(), limits.on_order_qty));
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    let rule = Rule {
        stated,
        compare: &|shape, Stated { cap, .. }| Some((shape.qty, *cap)),
        adds_nothing: &always_adds,
        fits: &|_, _, most| Some(most),
        constraint: Constraint::OrderQuantity,
        reason: Denial::QuantityAboveCap,
    };
    keep(shape, &rule)
}

pub(super) fn position_limit(case: &Case, shape: &mut Shape, book: &Book) -> Said {
    let (before, after) = with_order(case, shape);
    if after.worst() <= before.worst() {
        return PASS;
    }
    if after.worst().rounded(Rounding::Up).is_none() {
        return TOO_LARGE;
    }
    let read = |limits: &Limits| Some((limits.max_position?.get(), limits.on_position));
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    let elsewhere = |reach: Reach| {
        let same = others(case, reach).into_iter();
        same.filter(|held| held.instrument_id == case.intent.instrument_id)
            .fold(Exact::zero(), |sum, held| sum + held.worst())
    };
    let rule = Rule {
        stated,
        compare: &|shape, Stated { reach, cap, .. }| {
            let position = elsewhere(*reach) + with(&before, shape).worst();
            Some((position.rounded(Rounding::Up)?, *cap))
        },
        adds_nothing: &always_adds,
        fits: &|shape, Stated { reach, .. }, most| {
            fitting_qty(&before, shape, &(exact(most) - elsewhere(*reach)))
        },
        constraint: Constraint::PositionLimit,
        reason: Denial::PositionAboveCap,
    };
    keep(shape, &rule)
}

pub(super) fn gross_exposure(
    case: &Case,
    shape: &mut Shape,
    book: &Book,
    instrument: &Instrument,
) -> Said {
    let (before, after) = with_order(case, shape);
    if after.worst() <= before.worst() {
        return PASS;
    }
    let read = |limits: &Limits| Some((limits.max_gross_exposure?.get(), limits.on_gross_exposure));
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    if let Some(reason) = unsound_marks_anywhere(case) {
        return deny(reason);
    }
    if let Some((mark, _)) = case.facts.mark(&case.intent.instrument_id) {
        let own = worth(&exact(mark.get()), &after.worst(), instrument);
        let firm = gross_of(case, Reach::Firm).zip(own).map(|(others, own)| others + exact(own));
        if firm.and_then(|firm| firm.rounded(Rounding::Up)).is_none() {
            return TOO_LARGE;
        }
    }
    exposure(case, shape, &before, instrument, stated, GROSS)
}

/// How an order above a cap on exposure is cut and refused.
type Answer = (Constraint, Denial);
const GROSS: Answer = (Constraint::GrossExposure, Denial::GrossExposureAboveCap);
const SECTOR: Answer = (Constraint::SectorExposure, Denial::SectorExposureAboveCap);
const CLUSTER: Answer = (Constraint::ClusterExposure, Denial::ClusterExposureAboveCap);

fn exposure(
    case: &Case,
    shape: &mut Shape,
    before: &Held,
    instrument: &Instrument,
    stated: Vec<Stated>,
    (constraint, reason): Answer,
) -> Said {
    let rule = Rule {
        stated,
        compare: &|shape, Stated { reach, cap, .. }| {
            let own = worth(&exact(shape.touch), &with(before, shape).worst(), instrument)?;
            Some(((gross_of(case, *reach)? + exact(own)).rounded(Rounding::Up)?, *cap))
        },
        adds_nothing: &always_adds,
        fits: &|shape, Stated { reach, .. }, most| {
            fitting(before, shape, &(exact(most) - gross_of(case, *reach)?), instrument)
        },
        constraint,
        reason,
    };
    keep(shape, &rule)
}

pub(super) fn net_exposure(
    case: &Case,
    shape: &mut Shape,
    book: &Book,
    instrument: &Instrument,
) -> Said {
    let (before, after) = with_order(case, shape);
    if after.worst() <= before.worst() {
        return PASS;
    }
    let read = |limits: &Limits| Some((limits.max_net_exposure?.get(), limits.on_net_exposure));
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    let rule = Rule {
        stated,
        compare: &|shape, Stated { reach, cap, .. }| {
            let (long, short) = net_ends(case, shape, *reach, &with(&before, shape), instrument)?;
            Some((furthest(&long, &short).rounded(Rounding::Up)?, *cap))
        },
        adds_nothing: &|shape, Stated { reach, .. }| {
            let (long, short) = net_ends(case, shape, *reach, &before, instrument)?;
            let (after_long, after_short) =
                net_ends(case, shape, *reach, &with(&before, shape), instrument)?;
            Some(furthest(&after_long, &after_short) <= furthest(&long, &short))
        },
        fits: &|shape, Stated { reach, .. }, most| {
            net_fitting(case, shape, *reach, &before, instrument, most)
        },
        constraint: Constraint::NetExposure,
        reason: Denial::NetExposureAboveCap,
    };
    keep(shape, &rule)
}

fn furthest(long: &Exact, short: &Exact) -> Exact {
    if long.abs() > short.abs() { long.abs() } else { short.abs() }
}

/// What one holding is worth at a price with every buy at work done, and with every sell.
fn own_ends(px: &Exact, held: &Held, instrument: &Instrument) -> Option<(Decimal, Decimal)> {
    let (bought, sold) = held.ends();
    let unit = px.clone() * exact(instrument.contract_size.get());
    Some((
        (unit.clone() * bought).rounded(Rounding::Ceil)?,
        (unit * sold).rounded(Rounding::Floor)?,
    ))
}

/// Both ends of everything else at a level.
fn other_ends(case: &Case, reach: Reach) -> Option<(Exact, Exact)> {
    let others = others(case, reach);
    let long = valued(case, &others, |px, held, of| Some(own_ends(px, held, of)?.0))?;
    let short = valued(case, &others, |px, held, of| Some(own_ends(px, held, of)?.1))?;
    Some((long, short))
}

/// Both ends of a level with the instrument held like this.
fn net_ends(
    case: &Case,
    shape: &Shape,
    reach: Reach,
    held: &Held,
    instrument: &Instrument,
) -> Option<(Exact, Exact)> {
    let (other_long, other_short) = other_ends(case, reach)?;
    let (long, short) = own_ends(&exact(shape.touch), held, instrument)?;
    let (long, short) = (other_long + exact(long), other_short + exact(short));
    long.rounded(Rounding::Up)?;
    short.rounded(Rounding::Up)?;
    Some((long, short))
}

/// The largest quantity that keeps the end it moves within the cap, where the other end is within it already.
fn net_fitting(
    case: &Case,
    shape: &Shape,
    reach: Reach,
    before: &Held,
    instrument: &Instrument,
    most: Decimal,
) -> Option<Decimal> {
    let (other_long, other_short) = other_ends(case, reach)?;
    let (long, short) = net_ends(case, shape, reach, before, instrument)?;
    let (bought, sold) = before.ends();
    let (still, room, taken) = match shape.side {
        Side::Buy => (short, exact(most) - other_long, bought),
        Side::Sell => (long, exact(most) + other_short, Exact::zero() - sold),
    };
    if still.abs() > exact(most) {
        return Some(Decimal::ZERO);
    }
    let size = exact(qty_for(&room, shape.touch, instrument, Rounding::Floor)?);
    let fits = (size - taken).rounded(Rounding::Down)?;
    Some(if fits < shape.qty { fits } else { Decimal::ZERO })
}

pub(super) fn sector_exposure(case: &Case, shape: &mut Shape, instrument: &Instrument) -> Said {
    let envelope = &case.rules.envelope;
    let name = sector(case, &case.intent.instrument_id);
    let own = envelope.sectors.get(name.as_str());
    let caps = [("every_sector".to_owned(), &envelope.every_sector)]
        .into_iter()
        .chain(own.map(|own| (format!("sector:{name}"), own)));
    group_exposure(case, shape, instrument, Reach::Sector, caps.collect(), SECTOR)
}

pub(super) fn cluster_exposure(case: &Case, shape: &mut Shape, instrument: &Instrument) -> Said {
    let envelope = &case.rules.envelope;
    let name = cluster(case, &case.intent.instrument_id);
    let own = envelope.clusters.get(name.as_str());
    let caps = [("every_cluster".to_owned(), &envelope.every_cluster)]
        .into_iter()
        .chain(own.map(|own| (format!("cluster:{name}"), own)));
    group_exposure(case, shape, instrument, Reach::Cluster, caps.collect(), CLUSTER)
}

fn group_exposure(
    case: &Case,
    shape: &mut Shape,
    instrument: &Instrument,
    reach: Reach,
    caps: Vec<(String, &GroupLimits)>,
    answer: Answer,
) -> Said {
    let (before, after) = with_order(case, shape);
    if after.worst() <= before.worst() {
        return PASS;
    }
    if caps[0].1.max_exposure.is_none() {
        return deny(Denial::LimitMissing);
    }
    let stated = caps.into_iter().filter_map(|(level, limits)| {
        let cap = limits.max_exposure?.get();
        Some(Stated { level, reach, cap, breach: limits.on_exposure })
    });
    exposure(case, shape, &before, instrument, stated.collect(), answer)
}

pub(super) fn open_orders(case: &Case, shape: &mut Shape, book: &Book) -> Said {
    let read =
        |limits: &Limits| Some((Decimal::from_int(limits.max_open_orders?.into()), Breach::Deny));
    let Some(stated) = stated(case, book, read) else { return deny(Denial::LimitMissing) };
    let at_work = |reach: Reach| {
        let working = case.facts.working().into_iter().filter(|child| {
            Some(child.order.plane) == case.plane
                && counts(case, reach, &child.order.book_id, &child.order.market_id)
        });
        i64::try_from(working.count()).unwrap_or(i64::MAX)
    };
    let rule = Rule {
        stated,
        compare: &|_, Stated { reach, cap, .. }| {
            Some((Decimal::from_int(at_work(*reach) + 1), *cap))
        },
        adds_nothing: &always_adds,
        fits: &|_, _, _| Some(Decimal::ZERO),
        constraint: Constraint::OrderQuantity,
        reason: Denial::OpenOrdersAboveCap,
    };
    keep(shape, &rule)
}
