//! `fillwright market convert`: recordings of any format into one event file.

use super::{Reading, note_refused};
use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{Report, table};
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
        let written = self.write(&mut merged, &partial);
        let written = written.inspect_err(|_| {
            // The error that is under way is the one to be told.
            let _ = fs::remove_file(&partial);
        })?;
        fs::rename(&partial, &self.out)
            .with_context(|| format!("{} cannot be written", self.out.display()))?;
        let report = Converted::of(&merged, written);
        note_refused(&report.refused);
        common.output().report(&report)?;
        Ok(if report.refused.lines > 0 { Exit::Found } else { Exit::Done })
    }

    fn write(&self, merged: &mut Merged, path: &Path) -> Result<Written> {
        const LOOK_AFTER: u64 = 4096;
        let bytes = self.files.iter().filter_map(|file| Some(fs::metadata(file).ok()?.len()));
        let bar = progress::up_to("converting", bytes.sum());
        let file = File::create(path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        let mut writer = FileWriter::new(BufWriter::with_capacity(1 << 20, file), path)?;
        let (mut event, mut count) = (MarketEvent::default(), 0_u64);
        while merged.read(&mut event)? {
            writer.write(merged.listings(), &event)?;
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
    refused: Refused,
}

impl Converted {
    fn of(merged: &Merged, written: Written) -> Self {
        let names = merged.listings().iter().map(|listing| listing.instrument.to_string());
        Self {
            instruments: names.collect(),
            written,
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
