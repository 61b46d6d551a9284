//! The only place that knows how scripts are played.
#![allow(dead_code, reason = "each test file uses what it needs")]

use expect_test::Expect;
use fillwright_sim::scenario::play;
use std::fmt::Write as _;

/// Plays a script and compares what happened with what is expected.
pub fn check(script: &str, expected: &Expect) {
    expected.assert_eq(&play(script));
}

/// Plays a script once for every value, put in place of `{}`, and compares the last moments of each.
pub fn check_each(script: &str, values: &[&str], expected: &Expect) {
    let mut told = String::new();
    for value in values {
        let script = script.replace("{}", value);
        let last = script
            .trim_end()
            .lines()
            .last()
            .and_then(|line| line.split_whitespace().next())
            .unwrap_or_default();
        let story = play(&script);
        let lines = story.lines().filter(|line| line.split(' ').next() == Some(last));
        let _ = writeln!(told, "{value}:");
        for line in lines {
            let _ = writeln!(told, "  {line}");
        }
    }
    expected.assert_eq(&told);
}
