//! The intents every case runs: a few books over many instruments, adding, trimming, closing and rebalancing, all from
//! one counter, so two runs do the same work.

use crate::governance;
use anyhow::Result;
use fillwright_domain::{
    AccountId, ActionType, Ask, BookId, CalendarId, Decimal, ExecutionIntent, Instrument,
    InstrumentId, Intent, IntentId, Notional, NumberText, Origin, Plane, PositionId, Px, Qty,
    Quote, Ratio, RunId, StrategyId, Text, Timestamp, Urgency, VenueId,
};
use fillwright_kernel::Input;
use fillwright_policy::{
    Book, Breach, Envelope, ExecutionPolicy, FlowPolicy, Hours, IncidentRules, Lanes, Limits,
    RegimePolicy, Role, RoutePolicy, Rulebook, Strategy, Venue, approval_rules, people,
};
use std::collections::BTreeMap;

const INSTRUMENTS: u64 = 50;
const BOOKS: u64 = 4;
pub const START_NS: i64 = 1_767_711_600_000_000_000;
const STEP_NS: i64 = 1_000;
/// A mark comes between so many intents, each instrument's in turn.
const MARK_EVERY: u64 = 20;

/// A stream of inputs with the rules they run under.
pub struct Workload {
    /// Whether every limit is stated at every level, a session runs, and every window counts.
    is_governed: bool,
    instruments: Vec<InstrumentId>,
    books: Vec<BookId>,
    sent: u64,
}

impl Workload {
    /// The same stream under rules that leave nothing out: limits at every level of the envelope, sectors and clusters,
    /// a running session in a lane, a table of decisions, permissions by name, and windows that count.
    pub fn governed() -> Self {
        Self { is_governed: true, ..Self::new() }
    }

    /// A fresh stream.
    pub fn new() -> Self {
        Self {
            is_governed: false,
            instruments: (0..INSTRUMENTS)
                .map(|n| InstrumentId::new(format!("BINANCE:C{n:02}USDT")))
                .collect(),
            books: (0..BOOKS).map(|n| BookId::new(format!("book-{n}"))).collect(),
            sent: 0,
        }
    }

    /// The logical time of the next input.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_ns(START_NS + STEP_NS * i64::try_from(self.sent).unwrap_or(i64::MAX))
    }

    /// The inputs that open a run: rules, an audited run, and a mark for every instrument.
    pub fn opening(&self) -> Result<Vec<Input>> {
        let by = "bench".into();
        let mut opening = vec![
            Input::AdoptRulebook {
                rulebook: Box::new(self.rulebook()?),
                by,
                reason: "bench".into(),
            },
            Input::RegisterRun {
                run_id: "run-1".into(),
                manifest_hash: "00".into(),
                by: "bench".into(),
                reason: "bench".into(),
            },
        ];
        for n in 0..INSTRUMENTS {
            opening.push(self.mark(n));
        }
        if self.is_governed {
            opening.extend(governance::session(&self.books)?);
        }
        Ok(opening)
    }

    /// The next intents, with the marks that go between them.
    pub fn block(&mut self, intents: u64) -> Vec<(Timestamp, Input)> {
        let mut block = Vec::new();
        for _ in 0..intents {
            let n = self.sent;
            let at = self.now();
            if n.is_multiple_of(MARK_EVERY) {
                block.push((at, self.mark(n / MARK_EVERY)));
            }
            block.push((at, self.intent(n)));
            self.sent += 1;
        }
        block
    }

    fn mark(&self, n: u64) -> Input {
        Input::Mark {
            instrument_id: self.instrument(n),
            mark_px: px(n % INSTRUMENTS, 0),
            as_of: self.now(),
        }
    }

    fn instrument(&self, n: u64) -> InstrumentId {
        self.instruments[index(n % INSTRUMENTS)].clone()
    }

    fn intent(&self, n: u64) -> Input {
        let instrument = n % INSTRUMENTS;
        let book = (n / INSTRUMENTS) % BOOKS;
        let action = match (n / (INSTRUMENTS * BOOKS)) % 4 {
            0 | 1 => ActionType::Add,
            2 => ActionType::Trim,
            _ => ActionType::Exit,
        };
        let instrument_id = self.instrument(instrument);
        let intent = Intent {
            intent_id: IntentId::new(format!("intent-{n:012}")),
            strategy_id: Some(StrategyId::new("uptrend")),
            book_id: self.books[index(book)].clone(),
            ask: Ask::Execution(Box::new(ExecutionIntent {
                action,
                size_frac: Ratio::new(Decimal::from_mantissa(250_000_000_000_000_000)),
                urgency: Urgency::Medium,
                priority: 50,
                max_slippage_bps: Some(25),
                reduce_only: false,
                post_only: false,
                reason_codes: vec![Text::new("buy_flag"), Text::new("s2_dip")],
                state: Text::new("S2"),
                prev_state: Text::new("S1"),
                a_final: NumberText::parse("0.7342").unwrap_or_default(),
                e_final: NumberText::parse("0.1208").unwrap_or_default(),
                position_id: PositionId::new("position-17"),
                token_contract: Text::new(
                    instrument_id.as_str().split_once(':').map_or("", |(_, symbol)| symbol),
                ),
                token_chain: Text::new("binance"),
                book_id: self.books[index(book)].clone(),
                timeframe: Text::new("1h"),
                max_leverage: Some(Ratio::new(Decimal::from_int(2))),
                risk_reason: None,
            })),
            instrument_id,
            source_run: Some(RunId::new("run-1")),
            input_truncated: false,
            origin: Origin { source: Text::new("bench"), line: n + 1 },
        };
        let quote = Quote {
            bid_px: px(instrument, 0),
            ask_px: px(instrument, 1),
            bid_qty: None,
            ask_qty: None,
            last_px: None,
            interval_qty: None,
            as_of: self.now(),
        };
        Input::submit(intent, Some(quote))
    }

    fn rulebook(&self) -> Result<Rulebook> {
        let always = CalendarId::new("always");
        let binance = VenueId::new("BINANCE");
        let mut rulebook = Rulebook {
            version: Text::new("bench"),
            partition: Text::new("main"),
            environment: Text::new("paper"),
            envelope: Envelope { firm: limits()?, ..Envelope::wide() },
            execution: ExecutionPolicy {
                quote_age_max_ms: 5_000,
                mark_age_max_ms: 60_000,
                minimum_trade_weight: "0.01".parse()?,
            },
            people: people(&[("bench", &[Role::Risk]), ("bench-2", &[Role::Trader])]),
            incident_rules: IncidentRules::standard(),
            flow: FlowPolicy::wide(),
            approvals: approval_rules(),
            lanes: Lanes::wide(),
            regime: RegimePolicy::wide(),
            routes: Some(RoutePolicy::wide()),
            ..Rulebook::default()
        };
        rulebook.calendars.insert(always.clone(), Hours::Always);
        rulebook.venues.insert(binance.clone(), Venue { enabled: true, calendar: always.clone() });
        rulebook.strategies.insert(
            StrategyId::new("uptrend"),
            Strategy { enabled: true, owner: Text::new("desk"), description: Text::new("bench") },
        );
        for id in &self.books {
            rulebook.books.insert(id.clone(), book(&binance)?);
        }
        for id in &self.instruments {
            rulebook.instruments.insert(id.clone(), instrument(id, &binance, &always)?);
        }
        if self.is_governed {
            governance::impose(&mut rulebook)?;
        }
        Ok(rulebook)
    }
}

fn limits() -> Result<Limits> {
    Ok(Limits {
        max_order_notional: Some("5000".parse()?),
        on_order_notional: Breach::Reduce,
        max_leverage: Some("2".parse()?),
        on_leverage: Breach::Reduce,
        max_asset_exposure: Some("0.05".parse()?),
        on_asset_exposure: Breach::Reduce,
        ..Limits::wide()
    })
}

fn book(venue: &VenueId) -> Result<Book> {
    Ok(Book {
        enabled: true,
        strategy_id: StrategyId::new("uptrend"),
        equity: "1000000".parse::<Notional>()?,
        allocation: "20000".parse::<Notional>()?,
        source_run: None,
        executors: BTreeMap::from([(venue.clone(), Plane::Paper)]),
        account: AccountId::main(),
        lane: None,
    })
}

fn instrument(id: &InstrumentId, venue: &VenueId, calendar: &CalendarId) -> Result<Instrument> {
    Ok(Instrument {
        instrument_id: id.clone(),
        venue: venue.clone(),
        lot_size: "0.001".parse::<Qty>()?,
        step_size: "0.001".parse()?,
        tick_size: "0.01".parse()?,
        min_notional: "5".parse()?,
        contract_size: Ratio::ONE,
        maker_fee: "0.0002".parse()?,
        taker_fee: "0.0005".parse()?,
        max_qty: None,
        calendar: calendar.clone(),
        enabled: true,
        updated_at: Text::new("2026-01-06"),
    })
}

/// A price of about 100 to 150 in quote currency, a cent of spread wide.
fn px(instrument: u64, cents: i64) -> Px {
    let whole = 100 + i64::try_from(instrument).unwrap_or(0);
    let cent = Decimal::from_mantissa(10_000_000_000_000_000 * i128::from(37 + cents));
    Px::new(Decimal::from_int(whole).checked_add(cent).unwrap_or(Decimal::ONE))
}

fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(0)
}
