//! Requests left for the process that holds the journal, in `data/control/`: somebody who says stop must be heard
//! while a run is at work.
//!
//! A request is a file `NAME.request`, put there by a rename; its answer is `NAME.answer`, put there the same way. A
//! process that ends between the two leaves the request, and the next one takes it: asking twice changes nothing.

use crate::control::{self, Answered, Asked};
use crate::output;
use anyhow::{Context, Result};
use fillwright_engine::{Desk, DeskError, Home};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const FOLDER: &str = "data/control";
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Takes every request that was left, through to its answer.
///
/// # Errors
///
/// Only where the desk must stop. A request that cannot be read or answered is said and put aside.
pub(crate) fn take_all(desk: &mut Desk) -> Result<(), DeskError> {
    for path in desk.home().files(FOLDER, "request")? {
        match take(desk, &path) {
            Ok(answered) => output::note(format_args!("request: {}", answered.sentence())),
            Err(error) => {
                let error = error.downcast::<DeskError>().map_or_else(Ok, Err);
                let error = error?;
                output::note(format_args!("warning: {}: {error:#}", path.display()));
                let _ = fs::rename(&path, path.with_extension("unreadable"));
            }
        }
    }
    Ok(())
}

fn take(desk: &mut Desk, path: &Path) -> Result<Answered> {
    let asked: Asked = serde_json::from_slice(&fs::read(path)?).context("is no request")?;
    let mut answered = control::ask(desk, &asked)?;
    answered.done_by_process = Some(std::process::id());
    put(&path.with_extension("answer"), &serde_json::to_vec(&answered)?)?;
    fs::remove_file(path)?;
    Ok(answered)
}

/// Leaves a request and waits for its answer. Nothing where nobody took it in time; then it is withdrawn.
pub(crate) fn leave(home: &Home, asked: &Asked, patience: Duration) -> Result<Option<Answered>> {
    let folder = home.path(FOLDER);
    fs::create_dir_all(&folder).with_context(|| cannot(&folder))?;
    let name = format!("{}-{}", jiff::Timestamp::now().as_nanosecond(), std::process::id());
    let request = folder.join(name).with_extension("request");
    put(&request, &serde_json::to_vec(asked)?).with_context(|| cannot(&request))?;
    let answer = request.with_extension("answer");
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Some(answered) = read_answer(&answer)? {
            return Ok(Some(answered));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    withdraw(&request, &answer)
}

/// Takes the request back, unless it was taken just now.
fn withdraw(request: &Path, answer: &Path) -> Result<Option<Answered>> {
    match fs::remove_file(request) {
        Ok(()) => Ok(None),
        Err(_) => read_answer(answer),
    }
}

fn read_answer(path: &Path) -> Result<Option<Answered>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    fs::remove_file(path).with_context(|| cannot(path))?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Writes a file whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, bytes)?;
    fs::rename(unfinished, path)
}

fn cannot(path: &Path) -> String {
    format!("{} cannot be written; check permissions and the disk", path.display())
}
