//! Arguments, logs, one command, an exit code.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;

use duban::command::cli::{Cli, Command};
use duban::command::{self, Failure};
use duban::config::Environment;
use duban::secret;
use duban::telemetry::{self, LogSettings};

/// Gives memory back after a peak: a first load or a weekly review needs much for a second, and then nothing for days.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a file system that hangs still holds at the end gets this long, and is then left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(shown) => return show(&shown),
    };
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(),
    }
}

fn start(cli: Cli) -> Result<(), Failure> {
    let env = Environment::from_process();
    // A daemon tells what it does; a command tells what it was asked for, and what is wrong.
    let usual = if matches!(cli.command, Command::Run(_)) {
        None
    } else {
        Some("warn")
    };
    let filter = cli.log.as_deref().or_else(|| env.get("DUBAN_LOG")).or(usual);
    let format = cli.log_format.as_deref().or_else(|| env.get("DUBAN_LOG_FORMAT"));
    let settings = LogSettings::from_words(filter, format);
    let settings = settings.map_err(|error| Failure::NotUnderstood(error.into()))?;
    telemetry::init(&settings).map_err(|error| Failure::NotUnderstood(error.into()))?;
    secret::keep_out_of_dumps().context("core dumps, which would hold secrets, cannot be turned off")?;
    // A replay does one thing after another: threads that wake each other only cost it time.
    let mut runtime = if matches!(cli.command, Command::Simulate(_)) {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let runtime = runtime.enable_all().build()?;
    let ended = runtime.block_on(command::run(cli));
    runtime.shutdown_timeout(LEFT_BEHIND);
    ended
}

/// Help, the version, or what was wrong with the command line, each on its own stream.
fn show(shown: &clap::Error) -> ExitCode {
    let told = shown.print();
    match u8::try_from(shown.exit_code()) {
        Ok(code) if told.is_ok() => ExitCode::from(code),
        Ok(0) => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}
