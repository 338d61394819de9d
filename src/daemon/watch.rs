//! Looks at the files while the daemon runs: files that could not be loaded now are told to the office now, not at the
//! next restart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::config::{self, Environment};
use crate::daemon::sync::error_lines;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::TaskId;
use crate::domain::task::{Task, TaskState};
use crate::rules::intake::{self, Removals, Row};

/// The marks by which a changed file is known: its length and its time of change; none where it is missing.
type Marks = BTreeMap<PathBuf, Option<(u64, SystemTime)>>;

/// The files of the configuration in force, and what they looked like last.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    env: Environment,
    marks: Marks,
}

impl Watch {
    /// Remembers what the files look like now.
    #[must_use]
    pub fn new(path: &Path, env: &Environment, engine: &Engine) -> Self {
        Self {
            path: path.to_owned(),
            env: env.clone(),
            marks: marks(engine),
        }
    }

    /// Where a file changed: whether the files could be loaded now, told to the office where they could not.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn look(&mut self, engine: &Engine, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let marks = marks(engine);
        if marks == self.marks {
            return Ok(());
        }
        self.marks = marks;
        let problems = match config::load(&self.path, &self.env) {
            Err(problems) => error_lines(&problems),
            Ok(config) => {
                let stored: BTreeMap<TaskId, (Task, TaskState)> = engine
                    .store()
                    .tasks()
                    .await?
                    .into_iter()
                    .map(|stored| (stored.task.id.clone(), (stored.task, stored.state)))
                    .collect();
                let tasks = config.tasks_at(now);
                let rows: Vec<Row<'_>> = tasks.iter().map(|task| Row { task, ladder_print: "" }).collect();
                match intake::intake(&stored, &rows, now, Removals::Guarded) {
                    Ok(_) => Vec::new(),
                    Err(errors) => errors
                        .iter()
                        .map(|error| format!("{error} ({})", error.hint()))
                        .collect(),
                }
            }
        };
        if problems.is_empty() {
            tracing::info!("the files changed and are in order; restart the daemon to apply them");
        }
        engine.tell_of_load(&problems, now).await
    }
}

fn marks(engine: &Engine) -> Marks {
    let mark = |path: &PathBuf| {
        let facts = std::fs::metadata(path).ok()?;
        Some((facts.len(), facts.modified().ok()?))
    };
    engine
        .config()
        .files
        .files
        .keys()
        .map(|path| (path.clone(), mark(path)))
        .collect()
}
