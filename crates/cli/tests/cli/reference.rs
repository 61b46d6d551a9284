//! Every command's help, as it is.

use crate::stage::{fillwright, ran};
use expect_test::expect_file;
use std::fmt::Write;
use std::process::Stdio;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["demo"],
    &["run"],
    &["explain"],
    &["whatif"],
    &["status"],
    &["verify"],
    &["drill"],
    &["journal"],
    &["journal", "cat"],
    &["journal", "stat"],
    &["policy"],
    &["policy", "check"],
    &["policy", "show"],
    &["policy", "adopt"],
    &["policy", "approve"],
    &["policy", "withdraw"],
    &["policy", "rollback"],
    &["policy", "history"],
    &["policy", "diff"],
    &["policy", "simulate"],
    &["policy", "schema"],
    &["incident"],
    &["incident", "list"],
    &["incident", "show"],
    &["incident", "raise"],
    &["incident", "ack"],
    &["incident", "annotate"],
    &["incident", "link"],
    &["incident", "close"],
    &["changes"],
    &["evidence"],
    &["assess"],
    &["surveil"],
    &["kill"],
    &["release"],
    &["cooldown"],
    &["cooldown", "start"],
    &["cooldown", "end"],
    &["mode"],
    &["mode", "enter"],
    &["mode", "leave"],
    &["halt"],
    &["halt", "start"],
    &["halt", "end"],
    &["safe-mode"],
    &["safe-mode", "preview"],
    &["safe-mode", "apply"],
    &["safe-mode", "leave"],
    &["people"],
    &["market"],
    &["market", "stats"],
    &["market", "convert"],
    &["market", "cat"],
    &["market", "calendar"],
    &["reconcile"],
    &["strategy"],
    &["strategy", "list"],
    &["strategy", "enable"],
    &["venue"],
    &["venue", "list"],
    &["venue", "health"],
    &["session"],
    &["session", "list"],
    &["session", "schedule"],
    &["session", "start"],
    &["session", "suspend"],
    &["session", "complete"],
    &["session", "roll-back"],
    &["requests"],
    &["approve"],
    &["reject"],
    &["promote"],
    &["demote"],
    &["model"],
    &["regime"],
    &["override"],
];

#[test]
fn the_help_of_every_command_is_as_it_was_reviewed() {
    let mut text = String::new();
    for &command in COMMANDS {
        let arguments = [command, &["--help"][..]].concat();
        let help = ran(fillwright(&arguments).stdin(Stdio::null())).ok();
        let title = [&["fillwright"][..], command].concat().join(" ");
        writeln!(text, "===== {title} =====\n\n{}", help.out).expect("memory takes it");
    }
    expect_file!["told/help.txt"].assert_eq(&text);
}

#[test]
fn every_command_has_examples_and_exit_codes() {
    const GROUPS: &[&[&str]] = &[
        &[],
        &["journal"],
        &["policy"],
        &["incident"],
        &["cooldown"],
        &["mode"],
        &["halt"],
        &["safe-mode"],
        &["market"],
        &["strategy"],
        &["venue"],
        &["session"],
    ];
    for &command in COMMANDS.iter().filter(|command| !GROUPS.contains(command)) {
        let arguments = [command, &["--help"][..]].concat();
        let help = ran(fillwright(&arguments).stdin(Stdio::null())).ok().out;
        assert!(help.contains("\nExamples:\n"), "{command:?} has examples");
        assert!(help.contains("\nExit codes: "), "{command:?} says its exit codes");
    }
}
