//! English wording.

use std::collections::BTreeMap;

use super::escape::{one_line, shorten, when, width};
use super::phrases::{Cause, LIST_MAX, Letter, Phrases, Seat, StepWords, audit_about, clean_path, unmarked};
use crate::domain::audit::FindingKind;
use crate::domain::ladder::{Anchor, Level, TimeUnit};
use crate::domain::message::{Digest, Heard, Item, Nearest, Standing, Topic};
use crate::domain::system::{AuditProblem, SystemWord, UndeliverableWord};
use crate::domain::task::{Light, Phase};

/// English.
pub(super) struct En;

/// A subject is at most so wide.
const SUBJECT_COLUMNS: usize = 90;

impl Phrases for En {
    fn level(&self, level: Level, topic: Topic) -> &'static str {
        match (level, topic) {
            (Level::Overdue, Topic::Overdue) => "Overdue",
            (Level::Overdue, _) => "Follow-up",
            (Level::Due, Topic::Silent | Topic::UnderReview | Topic::LookBack | Topic::New) => "Notice",
            _ => self.level_name(level),
        }
    }

    fn level_name(&self, level: Level) -> &'static str {
        match level {
            Level::Remind => "Reminder",
            Level::Warn => "Warning",
            Level::Due => "Due",
            Level::Overdue => "Follow-up",
            Level::Escalate => "Escalation",
            Level::Summon => "Summons",
        }
    }

    fn light(&self, light: Light) -> &'static str {
        match light {
            Light::Red => "red",
            Light::Yellow => "yellow",
            Light::Green => "green",
            Light::Blue => "blue",
            Light::Grey => "grey",
        }
    }

    fn phase(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Open => "not acknowledged",
            Phase::Acknowledged => "in progress",
            Phase::Submitted => "under review",
            Phase::Closed => "closed",
            Phase::Cancelled => "cancelled",
            Phase::Withdrawn => "withdrawn",
        }
    }

    fn deadline(&self, standing: &Standing) -> String {
        let (working, days) = (standing.working_days_left, standing.days_left);
        let time = standing
            .due_time
            .as_ref()
            .map_or_else(String::new, |time| format!(" at {time}"));
        match (standing.passed, working, days) {
            (true, ..=-1, _) => format!("{} overdue", count(-working, "working day")),
            (true, _, ..=-1) => format!("{} overdue", count(-days, "day")),
            (true, _, _) if time.is_empty() => "deadline passed today".into(),
            (true, _, _) => format!("deadline passed today{time}"),
            (false, _, ..=0) => format!("due today{time}"),
            (false, _, 1) => format!("due tomorrow{time}"),
            (false, ..=0, _) => format!("due in {days} days, all days off"),
            (false, _, _) => format!("{} left", count(working, "working day")),
        }
    }

    fn state(&self, item: &Item) -> String {
        let standing = &item.standing;
        let late = if standing.is_overdue(item.view.task.state) {
            format!(", {}", self.deadline(standing))
        } else {
            String::new()
        };
        match item.topic() {
            Topic::Overdue | Topic::DueToday | Topic::Upcoming => self.deadline(standing),
            Topic::New => format!("new task, {}", self.deadline(standing)),
            Topic::Silent if standing.silent_working_days == 0 => format!("no recent report{late}"),
            Topic::Silent => {
                let silence = count(standing.silent_working_days, "working day");
                format!("no report for {silence}{late}")
            }
            Topic::UnderReview => match standing.submitted_working_days {
                Some(days @ 1..) => format!("awaiting review for {}", count(days, "working day")),
                _ => "awaiting review".into(),
            },
            Topic::LookBack => match standing.closed_days {
                Some(days @ 1..) => format!("look back, closed {} ago", count(days, "day")),
                _ => "look back".into(),
            },
        }
    }

    fn ask(&self, item: &Item) -> String {
        let seat = Seat::of(&item.role);
        let summon = item.view.level == Level::Summon;
        match (item.topic(), seat) {
            (Topic::Overdue, Seat::Head) if summon => {
                "Please be ready to explain the delay in person and to name a firm completion date."
            }
            (Topic::Overdue, Seat::Lead | Seat::Watcher) if summon => {
                "Please call the unit in and agree a firm completion date."
            }
            (Topic::Overdue, Seat::Doer) => {
                "Please act now: report progress and an expected completion date today, or submit the evidence if it is done."
            }
            (Topic::Overdue, Seat::Head) => {
                "Please see that it is completed, and report the reason for the delay and an expected completion date."
            }
            (Topic::Overdue, Seat::Lead) => "Please step in and help to bring it to completion.",
            (Topic::Overdue, Seat::Watcher) => "Please obtain the reason for the delay and a firm completion date.",
            (Topic::Overdue, Seat::Reader) => "The unit is asked to complete it and to report progress.",
            (Topic::DueToday, Seat::Doer) => {
                "Please complete it and submit the evidence today; if that is not possible, report why today."
            }
            (Topic::DueToday, Seat::Head) => "Please see that it is completed and submitted today.",
            (Topic::DueToday, Seat::Lead) => "Please see that it is completed today.",
            (Topic::DueToday, Seat::Watcher | Seat::Reader) => "Please watch that it is completed and submitted today.",
            (Topic::Upcoming, Seat::Doer) => {
                "Please complete it in time and submit the evidence; report any difficulty early."
            }
            (Topic::Upcoming, Seat::Head) => "Please keep track of progress so that the deadline is met.",
            (Topic::Upcoming, Seat::Lead) => "Please keep an eye on progress and help where needed.",
            (Topic::Upcoming, Seat::Watcher | Seat::Reader) => "Please keep an eye on progress.",
            (Topic::New, Seat::Doer) => "Please acknowledge the task and start work on it.",
            (Topic::New, Seat::Head) => "Please assign the work.",
            (Topic::New, Seat::Lead) => "Please take the lead.",
            (Topic::New, Seat::Watcher | Seat::Reader) => "For your information; please watch that it gets under way.",
            (Topic::Silent, Seat::Doer) => "Please report progress.",
            (Topic::Silent, Seat::Head) => "Please see that progress is reported.",
            (Topic::Silent, Seat::Lead) => "Please ask how it stands.",
            (Topic::Silent, Seat::Watcher | Seat::Reader) => "Please call for a progress report.",
            (Topic::UnderReview, Seat::Watcher) => "Please review it: close it, or return it if it falls short.",
            (Topic::UnderReview, Seat::Doer | Seat::Head | Seat::Lead | Seat::Reader) => {
                "It has been handed in; please wait for the review."
            }
            (Topic::LookBack, Seat::Watcher) => {
                "Please check that the result has lasted; reopen the task if it has not."
            }
            (Topic::LookBack, Seat::Doer | Seat::Head | Seat::Lead | Seat::Reader) => {
                "Please check that the result has lasted."
            }
        }
        .into()
    }

    fn forwarded(&self, ask: &str) -> String {
        format!("Please pass it on or act. It asked: {ask}")
    }

    fn said(&self, words: &str) -> String {
        unmarked(words, "(address left out)", "(link left out)", "(left out)")
    }

    fn role(&self, role: &str) -> String {
        match role.split(':').next().unwrap_or(role) {
            "owner" => "you own this task",
            "contacts" => "you are a contact of the unit",
            "head" => "you head the unit",
            "lead" => "you lead this task",
            "supervisor" => "you supervise this task",
            "office" => "you run the office",
            "person" => "the ladder names you",
            "unit" => "the ladder names your unit",
            "group" | "channel" => "this group gets such notices",
            _ => "",
        }
        .into()
    }

    fn why(&self, step: &StepWords) -> String {
        let rule = self.rule(step);
        let again = match step.occurrence {
            0 | 1 => String::new(),
            number => format!(", {} reminder", ordinal(number)),
        };
        let moved = (step.moved.as_ref()).map_or_else(String::new, |(from, to)| {
            format!(" ({from} is a day off, moved to {to})")
        });
        let held = (step.held.as_ref()).map_or_else(String::new, |(from, to)| {
            format!(" ({from} is in quiet hours, held until {to})")
        });
        let late = step
            .scheduled
            .as_ref()
            .map_or_else(String::new, |at| format!("; sent late, it was meant for {at}"));
        format!("{rule}{again}{moved}{held}{late}")
    }

    fn headline(&self, digest: &Digest) -> String {
        let Some(first) = digest.items.first() else {
            return "Task notice".into();
        };
        let level = self.level(first.view.level, first.topic());
        let late = if digest.items.iter().all(|item| item.view.late) {
            " (late notice)"
        } else {
            ""
        };
        if digest.tally.tasks > 1 {
            return format!("{level} | {} tasks: {}{late}", digest.tally.tasks, self.worst(digest));
        }
        let state = self.state(first);
        let unit = shorten(&one_line(&first.view.task.unit.name), 28);
        let frame = format!("{level} | {unit}: , {state}{late}");
        let title = one_line(&first.view.task.title);
        let title = shorten(&title, SUBJECT_COLUMNS.saturating_sub(width(&frame)).max(16));
        format!("{level} | {unit}: {title}, {state}{late}")
    }

    fn rest(&self, rest: &BTreeMap<Level, u32>) -> String {
        if rest.is_empty() {
            return String::new();
        }
        let total: u32 = rest.values().sum();
        let levels: Vec<String> = rest
            .iter()
            .rev()
            .map(|(level, count)| format!("{count} {}", self.level_name(*level)))
            .collect();
        format!("{total} more not listed here: {}.", levels.join(", "))
    }

    fn names(&self, names: &[String]) -> String {
        names.iter().map(|name| one_line(name)).collect::<Vec<_>>().join(", ")
    }

    fn trial(&self, trial_for: Option<&str>) -> String {
        trial_for.map_or_else(String::new, |name| format!("[Trial → {}] ", one_line(name)))
    }

    #[expect(clippy::too_many_lines, reason = "a table of phrases, one arm for each word")]
    fn system(&self, word: &SystemWord) -> Letter {
        let letter = |subject: String, paragraphs: &[String], list: Vec<String>| Letter {
            subject: format!("Duban | {subject}"),
            paragraphs: paragraphs.to_vec(),
            list,
        };
        match word {
            SystemWord::NewStore { path, tasks, late } => letter(
                format!(
                    "new store: {}, {} sent late",
                    count((*tasks).into(), "task"),
                    count((*late).into(), "notice")
                ),
                &[
                    format!("Path: {}", clean_path(path)),
                    format!(
                        "Loaded from the ledger: {}. Notices whose time had passed and that go out now: {late}.",
                        count((*tasks).into(), "task")
                    ),
                    "If there was a store before, it is lost or elsewhere: stop the service and put it back before starting again.".into(),
                ],
                Vec::new(),
            ),
            SystemWord::EndpointStopped {
                channel,
                cause,
                waiting_tasks,
            } => letter(
                format!(
                    "channel {channel} has stopped, {} waiting",
                    count((*waiting_tasks).into(), "task")
                ),
                &[
                    format!("Cause: {}", self.said(cause)),
                    "People with a channel elsewhere are told there; the rest waits. It is tried again every 15 minutes, and at once after a reload.".into(),
                ],
                Vec::new(),
            ),
            SystemWord::EndpointRecovered { channel } => letter(
                format!("channel {channel} works again"),
                &["What waited is going out now.".into()],
                Vec::new(),
            ),
            SystemWord::LoadRefused { problems, since } => letter(
                format!(
                    "{} in the ledger or configuration, not loaded",
                    count(i64::try_from(problems.len()).unwrap_or(i64::MAX), "problem")
                ),
                &[format!("Since {since} the last good load stays in force. Please mend:")],
                self.list(problems.iter().map(|problem| one_line(problem)).collect()),
            ),
            SystemWord::LoadAccepted => letter(
                "ledger and configuration are in order again".into(),
                &["The new content is loaded and in force.".into()],
                Vec::new(),
            ),
            SystemWord::Withdrawn { tasks } => letter(
                format!(
                    "{} missing from the ledger",
                    count(i64::try_from(tasks.len()).unwrap_or(i64::MAX), "task")
                ),
                &["Nothing more is sent for them, and they are not closed. If a row was removed by mistake, put it back:".into()],
                self.list(tasks.iter().map(task_line).collect()),
            ),
            SystemWord::ClockHeld { shown, before } => letter(
                "the clock looks wrong, sending is held".into(),
                &[
                    format!("The clock shows {shown}; before, it showed {before}."),
                    "Until it is right nothing is planned, and nothing but this is sent. Please check the server's time; everything goes on by itself once it is right. If it is right already, start Duban once with --accept-clock.".into(),
                ],
                Vec::new(),
            ),
            SystemWord::ClockReleased => letter(
                "the clock is right again".into(),
                &["Sending goes on.".into()],
                Vec::new(),
            ),
            SystemWord::TemplateFailed { file, text } => letter(
                format!("message template {file} failed"),
                &[
                    "Messages went out with the built-in text; nothing was lost. Please mend the template:".into(),
                    text.clone(),
                ],
                Vec::new(),
            ),
            SystemWord::AuditProblems { problems, total, again } => letter(
                format!(
                    "the self-audit {} {}",
                    if *again { "still finds" } else { "found" },
                    count((*total).into(), "problem")
                ),
                &["What should have been sent is counted again every day from the ledger and the journal; this does not agree. Run `duban audit` on the server for details and what to do.".into()],
                self.list(problems.iter().map(audit_line).collect()),
            ),
            SystemWord::AuditClean {
                tasks,
                notices,
                entries,
                mended,
            } => letter(
                if *mended {
                    "the self-audit is clean again".into()
                } else {
                    format!(
                        "self-audit clean: {}, {}, none missing",
                        count((*tasks).into(), "task"),
                        count((*notices).into(), "notice")
                    )
                },
                &[format!(
                    "Counted again from the ledger and the journal: {}, {}. All that was due was sent or has a reason, nothing was sent besides, nothing is stuck; the journal's {} hold.",
                    count((*tasks).into(), "task"),
                    count((*notices).into(), "notice"),
                    if *entries == 1 { "one entry".to_owned() } else { format!("{entries} entries") },
                )],
                Vec::new(),
            ),
            SystemWord::Restored { until, seq } => letter(
                "the store was put back from a backup".into(),
                &[
                    format!("The backup ends at {until} (journal entry {seq}). What people recorded since is lost: please enter it again. What was sent since may be sent again."),
                    "Where a notice comes twice, the task as it stands now is what counts.".into(),
                ],
                Vec::new(),
            ),
            SystemWord::CalendarLoaded { moved } => letter(
                format!(
                    "calendar loaded, {} moved",
                    count(i64::try_from(moved.len()).unwrap_or(i64::MAX), "provisional notice")
                ),
                &["Planned anew with the published days off:".into()],
                self.list(moved.iter().map(|line| one_line(line)).collect()),
            ),
            SystemWord::ExtensionAsked {
                task,
                title,
                unit,
                by,
                due,
                to,
                note,
            } => letter(
                format!("task {} asks for an extension until {}", one_line(task), when(*to)),
                &[
                    format!("{} ({})", one_line(title), one_line(unit)),
                    format!(
                        "It is due {}; {} asks for an extension until {}.",
                        when(*due),
                        one_line(by),
                        when(*to)
                    ),
                    format!("Why: {}", one_line(note)),
                    format!(
                        "Until it is answered the deadline stands. To grant it: duban task grant {id}, with --due DATE for \
                         another day. To refuse it: duban task refuse {id} --note REASON",
                        id = one_line(task)
                    ),
                ],
                Vec::new(),
            ),
            SystemWord::ExtensionAnswered {
                task,
                title,
                unit,
                by,
                asked,
                due,
                granted,
                note,
            } => {
                let (task, by) = (one_line(task), one_line(by));
                let (subject, mut said) = if *granted {
                    (
                        format!("task {task}: the extension is granted, due {}", when(*due)),
                        format!("{by} grants the extension: it is due {} now.", when(*due)),
                    )
                } else {
                    (
                        format!("task {task}: the extension is refused, due {}", when(*due)),
                        format!(
                            "{by} refuses the extension until {}: it stays due {}.",
                            when(*asked),
                            when(*due)
                        ),
                    )
                };
                if *granted && asked != due {
                    said += &format!(" Asked for was {}.", when(*asked));
                }
                let why = note.as_ref().map(|note| format!("Why: {}", one_line(note)));
                let head = format!("{} ({})", one_line(title), one_line(unit));
                let lines: Vec<String> = [head, said].into_iter().chain(why).collect();
                letter(subject, &lines, Vec::new())
            }
        }
    }

    fn undeliverable(&self, word: &UndeliverableWord) -> Letter {
        let told = word.told_instead.as_ref().map_or_else(
            || "Nobody else could be told yet; please see to it.".into(),
            |name| format!("Told instead: {}", one_line(name)),
        );
        let name = one_line(&word.recipient_name);
        let cause = match Cause::of(&word.why) {
            Cause::Address => "the other side does not know the address, or has closed it.",
            Cause::GivenUp => "every attempt failed, and no more are made.",
            Cause::Unclear => "twice there was no clear answer; it may have arrived, so please look there.",
            Cause::Refused => "the other side refused it.",
        };
        Letter {
            subject: format!(
                "Undeliverable | {}: {}",
                one_line(&word.recipient_name),
                one_line(&word.subject)
            ),
            paragraphs: vec![
                format!("Message: {}", one_line(&word.subject)),
                format!(
                    "To: {}, channel: {}",
                    one_line(&word.recipient_name),
                    one_line(&word.channel)
                ),
                format!("Why: {cause} Details: {}", self.said(&word.why)),
                told,
                if word.recipient_name == word.channel {
                    format!("Please check the settings of channel {name}, and tell those whom it concerns.")
                } else {
                    format!("Please check the address and channel of {name}, and tell them in person.")
                },
                if word.tasks.is_empty() {
                    String::new()
                } else {
                    "Tasks in it:".into()
                },
            ],
            list: self.list(word.tasks.iter().map(task_line).collect()),
        }
    }

    fn test(&self, channel: &str) -> Letter {
        Letter {
            subject: format!("Test | channel {} works", one_line(channel)),
            paragraphs: vec!["This is a test. It is about no task, and nothing needs to be done.".into()],
            list: Vec::new(),
        }
    }

    fn fallback_note(&self) -> &'static str {
        "(A message template failed; this is the built-in text, and it is complete.)"
    }

    fn as_of(&self) -> &'static str {
        "As of"
    }
}

impl En {
    /// The rule of a step, before repeats and moves.
    fn rule(&self, step: &StepWords) -> String {
        let (anchor, silent) = match (step.anchor, step.heard) {
            (Anchor::Due, _) => ("the deadline", ""),
            (Anchor::Opened, _) => ("the opening", ""),
            (Anchor::Reported, Heard::Report) => ("the last report", ""),
            (Anchor::Reported, Heard::Acknowledgement) => ("the acknowledgement", " without a report"),
            (Anchor::Reported, Heard::Reopening) => ("the reopening", " without a report"),
            (Anchor::Reported, Heard::Opening) => ("the opening", " without a report"),
            (Anchor::Submitted, _) => ("the submission", ""),
            (Anchor::Closed, _) => ("the closing", ""),
        };
        let Some(at) = step.at else {
            return format!("on the day of {anchor}");
        };
        let unit = match at.unit {
            TimeUnit::WorkingDays => "working day",
            TimeUnit::Days => "day",
            TimeUnit::Weeks => "week",
            TimeUnit::Months => "month",
            TimeUnit::Hours => "hour",
            TimeUnit::Minutes => "minute",
            TimeUnit::Seconds => "second",
        };
        let side = if at.amount < 0 { "before" } else { "after" };
        let distance = count(at.amount.unsigned_abs().into(), unit);
        format!("{distance} {side} {anchor}{silent}")
    }

    /// What to say of deadlines that lie ahead.
    fn upcoming(&self, tasks: u32, nearest: Option<&Nearest>) -> String {
        let Some(nearest) = nearest else {
            return format!("{tasks} ahead");
        };
        let when = match nearest.days {
            1 => "due tomorrow".into(),
            _ if nearest.working_days > 0 => {
                let left = count(nearest.working_days, "working day");
                return format!("{tasks} ahead, the next with {left} left");
            }
            _ => format!("due on {}", nearest.on),
        };
        if nearest.tasks == tasks {
            format!("{tasks} {when}")
        } else {
            format!("{tasks} ahead, {} of them {when}", nearest.tasks)
        }
    }

    fn worst(&self, digest: &Digest) -> String {
        let tally = &digest.tally;
        let mut clauses = Vec::new();
        match (tally.overdue, tally.longest_working_days) {
            (0, _) => {}
            (overdue, 0) if tally.longest_days == 0 => clauses.push(format!("{overdue} past the deadline today")),
            (overdue, 0) => clauses.push(format!(
                "{overdue} overdue, by up to {}",
                count(tally.longest_days, "day")
            )),
            (overdue, longest) => {
                clauses.push(format!("{overdue} overdue, by up to {}", count(longest, "working day")));
            }
        }
        for (topic, tasks) in &tally.topics {
            clauses.push(match topic {
                Topic::Overdue => continue,
                Topic::DueToday => format!("{tasks} due today"),
                Topic::Upcoming => self.upcoming(*tasks, tally.nearest.as_ref()),
                Topic::Silent => {
                    let silence = count(tally.longest_silence, "working day");
                    format!("{tasks} without a report for up to {silence}")
                }
                Topic::UnderReview => format!("{tasks} awaiting review"),
                Topic::LookBack => format!("{tasks} to look back on"),
                Topic::New => format!("{tasks} new"),
            });
        }
        clauses.truncate(2);
        clauses.join("; ")
    }

    fn list(&self, mut lines: Vec<String>) -> Vec<String> {
        let total = lines.len();
        if total > LIST_MAX {
            lines.truncate(LIST_MAX);
            lines.push(format!("… and {} more", total - LIST_MAX));
        }
        lines
    }
}

/// A number with its noun, in the plural where it is not one.
pub(super) fn count(number: i64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `second`, `third`, then `11th`.
fn ordinal(number: u32) -> String {
    const WORDS: [&str; 9] = [
        "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ];
    let word = (number.checked_sub(2)).and_then(|index| WORDS.get(usize::try_from(index).ok()?));
    word.map_or_else(
        || {
            let ending = match (number % 10, number % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{number}{ending}")
        },
        |word| (*word).to_owned(),
    )
}

fn task_line((id, title): &(String, String)) -> String {
    format!("{}  {}", one_line(id), shorten(&one_line(title), 80))
}

/// One thing that a self-audit found.
fn audit_line(problem: &AuditProblem) -> String {
    let what = match problem.kind {
        FindingKind::Missing => "should have been told and was not",
        FindingKind::Asleep => "will not be looked at in time",
        FindingKind::Lost => "the journal tells of it, the store does not hold it any more",
        FindingKind::Mark => "what counts as told is not what the journal tells",
        FindingKind::Extra => "not planned",
        FindingKind::Twice => "told twice",
        FindingKind::Stuck => "did not go out in time",
        FindingKind::Journal => "the journal is not whole, or the task does not follow from it",
    };
    let about = audit_about(problem, "task ");
    if about.is_empty() {
        what.into()
    } else {
        format!("{about}: {what}")
    }
}
