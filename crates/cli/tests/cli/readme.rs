//! The README's governance tour, run as a reader would paste it: every line, and what its comment promises.

use crate::stage::Stage;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A line of the tour, and what it is to say; nothing where it promises nothing.
struct Step {
    command: String,
    promise: Option<String>,
}

fn tour() -> Vec<Step> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = fs::read_to_string(readme).expect("the README");
    let (_, section) = text.split_once("### A governance tour").expect("the tour");
    let (_, block) = section.split_once("```sh\n").expect("its commands");
    let (block, _) = block.split_once("```").expect("their end");
    let lines = block.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(step).collect()
}

fn step(line: &str) -> Step {
    match line.split_once("  # ") {
        None => Step { command: line.to_owned(), promise: None },
        Some((command, promise)) => {
            Step { command: command.trim().to_owned(), promise: Some(promise.trim().to_owned()) }
        }
    }
}

/// One shell for all of it, as a reader has: each line leaves its output and exit code behind.
fn script(steps: &[Step]) -> String {
    let mut script = "set -u\n".to_owned();
    for (n, Step { command, .. }) in steps.iter().enumerate() {
        writeln!(script, "{{ {command}\n}} > \"$OUT/{n}.out\" 2>&1; echo $? > \"$OUT/{n}.code\"")
            .expect("memory takes it");
    }
    script
}

fn as_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_governance_tour_of_the_readme_does_what_it_says() {
    let stage = Stage::empty();
    let root = stage.home();
    fs::create_dir_all(root.join("out")).expect("a folder");
    let steps = tour();
    assert!(steps.len() > 30, "{}", steps.len());
    let binary = Path::new(env!("CARGO_BIN_EXE_fillwright")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").expect("a path"));
    let status = Command::new("bash")
        .args(["-c", &script(&steps)])
        .current_dir(&root)
        .env("PATH", path)
        .env("OUT", root.join("out"))
        .env_remove("FILLWRIGHT_HOME")
        .status()
        .expect("bash runs");
    assert!(status.success());
    let mut broken = String::new();
    for (n, Step { command, promise }) in steps.iter().enumerate() {
        let read = |ending: &str| {
            fs::read_to_string(root.join(format!("out/{n}.{ending}"))).expect("what it said")
        };
        let (said, code) = (as_one_line(&read("out")), read("code"));
        let promise = promise.as_deref().unwrap_or_default();
        let (promised, expected) = match promise.strip_prefix("refused: ") {
            Some(why) => (why, "1"),
            None => (promise, "0"),
        };
        let is_whole = !said.contains("read model") && !said.contains("panicked");
        if code.trim() != expected || !said.contains(promised) || !is_whole {
            writeln!(
                broken,
                "{command}\n  promises {promise:?}; ends with {code}  and says: {said}\n"
            )
            .expect("memory takes it");
        }
    }
    assert!(broken.is_empty(), "{broken}");
}
