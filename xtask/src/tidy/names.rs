//! A file is named for its noun or verb, never for being handy.

use crate::finding::Finding;
use crate::workspace::TrackedFile;

/// Words that say nothing about what a file holds.
const EMPTY_WORDS: &[&str] =
    &["manager", "managers", "helper", "helpers", "util", "utils", "common"];

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    files.iter().filter_map(|file| check_path(&file.path)).collect()
}

fn check_path(path: &str) -> Option<Finding> {
    let lower = path.to_lowercase();
    let word =
        lower.split(|c: char| !c.is_alphanumeric()).find(|word| EMPTY_WORDS.contains(word))?;
    let message = format!(
        "a name with `{word}` does not say what the file holds: name it for its noun or verb"
    );
    Some(Finding::new(path, 1, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    #[test]
    fn empty_words_are_found_in_files_and_folders() {
        for path in [
            "src/order_manager.rs",
            "src/Helpers.rs",
            "tests/common/mod.rs",
            "docs/utils.md",
            "a/util.py",
        ] {
            assert_eq!(found(check, &[(path, "")]).len(), 1, "{path}");
        }
    }

    #[test]
    fn words_that_only_contain_one_pass() {
        for path in ["src/commons_market.rs", "src/utilisation.rs", "src/orders.rs"] {
            assert!(found(check, &[(path, "")]).is_empty(), "{path}");
        }
    }
}
