//! Recorded markets through the real binary.

use crate::stage::{Ran, fillwright, ran};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A recording beside the repository; nothing, and a line that says so, where there are none.
fn recorded(path: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let file = data.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: {} is not here", file.display());
    None
}

fn market(arguments: &[&str]) -> Ran {
    ran(fillwright(&[&["market"], arguments].concat()).stdin(Stdio::null()))
}

fn equity(kind: &str) -> Option<String> {
    let path = format!("quantconnect-lean/equity/usa/tick/ibm/20131007_{kind}.zip");
    recorded(&path).map(|path| path.display().to_string())
}

fn said(figures: &Value, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| figures[key].to_string().trim_matches('"').to_owned()).collect()
}

#[test]
fn stats_of_a_day_are_those_of_the_reference() {
    let (Some(trade_file), Some(quote_file)) = (equity("trade"), equity("quote")) else { return };
    let files = ["stats", "--trades", &trade_file, "--quotes", &quote_file];
    let day = ["--from", "09:30", "--to", "16:00", "--json"];
    let figures = market(&[&files[..], &day].concat()).ok().last_json();
    let keys = ["trades", "volume", "vwap", "twap_mid", "zone", "date"];
    assert_eq!(
        said(&figures, &keys),
        ["24106", "3753440", "182.529045", "182.565768", "America/New_York", "2013-10-07"]
    );
    let ends = ["bid_at_start", "ask_at_start", "bid_at_end", "ask_at_end"];
    assert_eq!(said(&figures, &ends), ["181.69", "181.9", "182", "182.01"]);
}

#[test]
fn means_have_six_decimals_also_where_the_last_is_zero() {
    let file =
        |kind| recorded(&format!("quantconnect-lean/equity/usa/tick/bac/20131007_{kind}.zip"));
    let (Some(trade_file), Some(quote_file)) = (file("trade"), file("quote")) else { return };
    let (trade_file, quote_file) =
        (trade_file.display().to_string(), quote_file.display().to_string());
    let files = ["stats", "--trades", &trade_file, "--quotes", &quote_file];
    let figures = market(&[&files[..], &["--from", "09:30", "--to", "16:00", "--json"]].concat());
    let keys = ["trades", "volume", "vwap", "twap_mid"];
    let figures = said(&figures.ok().last_json(), &keys);
    assert_eq!(figures, ["86434", "60286316", "13.862880", "13.870494"]);
}

#[test]
fn what_does_not_exist_is_missing_and_says_why() {
    let path = "quantconnect-lean/forex/oanda/tick/eurusd/20140502_quote.zip";
    let Some(quote_file) = recorded(path).map(|path| path.display().to_string()) else { return };
    let day = ["stats", "--quotes", &quote_file, "--from", "22:00", "--to", "23:00", "--json"];
    let figures = market(&day).ok().last_json();
    // The last quote of that Friday is of 20:59:58 and stands; there are no trades, and no quotes in the interval.
    assert_eq!(said(&figures, &["trades", "vwap", "quotes"]), ["null", "null", "0"]);
    let night = ["stats", "--trades", &quote_file, "--from", "12:00", "--to", "13:00", "--json"];
    let figures = market(&night).ok().last_json();
    assert_eq!(figures["missing"][0], "vwap: nothing traded");
    assert_eq!(said(&figures, &["trades", "vwap"]), ["0", "null"]);
}

#[test]
fn a_file_that_says_nothing_of_itself_is_a_usage_error() {
    let refused = market(&["stats", "--trades", "Cargo.toml", "--from", "09:30", "--to", "16:00"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("does not say what it holds"), "{}", refused.err);
    let refused =
        market(&["stats", "--trades", "20131007_trade.zip", "--from", "9:30", "--to", "9:00"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
}

#[test]
fn a_converted_day_has_the_figures_of_the_day() {
    let (Some(trade_file), Some(quote_file)) = (equity("trade"), equity("quote")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("day.fwm").display().to_string();
    let converted = market(&["convert", &quote_file, &trade_file, "--out", &out, "--json"]);
    let converted = converted.ok().last_json();
    // One quote of the day is not trusted by the source.
    assert_eq!(said(&converted, &["events", "instruments"]), ["133359", r#"["USA:IBM"]"#]);
    assert_eq!(said(&converted["refused"], &["lines", "passed_over"]), ["0", "1"]);
    let day = ["--from", "10:00", "--to", "11:00", "--json"];
    let figures = market(&[&["stats", "--trades", &out, "--quotes", &out][..], &day].concat());
    let figures = figures.ok().last_json();
    let keys = ["trades", "volume", "vwap", "twap_mid", "bid_at_start", "ask_at_end"];
    assert_eq!(
        said(&figures, &keys),
        ["4478", "670198", "182.887351", "182.857935", "182.44", "182.75"]
    );
    let first = market(&["cat", &out, "--limit", "1"]).ok().last_json();
    assert_eq!(said(&first, &["instrument", "kind"]), ["USA:IBM", "quote"]);
    assert_eq!(first["at"], "2013-10-07T08:00:00.054Z");
}

#[test]
fn a_damaged_event_file_is_refused_with_its_block() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, map) = (folder.path().join("t.csv"), folder.path().join("map.json"));
    std::fs::write(&csv, "t,p,q\n1,10,1\n2,11,1\n3,no,1\n").expect("a writable folder");
    let mapping =
        r#"{"instrument":"X:Y","time":"t","time_unit":"seconds","trades":{"price":"p","qty":"q"}}"#;
    std::fs::write(&map, mapping).expect("a writable folder");
    let out = folder.path().join("t.fwm").display().to_string();
    let (csv, map) = (csv.display().to_string(), map.display().to_string());
    let converted = market(&["convert", &csv, "--map", &map, "--out", &out]);
    assert_eq!(converted.code, 1, "{}", converted.err);
    assert!(converted.err.contains("t.csv, line 4: a price, quantity"), "{}", converted.err);
    let mut bytes = std::fs::read(&out).expect("an event file");
    let middle = bytes.len() - 45;
    bytes[middle] ^= 1;
    std::fs::write(&out, bytes).expect("a writable folder");
    let refused = market(&["cat", &out]);
    assert_eq!(refused.code, 70);
    assert!(refused.err.contains("block 2 at byte"), "{}", refused.err);
}

#[test]
fn a_recorder_whose_clock_is_behind_is_told() {
    let Some(capture) = recorded("hftbacktest/spot/btcusdt_20240808.gz") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("btc.fwm").display().to_string();
    let converted = market(&["convert", &capture.display().to_string(), "--out", &out]).ok();
    assert!(converted.err.contains("clock is behind the market's by 12"), "{}", converted.err);
}

#[test]
fn bars_have_a_volume_and_no_trades_and_stand_for_quotes() {
    let day = "quantconnect-lean/future/cme/minute/es/20131008";
    let file =
        |kind: &str| recorded(&format!("{day}_{kind}.zip")).map(|file| file.display().to_string());
    let (Some(trade_file), Some(quote_file)) = (file("trade"), file("quote")) else { return };
    let files = ["stats", "--trades", &trade_file, "--quotes", &quote_file];
    let hour = ["--from", "14:00", "--to", "15:00", "--json"];
    // Five expiries are in the file: one has to be named.
    let refused = market(&[&files[..], &hour].concat());
    assert!(refused.code == 2 && refused.err.contains("CME:ES-201403"), "{}", refused.err);
    let front = ["--instrument", "CME:ES-201312"];
    let figures = market(&[&files[..], &hour, &front].concat()).ok().last_json();
    assert_eq!(
        said(&figures, &["trades", "vwap", "zone", "quote_bars"]),
        ["null", "null", "UTC", "60"]
    );
    let volume: u64 = said(&figures, &["volume"])[0].parse().expect("contracts");
    assert!((10_000..500_000).contains(&volume), "{volume}");
    assert_ne!(figures["twap_mid"], Value::Null);
}

#[test]
fn a_calendar_is_printed_as_a_rulebook_reads_it() {
    let path = "quantconnect-lean/market-hours/market-hours-database.json.gz";
    let Some(hours) = recorded(path).map(|path| path.display().to_string()) else { return };
    let calendar = |key: &str| {
        let year = ["--from", "2013-01-01", "--through", "2013-12-31"];
        market(&[&["calendar", "--hours", &hours, "--key", key][..], &year].concat())
    };
    let shares = calendar("Equity-usa-[*]").ok().last_json();
    assert_eq!(shares["zone"], "America/New_York");
    assert_eq!(shares["early_closes"]["2013-07-03"], "13:00:00");
    assert_eq!(shares["week"]["mon"][0][0], "09:30:00");
    assert_eq!(calendar("Equity-mars-[*]").code, 1);
}
