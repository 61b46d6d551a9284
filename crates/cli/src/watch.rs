//! Files that grow and files that are replaced: what is new in them since they were last looked at.
//!
//! A line without its ending may still be written, so it waits. A portfolio or drift file is acted on once it is whole.

use crate::exit::{self, Exit};
use crate::refusals::RefusedLine;
use crate::session::{Group, Session};
use anyhow::{Context, Result};
use fillwright_domain::{Principal, Timestamp};
use fillwright_engine::Home;
use fillwright_intake::lines::{LineRecords, ReadLine};
use fillwright_intake::{IntakeError, Intents, Position, Quotes};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most lines of one group, which is one commit.
const GROUP_MAX: usize = 1024;

/// What a file looked like: another look, another content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

/// How far a growing file was read.
#[derive(Debug, Clone, Copy)]
struct Reached {
    inode: u64,
    position: Position,
}

/// Everything that is watched in a home.
pub(crate) struct Watch {
    home: Home,
    quotes: Option<Reached>,
    inbox: BTreeMap<PathBuf, Reached>,
    /// Drift files and what they looked like when they were taken.
    drift: BTreeMap<PathBuf, Look>,
    portfolio: Option<Look>,
    registry: Option<Look>,
}

impl Watch {
    /// Watches a home in which nothing was read yet.
    pub(crate) fn of(home: Home) -> Self {
        let (inbox, drift) = (BTreeMap::new(), BTreeMap::new());
        Self { home, quotes: None, inbox, drift, portfolio: None, registry: None }
    }

    /// Takes what is new, and tells `heard` of every group. True where something was.
    pub(crate) fn look(
        &mut self,
        session: &mut Session,
        by: &Principal,
        mut heard: impl FnMut(&mut Session, Group) -> Result<()>,
    ) -> Result<bool> {
        let mut is_new = self.look_at_registry(session, by)?;
        is_new |= self.look_at_quotes(session)?;
        is_new |= self.look_at_portfolio(session)?;
        for path in self.home.files("data/inbox", "ndjson")? {
            is_new |= self.look_at_intents(session, &path, &mut heard)?;
        }
        for path in self.home.files("data/inbox", "csv")? {
            is_new |= self.look_at_drift(session, &path)?;
        }
        Ok(is_new)
    }

    fn look_at_registry(&mut self, session: &mut Session, by: &Principal) -> Result<bool> {
        let look = look_at(&self.home.path("data/registry/audited_runs.json"))?;
        if look.is_none() || look == self.registry {
            return Ok(false);
        }
        match session.register_runs(by) {
            // One that is half-written is read again; the runs that are known stay known.
            Err(error) if exit::code_of(&error) == Exit::Configuration => Ok(false),
            Err(error) => Err(error),
            Ok(()) => {
                self.registry = look;
                Ok(true)
            }
        }
    }

    fn look_at_portfolio(&mut self, session: &mut Session) -> Result<bool> {
        let look = look_at(&self.home.portfolio())?;
        if look.is_none() || look == self.portfolio {
            return Ok(false);
        }
        // What changed while it was read was perhaps not read.
        let is_whole = session.take_portfolio()?;
        self.portfolio = look.filter(|_| is_whole);
        Ok(is_whole)
    }

    fn look_at_drift(&mut self, session: &mut Session, path: &Path) -> Result<bool> {
        let Some(look) = look_at(path)? else { return Ok(false) };
        if self.drift.get(path) == Some(&look) || !ends_in_line_feed(path)? {
            return Ok(false);
        }
        session.take_file(path)?;
        self.drift.insert(path.to_owned(), look);
        Ok(true)
    }

    fn look_at_quotes(&mut self, session: &mut Session) -> Result<bool> {
        let Some((file, start)) = resume(&self.home.quotes(), self.quotes)? else {
            return Ok(false);
        };
        let mut lines = Quotes::resume("quotes.ndjson", file, start.position);
        let mut is_new = false;
        loop {
            let whole = whole_lines(&mut lines, session.last_at())?;
            self.quotes = Some(Reached { position: whole.reached, ..start });
            if whole.is_empty() {
                return Ok(is_new);
            }
            is_new = true;
            session.take_quote_lines(whole.records, whole.refused)?;
        }
    }

    fn look_at_intents(
        &mut self,
        session: &mut Session,
        path: &Path,
        heard: &mut impl FnMut(&mut Session, Group) -> Result<()>,
    ) -> Result<bool> {
        let known = self.inbox.get(path).copied();
        let Some((file, start)) = resume(path, known)? else { return Ok(false) };
        let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut lines = Intents::resume(&source, file, start.position);
        let mut is_new = false;
        loop {
            let whole = whole_lines(&mut lines, session.last_at())?;
            self.inbox.insert(path.to_owned(), Reached { position: whole.reached, ..start });
            if whole.is_empty() {
                return Ok(is_new);
            }
            is_new = true;
            heard(session, Group { intents: whole.records, refused: whole.refused })?;
        }
    }
}

/// Lines that have all of their record, and where the next one starts.
struct Whole<T> {
    records: Vec<T>,
    refused: Vec<RefusedLine>,
    reached: Position,
}

impl<T> Whole<T> {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.refused.is_empty()
    }
}

/// Reads whole lines, up to one group. A line that is still being written is left where it is.
fn whole_lines<R: BufRead, L: ReadLine>(
    lines: &mut LineRecords<R, L>,
    at: Timestamp,
) -> Result<Whole<L::Record>> {
    let mut whole =
        Whole { records: Vec::new(), refused: Vec::new(), reached: (*lines).position() };
    while whole.records.len() + whole.refused.len() < GROUP_MAX {
        match lines.next() {
            None => break,
            Some(Ok(record)) => whole.records.push(record),
            Some(Err(IntakeError::Refused(refusal))) if refusal.is_unfinished() => {
                return Ok(whole);
            }
            Some(Err(IntakeError::Refused(refusal))) => {
                whole.refused.push(RefusedLine::of(&refusal, at));
            }
            Some(Err(error)) => return Err(error.into()),
        }
        whole.reached = (*lines).position();
    }
    Ok(whole)
}

/// Opens a growing file where it was left. Nothing where there is nothing new; from the start where it was replaced.
fn resume(path: &Path, known: Option<Reached>) -> Result<Option<(BufReader<File>, Reached)>> {
    let Some((mut file, looked)) = open(path)? else { return Ok(None) };
    let known =
        known.filter(|known| known.inode == looked.ino() && known.position.byte <= looked.len());
    let start = known.unwrap_or(Reached { inode: looked.ino(), position: Position::default() });
    if start.position.byte == looked.len() {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(start.position.byte)).with_context(|| unreadable(path))?;
    Ok(Some((BufReader::new(file), start)))
}

fn open(path: &Path) -> Result<Option<(File, Metadata)>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.with_context(|| unreadable(path))?,
    };
    let looked = file.metadata().with_context(|| unreadable(path))?;
    Ok(Some((file, looked)))
}

fn look_at(path: &Path) -> Result<Option<Look>> {
    let look = |(_, looked): (File, Metadata)| Look {
        inode: looked.ino(),
        bytes: looked.len(),
        changed: (looked.mtime(), looked.mtime_nsec()),
    };
    Ok(open(path)?.map(look))
}

/// Whether the last byte of a file is a line feed.
fn ends_in_line_feed(path: &Path) -> Result<bool> {
    let Some((mut file, looked)) = open(path)? else { return Ok(false) };
    if looked.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.with_context(|| unreadable(path))?;
    Ok(last == *b"\n")
}

fn unreadable(path: &Path) -> String {
    format!("{} cannot be read; check permissions and the disk", path.display())
}
