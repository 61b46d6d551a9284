//! The reference values of the recordings (data README, section 1.5), each row from the raw files, to the last digit.

use crate::recorded::{each, recorded};
use fillwright_market::book::L1;
use fillwright_market::readers::lean;
use fillwright_market::stats::{Interval, QuoteFigures, TradeFigures};
use fillwright_market::zone::Zone;
use jiff::civil::Date;

/// `symbol date from to | trades shares vwap twap | bid ask at start | bid ask at end`.
fn check(row: &str) {
    let cells: Vec<&str> = row.split_whitespace().filter(|cell| *cell != "|").collect();
    let [symbol, date, from, to, expected @ ..] = cells.as_slice() else { panic!("{row}") };
    let file =
        |kind| recorded(&format!("quantconnect-lean/equity/usa/tick/{symbol}/{date}_{kind}.zip"));
    let (Some(trade_file), Some(quote_file)) = (file("trade"), file("quote")) else { return };
    let interval = interval(date, from, to);

    let mut traded = TradeFigures::default();
    let mut source = lean::open(&trade_file, None).expect("an archive");
    each(source.as_mut(), |event| traded.take(interval, event).expect("sums that can be held"));
    let mut quoted = QuoteFigures::new(interval);
    let mut source = lean::open(&quote_file, None).expect("an archive");
    each(source.as_mut(), |event| quoted.take(event).expect("sums that can be held"));
    let quoted = quoted.finish().expect("sums that can be held");

    let six = |px: Option<fillwright_domain::Px>| {
        let px = px.expect("a price").get().mantissa();
        format!("{:.6}", (px + 500_000_000_000) / 1_000_000_000_000)
            .parse::<i128>()
            .map(|micros| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000))
    };
    let ends = |book: L1| {
        let (bid, ask) = book.prices().expect("two sides");
        let four = |px: fillwright_domain::Px| {
            let units = px.get().mantissa() / 100_000_000_000_000;
            format!("{}.{:04}", units / 10_000, units % 10_000)
        };
        [four(bid), four(ask)]
    };
    let mut found = vec![traded.trades.to_string(), traded.volume.to_string()];
    found.push(six(traded.vwap()).expect("a number"));
    found.push(six(quoted.twap_mid).expect("a number"));
    found.extend(ends(quoted.at_start));
    found.extend(ends(quoted.at_end));
    assert_eq!(found, expected, "{row}");
}

fn interval(date: &str, from: &str, to: &str) -> Interval {
    let zone = Zone::named("America/New_York").expect("a zone");
    let date = Date::strptime("%Y%m%d", date).expect("a date");
    let at = |time: &str| {
        let (hour, minute) = time.split_once(':').expect("HH:MM");
        let time = date.at(hour.parse().expect("HH"), minute.parse().expect("MM"), 0, 0);
        zone.instant(time).expect("an instant")
    };
    Interval { from: at(from), to: at(to) }
}

/// A test a row.
macro_rules! rows {
    ($($name:ident: $row:literal;)+) => {$(
        #[test]
        fn $name() {
            check($row);
        }
    )+};
}

rows! {
    ibm_7_october_regular_hours: "ibm 20131007 09:30 16:00 | 24106 3753440 182.529045 182.565768 | 181.6900 181.9000 | 182.0000 182.0100";
    ibm_7_october_10_to_11: "ibm 20131007 10:00 11:00 | 4478 670198 182.887351 182.857935 | 182.4400 182.5000 | 182.7200 182.7500";
    ibm_8_october_regular_hours: "ibm 20131008 09:30 16:00 | 33323 5203752 179.869763 179.769511 | 181.7500 182.5700 | 178.8000 178.8100";
    ibm_8_october_10_to_11: "ibm 20131008 10:00 11:00 | 5715 986342 180.295072 180.369551 | 180.6300 180.6900 | 179.9700 180.0100";
    ibm_9_october_regular_hours: "ibm 20131009 09:30 16:00 | 26915 4104666 180.407815 180.464521 | 179.3700 179.5700 | 181.2600 181.2700";
    ibm_9_october_10_to_11: "ibm 20131009 10:00 11:00 | 4637 690624 179.799510 179.921659 | 179.6600 179.7400 | 179.5300 179.6200";
    ibm_10_october_regular_hours: "ibm 20131010 09:30 16:00 | 22284 3304758 183.697553 183.564460 | 182.7000 183.2400 | 184.6900 184.7000";
    ibm_10_october_10_to_11: "ibm 20131010 10:00 11:00 | 3791 544850 183.372486 183.357112 | 183.1400 183.2500 | 183.6800 183.7000";
    bac_7_october_regular_hours: "bac 20131007 09:30 16:00 | 86434 60286316 13.862880 13.870494 | 13.9100 13.9200 | 13.8000 13.8100";
    bac_7_october_10_to_11: "bac 20131007 10:00 11:00 | 12619 7910565 13.912477 13.910515 | 13.9100 13.9200 | 13.8900 13.9000";
}
