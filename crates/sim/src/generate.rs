//! Rulebooks and input streams from a seed, shaped to reach the odd places: limits, dust, giants, stale and crossed
//! quotes, repeated and altered ids, closed markets, halts and changes of the rules.

use crate::decisions::{alter_governed, governed};
use crate::rng::Rng;
use crate::routes::generated;
use fillwright_domain::{
    AccountId, ActionType, Ask, BookId, CalendarId, ComponentKind, Decimal, ExecId,
    ExecutionIntent, ExecutionReport, HealthStatus, IncidentCategory, IncidentId, Instrument,
    InstrumentId, Intent, IntentId, LaneId, Notional, NumberText, OrderIntent, OrderIntentId,
    OrderType, Origin, Plane, PositionId, Principal, Px, Qty, Quote, Ratio, Rebalance, ReportKind,
    RunId, Scope, SessionId, Severity, StartupAnomaly, StrategyId, Text, Timestamp, Urgency,
    VenueId, VenueOrderId,
};
use fillwright_kernel::adoption::{PolicyInput, Proposal, Word};
use fillwright_kernel::incidents::{IncidentEvent, IncidentInput};
use fillwright_kernel::{Event, FlowInput, Input};
use fillwright_policy::flow::{
    Bucket, DuplicateWindow, MessageRate, OnDuplicate, OrderTypeRule, Participation, Permissions,
    Reference, RepeatThrottle, VenueHealthPolicy,
};
use fillwright_policy::{
    Book, Bound, Breach, Condition, Decision, DecisionRow, DecisionTable, DetectionRule, Envelope,
    ExecutionPolicy, FactName, FlowPolicy, Group, GroupLimits, Grouping, Hours, IncidentRules,
    KillEffect, Lanes, Limits, OpenWindow, OperatorBounds, People, ReconciliationPolicy,
    RegimePolicy, RestraintKind, Role, Rulebook, RulesHash, SessionDefinition, Signal, Strategy,
    Venue, approval_rules, people,
};
use std::collections::{BTreeMap, BTreeSet};

/// The partition everything here lives in.
pub const PARTITION: &str = "main";
/// How many intents come before one that is far too long.
const HUGE_AT: usize = 61;
/// Longer than an entry of a small journal may be.
const HUGE_BYTES: usize = 12_000;
const NS_PER_MS: i64 = 1_000_000;
const NS_PER_S: i64 = 1_000 * NS_PER_MS;
const UNIT: i128 = 1_000_000_000_000_000_000;
const INSTRUMENTS: [&str; 4] =
    ["BINANCE:BTCUSDT", "BINANCE:PEPEUSDT", "NASDAQ:AAPL", "NASDAQ:BRK.A"];
const BOOKS: [&str; 4] = ["core", "desk", "mixed", "tiny"];
const PEOPLE: [&str; 4] = ["ops-1", "ops-2", "risk-1", "risk-2"];
/// Of these one looks only, one is switched off, and one nobody knows.
const OUTSIDERS: [&str; 3] = ["audit-1", "gone-1", "Risk-1"];
const SCOPES: [&str; 10] = [
    "global",
    "environment",
    "lane:canary",
    "lane:live",
    "account:main",
    "account:second",
    "strategy:trend",
    "venue:BINANCE",
    "instrument:BINANCE:BTCUSDT",
    "instrument:NASDAQ:AAPL",
];
const RUNS: [&str; 3] = ["R1", "R2", "R3"];

/// A number of so many units of 10^-18.
pub fn units(mantissa: i128) -> Decimal {
    Decimal::from_mantissa(mantissa)
}

/// A number from its text.
///
/// # Panics
///
/// When the text is not a number: these texts are constants of this crate.
pub fn number(text: &str) -> Decimal {
    text.parse().expect("a constant is a number")
}

/// What comes in, one input after another.
#[derive(Debug, Clone)]
pub struct Generator {
    pub(crate) rng: Rng,
    now_ns: i64,
    rules: Rulebook,
    /// The rules it began with, to come back to.
    home: Rulebook,
    imposed: Vec<(RestraintKind, Scope)>,
    sent: Vec<(Intent, Option<Quote>)>,
    prices: BTreeMap<InstrumentId, i128>,
    is_wild: bool,
    /// How many versions of the rules have a name.
    versions: u64,
    /// The version it takes to be in force; it is often wrong.
    in_force: Option<RulesHash>,
    proposed: Option<RulesHash>,
    /// Incidents that were opened.
    incidents: Vec<IncidentId>,
    /// Sessions as they were scheduled last.
    pub(crate) scheduled: BTreeMap<SessionId, SessionDefinition>,
    /// An intent that is to come once it is let through.
    announced: Option<Intent>,
}

impl Generator {
    /// The generator of a seed. A wild one also forges reports.
    pub fn new(mut rng: Rng, is_wild: bool) -> Self {
        let rules = rulebook(&mut rng);
        let prices =
            INSTRUMENTS.iter().zip([20_000 * UNIT, UNIT / 100_000_000, 190 * UNIT, 600_000 * UNIT]);
        let prices = prices.map(|(id, px)| (InstrumentId::new(id), px)).collect();
        let home = rules.clone();
        let in_force = Some(rules.content_hash());
        Self {
            rng,
            now_ns: NS_PER_S,
            rules,
            home,
            imposed: Vec::new(),
            sent: Vec::new(),
            prices,
            is_wild,
            versions: 0,
            in_force,
            proposed: None,
            incidents: Vec::new(),
            scheduled: BTreeMap::new(),
            announced: None,
        }
    }

    /// Sets the rule by which ledgers are held against each other, and the programs that are allowed.
    pub(crate) fn reconcile_by(&mut self, policy: ReconciliationPolicy, builds: BTreeSet<Text>) {
        self.rules.reconciliation = policy;
        self.home.reconciliation = policy;
        self.rules.builds.clone_from(&builds);
        self.home.builds = builds;
        self.in_force = Some(self.rules.content_hash());
    }

    /// Whether strategies move between lanes, and sessions run in them.
    pub fn has_lanes(&self) -> bool {
        self.rules.lanes.lanes.len() > 1
    }

    /// The rules as it knows them.
    pub(crate) fn rules(&self) -> &Rulebook {
        &self.rules
    }

    /// Now.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_ns(self.now_ns)
    }

    /// Lets time pass.
    pub fn wait(&mut self) {
        self.now_ns += match self.rng.below(20) {
            0..10 => i64::try_from(self.rng.below(50)).unwrap_or(0) * NS_PER_MS,
            10..18 => i64::try_from(self.rng.below(3_000)).unwrap_or(0) * NS_PER_MS,
            18 => 1,
            _ if self.rng.chance(300) => 600 * NS_PER_S,
            _ => 0,
        };
    }

    /// Lets a minute pass.
    pub(crate) fn pass_minute(&mut self) {
        self.now_ns += 60 * NS_PER_S;
    }

    /// What comes in first: the rules and the runs.
    pub fn opening(&mut self) -> Vec<Input> {
        let mut opening = vec![self.adopt(), register("R1"), register("R2")];
        if self.rng.chance(30) {
            opening.remove(0);
        }
        opening.extend(self.open_sessions());
        let marks: Vec<Input> = INSTRUMENTS.iter().map(|id| self.mark_of(id)).collect();
        if self.rng.chance(700) {
            opening.extend(marks);
        }
        opening
    }

    /// What comes in next.
    pub fn input(&mut self) -> Input {
        if !self.imposed.is_empty() && self.rng.chance(550) {
            return self.lift();
        }
        if let Some(hash) = self.proposed.filter(|_| self.rng.chance(60)) {
            return self.word(hash);
        }
        match self.rng.below(1000) {
            700..832 => self.mark(),
            832..836 => self.venue_health(),
            836..844 => self.reenable(),
            844..880 => self.change_of_rules(),
            880..900 => self.registration(),
            900..912 => self.kill(),
            912..916 => self.lift(),
            916..924 => Input::Resume,
            974..986 => self.incident(),
            986..990 => self.restrain(),
            990..997 => self.decision(),
            997..999 => Input::Tick,
            924..974 if self.is_wild => self.forged_report(),
            _ => self.submission(),
        }
    }

    /// Hears what came of it, so that incidents can be named later.
    pub fn hear(&mut self, events: &[Event]) {
        for event in events {
            if let Event::Incident(IncidentEvent::Opened { incident }) = event {
                self.incidents.push(incident.incident_id.clone());
            }
        }
    }

    /// Something of an incident that may or may not be open, or of what may become one.
    fn incident(&mut self) -> Input {
        let by = self.person();
        let last = self.incidents.len().saturating_sub(4);
        let incident_id = match self.incidents.len() {
            0 => IncidentId::new("INC-1-1"),
            _ if self.rng.chance(30) => IncidentId::new("INC-0-9"),
            len if self.rng.chance(300) => {
                self.incidents[last + self.rng.index(len - last)].clone()
            }
            len => self.incidents[len - 1].clone(),
        };
        let text = Text::new(if self.rng.chance(60) { "" } else { "generated" });
        Input::Incident(Box::new(match self.rng.below(24) {
            0..4 => self.raise(by, text),
            4..9 => IncidentInput::Acknowledge { incident_id, by, reason: text },
            9 => IncidentInput::Annotate { incident_id, by, text },
            10 => {
                IncidentInput::Link { incident_id, by, to: text, reason: Text::new("same cause") }
            }
            11..17 => IncidentInput::Close { incident_id, by, root_cause: text },
            17..22 => self.health(),
            22 => IncidentInput::ClockOffset {
                source: Text::new("ntp"),
                offset_ms: self.rng.pick(&[0, 100, 101, -101, i64::MIN]),
            },
            _ => IncidentInput::Startup {
                anomaly: self.rng.pick(StartupAnomaly::ALL),
                detail: Text::new("generated"),
            },
        }))
    }

    fn raise(&mut self, by: Principal, summary: Text) -> IncidentInput {
        let scopes = [
            "global",
            "environment",
            "lane:live_canary",
            "account:main",
            "strategy:trend",
            "venue:NASDAQ",
            "instrument:BINANCE:BTCUSDT",
        ];
        IncidentInput::Raise {
            category: self.rng.pick(IncidentCategory::ALL),
            severity: self.rng.pick(Severity::ALL),
            scope: self.rng.pick(&scopes).parse().expect("a constant is a scope"),
            blocks: self.rng.chance(250),
            summary,
            by,
        }
    }

    fn health(&mut self) -> IncidentInput {
        // Often the same again: what is known already is refused.
        if self.rng.chance(400) {
            return IncidentInput::Health {
                component: Text::new("BINANCE"),
                kind: ComponentKind::ALL[0],
                status: HealthStatus::ALL[0],
                detail: Text::new("generated"),
            };
        }
        IncidentInput::Health {
            component: Text::new(self.rng.pick(&["BINANCE", "BINANCE", "ELSEWHERE"])),
            kind: self.rng.pick(ComponentKind::ALL),
            status: self.rng.pick(HealthStatus::ALL),
            detail: Text::new("generated"),
        }
    }

    fn kill(&mut self) -> Input {
        let scope = if self.rng.chance(500) { Scope::Global } else { self.scope() };
        self.imposed.push((RestraintKind::KillSwitch, scope.clone()));
        Input::EngageKillSwitch {
            by: self.person(),
            reason: Text::new("drill"),
            scope,
            effect: self.rng.pick(&KillEffect::ALL),
        }
    }

    fn restrain(&mut self) -> Input {
        let kind = self.rng.pick(&RestraintKind::ALL[1..]);
        let scope = self.scope();
        let lasts = match self.rng.below(20) {
            0 => None,
            1 => Some(0),
            _ => Some(i64::try_from(self.rng.below(20)).unwrap_or(0) * NS_PER_S),
        };
        self.imposed.push((kind, scope.clone()));
        Input::Restrain {
            kind,
            scope,
            until: lasts.map(|ns| Timestamp::from_ns(self.now_ns + ns)),
            by: self.person(),
            reason: Text::new("drill"),
        }
    }

    /// Asks for the end of something that was imposed, until it was asked about often enough; sometimes of what was not.
    fn lift(&mut self) -> Input {
        let at = (!self.imposed.is_empty()).then(|| self.rng.index(self.imposed.len()));
        let (kind, scope) = match at {
            Some(at) if self.rng.chance(650) => self.imposed[at].clone(),
            Some(at) => self.imposed.swap_remove(at),
            None => (self.rng.pick(&RestraintKind::ALL), self.scope()),
        };
        // Mostly by somebody who may: nothing much is let through meanwhile.
        let by = if self.rng.chance(600) { self.releaser() } else { self.person() };
        let reason = Text::new("drill over");
        match kind {
            RestraintKind::KillSwitch => Input::ReleaseKillSwitch { by, reason, scope },
            kind => Input::LiftRestraint { kind, scope, by, reason },
        }
    }

    fn releaser(&mut self) -> Principal {
        Principal::new(self.rng.pick(&["ops-1", "risk-1", "risk-2"]))
    }

    fn scope(&mut self) -> Scope {
        self.rng.pick(&SCOPES).parse().expect("a constant is a scope")
    }

    /// An intent the system itself asks to be taken in, with the market as it is.
    pub fn asked(&mut self, intent: &Intent) -> Input {
        Input::submit(intent.clone(), self.quote(&intent.instrument_id))
    }

    fn submission(&mut self) -> Input {
        if !self.sent.is_empty() && self.rng.chance(150) {
            return self.repeated();
        }
        if !self.sent.is_empty() && self.rng.chance(230) {
            return self.twin();
        }
        let mut intent = self.intent();
        // Without a draw of its own, so that seeds from before it keep their meaning.
        if self.sent.len() == HUGE_AT {
            intent.source_run = Some(RunId::new("R".repeat(HUGE_BYTES)));
        }
        let quote = self.quote(&intent.instrument_id);
        self.sent.push((intent.clone(), quote.clone()));
        Input::submit(intent, quote)
    }

    fn venue_health(&mut self) -> Input {
        let venue_id = VenueId::new(self.rare_or("XNONE", &["BINANCE", "NASDAQ"]));
        let status = self.rng.pick(&[
            HealthStatus::Up,
            HealthStatus::Up,
            HealthStatus::Up,
            HealthStatus::Up,
            HealthStatus::Up,
            HealthStatus::Up,
            HealthStatus::Degraded,
            HealthStatus::Down,
        ]);
        // A few are a person's word.
        let by = self.rng.chance(30).then(|| self.person());
        let reason = by.as_ref().map(|_| Text::new("seen on the screen"));
        Input::Flow(Box::new(FlowInput::VenueHealth { venue_id, status, by, reason }))
    }

    fn reenable(&mut self) -> Input {
        let strategy_id = StrategyId::new(self.rare_or("other", &["trend"]));
        let by = if self.rng.chance(920) { Principal::new("ops-2") } else { self.person() };
        let reason = Text::new("looked at");
        Input::Flow(Box::new(FlowInput::Reenable { strategy_id, by, reason }))
    }

    /// What was asked for last, asked for again under another name.
    fn twin(&mut self) -> Input {
        let (last, quote) = self.sent[self.sent.len() - 1].clone();
        let intent = Intent { intent_id: self.intent().intent_id, ..last };
        // Mostly the market stands as it stood, and is looked at again.
        let as_of = if self.rng.chance(700) { Some(self.age()) } else { None };
        let quote = quote.map(|quote| Quote { as_of: as_of.unwrap_or(quote.as_of), ..quote });
        self.sent.push((intent.clone(), quote.clone()));
        Input::submit(intent, quote)
    }

    /// An intent that is aggressively long, to be let through before it comes.
    pub(crate) fn announce(&mut self) -> Intent {
        let mut intent = self.intent();
        intent.intent_id = IntentId::new(format!("A{}", self.sent.len() + 1));
        intent.strategy_id = None;
        intent.source_run = None;
        if let Ask::Execution(asked) = &mut intent.ask {
            asked.action = ActionType::Add;
            asked.urgency = Urgency::Critical;
        }
        self.announced = Some(intent.clone());
        intent
    }

    /// The announced intent, where there is one.
    pub(crate) fn announced_or_other(&mut self) -> Input {
        let Some(intent) = self.announced.take() else { return self.submission() };
        let quote = self.quote(&intent.instrument_id);
        self.sent.push((intent.clone(), quote.clone()));
        Input::submit(intent, quote)
    }

    /// An id that came before, with the same content or another.
    fn repeated(&mut self) -> Input {
        let (mut intent, mut quote) = self.sent[self.rng.index(self.sent.len())].clone();
        match self.rng.below(6) {
            0 => intent.source_run = Some(RunId::new("R9")),
            1 => intent.input_truncated = !intent.input_truncated,
            2 => intent.origin.line += 1,
            3 => quote = None,
            _ => {}
        }
        Input::submit(intent, quote)
    }

    /// Whether somebody sent this intent and waits for its answer.
    pub fn is_awaited(&self, intent: &IntentId) -> bool {
        self.sent.iter().any(|(sent, _)| sent.intent_id == *intent)
    }

    /// Every intent sent so far, as its sender would send it again.
    pub fn resubmission(&mut self, intent: &IntentId) -> Option<Input> {
        let (intent, quote) = self.sent.iter().find(|(sent, _)| sent.intent_id == *intent)?;
        Some(Input::submit(intent.clone(), quote.clone()))
    }

    fn intent(&mut self) -> Intent {
        let book_id = self.rare_or("nobody", &BOOKS);
        let instrument_id = self.rare_or("BINANCE:NONE", &INSTRUMENTS);
        let ask = if self.rng.chance(300) { self.rebalance() } else { self.execution(book_id) };
        Intent {
            intent_id: IntentId::new(format!("I{}", self.sent.len() + 1)),
            strategy_id: self
                .maybe(60, &["trend", "trend", "other", "off", "none"])
                .map(StrategyId::new),
            book_id: BookId::new(book_id),
            instrument_id: InstrumentId::new(instrument_id),
            source_run: self.maybe(60, &["R1", "R2", "R3", "R9"]).map(RunId::new),
            ask,
            input_truncated: self.rng.chance(20),
            origin: Origin { source: Text::new("sim"), line: self.sent.len() as u64 },
        }
    }

    fn rare_or(&mut self, rare: &'static str, usual: &[&'static str]) -> &'static str {
        if self.rng.chance(10) { rare } else { self.rng.pick(usual) }
    }

    fn maybe<'a>(&mut self, per_mille: u64, choices: &[&'a str]) -> Option<&'a str> {
        self.rng.chance(per_mille).then(|| self.rng.pick(choices))
    }

    fn execution(&mut self, book_id: &str) -> Ask {
        let action = match self.rng.below(100) {
            0..63 => ActionType::Add,
            63..73 => ActionType::Trim,
            73..80 => ActionType::Exit,
            80..87 => ActionType::EmergencyExit,
            87..97 => ActionType::Reclaim,
            97..99 => ActionType::Hold,
            _ => ActionType::Rebalance,
        };
        Ask::Execution(Box::new(ExecutionIntent {
            action,
            size_frac: self.fraction(book_id),
            urgency: self.rng.pick(&[
                Urgency::Low,
                Urgency::Medium,
                Urgency::High,
                Urgency::Critical,
            ]),
            priority: 50,
            max_slippage_bps: self
                .rng
                .chance(300)
                .then(|| self.rng.pick(&[0, 1, 10, 500, 20_000, u32::MAX])),
            reduce_only: self.rng.chance(60),
            post_only: self.rng.chance(100),
            reason_codes: vec![Text::new("generated")],
            state: Text::new("S1"),
            prev_state: Text::new("S0"),
            a_final: NumberText::default(),
            e_final: NumberText::default(),
            position_id: PositionId::new("P1"),
            token_contract: Text::new("BTCUSDT"),
            token_chain: Text::new("binance"),
            book_id: BookId::new(book_id),
            timeframe: Text::new("1h"),
            max_leverage: self
                .rng
                .chance(80)
                .then(|| Ratio::new(self.rng.pick(&[number("0.5"), number("3"), units(0)]))),
            risk_reason: None,
        }))
    }

    /// A fraction of the allocation: often simple, sometimes exactly at the order cap or a unit beside it.
    fn fraction(&mut self, book_id: &str) -> Ratio {
        let simple = ["0.000001", "0.01", "0.1", "0.2", "0.25", "0.333333333333333333", "0.5", "1"];
        let odd =
            ["-0.1", "1.000000000000000001", "7", "0.999999999999999999", "0.000000000000000001"];
        Ratio::new(match self.rng.below(40) {
            0 => number(self.rng.pick(&odd)),
            1..9 => self.fraction_at_cap(book_id).unwrap_or(Decimal::ONE),
            9..15 => units(i128::from(self.rng.below(1_000_000_000_000_000_000))),
            _ => number(self.rng.pick(&simple)),
        })
    }

    fn fraction_at_cap(&mut self, book_id: &str) -> Option<Decimal> {
        let book = self.rules.books.get(book_id)?;
        let levels: Vec<&Limits> =
            self.rules.envelope.every_level().map(|(_, limits)| limits).collect();
        let limits = levels[self.rng.index(levels.len())];
        let cap = self.rng.pick(&[
            limits.max_order_notional?.get(),
            limits
                .max_leverage?
                .of_notional(book.equity, fillwright_domain::Rounding::Down)
                .ok()?
                .get(),
            limits
                .max_asset_exposure?
                .of_notional(book.equity, fillwright_domain::Rounding::Down)
                .ok()?
                .get(),
        ]);
        let fraction =
            cap.checked_div(book.allocation.get(), fillwright_domain::Rounding::Down).ok()?;
        let beside = i128::from(self.rng.below(3)) - 1;
        Some(units(fraction.mantissa().saturating_add(beside)))
    }

    fn rebalance(&mut self) -> Ask {
        let weights =
            ["0", "0.0001", "0.02", "0.05", "0.1", "0.3", "1", "2.5", "0.123456789012345678"];
        let mut weight = |negative: u64| {
            let weight = number(self.rng.pick(&weights));
            if self.rng.chance(negative) { units(-weight.mantissa()) } else { weight }
        };
        let (weight_change, target_weight) = (Ratio::new(weight(500)), Ratio::new(weight(200)));
        Ask::Rebalance(Box::new(Rebalance {
            weight_change,
            target_weight: if self.rng.chance(300) { Ratio::ZERO } else { target_weight },
            regime: None,
            market: Text::new("crypto"),
            description: Text::new("generated"),
        }))
    }

    fn quote(&mut self, instrument_id: &InstrumentId) -> Option<Quote> {
        if self.rng.chance(15) {
            return None;
        }
        let bid = self.price(instrument_id);
        let spread = match self.rng.below(50) {
            0 => -1,
            1 => 0,
            2 => 1,
            _ => bid / i128::from(self.rng.between(100, 100_000)),
        };
        let bid = if self.rng.chance(10) { 0 } else { bid };
        Some(Quote {
            bid_px: Px::new(units(bid)),
            ask_px: Px::new(units(bid.saturating_add(spread))),
            bid_qty: None,
            ask_qty: None,
            last_px: None,
            interval_qty: self.volume(),
            as_of: self.age(),
        })
    }

    fn volume(&mut self) -> Option<Qty> {
        let volume = self.rng.pick(&["0", "1", "100", "5000", "1000000000000"]);
        (!self.rng.chance(150)).then(|| Qty::new(number(volume)))
    }

    /// The instrument's price, which wanders, on a grid or off it, and sometimes is absurd.
    fn price(&mut self, instrument_id: &InstrumentId) -> i128 {
        let percent = i128::from(self.rng.between(97, 103));
        let px = self.prices.entry(instrument_id.clone()).or_insert(UNIT);
        *px = (*px * percent / 100).max(1000);
        let px = *px;
        match self.rng.below(100) {
            0 => 1,
            1 => 1_000_000_000_000 * UNIT,
            2 => i128::MAX / 3,
            3..10 => px + i128::from(self.rng.below(1_000_000_000)),
            _ => px,
        }
    }

    /// A time at or before now; rarely just too old, or in the future.
    fn age(&mut self) -> Timestamp {
        let limit_ns = i64::from(self.rules.execution.quote_age_max_ms) * NS_PER_MS;
        let age_ns = match self.rng.below(100) {
            0 => -1,
            1 => limit_ns,
            2 => limit_ns + NS_PER_MS - 1,
            3 => limit_ns + NS_PER_MS,
            4 => 3_600 * NS_PER_S,
            _ => i64::try_from(self.rng.below(500)).unwrap_or(0) * NS_PER_MS,
        };
        Timestamp::from_ns(self.now_ns - age_ns)
    }

    fn mark(&mut self) -> Input {
        let instrument = self.rare_or("BINANCE:NONE", &INSTRUMENTS);
        let mut input = self.mark_of(instrument);
        if let Input::Mark { mark_px, as_of, .. } = &mut input {
            match self.rng.below(50) {
                0 => *mark_px = Px::ZERO,
                1 => *mark_px = Px::new(units(-UNIT)),
                2 => *mark_px = Px::new(units(1_000_000_000_000 * UNIT)),
                3 => *mark_px = Px::new(units(i128::MAX)),
                4 => *as_of = Timestamp::from_ns(self.now_ns + 1),
                5 => *as_of = Timestamp::from_ns(self.now_ns - 100 * NS_PER_S),
                _ => {}
            }
        }
        input
    }

    fn mark_of(&mut self, instrument: &str) -> Input {
        let instrument_id = InstrumentId::new(instrument);
        let percent = i128::from(self.rng.between(90, 110));
        let px = self.prices.get(&instrument_id).copied().unwrap_or(UNIT) * percent / 100;
        Input::Mark { instrument_id, mark_px: Px::new(units(px.max(1))), as_of: self.at() }
    }

    fn person(&mut self) -> Principal {
        Principal::new(match self.rng.below(50) {
            0 => "",
            1..4 => self.rng.pick(&OUTSIDERS),
            _ => self.rng.pick(&PEOPLE),
        })
    }

    fn adopt(&mut self) -> Input {
        Input::AdoptRulebook {
            rulebook: Box::new(self.rules.clone()),
            by: Principal::new("risk-1"),
            reason: Text::new("generated"),
        }
    }

    fn registration(&mut self) -> Input {
        let mut input = register(self.rng.pick(&RUNS));
        if let Input::RegisterRun { manifest_hash, by, .. } = &mut input {
            if self.rng.chance(300) {
                *manifest_hash = Text::new("60303ae2");
            }
            if self.rng.chance(300) {
                *by = self.person();
            }
        }
        input
    }

    fn change_of_rules(&mut self) -> Input {
        let mut rules = self.rules.clone();
        if self.rng.chance(750) {
            rules.clone_from(&self.home);
        }
        for _ in 0..self.rng.below(3) {
            alter(&mut self.rng, &mut rules);
        }
        if self.has_lanes() && self.rng.chance(500) {
            alter_governed(&mut self.rng, &mut rules);
        }
        // A name of its own makes it a version of its own: going back to an old one takes a halt.
        if self.rng.chance(900) {
            self.versions += 1;
            rules.version = Text::new(format!("v{}", self.versions));
        }
        if self.rng.chance(500) {
            return self.word_on_rules(rules);
        }
        let by = self.risk_person();
        if rules.partition.as_str() == PARTITION && by.as_str().starts_with("risk") {
            self.rules = rules.clone();
        }
        self.in_force = Some(rules.content_hash());
        Input::AdoptRulebook { rulebook: Box::new(rules), by, reason: Text::new("generated") }
    }

    fn risk_person(&mut self) -> Principal {
        if self.rng.chance(850) {
            Principal::new(self.rng.pick(&["risk-1", "risk-2"]))
        } else {
            self.person()
        }
    }

    /// A proposal, or a word on the last one.
    fn word_on_rules(&mut self, rulebook: Rulebook) -> Input {
        if let Some(hash) = self.proposed.filter(|_| self.rng.chance(300)) {
            return self.word(hash);
        }
        let (by, reason) = (self.risk_person(), Text::new("generated"));
        let proposal = self.proposal(rulebook, by, reason);
        Input::Policy(Box::new(PolicyInput::Propose(proposal)))
    }

    fn word(&mut self, proposed: RulesHash) -> Input {
        let other = self.rng.chance(100).then(|| self.rules.content_hash());
        let by = if self.rng.chance(700) { Principal::new("risk-2") } else { self.risk_person() };
        let reason = Text::new("generated");
        let word = Word { hash: other.unwrap_or(proposed), by, reason };
        if self.rng.chance(300) {
            self.in_force = self.proposed.take();
        }
        Input::Policy(Box::new(if self.rng.chance(150) {
            PolicyInput::Withdraw(word)
        } else {
            PolicyInput::Approve(word)
        }))
    }

    fn proposal(&mut self, rulebook: Rulebook, by: Principal, reason: Text) -> Proposal {
        let replaces = self.rng.pick(&[self.in_force, self.proposed]);
        self.proposed = Some(rulebook.content_hash());
        Proposal {
            replaces: replaces.unwrap_or_else(|| rulebook.content_hash()),
            rulebook: Box::new(rulebook),
            author: Principal::new(self.rng.pick(&["desk-1", "desk-1", "risk-2", "risk-1", ""])),
            evidence: vec![Text::new("generated")],
            effective_at: self.rng.chance(400).then(|| {
                let later = i64::try_from(self.rng.below(20)).unwrap_or(0);
                Timestamp::from_ns(self.now_ns + later * NS_PER_S)
            }),
            by,
            reason,
        }
    }

    /// A report nobody sent: any kind, any figures, of an order that may or may not be at work.
    fn forged_report(&mut self) -> Input {
        let intent_id =
            IntentId::new(format!("I{}", self.rng.between(1, self.sent.len() as u64 + 1)));
        let key = fillwright_domain::IntentKey::derive(PARTITION, &intent_id);
        Input::Report(ExecutionReport {
            order_intent_id: OrderIntentId::derive(key, 1),
            exec_id: ExecId::new(format!("F{}", self.rng.below(1000))),
            transact_at: self.at(),
            kind: self.forged_kind(UNIT),
        })
    }

    /// A report nobody sent on an order that is at work.
    pub fn forged_report_on(&mut self, order: &OrderIntent) -> Input {
        Input::Report(ExecutionReport {
            order_intent_id: order.order_intent_id,
            exec_id: ExecId::new(format!("F{}", self.rng.below(1000))),
            transact_at: self.at(),
            kind: self.forged_kind(order.requested_quantity.get().mantissa()),
        })
    }

    fn forged_kind(&mut self, ordered: i128) -> ReportKind {
        let sizes =
            [0, 1, -1, ordered / 3, ordered / 2, ordered, ordered.saturating_add(1), i128::MAX];
        let mut qty = || Qty::new(units(self.rng.pick(&sizes)));
        let (last_qty, cum_qty) = (qty(), qty());
        let text = Text::new("forged");
        match self.rng.below(12) {
            0 => ReportKind::Accepted { venue_order_id: VenueOrderId::new("F") },
            1 => ReportKind::Rejected { text },
            2 => ReportKind::Canceled { cum_qty },
            3 => ReportKind::Expired { cum_qty },
            4 => ReportKind::CancelRejected,
            5 => ReportKind::NotFound,
            6 => ReportKind::QueryFailed { text },
            _ => ReportKind::Fill {
                last_qty,
                last_px: Px::new(self.rng.pick(&[
                    units(0),
                    units(UNIT),
                    units(UNIT / 3),
                    units(i128::MAX),
                ])),
                cum_qty,
                fee: Notional::new(self.rng.pick(&[units(0), units(-5), units(i128::MAX)])),
            },
        }
    }
}

fn register(run: &str) -> Input {
    Input::RegisterRun {
        run_id: RunId::new(run),
        manifest_hash: Text::new("9f86d081"),
        by: Principal::new("research-1"),
        reason: Text::new("audited"),
    }
}

/// A rulebook that lets most things through, with figures drawn from the seed.
fn rulebook(rng: &mut Rng) -> Rulebook {
    let open = |from: i64, until: i64| OpenWindow {
        open_at: Timestamp::from_ns(from * NS_PER_S),
        close_at: Timestamp::from_ns(until * NS_PER_S),
    };
    let session = Hours::Windows {
        valid_from: Timestamp::from_ns(0),
        valid_until: Timestamp::from_ns(20_000 * NS_PER_S),
        open: vec![open(0, 300), open(300, 2_000), open(2_600, 10_000)],
    };
    let mut rules = Rulebook {
        version: Text::new("1"),
        partition: Text::new(PARTITION),
        environment: Text::new("offline"),
        venues: BTreeMap::from([venue("BINANCE", "always"), venue("NASDAQ", "session")]),
        instruments: INSTRUMENTS
            .iter()
            .map(|id| (InstrumentId::new(id), instrument(rng, id)))
            .collect(),
        strategies: BTreeMap::from([
            strategy("trend", true),
            strategy("other", true),
            strategy("off", false),
        ]),
        books: BOOKS.iter().map(|id| (BookId::new(id), book(rng, id))).collect(),
        calendars: BTreeMap::from([
            (CalendarId::new("always"), Hours::Always),
            (CalendarId::new("session"), session),
        ]),
        envelope: envelope(rng),
        groups: groups(),
        execution: ExecutionPolicy {
            quote_age_max_ms: 1_000,
            mark_age_max_ms: rng.pick(&[1_000, 60_000, 10_000_000]),
            minimum_trade_weight: Ratio::new(number("0.0005")),
        },
        people: team(),
        flow: flow(rng),
        bounds: rng.chance(250).then(bounds),
        incident_rules: incident_rules(rng),
        approvals: approval_rules(),
        lanes: Lanes::wide(),
        reconciliation: ReconciliationPolicy::default(),
        builds: BTreeSet::new(),
        regime: RegimePolicy::wide(),
        routes: Some(generated(rng)),
        decisions: rng.chance(250).then(|| decisions(rng)),
    };
    governed(rng, &mut rules);
    rules
}

/// A table of a few rows, with a last row that lets everything through or without one.
fn decisions(rng: &mut Rng) -> DecisionTable {
    let mut rows: Vec<DecisionRow> = (0..rng.below(4)).map(|at| decision_row(rng, at)).collect();
    if rng.chance(700) {
        let rest = DecisionRow { when: Vec::new(), then: Decision::Allow, ..decision_row(rng, 9) };
        rows.push(DecisionRow { size: None, ..rest });
    }
    DecisionTable { rows }
}

fn decision_row(rng: &mut Rng, at: u64) -> DecisionRow {
    let then = rng.pick(&[Decision::Allow, Decision::Reduce, Decision::Deny]);
    let sizes = ["0.5", "0.333333333333333333", "0.000000000000000001"];
    let size = Ratio::new(number(rng.pick(&sizes)));
    DecisionRow {
        id: Text::new(format!("row-{at}")),
        when: (0..rng.below(3)).map(|_| condition(rng)).collect(),
        then,
        size: (then == Decision::Reduce).then_some(size),
        flags: BTreeSet::new(),
        reason: Text::new("generated"),
    }
}

fn condition(rng: &mut Rng) -> Condition {
    let mut words = |fact, choices: &[&str]| Condition {
        fact,
        one_of: BTreeSet::from([Text::new(rng.pick(choices)), Text::new(rng.pick(choices))]),
        above: None,
        at_most: None,
    };
    match words(FactName::Action, &["a", "b", "c", "d", "e"]).one_of.first().map(Text::as_str) {
        Some("a") => words(FactName::Side, &["buy", "sell"]),
        Some("b") => words(FactName::Urgency, &["low", "critical", "high"]),
        Some("c") => words(FactName::Book, &BOOKS),
        Some("d") => words(FactName::Action, &["add", "reclaim", "trim", "rebalance"]),
        _ => number_condition(rng),
    }
}

fn number_condition(rng: &mut Rng) -> Condition {
    let (fact, limits) = rng.pick(&[
        (FactName::OrderNotional, ["1000", "50000"]),
        (FactName::OrderQty, ["0.5", "100"]),
        (FactName::PositionQty, ["0", "1"]),
        (FactName::QuoteAgeMs, ["100", "400"]),
    ]);
    let mut limit = || rng.chance(600).then(|| number(rng.pick(&limits)));
    let (above, at_most) = (limit(), limit());
    let above = above.or(at_most.is_none().then_some(Decimal::ZERO));
    Condition { fact, one_of: BTreeSet::new(), above, at_most }
}

fn bounds() -> OperatorBounds {
    let bound = |least: &str, most: &str| Bound { least: number(least), most: number(most) };
    OperatorBounds {
        bounds: BTreeMap::from([
            (Text::new("/execution/quote_age_max_ms"), bound("500", "2000")),
            (Text::new("/execution/mark_age_max_ms"), bound("1000", "60000")),
        ]),
    }
}

/// The people of scripts and generated rules.
pub fn team() -> People {
    let mut people = people(&[
        ("ops-1", &[Role::Trader]),
        ("ops-2", &[Role::Trader]),
        ("risk-1", &[Role::Risk]),
        ("risk-2", &[Role::Risk, Role::Approver]),
        ("research-1", &[Role::Admin]),
        ("audit-1", &[Role::Auditor]),
        ("gone-1", &[Role::Risk]),
    ]);
    people.entry(Principal::new("gone-1")).and_modify(|gone| gone.enabled = false);
    people
}

/// Rules that make an incident of little, so that many come up in a short run.
fn incident_rules(rng: &mut Rng) -> IncidentRules {
    let signals = [
        ("breaches", Signal::RiskBreach),
        ("broker", Signal::BrokerUnhealthy),
        ("clock", Signal::ClockOffset),
        ("components", Signal::ComponentUnhealthy),
        ("denials", Signal::IntentDenied),
        ("feed", Signal::DataFeedUnhealthy),
        ("impossible", Signal::ImpossibleReport),
        ("overfill", Signal::Overfill),
        ("rejects", Signal::OrderRejected),
        ("rejects too", Signal::OrderRejected),
        ("stale", Signal::StaleData),
        ("stranded", Signal::OrderStranded),
    ];
    let rules = signals.into_iter().filter_map(|(name, signal)| {
        let rule = detection_rule(rng, signal);
        rng.chance(300).then(|| (Text::new(name), rule))
    });
    let rules = rules.collect();
    IncidentRules {
        escalate_after_s: rng.chance(500).then(|| rng.pick(&[1, 30, 600])),
        clock_offset_max_ms: 100,
        rules,
    }
}

fn detection_rule(rng: &mut Rng, signal: Signal) -> DetectionRule {
    let percent_min = rng.chance(500).then(|| rng.pick(&[1, 50, 100]));
    DetectionRule {
        signal,
        by: rng.pick(&[
            Grouping::Global,
            Grouping::Strategy,
            Grouping::Venue,
            Grouping::Instrument,
        ]),
        hits: rng.pick(&[1, 2, 5, 20]),
        window_s: rng.pick(&[1, 10, 60, 3_600]),
        percent_min: percent_min.filter(|_| signal == Signal::OrderRejected),
        category: rng.pick(IncidentCategory::ALL),
        severity: rng.pick(Severity::ALL),
        blocks: rng.chance(50),
        description: Text::new("generated"),
        cooldown_s: rng.chance(40).then(|| rng.pick(&[1, 2, 10])),
    }
}

/// Rules of flow: wide in three runs of four; in the fourth some bite, and rarely one is not stated.
fn flow(rng: &mut Rng) -> FlowPolicy {
    let mut flow = FlowPolicy::wide();
    if rng.chance(760) {
        return flow;
    }
    let collar = flow.price_collar.get_or_insert_default();
    if rng.chance(300) {
        collar.reference = Reference::Mark;
        collar.reference_age_max_ms = rng.pick(&[500, 5_000, 60_000]);
        collar.max_deviation_bps = rng.pick(&[0, 100, 1_000]);
    }
    if rng.chance(200) {
        collar.max_deviation_bps = rng.pick(&[0, 1, 25, 500]);
    }
    if rng.chance(500) {
        collar.window_ms = rng.pick(&[1, 500, 10_000]);
        collar.max_movement_bps = rng.pick(&[0, 50, 300, 1_000]);
    }
    if rng.chance(600) {
        let action = rng.pick(&[OnDuplicate::Deny, OnDuplicate::Deny, OnDuplicate::Mark]);
        let window_ms = rng.pick(&[1_000, 60_000, 600_000]);
        flow.duplicate_window = Some(DuplicateWindow { window_ms, action });
    }
    if rng.chance(150) {
        let listed = InstrumentId::new(rng.pick(&INSTRUMENTS));
        flow.restricted.get_or_insert_default().insert(listed, Text::new("generated"));
    }
    if rng.chance(120) {
        let mut permissions = Permissions::default();
        for id in INSTRUMENTS {
            if rng.chance(600) {
                permissions.grant(rng.pick(&["trend", "*"]), rng.pick(&["BINANCE", "*"]), id);
            }
        }
        flow.permissions = Some(permissions);
    }
    if rng.chance(300) {
        flow.message_rate = Some(message_rate(rng));
    }
    if rng.chance(200) {
        let (max_executions, window_ms) =
            (rng.pick(&[0, 1, 2, 3, 5, 10]), rng.pick(&[500, 5_000, 60_000]));
        flow.repeat_throttle = Some(RepeatThrottle { max_executions, window_ms });
    }
    if rng.chance(150) {
        flow.order_types = Some(order_types(rng));
    }
    if rng.chance(250) {
        flow.max_slippage_bps = Some(rng.pick(&[0, 1, 20, 45]));
    }
    if rng.chance(250) {
        let rate = rng.pick(&["0", "0.05", "0.3", "1"]);
        flow.participation = Some(Participation { max_rate: Some(Ratio::new(number(rate))) });
    }
    if rng.chance(100) {
        flow.venue_health = Some(VenueHealthPolicy { unknown_is_healthy: false });
    }
    if rng.chance(100) {
        forget_one(rng, &mut flow);
    }
    flow
}

fn forget_one(rng: &mut Rng, flow: &mut FlowPolicy) {
    match rng.below(10) {
        0 => flow.price_collar = None,
        1 => flow.duplicate_window = None,
        2 => flow.restricted = None,
        3 => flow.permissions = None,
        4 => flow.message_rate = None,
        5 => flow.repeat_throttle = None,
        6 => flow.order_types = None,
        7 => flow.max_slippage_bps = None,
        8 => flow.participation = None,
        _ => flow.venue_health = None,
    }
}

fn message_rate(rng: &mut Rng) -> MessageRate {
    let mut bucket = || {
        let reserve = rng.pick(&[0, 0, 1, 3]);
        Bucket {
            burst: reserve + rng.pick(&[0, 1, 2, 10, 1_000]),
            per_s: rng.pick(&[0, 1, 3, 1_000]),
            reserve,
        }
    };
    MessageRate { venue: bucket(), account: bucket(), strategy: bucket() }
}

fn order_types(rng: &mut Rng) -> Vec<OrderTypeRule> {
    let mut rule = |types: &[OrderType]| OrderTypeRule {
        environment: rng.chance(300).then(|| Text::new(rng.pick(&["offline", "live"]))),
        venue: rng.chance(300).then(|| VenueId::new(rng.pick(&["BINANCE", "NASDAQ"]))),
        strategy: rng.chance(300).then(|| StrategyId::new(rng.pick(&["trend", "other"]))),
        order_types: types.to_vec(),
    };
    vec![rule(&[OrderType::Limit]), rule(&[OrderType::Market])]
}

fn venue(id: &str, calendar: &str) -> (VenueId, Venue) {
    (VenueId::new(id), Venue { enabled: true, calendar: CalendarId::new(calendar) })
}

fn strategy(id: &str, enabled: bool) -> (StrategyId, Strategy) {
    (
        StrategyId::new(id),
        Strategy { enabled, owner: Text::new("ops-2"), description: Text::new(id) },
    )
}

fn instrument(rng: &mut Rng, id: &str) -> Instrument {
    let (venue, symbol) = id.split_once(':').unwrap_or(("BINANCE", id));
    let (lots, tick) = match symbol {
        "PEPEUSDT" => (["0.000000000000000001", "1"], "0.000000000001"),
        "BTCUSDT" => (["0.001", "0.00001"], "0.01"),
        _ => (["1", "0.01"], "0.01"),
    };
    let lot = number(rng.pick(&lots));
    let step = lot.mantissa() * rng.pick(&[1, 1, 1, 5]);
    Instrument {
        instrument_id: InstrumentId::new(id),
        venue: VenueId::new(venue),
        lot_size: Qty::new(lot),
        step_size: Qty::new(units(step)),
        tick_size: Px::new(number(tick)),
        min_notional: Notional::new(number(rng.pick(&["0", "1", "10", "1000"]))),
        contract_size: Ratio::new(number(rng.pick(&["1", "1", "1", "0.1", "100"]))),
        maker_fee: Ratio::ZERO,
        taker_fee: Ratio::new(number("0.0004")),
        max_qty: rng.chance(200).then(|| Qty::new(number("1000000000000"))),
        calendar: CalendarId::new(if venue == "NASDAQ" { "session" } else { "always" }),
        enabled: true,
        updated_at: Text::new("2026-01-01"),
    }
}

fn book(rng: &mut Rng, id: &str) -> Book {
    let (binance, nasdaq) = match id {
        "core" => (Plane::Paper, Plane::Paper),
        "desk" => (Plane::LiveStub, Plane::LiveStub),
        "mixed" => (Plane::LiveStub, Plane::Paper),
        _ => (Plane::Paper, Plane::LiveStub),
    };
    let equity =
        number(if id == "tiny" { "100" } else { rng.pick(&["100000", "1000000", "250000000000"]) });
    Book {
        enabled: true,
        strategy_id: StrategyId::new("trend"),
        equity: Notional::new(equity),
        allocation: Notional::new(units(equity.mantissa() / rng.pick(&[1, 2, 10]))),
        source_run: Some(RunId::new(rng.pick(&RUNS[..2]))),
        executors: BTreeMap::from([
            (VenueId::new("BINANCE"), binance),
            (VenueId::new("NASDAQ"), nasdaq),
        ]),
        account: AccountId::new(if matches!(id, "core" | "desk") { "main" } else { "second" }),
        lane: matches!(id, "tiny").then(|| LaneId::new("canary")),
    }
}

/// The firm's limits, and some of those below it.
fn envelope(rng: &mut Rng) -> Envelope {
    let mut envelope = Envelope {
        firm: limits(rng, 10),
        every_sector: group_limits(rng, 10),
        every_cluster: group_limits(rng, 10),
        ..Envelope::default()
    };
    if rng.chance(80) {
        envelope.sectors.insert(Text::new("crypto"), group_limits(rng, 100));
    }
    if rng.chance(80) {
        envelope.clusters.insert(Text::new("risk-on"), group_limits(rng, 100));
    }
    for book in BOOKS {
        if rng.chance(80) {
            envelope.books.insert(BookId::new(book), limits(rng, 500));
        }
    }
    if rng.chance(80) {
        envelope.accounts.insert(AccountId::new("main"), limits(rng, 500));
    }
    if rng.chance(80) {
        envelope.lanes.insert(LaneId::new("canary"), limits(rng, 500));
    }
    if rng.chance(80) {
        envelope.strategies.insert(StrategyId::new("trend"), limits(rng, 500));
    }
    if rng.chance(80) {
        envelope.instruments.insert(InstrumentId::new(rng.pick(&INSTRUMENTS)), limits(rng, 500));
    }
    envelope
}

/// The limits of one level, each left out so often of a thousand times.
fn limits(rng: &mut Rng, absent: u64) -> Limits {
    let mut breach = || rng.pick(&[Breach::Deny, Breach::Reduce, Breach::Reduce, Breach::Reduce]);
    let (on_order_notional, on_leverage, on_asset_exposure) = (breach(), breach(), breach());
    let (on_order_qty, on_position) = (breach(), breach());
    let (on_gross_exposure, on_net_exposure) = (breach(), breach());
    let mut limit = |choices: &[&str]| (!rng.chance(absent)).then(|| number(rng.pick(choices)));
    let max_order_notional =
        limit(&["1000", "50000", "1000000", "100000000000000"]).map(Notional::new);
    let max_leverage = limit(&["0.5", "1", "3", "3.333333333333333333"]).map(Ratio::new);
    let max_asset_exposure = limit(&["0.1", "0.4", "1", "2"]).map(Ratio::new);
    let max_order_qty = limit(&["2500", WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE]).map(Qty::new);
    let max_position = limit(&["10000", WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE]).map(Qty::new);
    let exposures = ["200000", "2000000", WIDE, WIDE, WIDE, WIDE, WIDE, WIDE];
    let max_gross_exposure = limit(&exposures).map(Notional::new);
    let max_net_exposure = limit(&exposures).map(Notional::new);
    let max_open_orders =
        (!rng.chance(absent)).then(|| rng.pick(&[2, 4, 1_000, 1_000, 1_000, 1_000, 1_000]));
    Limits {
        max_order_notional,
        on_order_notional,
        max_leverage,
        on_leverage,
        max_asset_exposure,
        on_asset_exposure,
        max_order_qty,
        on_order_qty,
        max_position,
        on_position,
        max_gross_exposure,
        on_gross_exposure,
        max_net_exposure,
        on_net_exposure,
        max_open_orders,
    }
}

/// More than anything here is worth, and still less than the largest figure there is.
const WIDE: &str = "100000000000000000";

fn group_limits(rng: &mut Rng, absent: u64) -> GroupLimits {
    let caps = ["200000", "2000000", WIDE, WIDE, WIDE, WIDE, WIDE, WIDE];
    GroupLimits {
        max_exposure: (!rng.chance(absent)).then(|| Notional::new(number(rng.pick(&caps)))),
        on_exposure: rng.pick(&[Breach::Deny, Breach::Reduce, Breach::Reduce]),
    }
}

/// Two sectors and a cluster; the rest stays ungrouped.
fn groups() -> BTreeMap<InstrumentId, Group> {
    let group = |id: &str, sector: Option<&str>, cluster: Option<&str>| {
        let group = Group { sector: sector.map(Text::new), cluster: cluster.map(Text::new) };
        (InstrumentId::new(id), group)
    };
    BTreeMap::from([
        group("BINANCE:BTCUSDT", Some("crypto"), Some("risk-on")),
        group("BINANCE:PEPEUSDT", Some("crypto"), None),
        group("NASDAQ:AAPL", Some("stocks"), Some("risk-on")),
    ])
}

/// Changes one thing, mostly one that decisions depend on.
fn alter(rng: &mut Rng, rules: &mut Rulebook) {
    let instrument = InstrumentId::new(rng.pick(&INSTRUMENTS));
    let book = BookId::new(rng.pick(&BOOKS));
    match rng.below(22) {
        21 => rules.decisions = rng.chance(500).then(|| decisions(rng)),
        17 => rules.execution.quote_age_max_ms = rng.pick(&[499, 500, 1_000, 2_000, 2_001]),
        18 => rules.bounds = rng.chance(500).then(bounds),
        // Into live seldom: nothing is let through there without a session.
        19 => rules.environment = Text::new(if rng.chance(100) { "live" } else { "offline" }),
        0 => rules.partition = Text::new(rng.pick(&["other", PARTITION])),
        1 => rules.envelope = envelope(rng),
        2 => toggle(rules.books.get_mut(&book).map(|book| &mut book.enabled)),
        3 => toggle(rules.instruments.get_mut(&instrument).map(|found| &mut found.enabled)),
        4 => toggle(rules.strategies.get_mut("trend").map(|strategy| &mut strategy.enabled)),
        5 => toggle(
            rules.venues.get_mut(rng.pick(&["BINANCE", "NASDAQ"])).map(|venue| &mut venue.enabled),
        ),
        6 => drop(rules.instruments.remove(&instrument)),
        7 => drop(rules.books.remove(&book)),
        8 => drop(rules.calendars.remove("session")),
        9 => {
            rules
                .instruments
                .insert(instrument.clone(), self::instrument(rng, instrument.as_str()));
        }
        10 => {
            rules.books.insert(book.clone(), self::book(rng, book.as_str()));
        }
        11 => drop(rules.venues.remove("NASDAQ")),
        12 => {
            let fresh = rulebook(rng);
            *rules = fresh;
        }
        13 => rules
            .books
            .values_mut()
            .for_each(|book| book.executors.retain(|venue, _| venue.as_str() != "NASDAQ")),
        14 => rules.books.values_mut().for_each(|book| book.source_run = None),
        15 => toggle(rules.people.get_mut("risk-1").map(|person| &mut person.enabled)),
        16 => alter_governed(rng, rules),
        _ => rules.version = Text::new(format!("{}", rng.below(100))),
    }
}

fn toggle(switch: Option<&mut bool>) {
    if let Some(switch) = switch {
        *switch = !*switch;
    }
}
