//! The schemas of the documents: as checked in, and as the example's documents keep to them.

use crate::json_schema::errors;
use crate::stage::{Stage, example};
use expect_test::expect_file;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every document that has a schema: its name and its file.
fn listed(stage: &Stage) -> Vec<(String, String)> {
    let listed = stage.json(&["policy", "schema"]);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let lines = listed["documents"].as_array().expect("documents").iter();
    lines.map(|line| (text(&line["name"]), text(&line["file"]))).collect()
}

fn checked_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas")
}

fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// The example's files of a document; there may be several calendars.
fn examples(file: &str) -> Vec<PathBuf> {
    let path = example().join(file);
    if !file.contains("NAME") {
        return vec![path];
    }
    let folder = fs::read_dir(path.parent().expect("a folder")).expect("a folder");
    folder.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn the_schemas_checked_in_are_those_the_types_give() {
    let stage = Stage::empty();
    let mut known = BTreeSet::new();
    for (name, _) in listed(&stage) {
        let text = stage.run(&["policy", "schema", &name]).ok().out;
        let path = checked_in().join(format!("{name}.schema.json"));
        expect_file![&path].assert_eq(&text);
        known.insert(path.file_name().expect("a name").to_owned());
    }
    let there = fs::read_dir(checked_in()).expect("a folder");
    let there: BTreeSet<_> = there.map(|entry| entry.expect("a file").file_name()).collect();
    assert_eq!(there, known, "no schema without a document");
}

#[test]
fn every_document_of_the_example_keeps_to_its_schema() {
    let stage = Stage::empty();
    let mut seen = BTreeSet::new();
    for (name, file) in listed(&stage) {
        let schema = stage.json(&["policy", "schema", &name]);
        for path in examples(&file) {
            assert_eq!(errors(&schema, &read(&path)), Vec::<String>::new(), "{path:?}");
            seen.insert(path);
        }
    }
    let all = files(&example().join("config"));
    let json = all.iter().filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    assert_eq!(json.cloned().collect::<BTreeSet<_>>(), seen, "every document has a schema");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let below = entries.map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    below.flatten().collect()
}

/// Whether the schema and the reader both refuse a document of the example once it is changed.
fn refused(name: &str, file: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let stage = Stage::idle();
    let mut document = read(&example().join(file));
    change(&mut document);
    stage.write(file, document.to_string());
    assert_eq!(stage.run(&["policy", "check"]).code, 3, "the reader refuses it too");
    errors(&stage.json(&["policy", "schema", name]), &document)
}

#[test]
fn an_unknown_field_is_refused_by_the_schema_as_by_the_reader() {
    let error = refused("risk_envelope", "config/policies/risk_envelope.json", |envelope| {
        envelope["firm"]["max_leverag"] = json!("1");
    });
    assert_eq!(error, ["/firm/max_leverag: must not be there"]);
}

#[test]
fn a_number_that_is_not_quoted_is_refused_by_the_schema_as_by_the_reader() {
    let error = refused("books", "config/books.json", |books| {
        books["books"]["uptrend-spot"]["equity"] = json!(250_000);
    });
    assert_eq!(error, ["/books/uptrend-spot/equity: must be \"string\""]);
}

#[test]
fn a_word_outside_its_set_is_refused_by_the_schema_as_by_the_reader() {
    let error = refused("people", "config/people.json", |people| {
        people["people"]["ops-1"]["roles"] = json!(["boss"]);
    });
    assert_eq!(error, ["/people/ops-1/roles/0: must fit one of a list"]);
}

#[test]
fn a_field_that_must_be_there_is_missed_by_the_schema_as_by_the_reader() {
    let error = refused("venues", "config/venues.json", |venues| {
        venues["venues"]["BINANCE"] = json!({"enabled": true});
    });
    assert_eq!(error, ["/venues/BINANCE: calendar is missing"]);
}

#[test]
fn a_document_that_has_no_schema_is_told_from_those_that_have() {
    let ran = Stage::empty().run(&["policy", "schema", "envelope"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("there are fillwright, venues,"), "{}", ran.err);
}
