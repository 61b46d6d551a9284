//! Texts that no file may hold. They are written in two halves here, so that this file passes too.

use crate::finding::Finding;
use crate::tidy::texts;
use crate::workspace::TrackedFile;

struct Banned {
    text: &'static str,
    place: Place,
    instead: &'static str,
}

/// Where a text counts.
#[derive(Clone, Copy)]
enum Place {
    Anywhere,
    /// Not in the middle of a word.
    WordStart,
    /// Not as a later part of a path.
    PathStart,
}

const FINISH: &str = "finish it, or open an issue and take the marker out";
const RELATIVE: &str =
    "a path of one machine; take it from an argument, the environment or the manifest's folder";
const HOST: &str = "a registry's host; cargo, npm and pip know theirs, and tests need no network";

const BANNED: &[Banned] = &[
    Banned { text: concat!("TO", "DO"), place: Place::WordStart, instead: FINISH },
    Banned { text: concat!("FIX", "ME"), place: Place::WordStart, instead: FINISH },
    Banned { text: concat!("todo", "!("), place: Place::WordStart, instead: FINISH },
    Banned { text: concat!("unimplemented", "!("), place: Place::WordStart, instead: FINISH },
    Banned { text: concat!("/ro", "ot/"), place: Place::PathStart, instead: RELATIVE },
    Banned { text: concat!("/wo", "rk/"), place: Place::PathStart, instead: RELATIVE },
    Banned { text: concat!("/tmp/", "research"), place: Place::PathStart, instead: RELATIVE },
    Banned { text: concat!("static.", "crates.io"), place: Place::Anywhere, instead: HOST },
    Banned { text: concat!("index.", "crates.io"), place: Place::Anywhere, instead: HOST },
    Banned { text: concat!("registry.", "npmjs.org"), place: Place::Anywhere, instead: HOST },
    Banned { text: concat!("py", "pi.org"), place: Place::Anywhere, instead: HOST },
    Banned { text: concat!("deb.", "debian.org"), place: Place::Anywhere, instead: HOST },
];

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    texts(files).flat_map(|(path, text)| check_text(path, text)).collect()
}

fn check_text(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for banned in BANNED.iter().filter(|banned| banned.is_in(line)) {
            let message = format!("`{}`: {}", banned.text, banned.instead);
            findings.push(Finding::new(path, index + 1, message));
        }
    }
    findings
}

impl Banned {
    fn is_in(&self, line: &str) -> bool {
        line.match_indices(self.text)
            .any(|(at, _)| self.place.counts_after(line[..at].chars().next_back()))
    }
}

impl Place {
    fn counts_after(self, before: Option<char>) -> bool {
        let Some(before) = before else { return true };
        let in_word = before.is_alphanumeric() || before == '_';
        match self {
            Self::Anywhere => true,
            Self::WordStart => !in_word,
            Self::PathStart => !in_word && !['-', '.', '}', '~'].contains(&before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    #[test]
    fn every_banned_text_is_found_with_its_line() {
        for banned in BANNED {
            let text = format!("first\na `{}x` b\n", banned.text);
            let found = found(check, &[("docs/a.md", &text)]);
            assert_eq!(found.len(), 1, "{}", banned.text);
            assert!(found[0].starts_with("docs/a.md:2: "), "{}", found[0]);
        }
    }

    #[test]
    fn a_path_of_one_machine_is_found_behind_any_opening() {
        for before in ["", "\"", "(", "file://", "=", "cd "] {
            let text = format!("{before}{}main", concat!("/wo", "rk/"));
            assert_eq!(found(check, &[("a.sh", &text)]).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_longer_word_or_a_relative_path_passes() {
        let text = [
            concat!("AUT", "ODOC"),
            concat!("../wo", "rk/"),
            concat!("$HOME/wo", "rk/"),
            "crates.io",
        ]
        .join(" ");
        assert!(found(check, &[("a.md", &text)]).is_empty(), "{text}");
    }
}
