//! Scopes as people write them, and what each covers.

use fillwright_domain::scope::Place;
use fillwright_domain::{AccountId, InstrumentId, LaneId, Scope, StrategyId, VenueId};

const WRITTEN: [&str; 7] = [
    "global",
    "environment",
    "lane:live_canary",
    "account:main",
    "strategy:uptrend",
    "venue:BINANCE",
    "instrument:BINANCE:BTCUSDT",
];

fn scope(text: &str) -> Scope {
    text.parse().expect("a scope")
}

#[test]
fn a_scope_is_read_as_it_is_written() {
    for text in WRITTEN {
        assert_eq!(scope(text).to_string(), text);
    }
}

#[test]
fn what_names_nothing_or_too_much_is_no_scope() {
    for text in
        ["", "lane", "lane:", "global:", "global:x", "environment:live", "book:core", "Lane:x"]
    {
        assert!(text.parse::<Scope>().is_err(), "{text:?} was taken");
    }
}

#[test]
fn each_scope_covers_what_it_names_and_nothing_else() {
    let (lane, account) = (LaneId::new("live_canary"), AccountId::new("main"));
    let (strategy, venue) = (StrategyId::new("uptrend"), VenueId::new("BINANCE"));
    let instrument = InstrumentId::new("BINANCE:BTCUSDT");
    let here = Place {
        lane: Some(&lane),
        account: Some(&account),
        strategy_id: Some(&strategy),
        venue: Some(&venue),
        instrument_id: Some(&instrument),
    };
    for text in WRITTEN {
        assert!(scope(text).covers(&here), "{text} does not cover its own place");
    }
    for text in ["lane:x", "account:x", "strategy:x", "venue:x", "instrument:BINANCE:x"] {
        assert!(!scope(text).covers(&here), "{text} covers another place");
        assert!(!scope(text).covers(&Place::default()), "{text} covers what is not known");
    }
}
