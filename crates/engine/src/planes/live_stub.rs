//! The live stub: deterministic success or failure by rule, with a ledger of its own that survives our crashes, so
//! that a query is answered truthfully.

use super::pages::StatedLedger;
use super::watch::Watch;
use fillwright_domain::{
    AccountId, ExecId, ExecutionReport, InstrumentId, IntentKey, Notional, NumberError,
    OrderIntent, OrderIntentId, Plane, Px, Qty, Quote, Ratio, ReportKind, Rounding, Side,
    StatedFill, StatedOrder, StatedPosition, Statement, Text, Timestamp, VenueOrderId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

/// `config/brokers/live-stub.json`: rules in order, the first that fits decides; without one an order is filled.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveStubRules {
    /// The rules.
    pub rules: Vec<Rule>,
    /// Orders that rest are cancelled once nobody has shown to be there for this long. Milliseconds; absent: never.
    #[serde(default)]
    pub cancel_on_disconnect_after_ms: Option<u32>,
}

/// Which orders, and what becomes of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only this instrument.
    #[serde(default)]
    pub instrument_id: Option<InstrumentId>,
    /// Only this side.
    #[serde(default)]
    pub side: Option<Side>,
    /// Only quantities above this.
    #[serde(default)]
    pub above_qty: Option<Qty>,
    /// What becomes of them.
    pub realise: Realise,
}

/// What becomes of an order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Realise {
    /// Filled in full.
    Fill,
    /// This fraction is filled, the rest expires.
    Partial(Ratio),
    /// Refused with these words.
    Reject(Text),
    /// Accepted, then nothing: it works until it is cancelled.
    Rest,
}

/// What is said of an order that would exceed its parent.
const EXCEEDS: &str = "it would exceed what its intent's plan is for";

/// The stub, with what it was ever sent.
#[derive(Debug)]
pub struct LiveStub {
    rules: LiveStubRules,
    orders: BTreeMap<OrderIntentId, Placed>,
    resting: BTreeSet<OrderIntentId>,
    /// What the orders of an intent may come to: of those that rest what was ordered, of the others what was filled.
    committed: BTreeMap<IntentKey, Qty>,
    /// Orders by when anything last happened to them.
    moved: BTreeSet<(Timestamp, OrderIntentId)>,
    positions: BTreeMap<(AccountId, InstrumentId), (Qty, Timestamp)>,
    file: Option<File>,
    watch: Option<Watch>,
}

#[derive(Debug, Clone)]
struct Placed {
    instrument_id: InstrumentId,
    intent_key: IntentKey,
    qty: Qty,
    moved_at: Timestamp,
    reports: Vec<ExecutionReport>,
}

/// One line of the ledger: an order that arrived, and the price it was realised at.
#[derive(Debug, Serialize, Deserialize)]
struct LedgerLine {
    order: String,
    instrument_id: InstrumentId,
    side: Side,
    qty: Qty,
    px: Option<Px>,
    at: Timestamp,
    /// Whose position it changes.
    #[serde(default = "AccountId::main")]
    account: AccountId,
    /// Which order of its intent it is, from 1.
    #[serde(default = "first_child")]
    child_no: u32,
    /// Whether it was refused before any rule was asked: its orders would be more than their intent's plan.
    #[serde(default)]
    exceeds: bool,
    /// What this line makes of an earlier fill, instead of placing an order. Nobody writes it but who plays the executor.
    #[serde(default)]
    correction: Option<LedgerCorrection>,
    /// Whether this line cancels the order instead of placing it.
    #[serde(default)]
    cancel: bool,
}

/// A fill that is another, or none.
#[derive(Debug, Serialize, Deserialize)]
struct LedgerCorrection {
    /// The fill.
    of: ExecId,
    /// Its quantity; none of a bust.
    qty: Qty,
    /// Its price; absent, what it was.
    #[serde(default)]
    px: Option<Px>,
}

/// The stub's ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be opened, read or written.
    #[error("the live stub's ledger cannot be used; check the file and the disk")]
    Io(#[from] std::io::Error),
    /// A line is not what was written.
    #[error("line {line} of the live stub's ledger cannot be read; restore the file from a copy")]
    Line {
        /// The line, from 1.
        line: usize,
    },
}

impl LiveStub {
    /// A stub that forgets when it is dropped.
    pub fn in_memory(rules: LiveStubRules) -> Self {
        Self {
            rules,
            orders: BTreeMap::new(),
            resting: BTreeSet::new(),
            committed: BTreeMap::new(),
            moved: BTreeSet::new(),
            positions: BTreeMap::new(),
            file: None,
            watch: None,
        }
    }

    /// A stub with a ledger file, read back first. A last line that a crash cut short never was an order.
    ///
    /// # Errors
    ///
    /// `LedgerError` where the file cannot be used.
    pub fn with_ledger(rules: LiveStubRules, path: &Path) -> Result<Self, LedgerError> {
        let file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let mut stub = Self::in_memory(rules);
        if let Some(after_ms) = stub.rules.cancel_on_disconnect_after_ms {
            stub.watch = Some(Watch::open(&path.with_extension("alive"), after_ms)?);
        }
        let mut whole = 0;
        let mut reader = BufReader::new(&file);
        let mut text = String::new();
        for line in 1.. {
            text.clear();
            let read = reader.read_line(&mut text)?;
            if read == 0 || !text.ends_with('\n') {
                break;
            }
            let entry: LedgerLine =
                serde_json::from_str(&text).map_err(|_| LedgerError::Line { line })?;
            stub.replay(&entry).ok_or(LedgerError::Line { line })?;
            whole += read as u64;
        }
        file.set_len(whole)?;
        stub.file = Some(file);
        Ok(stub)
    }

    /// Places an order. The same order again is the same order: it gets the same reports.
    ///
    /// # Errors
    ///
    /// An I/O error of the ledger.
    pub fn place(
        &mut self,
        order: &OrderIntent,
        account: &AccountId,
        quote: Option<&Quote>,
        at: Timestamp,
    ) -> Result<Vec<ExecutionReport>, LedgerError> {
        if let Some(known) = self.orders.get(&order.order_intent_id) {
            return Ok(known.reports.clone());
        }
        let line = LedgerLine {
            order: order.order_intent_id.to_string(),
            instrument_id: order.market_id.clone(),
            side: order.side,
            qty: order.requested_quantity,
            px: order.limit_px.or_else(|| quote.map(|quote| touch(order.side, quote))),
            at,
            account: account.clone(),
            child_no: order.child_no,
            exceeds: !self.is_within_parent(order),
            correction: None,
            cancel: false,
        };
        self.write(&line)?;
        Ok(self.realise(order.order_intent_id, &line))
    }

    /// Whether an order and those before it of its intent, filled and open, are within what the intent's plan is for. The
    /// kernel has asked the same where it let the order go; this asks with nothing of the kernel's.
    fn is_within_parent(&self, order: &OrderIntent) -> bool {
        let before = self.committed.get(&order.intent_key()).copied().unwrap_or(Qty::ZERO);
        let all = before.checked_add(order.requested_quantity);
        order.parent_quantity.is_some_and(|parent| all.is_ok_and(|all| all <= parent))
    }

    /// Cancels an order that rests; any other cancel comes too late.
    ///
    /// # Errors
    ///
    /// An I/O error of the ledger.
    pub fn cancel(
        &mut self,
        order: OrderIntentId,
        instrument_id: &InstrumentId,
        at: Timestamp,
    ) -> Result<Vec<ExecutionReport>, LedgerError> {
        if !self.resting.contains(&order) {
            let kind = ReportKind::CancelRejected;
            return Ok(vec![report(order, "cancel-rejected", at, kind)]);
        }
        let line = LedgerLine {
            order: order.to_string(),
            instrument_id: instrument_id.clone(),
            side: Side::Buy,
            qty: Qty::ZERO,
            px: None,
            at,
            account: AccountId::main(),
            child_no: 1,
            exceeds: false,
            correction: None,
            cancel: true,
        };
        self.write(&line)?;
        Ok(self.end_resting(order, at))
    }

    /// Cancels what rests where nobody has shown to be there for too long, as of the moment that was. What it says of it
    /// is said again to whoever asks.
    ///
    /// # Errors
    ///
    /// An I/O error of the ledger.
    pub fn lapse(&mut self, at: Timestamp) -> Result<Vec<ExecutionReport>, LedgerError> {
        let Some(lapsed_at) = self.watch.as_ref().and_then(|watch| watch.lapsed_by(at)) else {
            return Ok(Vec::new());
        };
        let mut reports = Vec::new();
        for order in std::mem::take(&mut self.resting) {
            let Some(placed) = self.orders.get(&order) else { continue };
            let instrument_id = placed.instrument_id.clone();
            self.resting.insert(order);
            reports.extend(self.cancel(order, &instrument_id, lapsed_at)?);
        }
        Ok(reports)
    }

    /// Shows that somebody is there, and whether it came too late for what rested.
    ///
    /// # Errors
    ///
    /// An I/O error of the ledger.
    pub fn refresh(&mut self, at: Timestamp) -> Result<Vec<ExecutionReport>, LedgerError> {
        let reports = self.lapse(at)?;
        if let Some(watch) = &mut self.watch {
            watch.refresh(at)?;
        }
        Ok(reports)
    }

    /// Whether it never had an order.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// States its ledger, on as many pages as it takes: orders at work and those that ended since a time, fills behind a
    /// time, and every position.
    pub fn statements(
        &self,
        as_of: Timestamp,
        ended_since: Timestamp,
        fills_behind: Timestamp,
    ) -> Vec<Statement> {
        let since = |at: Timestamp| {
            let moved = self.moved.range((at, OrderIntentId::default())..);
            moved.filter_map(|(_, order)| Some((*order, self.orders.get(order)?)))
        };
        let resting = self.resting.iter().filter_map(|id| Some((*id, self.orders.get(id)?)));
        let orders: BTreeMap<_, _> = resting
            .chain(since(ended_since))
            .map(|(id, placed)| (id, placed.stated(id, self.resting.contains(&id))))
            .collect();
        let mut fills: Vec<StatedFill> = since(fills_behind)
            .flat_map(|(_, placed)| placed.fills())
            .filter(|fill| fill.transact_at > fills_behind && fill.transact_at <= as_of)
            .collect();
        fills.sort_by_key(|fill| fill.transact_at);
        let positions = self.positions.iter().map(|((account, instrument_id), (qty, at))| {
            let (account, instrument_id) = (account.clone(), instrument_id.clone());
            StatedPosition { account, instrument_id, qty: *qty, moved_at: *at }
        });
        let ledger = StatedLedger {
            plane: Plane::LiveStub,
            as_of,
            orders: orders.into_values().collect(),
            fills_behind,
            fills,
            positions: positions.collect(),
        };
        ledger.pages()
    }

    /// Says again all there is to say of an order.
    pub fn query(&self, order: OrderIntentId, at: Timestamp) -> Vec<ExecutionReport> {
        match self.orders.get(&order) {
            Some(placed) => placed.reports.clone(),
            None => vec![report(order, "not-found", at, ReportKind::NotFound)],
        }
    }

    fn replay(&mut self, line: &LedgerLine) -> Option<()> {
        let id: OrderIntentId = line.order.parse().ok()?;
        if let Some(correction) = &line.correction {
            self.correct(id, line, correction)?;
        } else if line.cancel {
            self.end_resting(id, line.at);
        } else {
            self.realise(id, line);
        }
        Some(())
    }

    /// A fill is another from here on, and is told so to whoever asks about its order.
    fn correct(
        &mut self,
        order: OrderIntentId,
        line: &LedgerLine,
        correction: &LedgerCorrection,
    ) -> Option<()> {
        let placed = self.orders.get_mut(&order)?;
        let before = placed.fills().find(|fill| fill.exec_id == correction.of)?;
        let px = correction.px.unwrap_or(before.last_px);
        let of = correction.of.clone();
        let kind = if correction.qty.is_zero() {
            ReportKind::Busted { of }
        } else {
            let fee = fee(correction.qty, px).ok()?;
            ReportKind::Corrected { of, last_qty: correction.qty, last_px: px, fee }
        };
        let name = placed.reports.len().to_string();
        placed.reports.push(report(order, &name, line.at, kind));
        self.moved.remove(&(placed.moved_at, order));
        placed.moved_at = line.at;
        self.moved.insert((line.at, order));
        let change = correction.qty.checked_sub(before.last_qty).ok()?;
        self.hold(line, change);
        Some(())
    }

    fn end_resting(&mut self, order: OrderIntentId, at: Timestamp) -> Vec<ExecutionReport> {
        let Some(placed) = self.orders.get_mut(&order) else { return Vec::new() };
        let ended = report(order, "canceled", at, ReportKind::Canceled { cum_qty: Qty::ZERO });
        placed.reports.push(ended.clone());
        self.moved.remove(&(placed.moved_at, order));
        placed.moved_at = at;
        self.moved.insert((at, order));
        if self.resting.remove(&order)
            && let Some(of_intent) = self.committed.get_mut(&placed.intent_key)
        {
            *of_intent = of_intent.checked_sub(placed.qty).unwrap_or(*of_intent);
        }
        vec![ended]
    }

    fn realise(&mut self, order: OrderIntentId, line: &LedgerLine) -> Vec<ExecutionReport> {
        let realise = self
            .rules
            .rules
            .iter()
            .find(|rule| rule.fits(line))
            .map_or(&Realise::Fill, |rule| &rule.realise);
        let kinds = match (realise, line.px) {
            _ if line.exceeds => vec![ReportKind::Rejected { text: Text::new(EXCEEDS) }],
            (Realise::Reject(text), _) => vec![ReportKind::Rejected { text: text.clone() }],
            (_, None) => {
                vec![ReportKind::Rejected { text: Text::new("there is no price to fill at") }]
            }
            (Realise::Fill, Some(px)) => fills(line.qty, line.qty, px),
            (Realise::Partial(fraction), Some(px)) => {
                let part = fraction.of_qty(line.qty, Rounding::Down).unwrap_or(Qty::ZERO);
                fills(part, line.qty, px)
            }
            (Realise::Rest, Some(_)) => vec![accepted(order)],
        };
        let rests = matches!(realise, Realise::Rest) && line.px.is_some() && !line.exceeds;
        if rests {
            self.resting.insert(order);
        }
        let numbered = kinds.into_iter().enumerate();
        let reports: Vec<_> =
            numbered.map(|(n, kind)| report(order, &n.to_string(), line.at, kind)).collect();
        let placed = Placed {
            instrument_id: line.instrument_id.clone(),
            intent_key: order.intent_key(line.child_no),
            qty: line.qty,
            moved_at: line.at,
            reports: reports.clone(),
        };
        let committed = if rests { placed.qty } else { placed.cum_qty() };
        let of_intent = self.committed.entry(placed.intent_key).or_insert(Qty::ZERO);
        *of_intent = of_intent.checked_add(committed).unwrap_or(*of_intent);
        self.hold(line, placed.cum_qty());
        self.orders.insert(order, placed);
        self.moved.insert((line.at, order));
        reports
    }

    fn hold(&mut self, line: &LedgerLine, filled: Qty) {
        if filled.is_zero() {
            return;
        }
        let place = (line.account.clone(), line.instrument_id.clone());
        let (held, at) = self.positions.entry(place).or_insert((Qty::ZERO, line.at));
        let moved = match line.side {
            Side::Buy => held.checked_add(filled),
            Side::Sell => held.checked_sub(filled),
        };
        (*held, *at) = (moved.unwrap_or(*held), line.at);
    }

    fn write(&mut self, line: &LedgerLine) -> Result<(), LedgerError> {
        if let Some(file) = &mut self.file {
            let mut text = serde_json::to_string(line).map_err(std::io::Error::from)?;
            text.push('\n');
            file.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// Quantity of every order that ever arrived, for reconciliation.
    pub fn arrived(&self) -> impl Iterator<Item = (OrderIntentId, Qty)> {
        self.orders.iter().map(|(id, placed)| (*id, placed.qty))
    }
}

impl Placed {
    fn cum_qty(&self) -> Qty {
        let filled = self.reports.iter().rev().find_map(|report| match &report.kind {
            ReportKind::Fill { cum_qty, .. } => Some(*cum_qty),
            _ => None,
        });
        filled.unwrap_or(Qty::ZERO)
    }

    fn stated(&self, order_intent_id: OrderIntentId, is_open: bool) -> StatedOrder {
        StatedOrder {
            order_intent_id,
            instrument_id: self.instrument_id.clone(),
            qty: self.qty,
            cum_qty: self.cum_qty(),
            is_open,
            moved_at: self.moved_at,
        }
    }

    /// Its fills as they are now.
    fn fills(&self) -> impl Iterator<Item = StatedFill> {
        self.reports.iter().filter_map(|report| match &report.kind {
            ReportKind::Fill { last_qty, last_px, fee, .. } => {
                let fill = StatedFill {
                    order_intent_id: report.order_intent_id,
                    exec_id: report.exec_id.clone(),
                    instrument_id: self.instrument_id.clone(),
                    last_qty: *last_qty,
                    last_px: *last_px,
                    fee: *fee,
                    transact_at: report.transact_at,
                    moved_at: report.transact_at,
                };
                Some(self.reports.iter().fold(fill, corrected))
            }
            _ => None,
        })
    }
}

impl Rule {
    fn fits(&self, line: &LedgerLine) -> bool {
        self.instrument_id.as_ref().is_none_or(|id| *id == line.instrument_id)
            && self.side.is_none_or(|side| side == line.side)
            && self.above_qty.is_none_or(|above| line.qty > above)
    }
}

/// A fill behind one more report.
fn corrected(fill: StatedFill, report: &ExecutionReport) -> StatedFill {
    let moved_at = report.transact_at;
    match &report.kind {
        ReportKind::Busted { of } if *of == fill.exec_id => {
            StatedFill { last_qty: Qty::ZERO, fee: Notional::ZERO, moved_at, ..fill }
        }
        ReportKind::Corrected { of, last_qty, last_px, fee } if *of == fill.exec_id => {
            let (last_qty, last_px, fee) = (*last_qty, *last_px, *fee);
            StatedFill { last_qty, last_px, fee, moved_at, ..fill }
        }
        _ => fill,
    }
}

fn first_child() -> u32 {
    1
}

fn touch(side: Side, quote: &Quote) -> Px {
    match side {
        Side::Buy => quote.ask_px,
        Side::Sell => quote.bid_px,
    }
}

/// One fill of `part`; what is left of `whole` expires.
fn fills(part: Qty, whole: Qty, px: Px) -> Vec<ReportKind> {
    let mut kinds = Vec::new();
    if part.is_positive() {
        let fee = fee(part, px).unwrap_or(Notional::ZERO);
        kinds.push(ReportKind::Fill { last_qty: part, last_px: px, cum_qty: part, fee });
    }
    if part < whole {
        kinds.push(ReportKind::Expired { cum_qty: part });
    }
    kinds
}

/// The stub's fee: five basis points of the worth.
fn fee(qty: Qty, px: Px) -> Result<Notional, NumberError> {
    const FEE: &str = "0.0005";
    let worth = px.notional_of(qty, Ratio::ONE, Rounding::HalfEven)?;
    FEE.parse::<Ratio>()?.of_notional(worth, Rounding::HalfEven)
}

fn accepted(order: OrderIntentId) -> ReportKind {
    ReportKind::Accepted { venue_order_id: VenueOrderId::new(format!("stub-{order}")) }
}

fn report(order: OrderIntentId, name: &str, at: Timestamp, kind: ReportKind) -> ExecutionReport {
    let exec_id = ExecId::new(format!("{order}/{name}"));
    ExecutionReport { order_intent_id: order, exec_id, transact_at: at, kind }
}
