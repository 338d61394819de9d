//! Deadlines as a calendar (RFC 5545): one event for each, which a calendar that took it in before finds again by its UID.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::write::{folded, text};

/// One deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The same for the task's whole life.
    pub uid: String,
    /// Raised with each change.
    pub sequence: u32,
    /// When it last changed.
    pub stamp: DateTime<Utc>,
    /// When it passes.
    pub at: Span,
    /// The title.
    pub summary: String,
    /// More lines about it; may be empty.
    pub description: String,
    /// Under what calendars may group it; may be empty.
    pub category: String,
    /// Whether it was called off.
    pub is_cancelled: bool,
    /// When to ring; none where nothing is left to do.
    pub alarms: Vec<DateTime<Utc>>,
}

/// How much of a day an event takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All of it.
    Day(NaiveDate),
    /// A moment.
    Moment(DateTime<Utc>),
}

/// The calendar, with CRLF at every line's end.
#[must_use]
pub fn calendar(name: &str, deadlines: &[Deadline]) -> String {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        format!("PRODID:-//Duban//Duban {}//EN", env!("CARGO_PKG_VERSION")),
        "VERSION:2.0".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        format!("X-WR-CALNAME:{}", text(name)),
    ];
    deadlines.iter().for_each(|deadline| event(&mut lines, deadline));
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| folded(line)).collect()
}

fn event(lines: &mut Vec<String>, deadline: &Deadline) {
    let instant = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    let stamp = instant(deadline.stamp);
    lines.push("BEGIN:VEVENT".to_owned());
    lines.push(format!("UID:{}", text(&deadline.uid)));
    lines.push(format!("SEQUENCE:{}", deadline.sequence));
    lines.push(format!("DTSTAMP:{stamp}"));
    lines.push(format!("LAST-MODIFIED:{stamp}"));
    match deadline.at {
        Span::Day(day) => {
            let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
            lines.push(format!("DTSTART;VALUE=DATE:{}", day.format("%Y%m%d")));
            lines.push(format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
        }
        // Without an end it takes no time.
        Span::Moment(at) => lines.push(format!("DTSTART:{}", instant(at))),
    }
    lines.push(format!("SUMMARY:{}", text(&deadline.summary)));
    for (name, value) in [
        ("DESCRIPTION", &deadline.description),
        ("CATEGORIES", &deadline.category),
    ] {
        if !value.is_empty() {
            lines.push(format!("{name}:{}", text(value)));
        }
    }
    let status = if deadline.is_cancelled {
        "CANCELLED"
    } else {
        "CONFIRMED"
    };
    lines.push(format!("STATUS:{status}"));
    lines.push("TRANSP:TRANSPARENT".to_owned());
    for alarm in &deadline.alarms {
        lines.push("BEGIN:VALARM".to_owned());
        lines.push("ACTION:DISPLAY".to_owned());
        lines.push(format!("DESCRIPTION:{}", text(&deadline.summary)));
        lines.push(format!("TRIGGER;VALUE=DATE-TIME:{}", instant(*alarm)));
        lines.push("END:VALARM".to_owned());
    }
    lines.push("END:VEVENT".to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline() -> Deadline {
        Deadline {
            uid: "task-1@duban".to_owned(),
            sequence: 2,
            stamp: "2021-12-01T02:03:04Z".parse().expect("an instant"),
            at: Span::Day(NaiveDate::from_ymd_opt(2021, 12, 31).expect("a day")),
            summary: "重新规划班级".to_owned(),
            description: "市教育局; 副市长\n未开始".to_owned(),
            category: "整改任务落实".to_owned(),
            is_cancelled: false,
            alarms: vec!["2021-12-24T01:00:00Z".parse().expect("an instant")],
        }
    }

    #[test]
    fn a_deadline_of_a_day_takes_all_of_it_and_rings_before() {
        let written = calendar("督办台账", &[deadline()]).replace("\r\n ", "");
        for line in [
            "METHOD:PUBLISH",
            "UID:task-1@duban",
            "SEQUENCE:2",
            "DTSTAMP:20211201T020304Z",
            "DTSTART;VALUE=DATE:20211231",
            "DTEND;VALUE=DATE:20220101",
            "DESCRIPTION:市教育局\\; 副市长\\n未开始",
            "STATUS:CONFIRMED",
            "TRIGGER;VALUE=DATE-TIME:20211224T010000Z",
        ] {
            assert!(written.contains(&format!("\r\n{line}\r\n")), "{line}\n{written}");
        }
    }

    #[test]
    fn a_deadline_at_a_moment_has_no_end() {
        let at = Span::Moment("2021-12-31T10:00:00Z".parse().expect("an instant"));
        let written = calendar("x", &[Deadline { at, ..deadline() }]);
        assert!(
            written.contains("\r\nDTSTART:20211231T100000Z\r\n") && !written.contains("DTEND"),
            "{written}"
        );
    }

    #[test]
    fn a_ledger_without_tasks_is_a_calendar_without_events() {
        assert!(!calendar("x", &[]).contains("VEVENT"));
    }
}
