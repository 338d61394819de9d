//! `duban check`: every problem at once, on standard output; where there is a store, also what of the files does not
//! fit to it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::clock::{Clock, SystemClock};
use crate::command::cli::Check;
use crate::command::desk::{failed, look};
use crate::command::{Failure, dry};
use crate::config::{self, Config, Environment, Problem, Problems, Severity};
use crate::domain::id::TaskId;
use crate::rules::intake::{self, IntakeError};
use crate::store::StoredTask;

pub(super) async fn check(flag: Option<&Path>, args: &Check) -> Result<(), Failure> {
    let env = Environment::from_process();
    let mut loaded = config::find(flag, &env).and_then(|path| config::load(&path, &env));
    if let Ok(config) = &mut loaded {
        let now = SystemClock.now();
        if let Some(store) = look(&config.store, now).await? {
            let stored = store.tasks().await.map_err(failed)?;
            let mut problems = std::mem::take(&mut config.warnings);
            problems.extend(against_store(config, &stored, now));
            config.warnings = problems;
        }
    }
    let loaded = loaded.and_then(|config| {
        let problems = Problems(config.warnings.clone());
        if problems.has_errors() {
            Err(problems)
        } else {
            Ok(config)
        }
    });
    let mut out = io::stdout().lock();
    out.write_all(config::report(loaded.as_ref()).as_bytes())?;
    let Ok(config) = loaded else {
        return Err(Failure::Told(2));
    };
    if args.deny_warnings && !config.warnings.is_empty() {
        return Err(Failure::Told(2));
    }
    Ok(())
}

/// Why the daemon would refuse the load, and where rows and journal will disagree after it.
fn against_store(config: &Config, stored: &[StoredTask], now: DateTime<Utc>) -> Vec<Problem> {
    let (intake, mut problems) = match dry::intake(config, stored, now) {
        Ok(intake) => (Some(intake), Vec::new()),
        Err(errors) => (None, errors.iter().map(|error| refusal(config, error)).collect()),
    };
    let after = dry::after(stored, intake);
    for task in &config.tasks {
        let Some((_, state)) = after.get(&task.id) else {
            continue;
        };
        for found in intake::mismatches(task, state) {
            let text = format!(
                "task `{}`: the ledger says {} {}, the journal {}",
                task.id, found.column, found.row, found.journal
            );
            let hint = "an unchanged cell never undoes an act: write into the row what the journal says";
            problems.push(problem(config, Some(&task.id), Severity::Warning, text, hint));
        }
    }
    problems
}

fn refusal(config: &Config, error: &IntakeError) -> Problem {
    let task = match error {
        IntakeError::IdReused { id, .. } => Some(id),
        IntakeError::Withdraws { .. } | IntakeError::Closes { .. } => None,
    };
    let text = format!("the daemon would refuse this load: {error}");
    problem(config, task, Severity::Error, text, error.hint())
}

/// A problem at the row of a task, or of the configuration as a whole.
fn problem(config: &Config, task: Option<&TaskId>, severity: Severity, text: String, hint: &str) -> Problem {
    let place = task.and_then(|task| config.places.get(task)?.rsplit_once(':'));
    let (file, line) = match place {
        Some((file, line)) => (PathBuf::from(file), line.parse().unwrap_or(0)),
        None => (config.path.clone(), 0),
    };
    Problem {
        severity,
        file: Some(file),
        line,
        column: line.min(1),
        text,
        excerpt: String::new(),
        hint: Some(hint.to_owned()),
    }
}
