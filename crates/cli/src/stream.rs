//! Intents that arrive one by one: each is answered as soon as it is durable.

use crate::ending::Ending;
use crate::output::Output;
use crate::refusals::RefusedLine;
use crate::replies;
use crate::session::{Group, Session};
use anyhow::{Context, Result};
use fillwright_domain::Intent;
use fillwright_intake::{IntakeError, Intents};
use std::io::BufRead;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// The most intents of one group, which is one commit.
const GROUP_MAX: usize = 1024;
/// Intents that may be parsed ahead.
const PARSED_AHEAD: usize = 4096;
/// How long nothing may come before requests and read models are looked after.
const IDLE: Duration = Duration::from_millis(50);

type Parsed = Result<Intent, IntakeError>;

/// Takes intents, one a line, until the input ends or somebody asks us to end.
pub(crate) fn take(
    session: &mut Session,
    source: &str,
    input: impl BufRead + Send + 'static,
    ending: &Ending,
    output: Output,
) -> Result<()> {
    let parsed = parse_aside(source, input);
    while !ending.is_asked() {
        match parsed.recv_timeout(IDLE) {
            Ok(first) => {
                let group = gather(first, &parsed, session)?;
                let refused = group.refused.clone();
                let replies = session.take_group(group)?;
                replies::tell(output, &replies, &refused)?;
                session.project_if_due()?;
            }
            Err(RecvTimeoutError::Timeout) => session.project()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
        session.take_requests()?;
    }
    session.project()
}

/// Parses on a thread of its own. It ends with the input, or with the process.
fn parse_aside(source: &str, input: impl BufRead + Send + 'static) -> Receiver<Parsed> {
    let (sender, parsed) = sync_channel(PARSED_AHEAD);
    let intents = Intents::new(source, input);
    std::thread::spawn(move || {
        for intent in intents {
            if sender.send(intent).is_err() {
                return;
            }
        }
    });
    parsed
}

/// What has been parsed by now, up to one group.
fn gather(first: Parsed, parsed: &Receiver<Parsed>, session: &Session) -> Result<Group> {
    let mut group = Group::default();
    for record in std::iter::once(first).chain(parsed.try_iter().take(GROUP_MAX - 1)) {
        match record {
            Ok(intent) => group.intents.push(intent),
            Err(IntakeError::Refused(refusal)) => {
                group.refused.push(RefusedLine::of(&refusal, session.last_at()));
            }
            Err(error) => return Err(error).context("the intents cannot be read any further"),
        }
    }
    Ok(group)
}
