//! The files of a first configuration, in the language of their reader.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{Days, NaiveDate};

use super::answers::{Answers, TO_FILES, word};
use crate::command::cli::Language;
use crate::config::{self, Config, Environment, FileSet, Problems, SCHEMA_FILE, SchemaOf};

/// What is written.
pub(super) const NAMES: [&str; 4] = ["duban.toml", "people.toml", "ledger.csv", SCHEMA_FILE];
/// Where the password of the mail server is looked for.
const PASSWORD_FILE: &str = "smtp-password";

/// The texts, by name, in the order of writing; and a ledger from elsewhere.
#[derive(Debug)]
pub(super) struct FirstFiles {
    pub(super) texts: Vec<(&'static str, String)>,
    ledger: Option<(PathBuf, Vec<u8>)>,
}

impl FirstFiles {
    /// Everything filled in.
    pub(super) fn of(answers: &Answers, folder: &Path, today: NaiveDate) -> anyhow::Result<Self> {
        let [config, people, ledger] = match answers.locale {
            Language::ZhCn => [
                include_str!("zh-CN/duban.toml"),
                include_str!("zh-CN/people.toml"),
                include_str!("zh-CN/ledger.csv"),
            ],
            Language::En => [
                include_str!("en/duban.toml"),
                include_str!("en/people.toml"),
                include_str!("en/ledger.csv"),
            ],
        };
        let given = answers.ledger.as_deref().map(|path| given(path, folder)).transpose()?;
        let named = match &given {
            Some((path, _)) => path.to_string_lossy().into_owned(),
            None => "ledger.csv".to_owned(),
        };
        let days = |count| today.checked_add_days(Days::new(count)).unwrap_or(today).to_string();
        let values = [
            ("timezone", quoted(&answers.timezone)),
            ("locale", quoted(word(answers.locale))),
            ("calendar", quoted(&answers.calendar)),
            ("office", quoted(&answers.office)),
            ("name", quoted(&answers.name)),
            ("email", quoted(&answers.email)),
            ("ledger", quoted(&named)),
            ("mail", mail(answers)),
            ("opened", today.to_string()),
            ("first", days(10)),
            ("second", days(24)),
        ];
        let mut texts = vec![
            ("duban.toml", filled(config, &values)),
            ("people.toml", filled(people, &values)),
        ];
        if given.is_none() {
            texts.push(("ledger.csv", filled(ledger, &values)));
        }
        texts.push((SCHEMA_FILE, config::schema(SchemaOf::Configuration)));
        let ledger = given.map(|(path, bytes)| (folder.join(path), bytes));
        Ok(Self { texts, ledger })
    }

    /// What `check` will say of them; nothing of it is on disk yet.
    pub(super) fn prove(&self, folder: &Path, env: &Environment) -> Result<Config, Problems> {
        let texts = self.texts.iter();
        let mut files: BTreeMap<PathBuf, Vec<u8>> = texts
            .map(|(name, text)| (folder.join(name), text.clone().into_bytes()))
            .collect();
        files.extend(self.ledger.clone());
        let root = folder.join("duban.toml");
        config::load_from(&FileSet { root, files }, env)
    }

    /// What to do now.
    pub(super) fn next_steps(&self, answers: &Answers, folder: &Path) -> String {
        let written: Vec<&str> = self.texts.iter().map(|(name, _)| *name).collect();
        let place = match folder.to_string_lossy().as_ref() {
            "." => String::new(),
            place => format!("  cd {place}\n"),
        };
        let mut text = format!(
            "Written: {}. It is a trial: everything goes to you.\n\nNext:\n{place}",
            written.join(", ")
        );
        if answers.username.is_some() {
            text.push_str(&format!(
                "  install -m 600 /dev/stdin {PASSWORD_FILE}   type the password of the mail server, end with Ctrl-D\n"
            ));
        }
        text.push_str(
            "  duban check                  every mistake, after each change\n  \
             duban plan --until 4w        who will hear what, when, and why\n  \
             duban run                    start it; ^C ends it\n",
        );
        let read = match answers.server.as_str() {
            TO_FILES => "The mails are files in outbox/. ",
            _ => "",
        };
        text.push_str(&format!(
            "{read}Write your people into people.toml and your tasks into the ledger; take the line `trial` out of\n\
             duban.toml when the right people would have heard the right things.\n"
        ));
        text
    }
}

/// A ledger from elsewhere: its path as the configuration names it, and its bytes.
fn given(path: &Path, folder: &Path) -> anyhow::Result<(PathBuf, Vec<u8>)> {
    let bytes = fs::read(path).with_context(|| format!("the ledger `{}` cannot be read", path.display()))?;
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let within = fs::canonicalize(folder)
        .ok()
        .and_then(|folder| whole.strip_prefix(folder).ok().map(Path::to_owned));
    Ok((within.unwrap_or(whole), bytes))
}

/// The lines of the mail channel.
fn mail(answers: &Answers) -> String {
    let line = |key: &str, value: &str| format!("{key:<6} = {value}\n");
    let mut lines = line("server", &quoted(&answers.server));
    if let Some(username) = &answers.username {
        let file = format!("{{ file = {} }}", quoted(PASSWORD_FILE));
        lines.push_str(&format!("username = {}\npassword = {file}\n", quoted(username)));
    }
    let from = answers.from.clone();
    let from = from.unwrap_or_else(|| format!("{} <{}>", answers.office.replace(['<', '>', ','], " "), answers.email));
    lines.push_str(&line("from", &quoted(&from)));
    lines
}

/// A text of TOML: what JSON writes is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn filled(template: &str, values: &[(&str, String)]) -> String {
    // One pass, so that what a person typed is never taken for a place to fill.
    let mut parts = template.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or(("", part));
        let value = values.iter().find(|(key, _)| *key == name);
        text.push_str(value.map_or("", |(_, value)| value));
        text.push_str(rest);
    }
    text
}
