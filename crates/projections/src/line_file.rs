//! An append-only file of lines that each say which entry they are from, so that every line is written exactly once.
//!
//! A line starts with the entry's `seq` and its number `n` among the lines of that entry, from 1. The lines of an
//! entry follow from the entries up to it alone. So after any end of the process, at any byte, the file itself says
//! where to go on:
//!
//! 1. What follows the last newline is half a line and is cut off; so are whole lines at the end that cannot be read,
//!    which a power loss may leave.
//! 2. The last line left says `(seq, n)`. All entries before `seq` are complete; of entry `seq` the first `n` lines
//!    are there and are passed over when it comes again. No whole line is ever taken back.
//! 3. An entry without lines leaves no trace, and neither does the end of an entry, so beside the file a [`Vouch`] is
//!    kept, written only after the lines: all entries up to `seq` are complete in the first `len` bytes. It is a lower
//!    bound, spares reading the file, and is not believed where the file is shorter. Missing or old, it costs entries
//!    read again, never a line.
//!
//! Nothing is synced: the journal is the truth, and what a power loss takes is written again.

use crate::error::{self, ProjectionError};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Buffered bytes after which lines go to the file before their batch ends.
const BUFFER_MAX: usize = 128 << 10;
/// Bytes read at first to find the last line.
const WINDOW: u64 = 64 << 10;

/// A lower bound of what a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouch {
    /// All entries up to this one are complete,
    pub seq: u64,
    /// in this many bytes.
    pub len: u64,
}

/// Where a line is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The `n`-th line of an entry.
    Ours { seq: u64, n: u32 },
    /// Somebody else's, and sound.
    Foreign,
    /// Not readable.
    Damaged,
}

/// Reads where a line of a telemetry or log file is from.
pub(crate) fn stamp(line: &[u8]) -> Line {
    #[derive(Deserialize)]
    struct Stamp {
        seq: u64,
        n: u32,
    }
    serde_json::from_slice::<Stamp>(line)
        .map_or(Line::Damaged, |stamp| Line::Ours { seq: stamp.seq, n: stamp.n })
}

pub(crate) struct LineFile {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// Bytes in the file, without the buffer.
    len: u64,
    /// All entries up to this one are complete.
    done: u64,
    /// The entry whose first lines are in the file already, and how many.
    begun: (u64, u32),
    /// The entry and line that came last.
    current: (u64, u32),
    last_line: Vec<u8>,
}

impl LineFile {
    pub(crate) fn open(
        path: PathBuf,
        vouch: Option<Vouch>,
        read: fn(&[u8]) -> Line,
    ) -> Result<Self, ProjectionError> {
        let file = open_or_create(&path).map_err(error::file("open", &path, 0))?;
        let mut opened = Self {
            path,
            file,
            buffer: Vec::new(),
            len: 0,
            done: 0,
            begun: (0, 0),
            current: (0, 0),
            last_line: Vec::new(),
        };
        opened.recover(vouch, read).map_err(error::file("recover", &opened.path, 0))?;
        Ok(opened)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The last entry whose lines are all there.
    pub(crate) fn cursor(&self) -> u64 {
        self.done
    }

    /// The last line that was in the file when it was opened.
    pub(crate) fn last_line(&self) -> &[u8] {
        &self.last_line
    }

    /// Counts a line of an entry and returns its number, or `None` where the file has it already.
    pub(crate) fn next(&mut self, seq: u64) -> Option<u32> {
        let n = if self.current.0 == seq { self.current.1 + 1 } else { 1 };
        self.current = (seq, n);
        let written = seq <= self.done || (seq == self.begun.0 && n <= self.begun.1);
        (!written).then_some(n)
    }

    /// Appends the line that `next` counted, stamp and newline included.
    pub(crate) fn append(&mut self, line: &[u8]) -> Result<(), ProjectionError> {
        self.buffer.extend_from_slice(line);
        if self.buffer.len() >= BUFFER_MAX { self.write() } else { Ok(()) }
    }

    /// Appends a JSON object with the stamp as its first two fields.
    pub(crate) fn append_stamped(&mut self, n: u32, object: &[u8]) -> Result<(), ProjectionError> {
        let seq = self.current.0;
        write!(self.buffer, "{{\"seq\":{seq},\"n\":{n},").expect("writing to memory cannot fail");
        self.buffer.extend_from_slice(&object[1..]);
        self.append(b"\n")
    }

    /// Says that an entry has no further lines.
    pub(crate) fn finish(&mut self, seq: u64) {
        self.done = self.done.max(seq);
    }

    /// Brings everything to the file and vouches for it.
    pub(crate) fn commit(&mut self) -> Result<Vouch, ProjectionError> {
        self.write()?;
        Ok(Vouch { seq: self.done, len: self.len })
    }

    fn write(&mut self) -> Result<(), ProjectionError> {
        self.file.write_all(&self.buffer).map_err(error::file(
            "append to",
            &self.path,
            self.done,
        ))?;
        self.len += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn recover(&mut self, vouch: Option<Vouch>, read: fn(&[u8]) -> Line) -> std::io::Result<()> {
        let tail = Tail::find(&self.file, self.file.metadata()?.len(), read)?;
        self.file.set_len(tail.end)?;
        self.len = tail.end;
        if tail.needs_newline {
            self.file.write_all(b"\n")?;
            self.len += 1;
        }
        let vouch = vouch.filter(|vouch| self.supports(vouch));
        self.done = vouch.map_or(0, |vouch| vouch.seq);
        if let Some((seq, n)) = tail.last_ours.filter(|(seq, _)| *seq > self.done) {
            self.done = seq - 1;
            self.begun = (seq, n);
        }
        self.last_line = tail.last_line;
        Ok(())
    }

    /// Whether the file is at least as long as vouched for, and a line ends there.
    fn supports(&self, vouch: &Vouch) -> bool {
        let mut byte = [0];
        vouch.len == 0
            || (self.len >= vouch.len
                && self.file.read_exact_at(&mut byte, vouch.len - 1).is_ok()
                && byte == *b"\n")
    }
}

/// Writes a value that is a JSON object, with `seq` and `n` as its first two fields.
pub(crate) fn stamp_object(seq: u64, n: u32, object: &impl Serialize, to: &mut Vec<u8>) {
    write!(to, "{{\"seq\":{seq},\"n\":{n}").expect("writing to memory cannot fail");
    let start = to.len();
    serde_json::to_writer(&mut *to, object).expect("a line has text keys and memory takes it");
    // Its fields follow ours: the brace that opened it becomes the comma before them.
    to[start] = b',';
}

fn open_or_create(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

/// What stands at the end of a file.
#[derive(Default)]
struct Tail {
    /// Where its last sound line ends.
    end: u64,
    /// Whether that line lacks its newline.
    needs_newline: bool,
    last_line: Vec<u8>,
    last_ours: Option<(u64, u32)>,
}

impl Tail {
    /// Reads back from the end, twice as far each time, until a line of ours turns up.
    fn find(file: &File, len: u64, read: fn(&[u8]) -> Line) -> std::io::Result<Self> {
        let mut window = WINDOW;
        loop {
            let start = len.saturating_sub(window);
            let mut bytes = vec![0; usize::try_from(len - start).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut bytes, start)?;
            let tail = Self::within(&bytes, start, read);
            if start == 0 || tail.last_ours.is_some() {
                return Ok(tail);
            }
            window *= 2;
        }
    }

    /// Goes through the lines of some bytes, the last first. Where they do not start the file, the first line is cut.
    fn within(bytes: &[u8], start: u64, read: fn(&[u8]) -> Line) -> Self {
        let mut tail = Self::default();
        let mut sound = false;
        let mut end = bytes.len();
        while end > 0 {
            let line = line_before(bytes, end);
            if line.start == 0 && start > 0 {
                break;
            }
            let content = &bytes[line.start..line.end];
            match read(content) {
                Line::Ours { seq, n } if line.is_whole => {
                    tail.keep(sound, &line, start, content);
                    tail.last_ours = Some((seq, n));
                    return tail;
                }
                Line::Foreign => {
                    tail.keep(sound, &line, start, content);
                    sound = true;
                }
                Line::Ours { .. } | Line::Damaged => {}
            }
            end = line.start;
        }
        tail
    }

    fn keep(&mut self, sound: bool, line: &Span, start: u64, content: &[u8]) {
        if !sound {
            self.end = start + (line.end + usize::from(line.is_whole)) as u64;
            self.needs_newline = !line.is_whole;
            self.last_line = content.to_vec();
        }
    }
}

/// A line's place, its newline not counted.
struct Span {
    start: usize,
    end: usize,
    is_whole: bool,
}

fn line_before(bytes: &[u8], end: usize) -> Span {
    let is_whole = bytes[end - 1] == b'\n';
    let end = if is_whole { end - 1 } else { end };
    let start = bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Span { start, end, is_whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: u64 = 7;

    /// Entry 2 and the last have no lines, the others one to three.
    fn lines_of(seq: u64) -> u64 {
        if seq == 2 || seq == ENTRIES { 0 } else { 1 + seq % 3 }
    }

    fn feed(file: &mut LineFile, entries: std::ops::RangeInclusive<u64>) {
        for seq in entries {
            for line in 0..lines_of(seq) {
                if let Some(n) = file.next(seq) {
                    file.append_stamped(n, format!("{{\"x\":\"{line}\"}}").as_bytes()).unwrap();
                }
            }
            file.finish(seq);
        }
    }

    fn write(path: &Path, up_to: u64) -> Vouch {
        let mut file = LineFile::open(path.to_owned(), None, stamp).unwrap();
        feed(&mut file, 1..=up_to);
        file.commit().unwrap()
    }

    /// Opens a file as it was found, goes on from its cursor, and returns the bytes.
    fn go_on(path: &Path, found: &[u8], vouch: Option<Vouch>) -> Vec<u8> {
        fs::write(path, found).unwrap();
        let mut file = LineFile::open(path.to_owned(), vouch, stamp).unwrap();
        let next = file.cursor() + 1;
        feed(&mut file, next..=ENTRIES);
        assert_eq!(file.commit().unwrap().seq, ENTRIES);
        fs::read(path).unwrap()
    }

    #[test]
    fn a_file_cut_at_any_byte_goes_on_to_the_same_bytes_whatever_is_vouched_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let vouches: Vec<_> = (0..=ENTRIES)
            .map(|up_to| {
                drop(fs::remove_file(&path));
                write(&path, up_to)
            })
            .collect();
        let whole = fs::read(&path).unwrap();
        let mut cuts = 0;
        for cut in 0..=whole.len() {
            for vouch in vouches.iter().copied().map(Some).chain([None]) {
                assert_eq!(go_on(&path, &whole[..cut], vouch), whole, "{cut} {vouch:?}");
                cuts += 1;
            }
        }
        assert!(cuts > 1_900, "{cuts}");
    }

    #[test]
    fn what_a_power_loss_leaves_at_the_end_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let vouch = write(&path, ENTRIES);
        let whole = fs::read(&path).unwrap();
        let torn: [&[u8]; 4] = [&[0; 300], b"\0\0\n\0\n", b"not a line\n", b"{\"seq\":9}\n\n"];
        for tail in torn {
            for kept in [whole.len() / 2, whole.len()] {
                let found = [&whole[..kept], tail].concat();
                assert_eq!(go_on(&path, &found, Some(vouch)), whole);
                assert_eq!(go_on(&path, &found, None), whole);
            }
        }
    }

    #[test]
    fn the_last_line_is_found_behind_more_than_a_window() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let long = format!("{{\"seq\":3,\"n\":1,\"x\":\"{}\"}}\n", "y".repeat(300_000));
        fs::write(&path, long).unwrap();
        let file = LineFile::open(path, None, stamp).unwrap();
        assert_eq!((file.cursor(), file.begun), (2, (3, 1)));
    }
}
