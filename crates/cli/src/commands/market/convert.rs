//! `fillwright market convert`: recordings of any format into one event file.

use super::{Reading, note_refused};
use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{self, Report, table};
use crate::progress;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_market::file::{FileWriter, Written};
use fillwright_market::{MarketEvent, Merged, Refused, Source};
use serde::Serialize;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Write recordings of any format as one compact event file, in the order of their receive times.
///
/// Of events received at the same instant, those of the file named first come first. Lines that make no sense are left
/// out, counted and told; the file is there when it is whole, and not before.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright market convert ibm/20131007_quote.zip ibm/20131007_trade.zip --out ibm-20131007.fwm
  fillwright market convert esh4.mbo.dbn.zst --out esh4.fwm --json | jq .bytes_per_event
  fillwright market convert trades.parquet --map trades.json --out trades.fwm

A mapping: {\"instrument\":\"BITMEX:XBTUSD\",\"time\":\"timestamp\",\"time_unit\":\"microseconds\",
            \"trades\":{\"price\":\"price\",\"qty\":\"amount\",\"side\":\"side\"}}

Exit codes: as `fillwright --help` lists them; 1 where lines had to be refused.")]
pub(crate) struct Convert {
    /// The recordings.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The event file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

impl Convert {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let sources = self.files.iter().map(|file| self.reading.open(file));
        let mut merged = Merged::new(sources.collect::<Result<_>>()?);
        let partial = partial(&self.out);
        let mut clocks = Clocks::default();
        let written = self.write(&mut merged, &partial, &mut clocks);
        let written = written.inspect_err(|_| {
            // The error that is under way is the one to be told.
            let _ = fs::remove_file(&partial);
        })?;
        fs::rename(&partial, &self.out)
            .with_context(|| format!("{} cannot be written", self.out.display()))?;
        let report = Converted::of(&merged, written, clocks);
        note_refused(&report.refused);
        clocks.note();
        common.output().report(&report)?;
        Ok(if report.refused.lines > 0 { Exit::Found } else { Exit::Done })
    }

    fn write(&self, merged: &mut Merged, path: &Path, clocks: &mut Clocks) -> Result<Written> {
        const LOOK_AFTER: u64 = 4096;
        let bytes = self.files.iter().filter_map(|file| Some(fs::metadata(file).ok()?.len()));
        let bar = progress::up_to("converting", bytes.sum());
        let file = File::create(path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        let mut writer = FileWriter::new(BufWriter::with_capacity(1 << 20, file), path)?;
        let (mut event, mut count) = (MarketEvent::default(), 0_u64);
        while merged.read(&mut event)? {
            writer.write(merged.listings(), &event)?;
            clocks.take(&event);
            count += 1;
            if count % LOOK_AFTER == 0 {
                bar.set_position(merged.bytes_taken());
            }
        }
        let (file, written) = writer.finish(merged.listings())?;
        bar.finish_and_clear();
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all())
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(written)
    }
}

/// How far apart the clocks of the market and of the recorder are: receive time less event time.
#[derive(Debug, Default, Clone, Copy)]
struct Clocks {
    least_ns: Option<i64>,
    most_ns: Option<i64>,
}

impl Clocks {
    fn take(&mut self, event: &MarketEvent) {
        let latency_ns = event.latency_ns();
        self.least_ns = Some(self.least_ns.map_or(latency_ns, |least| least.min(latency_ns)));
        self.most_ns = Some(self.most_ns.map_or(latency_ns, |most| most.max(latency_ns)));
    }

    /// Nothing is received before it happens: then the clocks differ, and a latency measured with them means nothing.
    fn note(self) {
        if let Some(least_ns) = self.least_ns.filter(|least| *least < 0) {
            let ms = -least_ns / 1_000_000;
            output::note(format_args!(
                "warning: the recorder's clock is behind the market's by {ms} ms or more; both times are kept, and \
                 latencies between them mean nothing"
            ));
        }
    }
}

/// Where the file is written until it is whole.
fn partial(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    out.with_file_name(name)
}

/// What was written, and what was left out.
#[derive(Debug, Serialize)]
struct Converted {
    instruments: Vec<String>,
    #[serde(flatten)]
    written: Written,
    bytes_per_event: Option<u64>,
    /// Receive time less event time, at the least and at the most; negative where the recorder's clock is behind.
    latency_ns_least: Option<String>,
    latency_ns_most: Option<String>,
    refused: Refused,
}

impl Converted {
    fn of(merged: &Merged, written: Written, clocks: Clocks) -> Self {
        let names = merged.listings().iter().map(|listing| listing.instrument.to_string());
        Self {
            instruments: names.collect(),
            written,
            latency_ns_least: clocks.least_ns.map(|ns| ns.to_string()),
            latency_ns_most: clocks.most_ns.map(|ns| ns.to_string()),
            bytes_per_event: written.bytes.checked_div(written.events),
            refused: merged.refused().clone(),
        }
    }
}

impl Report for Converted {
    fn tell(&self) -> String {
        let mut rows = table(&["figure", "value"]);
        let figures = [
            ("events", self.written.events),
            ("bytes", self.written.bytes),
            ("received out of order", self.written.out_of_order),
            ("lines refused", self.refused.lines),
            ("lines passed over", self.refused.passed_over),
        ];
        for (name, value) in figures {
            rows.add_row([name.to_owned(), value.to_string()]);
        }
        format!("{}\n\n{rows}", self.instruments.join(", "))
    }
}
