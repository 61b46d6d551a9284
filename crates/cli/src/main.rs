//! `fillwright`: the command line of one home. Commands read the journal or ask the engine; no rule lives here.

mod arguments;
mod commands;
mod control;
mod decisions;
mod ending;
mod example;
mod exit;
mod inbox;
mod output;
mod positions;
mod progress;
mod reading;
mod refusals;
mod replies;
mod restraining;
mod rows;
mod session;
mod story;
mod stream;
mod watch;
mod words;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;

/// Intents are made on one thread and dropped on another, which this allocator is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = arguments.common.output();
    let exit = arguments.run().unwrap_or_else(|error| output.fail(&error));
    exit.into()
}
