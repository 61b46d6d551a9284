//! Every crate opens by saying what it is for.

use crate::finding::Finding;
use crate::tidy::rust_files;
use crate::workspace::TrackedFile;

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    let roots = rust_files(files).filter(|(path, _)| is_root(path));
    roots.filter(|(_, source)| !opens_with_docs(source)).map(|(path, _)| finding(path)).collect()
}

/// `src/lib.rs`, `src/main.rs` or `src/bin/*.rs` of a crate.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts[..], [.., "src", "lib.rs" | "main.rs"] | [.., "src", "bin", _])
}

fn opens_with_docs(source: &str) -> bool {
    source
        .lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| line.len() > 4 && line.starts_with("//! "))
}

fn finding(path: &str) -> Finding {
    Finding::new(
        path,
        1,
        "the crate's first line must be a `//!` sentence that says what the crate is for",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    #[test]
    fn a_crate_without_docs_is_found() {
        for path in [
            "crates/kernel/src/lib.rs",
            "crates/cli/src/main.rs",
            "crates/cli/src/bin/a.rs",
            "xtask/src/main.rs",
        ] {
            for source in ["", "mod a;\n//! Late.", "// A comment.", "//!\n"] {
                assert_eq!(found(check, &[(path, source)]).len(), 1, "{path}: {source}");
            }
        }
    }

    #[test]
    fn a_crate_with_docs_and_an_inner_module_pass() {
        assert!(
            found(check, &[("crates/kernel/src/lib.rs", "\n//! The state machine.\nmod a;")])
                .is_empty()
        );
        assert!(found(check, &[("crates/kernel/src/gates/risk.rs", "mod a;")]).is_empty());
    }
}
