//! `fillwright market stats`: what happened in an interval, from the raw files.

use super::{Reading, note_refused};
use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::progress;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_domain::{Decimal, Px};
use fillwright_market::book::L1;
use fillwright_market::stats::{Interval, Only, QuoteFigures, QuoteSummary, TradeFigures};
use fillwright_market::zone::Zone;
use fillwright_market::{MarketEvent, Refused, Source};
use jiff::civil::{Date, Time};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

const NS_PER_MINUTE: i64 = 60_000_000_000;

/// Print trades, volume, prices weighted by volume and by time, and the quotes at both ends of an interval.
///
/// Times are the market's own: New York's for American shares, those of the data elsewhere. Trades count that the source
/// does not call suspicious, whatever their conditions; a quote stands until the next. The mid weighted by time takes the
/// best bid and ask as they stand; beside it stands the same without the time they were crossed. What does not exist is
/// null and says why, never zero. The same file may be named twice.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright market stats --trades ibm/20131007_trade.zip --quotes ibm/20131007_quote.zip --from 09:30 --to 16:00
  fillwright market stats --quotes oanda/tick/eurusd/20140502_quote.zip --from 12:30 --to 13:30 --json | jq .twap_mid

Exit codes: as `fillwright --help` lists them; 1 where lines had to be refused.")]
pub(crate) struct Stats {
    /// A file with trades.
    #[arg(long, value_name = "FILE", required_unless_present = "quotes")]
    trades: Option<PathBuf>,
    /// A file with quotes.
    #[arg(long, value_name = "FILE")]
    quotes: Option<PathBuf>,
    /// First minute of the interval, in the market's own time.
    #[arg(long, value_name = "HH:MM", value_parser = minutes)]
    from: i64,
    /// First minute behind the interval.
    #[arg(long, value_name = "HH:MM", value_parser = minutes)]
    to: i64,
    /// The date, where the files hold more than one: YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,
    /// The instrument, where the files hold more than one.
    #[arg(long, value_name = "ID")]
    instrument: Option<String>,
    /// The time zone, where the market's own is not meant.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

/// Minutes since midnight; 24:00 is the next one.
fn minutes(text: &str) -> Result<i64, String> {
    if text == "24:00" {
        return Ok(24 * 60);
    }
    let time = Time::strptime("%H:%M", text).map_err(|_| "write it as HH:MM")?;
    Ok(i64::from(time.hour()) * 60 + i64::from(time.minute()))
}

impl Stats {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        if self.from >= self.to {
            return Err(Stop::usage("--to must be later than --from").into());
        }
        let mut figures = Figures::default();
        if let Some(path) = &self.trades {
            self.count_trades(path, &mut figures)?;
        }
        if let Some(path) = &self.quotes {
            self.count_quotes(path, &mut figures)?;
        }
        note_refused(&figures.refused);
        common.output().report(&figures)?;
        Ok(if figures.refused.lines > 0 { Exit::Found } else { Exit::Done })
    }

    fn count_trades(&self, path: &Path, figures: &mut Figures) -> Result<()> {
        let mut traded = TradeFigures::default();
        self.each(path, figures, |interval, event| Ok(traded.take(interval, event)?))?;
        figures.trade(&traded);
        Ok(())
    }

    fn count_quotes(&self, path: &Path, figures: &mut Figures) -> Result<()> {
        let mut quoted = None;
        let interval = self.each(path, figures, |interval, event| {
            Ok(quoted.get_or_insert_with(|| QuoteFigures::new(interval)).take(event)?)
        })?;
        let quoted = quoted.unwrap_or_else(|| QuoteFigures::new(interval));
        figures.quote(&quoted.finish()?);
        Ok(())
    }

    /// Looks at every event of the instrument; gives the interval that was meant.
    fn each(
        &self,
        path: &Path,
        figures: &mut Figures,
        mut look: impl FnMut(Interval, &MarketEvent) -> Result<()>,
    ) -> Result<Interval> {
        const LOOK_AFTER: u64 = 4096;
        let mut source = self.reading.open(path)?;
        let bar = progress::up_to("reading", fs::metadata(path).map_or(0, |file| file.len()));
        let (mut event, mut only, mut met) = (MarketEvent::default(), Only::first(), 0_u64);
        let mut interval = None;
        while source.read(&mut event)? {
            met += 1;
            if met % LOOK_AFTER == 0 {
                bar.set_position(source.bytes_taken());
            }
            let is_meant = match &self.instrument {
                Some(wanted) => name(source.as_ref(), &event) == wanted,
                None => is_only(source.as_ref(), &mut only, &event)?,
            };
            if !is_meant {
                continue;
            }
            let interval = match interval {
                Some(interval) => interval,
                None => *interval.insert(self.interval(source.as_ref(), &event, figures)?),
            };
            look(interval, &event)
                .with_context(|| format!("{}: a sum is beyond what can be held", path.display()))?;
        }
        bar.finish_and_clear();
        figures.refused.extend(source.refused());
        interval.ok_or_else(|| {
            let wanted = self.instrument.as_deref().unwrap_or("any instrument");
            Stop::found(format!("{} holds no event of {wanted}", path.display())).into()
        })
    }

    /// The interval on the date that is named, or that of the first event.
    fn interval(
        &self,
        source: &dyn Source,
        first: &MarketEvent,
        figures: &mut Figures,
    ) -> Result<Interval> {
        let listing = &source.listings()[first.instrument.index()];
        let zone = match &self.zone {
            Some(name) => Zone::named(name).map_err(|error| Stop::usage(error.to_string()))?,
            None => listing.zone.clone(),
        };
        let date = self.date.or_else(|| zone.date_of(first.event_at));
        let day = date.and_then(|date| zone.day(date));
        let at = |minutes: i64| day.as_ref().and_then(|day| day.instant(minutes * NS_PER_MINUTE));
        let (Some(date), Some(from), Some(to)) = (date, at(self.from), at(self.to)) else {
            return Err(Stop::usage("the date cannot be placed in time; give --date").into());
        };
        let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        figures.instrument = listing.instrument.to_string();
        figures.date = date.to_string();
        zone.name().clone_into(&mut figures.zone);
        (figures.from, figures.to) = (clock(self.from), clock(self.to));
        Ok(Interval { from, to })
    }
}

/// Whether an event is of the instrument of the first; a second instrument has to be chosen from.
fn is_only(source: &dyn Source, only: &mut Only, event: &MarketEvent) -> Result<bool> {
    if only.is_of(event) {
        return Ok(true);
    }
    let names: Vec<&str> = source.listings().iter().map(|l| l.instrument.as_str()).collect();
    let message =
        format!("more than one instrument; give --instrument, one of {}", names.join(", "));
    Err(Stop::usage(message).into())
}

fn name<'a>(source: &'a dyn Source, event: &MarketEvent) -> &'a str {
    source.listings()[event.instrument.index()].instrument.as_str()
}

/// The figures of an interval. Means have six decimals, halves rounded to even.
#[derive(Debug, Default, Serialize)]
struct Figures {
    instrument: String,
    date: String,
    zone: String,
    from: String,
    to: String,
    trades: Option<u64>,
    volume: Option<Decimal>,
    vwap: Option<String>,
    twap_mid: Option<String>,
    bid_at_start: Option<Px>,
    ask_at_start: Option<Px>,
    bid_at_end: Option<Px>,
    ask_at_end: Option<Px>,
    twap_mid_uncrossed: Option<String>,
    zero_qty_trades: Option<u64>,
    suspicious_trades: Option<u64>,
    quotes: Option<u64>,
    /// How many of the quotes are bars, whose last prices stand for the quotes they hide.
    quote_bars: Option<u64>,
    locked_quotes: Option<u64>,
    crossed_quotes: Option<u64>,
    two_sided_ns: Option<String>,
    crossed_ns: Option<String>,
    /// Why a figure is missing.
    missing: Vec<String>,
    refused: Refused,
}

impl Figures {
    fn trade(&mut self, traded: &TradeFigures) {
        self.zero_qty_trades = Some(traded.zero_qty_trades);
        self.suspicious_trades = Some(traded.suspicious_trades);
        if traded.bars > 0 {
            self.volume = Some(traded.volume.get());
            self.missing
                .push("trades and vwap: the file holds bars, which hide single trades".into());
            return;
        }
        self.trades = Some(traded.trades);
        self.volume = Some(traded.volume.get());
        self.vwap = traded.vwap().map(rounded);
        if self.vwap.is_none() {
            self.missing.push("vwap: nothing traded".into());
        }
    }

    fn quote(&mut self, quoted: &QuoteSummary) {
        self.quotes = Some(quoted.quotes);
        self.quote_bars = Some(quoted.bars);
        self.locked_quotes = Some(quoted.locked);
        self.crossed_quotes = Some(quoted.crossed);
        self.two_sided_ns = Some(quoted.two_sided_ns.to_string());
        self.crossed_ns = Some(quoted.crossed_ns.to_string());
        self.twap_mid = quoted.twap_mid.map(rounded);
        self.twap_mid_uncrossed = quoted.twap_mid_uncrossed.map(rounded);
        if self.twap_mid.is_none() {
            self.missing.push("twap_mid: there never were a bid and an ask".into());
        }
        let ends = |book: L1| (book.bid().map(|level| level.px), book.ask().map(|level| level.px));
        (self.bid_at_start, self.ask_at_start) = ends(quoted.at_start);
        (self.bid_at_end, self.ask_at_end) = ends(quoted.at_end);
        if self.bid_at_start.is_none() || self.ask_at_start.is_none() {
            self.missing.push("quotes at the start: not both sides were known then".into());
        }
    }
}

/// Six decimals, halves to even; the last figures of a long division say nothing.
fn rounded(px: Px) -> String {
    const STEP: i128 = 1_000_000_000_000;
    const MILLION: i128 = 1_000_000;
    let mantissa = px.get().mantissa();
    let (below, rest) = (mantissa.div_euclid(STEP), mantissa.rem_euclid(STEP));
    let up = rest > STEP / 2 || (rest == STEP / 2 && below % 2 != 0);
    let millionths = below + i128::from(up);
    let sign = if millionths < 0 { "-" } else { "" };
    let millionths = millionths.abs();
    format!("{sign}{}.{:06}", millionths / MILLION, millionths % MILLION)
}

impl Report for Figures {
    fn tell(&self) -> String {
        let mut rows = table(&["figure", "value"]);
        let shown = |value: Option<String>| value.unwrap_or_else(|| "none".into());
        let figures = [
            ("trades", self.trades.map(|n| n.to_string())),
            ("volume", self.volume.map(|n| n.to_string())),
            ("vwap", self.vwap.clone()),
            ("twap of the mid", self.twap_mid.clone()),
            ("the same, uncrossed", self.twap_mid_uncrossed.clone()),
            ("bid / ask at start", both(self.bid_at_start, self.ask_at_start)),
            ("bid / ask at end", both(self.bid_at_end, self.ask_at_end)),
        ];
        for (name, value) in figures {
            rows.add_row([name.to_owned(), shown(value)]);
        }
        let Self { instrument, date, from, to, zone, .. } = self;
        let bars = self.quote_bars.filter(|bars| *bars > 0);
        let mut text = format!("{instrument} on {date}, {from} to {to} ({zone})\n\n{rows}");
        if let Some(bars) = bars {
            text.push_str("\nthe last prices of bars stand for quotes: ");
            text.push_str(&bars.to_string());
        }
        for why in &self.missing {
            text.push_str("\nmissing: ");
            text.push_str(why);
        }
        text
    }
}

fn both(bid: Option<Px>, ask: Option<Px>) -> Option<String> {
    Some(format!("{} / {}", bid?, ask?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_rounded_to_six_decimals_with_halves_to_even() {
        let six = |text: &str| rounded(Px::new(text.parse().expect("a price")));
        assert_eq!(six("182.5290454999"), "182.529045");
        assert_eq!(six("182.5290455"), "182.529046");
        assert_eq!(six("182.5290445"), "182.529044");
        assert_eq!(six("13.86288"), "13.862880");
        assert_eq!(six("-0.0000015"), "-0.000002");
    }

    #[test]
    fn minutes_of_the_day_end_with_the_next_midnight() {
        assert_eq!(minutes("09:30"), Ok(570));
        assert_eq!(minutes("24:00"), Ok(1440));
        assert!(minutes("24:01").is_err() && minutes("9.30").is_err());
    }
}
