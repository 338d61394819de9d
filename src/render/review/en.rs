//! English wording of reviews.

use super::gist::{self, Holders};
use super::{Part, ReviewPhrases};
use crate::domain::journal::Fact;
use crate::domain::message::Figures;
use crate::domain::review::{
    BatchFigures, CalendarGap, ChainHead, Change, DUE_SOON_DAYS, Edition, Forecast, LastTold, Mismatch, Reason,
    Request, SILENT_WORKING_DAYS, StageOf, Summary, SummaryLine, Undelivered,
};
use crate::domain::task::Light;
use crate::render::en::{En as Common, count};
use crate::render::escape::{one_line, shorten, when};
use crate::render::phrases::Phrases;

/// English.
pub(super) struct En;

impl ReviewPhrases for En {
    fn headline(&self, summary: &Summary) -> String {
        let name = match summary.review.as_str() {
            "weekly" => "Weekly review",
            "monthly" => "Monthly review",
            "quarterly" => "Quarterly review",
            _ => "Review",
        };
        let late = if summary.late_from.is_some() { " (late)" } else { "" };
        let Figures {
            green,
            yellow,
            red,
            blue,
            ..
        } = summary.figures;
        let open = count(i64::from(green + yellow + red + blue), "task");
        if summary.is_idle() {
            return format!("{name} | no open tasks{late}");
        }
        if summary.is_all_green() && summary.due_soon.lines.is_empty() && summary.silent.lines.is_empty() {
            return format!("{name} | {open}, all on track{late}");
        }
        let mut clauses = Vec::new();
        if red > 0 {
            clauses.push(format!("{red} overdue"));
        }
        if !summary.due_soon.lines.is_empty() {
            clauses.push(format!("{} due within {DUE_SOON_DAYS} days", summary.due_soon.count()));
        }
        if clauses.len() < 2 && !summary.silent.lines.is_empty() {
            clauses.push(format!("{} without a report for long", summary.silent.count()));
        }
        if clauses.len() < 2 && blue > 0 {
            clauses.push(format!("{blue} awaiting review"));
        }
        if clauses.is_empty() {
            clauses.push(format!("{yellow} near the deadline"));
        }
        format!("{name} | {open}: {}{late}", clauses.join(", "))
    }

    fn meaning(&self, light: Light) -> &'static str {
        match light {
            Light::Red => "overdue",
            Light::Yellow => "near",
            Light::Green => "on track",
            Light::Blue => "in review",
            Light::Grey => "closed",
        }
    }

    fn verdict(&self, summary: &Summary) -> Vec<String> {
        let mut verdict = Vec::new();
        if summary.is_idle() {
            verdict.push("No task is open.".into());
        } else if summary.is_all_green() {
            let mut near = Vec::new();
            if !summary.due_soon.lines.is_empty() {
                near.push(format!("{} due within {DUE_SOON_DAYS} days", summary.due_soon.count()));
            }
            if !summary.silent.lines.is_empty() {
                near.push(format!("{} without a report for long", summary.silent.count()));
            }
            verdict.push(if near.is_empty() {
                "All open tasks are green: none is late, and none is near its deadline.".into()
            } else {
                format!("All open tasks are green, none is late; but {}.", near.join(", "))
            });
        } else if summary.figures.red == 0 {
            verdict.push("No task is late.".into());
        } else if summary.figures.red == 1 {
            verdict.push("1 task is overdue: please see to it first.".into());
        } else {
            verdict.push(format!(
                "{} tasks are overdue: please see to them first.",
                summary.figures.red
            ));
        }
        verdict.extend(gist::holders(summary).map(|holders| self::holders(&holders)));
        verdict.extend(moved(summary));
        if summary.since.is_some() && summary.is_quiet() {
            verdict.push("No report, submission or ledger change was recorded since the last review.".into());
        }
        if summary.fine > 0 && !summary.is_all_green() {
            verdict.push(match summary.fine {
                1 => "1 more is on track and not listed.".into(),
                fine => format!("{fine} more are on track and not listed."),
            });
        }
        verdict
    }

    fn heading(&self, part: Part, count: u32, since: &str) -> String {
        match part {
            Part::Overdue => format!("Overdue ({count})"),
            Part::DueSoon => format!("Due within {DUE_SOON_DAYS} days ({count})"),
            Part::Silent => format!("No report for {SILENT_WORKING_DAYS} working days or more ({count})"),
            Part::UnderReview => format!("Awaiting review ({count})"),
            Part::Requests => format!("Extensions asked for, waiting for an answer ({count})"),
            Part::Extensions => format!("Extensions granted or refused, deadlines moved back ({count})"),
            Part::Returns => format!("Returned since the last review ({count})"),
            Part::LookBacks => format!("To be looked at again within {DUE_SOON_DAYS} days ({count})"),
            Part::Relapses => format!("Relapsed: reopened after closing ({count})"),
            Part::Forecast => format!("Likely to be late ({count})"),
            Part::Batches => format!("By batch ({count})"),
            Part::Agenda => format!("Agenda of the meeting ({count})"),
            Part::Closed if since.is_empty() => format!("Closed ({count})"),
            Part::Closed => format!("Closed since the last review ({count})"),
            Part::Changes if since.is_empty() => format!("Changes ({count})"),
            Part::Changes => format!("Changes since the last review ({count})"),
            Part::Mismatches => format!("Ledger and journal disagree ({count})"),
            Part::Undelivered => format!("Messages that did not arrive ({count})"),
            Part::Calendar => "Calendar".into(),
        }
    }

    fn state(&self, part: Part, line: &SummaryLine) -> String {
        let standing = &line.standing;
        match part {
            Part::Silent => {
                let silence = count(standing.silent_working_days, "working day");
                format!("no report for {silence}, {}", Common.deadline(standing))
            }
            Part::UnderReview => {
                let reviewers = Common.names(&line.reviewers);
                let by = if reviewers.is_empty() {
                    reviewers
                } else {
                    format!(", with {reviewers}")
                };
                match standing.submitted_working_days {
                    Some(days @ 1..) => format!("awaiting review for {}{by}", count(days, "working day")),
                    _ => format!("awaiting review{by}"),
                }
            }
            Part::Requests => line.request.as_ref().map_or_else(
                || Common.deadline(standing),
                |request| {
                    let waited = match request.working_days {
                        1.. => format!(", waiting for {}", count(request.working_days, "working day")),
                        _ => String::new(),
                    };
                    format!(
                        "asks for an extension until {}{waited}; {}",
                        request.to,
                        Common.deadline(standing)
                    )
                },
            ),
            Part::LookBacks => format!("look again on {}", line.look_back.as_deref().unwrap_or_default()),
            // Working days and civil days: a holiday between hides in the one and not in the other.
            Part::Overdue if standing.passed && standing.working_days_left < 0 => {
                format!("{} ({})", Common.deadline(standing), count(-standing.days_left, "day"))
            }
            Part::Closed => match standing.closed_days {
                Some(days @ 1..) => format!("closed {} ago", count(days, "day")),
                _ => "closed today".into(),
            },
            Part::Overdue
            | Part::DueSoon
            | Part::Extensions
            | Part::Returns
            | Part::Relapses
            | Part::Forecast
            | Part::Batches
            | Part::Agenda
            | Part::Changes
            | Part::Mismatches
            | Part::Undelivered
            | Part::Calendar => Common.deadline(standing),
        }
    }

    fn held_by(&self, line: &SummaryLine) -> String {
        let mut held = one_line(&line.task.unit.name);
        let holders = Common.names(&line.holders);
        if !holders.is_empty() && holders != held {
            held = format!("{held} ({holders})");
        }
        format!("{held}, lead: {}", one_line(&line.task.lead.name))
    }

    fn change(&self, change: &Change) -> String {
        let what = match &change.fact {
            Fact::Loaded { due, .. } => format!("new in the ledger, due {}", when(*due)),
            Fact::Acknowledged => "acknowledged".into(),
            Fact::Reported { progress } => format!("reported: {}", shorten(&one_line(progress), 120)),
            Fact::Submitted => "submitted for review".into(),
            Fact::Returned { due: Some(due) } => format!("returned, new deadline {}", when(*due)),
            Fact::Returned { due: None } => "returned".into(),
            Fact::Closed { on: Some(on) } => format!("closed ({})", when(*on)),
            Fact::Closed { on: None } => "closed".into(),
            Fact::Reopened { due: Some(due) } => format!("reopened, new deadline {}", when(*due)),
            Fact::Reopened { due: None } => "reopened".into(),
            Fact::Cancelled => "cancelled".into(),
            Fact::Withdrawn => "no longer in the ledger".into(),
            Fact::Restored => "back in the ledger".into(),
            Fact::DueChanged { from, to } => format!("deadline moved from {} to {}", when(*from), when(*to)),
            Fact::ExtensionAsked { to, .. } => format!("asked for an extension until {}", when(*to)),
            Fact::ExtensionGranted { from, asked, to } if asked == to => {
                format!(
                    "extension granted, deadline moved from {} to {}",
                    when(*from),
                    when(*to)
                )
            }
            Fact::ExtensionGranted { from, asked, to } => format!(
                "extension granted, deadline moved from {} to {} (asked for {})",
                when(*from),
                when(*to),
                when(*asked)
            ),
            Fact::ExtensionRefused { asked } => format!("extension until {} refused", when(*asked)),
            Fact::OpenedChanged { from, to } => format!("opening moved from {} to {}", when(*from), when(*to)),
            Fact::LadderChanged { .. } => "ladder changed".into(),
            Fact::Changed { columns } => format!("changed: {}", columns.join(", ")),
        };
        let by = match change.by.as_str() {
            "ledger" => "ledger".into(),
            "duban" => "Duban".into(),
            name => one_line(name),
        };
        let note = one_line(&change.note);
        let note = if note.is_empty() {
            note
        } else {
            format!(" ({})", shorten(&note, 120))
        };
        format!("{} {by}: {what}{note}", change.at)
    }

    fn mismatch(&self, mismatch: &Mismatch) -> String {
        format!(
            "Task {}, {}: the ledger says \"{}\", the journal \"{}\", and the journal holds",
            one_line(mismatch.task.as_str()),
            mismatch.column,
            shorten(&one_line(&mismatch.row), 80),
            shorten(&one_line(&mismatch.journal), 80)
        )
    }

    fn undelivered(&self, undelivered: &Undelivered) -> String {
        format!(
            "{} (channel {}): {} not delivered, {}",
            one_line(&undelivered.recipient),
            one_line(&undelivered.channel),
            count(undelivered.messages.into(), "message"),
            shorten(&Common.said(&undelivered.why), 200)
        )
    }

    fn more(&self, count: u32) -> String {
        format!("{count} more not listed here.")
    }

    fn whose(&self, summary: &Summary) -> &'static str {
        match summary.parts.as_slice() {
            [] => "All tasks",
            [one] if summary.for_names.is_empty() => match one {
                Edition::Owner => "Your tasks",
                Edition::UnitHead => "Your unit's tasks",
                Edition::Supervisor => "The tasks you watch",
                Edition::Lead => "The tasks you lead",
                Edition::Office | Edition::Group => "All tasks",
            },
            _ => "The tasks that concern you",
        }
    }

    fn told(&self, told: &LastTold) -> String {
        let loudest = told.loudest.as_ref().map_or_else(String::new, |(level, at)| {
            format!("; loudest so far: {} ({at})", Common.level_name(*level).to_lowercase())
        });
        format!(
            "last told: {} ({}, {}){loudest}",
            told_names(&told.names),
            Common.level_name(told.level).to_lowercase(),
            told.at
        )
    }

    fn forecast(&self, forecast: &Forecast) -> String {
        let reasons: Vec<String> = forecast.reasons.iter().map(reason).collect();
        format!("why: {}; {} in all", reasons.join("; "), points(forecast.score))
    }

    fn request(&self, request: &Request) -> String {
        format!(
            "why: {} (asked on {})",
            shorten(&one_line(&request.note), 160),
            request.at
        )
    }

    fn stage(&self, stage: &StageOf) -> String {
        format!(" (a stage of task {}, which is due {})", one_line(&stage.id), stage.due)
    }

    fn batch(&self, batch: &BatchFigures) -> String {
        let Figures {
            green,
            yellow,
            red,
            blue,
            grey,
        } = batch.figures;
        let name = match one_line(&batch.batch) {
            name if name.is_empty() => "No batch".to_owned(),
            name => name,
        };
        format!(
            "{name} ({}): {red} overdue, {yellow} near the deadline, {green} on track, {blue} awaiting review, {grey} closed \
             or cancelled",
            count(i64::from(green + yellow + red + blue + grey), "task")
        )
    }

    fn calendar(&self, gap: &CalendarGap) -> String {
        if gap.years.is_empty() {
            let when = match gap.days_left {
                0.. => format!("{} left", count(gap.days_left, "day")),
                _ => format!("{} ago", count(-gap.days_left, "day")),
            };
            return format!(
                "The calendar ends on {} ({when}); what is counted beyond is by weekends alone: please update it",
                gap.known_until
            );
        }
        let years: Vec<String> = gap
            .years
            .iter()
            .map(|(year, tasks)| format!("{} in {year}", count(i64::from(*tasks), "task")))
            .collect();
        format!(
            "The calendar ends on {}; later deadlines are counted by weekends alone and are provisional: {}",
            gap.known_until,
            years.join(", ")
        )
    }

    fn head(&self, head: &ChainHead) -> String {
        format!(
            "The journal ends with entry {}; the first {} digits of its hash are {}",
            head.seq,
            head.hash.len(),
            head.hash
        )
    }

    fn also(&self, headings: &[String]) -> String {
        format!("Also: {}.", headings.join("; "))
    }
}

/// The first three by name, the others counted.
fn told_names(names: &[String]) -> String {
    match names {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            let first = [first, second, third].map(|name| one_line(name)).join(", ");
            format!("{first} and {} more", rest.len())
        }
        names => one_line(&Common.names(names)),
    }
}

fn points(points: u32) -> String {
    count(i64::from(points), "point")
}

fn holders(holders: &Holders) -> String {
    let first = holders.first.iter().map(|(unit, count)| format!("{unit} ({count})"));
    let mut first: Vec<String> = first.collect();
    if let (others @ 1.., tasks) = holders.others {
        first.push(format!("{} ({tasks})", count(i64::from(others), "other unit")));
    }
    format!("The overdue tasks are with {}.", first.join(", "))
}

fn moved(summary: &Summary) -> Option<String> {
    let moves: Vec<String> = gist::moves(summary)
        .into_iter()
        .filter(|(_, _, change)| *change != 0)
        .map(|(light, _, change)| {
            let way = if change > 0 { "more" } else { "fewer" };
            format!("{} {way} {}", change.abs(), En.meaning(light))
        })
        .collect();
    (!moves.is_empty()).then(|| format!("Since the last review: {}.", moves.join(", ")))
}

fn reason(reason: &Reason) -> String {
    let why = match reason {
        Reason::Unit { due, late, .. } => {
            format!("{late} of this unit's {due} tasks of the last 12 months were late")
        }
        Reason::Silent { days, .. } => format!("no report for {}", count(*days, "working day")),
        Reason::Short { left, needed, of, .. } => format!(
            "no progress reported and {} left, where {of} closed tasks of its kind took {needed} (median)",
            count(*left, "working day")
        ),
        Reason::Slow {
            elapsed, needed, of, ..
        } => format!(
            "{} so far, where {of} closed tasks of its kind took {needed} (median)",
            count(*elapsed, "working day")
        ),
        Reason::Spent { elapsed, whole, .. } => format!(
            "no progress reported, and {elapsed} of its {} have passed",
            count(*whole, "working day")
        ),
        Reason::Returned { times, .. } => format!("returned {}", count(i64::from(*times), "time")),
    };
    format!("{why} ({})", points(reason.points()))
}
