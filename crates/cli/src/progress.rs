//! Bars on standard error for work that may take long; silent where that is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for work whose end is not known: what it does, how far it is, and how fast.
pub(crate) fn counting(doing: &'static str) -> ProgressBar {
    const SHAPE: &str = "{spinner} {msg}: {human_pos} ({per_sec})";
    let bar = ProgressBar::new_spinner().with_message(doing);
    bar.set_style(
        ProgressStyle::with_template(SHAPE).unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar
}

/// A bar for work whose end is known.
pub(crate) fn up_to(doing: &'static str, end: u64) -> ProgressBar {
    const SHAPE: &str = "{msg} {bar:40} {human_pos} of {human_len} ({per_sec}, {eta} left)";
    let bar = ProgressBar::new(end).with_message(doing);
    bar.set_style(
        ProgressStyle::with_template(SHAPE).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}
