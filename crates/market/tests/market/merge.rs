//! Several sources as one, in the order in which they were received.

use fillwright_domain::{InstrumentId, Timestamp};
use fillwright_market::{
    InstrumentNo, Listing, Listings, MarketError, MarketEvent, Merged, Refused, Source, Zone,
};
use proptest::prelude::*;

/// Events of one instrument at these times.
struct Times {
    left: std::vec::IntoIter<i64>,
    listings: Listings,
    refused: Refused,
}

impl Times {
    fn of(name: &str, times: &[i64]) -> Box<dyn Source> {
        let listings = Listings::of(InstrumentId::new(name), Zone::utc());
        let left = Vec::from(times).into_iter();
        Box::new(Self { left, listings, refused: Refused::default() })
    }
}

impl Source for Times {
    fn listings(&self) -> &[Listing] {
        self.listings.all()
    }

    fn read(&mut self, event: &mut MarketEvent) -> Result<bool, MarketError> {
        let Some(time) = self.left.next() else { return Ok(false) };
        event.instrument = InstrumentNo(0);
        event.received_at = Timestamp::from_ns(time);
        event.event_at = event.received_at;
        Ok(true)
    }

    fn refused(&self) -> &Refused {
        &self.refused
    }

    fn bytes_taken(&self) -> u64 {
        0
    }
}

/// `NAME time` of each event.
fn merged(sources: &[(&str, &[i64])]) -> Vec<String> {
    let sources = sources.iter().map(|(name, times)| Times::of(name, times)).collect();
    let mut merged = Merged::new(sources);
    let (mut event, mut told) = (MarketEvent::default(), Vec::new());
    while merged.read(&mut event).expect("memory") {
        let name = &merged.listings()[event.instrument.index()].instrument;
        told.push(format!("{name} {}", event.received_at));
    }
    told
}

#[test]
fn of_the_same_instant_the_source_named_first_comes_first() {
    let told = merged(&[("B", &[1, 2, 2]), ("A", &[1, 2]), ("C", &[0])]);
    assert_eq!(told, ["C 0", "B 1", "A 1", "B 2", "B 2", "A 2"]);
}

#[test]
fn the_same_instrument_in_two_sources_is_one() {
    let mut merged = Merged::new(vec![Times::of("A", &[1]), Times::of("A", &[2])]);
    let mut event = MarketEvent::default();
    while merged.read(&mut event).expect("memory") {
        assert_eq!(event.instrument, InstrumentNo(0));
    }
    assert_eq!(merged.listings().len(), 1);
}

#[test]
fn a_source_that_is_out_of_order_loses_nothing() {
    assert_eq!(merged(&[("A", &[5, 1]), ("B", &[2, 3])]), ["B 2", "B 3", "A 5", "A 1"]);
}

proptest! {
    #[test]
    fn sources_in_order_are_in_order_together(
        mut times in proptest::collection::vec(proptest::collection::vec(0_i64..50, 0..20), 0..5)
    ) {
        for times in &mut times {
            times.sort_unstable();
        }
        let sources = times.iter().map(|times| Times::of("A", times)).collect();
        let mut merged = Merged::new(sources);
        let (mut event, mut found) = (MarketEvent::default(), Vec::new());
        while merged.read(&mut event).expect("memory") {
            found.push(event.received_at.as_ns());
        }
        let mut expected = times.concat();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
