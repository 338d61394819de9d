//! A problem, with its place, an excerpt and a hint, and how problems are printed.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::load::Config;

/// So many problems are printed; a broken ledger of thousands of rows is understood from these.
pub(super) const PRINTED_MAX: usize = 200;

/// Whether a configuration with it can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is sent and nothing is stored while there is one.
    Error,
    /// It can be used, and somebody should look.
    Warning,
}

/// Something wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// In which file; none where there is no file yet.
    pub file: Option<PathBuf>,
    /// Counted from 1; 0 where the whole file, or none, is meant.
    pub line: u32,
    /// In characters, counted from 1; 0 with line 0.
    pub column: u32,
    /// In a workbook, in place of line and column: `整改台账!H12`.
    pub cell: Option<String>,
    /// What is wrong.
    pub text: String,
    /// The line with the place marked, over several lines of text; empty where it would show a secret or nothing.
    pub excerpt: String,
    /// What to do, where that is known.
    pub hint: Option<String>,
}

impl Problem {
    /// Where it is: `file:line:column`, for a workbook `file, sheet!cell`; none where it is in no file.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let file = self.file.as_ref()?.display();
        Some(match &self.cell {
            Some(cell) => format!("{file}, {cell}"),
            None if self.line > 0 => format!("{file}:{}:{}", self.line, self.column),
            None => file.to_string(),
        })
    }
}

/// `file:line:column: error: text`, or `file, sheet!cell: error: text`; the excerpt, the hint.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place() {
            write!(f, "{place}: ")?;
        }
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{word}: {}", self.text)?;
        if !self.excerpt.is_empty() {
            write!(f, "\n{}", self.excerpt)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// All problems of a configuration, warnings too, by file and place; at least one is an error where loading failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
#[error("{}", print(.0))]
pub struct Problems(
    /// In the order in which they are printed.
    pub Vec<Problem>,
);

impl Problems {
    /// A single error that belongs to no place in a file.
    #[must_use]
    pub fn one(file: Option<PathBuf>, text: impl Into<String>, hint: Option<String>) -> Self {
        Self(vec![Problem {
            severity: Severity::Error,
            file,
            line: 0,
            column: 0,
            cell: None,
            text: text.into(),
            excerpt: String::new(),
            hint,
        }])
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// What `duban check` prints: every problem, then one line that sums up. Ends in a line break.
#[must_use]
pub fn report(outcome: Result<&Config, &Problems>) -> String {
    let problems = match outcome {
        Ok(config) => &config.warnings,
        Err(problems) => &problems.0,
    };
    let mut text = print(problems);
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let warnings = problems.len() - errors;
    text.push_str(&match outcome {
        Ok(config) => format!(
            "{}: {}{}, {}, {}, {}, {}; {}\n",
            config.path.display(),
            counted(config.tasks.len(), "task", "tasks"),
            match config.duties.len() {
                0 => String::new(),
                count => format!(", {}", counted(count, "repeating duty", "repeating duties")),
            },
            counted(config.people.units.len(), "unit", "units"),
            counted(config.people.persons.len(), "person", "people"),
            counted(config.channels.len(), "channel", "channels"),
            counted(config.reviews.len(), "review", "reviews"),
            if warnings == 0 {
                "no problems".to_owned()
            } else {
                counted(warnings, "warning", "warnings")
            },
        ),
        Err(_) => format!(
            "{}, {}\n",
            counted(errors, "error", "errors"),
            counted(warnings, "warning", "warnings")
        ),
    });
    text
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn print(problems: &[Problem]) -> String {
    let mut parts: Vec<String> = problems.iter().take(PRINTED_MAX).map(ToString::to_string).collect();
    if let Some(more) = problems.len().checked_sub(PRINTED_MAX).filter(|more| *more > 0) {
        parts.push(format!("and {}", counted(more, "more problem", "more problems")));
    }
    parts.join("\n\n")
}
