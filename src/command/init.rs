//! `duban init`: a first configuration, in trial mode, proven before a byte of it is written.

mod answers;
mod files;

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use chrono::NaiveDate;

use self::answers::Answers;
use self::files::FirstFiles;
use super::Failure;
use super::cli::Init;
use crate::clock::{Clock, SystemClock};
use crate::config::Environment;

pub(super) fn init(args: &Init) -> Result<(), Failure> {
    let env = Environment::from_process();
    let folder = args.folder.as_path();
    // Asking first, and then having no place to write to, would be a waste of somebody's time.
    refuse_what_is_there(folder)?;
    let answers = Answers::usual(args, &env);
    let answers = if !args.yes && io::stdin().is_terminal() {
        answers.ask(args, &mut io::stdin().lock(), &mut io::stderr().lock())?
    } else {
        answers
    };
    let zone = answers.zone().map_err(Failure::NotUnderstood)?;
    let today = SystemClock.now().with_timezone(&zone).date_naive();
    let told = set_up(&answers, folder, today, &env)?;
    io::stdout().write_all(told.as_bytes())?;
    Ok(())
}

/// Writes the files; what to do next comes back.
fn set_up(answers: &Answers, folder: &Path, today: NaiveDate, env: &Environment) -> Result<String, Failure> {
    let first = FirstFiles::of(answers, folder, today)?;
    // Without what only its owner can bring, a ledger or a password, it must be right as it stands.
    let alone = Answers {
        ledger: None,
        username: None,
        ..answers.clone()
    };
    let alone = FirstFiles::of(&alone, folder, today)?;
    if let Err(problems) = alone.prove(folder, env) {
        return Err(Failure::NotUnderstood(anyhow!("{problems}\nnothing was written")));
    }
    let proven = first.prove(folder, env);
    write(folder, &first)?;
    let mut told = first.next_steps(answers, folder);
    if let Err(problems) = proven {
        told.push_str(&format!("\nStill to be mended, as `duban check` tells:\n{problems}\n"));
    }
    Ok(told)
}

fn refuse_what_is_there(folder: &Path) -> Result<(), Failure> {
    let taken = files::NAMES.map(|name| folder.join(name));
    match taken.iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => Err(anyhow!(
            "`{}` is there already, and nothing is ever overwritten\n  hint: name another folder: duban init DIR",
            path.display()
        )
        .into()),
        None => Ok(()),
    }
}

/// Writes every file; one that somebody else made in the meantime is not overwritten.
fn write(folder: &Path, first: &FirstFiles) -> Result<(), Failure> {
    fs::create_dir_all(folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
    for (name, text) in &first.texts {
        let path = folder.join(name);
        let failed = || format!("`{}` cannot be written", path.display());
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).open(&path);
        opened
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
