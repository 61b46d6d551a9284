//! `docs/controls.md` claims what the tree holds: every test it names exists, every file too, and no control is left out.

use crate::finding::Finding;
use crate::workspace::TrackedFile;
use std::path::Path;

/// The page.
pub(crate) const PAGE: &str = "docs/controls.md";
/// Controls R1 to R22 and the Knight rows K1 to K6.
const LETTERS: [(char, u32); 2] = [('R', 22), ('K', 6)];

/// What is wrong with the page, given the tree.
pub(crate) fn check(page: &str, tree: &[TrackedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in page.lines().enumerate().filter(|(_, line)| line.starts_with("| ")) {
        for name in quoted(line) {
            if let Some(missing) = missing(name, tree) {
                findings.push(Finding::new(PAGE, at + 1, missing));
            }
        }
        if is_row(line) && quoted(line).filter(|name| !name.contains('/')).count() == 0 {
            findings.push(Finding::new(
                PAGE,
                at + 1,
                "a control is named without a test; name one",
            ));
        }
    }
    for control in every_control() {
        let is_said = page.lines().any(|line| {
            line.starts_with(&format!("| {control} "))
                || line.starts_with(&format!("- **{control}**"))
        });
        if !is_said {
            findings.push(Finding::new(
                PAGE,
                1,
                format!("{control} is neither held nor left open"),
            ));
        }
    }
    findings
}

fn every_control() -> impl Iterator<Item = String> {
    LETTERS.into_iter().flat_map(|(letter, last)| (1..=last).map(move |n| format!("{letter}{n}")))
}

/// Whether a line of the table is of a control.
fn is_row(line: &str) -> bool {
    let id = line.trim_start_matches("| ").split(' ').next().unwrap_or_default();
    every_control().any(|control| control == id)
}

/// What stands between backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// What to do about a name the tree does not hold: a file has a slash, everything else is a test.
fn missing(name: &str, tree: &[TrackedFile]) -> Option<String> {
    if name.contains('/') {
        let is_there = tree.iter().any(|file| file.path == name);
        return (!is_there).then(|| format!("there is no file {name}"));
    }
    let definition = format!("fn {name}(");
    let is_there = tree.iter().any(|file| {
        Path::new(&file.path).extension().is_some_and(|extension| extension == "rs")
            && file.text.as_ref().is_some_and(|text| text.contains(&definition))
    });
    (!is_there).then(|| format!("there is no test {name}; write it, or take the row out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Vec<TrackedFile> {
        let file = |path: &str, text: &str| TrackedFile {
            path: path.to_owned(),
            text: Some(text.to_owned()),
        };
        vec![file("crates/x/src/gate.rs", "fn a_limit_holds() {}")]
    }

    fn page(row: &str) -> String {
        let others: Vec<String> = every_control()
            .filter(|control| control != "R1")
            .map(|control| format!("- **{control}** later"))
            .collect();
        format!("{row}\n{}", others.join("\n"))
    }

    #[test]
    fn a_page_that_names_what_is_there_passes() {
        let page = page("| R1 limits | rule | `crates/x/src/gate.rs` | `a_limit_holds` |");
        assert_eq!(check(&page, &tree()), []);
    }

    #[test]
    fn a_test_a_file_or_a_control_that_is_missing_is_found() {
        let told = |row: &str| -> Vec<String> {
            check(&page(row), &tree()).iter().map(Finding::to_string).collect()
        };
        assert_eq!(
            told("| R1 limits | rule | `crates/x/src/door.rs` | `a_limit_holds` |"),
            ["docs/controls.md:1: there is no file crates/x/src/door.rs"]
        );
        assert_eq!(
            told("| R1 limits | rule | `crates/x/src/gate.rs` | `a_limit_leaks` |"),
            ["docs/controls.md:1: there is no test a_limit_leaks; write it, or take the row out"]
        );
        assert_eq!(
            told("| R1 limits | rule | `crates/x/src/gate.rs` | soon |"),
            ["docs/controls.md:1: a control is named without a test; name one"]
        );
        assert_eq!(told(""), ["docs/controls.md:1: R1 is neither held nor left open"]);
    }
}
