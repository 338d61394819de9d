//! What may be typed, and what may not.

use std::path::Path;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Cli {
    Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("`{line}`: {error}"))
}

fn refuse(line: &str) -> ErrorKind {
    match Cli::try_parse_from(line.split(' ')) {
        Ok(cli) => panic!("`{line}` was taken as {cli:?}"),
        Err(error) => error.kind(),
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn config_stands_before_the_command() {
    let cli = parse("duban --config a.toml status");
    assert_eq!(cli.config.as_deref(), Some(Path::new("a.toml")));
}

#[test]
fn config_stands_after_the_command() {
    let cli = parse("duban task ack 7 -c a.toml");
    assert_eq!(cli.config.as_deref(), Some(Path::new("a.toml")));
}

#[test]
fn run_catches_up_unless_told_otherwise() {
    let Command::Run(run) = parse("duban run").command else {
        panic!("run")
    };
    assert_eq!((run.first_load, run.accept_removals), (FirstLoad::CatchUp, false));
}

#[test]
fn a_first_load_may_be_quiet() {
    let Command::Run(run) = parse("duban run --first-load quiet").command else {
        panic!("run")
    };
    assert_eq!(run.first_load, FirstLoad::Quiet);
}

#[test]
fn a_plan_reaches_thirty_days_unless_told_otherwise() {
    let Command::Plan(plan) = parse("duban plan").command else {
        panic!("plan")
    };
    assert_eq!(
        (plan.until.as_str(), plan.format, plan.from),
        ("30d", Format::Table, None)
    );
}

#[test]
fn the_plan_of_the_contract_is_understood() {
    let line = "duban plan -c config/langfang/duban.toml --now 2021-11-14T08:00:00+08:00 --until 2022-01-31 --ignore-store --format json";
    let Command::Plan(plan) = parse(line).command else {
        panic!("plan")
    };
    assert!(plan.ignore_store && plan.format == Format::Json);
    assert_eq!(plan.now.as_deref(), Some("2021-11-14T08:00:00+08:00"));
}

#[test]
fn the_simulation_of_the_contract_is_understood() {
    let line = "duban simulate -c config/langfang/duban.toml --from 2021-11-14 --until 2022-08-31 --out var/out";
    assert!(matches!(parse(line).command, Command::Simulate(_)));
}

#[test]
fn a_simulation_without_an_end_is_refused() {
    assert_eq!(
        refuse("duban simulate --from 2021-11-14 --out var/out"),
        ErrorKind::MissingRequiredArgument
    );
}

#[test]
fn run_has_no_other_present() {
    assert_eq!(refuse("duban run --now 2021-11-14"), ErrorKind::UnknownArgument);
}

#[test]
fn every_act_is_understood() {
    for act in ["ack", "submit", "return", "close", "reopen", "cancel"] {
        parse(&format!("duban task {act} 7 --by 王科长 --note seen"));
    }
    parse("duban task report 7 --progress 60% --by 王科长 --note seen");
    parse("duban task show 7 --format json");
}

#[test]
fn a_report_says_something() {
    assert_eq!(refuse("duban task report 7"), ErrorKind::MissingRequiredArgument);
}

#[test]
fn a_deadline_is_set_only_where_it_makes_sense() {
    let Command::Task {
        act: Act::Reopen(reopen),
    } = parse("duban task reopen 7 --due 2022-03-31").command
    else {
        panic!("reopen")
    };
    assert_eq!(reopen.due.map(|due| due.to_string()).as_deref(), Some("2022-03-31"));
    assert_eq!(refuse("duban task ack 7 --due 2022-03-31"), ErrorKind::UnknownArgument);
}

#[test]
fn a_deadline_that_does_not_exist_is_refused() {
    assert_eq!(
        refuse("duban task reopen 7 --due 2022-02-30"),
        ErrorKind::ValueValidation
    );
}

#[test]
fn an_id_may_be_chinese() {
    let Command::Why(why) = parse("duban why 整改-7").command else {
        panic!("why")
    };
    assert_eq!(why.task.as_str(), "整改-7");
}

#[test]
fn the_other_views_are_understood() {
    for line in [
        "duban check --deny-warnings",
        "duban review list",
        "duban review show weekly",
        "duban review preview weekly --now 2021-12-20 --to vm-edu",
        "duban outbox list --format json",
        "duban outbox show 00ff",
        "duban preview 7 --channel leaders",
        "duban preview 整改-7 --channel mail --level summon --to edu-head --now 2021-12-20",
        "duban send-test leaders",
        "duban journal verify",
        "duban journal export",
        "duban import ledger.xlsx -o ledger.toml --dry-run",
        "duban import a.csv --force",
        "duban export --format ics",
        "duban export -o a.xlsx --force --now 2021-12-20",
        "duban status --format csv --log debug --log-format json",
    ] {
        parse(line);
    }
}

#[test]
fn a_preview_needs_a_channel() {
    assert_eq!(refuse("duban preview 7"), ErrorKind::MissingRequiredArgument);
}

#[test]
fn a_level_that_is_none_is_refused() {
    assert_eq!(
        refuse("duban preview 7 --channel leaders --level loud"),
        ErrorKind::InvalidValue
    );
}

#[test]
fn a_usage_error_exits_with_two() {
    let error = Cli::try_parse_from(["duban", "remind"]).expect_err("no such command");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn the_version_is_told_and_exits_with_zero() {
    let error = Cli::try_parse_from(["duban", "--version"]).expect_err("a version is no command");
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayVersion, 0));
}

#[test]
fn a_check_connects_nowhere_unless_told_to() {
    let connects = |line: &str| {
        let Command::Check(check) = parse(line).command else {
            panic!("check")
        };
        check.connect
    };
    assert!(!connects("duban check") && connects("duban check --connect"));
}
