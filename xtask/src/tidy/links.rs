//! Relative links in Markdown lead to something that a fresh clone has.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tidy::{has_extension, texts};
use crate::workspace::TrackedFile;

/// One link of a page.
pub(super) struct Link<'a> {
    pub(super) line: usize,
    /// Without its `#fragment`.
    pub(super) target: &'a str,
}

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    let tracked = tracked_paths(files);
    let pages = texts(files).filter(|(path, _)| has_extension(path, "md"));
    pages.flat_map(|(path, text)| check_page(path, text, &tracked)).collect()
}

/// The relative links of a page; those to other sites and within the page are left out.
pub(super) fn relative_links(text: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut in_block = false;
    for (index, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        in_block ^= is_fence;
        if !in_block && !is_fence {
            let targets = targets(line).into_iter().filter_map(relative);
            links.extend(targets.map(|target| Link { line: index + 1, target }));
        }
    }
    links
}

/// Where a link leads, from the root; `None` when it leaves the tree.
pub(super) fn resolve(page: &str, target: &str) -> Option<String> {
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn check_page(page: &str, text: &str, tracked: &BTreeSet<&str>) -> Vec<Finding> {
    let broken = |link: &Link| {
        resolve(page, link.target).is_none_or(|path| !tracked.contains(path.as_str()))
    };
    let links = relative_links(text).into_iter().filter(broken);
    links
        .map(|link| {
            let message = format!(
                "`{}` leads to nothing git tracks: correct the link, or add the file",
                link.target
            );
            Finding::new(page, link.line, message)
        })
        .collect()
}

/// Every tracked file and every folder above one.
fn tracked_paths(files: &[TrackedFile]) -> BTreeSet<&str> {
    let mut paths = BTreeSet::from([""]);
    for file in files {
        paths.insert(&file.path);
        paths.extend(file.path.match_indices('/').map(|(at, _)| &file.path[..at]));
    }
    paths
}

/// The targets of `[text](target)` and `[label]: target` in one line, code spans left out.
fn targets(line: &str) -> Vec<&str> {
    let mut targets: Vec<&str> = line
        .match_indices("](")
        .filter(|(at, _)| line[..*at].matches('`').count().is_multiple_of(2))
        .filter_map(|(at, _)| line[at + 2..].split([')', ' ']).next())
        .collect();
    if let Some((label, target)) = line.split_once("]: ")
        && label.starts_with('[')
    {
        targets.extend(target.split_whitespace().next());
    }
    targets
}

/// A target without its brackets and fragment, unless it is on another site or on the page itself.
fn relative(target: &str) -> Option<&str> {
    let target = target.trim_start_matches('<').trim_end_matches('>');
    let path = target.split('#').next().unwrap_or_default();
    let is_elsewhere = path.contains("://") || path.starts_with("mailto:");
    (!path.is_empty() && !is_elsewhere).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    fn in_page(text: &str) -> Vec<String> {
        found(
            check,
            &[
                ("docs/decisions/a.md", text),
                ("docs/glossary.md", ""),
                ("crates/kernel/src/lib.rs", ""),
            ],
        )
    }

    #[test]
    fn a_link_to_nothing_is_found_with_its_line() {
        for link in [
            "[a](gone.md)",
            "![a](../gone.png)",
            "[a]: gone.md",
            "[a](<gone.md> \"title\")",
            "[a](/docs/gone.md#b)",
        ] {
            let found = in_page(&format!("first\n{link}\n"));
            assert_eq!(found.len(), 1, "{link}");
            assert!(found[0].starts_with("docs/decisions/a.md:2: "), "{}", found[0]);
        }
    }

    #[test]
    fn a_link_out_of_the_tree_is_found() {
        assert_eq!(in_page("[a](../../../other/a.md)").len(), 1);
    }

    #[test]
    fn links_to_files_folders_fragments_and_sites_pass() {
        for link in [
            "[a](../glossary.md) and [b](../glossary.md#intent)",
            "[a](../../crates/kernel/src/)",
            "[a](/crates/kernel)",
            "[a](#here)",
            "[a](https://example.org/gone.md)",
            "[a]: ../glossary.md",
        ] {
            assert!(in_page(link).is_empty(), "{link}");
        }
    }

    #[test]
    fn code_is_not_read_for_links() {
        assert!(in_page("```\n[a](gone.md)\n```\n`[a](gone.md)`").is_empty());
        assert_eq!(in_page("```\n```\n[a](gone.md)").len(), 1);
    }
}
