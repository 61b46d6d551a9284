//! A test runs always, and says what it expects. One that is skipped or may panic anywhere proves nothing.

use crate::finding::Finding;
use crate::rust_source::{code_only, words};
use crate::tidy::rust_files;
use crate::workspace::TrackedFile;

const BANNED: &[(&str, &str)] = &[
    ("ignore", "a test that does not run; make it fast enough, or make it a command"),
    ("should_panic", "passes on any panic; assert the error or the message itself"),
];

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    rust_files(files).flat_map(|(path, source)| check_source(path, source)).collect()
}

fn check_source(path: &str, source: &str) -> Vec<Finding> {
    let code = code_only(source);
    let mut findings = Vec::new();
    for (at, _) in code.match_indices("#[") {
        let attribute = code[at + 2..].split(']').next().unwrap_or_default();
        let words = words(attribute);
        let is_conditional = words.first().is_some_and(|word| word.text == "cfg_attr");
        let read = if is_conditional { words.len() } else { 1 };
        for word in words.iter().take(read) {
            if let Some((banned, reason)) = BANNED.iter().find(|(banned, _)| *banned == word.text) {
                let line = code[..at].matches('\n').count() + word.line;
                findings.push(Finding::new(path, line, format!("`#[{banned}]`: {reason}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    #[test]
    fn skipped_tests_are_found_in_every_spelling() {
        for attribute in [
            "#[ignore]",
            "#[ignore = \"slow\"]",
            "#[should_panic]",
            "#[should_panic(expected = \"a\")]",
            "#[cfg_attr(windows, ignore)]",
            "#[cfg_attr(not(unix), should_panic)]",
            "#[ ignore ]",
        ] {
            let source = format!("#[test]\n{attribute}\nfn a() {{}}\n");
            let found = found(check, &[("crates/kernel/tests/a.rs", &source)]);
            assert_eq!(found.len(), 1, "{attribute}");
            assert!(found[0].starts_with("crates/kernel/tests/a.rs:2: "), "{}", found[0]);
        }
    }

    #[test]
    fn other_attributes_comments_and_strings_pass() {
        for source in [
            "#[arg(ignore_case)]",
            "// #[ignore]",
            "\"#[ignore]\"",
            "#[serde(ignore)]",
            "fn ignore() {}",
        ] {
            assert!(found(check, &[("crates/cli/src/a.rs", source)]).is_empty(), "{source}");
        }
    }
}
