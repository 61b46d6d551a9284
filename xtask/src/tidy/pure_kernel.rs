//! The kernel decides from its arguments alone: no clock, thread, randomness, float, I/O or hash order.
//!
//! `crates/kernel/clippy.toml` bans the same by path. This rule also sees what clippy does not: a name brought in
//! through an alias or a macro, and the literal of a float whose type is never written.

use crate::finding::Finding;
use crate::rust_source::{Word, code_only, words};
use crate::tidy::rust_files;
use crate::workspace::TrackedFile;

const SOURCES: &str = "crates/kernel/src/";

/// A hashed collection may stand in a file that says this, because it never iterates.
const LOOKUP_ONLY: &str = "lookup only";

const TIME: &str = "time is an argument of `decide`";
const ORDER: &str =
    "iteration order varies; use the BTree one, or wrap it in a file marked `lookup only`";
const EXACT: &str = "money is exact; use the domain's decimals";
const ONE_THREAD: &str = "the kernel runs on its caller's thread and keeps no state outside itself";
const CHANCE: &str = "a replay must give the same events; take a seed as an input";
const NOTHING_FAILS: &str = "the kernel touches nothing that can fail; make it an effect";

/// Names that may not be words of the kernel's code.
const BANNED_WORDS: &[(&str, &str)] = &[
    ("SystemTime", TIME),
    ("Instant", TIME),
    ("HashMap", ORDER),
    ("HashSet", ORDER),
    ("f32", EXACT),
    ("f64", EXACT),
    ("thread", ONE_THREAD),
    ("thread_local", ONE_THREAD),
    ("rand", CHANCE),
];

/// Modules of `std` that may not be reached, in a path or in braces.
const BANNED_MODULES: &[(&str, &str)] = &[("fs", NOTHING_FAILS), ("net", NOTHING_FAILS)];

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    rust_files(files).filter(|(path, _)| path.starts_with(SOURCES)).flat_map(check_source).collect()
}

fn check_source((path, source): (&str, &str)) -> Vec<Finding> {
    let code = code_only(source);
    let words = words(&code);
    let may_hash = source.contains(LOOKUP_ONLY);
    let mut findings = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let banned = BANNED_WORDS.iter().find(|(banned, _)| *banned == word.text);
        let banned = banned.filter(|(_, reason)| !(may_hash && *reason == ORDER));
        if let Some((text, reason)) = banned {
            findings.push(Finding::new(path, word.line, format!("`{text}`: {reason}")));
        } else if is_float(&code, *word) {
            findings.push(Finding::new(path, word.line, format!("a float literal: {EXACT}")));
        } else if word.text == "std" {
            findings.extend(check_path(path, &code, &words[index..]));
        }
    }
    findings
}

/// `1.5`, `1e9`, `1f64`; not `0..5`, `0xe5`, `5usize`, nor the second field of `pair.0.1`.
fn is_float(code: &str, word: Word<'_>) -> bool {
    let digits = word.text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    if !word.text.starts_with(|c: char| c.is_ascii_digit()) || code[..word.start].ends_with('.') {
        return false;
    }
    let after = &code[word.end()..];
    let has_fraction =
        after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let has_exponent = digits
        .strip_prefix(['e', 'E'])
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    has_fraction || has_exponent || ["f32", "f64"].contains(&digits)
}

/// Looks at what follows a word `std`: `std::fs`, or any of `std::{…}`.
fn check_path(path: &str, code: &str, words: &[Word<'_>]) -> Vec<Finding> {
    let after: String =
        code[words[0].end()..].chars().filter(|c| !c.is_whitespace()).take(3).collect();
    if !after.starts_with("::") {
        return Vec::new();
    }
    let end = if after == "::{" {
        closing_brace(code, words[0].end())
    } else {
        words.get(1).map_or(0, Word::end)
    };
    let reached = words[1..].iter().take_while(|word| word.end() <= end);
    reached
        .filter_map(|word| {
            let (module, reason) =
                BANNED_MODULES.iter().find(|(module, _)| *module == word.text)?;
            Some(Finding::new(path, word.line, format!("`std::{module}`: {reason}")))
        })
        .collect()
}

/// The offset behind the brace that closes the first one at or after an offset.
fn closing_brace(code: &str, from: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return from + at + 1;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    fn in_kernel(source: &str) -> Vec<String> {
        found(check, &[("crates/kernel/src/gates/risk.rs", source)])
    }

    #[test]
    fn every_banned_word_is_found_with_its_line() {
        for (word, reason) in BANNED_WORDS {
            let found = in_kernel(&format!("fn a() {{}}\nfn b(x: {word}) {{}}\n"));
            assert_eq!(found, [format!("crates/kernel/src/gates/risk.rs:2: `{word}`: {reason}")]);
        }
    }

    #[test]
    fn files_and_sockets_are_found_in_paths_and_in_braces() {
        for source in [
            "use std::fs;",
            "std::net::TcpStream::connect(a)",
            "use std::{\n    collections::BTreeMap,\n    fs,\n};",
            "use std::{net::{IpAddr, TcpStream}, fmt};",
            "use std :: fs :: File;",
        ] {
            assert_eq!(in_kernel(source).len(), 1, "{source}");
        }
    }

    #[test]
    fn a_module_of_ours_with_such_a_name_passes() {
        for source in
            ["use std::fmt; use crate::net;", "use std::{fmt, ops}; mod fs {}", "let std = net;"]
        {
            assert!(in_kernel(source).is_empty(), "{source}");
        }
    }

    #[test]
    fn float_literals_are_found_in_every_spelling() {
        for source in [
            "let a = 1.5;",
            "let a = 1e9;",
            "let a = 1_000.0;",
            "let a = 2f64;",
            "let a = 2E-1 + 2E1;",
        ] {
            assert_eq!(in_kernel(source).len(), 1, "{source}");
        }
    }

    #[test]
    fn integers_ranges_and_fields_are_not_floats() {
        for source in ["0..5", "pair.0.1", "5usize", "0xe5", "0x1f32", "1_000_u64", "1.max(2)"] {
            assert!(in_kernel(source).is_empty(), "{source}: {:?}", in_kernel(source));
        }
    }

    #[test]
    fn a_file_marked_lookup_only_may_hash_and_nothing_else() {
        let marked = "//! Known ids; lookup only.\nuse std::collections::{HashMap, HashSet};\n";
        assert!(in_kernel(marked).is_empty());
        assert_eq!(in_kernel(&format!("{marked}use std::time::Instant;")).len(), 1);
        assert_eq!(in_kernel(&marked.replace("; lookup only", "")).len(), 2);
    }

    #[test]
    fn comments_strings_and_other_crates_pass() {
        assert!(in_kernel("/// No thread, no f64.\nfn a() { b(\"rand 1.5\") }").is_empty());
        assert!(found(check, &[("crates/engine/src/lib.rs", "use std::fs;")]).is_empty());
        assert!(found(check, &[("crates/kernel/tests/a.rs", "use std::fs;")]).is_empty());
    }
}
