//! `duban check`: every problem at once, on standard output; where there is a store, also what of the files does not
//! fit to it; with `--connect`, also what every channel says.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::channel::{Channels, Checked, Settings};
use crate::clock::{Clock, SystemClock};
use crate::command::cli::Check;
use crate::command::desk::{failed, look};
use crate::command::{Failure, dry};
use crate::config::{self, Config, Environment, Problem, Problems, Severity};
use crate::domain::id::{ChannelId, TaskId};
use crate::domain::people::Locale;
use crate::render::Charts;
use crate::rules::intake::{self, IntakeError, Removals};
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
    if let Ok(config) = &mut loaded {
        let problem = no_font(config);
        config.warnings.extend(problem);
    }
    let loaded = loaded.and_then(|config| {
        let problems = Problems(config.warnings.clone());
        if problems.has_errors() {
            Err(problems)
        } else {
            Ok(config)
        }
    });
    io::stdout().write_all(config::report(loaded.as_ref()).as_bytes())?;
    let Ok(config) = loaded else {
        return Err(Failure::Told(2));
    };
    if args.deny_warnings && !config.warnings.is_empty() {
        return Err(Failure::Told(2));
    }
    if args.connect {
        connect(&config).await?;
    }
    Ok(())
}

/// Asks all channels at once, and tells in order what each said.
async fn connect(config: &Config) -> Result<(), Failure> {
    let channels = Arc::new(Channels::open(&config.channels).map_err(failed)?);
    let now = SystemClock.now();
    let mut asked = Vec::new();
    for (id, settings) in &config.channels {
        let (channels, channel) = (Arc::clone(&channels), id.clone());
        let asking = tokio::spawn(async move { channels.check(&channel, now).await });
        asked.push((id, settings.vendor(), asking));
    }
    let mut is_good = true;
    for (id, kind, asking) in asked {
        let checked = asking.await.map_err(failed)?;
        is_good &= checked.outcome.is_success();
        io::stdout().write_all(told(id, kind, &checked).as_bytes())?;
    }
    if is_good { Ok(()) } else { Err(Failure::Told(1)) }
}

/// What one channel said; nothing was sent, so nothing is called delivered.
fn told(id: &ChannelId, kind: &str, checked: &Checked) -> String {
    let outcome = &checked.outcome;
    let word = if outcome.is_success() { "ok" } else { outcome.kind() };
    let mut text = format!("channel {id} ({kind}): {word}");
    if !outcome.words().is_empty() {
        text.push_str(&format!(": {}", outcome.words()));
    }
    text.push('\n');
    if !checked.untried.is_empty() {
        text.push_str(&format!("  not tried: {}\n", checked.untried));
    }
    text
}

/// Why the daemon would refuse the load, and where rows and journal will disagree after it.
fn against_store(config: &Config, stored: &[StoredTask], now: DateTime<Utc>) -> Vec<Problem> {
    let (intake, mut problems) = match dry::intake(config, stored, now, Removals::Guarded) {
        Ok(intake) => (Some(intake), Vec::new()),
        Err(errors) => (None, errors.iter().map(|error| refusal(config, error)).collect()),
    };
    let after = dry::after(stored, intake);
    for task in &config.tasks_at(now) {
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

/// Where a review shows pictures in mails, and no installed font can write them. What is wrong with a font that the
/// configuration names was said when it was read.
fn no_font(config: &Config) -> Option<Problem> {
    let is_mailed = config
        .channels
        .values()
        .any(|channel| matches!(channel, Settings::Email(_)));
    let is_shown = config.reviews.iter().any(|review| review.pictures);
    if config.font_file.is_some() || !is_mailed || !is_shown {
        return None;
    }
    let text = match Charts::open(None) {
        Ok(charts) if charts.reads_chinese() || !holds_chinese(config) => return None,
        Ok(_) => "no font with Chinese characters is installed: mails of reviews go without pictures".to_owned(),
        Err(error) => format!("{error}: mails of reviews go without pictures"),
    };
    let hint = "install the package fonts-noto-cjk or fonts-wqy-microhei; or name a font: [charts] font_file = \"PATH\"; or \
                write pictures = false under the review";
    Some(problem(config, None, Severity::Warning, text, hint))
}

/// Whether somebody reads Chinese, or a unit is named in it.
fn holds_chinese(config: &Config) -> bool {
    let people = &config.people;
    let is_read = people.locale == Locale::ZhCn || people.persons.values().any(|person| person.locale == Locale::ZhCn);
    is_read || people.units.values().any(|unit| !unit.name.is_ascii())
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
    let place = task.and_then(|task| config.place_of(task));
    let in_lines = place.and_then(|place| {
        let (file, line) = place.rsplit_once(':')?;
        Some((PathBuf::from(file), line.parse::<u32>().ok()?, None))
    });
    let in_cells = || {
        let (file, cell) = place?.rsplit_once(", ")?;
        Some((PathBuf::from(file), 0, Some(cell.to_owned())))
    };
    let (file, line, cell) = in_lines
        .or_else(in_cells)
        .unwrap_or_else(|| (config.path.clone(), 0, None));
    Problem {
        severity,
        file: Some(file),
        line,
        column: line.min(1),
        cell,
        text,
        excerpt: String::new(),
        hint: Some(hint.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::outcome::Outcome;

    use super::*;

    fn line(outcome: Outcome, untried: &str) -> String {
        let untried = untried.to_owned();
        told(&ChannelId::new("leaders"), "wecom", &Checked { outcome, untried })
    }

    #[test]
    fn a_channel_is_told_in_a_line_and_what_was_not_tried_below_it() {
        assert_eq!(
            line(Outcome::Delivered("200 ok".to_owned()), "that a post appears"),
            "channel leaders (wecom): ok: 200 ok\n  not tried: that a post appears\n"
        );
    }

    #[test]
    fn a_refusal_is_told_by_its_kind() {
        assert_eq!(
            line(Outcome::PermanentEndpoint("401".to_owned()), ""),
            "channel leaders (wecom): permanent/endpoint: 401\n"
        );
    }

    #[test]
    fn a_channel_without_words_is_told_without_them() {
        assert_eq!(
            line(Outcome::Unknown(String::new()), ""),
            "channel leaders (wecom): unknown\n"
        );
    }
}
