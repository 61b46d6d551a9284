//! The decision chain: every gate in its documented order, each in a file of its own.
//!
//! A gate reads the [`Case`], may shape the [`Draft`] of the order, and gives one [`Finding`]. All are recorded;
//! the first refusal ends the chain and is the one reported. A gate without a rule in force keeps its place here and is
//! recorded as passed over, so that adding it later is one file and one line of [`CHAIN`].

mod asset_exposure;
mod blocking_incident;
mod book;
mod capital_plan;
mod cluster_exposure;
mod cooldown;
mod data_age;
mod decision_table;
mod duplicate_window;
mod gross_exposure;
mod groups;
mod halt;
mod instrument;
mod kill_switch;
mod lane;
mod levels;
mod leverage;
mod maintenance;
mod mapping;
mod message_rate;
mod model_status;
mod net_exposure;
mod open_orders;
mod order_notional;
mod order_quantity;
mod order_type_policy;
mod participation;
mod permission;
mod position_limit;
mod precision;
mod price_collar;
mod provenance;
mod record;
mod reduce_only_mode;
mod regime_parity;
mod repeat_throttle;
mod restricted_list;
mod route;
mod schedule;
mod sector_exposure;
mod self_match;
mod session;
mod sizing;
mod slippage_budget;
mod strategy;
mod trading_hours;
mod venue;
mod venue_health;

use crate::denial::{Denial, Skip};
use crate::directory::{Found, Slot};
use crate::exposure::{Added, Ends, Holding, Ledger};
use crate::sessions::{Session, lane_of};
use crate::state::State;
use crate::tree;
use crate::verdict::{Gate, GateSet, Verdicts};
use fillwright_domain::{
    ActionType, Constraint, Constraints, Decimal, Instrument, Intent, LaneId, Notional,
    NumberError, OrderType, Place, Plane, Px, Qty, Quote, Ratio, RequestId, Rounding, Route, RunId,
    Side, StrategyId, Text, TimeInForce, Timestamp,
};
use fillwright_policy::{Book, Levels, RestraintKind, Rulebook};
use record::Record;

/// A gate that has a rule in force.
///
/// Each gate's file says what it settles and in which unit its figures are.
type Judge = fn(&Case, &mut Draft) -> Result<Finding, Denial>;

/// What a gate finds that does not refuse: small, so that it comes back in a register.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Pass.
    Allow,
    /// Pass with the smaller quantity that now stands in the draft.
    Reduce,
    /// A safety exit passes a gate that only guards new risk.
    Bypass,
    /// Nothing needs to be sent.
    Skip {
        /// Why.
        reason: Skip,
    },
}

/// The gates behind the rulebook gate, in order. `None` keeps a place for a gate without a rule in force.
static CHAIN: &[(Gate, Option<Judge>)] = &[
    (Gate::Book, Some(book::judge)),
    (Gate::Provenance, Some(provenance::judge)),
    (Gate::Strategy, Some(strategy::judge)),
    (Gate::Lane, Some(lane::judge)),
    (Gate::Session, Some(session::judge)),
    (Gate::ModelStatus, Some(model_status::judge)),
    (Gate::Instrument, Some(instrument::judge)),
    (Gate::RestrictedList, Some(restricted_list::judge)),
    (Gate::Venue, Some(venue::judge)),
    (Gate::Permission, Some(permission::judge)),
    (Gate::TradingHours, Some(trading_hours::judge)),
    (Gate::Halt, Some(halt::judge)),
    (Gate::VenueHealth, Some(venue_health::judge)),
    (Gate::DataAge, Some(data_age::judge)),
    (Gate::Maintenance, Some(maintenance::judge)),
    (Gate::KillSwitch, Some(kill_switch::judge)),
    (Gate::Cooldown, Some(cooldown::judge)),
    (Gate::BlockingIncident, Some(blocking_incident::judge)),
    (Gate::ReduceOnlyMode, Some(reduce_only_mode::judge)),
    (Gate::RepeatThrottle, Some(repeat_throttle::judge)),
    (Gate::Mapping, Some(mapping::judge)),
    (Gate::Sizing, Some(sizing::judge)),
    (Gate::DecisionTable, Some(decision_table::judge)),
    (Gate::VolatilityTarget, None),
    (Gate::CapitalPlan, Some(capital_plan::judge)),
    (Gate::Aggregation, None),
    (Gate::OrderQuantity, Some(order_quantity::judge)),
    (Gate::OrderNotional, Some(order_notional::judge)),
    (Gate::PositionLimit, Some(position_limit::judge)),
    (Gate::Leverage, Some(leverage::judge)),
    (Gate::AssetExposure, Some(asset_exposure::judge)),
    (Gate::GrossExposure, Some(gross_exposure::judge)),
    (Gate::NetExposure, Some(net_exposure::judge)),
    (Gate::SectorExposure, Some(sector_exposure::judge)),
    (Gate::ClusterExposure, Some(cluster_exposure::judge)),
    (Gate::OpenOrders, Some(open_orders::judge)),
    (Gate::Drawdown, None),
    (Gate::RegimeParity, Some(regime_parity::judge)),
    (Gate::Precision, Some(precision::judge)),
    (Gate::OrderTypePolicy, Some(order_type_policy::judge)),
    (Gate::SlippageBudget, Some(slippage_budget::judge)),
    (Gate::Participation, Some(participation::judge)),
    (Gate::Route, Some(route::judge)),
    (Gate::PriceCollar, Some(price_collar::judge)),
    (Gate::SelfMatch, Some(self_match::judge)),
    (Gate::DuplicateWindow, Some(duplicate_window::judge)),
    (Gate::Schedule, Some(schedule::judge)),
    (Gate::MessageRate, Some(message_rate::judge)),
];

/// The order in which gates judge, and whether each has a rule in force.
pub fn order() -> impl Iterator<Item = (Gate, bool)> {
    std::iter::once((Gate::Rulebook, true))
        .chain(CHAIN.iter().map(|(gate, judge)| (*gate, judge.is_some())))
}

/// What a gate may read: the intent, its market context, and what the state knows of everything it names.
pub(crate) struct Case<'a> {
    pub(crate) at: Timestamp,
    pub(crate) intent: &'a Intent,
    pub(crate) quote: Option<&'a Quote>,
    pub(crate) state: &'a State,
    pub(crate) rulebook: &'a Rulebook,
    book: Option<&'a Book>,
    instrument: Option<&'a Instrument>,
    plane: Option<Plane>,
    ledger: Option<&'a Ledger>,
    levels: Option<Levels<'a>>,
    /// The book and the instrument, where the rules know both.
    found: Option<Found<'a>>,
    /// What everything on that plane adds up to.
    exposure: Option<&'a tree::Levels>,
    session: Option<&'a Session>,
    /// What the book holds of the instrument on the plane that would realise the order; nothing where it holds none.
    pub(crate) holding: &'a Holding,
}

impl<'a> Case<'a> {
    pub(crate) fn gather(
        at: Timestamp,
        intent: &'a Intent,
        quote: Option<&'a Quote>,
        state: &'a State,
        rulebook: &'a Rulebook,
    ) -> Self {
        let found = state.directory.find(&intent.book_id, &intent.instrument_id);
        let book = found.map_or_else(|| state.directory.book(&intent.book_id), |f| Some(f.book()));
        let instrument = found.map_or_else(
            || state.directory.instrument(&intent.instrument_id),
            |found| Some(found.instrument()),
        );
        let plane = found.and_then(|f| f.book().executors.get(&f.instrument().venue).copied());
        let ledger = plane.and_then(|plane| state.ledgers.get(&intent.book_id, plane));
        let holding = ledger
            .and_then(|ledger| ledger.holding(&intent.instrument_id))
            .unwrap_or(&Holding::NOTHING);
        let session = state.sessions.of_book(&intent.book_id);
        let levels = found.map(|found| found.levels(&rulebook.envelope.firm, intent));
        let exposure = plane.map(|plane| state.tree.levels(plane));
        Self {
            at,
            intent,
            quote,
            state,
            rulebook,
            book,
            instrument,
            plane,
            ledger,
            levels,
            found,
            exposure,
            session,
            holding,
        }
    }

    pub(crate) fn book(&self) -> Result<&'a Book, Denial> {
        self.book.ok_or(Denial::BookUnknown)
    }

    pub(crate) fn instrument(&self) -> Result<&'a Instrument, Denial> {
        self.instrument.ok_or(Denial::InstrumentUnknown)
    }

    fn quote(&self) -> Result<&'a Quote, Denial> {
        self.quote.ok_or(Denial::QuoteMissing)
    }

    /// Where the order counts, and what everything on its plane adds up to.
    fn exposure(&self) -> Result<(&Slot, &'a tree::Levels), Denial> {
        let levels = self.exposure.ok_or(Denial::NoExecutor)?;
        Ok((&self.found()?.slot, levels))
    }

    /// The book and the instrument, with what the rules say of the two.
    fn found(&self) -> Result<&Found<'a>, Denial> {
        self.found.as_ref().ok_or(Denial::InstrumentUnknown)
    }

    /// The levels the order stands under.
    fn levels(&self) -> Result<&Levels<'a>, Denial> {
        self.levels.as_ref().ok_or(Denial::BookUnknown)
    }

    /// The strategy that wants it: the intent's own word, otherwise its book's owner.
    pub(crate) fn strategy_id(&self) -> Option<&'a StrategyId> {
        self.intent.strategy_id.as_ref().or(self.book.map(|book| &book.strategy_id))
    }

    /// The session that has the book: running or suspended.
    pub(crate) fn session(&self) -> Option<&'a Session> {
        self.session
    }

    /// The lane of the book: its own, otherwise its session's.
    pub(crate) fn lane_id(&self) -> Option<&'a LaneId> {
        self.book.and_then(|book| lane_of(book, self.session))
    }

    /// The research run behind it: the intent's own word, otherwise its book's.
    pub(crate) fn source_run(&self) -> Option<&'a RunId> {
        self.intent.source_run.as_ref().or(self.book.and_then(|book| book.source_run.as_ref()))
    }

    /// The plane that realises the book's orders at the instrument's venue.
    pub(crate) fn plane(&self) -> Result<Plane, Denial> {
        self.book()?;
        self.instrument()?;
        self.plane.ok_or(Denial::NoExecutor)
    }

    /// Mid of the quote, where there is a usable one: the price TCA calls the decision price.
    pub(crate) fn decision_px(&self) -> Option<Px> {
        self.quote.filter(|quote| quote.is_two_sided()).and_then(|quote| quote.mid().ok())
    }

    /// Where the order would stand, as scopes name it.
    pub(crate) fn place(&self) -> Place<'a> {
        Place {
            lane: self.lane_id(),
            account: self.book.map(|book| &book.account),
            strategy_id: self.strategy_id(),
            venue: self.instrument.map(|instrument| &instrument.venue),
            instrument_id: Some(&self.intent.instrument_id),
        }
    }

    /// Whether a restraint of this kind covers the order now.
    fn is_held_back(&self, kind: RestraintKind) -> bool {
        let control = &self.state.control;
        !control.is_empty() && control.holding_back(kind, self.at, &self.place()).is_some()
    }

    /// The ruling of a gate that holds back everything but safety exits.
    fn unless_held_back(&self, kind: RestraintKind, denial: Denial) -> Result<Finding, Denial> {
        if !self.is_held_back(kind) {
            Ok(Finding::Allow)
        } else if self.is_safety_exit() {
            Ok(Finding::Bypass)
        } else {
            Err(denial)
        }
    }

    /// A refusal that only guards new risk does not hold a safety exit.
    fn unless_safety_exit(&self, ruling: Result<Finding, Denial>) -> Result<Finding, Denial> {
        match ruling {
            Err(_) if self.is_safety_exit() => Ok(Finding::Bypass),
            ruling => ruling,
        }
    }

    /// Whether it is a safety exit, which passes gates that only guard new risk.
    fn is_safety_exit(&self) -> bool {
        self.intent.action() == ActionType::EmergencyExit
    }
}

/// The order as the gates shape it on its way: what later gates may read of earlier ones.
pub(crate) struct Draft {
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    /// The price the order is valued at: the touch it would trade against.
    reference_px: Px,
    pub(crate) order_type: OrderType,
    pub(crate) limit_px: Option<Px>,
    /// How long it works, where its route says so.
    pub(crate) time_in_force: Option<TimeInForce>,
    /// The way it takes to its venue.
    pub(crate) route: Option<Route>,
    pub(crate) constraints: Constraints,
    /// Whether a mode allows it only to reduce.
    pub(crate) reduce_only: bool,
    /// The override that let it past a gate.
    pub(crate) used: Option<RequestId>,
    counted: Option<Counted>,
    /// The last distance between prices that was expressed in basis points, with the price and the figure.
    in_bps: Option<(Px, Px, Decimal)>,
    record: Record,
}

/// The order as exposure counts it. Seven gates ask; each figure is worked out once a quantity, and kept with it.
struct Counted {
    qty: Qty,
    /// What it adds to what its book holds of the instrument.
    added: Added,
    /// What the instrument is worth with the order at work, at the touch it would trade against, and the way that hurts
    /// more.
    at_touch: Option<(Ends, Notional)>,
    /// What it is worth the way that hurts more at its mark, where it has one.
    at_mark: Option<Notional>,
}

impl Draft {
    fn blank() -> Self {
        Self {
            side: Side::Buy,
            qty: Qty::ZERO,
            reference_px: Px::ZERO,
            order_type: OrderType::Limit,
            limit_px: None,
            time_in_force: None,
            route: None,
            constraints: Constraints::default(),
            reduce_only: false,
            used: None,
            counted: None,
            in_bps: None,
            record: Record::with_capacity(CHAIN.len() / 2),
        }
    }

    /// Records what a gate found.
    #[inline]
    fn close(&mut self, gate: Gate, found: Result<Finding, Denial>) {
        self.record.close(gate, found, self.qty);
    }

    /// What every gate said.
    pub(crate) fn into_verdicts(self) -> Verdicts {
        self.record.into_verdicts()
    }

    /// Notes the figures a gate compares, so that its verdict carries them.
    fn compare(&mut self, asked: Decimal, limit: Decimal) {
        self.record.compare(asked, limit);
    }

    /// Names the rule that decided: a level, or the row of a table.
    fn bound_by(&mut self, rule: impl Into<Text>) {
        self.record.name_rule(rule.into());
    }

    /// The price it would trade at: its limit, or the touch at the market.
    fn px(&self) -> Px {
        self.limit_px.unwrap_or(self.reference_px)
    }

    /// What the order adds to what its book holds of the instrument.
    fn added(&mut self, case: &Case) -> Result<&Added, NumberError> {
        self.counted(case).map(|counted| &counted.added)
    }

    /// What the instrument is worth to the book with the order at work, at the touch it would trade against, and the way
    /// that hurts more.
    fn at_touch(&mut self, case: &Case) -> Result<(Ends, Notional), Denial> {
        let px = self.reference_px;
        let counted = self.counted(case)?;
        if let Some(worth) = counted.at_touch {
            return Ok(worth);
        }
        let ends = counted.added.after().worth(px, case.instrument()?.contract_size)?;
        let worth = (ends, ends.worst()?);
        counted.at_touch = Some(worth);
        Ok(worth)
    }

    /// What it is worth at its own mark, the way that hurts more; nothing without a mark.
    fn at_mark(&mut self, case: &Case) -> Result<Option<Notional>, Denial> {
        let counted = self.counted(case)?;
        if counted.at_mark.is_some() {
            return Ok(counted.at_mark);
        }
        let known = || case.state.marks.get(&case.intent.instrument_id).copied();
        let Some(mark) = case.holding.mark.or_else(known) else { return Ok(None) };
        let size = case.instrument()?.contract_size;
        let worst = counted.added.after().worst()?;
        counted.at_mark = Some(mark.mark_px.notional_of(worst, size, Rounding::Up)?);
        Ok(counted.at_mark)
    }

    /// The largest quantity that keeps what it is worth at the touch within `room`; not above zero where none does.
    fn fitting(&mut self, case: &Case, room: Notional) -> Result<Qty, Denial> {
        let size = case.instrument()?.contract_size;
        let most = room.qty_at(self.reference_px, size, Rounding::Floor)?;
        Ok(self.added(case)?.fitting(most)?)
    }

    fn counted(&mut self, case: &Case) -> Result<&mut Counted, NumberError> {
        if self.counted.as_ref().is_none_or(|counted| counted.qty != self.qty) {
            let (qty, added) = (self.qty, Added::of(case.holding, self.side, self.qty)?);
            self.counted = Some(Counted { qty, added, at_touch: None, at_mark: None });
        }
        Ok(self.counted.as_mut().expect("it was just worked out"))
    }

    /// A distance in basis points of a price, rounded up. Two gates ask, mostly for the same.
    fn bps_of(&mut self, distance: Px, px: Px) -> Result<Decimal, NumberError> {
        if let Some((of, at, bps)) = self.in_bps
            && (of, at) == (distance, px)
        {
            return Ok(bps);
        }
        let bps =
            distance.get().checked_mul_div(Decimal::from_int(10_000), px.get(), Rounding::Up)?;
        self.in_bps = Some((distance, px, bps));
        Ok(bps)
    }

    /// Cuts the quantity and notes why.
    fn reduce(&mut self, to: Qty, constraint: Constraint) -> Finding {
        self.qty = to;
        self.constraints.insert(constraint);
        Finding::Reduce
    }

    /// The order's worth at the reference price, rounded up.
    fn notional(&self, instrument: &Instrument) -> Result<Notional, NumberError> {
        self.reference_px.notional_of(self.qty, instrument.contract_size, Rounding::Up)
    }
}

/// How the chain ended for one intent.
pub(crate) struct Judgement {
    /// Gross exposure of the book over its equity, at worst case, with the order counted; zero where none is sent or
    /// the figure cannot be held.
    pub(crate) leverage: Ratio,
    pub(crate) not_in_force: GateSet,
    /// The code of the denial or skip that ended it early.
    pub(crate) refused: Option<&'static str>,
    pub(crate) draft: Draft,
}

impl Judgement {
    fn of(draft: Draft, not_in_force: GateSet) -> Self {
        let refused = draft.record.refused();
        Self { leverage: Ratio::ZERO, not_in_force, refused, draft }
    }
}

/// Takes an intent through the chain.
pub(crate) fn judge(case: &Case) -> Judgement {
    let (mut draft, mut not_in_force) = (Draft::blank(), GateSet::default());
    draft.close(Gate::Rulebook, Ok(Finding::Allow));
    if case.intent.input_truncated {
        draft.constraints.insert(Constraint::InputTruncated);
    }
    for &(gate, judge) in CHAIN {
        let Some(judge) = judge else {
            not_in_force.insert(gate);
            continue;
        };
        let found = judge(case, &mut draft);
        draft.close(gate, found);
        if draft.record.refused().is_some() {
            return Judgement::of(draft, not_in_force);
        }
    }
    let leverage = leverage::with_order(case, &mut draft).unwrap_or_default();
    Judgement { leverage, ..Judgement::of(draft, not_in_force) }
}

/// The gates that look at neither size nor price.
const TRADABLE: [Gate; 8] = [
    Gate::Book,
    Gate::Instrument,
    Gate::Venue,
    Gate::TradingHours,
    Gate::Halt,
    Gate::Maintenance,
    Gate::KillSwitch,
    Gate::Cooldown,
];

/// Whether a book may trade an instrument at all right now.
pub(crate) fn tradable(case: &Case) -> Result<(), Denial> {
    let mut draft = Draft::blank();
    let gates = CHAIN.iter().filter(|(gate, _)| TRADABLE.contains(gate));
    for judge in gates.filter_map(|(_, judge)| *judge) {
        judge(case, &mut draft)?;
    }
    Ok(())
}

/// The judgement where no rules were ever adopted.
pub(crate) fn judge_without_rulebook() -> Judgement {
    let mut draft = Draft::blank();
    draft.close(Gate::Rulebook, Err(Denial::NoRulebook));
    Judgement::of(draft, GateSet::default())
}

impl From<NumberError> for Denial {
    /// A figure that cannot be computed exactly denies: nothing is guessed.
    fn from(_: NumberError) -> Self {
        Self::FigureOutOfRange
    }
}
