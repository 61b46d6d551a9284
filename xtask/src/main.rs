//! The checks a compiler does not make: who may use whom, under which licence, and a tidy tree.
//!
//! `cargo test --workspace` runs all of them; `cargo run -p xtask -- ci` runs what CI runs.
#![allow(clippy::print_stdout, reason = "a command for people; its findings are its output")]

mod arrows;
mod controls;
mod dependencies;
mod finding;
mod licences;
mod rust_source;
mod spdx;
mod tidy;
mod workspace;

use std::process::{Command, ExitCode};

use finding::Finding;
use workspace::{CheckError, Workspace};

const USAGE: &str = "usage: cargo run -p xtask -- <command>

  ci         everything CI runs (the same as .ci/run)
  arrows     every dependency is drawn, and every outside crate has its row
  licences   every crate in the graph may be used under a licence we allow
  controls   every test and file that docs/controls.md names exists, and no control is left out
  tidy       names, leftovers, links, decision pages, the kernel's purity";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let workspace = Workspace::here();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ci"] => ci(&workspace),
        ["arrows"] => report("arrows", check_arrows(&workspace)),
        ["licences"] => report("licences", check_licences(&workspace)),
        ["controls"] => report("controls", check_controls(&workspace)),
        ["tidy"] => report("tidy", check_tidy(&workspace)),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            println!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Runs `.ci/run`, the one list of steps.
fn ci(workspace: &Workspace) -> ExitCode {
    let script = workspace.path(".ci/run");
    match Command::new(&script).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("could not run {}: {error}", script.display());
            ExitCode::FAILURE
        }
    }
}

/// A check that could not look has failed.
fn report(check: &str, findings: Result<Vec<Finding>, CheckError>) -> ExitCode {
    match findings {
        Ok(findings) if findings.is_empty() => {
            println!("{check}: nothing to say");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            for finding in &findings {
                println!("{finding}");
            }
            println!("{check}: {} to put right", findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("{check}: could not check: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check_arrows(workspace: &Workspace) -> Result<Vec<Finding>, CheckError> {
    let packages = workspace.members()?;
    let table = workspace.read(dependencies::TABLE)?;
    let manifest = workspace.read("Cargo.toml")?;
    let mut findings = arrows::check(&packages, arrows::DRAWN, arrows::DEV_DRAWN);
    findings.extend(dependencies::check(&packages, &table, &manifest));
    Ok(findings)
}

fn check_licences(workspace: &Workspace) -> Result<Vec<Finding>, CheckError> {
    let packages = workspace.resolved()?;
    let mut findings = licences::check(&packages);
    findings.extend(licences::check_deny_toml(&workspace.read("deny.toml")?));
    Ok(findings)
}

fn check_controls(workspace: &Workspace) -> Result<Vec<Finding>, CheckError> {
    let page = workspace.read(controls::PAGE)?;
    Ok(controls::check(&page, &workspace.tracked_files()?))
}

fn check_tidy(workspace: &Workspace) -> Result<Vec<Finding>, CheckError> {
    Ok(tidy::check(&workspace.tracked_files()?))
}

/// `cargo test --workspace` runs the checks on the tree itself.
#[cfg(test)]
mod tests {
    use super::*;

    fn assert_nothing_found(findings: Result<Vec<Finding>, CheckError>) {
        let findings = findings.expect("the check could look");
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }

    #[test]
    fn this_tree_uses_only_drawn_arrows_and_listed_crates() {
        assert_nothing_found(check_arrows(&Workspace::here()));
    }

    #[test]
    fn this_tree_uses_only_allowed_licences() {
        assert_nothing_found(check_licences(&Workspace::here()));
    }

    #[test]
    fn this_trees_controls_are_held_by_tests_that_exist() {
        assert_nothing_found(check_controls(&Workspace::here()));
    }

    #[test]
    fn this_tree_is_tidy() {
        assert_nothing_found(check_tidy(&Workspace::here()));
    }

    #[test]
    fn a_check_that_cannot_look_fails() {
        let nowhere = Workspace::at("/nonexistent");
        assert!(check_arrows(&nowhere).is_err());
        assert!(check_licences(&nowhere).is_err());
        assert!(check_tidy(&nowhere).is_err());
        assert!(check_controls(&nowhere).is_err());
    }
}
