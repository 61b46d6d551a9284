//! `fillwright evidence`: the limits, changes, approvals, blocks and incidents of a period, signed.

use crate::arguments::Common;
use crate::exit::{Exit, Stop};
use crate::output::Report;
use crate::reading::JournalReader;
use anyhow::{Context, Result};
use clap::Args;
use fillwright_domain::{Timestamp, hex};
use fillwright_journal::signature;
use fillwright_projections::ProjectedEntry;
use fillwright_projections::evidence::{Evidence, Period};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Write the evidence of a period: limits in force, changes, approvals, blocks and incidents.
///
/// Made from the journal alone and signed with its key: the same journal and period give the same
/// bytes, so anybody with the journal can make the pack again and compare. The period must have ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright evidence --from 2026-01-01T00:00:00Z --to 2026-03-31T23:59:59Z --out q1 --home /srv/book

Exit codes: as `fillwright --help` lists them; 3 where the home has no key to sign with.")]
pub(crate) struct EvidencePack {
    /// The first instant, as RFC 3339 has it.
    #[arg(long, value_name = "TIME")]
    from: jiff::Timestamp,
    /// The last instant.
    #[arg(long, value_name = "TIME")]
    to: jiff::Timestamp,
    /// The folder for the files; it is made where it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Written {
    folder: PathBuf,
    files: BTreeMap<&'static str, usize>,
    /// The public key that signed the manifest.
    key: String,
    signature: String,
}

impl EvidencePack {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let period = Period { from: instant(self.from)?, to: instant(self.to)? };
        if period.from > period.to {
            return Err(Stop::usage("--from is behind --to; a period begins before it ends").into());
        }
        let reader = JournalReader::of(&common.home()?)?;
        let seed = reader.options.signing_seed.ok_or_else(|| {
            Stop::configuration(
                "the home has no key under data/keys; a pack is signed with the journal's key",
            )
        })?;
        let mut pack = Evidence::new(&reader.options.partition, period);
        reader.each(1, |entry| {
            let goes_on = pack.take(&ProjectedEntry::decode(entry)?);
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let mut files = pack.files();
        let signed = signature::sign(&seed, &files["manifest.json"]);
        files.insert("signature.json", signed.to_json());
        fs::create_dir_all(&self.out).with_context(|| cannot(&self.out))?;
        for (name, bytes) in &files {
            let path = self.out.join(name);
            fs::write(&path, bytes).with_context(|| cannot(&path))?;
        }
        common.output().report(&Written {
            folder: self.out,
            files: files.iter().map(|(name, bytes)| (*name, bytes.len())).collect(),
            key: hex::write(&signed.key),
            signature: hex::write(&signed.signature),
        })?;
        Ok(Exit::Done)
    }
}

fn instant(at: jiff::Timestamp) -> Result<Timestamp> {
    let ns = i64::try_from(at.as_nanosecond());
    ns.map(Timestamp::from_ns).map_err(|_| Stop::usage("a time reaches from 1677 to 2262").into())
}

fn cannot(path: &std::path::Path) -> String {
    format!("{} cannot be written; check permissions and the disk", path.display())
}

impl Report for Written {
    fn tell(&self) -> String {
        let files: Vec<String> = self.files.keys().map(|name| format!("  {name}")).collect();
        format!(
            "the evidence stands in {}:\n{}\nsigned by {}",
            self.folder.display(),
            files.join("\n"),
            self.key
        )
    }
}
