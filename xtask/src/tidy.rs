//! Rules over the files git tracks. One rule is one file: what it wants, the function, the tests that make it fail.

mod crate_docs;
mod decisions;
mod durable;
mod links;
mod names;
mod phrases;
mod pure_kernel;
mod skipped_tests;

use std::path::Path;

use crate::finding::Finding;
use crate::workspace::TrackedFile;

/// One rule: all tracked files in, what to put right out.
type Rule = fn(&[TrackedFile]) -> Vec<Finding>;

const RULES: &[Rule] = &[
    names::check,
    phrases::check,
    pure_kernel::check,
    durable::check,
    crate_docs::check,
    decisions::check,
    links::check,
    skipped_tests::check,
];

/// Runs every rule; findings come sorted by place.
pub(crate) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(files)).collect();
    findings.sort_by(|a, b| (&a.path, a.line, &a.message).cmp(&(&b.path, b.line, &b.message)));
    findings
}

/// The tracked Rust sources, as (path, text).
fn rust_files(files: &[TrackedFile]) -> impl Iterator<Item = (&str, &str)> {
    texts(files).filter(|(path, _)| has_extension(path, "rs"))
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// The tracked files that hold text, as (path, text).
fn texts(files: &[TrackedFile]) -> impl Iterator<Item = (&str, &str)> {
    files.iter().filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one rule over files given as (path, text) and returns its findings as lines.
    pub(super) fn found(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| TrackedFile {
            path: (*path).into(),
            text: Some((*text).into()),
        };
        let files: Vec<TrackedFile> = files.iter().map(file).collect();
        rule(&files).iter().map(Finding::to_string).collect()
    }

    /// One break of each rule in one tree.
    #[test]
    fn every_rule_is_run() {
        let broken = [
            ("docs/decisions/0001-a.md", "[gone](gone.md)"),
            ("crates/kernel/src/lib.rs", "use std::fs;"),
            (
                "crates/engine/src/helper.rs",
                concat!("// TO", "DO\n#[ignore]\nimpl Durable for A {}"),
            ),
        ];
        let found = found(check, &broken);
        for expected in [
            "docs/decisions/0001-a.md:1: no page links here",
            "docs/decisions/0001-a.md:1: `gone.md`",
            "crates/kernel/src/lib.rs:1: the crate's first line",
            "crates/kernel/src/lib.rs:1: `std::fs`",
            "crates/engine/src/helper.rs:1: a name with `helper`",
            "crates/engine/src/helper.rs:1: `TO",
            "crates/engine/src/helper.rs:2: `#[ignore",
            "crates/engine/src/helper.rs:3: `Durable`",
        ] {
            assert!(
                found.iter().any(|line| line.starts_with(expected)),
                "{expected} is not in\n{}",
                found.join("\n")
            );
        }
        assert!(found.len() >= RULES.len());
    }

    #[test]
    fn a_file_that_is_not_text_is_no_reason_to_stop() {
        let corpus = TrackedFile { path: "fuzz/corpus/a".into(), text: None };
        assert_eq!(check(&[corpus]), []);
    }
}
