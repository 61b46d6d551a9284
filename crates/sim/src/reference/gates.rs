//! The decision chain as its documents state it: each gate's rule, its figures, and who may pass it by.

use super::admin::gross_besides;
use super::approvals::granted;
use super::decisions;
use super::deployment::{admits, model, regime};
use super::facts::{Facts, Held};
use super::flow;
use super::limits;
use super::restraints;
use super::routes;
use super::sessions::{Known, lane_of, session_of};
use crate::exact::{Exact, exact};
use fillwright_domain::{
    ActionType, Ask, BookId, Constraint, Constraints, Decimal, Instrument, Intent, LaneId,
    OrderType, Plane, Px, Quote, Ratio, Regime, RequestId, Rounding, Route, RunId, Scope, Side,
    StrategyId, Text, TimeInForce, Timestamp, Urgency,
};
use fillwright_kernel::{
    Change, Denial, Figures, Gate, GateSet, Ruling, SessionStatus, Skip, Verdict,
};
use fillwright_policy::{Book, Hours, RestraintKind, Rulebook, SessionDefinition, UnknownRegime};
use std::cmp::Ordering;

/// Every gate in its documented order, and whether a rule is in force for it.
pub const CHAIN: &[(Gate, bool)] = &[
    (Gate::Rulebook, true),
    (Gate::Book, true),
    (Gate::Provenance, true),
    (Gate::Strategy, true),
    (Gate::Lane, true),
    (Gate::Session, true),
    (Gate::ModelStatus, true),
    (Gate::Instrument, true),
    (Gate::RestrictedList, true),
    (Gate::Venue, true),
    (Gate::Permission, true),
    (Gate::TradingHours, true),
    (Gate::Halt, true),
    (Gate::VenueHealth, true),
    (Gate::DataAge, true),
    (Gate::Maintenance, true),
    (Gate::KillSwitch, true),
    (Gate::Cooldown, true),
    (Gate::BlockingIncident, true),
    (Gate::ReduceOnlyMode, true),
    (Gate::RepeatThrottle, true),
    (Gate::Mapping, true),
    (Gate::Sizing, true),
    (Gate::DecisionTable, true),
    (Gate::VolatilityTarget, false),
    (Gate::CapitalPlan, true),
    (Gate::Aggregation, false),
    (Gate::OrderQuantity, true),
    (Gate::OrderNotional, true),
    (Gate::PositionLimit, true),
    (Gate::Leverage, true),
    (Gate::AssetExposure, true),
    (Gate::GrossExposure, true),
    (Gate::NetExposure, true),
    (Gate::SectorExposure, true),
    (Gate::ClusterExposure, true),
    (Gate::OpenOrders, true),
    (Gate::Drawdown, false),
    (Gate::RegimeParity, true),
    (Gate::Precision, true),
    (Gate::OrderTypePolicy, true),
    (Gate::SlippageBudget, true),
    (Gate::Participation, true),
    (Gate::Route, true),
    (Gate::PriceCollar, true),
    (Gate::SelfMatch, true),
    (Gate::DuplicateWindow, true),
    (Gate::Schedule, true),
    (Gate::MessageRate, true),
];

/// Everything a gate may look at.
pub(super) struct Case<'a> {
    pub(super) at: Timestamp,
    pub(super) facts: &'a Facts<'a>,
    pub(super) rules: &'a Rulebook,
    pub(super) intent: &'a Intent,
    pub(super) quote: Option<&'a Quote>,
    pub(super) book: Option<&'a Book>,
    pub(super) instrument: Option<&'a Instrument>,
    pub(super) plane: Option<Plane>,
    /// The kinds of restraint that cover it now.
    held_back: Vec<RestraintKind>,
}

/// The order while the gates shape it.
pub(super) struct Shape {
    pub(super) side: Side,
    pub(super) qty: Decimal,
    /// The touch it would trade against.
    pub(super) touch: Decimal,
    pub(super) order_type: OrderType,
    pub(super) limit_px: Option<Decimal>,
    /// How long it works, where its route says so.
    pub(super) time_in_force: Option<TimeInForce>,
    /// The way it takes.
    pub(super) route: Option<Route>,
    /// Whether a mode lets it only reduce.
    pub(super) reduces_only: bool,
    pub(super) constraints: Constraints,
    /// The rule that decided.
    pub(super) rule: Option<Text>,
    /// The override that let it past a gate.
    pub(super) overridden: Option<RequestId>,
}

/// What the chain made of an intent.
pub(super) struct Judged {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) not_in_force: GateSet,
    pub(super) refused: Option<&'static str>,
    pub(super) shape: Shape,
}

/// What one gate says, with what it compared.
pub(super) type Said = (Ruling, Option<(Decimal, Decimal)>);

pub(super) const PASS: Said = (Ruling::Allow, None);

pub(super) fn deny(reason: Denial) -> Said {
    (Ruling::Deny { reason }, None)
}

fn skip(reason: Skip) -> Said {
    (Ruling::Skip { reason }, None)
}

pub(super) const TOO_LARGE: Said = (Ruling::Deny { reason: Denial::FigureOutOfRange }, None);

impl<'a> Case<'a> {
    pub(super) fn new(
        facts: &'a Facts<'a>,
        rules: &'a Rulebook,
        at: Timestamp,
        intent: &'a Intent,
        quote: Option<&'a Quote>,
    ) -> Self {
        let book = rules.books.get(&intent.book_id);
        let instrument = rules.instruments.get(&intent.instrument_id);
        let plane = book
            .zip(instrument)
            .and_then(|(book, found)| book.executors.get(&found.venue))
            .copied();
        let held_back = restraints::holding_back(facts, at, &intent.book_id, &intent.instrument_id);
        Self { at, facts, rules, intent, quote, book, instrument, plane, held_back }
    }

    pub(super) fn strategy_id(&self) -> Option<&'a StrategyId> {
        self.intent.strategy_id.as_ref().or(self.book.map(|book| &book.strategy_id))
    }

    pub(super) fn source_run(&self) -> Option<&'a RunId> {
        self.intent.source_run.as_ref().or(self.book.and_then(|book| book.source_run.as_ref()))
    }

    fn session(&self) -> Option<Known<'a>> {
        session_of(self.facts, &self.intent.book_id)
    }

    pub(super) fn lane(&self) -> Option<LaneId> {
        lane_of(self.facts, &self.intent.book_id)
    }

    /// What refuses new risk lets a safety exit pass.
    fn held_unless_exit(&self, said: Said) -> Said {
        match said.0 {
            Ruling::Deny { .. } if self.is_safety_exit() => (Ruling::Bypass, said.1),
            _ => said,
        }
    }

    pub(super) fn is_safety_exit(&self) -> bool {
        self.intent.action() == ActionType::EmergencyExit
    }

    fn is_held_back(&self, kind: RestraintKind) -> bool {
        self.held_back.contains(&kind)
    }

    pub(super) fn holdings(&self) -> Vec<Held> {
        self.plane.map(|plane| self.facts.holdings(&self.intent.book_id, plane)).unwrap_or_default()
    }

    pub(super) fn held(&self) -> Held {
        let own = self
            .holdings()
            .into_iter()
            .find(|held| held.instrument_id == self.intent.instrument_id);
        own.unwrap_or_else(|| Held::nothing(&self.intent.instrument_id))
    }
}

/// What a quantity is worth, rounded up; nothing where it cannot be held.
pub(super) fn worth(px: &Exact, qty: &Exact, instrument: &Instrument) -> Option<Decimal> {
    exact_worth(px, qty, instrument).rounded(Rounding::Up)
}

fn exact_worth(px: &Exact, qty: &Exact, instrument: &Instrument) -> Exact {
    px.clone() * qty.clone() * exact(instrument.contract_size.get())
}

/// The mid of a quote with two sides that do not cross; halves of the last decimal to even.
pub(super) fn mid(quote: &Quote) -> Option<Decimal> {
    let (bid, ask) = (exact(quote.bid_px.get()), exact(quote.ask_px.get()));
    let sound = bid.is_positive() && ask.is_positive() && bid <= ask;
    let sum = (bid + ask).rounded(Rounding::Down).filter(|_| sound)?;
    exact(sum).over(&Exact::int(2))?.rounded(Rounding::HalfEven)
}

/// Takes an intent through the chain, until a gate refuses or skips it.
pub(super) fn judge(case: Option<&Case>, intent: &Intent) -> Judged {
    let mut shape = Shape::blank();
    let mut verdicts = Vec::new();
    let mut passed_over = 0_u64;
    let mut refused = None;
    for &(gate, in_force) in CHAIN {
        if !in_force {
            passed_over |= 1 << gate as u8;
            continue;
        }
        let (ruling, figures) = match case {
            None => deny(Denial::NoRulebook),
            Some(case) => one(gate, case, &mut shape),
        };
        if gate == Gate::Rulebook && case.is_some() && intent.input_truncated {
            shape.constraints.insert(Constraint::InputTruncated);
        }
        let figures = figures.map(|(asked, limit)| Figures { asked, limit });
        verdicts.push(Verdict { gate, ruling, figures, rule: shape.rule.take() });
        refused = match ruling {
            Ruling::Deny { reason } => Some(reason.code()),
            Ruling::Skip { reason } => Some(reason.code()),
            _ => continue,
        };
        break;
    }
    Judged { verdicts, not_in_force: gate_set(passed_over), refused, shape }
}

/// A set of gates has one public form: its bits on the wire.
fn gate_set(bits: u64) -> GateSet {
    let wire = minicbor::to_vec(bits).expect("a number can be encoded");
    minicbor::decode(&wire).expect("a set of gates is a number on the wire")
}

fn one(gate: Gate, case: &Case, shape: &mut Shape) -> Said {
    let (Some(book), Some(instrument)) = (case.book, case.instrument) else {
        return before_book_and_instrument(gate, case);
    };
    match gate {
        Gate::Venue => venue(case, book, instrument),
        Gate::TradingHours => trading_hours(case, instrument),
        Gate::DataAge => data_age(case),
        Gate::Halt if case.is_held_back(RestraintKind::Halt) => deny(Denial::TradingHalted),
        Gate::Maintenance => restrained(case, RestraintKind::Maintenance, Denial::UnderMaintenance),
        Gate::KillSwitch => restrained(case, RestraintKind::KillSwitch, Denial::KillSwitchEngaged),
        Gate::Cooldown => restrained(case, RestraintKind::Cooldown, Denial::CoolingDown),
        Gate::ReduceOnlyMode => reduce_only_mode(case, shape),
        Gate::BlockingIncident => blocking_incident(case),
        Gate::Mapping => mapping(case, shape),
        Gate::Sizing => sizing(case, shape, book, instrument),
        Gate::DecisionTable if case.is_safety_exit() => (Ruling::Bypass, None),
        Gate::DecisionTable => decisions::look_up(case, shape, book, instrument),
        Gate::OrderQuantity
        | Gate::OrderNotional
        | Gate::PositionLimit
        | Gate::Leverage
        | Gate::AssetExposure
        | Gate::GrossExposure
        | Gate::NetExposure
        | Gate::SectorExposure
        | Gate::ClusterExposure
        | Gate::OpenOrders
            if case.is_safety_exit() =>
        {
            (Ruling::Bypass, None)
        }
        Gate::OrderQuantity => limits::order_quantity(case, shape, book),
        Gate::PositionLimit => limits::position_limit(case, shape, book),
        Gate::GrossExposure => limits::gross_exposure(case, shape, book, instrument),
        Gate::NetExposure => limits::net_exposure(case, shape, book, instrument),
        Gate::SectorExposure => limits::sector_exposure(case, shape, instrument),
        Gate::ClusterExposure => limits::cluster_exposure(case, shape, instrument),
        Gate::OpenOrders => limits::open_orders(case, shape, book),
        Gate::OrderNotional => limits::order_notional(case, shape, book, instrument),
        Gate::Leverage => limits::leverage(case, shape, book, instrument),
        Gate::AssetExposure => limits::asset_exposure(case, shape, book, instrument),
        Gate::CapitalPlan => case.held_unless_exit(capital_plan(case, shape, instrument)),
        Gate::RegimeParity => case.held_unless_exit(regime_parity(case, shape)),
        Gate::Precision => precision(case, shape, instrument),
        Gate::Route => routes::route(case, shape, instrument),
        Gate::Halt | Gate::Schedule => PASS,
        gate if flow::judges(gate) => flow::judge(gate, case, shape, book, instrument),
        _ => before_book_and_instrument(gate, case),
    }
}

fn before_book_and_instrument(gate: Gate, case: &Case) -> Said {
    match gate {
        Gate::Rulebook => PASS,
        Gate::Book => match case.book {
            None => deny(Denial::BookUnknown),
            Some(book) if !book.enabled => deny(Denial::BookDisabled),
            Some(_) => PASS,
        },
        Gate::Provenance => match case.source_run() {
            None => deny(Denial::ProvenanceMissing),
            Some(run) if case.facts.manifest(run).is_none() => deny(Denial::RunNotAudited),
            Some(_) => PASS,
        },
        Gate::Strategy => strategy(case),
        Gate::Lane => case.held_unless_exit(lane(case)),
        Gate::Session => case.held_unless_exit(session(case)),
        Gate::ModelStatus => case.held_unless_exit(model_status(case)),
        Gate::Instrument => match case.instrument {
            None => deny(Denial::InstrumentUnknown),
            Some(instrument) if !instrument.enabled => deny(Denial::InstrumentDisabled),
            Some(_) => PASS,
        },
        _ => unreachable!("the book and instrument gates end the chain before {gate:?}"),
    }
}

fn strategy(case: &Case) -> Said {
    let known = case.strategy_id().and_then(|id| Some((id, case.rules.strategies.get(id)?)));
    match known {
        None => deny(Denial::StrategyUnknown),
        Some((_, strategy)) if !strategy.enabled && !case.is_safety_exit() => {
            deny(Denial::StrategyDisabled)
        }
        Some((id, _)) if case.book.is_some_and(|book| book.strategy_id != *id) => {
            deny(Denial::StrategyNotOwner)
        }
        Some((_, strategy)) if !strategy.enabled => (Ruling::Bypass, None),
        Some(_) => PASS,
    }
}

fn lane(case: &Case) -> Said {
    let Some(lane_id) = case.lane() else { return PASS };
    let strategy = case.strategy_id().filter(|id| admits(case.facts, &lane_id, id));
    match case.rules.lanes.lanes.get(&lane_id) {
        None => deny(Denial::LaneUnknown),
        Some(lane) if !lane.enabled => deny(Denial::LaneDisabled),
        Some(lane) if lane.environment != case.rules.environment => deny(Denial::LaneElsewhere),
        Some(_) if strategy.is_none() => deny(Denial::StrategyNotAdmitted),
        Some(_) => PASS,
    }
}

fn session(case: &Case) -> Said {
    let Some(session) = case.session() else {
        let may_do_without =
            case.rules.lanes.sessions_waived && case.rules.environment.as_str() != "live";
        return if may_do_without { PASS } else { deny(Denial::SessionMissing) };
    };
    let definition = session.definition;
    let is_known = case.strategy_id().is_some_and(|id| definition.strategies.contains(id));
    if session.status() != SessionStatus::Running {
        deny(Denial::SessionSuspended)
    } else if definition.end_at <= case.at {
        deny(Denial::SessionOver)
    } else if definition.env != case.rules.environment
        || case.lane().as_ref() != Some(&definition.lane)
        || !is_known
    {
        deny(Denial::SessionElsewhere)
    } else {
        PASS
    }
}

fn model_status(case: &Case) -> Said {
    let Some(lane_id) = case.lane() else { return PASS };
    let Some(lane) = case.rules.lanes.lanes.get(&lane_id) else { return deny(Denial::LaneUnknown) };
    match case.strategy_id().and_then(|id| model(case.facts, id)) {
        None => deny(Denial::ModelUnknown),
        Some(status) if status < lane.model_min => deny(Denial::ModelUnfit),
        Some(_) => PASS,
    }
}

/// All the books of the session on this plane, the order's own instrument at the touch, everything else at marks.
fn capital_plan(case: &Case, shape: &Shape, instrument: &Instrument) -> Said {
    let (Some(session), Some(plane)) = (case.session(), case.plane) else { return PASS };
    let definition = session.definition;
    let (before, after) = with_order(case, shape);
    if after.worst() <= before.worst() {
        return PASS;
    }
    if after.worst().rounded(Rounding::Up).is_none() {
        return TOO_LARGE;
    }
    let others: Vec<(BookId, Held)> =
        definition.books.iter().flat_map(|book| besides_own(case, book, plane)).collect();
    if let Some(reason) = unsound(case, definition, &others) {
        return deny(reason);
    }
    let mut with = worth(&exact(shape.touch), &after.worst(), instrument).map(exact);
    for (_, held) in &others {
        let worth = case.facts.mark(&held.instrument_id).and_then(|(px, _)| {
            let instrument = case.rules.instruments.get(&held.instrument_id)?;
            worth(&exact(px.get()), &held.worst(), instrument)
        });
        with = with.zip(worth).map(|(with, worth)| with + exact(worth));
    }
    let Some(with) = with.and_then(|with| with.rounded(Rounding::Up)) else { return TOO_LARGE };
    let figures = Some((with, definition.capital.get()));
    if exact(with) <= exact(definition.capital.get()) {
        (Ruling::Allow, figures)
    } else {
        (Ruling::Deny { reason: Denial::CapitalExceeded }, figures)
    }
}

/// What a book of the session holds, but for the order's own instrument in its own book.
fn besides_own(case: &Case, book: &BookId, plane: Plane) -> Vec<(BookId, Held)> {
    let mut held = case.facts.holdings(book, plane);
    held.retain(|held| {
        *book != case.intent.book_id || held.instrument_id != case.intent.instrument_id
    });
    held.into_iter().map(|held| (book.clone(), held)).collect()
}

/// The first book with a holding that has no mark, or one that is too old.
fn unsound(
    case: &Case,
    definition: &SessionDefinition,
    others: &[(BookId, Held)],
) -> Option<Denial> {
    definition.books.iter().find_map(|book| {
        let held = others.iter().filter(|(own, _)| own == book);
        let marks: Vec<_> = held.map(|(_, held)| case.facts.mark(&held.instrument_id)).collect();
        let most_ns = i128::from(case.rules.execution.mark_age_max_ms) * 1_000_000;
        let is_old = |(_, as_of): &(Px, Timestamp)| {
            i128::from(case.at.as_ns()) - i128::from(as_of.as_ns()) > most_ns
        };
        if marks.iter().any(Option::is_none) {
            Some(Denial::MarkMissing)
        } else if marks.iter().flatten().any(is_old) {
            Some(Denial::MarkStale)
        } else {
            None
        }
    })
}

/// High or critical urgency, a buy, and a position above zero if every buy at work is done.
fn regime_parity(case: &Case, shape: &mut Shape) -> Said {
    let held = case.held();
    let long = held.position + held.open_buy + exact(shape.qty);
    let urgent = matches!(case.intent.urgency(), Urgency::High | Urgency::Critical);
    if shape.side != Side::Buy || !urgent || !long.is_positive() {
        return PASS;
    }
    let rule = case.rules.regime;
    let age_max_ns = i128::from(rule.age_max_s) * 1_000_000_000;
    let stated = regime(case.facts)
        .filter(|(_, as_of)| i128::from(case.at.as_ns()) - i128::from(as_of.as_ns()) <= age_max_ns);
    let reason = match stated {
        Some((Regime::Crisis, _)) => Denial::RegimeCrisis,
        None if rule.unknown == UnknownRegime::Deny => Denial::RegimeUnknown,
        _ => return PASS,
    };
    let intent = fillwright_domain::DigestedIntent::new(case.intent.clone()).digest();
    let change = Change::OverrideOrder { intent, gate: Gate::RegimeParity };
    shape.overridden = granted(case.facts, case.at, &change);
    if shape.overridden.is_some() { PASS } else { deny(reason) }
}

fn venue(case: &Case, book: &Book, instrument: &Instrument) -> Said {
    match case.rules.venues.get(&instrument.venue) {
        None => deny(Denial::VenueUnknown),
        Some(venue) if !venue.enabled => deny(Denial::VenueDisabled),
        Some(_) if !book.executors.contains_key(&instrument.venue) => deny(Denial::NoExecutor),
        Some(_) => PASS,
    }
}

fn trading_hours(case: &Case, instrument: &Instrument) -> Said {
    match case.rules.calendars.get(&instrument.calendar) {
        None => deny(Denial::HoursUnknown),
        Some(Hours::Always) => PASS,
        Some(Hours::Windows { valid_from, valid_until, .. })
            if case.at < *valid_from || case.at >= *valid_until =>
        {
            deny(Denial::HoursUnknown)
        }
        Some(Hours::Windows { open, .. }) => {
            let trading =
                open.iter().any(|window| window.open_at <= case.at && case.at < window.close_at);
            if trading { PASS } else { deny(Denial::MarketClosed) }
        }
    }
}

fn data_age(case: &Case) -> Said {
    let Some(quote) = case.quote else { return deny(Denial::QuoteMissing) };
    let ms = i128::from(case.at.as_ns()) - i128::from(quote.as_of.as_ns());
    let age_ms = ms.clamp(i64::MIN.into(), i64::MAX.into()).div_euclid(1_000_000);
    let age_max_ms = i128::from(case.rules.execution.quote_age_max_ms);
    let figures = Some((whole(age_ms), whole(age_max_ms)));
    if age_ms < 0 || age_ms > age_max_ms {
        return (Ruling::Deny { reason: Denial::QuoteStale }, figures);
    }
    if quote.bid_px.is_positive() && quote.ask_px.is_positive() && quote.bid_px <= quote.ask_px {
        (Ruling::Allow, figures)
    } else {
        (Ruling::Deny { reason: Denial::QuoteUnusable }, figures)
    }
}

pub(super) fn whole(number: i128) -> Decimal {
    Decimal::from_mantissa(number * Decimal::ONE.mantissa())
}

/// What a restraint of this kind makes of an intent that may pass it as a safety exit.
fn restrained(case: &Case, kind: RestraintKind, denial: Denial) -> Said {
    match (case.is_held_back(kind), case.is_safety_exit()) {
        (false, _) => PASS,
        (true, true) => (Ruling::Bypass, None),
        (true, false) => deny(denial),
    }
}

fn blocking_incident(case: &Case) -> Said {
    let stops = |scope: &Scope| match scope {
        Scope::Global | Scope::Environment => true,
        Scope::Lane(lane) => case.lane().as_ref() == Some(lane),
        Scope::Account(account) => case.book.is_some_and(|book| book.account == *account),
        Scope::Strategy(strategy) => case.strategy_id() == Some(strategy),
        Scope::Venue(venue) => case.instrument.is_some_and(|instrument| instrument.venue == *venue),
        Scope::Instrument(instrument) => case.intent.instrument_id == *instrument,
    };
    let blocking = super::incidents::open(case.facts);
    match blocking.iter().any(|one| one.blocks && stops(&one.scope)) {
        false => PASS,
        true if case.is_safety_exit() => (Ruling::Bypass, None),
        true => deny(Denial::BlockingIncident),
    }
}

/// A reduce-only mode passes what works against the position or does nothing, and nothing that builds.
fn reduce_only_mode(case: &Case, shape: &mut Shape) -> Said {
    let denial = if case.is_held_back(RestraintKind::Degraded) {
        Denial::DegradedMode
    } else if case.is_held_back(RestraintKind::ReduceOnly) {
        Denial::ReduceOnlyMode
    } else {
        return PASS;
    };
    if case.is_safety_exit() {
        return (Ruling::Bypass, None);
    }
    let position = case.held().position;
    let builds = match &case.intent.ask {
        Ask::Execution(asked) => {
            asked.action == ActionType::Add || asked.action == ActionType::Reclaim
        }
        Ask::Rebalance(asked) => {
            let change = exact(asked.weight_change.get());
            let against = (change.is_positive() && position.is_negative())
                || (change.is_negative() && position.is_positive());
            !change.is_zero() && !against
        }
    };
    shape.reduces_only = !builds;
    if builds { deny(denial) } else { PASS }
}

fn mapping(case: &Case, shape: &mut Shape) -> Said {
    let said = match &case.intent.ask {
        Ask::Execution(asked) if asked.action == ActionType::Hold => skip(Skip::Hold),
        Ask::Execution(asked) if asked.size_frac.is_negative() || asked.size_frac > Ratio::ONE => {
            return deny(Denial::SizeOutOfRange);
        }
        Ask::Execution(asked) => match asked.action {
            ActionType::Add if case.held().position.is_negative() => build(case, shape, Side::Sell),
            ActionType::Add | ActionType::Reclaim => build(case, shape, Side::Buy),
            ActionType::Trim => close(case, shape, &exact(asked.size_frac.get())),
            ActionType::Exit | ActionType::EmergencyExit => close(case, shape, &Exact::int(1)),
            ActionType::Hold | ActionType::Rebalance => return deny(Denial::SizeOutOfRange),
        },
        Ask::Rebalance(asked) => {
            by_weight(case, shape, asked.weight_change.get(), asked.target_weight.is_zero())
        }
    };
    if let Some(quote) = case.quote.filter(|_| !matches!(said.0, Ruling::Deny { .. })) {
        shape.touch = match shape.side {
            Side::Buy => quote.ask_px.get(),
            Side::Sell => quote.bid_px.get(),
        };
        if case.is_safety_exit() {
            shape.constraints.insert(Constraint::SafetyExit);
        }
    }
    said
}

fn build(case: &Case, shape: &mut Shape, side: Side) -> Said {
    shape.side = side;
    if case.intent.reduce_only() { skip(Skip::ReduceOnlyConstraint) } else { PASS }
}

fn close(case: &Case, shape: &mut Shape, fraction: &Exact) -> Said {
    let held = case.held();
    if held.position.is_zero() {
        return skip(Skip::NoPosition);
    }
    let closing = if held.position.is_positive() { Side::Sell } else { Side::Buy };
    shape.side = closing;
    let at_work = match closing {
        Side::Buy => held.open_buy.clone(),
        Side::Sell => held.open_sell.clone(),
    };
    let wanted = (held.position.abs() * fraction.clone()).rounded(Rounding::Down);
    let left = (held.position.abs() - at_work).rounded(Rounding::Down);
    let Some((wanted, left)) = wanted.zip(left) else { return TOO_LARGE };
    let figures = Some((wanted, left));
    if wanted.is_zero() {
        return (Ruling::Skip { reason: Skip::NothingToDo }, figures);
    }
    if !left.is_positive() {
        return (Ruling::Skip { reason: Skip::AlreadyClosing }, figures);
    }
    shape.qty = wanted.min(left);
    if exact(shape.qty) == held.position.abs() {
        shape.constraints.insert(Constraint::FullExit);
    }
    if left < wanted {
        shape.constraints.insert(Constraint::ReduceOnly);
        return (Ruling::Reduce { to: qty(left) }, figures);
    }
    (Ruling::Allow, figures)
}

fn by_weight(case: &Case, shape: &mut Shape, change: Decimal, to_zero: bool) -> Said {
    let Some(weight) = exact(change).abs().rounded(Rounding::Down) else { return TOO_LARGE };
    let dust = case.rules.execution.minimum_trade_weight.get();
    let figures = Some((weight, dust));
    if weight.is_zero() {
        return (Ruling::Skip { reason: Skip::NothingToDo }, figures);
    }
    if weight < dust {
        return (Ruling::Skip { reason: Skip::Dust }, figures);
    }
    let side = if change.is_positive() { Side::Buy } else { Side::Sell };
    let held = case.held();
    if to_zero && held.position.is_zero() {
        return (Ruling::Skip { reason: Skip::NoPosition }, figures);
    }
    if to_zero && held.position.is_positive() == change.is_positive() {
        return (Ruling::Skip { reason: Skip::ReduceOnlyConstraint }, figures);
    }
    if to_zero {
        return close(case, shape, &Exact::int(1));
    }
    shape.side = side;
    (Ruling::Allow, figures)
}

fn sizing(case: &Case, shape: &mut Shape, book: &Book, instrument: &Instrument) -> Said {
    if shape.qty.is_positive() {
        return PASS;
    }
    let (fraction, capital) = match &case.intent.ask {
        Ask::Execution(asked) => (exact(asked.size_frac.get()), book.allocation.get()),
        Ask::Rebalance(asked) => (exact(asked.weight_change.get()).abs(), book.equity.get()),
    };
    let Some(wanted) = (fraction * exact(capital)).rounded(Rounding::Down) else {
        return TOO_LARGE;
    };
    let figures = Some((wanted, capital));
    let Some(size) = qty_for(&exact(wanted), shape.touch, instrument, Rounding::Down) else {
        return (Ruling::Deny { reason: Denial::FigureOutOfRange }, figures);
    };
    shape.qty = size;
    if !size.is_positive() {
        return (Ruling::Skip { reason: Skip::NothingToDo }, figures);
    }
    if !shape.reduces_only {
        return (Ruling::Allow, figures);
    }
    let held = case.held();
    let at_work = if shape.side == Side::Buy { held.open_buy } else { held.open_sell };
    let Some(left) = (held.position.abs() - at_work).rounded(Rounding::Down) else {
        return (Ruling::Deny { reason: Denial::FigureOutOfRange }, figures);
    };
    if !left.is_positive() {
        (Ruling::Skip { reason: Skip::AlreadyClosing }, figures)
    } else if size > left {
        shape.qty = left;
        shape.constraints.insert(Constraint::ReduceOnly);
        (Ruling::Reduce { to: qty(left) }, figures)
    } else {
        (Ruling::Allow, figures)
    }
}

/// The quantity an amount is worth at a price; nothing where it cannot be held.
pub(super) fn qty_for(
    amount: &Exact,
    px: Decimal,
    instrument: &Instrument,
    rounding: Rounding,
) -> Option<Decimal> {
    let unit = exact(px) * exact(instrument.contract_size.get());
    amount.over(&unit)?.rounded(rounding)
}

/// Whether what the order leads to can be counted at its own instrument's mark, so that no later figure is out of range.
pub(super) fn can_be_marked(case: &Case, after: &Held, instrument: &Instrument) -> bool {
    let Some((mark, _)) = case.facts.mark(&case.intent.instrument_id) else { return true };
    let others = gross_besides(case.facts, &case.holdings(), &case.intent.instrument_id);
    let own = worth(&exact(mark.get()), &after.worst(), instrument);
    others
        .zip(own)
        .is_some_and(|(others, own)| (exact(others) + exact(own)).rounded(Rounding::Up).is_some())
}

pub(super) fn with_order(case: &Case, shape: &Shape) -> (Held, Held) {
    let before = case.held();
    let after = before.with(shape.side, &exact(shape.qty));
    (before, after)
}

pub(super) fn unsound_marks(case: &Case) -> Option<Denial> {
    let holdings = case.holdings();
    let others = holdings.iter().filter(|held| held.instrument_id != case.intent.instrument_id);
    let marks: Vec<_> = others.map(|held| case.facts.mark(&held.instrument_id)).collect();
    let age_max_ns = i128::from(case.rules.execution.mark_age_max_ms) * 1_000_000;
    let is_stale =
        |as_of: Timestamp| i128::from(case.at.as_ns()) - i128::from(as_of.as_ns()) > age_max_ns;
    if marks.contains(&None) {
        Some(Denial::MarkMissing)
    } else if marks.iter().flatten().any(|(_, as_of)| is_stale(*as_of)) {
        Some(Denial::MarkStale)
    } else {
        None
    }
}

/// The largest quantity that keeps the worst case within an amount; not above zero where none does.
pub(super) fn fitting(
    before: &Held,
    shape: &Shape,
    room: &Exact,
    instrument: &Instrument,
) -> Option<Decimal> {
    let most = exact(qty_for(room, shape.touch, instrument, Rounding::Floor)?);
    fitting_qty(before, shape, &most)
}

/// The largest quantity that keeps the worst case within so many units; not above zero where none does.
pub(super) fn fitting_qty(before: &Held, shape: &Shape, most: &Exact) -> Option<Decimal> {
    let (this_way, other_way) = match shape.side {
        Side::Buy => (
            before.position.clone() + before.open_buy.clone(),
            before.open_sell.clone() - before.position.clone(),
        ),
        Side::Sell => (
            before.open_sell.clone() - before.position.clone(),
            before.position.clone() + before.open_buy.clone(),
        ),
    };
    if other_way.abs() > *most {
        Some(Decimal::ZERO)
    } else {
        (most.clone() - this_way).rounded(Rounding::Down)
    }
}

fn precision(case: &Case, shape: &mut Shape, instrument: &Instrument) -> Said {
    let before = shape.qty;
    let Some(on_grid) = on_grid(shape, instrument) else { return TOO_LARGE };
    shape.qty = on_grid;
    let is_critical = case.intent.urgency() == Urgency::Critical && !case.intent.post_only();
    let is_market = is_critical || case.is_safety_exit();
    shape.order_type = if is_market { OrderType::Market } else { OrderType::Limit };
    if !is_market {
        let Some(px) = limit_px(case, shape, instrument) else { return TOO_LARGE };
        if !px.is_positive() {
            return deny(Denial::PriceUnusable);
        }
        shape.limit_px = Some(px);
    }
    let floor = instrument.min_notional.get();
    let asked =
        exact_worth(&exact(shape.touch), &exact(shape.qty), instrument).rounded(Rounding::Down);
    let Some(asked) = asked else { return TOO_LARGE };
    let figures = Some((asked, floor));
    if !shape.qty.is_positive() || asked < floor {
        shape.constraints.insert(Constraint::MinNotional);
        return (Ruling::Skip { reason: Skip::BelowFloor }, figures);
    }
    if shape.qty == before {
        (Ruling::Allow, figures)
    } else {
        (Ruling::Reduce { to: qty(shape.qty) }, figures)
    }
}

fn on_grid(shape: &mut Shape, instrument: &Instrument) -> Option<Decimal> {
    let mut size = shape.qty;
    if let Some(most) =
        instrument.max_qty.map(fillwright_domain::Qty::get).filter(|most| *most < size)
    {
        size = most;
        shape.constraints.insert(Constraint::MaxQuantity);
    }
    let (lot, step) = (instrument.lot_size.get(), instrument.step_size.get());
    let grid = common_multiple(lot.mantissa(), step.mantissa())?;
    let on_grid = exact(size).to_step(&grid, Rounding::Down)?.rounded(Rounding::Down)?;
    if on_grid != size {
        shape.constraints.insert(Constraint::LotRounding);
    }
    Some(on_grid)
}

/// The least step that is whole lots and whole steps; nothing where one of them is not above zero.
fn common_multiple(lot: i128, step: i128) -> Option<Exact> {
    if lot <= 0 || step <= 0 {
        return None;
    }
    let (mut divisor, mut rest) = (lot, step);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    Some(
        exact(Decimal::from_mantissa(lot))
            * exact(Decimal::from_mantissa(step)).over(&exact(Decimal::from_mantissa(divisor)))?,
    )
}

fn limit_px(case: &Case, shape: &mut Shape, instrument: &Instrument) -> Option<Decimal> {
    let quote = case.quote?;
    let (near, far) = match shape.side {
        Side::Buy => (quote.bid_px.get(), quote.ask_px.get()),
        Side::Sell => (quote.ask_px.get(), quote.bid_px.get()),
    };
    let wanted = match case.intent.max_slippage_bps() {
        _ if case.intent.post_only() => near,
        None => far,
        Some(bps) => {
            let bound = slippage_bound(quote, shape.side, bps)?;
            if is_worse(shape.side, far, bound) {
                shape.constraints.insert(Constraint::SlippageLimit);
                bound
            } else {
                far
            }
        }
    };
    let tick = exact(instrument.tick_size.get());
    let on_tick = exact(wanted).to_step(&tick, kinder(shape.side))?.rounded(Rounding::Down)?;
    if on_tick != wanted {
        shape.constraints.insert(Constraint::TickRounding);
    }
    Some(on_tick)
}

/// Rounding that never makes a limit price worse for its side.
fn kinder(side: Side) -> Rounding {
    match side {
        Side::Buy => Rounding::Floor,
        Side::Sell => Rounding::Ceil,
    }
}

fn is_worse(side: Side, px: Decimal, than: Decimal) -> bool {
    px.cmp(&than)
        == match side {
            Side::Buy => Ordering::Greater,
            Side::Sell => Ordering::Less,
        }
}

/// The mid moved against the order by what the intent allows, in basis points.
fn slippage_bound(quote: &Quote, side: Side, bps: u32) -> Option<Decimal> {
    let moved = match side {
        Side::Buy => 10_000 + i64::from(bps),
        Side::Sell => 10_000 - i64::from(bps),
    };
    (exact(mid(quote)?) * Exact::int(moved).over(&Exact::int(10_000))?).rounded(kinder(side))
}

pub(super) fn qty(size: Decimal) -> fillwright_domain::Qty {
    fillwright_domain::Qty::new(size)
}

impl Shape {
    fn blank() -> Self {
        Self {
            side: Side::Buy,
            qty: Decimal::ZERO,
            touch: Decimal::ZERO,
            order_type: OrderType::Limit,
            limit_px: None,
            time_in_force: None,
            route: None,
            reduces_only: false,
            constraints: Constraints::default(),
            rule: None,
            overridden: None,
        }
    }
}

/// Gross exposure of the book over its equity once the order is at work, at worst case, rounded up; nothing where either
/// is more than a figure can hold.
pub(super) fn leverage_after(case: &Case, shape: &Shape) -> Option<Decimal> {
    let (book, instrument) = (case.book?, case.instrument?);
    let (_, after) = with_order(case, shape);
    let others = gross_besides(case.facts, &case.holdings(), &case.intent.instrument_id)?;
    let own = worth(&exact(shape.touch), &after.worst(), instrument)?;
    let with = (exact(others) + exact(own)).rounded(Rounding::Up)?;
    exact(with).over(&exact(book.equity.get()))?.rounded(Rounding::Up)
}
