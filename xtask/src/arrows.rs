//! Who may know whom. An arrow that is not drawn here fails the build.

use crate::finding::Finding;
use crate::workspace::{Dependency, Kind, Member, Origin};

/// One crate and the crates it may use, by folder name.
pub(crate) struct Drawn {
    pub(crate) name: &'static str,
    pub(crate) may_use: &'static [&'static str],
    /// Why these and no others; the message of a refusal repeats it.
    pub(crate) because: &'static str,
}

/// The arrows of `docs/decisions/0001-layout.md`:
///
/// ```text
/// domain ← policy ← kernel ← journal ← projections     (a ← b: b uses a)
/// domain ← intake
/// policy ← market
/// all of these ← engine ← cli, sim, bench
/// ```
///
/// A crate may use any crate further left on its line.
pub(crate) const DRAWN: &[Drawn] = &[
    Drawn { name: "domain", may_use: &[], because: "the words of the trade stand alone" },
    Drawn {
        name: "policy",
        may_use: &["domain"],
        because: "a policy is written in the words of the trade",
    },
    Drawn {
        name: "kernel",
        may_use: &["domain", "policy"],
        because: "the kernel decides on its arguments; whatever can fail or wait is outside it",
    },
    Drawn {
        name: "journal",
        may_use: &["domain", "policy", "kernel"],
        because: "the journal stores what the kernel says and gives receipts; it knows no reader",
    },
    Drawn {
        name: "projections",
        may_use: &["domain", "policy", "kernel", "journal"],
        because: "a read model is folded from journaled events and nothing else",
    },
    Drawn {
        name: "intake",
        may_use: &["domain"],
        because: "a parser yields the words of the trade and leaves every decision to the kernel",
    },
    Drawn {
        name: "market",
        may_use: &["domain", "policy"],
        because: "what a market said is told in the words of the trade, and its sessions are a policy's calendars",
    },
    Drawn {
        name: "engine",
        may_use: &["domain", "policy", "kernel", "journal", "projections", "intake"],
        because: "the engine is the shell around all of them; nothing below may know it",
    },
    Drawn {
        name: "cli",
        may_use: &[
            "domain",
            "policy",
            "kernel",
            "journal",
            "projections",
            "intake",
            "market",
            "engine",
        ],
        because: "a command asks the engine or reads the journal; it never needs the simulator",
    },
    Drawn {
        name: "sim",
        may_use: &["domain", "policy", "kernel", "journal", "projections", "intake", "engine"],
        because: "the simulator drives the whole system, and is no part of it",
    },
    Drawn {
        name: "bench",
        may_use: &[
            "domain",
            "policy",
            "kernel",
            "journal",
            "projections",
            "intake",
            "market",
            "engine",
        ],
        because: "figures are of the system itself, without the simulator's weight",
    },
    Drawn { name: "xtask", may_use: &[], because: "the checks must build when the crates do not" },
];

/// Arrows allowed in tests only, as (user, used). Empty: every crate's tests make do with what the crate may use,
/// and whole-system tests live in `sim` and `cli`.
pub(crate) const DEV_DRAWN: &[(&str, &str)] = &[];

/// Finds arrows that are not drawn, members without a line, and lines without a member.
pub(crate) fn check(
    members: &[Member],
    drawn: &[Drawn],
    dev_drawn: &[(&str, &str)],
) -> Vec<Finding> {
    let undrawn = members.iter().flat_map(|member| check_member(member, drawn, dev_drawn));
    let stale =
        drawn.iter().filter(|line| !members.iter().any(|member| folder(&member.name) == line.name));
    undrawn
        .chain(stale.map(|line| {
            let message =
                format!("no crate is called `{}`: take its line out of the table", line.name);
            Finding::new("xtask/src/arrows.rs", 1, message)
        }))
        .collect()
}

/// The folder a crate lives in: its name without our prefix.
pub(crate) fn folder(name: &str) -> &str {
    name.strip_prefix("fillwright-").unwrap_or(name)
}

/// The line of a manifest that names a dependency, for the message.
pub(crate) fn line_naming(manifest_text: &str, dependency: &str) -> usize {
    let names = |line: &str| {
        let rest = line.trim_start().trim_start_matches('"').strip_prefix(dependency);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=', '"']))
    };
    manifest_text.lines().position(names).map_or(1, |index| index + 1)
}

fn check_member(member: &Member, drawn: &[Drawn], dev_drawn: &[(&str, &str)]) -> Vec<Finding> {
    let name = folder(&member.name);
    let Some(line) = drawn.iter().find(|line| line.name == name) else {
        let message = format!(
            "`{name}` is not in the table of xtask/src/arrows.rs: draw its arrows, and say why"
        );
        return vec![Finding::new(&member.manifest, 1, message)];
    };
    let mut findings = Vec::new();
    if !member.manifest.ends_with(&format!("{name}/Cargo.toml")) {
        let message = format!(
            "the folder and the crate differ in name: put `{}` in a folder `{name}`",
            member.name
        );
        findings.push(Finding::new(&member.manifest, 1, message));
    }
    let ours = member.dependencies.iter().filter(|dependency| dependency.origin == Origin::Path);
    for dependency in ours.filter(|dependency| !is_drawn(line, dependency, dev_drawn)) {
        let used = folder(&dependency.name);
        let message = format!(
            "`{name}` may not use `{used}`: {}. Move the code to where the arrow points, or draw the arrow in \
             xtask/src/arrows.rs with a page in docs/decisions",
            line.because
        );
        let at = line_naming(&member.manifest_text, &dependency.name);
        findings.push(Finding::new(&member.manifest, at, message));
    }
    findings
}

fn is_drawn(line: &Drawn, dependency: &Dependency, dev_drawn: &[(&str, &str)]) -> bool {
    let used = folder(&dependency.name);
    let in_tests = dependency.kind == Kind::Dev && dev_drawn.contains(&(line.name, used));
    line.may_use.contains(&used) || in_tests
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn member(name: &str, dependencies: Vec<Dependency>) -> Member {
        let lines =
            dependencies.iter().map(|dependency| format!("{}.workspace = true", dependency.name));
        let manifest_text = [String::from("[dependencies]")]
            .into_iter()
            .chain(lines)
            .collect::<Vec<_>>()
            .join("\n");
        let name = format!("fillwright-{name}");
        Member {
            manifest: format!("crates/{}/Cargo.toml", folder(&name)),
            name,
            manifest_text,
            dependencies,
        }
    }

    fn uses(name: &str, kind: Kind) -> Dependency {
        Dependency {
            name: format!("fillwright-{name}"),
            requirement: "*".into(),
            kind,
            origin: Origin::Path,
        }
    }

    const TWO: &[Drawn] = &[
        Drawn { name: "domain", may_use: &[], because: "it stands alone" },
        Drawn { name: "kernel", may_use: &["domain"], because: "it is pure" },
    ];

    #[test]
    fn a_drawn_arrow_passes() {
        let members =
            [member("domain", vec![]), member("kernel", vec![uses("domain", Kind::Normal)])];
        assert_eq!(check(&members, TWO, &[]), []);
    }

    #[test]
    fn an_arrow_not_drawn_is_found_with_its_line_and_reason() {
        let members =
            [member("domain", vec![uses("kernel", Kind::Normal)]), member("kernel", vec![])];
        let findings = check(&members, TWO, &[]);
        assert_eq!(findings.len(), 1);
        let message = findings[0].to_string();
        assert!(
            message.starts_with(
                "crates/domain/Cargo.toml:2: `domain` may not use `kernel`: it stands alone"
            ),
            "{message}"
        );
    }

    #[test]
    fn a_test_or_build_arrow_not_drawn_is_found_too() {
        for kind in [Kind::Dev, Kind::Build] {
            let members = [member("domain", vec![uses("kernel", kind)]), member("kernel", vec![])];
            assert_eq!(check(&members, TWO, &[]).len(), 1, "{kind:?}");
        }
    }

    #[test]
    fn a_test_arrow_drawn_for_tests_passes_in_tests_alone() {
        let dev_drawn = [("domain", "kernel")];
        for (kind, found) in [(Kind::Dev, 0), (Kind::Normal, 1), (Kind::Build, 1)] {
            let members = [member("domain", vec![uses("kernel", kind)]), member("kernel", vec![])];
            assert_eq!(check(&members, TWO, &dev_drawn).len(), found, "{kind:?}");
        }
    }

    #[test]
    fn a_crate_without_a_line_is_found() {
        let members =
            [member("domain", vec![]), member("kernel", vec![]), member("novelty", vec![])];
        let findings = check(&members, TWO, &[]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("`novelty` is not in the table"), "{}", findings[0]);
    }

    #[test]
    fn a_line_without_a_crate_is_found() {
        let findings = check(&[member("domain", vec![])], TWO, &[]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("no crate is called `kernel`"), "{}", findings[0]);
    }

    #[test]
    fn a_folder_named_otherwise_than_its_crate_is_found() {
        let mut odd = member("kernel", vec![]);
        odd.manifest = "crates/core/Cargo.toml".into();
        let findings = check(&[member("domain", vec![]), odd], TWO, &[]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("folder"), "{}", findings[0]);
    }

    #[test]
    fn arrows_never_run_in_a_circle() {
        for (index, line) in DRAWN.iter().enumerate() {
            assert!(!line.may_use.contains(&line.name), "{} uses itself", line.name);
            for used in line.may_use {
                let used_at =
                    DRAWN.iter().position(|other| other.name == *used).expect("a drawn crate");
                let uses_back = DRAWN[used_at].may_use.contains(&line.name);
                assert!(!uses_back, "{} and {used} use each other (line {index})", line.name);
            }
        }
    }
}
