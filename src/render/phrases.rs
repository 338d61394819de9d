//! What is said of a task, apart from how it is laid out: one implementation for each language.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::en::En;
use super::escape::one_line;
use super::zh::Zh;
use crate::domain::ladder::{Anchor, Level, Offset};
use crate::domain::message::{Digest, Heard, Item, Standing, Topic};
use crate::domain::people::Locale;
use crate::domain::system::{AuditProblem, SystemWord, UndeliverableWord};
use crate::domain::task::{Light, Phase};

/// The phrases of one language. Ledger text goes in and comes out unescaped: the templates escape.
pub(super) trait Phrases: Sync {
    /// The word for a level; the word for "overdue" only where the deadline has passed.
    fn level(&self, level: Level, topic: Topic) -> &'static str;
    /// The word for a level where levels are counted.
    fn level_name(&self, level: Level) -> &'static str;
    /// The word for a light.
    fn light(&self, light: Light) -> &'static str;
    /// The word for a phase.
    fn phase(&self, phase: Phase) -> &'static str;
    /// How the deadline stands now: `逾期3个工作日`.
    fn deadline(&self, standing: &Standing) -> String;
    /// What the notice says of the task in a few words.
    fn state(&self, item: &Item) -> String;
    /// What the reader is asked to do.
    fn ask(&self, item: &Item) -> String;
    /// What a reader is asked for whom it was not meant, `ask` being what the other was asked.
    fn forwarded(&self, ask: &str) -> String;
    /// The other side's words without the marks that stand for what was taken out of them.
    fn said(&self, words: &str) -> String;
    /// What part the reader plays; empty where there is nothing to say.
    fn role(&self, role: &str) -> String;
    /// Why the notice is sent: its step in words.
    fn why(&self, step: &StepWords) -> String;
    /// One line for the whole message.
    fn headline(&self, digest: &Digest) -> String;
    /// What was not written in full.
    fn rest(&self, rest: &BTreeMap<Level, u32>) -> String;
    /// Several names in one phrase.
    fn names(&self, names: &[String]) -> String;
    /// The marking of a trial, before the subject; empty in earnest.
    fn trial(&self, trial_for: Option<&str>) -> String;
    /// Word to the office.
    fn system(&self, word: &SystemWord) -> Letter;
    /// Word to the office about a message that could not be delivered.
    fn undeliverable(&self, word: &UndeliverableWord) -> Letter;
    /// A marked test.
    fn test(&self, channel: &str) -> Letter;
    /// Stands under a built-in text that stands in for a failed template.
    fn fallback_note(&self) -> &'static str;
    /// `截至` or `As of`.
    fn as_of(&self) -> &'static str;
}

/// A short message of paragraphs and perhaps a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Letter {
    /// One line.
    pub(super) subject: String,
    /// In order.
    pub(super) paragraphs: Vec<String>,
    /// What the last paragraph speaks of.
    pub(super) list: Vec<String>,
}

/// At most so many lines of a list are written in a letter.
pub(super) const LIST_MAX: usize = 50;

/// The phrases of a language.
pub(super) fn of(locale: Locale) -> &'static dyn Phrases {
    match locale {
        Locale::ZhCn => &Zh,
        Locale::En => &En,
    }
}

/// `2021-12-13` is so many characters.
const DATE: usize = 10;

/// Why a message was not delivered, as far as the other side's words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nobody is known there.
    Address,
    /// It was tried for as long as it may be.
    GivenUp,
    /// Nobody knows whether it arrived.
    Unclear,
    /// It was refused for another reason.
    Refused,
}

impl Cause {
    /// The cause in the words of a server, or in ours.
    pub(super) fn of(why: &str) -> Self {
        const NOBODY: [&str; 9] = [
            "5.1.1",
            "5.1.2",
            "5.1.3",
            "5.1.10",
            "recipient address rejected",
            "mailbox unavailable",
            "no such user",
            "user unknown",
            "unknown user",
        ];
        let why = why.to_lowercase();
        if NOBODY.iter().any(|words| why.contains(words)) {
            Self::Address
        } else if why.contains("may have arrived") {
            Self::Unclear
        } else if why.contains("given up") {
            Self::GivenUp
        } else {
            Self::Refused
        }
    }
}

/// The other side's words on one line, with phrases for the marks of what was taken out of them.
pub(super) fn unmarked(words: &str, address: &str, url: &str, secret: &str) -> String {
    one_line(words)
        .replace("<address>", address)
        .replace("<url>", url)
        .replace("<redacted>", secret)
}

/// A path without `.` and `..`, by its text alone: what it shows need not be there.
pub(super) fn clean_path(path: &str) -> String {
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            Component::ParentDir if clean.has_root() => {}
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                clean.push(part);
            }
        }
    }
    clean.display().to_string()
}

/// A step's name, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StepWords {
    /// What it counts from.
    pub(super) anchor: Anchor,
    /// How far; none: on the day itself.
    pub(super) at: Option<Offset>,
    /// Counted from 1.
    pub(super) occurrence: u32,
    /// What was heard last of the task.
    pub(super) heard: Heard,
    /// The day off from which it was moved, and the day to which.
    pub(super) moved: Option<(String, String)>,
    /// Since when quiet hours held it, and until when.
    pub(super) held: Option<(String, String)>,
    /// Its own wanted time, where it goes out late.
    pub(super) scheduled: Option<String>,
}

impl StepWords {
    /// The step of an item.
    pub(super) fn of(item: &Item) -> Self {
        let name = item.view.step.as_str();
        let offset = name
            .strip_prefix(item.anchor.as_str())
            .and_then(|rest| rest.split_once('/'))
            .map_or("", |(offset, _)| offset);
        let occurrence = name.rsplit_once('#').and_then(|(_, number)| number.parse().ok());
        Self {
            anchor: item.anchor,
            at: offset.parse().ok().filter(|at: &Offset| at.amount != 0),
            occurrence: occurrence.unwrap_or(1),
            heard: item.standing.heard,
            moved: (item.moved_from.clone()).map(|from| (from, item.scheduled.chars().take(DATE).collect())),
            held: item.held_from.clone().map(|from| (from, item.scheduled.clone())),
            scheduled: item.view.late.then(|| item.scheduled.clone()),
        }
    }
}

/// Who is asked: the parts that differ in what they can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// Owner, contacts, a named unit.
    Doer,
    /// The unit's head.
    Head,
    /// The lead leader.
    Lead,
    /// Supervisor or office.
    Watcher,
    /// A group, or somebody named without a part.
    Reader,
}

impl Seat {
    /// The seat of a role as configuration writes it.
    pub(super) fn of(role: &str) -> Self {
        match role.split(':').next().unwrap_or(role) {
            "owner" | "contacts" | "unit" => Self::Doer,
            "head" => Self::Head,
            "lead" => Self::Lead,
            "supervisor" | "office" => Self::Watcher,
            _ => Self::Reader,
        }
    }
}

/// What a self-audit's finding is about: the task, the step, the recipient.
pub(super) fn audit_about(problem: &AuditProblem, task: &str) -> String {
    let task = problem.task.as_ref().map(|id| format!("{task}{}", one_line(id)));
    let rest = [&problem.step, &problem.who]
        .into_iter()
        .flatten()
        .map(|text| one_line(text));
    task.into_iter().chain(rest).collect::<Vec<_>>().join(" ")
}
