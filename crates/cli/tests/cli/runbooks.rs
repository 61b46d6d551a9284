//! The runbooks name commands; a person in a hurry must find them there.

use crate::stage::{fillwright, ran};
use std::fs;
use std::path::Path;
use std::process::Stdio;

const CATEGORIES: [&str; 5] = ["data", "execution", "infrastructure", "model", "risk"];

fn commands(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("fillwright "));
    lines.map(|line| line.split(' ').collect())
}

/// The words that lead to a command: all in front of its first flag or argument.
fn path<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let is_name = |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase());
    words.iter().take_while(is_name).copied().collect()
}

#[test]
fn every_command_and_flag_a_runbook_names_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ops/runbooks");
    let mut checked = 0;
    for category in CATEGORIES {
        let file = folder.join(category).with_extension("md");
        let text = fs::read_to_string(&file).expect("a runbook for every category");
        for words in commands(&text) {
            let path = path(&words);
            let asked = [&path[..], &["--help"]].concat();
            let help = ran(fillwright(&asked).stdin(Stdio::null()));
            assert_eq!(help.code, 0, "{}: no command {path:?}", file.display());
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.out.contains(flag), "{}: {path:?} has no {flag}", file.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
    let files = fs::read_dir(folder).expect("runbooks").count();
    assert_eq!(files, CATEGORIES.len(), "a runbook for every category and no other");
}
