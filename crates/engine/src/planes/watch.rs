//! A dead man's switch: who does not show to be there in time is taken for gone.

use fillwright_domain::Timestamp;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const NS_PER_MS: i64 = 1_000_000;
/// The time is written whenever this share of the timer has passed: it goes off that much early at worst, never late.
const WRITES_A_TIMER: i64 = 10;

/// When somebody last showed to be there, kept where it outlives them.
#[derive(Debug)]
pub(super) struct Watch {
    after_ns: i64,
    file: File,
    alive_at: Option<Timestamp>,
}

impl Watch {
    pub(super) fn open(path: &Path, after_ms: u32) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut bytes = [0; 8];
        let alive_at = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Some(Timestamp::from_ns(i64::from_be_bytes(bytes))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        Ok(Self { after_ns: i64::from(after_ms) * NS_PER_MS, file, alive_at })
    }

    /// When it went off, where it has by now.
    pub(super) fn lapsed_by(&self, at: Timestamp) -> Option<Timestamp> {
        let due = self.alive_at?.as_ns().saturating_add(self.after_ns);
        (due <= at.as_ns()).then(|| Timestamp::from_ns(due))
    }

    pub(super) fn refresh(&mut self, at: Timestamp) -> io::Result<()> {
        let is_due = self
            .alive_at
            .is_none_or(|alive_at| at.since_ns(alive_at) >= self.after_ns / WRITES_A_TIMER);
        if is_due {
            self.file.write_all_at(&at.as_ns().to_be_bytes(), 0)?;
            self.alive_at = Some(at);
        }
        Ok(())
    }
}
