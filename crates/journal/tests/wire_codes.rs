//! Numbers on the wire never get another meaning: every `#[n(…)]` of what the journal stores is held against the registry
//! of released numbers. A number may be given up and never taken again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 3] = ["domain", "policy", "kernel"];

/// A number within its type or variant, and what it means.
type Codes = BTreeMap<(String, u64), String>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn registry() -> PathBuf {
    root().join("docs/wire-codes.txt")
}

/// Every number the sources state, by crate, type and, for fields of a variant, variant.
fn stated() -> Codes {
    let mut codes = Codes::new();
    for name in CRATES {
        for file in rust_files(&root().join("crates").join(name).join("src")) {
            let text = fs::read_to_string(&file).expect("a source file");
            read(name, &text, &mut codes);
        }
    }
    codes
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Reads numbered items line by line: `rustfmt` puts each on a line of its own, and says by its indent whose it is.
fn read(of: &str, text: &str, codes: &mut Codes) {
    let (mut owner, mut variant, mut number) = (String::new(), String::new(), None);
    let mut in_attribute = false;
    for line in text.lines() {
        let item = line.trim_start();
        let indent = line.len() - item.len();
        for keyword in ["pub enum ", "pub struct ", "enum ", "struct "] {
            if let (0, Some(rest)) = (indent, item.strip_prefix(keyword)) {
                (owner, number) = (name_of(rest).to_owned(), None);
            }
        }
        if in_attribute || item.starts_with("#[") {
            number = number_of(item).or(number);
            in_attribute = !item.ends_with(']');
            continue;
        }
        if item.starts_with("//") {
            continue;
        }
        let name = name_of(item.trim_start_matches("pub(crate) ").trim_start_matches("pub "));
        let Some(number) = number.take().filter(|_| !name.is_empty()) else {
            if indent == 4 && !name.is_empty() {
                name.clone_into(&mut variant);
            }
            continue;
        };
        let place = match indent {
            4 => format!("{of} {owner}"),
            _ => format!("{of} {owner}::{variant}"),
        };
        if indent == 4 {
            name.clone_into(&mut variant);
        }
        let earlier = codes.insert((place.clone(), number), name.to_owned());
        assert!(earlier.is_none(), "{place}: {number} is both {earlier:?} and {name}");
    }
}

/// The number of `#[n(7)]` and `#[cbor(n(7), …)]`.
fn number_of(attribute: &str) -> Option<u64> {
    let inner = attribute.strip_prefix("#[n(").or_else(|| attribute.strip_prefix("#[cbor(n("))?;
    inner.split(')').next()?.parse().ok()
}

fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn told(codes: &Codes) -> String {
    codes.iter().fold(String::new(), |mut text, ((place, number), name)| {
        writeln!(text, "{place} {number} {name}").expect("memory takes it");
        text
    })
}

fn registered() -> Codes {
    let text = fs::read_to_string(registry()).expect("docs/wire-codes.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let codes = lines.map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let [of, owner, number, name] = words[..] else { panic!("a line of another form: {line}") };
        ((format!("{of} {owner}"), number.parse().expect("a number")), name.to_owned())
    });
    codes.collect()
}

/// With `REGISTER_WIRE_CODES=1`, which a release sets, numbers that are new enter the registry; none ever leaves it.
#[test]
fn no_number_that_was_released_means_something_else_today() {
    let (stated, mut registered) = (stated(), registered());
    assert!(stated.len() > 250, "only {} numbers were found in the sources", stated.len());
    for (code, name) in &registered {
        if let Some(today) = stated.get(code) {
            assert_eq!(today, name, "{} {} was released as {name}", code.0, code.1);
        }
    }
    if std::env::var_os("REGISTER_WIRE_CODES").is_some() {
        registered.extend(stated);
        let head = "# Numbers on the wire that were released: crate, type, number, name. Lines are added, never changed.\n";
        fs::write(registry(), format!("{head}{}", told(&registered))).expect("a writable registry");
    }
}

#[test]
fn a_number_that_is_taken_again_is_found() {
    let mut codes = Codes::new();
    let source = "pub enum Flag {\n    /// Once.\n    #[n(3)]\n    #[error(\n        \"said\"\n    )]\n    PowerPeg,\n}\n";
    read("kernel", source, &mut codes);
    assert_eq!(told(&codes), "kernel Flag 3 PowerPeg\n");
    let reused = source.replace("PowerPeg", "RetailLiquidity");
    let taken = std::panic::catch_unwind(move || read("kernel", &reused, &mut codes));
    assert!(taken.is_err(), "one number with two meanings was not found");
}
