//! Figures as JSON on the last line: growth as well as rate.
#![allow(clippy::print_stdout, reason = "printing figures is what this program is for")]

mod cases;
mod figures;
mod workload;

use anyhow::Result;
use clap::{Parser, ValueEnum};

/// Measures Fillwright. The last line printed is one JSON object.
#[derive(Parser)]
#[command(version, about, after_help = "Example: cargo run --release -p fillwright-bench -- kernel --intents 1000000")]
struct Arguments {
    /// What to measure.
    case: Case,
    /// How many intents.
    #[arg(long, default_value_t = 100_000)]
    intents: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Case {
    /// The kernel alone, all checks on, paper plane.
    Kernel,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let figures = match arguments.case {
        Case::Kernel => cases::kernel::run(arguments.intents)?,
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}
