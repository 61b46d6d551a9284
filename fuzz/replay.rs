//! Replays a target's corpus, and seeded mutations of it, on the stable toolchain.
//!
//! A crate's tests take this file in with `#[path = "../../../fuzz/replay.rs"] mod replay;`. It uses the standard
//! library alone.

use std::path::{Path, PathBuf};

/// Mutations a run makes unless `FUZZ_MUTATIONS` says otherwise.
const MUTATIONS: u64 = 2_000;
/// A corpus smaller than this has lost files, or was never made.
const CORPUS_FILES_MIN: usize = 10;

/// Pieces that mutations insert: what parsers trip over.
const PIECES: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b"\"",
    b"\\",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-0.0",
    b"1e-400",
    b"99999999999999999999999999999999999999999",
    b"0.0000000000000000001",
    b"null",
    b"true",
    b"\0",
    b"\x1b",
    b"\x7f",
    b"\xc3",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b" ",
    b"[[[[[[[[[[[[[[[[[[",
    b"\"\"",
];

/// Runs the target over its corpus and over mutations of it.
///
/// # Panics
///
/// Where the target panics: the message names the input, the seed and the command that replays it. Also where the
/// corpus is missing.
#[allow(clippy::print_stdout, reason = "a test says how much it ran")]
pub fn replay(target: &str, run: fn(&[u8])) {
    let corpus = corpus(target);
    let seed = from_env("FUZZ_SEED").unwrap_or(1);
    let only = from_env("FUZZ_ONLY");
    let mutations = from_env("FUZZ_MUTATIONS").unwrap_or(MUTATIONS);
    let mut executions = 0;
    for (name, bytes) in &corpus {
        let place = || (format!("the committed input {}", name.display()), String::new());
        executions += execute(target, run, bytes, place);
    }
    let numbers = only.map_or(0..mutations, |number| number..number + 1);
    for number in numbers.clone() {
        let place = || {
            (
                format!("mutation {number}, seed {seed}"),
                format!("FUZZ_SEED={seed} FUZZ_ONLY={number} "),
            )
        };
        executions += execute(target, run, &mutation(&corpus, seed, number), place);
    }
    let promised = corpus.len() as u64 + (numbers.end - numbers.start);
    assert!(executions >= promised, "{target}: {executions} executions instead of {promised}");
    println!("{target}: {executions} executions, seed {seed}");
}

/// The committed inputs, in the order of their names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.expect("a file of the corpus").path()).collect();
    paths.sort();
    assert!(
        paths.len() >= CORPUS_FILES_MIN,
        "{} has {} inputs only",
        folder.display(),
        paths.len()
    );
    let read = |path: PathBuf| {
        let bytes =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

fn from_env(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}; write a whole number")))
}

/// Runs the target once. A panic is told with all that is needed to see it again: `place` names the input, and the
/// variables that bring it back.
fn execute(
    target: &str,
    run: fn(&[u8]),
    bytes: &[u8],
    place: impl Fn() -> (String, String),
) -> u64 {
    if std::panic::catch_unwind(|| run(bytes)).is_ok() {
        return 1;
    }
    let (input, variables) = place();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    let written = std::fs::write(&kept, bytes);
    let kept =
        written.map_or_else(|error| format!("not kept: {error}"), |()| kept.display().to_string());
    let (package, test) = (env!("CARGO_PKG_NAME"), env!("CARGO_CRATE_NAME"));
    panic!(
        "{target} broke a promise on {input}; the message above says which. The bytes: {kept}\n\
         replay: {variables}cargo test -p {package} --test {test}"
    );
}

/// The `number`-th mutation: the same for the same corpus and seed.
fn mutation(corpus: &[(PathBuf, Vec<u8>)], seed: u64, number: u64) -> Vec<u8> {
    let mut chance = Chance(
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03),
    );
    let mut bytes = corpus[chance.below(corpus.len())].1.clone();
    for _ in 0..=chance.below(4) {
        let other = &corpus[chance.below(corpus.len())].1;
        mutate(&mut bytes, other, &mut chance);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let end = at + chance.below((bytes.len() - at).min(32) + 1);
    match chance.below(7) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => drop(bytes.splice(at..at, PIECES[chance.below(PIECES.len())].iter().copied())),
        3 => drop(bytes.splice(at..end, PIECES[chance.below(PIECES.len())].iter().copied())),
        4 => bytes.extend_from_within(at..end),
        5 => {
            let from = chance.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
    }
}

/// Numbers by `SplitMix64` (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("below a usize")
    }
}
