//! What all formats of one record a line have in common: members one after the other, places, refusals.

use crate::event::MarketEvent;
use crate::lines::Lines;
use crate::refused::{Reason, Refusal, Refused};
use crate::source::{Listing, Listings, MarketError, Source};
use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What a line turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// An event.
    Event,
    /// Something that is left out on purpose.
    PassedOver,
}

/// One format of lines.
pub(crate) trait LineFormat {
    /// A member begins; its name says what its lines are of.
    fn begin(&mut self, member: Option<&str>) -> Result<(), String>;
    /// Reads one line into an event.
    fn parse(&mut self, line: &str, event: &mut MarketEvent) -> Result<Parsed, Reason>;
    /// The instruments met so far.
    fn listings(&self) -> &Listings;
}

/// A stretch of lines: a file, or a member of an archive.
pub(crate) struct Member {
    pub(crate) name: Option<String>,
    pub(crate) open: Opener,
}

/// Opens a member when its turn comes, so that no more than one is open.
pub(crate) type Opener = Box<dyn FnOnce() -> Result<Box<dyn Read>, MarketError>>;

/// The member being read: its name and its lines.
type Reading = (Option<String>, Lines<BufReader<Box<dyn Read>>>);

/// A file of lines.
pub(crate) struct LineSource<F> {
    format: F,
    path: PathBuf,
    members: VecDeque<Member>,
    current: Option<Reading>,
    refused: Refused,
    taken: Rc<Cell<u64>>,
}

impl<F: LineFormat> LineSource<F> {
    pub(crate) fn new(path: &Path, format: F, members: Vec<Member>, taken: Rc<Cell<u64>>) -> Self {
        Self {
            format,
            path: path.to_owned(),
            members: members.into(),
            current: None,
            refused: Refused::default(),
            taken,
        }
    }

    /// Opens the next member, if there is one.
    fn turn(&mut self) -> Result<bool, MarketError> {
        let Some(member) = self.members.pop_front() else {
            return Ok(false);
        };
        let begun = self.format.begin(member.name.as_deref());
        begun.map_err(|reason| MarketError::unreadable(&self.path, reason))?;
        let lines = Lines::new(BufReader::with_capacity(1 << 16, (member.open)()?));
        self.current = Some((member.name, lines));
        Ok(true)
    }
}

impl<F: LineFormat> Source for LineSource<F> {
    fn listings(&self) -> &[Listing] {
        self.format.listings().all()
    }

    fn read(&mut self, event: &mut MarketEvent) -> Result<bool, MarketError> {
        loop {
            let Some((member, lines)) = &mut self.current else {
                if self.turn()? {
                    continue;
                }
                return Ok(false);
            };
            let said = match lines.next() {
                Ok(Some(line)) => line.and_then(|line: &str| self.format.parse(line, event)),
                Ok(None) => {
                    self.current = None;
                    continue;
                }
                Err(source) => {
                    let place = place(&self.path, member.as_deref(), lines.number() + 1);
                    return Err(MarketError::Read { place, source });
                }
            };
            match said {
                Ok(Parsed::Event) => return Ok(true),
                Ok(Parsed::PassedOver) => self.refused.passed_over += 1,
                Err(reason) => {
                    let (file, line) = (self.path.display().to_string(), lines.number());
                    let refusal = || Refusal { file, member: member.clone(), line, reason };
                    self.refused.add(refusal, reason);
                }
            }
        }
    }

    fn refused(&self) -> &Refused {
        &self.refused
    }

    fn bytes_taken(&self) -> u64 {
        self.taken.get()
    }
}

fn place(path: &Path, member: Option<&str>, line: u64) -> String {
    let member = member.map_or(String::new(), |member| format!(" ({member})"));
    format!("{}{member}, line {line}", path.display())
}
