//! What leaves on standard output, for a person or for a program, and what a person is told beside it on standard error.

use crate::exit::{self, Exit};
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle, presets};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// Something that can be told to a person and to a program.
pub(crate) trait Report: Serialize {
    /// The text for a person.
    fn tell(&self) -> String;
}

/// Where reports go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program is reading.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Reports: one line of JSON, or the text for a person.
    pub(crate) fn report(self, report: &impl Report) -> io::Result<()> {
        if self.json { line(report) } else { self.say(report.tell().trim_end()) }
    }

    /// Writes for a person; a program hears nothing of it.
    pub(crate) fn say(self, text: impl Display) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// Says why the command could not go on, and returns the exit code.
    pub(crate) fn fail(self, error: &anyhow::Error) -> Exit {
        if exit::is_broken_pipe(error) {
            return Exit::Done;
        }
        let code = exit::code_of(error);
        note(format_args!("error: {error}"));
        for cause in error.chain().skip(1) {
            note(format_args!("  because: {cause}"));
        }
        if std::env::var("RUST_BACKTRACE").is_ok_and(|wanted| wanted != "0") {
            note(error.backtrace());
        }
        if self.json {
            let _ = line(&as_json(error, code));
        }
        code
    }
}

/// Writes one line of JSON, whoever reads.
pub(crate) fn line(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Tells a person on standard error.
pub(crate) fn note(text: impl Display) {
    // Nobody can be told that standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn as_json(error: &anyhow::Error, code: Exit) -> Value {
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    json!({ "error": { "exit_code": code as u8, "message": error.to_string(), "causes": causes } })
}

/// Nothing but a line under the header, so that rows stand close.
const LINED_HEADER: TableStyle =
    presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// A table as wide as the terminal, or of a fixed width where there is none.
pub(crate) fn table(header: &[&str]) -> Table {
    const WIDTH: u16 = 140;
    let mut table = Table::new();
    table.load_style(LINED_HEADER);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if !io::stdout().is_terminal() {
        table.set_width(WIDTH);
    }
    table.set_header(header.to_vec());
    table
}
