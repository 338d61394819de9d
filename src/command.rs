//! What people type: one file for each command, and how a command ends.

mod audit;
mod backup;
mod check;
mod circular;
pub mod cli;
pub mod desk;
mod diff;
mod dry;
mod export;
mod handout;
mod import;
mod init;
pub mod instant;
mod journal;
mod listener;
mod meeting;
mod outbox;
mod outbox_act;
mod picture;
mod plan;
mod preview;
mod restore;
mod review;
mod run;
mod schema;
mod score;
mod send_test;
mod setup;
mod simulate;
mod status;
pub mod table;
mod task;
mod why;

use std::io::{self, Write};
use std::process::ExitCode;

use self::cli::{Cli, Command};
use self::table::TableError;

/// Why a command did not do what it was asked to; the reader has not been told yet, unless it is [`Failure::Told`].
#[derive(Debug)]
pub enum Failure {
    /// It failed: exit code 1.
    Failed(anyhow::Error),
    /// The command line or the configuration was not understood: exit code 2.
    NotUnderstood(anyhow::Error),
    /// As one of the others, by the exit code, but everything has been said.
    Told(u8),
}

/// An error that is not sorted otherwise is a failure.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<instant::InstantError> for Failure {
    fn from(error: instant::InstantError) -> Self {
        Self::NotUnderstood(error.into())
    }
}

impl Failure {
    /// Tells it on standard error, and gives the exit code. A reader who has gone away (`duban plan | head`) is told
    /// nothing and is no failure.
    #[must_use]
    pub fn end(self) -> ExitCode {
        let (code, error) = match self {
            Self::Told(code) => return ExitCode::from(code),
            Self::Failed(error) if is_broken_pipe(&error) => return ExitCode::SUCCESS,
            Self::Failed(error) => (1, error),
            Self::NotUnderstood(error) => (2, error),
        };
        tell(&error);
        ExitCode::from(code)
    }
}

/// `error: …`, and what led to it, one line each. Where standard error is gone there is nobody to tell.
fn tell(error: &anyhow::Error) {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    let told = io::stderr().lock().write_all(text.as_bytes());
    drop(told);
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let direct = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let in_csv = cause.downcast_ref::<csv::Error>().and_then(|error| {
            if let csv::ErrorKind::Io(error) = error.kind() {
                Some(error.kind())
            } else {
                None
            }
        });
        direct.or(in_csv) == Some(io::ErrorKind::BrokenPipe)
    })
}

/// Runs one command to its end.
///
/// # Errors
///
/// [`Failure`], with its exit code.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Run(args) => run::run(config, &args).await,
        Command::Check(args) => check::check(config, &args).await,
        Command::Plan(args) => plan::plan(config, &args).await,
        Command::Why(args) => why::why(config, &args).await,
        Command::Status(args) => status::status(config, &args).await,
        Command::Simulate(args) => simulate::simulate(config, &args).await,
        Command::Task { act } => task::task(config, act).await,
        Command::Review { view } => review::review(config, view).await,
        Command::Outbox { view } => outbox::outbox(config, view).await,
        Command::Preview(args) => preview::preview(config, &args).await,
        Command::SendTest(args) => send_test::send_test(config, &args).await,
        Command::Score(args) => score::score(config, &args).await,
        Command::Circular(args) => circular::circular(config, &args).await,
        Command::Journal { view } => journal::journal(config, view).await,
        Command::Import(args) => import::import(config, &args),
        Command::Export(args) => export::export(config, &args).await,
        Command::Audit(args) => audit::audit(config, &args).await,
        Command::Backup(args) => backup::backup(config, &args).await,
        Command::Restore(args) => restore::restore(config, &args).await,
        Command::Schema(args) => schema::schema(&args),
        Command::Init(args) => init::init(&args),
        Command::Completions(args) => setup::completions(&args),
        Command::Man(args) => setup::man(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(failure: Failure) -> String {
        format!("{:?}", failure.end())
    }

    #[test]
    fn a_failure_exits_with_one() {
        assert_eq!(code(anyhow::anyhow!("no").into()), format!("{:?}", ExitCode::from(1)));
    }

    #[test]
    fn what_is_not_understood_exits_with_two() {
        let error = instant::instant("soon", chrono_tz::UTC).expect_err("no instant");
        assert_eq!(code(error.into()), format!("{:?}", ExitCode::from(2)));
    }

    #[test]
    fn a_reader_who_has_gone_is_no_failure() {
        let error = TableError::Write(io::ErrorKind::BrokenPipe.into());
        assert_eq!(code(error.into()), format!("{:?}", ExitCode::SUCCESS));
    }

    #[test]
    fn a_reader_of_csv_who_has_gone_is_no_failure() {
        let error = TableError::Csv(csv::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)));
        assert_eq!(code(error.into()), format!("{:?}", ExitCode::SUCCESS));
    }
}
