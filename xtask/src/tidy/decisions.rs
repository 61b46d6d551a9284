//! Every decision page is linked from the list of decisions.

use crate::finding::Finding;
use crate::tidy::links::{relative_links, resolve};
use crate::tidy::{has_extension, texts};
use crate::workspace::TrackedFile;

const FOLDER: &str = "docs/decisions/";
const LIST: &str = "docs/decisions/README.md";

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    let list = texts(files).find(|(path, _)| *path == LIST).map_or("", |(_, text)| text);
    let linked: Vec<String> =
        relative_links(list).iter().filter_map(|link| resolve(LIST, link.target)).collect();
    let pages = texts(files)
        .filter(|(path, _)| path.starts_with(FOLDER) && has_extension(path, "md") && *path != LIST);
    let unlinked = pages.filter(|(path, _)| !linked.iter().any(|link| link == path));
    unlinked
        .map(|(path, _)| Finding::new(path, 1, format!("no page links here: add it to {LIST}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    #[test]
    fn a_page_nobody_links_is_found() {
        let list = "[the first](0001-a.md)\n";
        let files =
            [(LIST, list), ("docs/decisions/0001-a.md", ""), ("docs/decisions/0002-b.md", "")];
        let found = found(check, &files);
        assert_eq!(
            found,
            ["docs/decisions/0002-b.md:1: no page links here: add it to docs/decisions/README.md"]
        );
    }

    #[test]
    fn a_missing_list_links_nothing() {
        assert_eq!(found(check, &[("docs/decisions/0001-a.md", "")]).len(), 1);
    }

    #[test]
    fn linked_pages_pass() {
        let files = [
            (LIST, "| 1 | [a](./0001-a.md) |\n"),
            ("docs/decisions/0001-a.md", ""),
            ("docs/other.md", ""),
        ];
        assert!(found(check, &files).is_empty());
    }
}
