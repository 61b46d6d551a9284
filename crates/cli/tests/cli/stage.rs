//! A home of its own for each test, and the real binary.

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Long enough for anything a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that goes away with the test.
pub(crate) struct Stage {
    folder: TempDir,
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Stage {
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    /// A home as the demo leaves it.
    pub(crate) fn demo() -> Self {
        let stage = Self::empty();
        stage.run(&["demo"]).ok();
        stage
    }

    /// A home with the demo's policies and quotes, and nothing to do.
    pub(crate) fn idle() -> Self {
        let stage = Self::empty();
        for file in ["config", "data/registry", "data/market"] {
            copy_all(&example().join(file), &stage.path(file));
        }
        stage
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.home().join(below)
    }

    pub(crate) fn write(&self, below: &str, content: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a writable home");
        fs::write(path, content).expect("a writable home");
    }

    /// Runs a command on this home.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).stdin(Stdio::null()))
    }

    /// Runs a command on this home with something on standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = spawn(self.command(arguments).stdin(Stdio::piped()));
        // A process that ends early reads no further.
        let _ = child.stdin.take().expect("standard input is piped").write_all(input);
        ended(child)
    }

    /// The JSON that a command prints last.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        ran.last_json()
    }

    /// Starts a command that goes on until it is told to end.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut child = spawn(self.command(arguments).stdin(Stdio::piped()));
        let output = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Running { child, output }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = fillwright(arguments);
        command.arg("--home").arg(self.home());
        command
    }

    /// Flips one bit in the middle of the demo's entries, behind the rules.
    pub(crate) fn damage_journal(&self) {
        let segment = fs::read_dir(self.path("data/journal")).expect("a journal");
        let mut segments: Vec<PathBuf> =
            segment.map(|entry| entry.expect("a file").path()).collect();
        segments.retain(|path| path.extension().is_some_and(|ending| ending == "seg"));
        segments.sort();
        let path = segments.first().expect("a segment");
        let mut bytes = fs::read(path).expect("a readable segment");
        // The rules stand at the start and are long; the last entries are intents.
        let end = bytes.iter().rposition(|byte| *byte != 0).expect("entries");
        bytes[end - 5_000] ^= 1;
        fs::write(path, bytes).expect("a writable segment");
    }
}

/// A command that is at work.
pub(crate) struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn send(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("standard input is open");
        input.write_all(line.as_bytes()).and_then(|()| input.flush()).expect("the process reads");
    }

    /// The next line it prints.
    pub(crate) fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("readable output");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Ends it as a crash does: it is asked nothing and says nothing.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process is there");
        self.child.wait().expect("the process can be waited for");
    }

    pub(crate) fn terminate(self) -> Ran {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill can be run");
        assert!(sent.success(), "the process is there");
        self.end()
    }

    /// Closes its input and waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        while self.output.read_line(&mut rest).expect("readable output") > 0 {}
        let mut ran = ended(self.child);
        ran.out = rest;
        ran
    }
}

impl Ran {
    /// Holds it to having ended well.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    pub(crate) fn last_json(&self) -> Value {
        let last =
            self.out.lines().last().unwrap_or_else(|| panic!("nothing printed: {}", self.err));
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
    }
}

/// The binary, away from the variables of whoever runs the tests.
pub(crate) fn fillwright(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fillwright"));
    command.args(arguments);
    command.env_remove("FILLWRIGHT_HOME").env_remove("RUST_BACKTRACE").env("USER", "risk-1");
    command
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    ended(spawn(command))
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the process starts")
}

fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().expect("the process can be waited for");
    Ran {
        code: output.status.code().expect("the process ended by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The example home in the source tree.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo")
}

pub(crate) fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a writable home");
    for entry in fs::read_dir(from).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a writable home");
        }
    }
}

/// Puts `<hash>` for every run of 64 hexadecimal digits.
pub(crate) fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_hexdigit() && !c.is_ascii_uppercase() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() == 64 { "<hash>" } else { &digits });
        digits.clear();
        out.push(c);
    }
    out.trim_end_matches('\0').to_owned()
}
