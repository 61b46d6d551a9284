//! Every crate from outside has a row that says why it is here, and the core uses a short list of them.

use crate::arrows::{folder, line_naming};
use crate::finding::Finding;
use crate::workspace::{Dependency, Kind, Member, Origin};

/// Where the rows stand.
pub(crate) const TABLE: &str = "docs/dependencies.md";

/// What the innermost crates may use outside their tests: encodings, hashing, errors and small strings in all
/// three; time zones and tables of figures where policy documents are read; schemas, which only say what the types are.
/// Nothing that does I/O.
const CORE: &[(&str, &[&str])] = &[
    ("domain", &["minicbor", "schemars", "serde", "serde_json", "smol_str", "sha2", "thiserror"]),
    (
        "policy",
        &[
            "minicbor",
            "schemars",
            "serde",
            "serde_json",
            "smol_str",
            "sha2",
            "thiserror",
            "jiff",
            "csv",
        ],
    ),
    ("kernel", &["foldhash", "minicbor", "serde", "smol_str", "sha2", "thiserror"]),
];

/// One row of the table.
struct Row<'a> {
    name: &'a str,
    version: &'a str,
    line: usize,
}

/// Finds crates without a row, rows that state another version, and rows for crates no longer declared.
pub(crate) fn check(members: &[Member], table: &str, root_manifest: &str) -> Vec<Finding> {
    let rows = rows(table);
    let mut findings: Vec<Finding> = members
        .iter()
        .flat_map(|member| {
            from_outside(member).filter_map(|dependency| check_one(member, dependency, &rows))
        })
        .collect();
    findings.extend(rows.iter().filter(|row| !declares(root_manifest, row.name)).map(|row| {
        let message = format!("Cargo.toml no longer declares `{}`: take its row out", row.name);
        Finding::new(TABLE, row.line, message)
    }));
    findings
}

fn from_outside(member: &Member) -> impl Iterator<Item = &Dependency> {
    member.dependencies.iter().filter(|dependency| dependency.origin != Origin::Path)
}

fn check_one(member: &Member, dependency: &Dependency, rows: &[Row]) -> Option<Finding> {
    let message = complaint(folder(&member.name), dependency, rows)?;
    let line = line_naming(&member.manifest_text, &dependency.name);
    Some(Finding::new(&member.manifest, line, message))
}

/// The first thing wrong with one dependency.
fn complaint(user: &str, dependency: &Dependency, rows: &[Row]) -> Option<String> {
    let name = &dependency.name;
    if dependency.origin == Origin::Elsewhere {
        return Some(format!(
            "`{name}` does not come from crates.io: publish it there or do without"
        ));
    }
    let core = CORE.iter().find(|(core, _)| *core == user);
    if let Some((_, allowed)) = core.filter(|_| dependency.kind != Kind::Dev)
        && !allowed.contains(&name.as_str())
    {
        return Some(format!(
            "`{user}` may use only {}: keep `{name}` in an outer crate",
            allowed.join(", ")
        ));
    }
    let Some(row) = rows.iter().find(|row| row.name == name) else {
        return Some(format!(
            "`{name}` has no row in {TABLE}: say there why it is worth having, or do without"
        ));
    };
    let required = dependency.requirement.trim_start_matches('^');
    (row.version != required).then(|| {
        format!("`{name}` is required as {required}, but its row in {TABLE} says {}", row.version)
    })
}

/// Rows are table lines whose first cell is a name in backticks and whose second is a version.
fn rows(table: &str) -> Vec<Row<'_>> {
    let numbered = table.lines().enumerate();
    numbered
        .filter_map(|(index, line)| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
            Some(Row { name, version: cells.next()?, line: index + 1 })
        })
        .collect()
}

fn declares(root_manifest: &str, name: &str) -> bool {
    let names =
        |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='));
    root_manifest.lines().any(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrows::tests::member;

    const ROWS: &str = "| crate | version | why |\n|---|---|---|\n| `serde` | 1.0 | words |\n";
    const MANIFEST: &str = "[workspace.dependencies]\nserde = { version = \"1.0\" }\n";

    fn outside(name: &str, kind: Kind) -> Dependency {
        Dependency { name: name.into(), requirement: "^1.0".into(), kind, origin: Origin::CratesIo }
    }

    fn complaints(user: &str, dependency: Dependency) -> Vec<String> {
        let findings = check(&[member(user, vec![dependency])], ROWS, MANIFEST);
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_crate_with_its_row_passes() {
        assert!(complaints("engine", outside("serde", Kind::Normal)).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_found_in_every_kind_of_dependency() {
        for kind in [Kind::Normal, Kind::Dev, Kind::Build] {
            let found = complaints("engine", outside("novelty", kind));
            assert_eq!(found.len(), 1, "{kind:?}");
            assert!(
                found[0].starts_with(
                    "crates/engine/Cargo.toml:2: `novelty` has no row in docs/dependencies.md"
                ),
                "{}",
                found[0]
            );
        }
    }

    #[test]
    fn a_row_with_another_version_is_found() {
        let mut newer = outside("serde", Kind::Normal);
        newer.requirement = "^2.0".into();
        let found = complaints("engine", newer);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("required as 2.0, but its row in docs/dependencies.md says 1.0"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_row_nobody_declares_is_found() {
        let findings = check(&[], ROWS, "[workspace.dependencies]\nserde_json = \"1.0\"\n");
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().starts_with("docs/dependencies.md:3: "), "{}", findings[0]);
    }

    #[test]
    fn the_kernel_uses_only_its_list_outside_its_tests() {
        let table = "| `csv` | 1.0 | tables |\n";
        for (user, kind, found) in [
            ("kernel", Kind::Normal, 1),
            ("kernel", Kind::Build, 1),
            ("kernel", Kind::Dev, 0),
            ("policy", Kind::Normal, 0),
            ("domain", Kind::Normal, 1),
        ] {
            let findings =
                check(&[member(user, vec![outside("csv", kind)])], table, "csv = \"1.0\"\n");
            assert_eq!(findings.len(), found, "{user} {kind:?}");
        }
    }

    #[test]
    fn a_git_source_is_found() {
        let mut git = outside("serde", Kind::Normal);
        git.origin = Origin::Elsewhere;
        let found = complaints("engine", git);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("does not come from crates.io"), "{}", found[0]);
    }
}
