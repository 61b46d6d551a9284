//! Only the journal may say that something is durable, because a step gives up its effects on that word.

use crate::finding::Finding;
use crate::rust_source::{code_only, words};
use crate::tidy::rust_files;
use crate::workspace::TrackedFile;

const JOURNAL: &str = "crates/journal/";

/// Tests and benches that stand in for the journal, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

pub(super) fn check(files: &[TrackedFile]) -> Vec<Finding> {
    check_except(files, EXCEPTIONS)
}

fn check_except(files: &[TrackedFile], exceptions: &[(&str, &str)]) -> Vec<Finding> {
    let is_exception = |path: &str| exceptions.iter().any(|(exception, _)| *exception == path);
    let outside =
        rust_files(files).filter(|(path, _)| !path.starts_with(JOURNAL) && !is_exception(path));
    let mut findings: Vec<Finding> = outside
        .flat_map(|(path, source)| implementations(source).into_iter().map(move |line| (path, line)))
        .map(|(path, line)| {
            let message = "`Durable` is implemented by the journal alone: use its receipt, or list a test or bench \
                           with its reason in xtask/src/tidy/durable.rs";
            Finding::new(path, line, message)
        })
        .collect();
    let is_needed = |path: &str| {
        rust_files(files).any(|(file, source)| file == path && !implementations(source).is_empty())
    };
    findings.extend(exceptions.iter().filter(|(path, _)| !is_needed(path)).map(|(path, _)| {
        Finding::new(
            "xtask/src/tidy/durable.rs",
            1,
            format!("`{path}` needs no exception any more: take it out"),
        )
    }));
    findings
}

/// The lines of `impl … Durable for …`, with or without a path or generics.
fn implementations(source: &str) -> Vec<usize> {
    let code = code_only(source);
    let words = words(&code);
    let is_implementation = |index: usize| {
        let (word, next) = (&words[index], words.get(index + 1..).unwrap_or_default());
        let header = code[..word.start].rsplit([';', '{', '}']).next().unwrap_or_default();
        word.text == "Durable"
            && header.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "impl")
            && next
                .iter()
                .find(|following| following.text == "for")
                .is_some_and(|following| only_generics(&code[word.end()..following.start]))
    };
    (0..words.len())
        .filter(|index| is_implementation(*index))
        .map(|index| words[index].line)
        .collect()
}

/// Nothing, or `<…>`, stands between the trait and `for`.
fn only_generics(between: &str) -> bool {
    let between = between.trim();
    between.is_empty() || (between.starts_with('<') && between.ends_with('>'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::found;

    fn tracked(path: &str, source: &str) -> TrackedFile {
        TrackedFile { path: path.into(), text: Some(source.into()) }
    }

    #[test]
    fn an_implementation_outside_the_journal_is_found_in_every_spelling() {
        for source in [
            "\nimpl Durable for A {}",
            "\nimpl fillwright_kernel::Durable for A {}",
            "\nimpl<T> Durable for A<T> {}",
            "\nimpl Durable<u8> for A {}",
            "\nimpl Durable\n    for A {}",
            "\n#[cfg(test)] mod tests { unsafe impl Durable for A {} }",
        ] {
            let found = found(check, &[("crates/engine/src/sequencer.rs", source)]);
            assert_eq!(found.len(), 1, "{source}");
            assert!(found[0].starts_with("crates/engine/src/sequencer.rs:2: "), "{}", found[0]);
        }
    }

    #[test]
    fn the_journal_and_uses_of_the_trait_pass() {
        assert!(
            found(check, &[("crates/journal/src/writer.rs", "impl Durable for Receipt {}")])
                .is_empty()
        );
        for source in [
            "fn release(self, proof: &impl Durable) { for a in b {} }",
            "impl<D: Durable> Iterator for A<D> {}",
            "// impl Durable for A",
            "pub trait Durable { fn seq(&self) -> u64; }\nimpl Step { fn a(d: Durable) {} }",
        ] {
            assert!(found(check, &[("crates/kernel/src/step.rs", source)]).is_empty(), "{source}");
        }
    }

    #[test]
    fn a_listed_exception_passes_while_it_is_needed() {
        let bench = tracked("crates/bench/src/kernel.rs", "impl Durable for Pretend {}");
        let exceptions = [("crates/bench/src/kernel.rs", "measures the kernel without a disk")];
        assert_eq!(check_except(&[bench], &exceptions), []);
        let without = tracked("crates/bench/src/kernel.rs", "");
        assert_eq!(check_except(&[without], &exceptions).len(), 1);
    }

    #[test]
    fn exceptions_are_tests_and_benches_with_a_reason() {
        for (path, reason) in EXCEPTIONS {
            assert!(
                path.contains("/tests/")
                    || path.contains("/tests.rs")
                    || path.starts_with("crates/bench/"),
                "{path}"
            );
            assert!(!reason.is_empty(), "{path}");
        }
    }
}
