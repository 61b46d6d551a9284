//! Both directions of the interface document's JSON, held against its own Python.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fillwright_domain::Ask;
use fillwright_intake::{Intents, emit};

const INTENTS: &str = "500";

/// Runs the document's class over our lines. `None`, with the reason printed, where there is no Python to run it.
#[allow(clippy::print_stdout, reason = "a test that is skipped says so")]
fn python(mode: &str, input: &[u8]) -> Option<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/execution_intent.py");
    let child = Command::new("python3")
        .arg(script)
        .args([mode, INTENTS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            println!("skipped: python3 cannot be run ({error})");
            return None;
        }
    };
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input).expect("python reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output)
}

#[test]
fn what_to_dict_yields_we_accept_and_what_we_emit_from_dict_accepts() {
    let Some(written) = python("write", b"") else { return };
    let mut emitted = Vec::new();
    for item in Intents::new("intents.ndjson", &written.stdout[..]) {
        let intent = item.expect("what to_dict yields is accepted unchanged");
        assert!(!intent.input_truncated);
        let Ask::Execution(execution) = intent.ask else {
            panic!("a line became {:?}", intent.ask)
        };
        emitted
            .extend(emit::execution_json(&execution).expect("it has a form in JSON").into_bytes());
        emitted.push(b'\n');
    }
    assert_eq!(emitted.split_inclusive(|byte| *byte == b'\n').count().to_string(), INTENTS);
    python("round_trip", &emitted);
}
