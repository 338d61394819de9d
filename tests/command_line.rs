//! The program as it is typed: which stream, which exit code.

use std::process::{Command, Output};

#[expect(clippy::panic, reason = "a program that does not start ends its test")]
fn duban(line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(line.split_whitespace())
        .env_clear()
        .output()
        .unwrap_or_else(|error| panic!("`duban {line}` does not start: {error}"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_version_is_data() {
    let output = duban("--version");
    assert_eq!(stdout(&output), format!("duban {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn help_is_data_and_names_every_command() {
    let help = stdout(&duban("--help"));
    for command in [
        "run",
        "check",
        "plan",
        "why",
        "status",
        "simulate",
        "task",
        "review",
        "outbox",
        "send-test",
        "journal",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is missing:\n{help}"
        );
    }
}

#[test]
fn a_line_without_a_command_is_not_understood() {
    let output = duban("");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
}

#[test]
fn a_mistyped_command_is_not_understood_and_the_right_one_named() {
    let output = duban("plna");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    assert!(stderr(&output).contains("'plan'"), "{}", stderr(&output));
}

#[test]
fn a_command_of_a_later_version_says_so() {
    let output = duban("export -o ledger.xlsx");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "error: `duban export` is not in this version\n");
}

#[test]
fn a_log_level_that_is_none_is_not_understood() {
    let output = duban("--log loud status");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("error: `loud` is no log filter"),
        "{}",
        stderr(&output)
    );
}
