//! The event file: what is written is read, and damage is refused with the place of its block.

use crate::recorded::{events, recorded};
use expect_test::expect;
use fillwright_domain::{Decimal, InstrumentId, Px, Qty, Side, Timestamp};
use fillwright_market::event::{
    Bar, Candle, Depth, Level, OrderAction, OrderChange, Quote, QuoteSide, Status, Trade,
    TradeFlags, UpdateIds,
};
use fillwright_market::file::{Damage, FileReader, FileWriter};
use fillwright_market::readers::lean;
use fillwright_market::{Body, InstrumentNo, Listing, MarketError, MarketEvent, Source, Zone};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;

fn listings(count: u32) -> Vec<Listing> {
    let listing = |no: u32| Listing {
        instrument: InstrumentId::new(format!("XNYS:S{no}")),
        zone: Zone::named(if no == 0 { "America/New_York" } else { "-05:00" }).expect("a zone"),
    };
    (0..count).map(listing).collect()
}

fn write(listings: &[Listing], events: &[MarketEvent]) -> Vec<u8> {
    let mut writer = FileWriter::new(Vec::new(), Path::new("memory.fwm")).expect("memory");
    for event in events {
        writer.write(listings, event).expect("memory");
    }
    writer.finish(listings).expect("memory").0
}

/// All that a file holds.
type Whole = (Vec<Listing>, Vec<MarketEvent>);
/// A block, where it begins, and what is wrong with it.
type Place = (u64, u64, Damage);

/// Every event, or the first thing that is wrong: its block, where that begins, and what it is.
fn read(bytes: &[u8]) -> Result<Whole, Place> {
    let place = |error| match error {
        MarketError::Damaged { block, offset, damage, .. } => (block, offset, damage),
        other => panic!("{other}"),
    };
    let mut reader = FileReader::new(bytes, Path::new("memory.fwm")).map_err(place)?;
    let (mut event, mut events) = (MarketEvent::default(), Vec::new());
    while reader.read(&mut event).map_err(place)? {
        events.push(event.clone());
    }
    Ok((reader.listings().to_vec(), events))
}

fn decimals() -> impl Strategy<Value = Decimal> {
    let narrow = (any::<i32>(), 0u32..13).prop_map(|(value, zeros)| {
        Decimal::from_mantissa(i128::from(value) * 10_i128.pow(zeros + 6))
    });
    prop_oneof![8 => narrow, 1 => any::<i128>().prop_map(Decimal::from_mantissa)]
}

fn pxs() -> impl Strategy<Value = Px> {
    decimals().prop_map(Px::new)
}

fn qtys() -> impl Strategy<Value = Qty> {
    decimals().prop_map(Qty::new)
}

fn levels() -> impl Strategy<Value = Level> {
    (pxs(), proptest::option::of(qtys())).prop_map(|(px, qty)| Level { px, qty })
}

fn sides() -> impl Strategy<Value = QuoteSide> {
    prop_oneof![
        Just(QuoteSide::Unchanged),
        Just(QuoteSide::Empty),
        levels().prop_map(QuoteSide::At)
    ]
}

fn candles() -> impl Strategy<Value = Candle> {
    (pxs(), pxs(), pxs(), pxs(), qtys()).prop_map(|(open_px, high_px, low_px, close_px, qty)| {
        Candle { open_px, high_px, low_px, close_px, qty }
    })
}

fn ids() -> impl Strategy<Value = UpdateIds> {
    prop_oneof![
        Just(UpdateIds::Unnumbered),
        any::<u64>().prop_map(|last| UpdateIds::Snapshot { last }),
        any::<(u64, u64)>().prop_map(|(first, last)| UpdateIds::Consecutive { first, last }),
        any::<(u64, u64, u64)>().prop_map(|(first, last, previous)| UpdateIds::Linked {
            first,
            last,
            previous
        }),
    ]
}

fn depths() -> impl Strategy<Value = Depth> {
    let side = || proptest::collection::vec(levels(), 0..6);
    (ids(), side(), side()).prop_map(|(ids, bids, asks)| Depth { ids, bids, asks })
}

fn market_sides() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn trades() -> impl Strategy<Value = Trade> {
    let flags = (0..1_u16 << 9).prop_map(|bits| TradeFlags::from_bits(bits).expect("known bits"));
    let aggressors = proptest::option::of(market_sides());
    (pxs(), qtys(), aggressors, any::<Option<u64>>(), flags).prop_map(
        |(px, qty, aggressor, trade_id, flags)| Trade { px, qty, aggressor, trade_id, flags },
    )
}

fn orders() -> impl Strategy<Value = OrderChange> {
    let actions = proptest::sample::select(vec![
        OrderAction::Add,
        OrderAction::Cancel,
        OrderAction::Modify,
        OrderAction::Fill,
        OrderAction::Clear,
        OrderAction::Nothing,
        OrderAction::Lost,
    ]);
    (actions, any::<u64>(), market_sides(), pxs(), qtys(), any::<bool>()).prop_map(
        |(action, order_id, side, px, qty, ends_event)| OrderChange {
            action,
            order_id,
            side,
            px,
            qty,
            ends_event,
        },
    )
}

fn statuses() -> impl Strategy<Value = Status> {
    proptest::sample::select(vec![
        Status::Unknown,
        Status::PreOpen,
        Status::Auction,
        Status::Trading,
        Status::Quoting,
        Status::Halted,
        Status::Closed,
    ])
}

fn bodies() -> impl Strategy<Value = Body> {
    let quote_bars = (proptest::option::of(candles()), proptest::option::of(candles()));
    prop_oneof![
        4 => (sides(), sides()).prop_map(|(bid, ask)| Body::Quote(Quote { bid, ask })),
        2 => trades().prop_map(Body::Trade),
        1 => depths().prop_map(Body::DepthSnapshot),
        1 => depths().prop_map(Body::DepthDiff),
        1 => candles().prop_map(|candle| Body::Bar(Bar::Trades(candle))),
        1 => quote_bars.prop_map(|(bid, ask)| Body::Bar(Bar::Quotes { bid, ask })),
        1 => orders().prop_map(Body::Order),
        1 => statuses().prop_map(Body::Status),
    ]
}

prop_compose! {
    fn market_events()(
        instrument in 0u32..3,
        event_ns in any::<i64>(),
        latency_ns in any::<i32>(),
        body in bodies(),
    ) -> MarketEvent {
        let event_at = Timestamp::from_ns(event_ns / 4);
        let received_at = Timestamp::from_ns(event_ns / 4 + i64::from(latency_ns));
        MarketEvent { instrument: InstrumentNo(instrument), event_at, received_at, body }
    }
}

proptest! {
    #[test]
    fn every_event_is_read_as_it_was_written(
        events in proptest::collection::vec(market_events(), 0..60)
    ) {
        let listings = listings(3);
        let (listed, found) = read(&write(&listings, &events)).expect("a whole file");
        prop_assert_eq!(found, events);
        prop_assert_eq!(listed, listings);
    }

    #[test]
    fn a_bit_that_was_turned_is_refused_with_its_block(
        events in proptest::collection::vec(market_events(), 1..20),
        at in any::<prop::sample::Index>(),
        bit in 0u32..8,
    ) {
        let mut bytes = write(&listings(3), &events);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let (block, offset, damage) = read(&bytes).expect_err("a damaged file");
        // The header of the file is no block; the listings follow it, then the events, then the end.
        let starts = [0, 16, 16 + block_bytes(&listings(3), &[]), bytes.len() - 40];
        let expected = starts.iter().rposition(|start| at >= *start).expect("a block");
        let is_header = at < 16;
        prop_assert_eq!(block, if is_header { 0 } else { expected as u64 }, "{:?}", damage);
        prop_assert_eq!(offset, starts[expected] as u64);
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused_wherever_it_ends(
        events in proptest::collection::vec(market_events(), 1..20),
        at in any::<prop::sample::Index>(),
    ) {
        let bytes = write(&listings(3), &events);
        let (_, _, damage) = read(&bytes[..at.index(bytes.len())]).expect_err("a cut file");
        prop_assert!(matches!(damage, Damage::CutOff | Damage::NoEventFile), "{:?}", damage);
    }

    #[test]
    fn any_payload_behind_a_right_checksum_is_read_or_refused(
        events in proptest::collection::vec(market_events(), 1..20),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = write(&listings(3), &events);
        let start = 16 + block_bytes(&listings(3), &[]);
        let end = bytes.len() - 40;
        for (at, byte) in flips {
            let at = start + 40 + at.index(end - start - 40);
            bytes[at] = byte;
        }
        let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[start..start + 36]), &bytes[start + 40..end]);
        bytes[start + 36..start + 40].copy_from_slice(&sum.to_le_bytes());
        if let Err((_, _, damage)) = read(&bytes) {
            prop_assert_eq!(damage, Damage::Malformed);
        }
    }
}

/// The bytes of the listings' block.
fn block_bytes(listings: &[Listing], events: &[MarketEvent]) -> usize {
    write(listings, events).len() - 16 - 40
}

fn quote_at(ns: i64) -> MarketEvent {
    let at = Timestamp::from_ns(ns);
    MarketEvent { event_at: at, received_at: at, ..MarketEvent::default() }
}

#[test]
fn a_block_that_was_taken_out_is_noticed() {
    let many: Vec<_> = (0..20_000).map(quote_at).collect();
    let bytes = write(&listings(1), &many);
    let lists = 16 + block_bytes(&listings(1), &[]);
    let first =
        40 + u32::from_le_bytes(bytes[lists + 8..lists + 12].try_into().expect("four")) as usize;
    let without = [&bytes[..lists], &bytes[lists + first..]].concat();
    assert_eq!(read(&without), Err((2, lists as u64, Damage::OutOfSequence)));
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let mut bytes = write(&listings(1), &[quote_at(5)]);
    let end = bytes.len() as u64 - 40;
    bytes.push(0);
    assert_eq!(read(&bytes), Err((3, end, Damage::BehindEnd)));
}

#[test]
fn a_later_version_is_refused_by_its_number() {
    let mut bytes = write(&listings(1), &[]);
    bytes[8] = 2;
    let sum = crc32c::crc32c(&bytes[..12]);
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    assert_eq!(read(&bytes), Err((0, 0, Damage::Version(2))));
}

#[test]
fn an_event_of_an_instrument_that_is_not_listed_is_not_written() {
    let mut writer = FileWriter::new(Vec::new(), Path::new("memory.fwm")).expect("memory");
    assert!(matches!(writer.write(&[], &quote_at(5)), Err(MarketError::Unwritable(_))));
}

#[test]
fn a_day_of_quotes_takes_a_few_bytes_an_event_and_comes_back_whole() {
    let path = "quantconnect-lean/equity/usa/tick/ibm/20131007_quote.zip";
    let Some(path) = recorded(path) else { return };
    let mut source = lean::open(&path, None).expect("an archive");
    let quotes = events(source.as_mut());
    let bytes = write(source.listings(), &quotes);
    let (listed, found) = read(&bytes).expect("a whole file");
    assert_eq!(listed, source.listings());
    assert!(found == quotes);
    assert!(bytes.len() < quotes.len() * 10, "{} bytes for {}", bytes.len(), quotes.len());
}

/// Bytes as hexadecimal, sixteen a line.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in (1..).zip(bytes) {
        let end = if index % 16 == 0 || index == bytes.len() { "\n" } else { "" };
        write!(text, "{byte:02x}{end}").expect("memory takes it");
    }
    text
}

/// Version 1 is what these bytes are: a change to them is another version.
#[test]
fn the_bytes_of_version_1_stay_as_they_are() {
    let level = |px: &str, qty: &str| {
        let (px, qty) = (Px::new(px.parse().expect("a price")), qty.parse().expect("a quantity"));
        Level { px, qty: Some(Qty::new(qty)) }
    };
    let (bid, ask) = (level("181.69", "300"), level("181.9", "1"));
    let trade = |px: Px, qty: Qty| Trade {
        px,
        qty,
        aggressor: Some(Side::Sell),
        trade_id: Some(7),
        flags: TradeFlags::OPENING,
    };
    let candle = Candle {
        open_px: bid.px,
        high_px: ask.px,
        low_px: bid.px,
        close_px: ask.px,
        qty: Qty::ZERO,
    };
    let ids = UpdateIds::Linked { first: 12, last: 15, previous: 11 };
    let order = OrderChange {
        action: OrderAction::Modify,
        order_id: 9,
        side: Side::Sell,
        px: ask.px,
        qty: Qty::new(Decimal::ONE),
        ends_event: true,
    };
    let bodies = [
        Body::Quote(Quote { bid: QuoteSide::At(bid), ask: QuoteSide::At(ask) }),
        Body::Quote(Quote { bid: QuoteSide::Empty, ask: QuoteSide::Unchanged }),
        Body::Trade(trade(ask.px, Qty::new(Decimal::from_int(300)))),
        Body::DepthDiff(Depth { ids, bids: vec![bid], asks: vec![ask] }),
        Body::Bar(Bar::Quotes { bid: None, ask: Some(candle) }),
        Body::Order(order),
        Body::Status(Status::Halted),
    ];
    let events = (0..).zip(bodies).map(|(index, body)| {
        let event_at = Timestamp::from_ns(1_381_152_600_000_000_000 + i64::from(index) * 5_000_000);
        let received_at = Timestamp::from_ns(event_at.as_ns() + 1_000);
        MarketEvent { instrument: InstrumentNo(index % 2), event_at, received_at, body }
    });
    let events: Vec<_> = events.collect();
    let bytes = write(&listings(2), &events);
    expect![[r#"
        46574d41524b455401000000eb5f8dcc
        46574d42010000002800000002000000
        00000000000000000000000000000000
        01000000e4420a610e584e59533a5330
        20416d65726963612f4e65775f596f72
        6b0e584e59533a53310c2d30353a3030
        46574d42020200064600000007000000
        000000000000000000709bd7f8d62a13
        0200000009a53069f000411f936f0461
        09e370040418021400e9001400e37004
        61091c047b0214002c040c0202936f04
        6109e37004045c0014005254525402ad
        0214000124e37004040e001400054657
        4d420400000000000000000000000700
        00000000000000000000000000000300
        00001bddeaf1
    "#]]
    .assert_eq(&hex(&bytes));
    assert_eq!(read(&bytes).expect("a whole file").1, events);
}
