//! Every crate in the graph, on every platform, may be used under a licence we allow.

use crate::finding::Finding;
use crate::spdx;
use crate::workspace::Resolved;

/// Permissive licences, which ask for no more than a notice. `deny.toml` repeats the list for cargo-deny.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Finds packages without a licence, with one that cannot be read, or with none that is allowed.
pub(crate) fn check(packages: &[Resolved]) -> Vec<Finding> {
    packages
        .iter()
        .filter_map(|package| Some(finding(package, &complaint(package.licence.as_deref())?)))
        .collect()
}

/// Finds a difference between the list above and cargo-deny's.
pub(crate) fn check_deny_toml(deny_toml: &str) -> Vec<Finding> {
    let (line, listed) = allowed_by(deny_toml);
    if listed == ALLOWED {
        return Vec::new();
    }
    let message =
        format!("`allow` of `[licenses]` differs from xtask/src/licences.rs: write {ALLOWED:?}");
    vec![Finding::new("deny.toml", line, message)]
}

fn finding(package: &Resolved, complaint: &str) -> Finding {
    let message = format!("{} {}: {complaint}; use another crate", package.name, package.version);
    Finding::new("Cargo.lock", 1, message)
}

fn complaint(licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else {
        return Some("states no licence expression".into());
    };
    match spdx::parse(licence) {
        Err(error) => Some(format!("its licence `{licence}` cannot be read: {error}")),
        Ok(expression) if expression.is_satisfied(ALLOWED) => None,
        Ok(_) => Some(format!("its licence `{licence}` is not among {}", ALLOWED.join(", "))),
    }
}

/// The line where `[licenses]` has its `allow`, and the names listed there, one a line.
fn allowed_by(deny_toml: &str) -> (usize, Vec<&str>) {
    let mut lines = deny_toml.lines().enumerate();
    lines.by_ref().find(|(_, line)| line.trim() == "[licenses]");
    let Some((index, _)) = lines.by_ref().find(|(_, line)| line.trim() == "allow = [") else {
        return (1, Vec::new());
    };
    let listed = lines.map(|(_, line)| line.trim()).take_while(|line| *line != "]");
    (index + 1, listed.map(|line| line.trim_matches([',', '"'])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(licence: Option<&str>) -> Vec<Finding> {
        check(&[Resolved {
            name: "a".into(),
            version: "1.0.0".into(),
            licence: licence.map(str::to_owned),
        }])
    }

    #[test]
    fn permissive_licences_pass() {
        for licence in
            ["MIT", "MIT OR Apache-2.0", "BSD-3-Clause", "BlueOak-1.0.0", "Unlicense/MIT", "Zlib"]
        {
            assert!(found(Some(licence)).is_empty(), "{licence}");
        }
    }

    #[test]
    fn copyleft_is_found_unless_there_is_a_choice() {
        for licence in [
            "GPL-3.0-only",
            "LGPL-3.0-or-later",
            "AGPL-3.0",
            "GPL-2.0 OR LGPL-2.1",
            "MIT AND GPL-3.0",
        ] {
            assert_eq!(found(Some(licence)).len(), 1, "{licence}");
        }
        assert!(found(Some("MIT OR LGPL-2.1-or-later")).is_empty());
    }

    #[test]
    fn no_licence_and_an_unreadable_one_are_found() {
        assert_eq!(found(None).len(), 1);
        assert_eq!(found(Some("see LICENCE.txt")).len(), 1);
    }

    #[test]
    fn the_message_names_package_and_licence() {
        let message = found(Some("GPL-3.0-only"))[0].to_string();
        assert!(
            message.starts_with("Cargo.lock:1: a 1.0.0: its licence `GPL-3.0-only` is not among"),
            "{message}"
        );
    }

    #[test]
    fn a_list_of_cargo_deny_that_differs_is_found() {
        let same = format!("    \"{}\",\n", ALLOWED.join("\",\n    \""));
        let deny_toml = |listed: &str| format!("[bans]\n[licenses]\nallow = [\n{listed}]\n");
        assert_eq!(check_deny_toml(&deny_toml(&same)), []);
        assert_eq!(check_deny_toml(&deny_toml(&format!("{same}    \"GPL-3.0\",\n"))).len(), 1);
        assert_eq!(check_deny_toml("[licenses]\n").len(), 1);
        assert_eq!(check_deny_toml("").len(), 1);
    }
}
