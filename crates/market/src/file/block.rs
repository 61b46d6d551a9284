//! The events of a block.

use super::Damage;
use super::number::{Cursor, Width, put, zigzag};
use crate::event::{
    Bar, Body, Candle, Depth, InstrumentNo, Level, MarketEvent, OrderAction, OrderChange, Quote,
    QuoteSide, Status, Trade, TradeFlags, UpdateIds,
};
use fillwright_domain::{Decimal, Px, Qty, Side, Timestamp};

/// What kind of event, in the low three bits of its first byte.
const QUOTE: u8 = 0;
const TRADE: u8 = 1;
const SNAPSHOT: u8 = 2;
const DIFF: u8 = 3;
const BAR: u8 = 4;
const ORDER: u8 = 5;
const STATUS: u8 = 6;
/// Another instrument than the event before; its number follows.
const OTHER_INSTRUMENT: u8 = 1 << 3;
/// Where the four bits that each kind uses its own way begin.
const OWN: u32 = 4;

/// The units of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units<W: Width> {
    pub(super) px: W::Unit,
    pub(super) qty: W::Unit,
    /// Nanoseconds of a unit of event time.
    pub(super) time_ns: i64,
}

/// What was last said of an instrument in this block.
#[derive(Debug, Clone, Copy, Default)]
struct Last<W> {
    bid: (W, W),
    ask: (W, W),
    trade: (W, W),
    trade_id: u64,
    update_id: u64,
    order_id: u64,
}

/// What the next event is stored as a difference from.
#[derive(Debug, Clone)]
pub(super) struct Before<W> {
    instrument: usize,
    event_ns: i64,
    latency_ns: i64,
    last: Vec<Last<W>>,
}

impl<W: Width> Before<W> {
    pub(super) const fn new() -> Self {
        Self { instrument: 0, event_ns: 0, latency_ns: 0, last: Vec::new() }
    }

    /// Begins a block.
    pub(super) fn begin(&mut self, base_ns: i64, instruments: usize) {
        (self.instrument, self.event_ns, self.latency_ns) = (0, base_ns, 0);
        self.last.clear();
        self.last.resize(instruments, Last::default());
    }
}

/// Writes events. `None` where one cannot be held in these units.
pub(super) struct Encoder<'a, W: Width> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) units: Units<W>,
    pub(super) before: &'a mut Before<W>,
}

impl<W: Width> Encoder<'_, W> {
    pub(super) fn event(&mut self, event: &MarketEvent) -> Option<()> {
        let instrument = event.instrument.index();
        let (kind, own) = shape(&event.body);
        let is_other = instrument != self.before.instrument;
        self.out.push(kind | if is_other { OTHER_INSTRUMENT } else { 0 } | own << OWN);
        if is_other {
            put(self.out, event.instrument.0.into());
            self.before.instrument = instrument;
        }
        let event_ns = event.event_at.as_ns();
        let since_ns = event_ns.wrapping_sub(self.before.event_ns);
        if since_ns % self.units.time_ns != 0 {
            return None;
        }
        put(self.out, zigzag(since_ns / self.units.time_ns));
        let latency_ns = event.received_at.as_ns().wrapping_sub(event_ns);
        put(self.out, zigzag(latency_ns.wrapping_sub(self.before.latency_ns)));
        (self.before.event_ns, self.before.latency_ns) = (event_ns, latency_ns);
        self.body(instrument, &event.body)
    }

    fn body(&mut self, instrument: usize, body: &Body) -> Option<()> {
        let mut last = *self.before.last.get(instrument)?;
        match body {
            Body::Quote(quote) => {
                self.side(quote.bid, &mut last.bid)?;
                self.side(quote.ask, &mut last.ask)?;
            }
            Body::Trade(trade) => self.trade(trade, &mut last)?,
            Body::DepthSnapshot(depth) | Body::DepthDiff(depth) => self.depth(depth, &mut last)?,
            Body::Bar(bar) => self.bar(bar, &mut last)?,
            Body::Order(order) => self.order(order, &mut last)?,
            Body::Status(status) => self.out.push(status_code(*status)),
        }
        self.before.last[instrument] = last;
        Some(())
    }

    fn px(&mut self, px: Px, last: &mut W) -> Option<()> {
        let value = W::of(px.get(), self.units.px)?;
        value.put_from(*last, self.out);
        *last = value;
        Some(())
    }

    fn qty(&mut self, qty: Qty, last: &mut W) -> Option<()> {
        let value = W::of(qty.get(), self.units.qty)?;
        value.put_from(*last, self.out);
        *last = value;
        Some(())
    }

    fn side(&mut self, side: QuoteSide, last: &mut (W, W)) -> Option<()> {
        let QuoteSide::At(level) = side else { return Some(()) };
        self.px(level.px, &mut last.0)?;
        level.qty.map_or(Some(()), |qty| self.qty(qty, &mut last.1))
    }

    fn trade(&mut self, trade: &Trade, last: &mut Last<W>) -> Option<()> {
        self.px(trade.px, &mut last.trade.0)?;
        self.qty(trade.qty, &mut last.trade.1)?;
        if let Some(trade_id) = trade.trade_id {
            self.id(trade_id, &mut last.trade_id);
        }
        if trade.flags != TradeFlags::NONE {
            put(self.out, trade.flags.bits().into());
        }
        Some(())
    }

    fn id(&mut self, id: u64, last: &mut u64) {
        put(self.out, zigzag(id.wrapping_sub(*last).cast_signed()));
        *last = id;
    }

    fn depth(&mut self, depth: &Depth, last: &mut Last<W>) -> Option<()> {
        match depth.ids {
            UpdateIds::Unnumbered => {}
            UpdateIds::Snapshot { last: end } => self.id(end, &mut last.update_id),
            UpdateIds::Consecutive { first, last: end } => {
                self.id(first, &mut last.update_id);
                self.id(end, &mut last.update_id);
            }
            UpdateIds::Linked { first, last: end, previous } => {
                self.id(previous, &mut last.update_id);
                self.id(first, &mut last.update_id);
                self.id(end, &mut last.update_id);
            }
        }
        put(self.out, depth.bids.len() as u64);
        put(self.out, depth.asks.len() as u64);
        let is_sized = is_sized(depth);
        for side in [&depth.bids, &depth.asks] {
            let (mut px, mut qty) = (W::default(), W::default());
            for level in side {
                self.px(level.px, &mut px)?;
                if !is_sized {
                    self.out.push(level.qty.is_some().into());
                }
                if let Some(level_qty) = level.qty {
                    self.qty(level_qty, &mut qty)?;
                }
            }
        }
        Some(())
    }

    fn bar(&mut self, bar: &Bar, last: &mut Last<W>) -> Option<()> {
        match bar {
            Bar::Trades(candle) => self.candle(candle, &mut last.trade),
            Bar::Quotes { bid, ask } => {
                bid.as_ref().map_or(Some(()), |candle| self.candle(candle, &mut last.bid))?;
                ask.as_ref().map_or(Some(()), |candle| self.candle(candle, &mut last.ask))
            }
        }
    }

    fn candle(&mut self, candle: &Candle, last: &mut (W, W)) -> Option<()> {
        for px in [candle.open_px, candle.high_px, candle.low_px, candle.close_px] {
            self.px(px, &mut last.0)?;
        }
        self.qty(candle.qty, &mut last.1)
    }

    fn order(&mut self, order: &OrderChange, last: &mut Last<W>) -> Option<()> {
        self.out.push(order.ends_event.into());
        self.id(order.order_id, &mut last.order_id);
        let side = if order.side == Side::Buy { &mut last.bid } else { &mut last.ask };
        self.px(order.px, &mut side.0)?;
        self.qty(order.qty, &mut side.1)
    }
}

/// The kind of an event, and its own four bits.
fn shape(body: &Body) -> (u8, u8) {
    match body {
        Body::Quote(quote) => (QUOTE, side_code(quote.bid) | side_code(quote.ask) << 2),
        Body::Trade(trade) => {
            let aggressor = trade.aggressor.map_or(0, |side| if side == Side::Buy { 1 } else { 2 });
            let has_id = u8::from(trade.trade_id.is_some()) << 2;
            (TRADE, aggressor | has_id | u8::from(trade.flags != TradeFlags::NONE) << 3)
        }
        Body::DepthSnapshot(depth) => (SNAPSHOT, depth_code(depth)),
        Body::DepthDiff(depth) => (DIFF, depth_code(depth)),
        Body::Bar(Bar::Trades(_)) => (BAR, 0),
        Body::Bar(Bar::Quotes { bid, ask }) => {
            (BAR, 1 | u8::from(bid.is_some()) << 1 | u8::from(ask.is_some()) << 2)
        }
        Body::Order(order) => (ORDER, action_code(order.action) | side_bit(order.side) << 3),
        Body::Status(_) => (STATUS, 0),
    }
}

const fn side_code(side: QuoteSide) -> u8 {
    match side {
        QuoteSide::Unchanged => 0,
        QuoteSide::Empty => 1,
        QuoteSide::At(Level { qty: None, .. }) => 2,
        QuoteSide::At(Level { qty: Some(_), .. }) => 3,
    }
}

fn depth_code(depth: &Depth) -> u8 {
    let numbering = match depth.ids {
        UpdateIds::Unnumbered => 0,
        UpdateIds::Snapshot { .. } => 1,
        UpdateIds::Consecutive { .. } => 2,
        UpdateIds::Linked { .. } => 3,
    };
    numbering | u8::from(is_sized(depth)) << 2
}

fn is_sized(depth: &Depth) -> bool {
    depth.bids.iter().chain(&depth.asks).all(|level| level.qty.is_some())
}

const fn side_bit(side: Side) -> u8 {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

const ACTIONS: [OrderAction; 7] = [
    OrderAction::Add,
    OrderAction::Cancel,
    OrderAction::Modify,
    OrderAction::Fill,
    OrderAction::Clear,
    OrderAction::Nothing,
    OrderAction::Lost,
];

const fn action_code(action: OrderAction) -> u8 {
    match action {
        OrderAction::Add => 0,
        OrderAction::Cancel => 1,
        OrderAction::Modify => 2,
        OrderAction::Fill => 3,
        OrderAction::Clear => 4,
        OrderAction::Nothing => 5,
        OrderAction::Lost => 6,
    }
}

const STATUSES: [Status; 7] = [
    Status::Unknown,
    Status::PreOpen,
    Status::Auction,
    Status::Trading,
    Status::Quoting,
    Status::Halted,
    Status::Closed,
];

const fn status_code(status: Status) -> u8 {
    match status {
        Status::Unknown => 0,
        Status::PreOpen => 1,
        Status::Auction => 2,
        Status::Trading => 3,
        Status::Quoting => 4,
        Status::Halted => 5,
        Status::Closed => 6,
    }
}

/// Reads events.
pub(super) struct Decoder<'a, 'b, W: Width> {
    pub(super) cursor: Cursor<'b>,
    pub(super) units: Units<W>,
    pub(super) before: &'a mut Before<W>,
    /// Levels that are not in use, so that none are allocated for each event.
    pub(super) spare: &'a mut Depth,
}

impl<W: Width> Decoder<'_, '_, W> {
    #[inline]
    pub(super) fn event(&mut self, event: &mut MarketEvent) -> Result<(), Damage> {
        let first = self.cursor.byte()?;
        if first & OTHER_INSTRUMENT != 0 {
            self.before.instrument = self.cursor.index()?;
        }
        let instrument = self.before.instrument;
        let since = self.cursor.signed()?.checked_mul(self.units.time_ns);
        let event_ns = self.before.event_ns.wrapping_add(since.ok_or(Damage::Malformed)?);
        let latency_ns = self.before.latency_ns.wrapping_add(self.cursor.signed()?);
        (self.before.event_ns, self.before.latency_ns) = (event_ns, latency_ns);
        event.instrument = InstrumentNo(u32::try_from(instrument).map_err(|_| Damage::Malformed)?);
        event.event_at = Timestamp::from_ns(event_ns);
        event.received_at = Timestamp::from_ns(event_ns.wrapping_add(latency_ns));
        if let Body::DepthSnapshot(depth) | Body::DepthDiff(depth) = &mut event.body {
            *self.spare = std::mem::take(depth);
        }
        self.body(instrument, first & 0b111, first >> OWN, &mut event.body)
    }

    /// Reads into `body`, and not by way of a value returned: most of what a body can be is larger than a quote.
    #[inline]
    fn body(
        &mut self,
        instrument: usize,
        kind: u8,
        own: u8,
        body: &mut Body,
    ) -> Result<(), Damage> {
        let cursor = &mut self.cursor;
        let last = self.before.last.get_mut(instrument).ok_or(Damage::Malformed)?;
        let units = &self.units;
        match kind {
            QUOTE => {
                let bid = side(cursor, units, &mut last.bid, own & 0b11)?;
                let ask = side(cursor, units, &mut last.ask, own >> 2)?;
                *body = Body::Quote(Quote { bid, ask });
            }
            TRADE => *body = Body::Trade(trade(cursor, units, last, own)?),
            SNAPSHOT => *body = Body::DepthSnapshot(depth(cursor, units, last, own, self.spare)?),
            DIFF => *body = Body::DepthDiff(depth(cursor, units, last, own, self.spare)?),
            BAR => *body = Body::Bar(bar(cursor, units, last, own)?),
            ORDER => *body = Body::Order(order(cursor, units, last, own)?),
            STATUS if own == 0 => {
                let status = STATUSES.get(usize::from(cursor.byte()?));
                *body = Body::Status(*status.ok_or(Damage::Malformed)?);
            }
            _ => return Err(Damage::Malformed),
        }
        Ok(())
    }
}

#[inline]
fn number<W: Width>(
    cursor: &mut Cursor<'_>,
    unit: W::Unit,
    last: &mut W,
) -> Result<Decimal, Damage> {
    *last = W::read_from(*last, cursor)?;
    Ok(last.decimal(unit))
}

#[inline]
fn side<W: Width>(
    cursor: &mut Cursor<'_>,
    units: &Units<W>,
    last: &mut (W, W),
    code: u8,
) -> Result<QuoteSide, Damage> {
    match code {
        0 => return Ok(QuoteSide::Unchanged),
        1 => return Ok(QuoteSide::Empty),
        _ => {}
    }
    let px = Px::new(number(cursor, units.px, &mut last.0)?);
    let qty = match code {
        2 => None,
        _ => Some(Qty::new(number(cursor, units.qty, &mut last.1)?)),
    };
    Ok(QuoteSide::At(Level { px, qty }))
}

#[inline]
fn trade<W: Width>(
    cursor: &mut Cursor<'_>,
    units: &Units<W>,
    last: &mut Last<W>,
    own: u8,
) -> Result<Trade, Damage> {
    let px = Px::new(number(cursor, units.px, &mut last.trade.0)?);
    let qty = Qty::new(number(cursor, units.qty, &mut last.trade.1)?);
    let aggressor = match own & 0b11 {
        0 => None,
        1 => Some(Side::Buy),
        2 => Some(Side::Sell),
        _ => return Err(Damage::Malformed),
    };
    let has_id = own & 0b100 != 0;
    let trade_id = if has_id { Some(id(cursor, &mut last.trade_id)?) } else { None };
    let flags = if own & 0b1000 == 0 {
        TradeFlags::NONE
    } else {
        let bits = u16::try_from(cursor.number()?).map_err(|_| Damage::Malformed)?;
        TradeFlags::from_bits(bits).ok_or(Damage::Malformed)?
    };
    Ok(Trade { px, qty, aggressor, trade_id, flags })
}

fn id(cursor: &mut Cursor<'_>, last: &mut u64) -> Result<u64, Damage> {
    *last = last.wrapping_add(cursor.signed()?.cast_unsigned());
    Ok(*last)
}

fn depth<W: Width>(
    cursor: &mut Cursor<'_>,
    units: &Units<W>,
    last: &mut Last<W>,
    own: u8,
    spare: &mut Depth,
) -> Result<Depth, Damage> {
    let ids = match own & 0b11 {
        0 => UpdateIds::Unnumbered,
        1 => UpdateIds::Snapshot { last: id(cursor, &mut last.update_id)? },
        2 => UpdateIds::Consecutive {
            first: id(cursor, &mut last.update_id)?,
            last: id(cursor, &mut last.update_id)?,
        },
        _ => {
            let previous = id(cursor, &mut last.update_id)?;
            let first = id(cursor, &mut last.update_id)?;
            UpdateIds::Linked { first, last: id(cursor, &mut last.update_id)?, previous }
        }
    };
    if own & 0b1000 != 0 {
        return Err(Damage::Malformed);
    }
    let (bids, asks) = (cursor.index()?, cursor.index()?);
    let is_sized = own & 0b100 != 0;
    let mut depth = std::mem::take(spare);
    depth.ids = ids;
    levels(cursor, units, is_sized, bids, &mut depth.bids)?;
    levels(cursor, units, is_sized, asks, &mut depth.asks)?;
    Ok(depth)
}

fn levels<W: Width>(
    cursor: &mut Cursor<'_>,
    units: &Units<W>,
    is_sized: bool,
    count: usize,
    into: &mut Vec<Level>,
) -> Result<(), Damage> {
    into.clear();
    let (mut last_px, mut last_qty) = (W::default(), W::default());
    // Memory grows with what is read, not with what is claimed.
    for _ in 0..count {
        let px = Px::new(number(cursor, units.px, &mut last_px)?);
        let has_qty = is_sized || cursor.byte()? != 0;
        let qty = if has_qty { Some(number(cursor, units.qty, &mut last_qty)?) } else { None };
        into.push(Level { px, qty: qty.map(Qty::new) });
    }
    Ok(())
}

fn bar<W: Width>(
    cursor: &mut Cursor<'_>,
    units: &Units<W>,
    last: &mut Last<W>,
    own: u8,
) -> Result<Bar, Damage> {
    if own == 0 {
        return Ok(Bar::Trades(candle(cursor, units, &mut last.trade)?));
    }
    if own & 1 == 0 || own & 0b1000 != 0 {
        return Err(Damage::Malformed);
    }
    let (has_bid, has_ask) = (own & 0b10 != 0, own & 0b100 != 0);
    let bid = if has_bid { Some(candle(cursor, units, &mut last.bid)?) } else { None };
    let ask = if has_ask { Some(candle(cursor, units, &mut last.ask)?) } else { None };
    Ok(Bar::Quotes { bid, ask })
}

fn candle<W: Width>(
    cursor: &mut Cursor<'_>,
    units: &Units<W>,
    last: &mut (W, W),
) -> Result<Candle, Damage> {
    let mut px = || number(cursor, units.px, &mut last.0).map(Px::new);
    let (open_px, high_px, low_px, close_px) = (px()?, px()?, px()?, px()?);
    let qty = Qty::new(number(cursor, units.qty, &mut last.1)?);
    Ok(Candle { open_px, high_px, low_px, close_px, qty })
}

fn order<W: Width>(
    cursor: &mut Cursor<'_>,
    units: &Units<W>,
    last: &mut Last<W>,
    own: u8,
) -> Result<OrderChange, Damage> {
    let action = *ACTIONS.get(usize::from(own & 0b111)).ok_or(Damage::Malformed)?;
    let side = if own & 0b1000 == 0 { Side::Buy } else { Side::Sell };
    let ends_event = match cursor.byte()? {
        0 => false,
        1 => true,
        _ => return Err(Damage::Malformed),
    };
    let order_id = id(cursor, &mut last.order_id)?;
    let of_side = if side == Side::Buy { &mut last.bid } else { &mut last.ask };
    let px = Px::new(number(cursor, units.px, &mut of_side.0)?);
    let qty = Qty::new(number(cursor, units.qty, &mut of_side.1)?);
    Ok(OrderChange { action, order_id, side, px, qty, ends_event })
}
