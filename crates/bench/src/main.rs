//! Figures as JSON on the last line: growth as well as rate.
#![allow(clippy::print_stdout, reason = "printing figures is what this program is for")]

mod cases;
mod figures;
mod governance;
mod workload;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use workload::Workload;

/// The allocator the engine runs with: intents are made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Fillwright. The last line printed is one JSON object.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Example: cargo run --release -p fillwright-bench -- kernel --intents 1000000"
)]
struct Arguments {
    /// What to measure.
    case: Case,
    /// How many intents.
    #[arg(long, default_value_t = 100_000)]
    intents: u64,
    /// How many market events, where a case reads a market.
    #[arg(long, default_value_t = 10_000_000)]
    events: u64,
    /// Where journals are written; the system's folder for temporary files otherwise.
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Case {
    /// The kernel alone, all checks on, paper plane.
    Kernel,
    /// The same with every gate, envelope and policy on: limits at every level, a session, a table of decisions, windows.
    Chain,
    /// The encodings that were weighed for the journal.
    Codec,
    /// Through the sequencer to a chained, synced journal.
    Durable,
    /// One intent at a time, beside a bare fdatasync.
    Latency,
    /// Opening a journal: from the first entry and from a snapshot.
    Recovery,
    /// Quotes from an event file through the books to an engine that does nothing.
    Quotes,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let figures = match arguments.case {
        Case::Kernel => cases::kernel::run("kernel", Workload::new(), arguments.intents)?,
        Case::Chain => cases::kernel::run("chain", Workload::governed(), arguments.intents)?,
        Case::Codec => cases::codec::run(arguments.intents)?,
        Case::Durable => cases::durable::run(arguments.intents, arguments.dir.as_deref())?,
        Case::Latency => cases::latency::run(arguments.intents, arguments.dir.as_deref())?,
        Case::Quotes => cases::quotes::run(arguments.events, arguments.dir.as_deref())?,
        Case::Recovery => cases::recovery::run(arguments.intents, arguments.dir.as_deref())?,
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}
