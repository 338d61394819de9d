//! Invitations: one meeting as iCalendar (RFC 5545, 5546), ready to stand in a mail.
//!
//! Times are in UTC; lines are folded at 75 octets and never inside a character; whatever people typed is escaped.

use chrono::{DateTime, Utc};

/// Octets in a line, its end not counted.
const LINE_MAX: usize = 75;

/// What the mail asks of a calendar; the same word stands in the MIME type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Enter the meeting, or what has changed of it.
    Request,
    /// Take it out: it does not take place.
    Cancel,
    /// Take it out: it takes place without these attendees.
    Uninvite,
}

impl Method {
    /// The word in the calendar and in the MIME type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel | Self::Uninvite => "CANCEL",
        }
    }
}

/// Somebody with a mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name that people know.
    pub name: String,
    /// The address, without `mailto:`.
    pub address: String,
}

/// One meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for the meeting's whole life.
    pub uid: String,
    /// Raised with each change; 0 at first.
    pub sequence: u32,
    /// When this was written.
    pub stamp: DateTime<Utc>,
    /// When it begins.
    pub starts: DateTime<Utc>,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// Its title.
    pub summary: String,
    /// What it is about; may have several lines, and may be empty.
    pub description: String,
    /// Where; may be empty.
    pub place: String,
    /// Who answers for it: replies go there.
    pub organiser: Mailbox,
    /// Who is asked to come.
    pub attendees: Vec<Mailbox>,
    /// Whether those who are asked shall answer.
    pub rsvp: bool,
}

/// The meeting as a calendar of its own, with CRLF at every line's end.
#[must_use]
pub fn write(event: &Event, method: Method) -> String {
    let instant = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        format!("PRODID:-//Duban//Duban {}//EN", env!("CARGO_PKG_VERSION")),
        "VERSION:2.0".to_owned(),
        format!("METHOD:{}", method.as_str()),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", text(&event.uid)),
        format!("SEQUENCE:{}", event.sequence),
        format!("DTSTAMP:{}", instant(event.stamp)),
        format!("DTSTART:{}", instant(event.starts)),
        format!("DTEND:{}", instant(event.ends)),
        format!("SUMMARY:{}", text(&event.summary)),
    ];
    for (name, value) in [("DESCRIPTION", &event.description), ("LOCATION", &event.place)] {
        if !value.is_empty() {
            lines.push(format!("{name}:{}", text(value)));
        }
    }
    let organiser = &event.organiser;
    lines.push(format!(
        "ORGANIZER;CN={}:mailto:{}",
        parameter(&organiser.name),
        address(&organiser.address)
    ));
    let rsvp = if event.rsvp { "TRUE" } else { "FALSE" };
    for attendee in &event.attendees {
        // Who calls the meeting does not answer themselves.
        let part = if attendee.address == organiser.address {
            "ROLE=CHAIR;PARTSTAT=ACCEPTED".to_owned()
        } else {
            format!("ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP={rsvp}")
        };
        lines.push(format!(
            "ATTENDEE;CN={};{part}:mailto:{}",
            parameter(&attendee.name),
            address(&attendee.address)
        ));
    }
    // RFC 5546, 3.2.5: a cancellation for some attendees alone must not say that the meeting is cancelled.
    lines.extend(match method {
        Method::Request => Some("STATUS:CONFIRMED".to_owned()),
        Method::Cancel => Some("STATUS:CANCELLED".to_owned()),
        Method::Uninvite => None,
    });
    lines.extend(["END:VEVENT", "END:VCALENDAR"].map(str::to_owned));
    lines.iter().map(|line| folded(line)).collect()
}

/// A text value: what has a meaning in the format is escaped, line breaks are `\n`, other controls go.
pub(super) fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' | '\r' => escaped.push_str("\\n"),
            '\t' => escaped.push('\t'),
            _ if letter.is_control() => {}
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// A parameter's value: in quotes where it must be, quotes within as `^'` and `^` as `^^` (RFC 6868).
fn parameter(value: &str) -> String {
    let plain: String = value
        .chars()
        .filter(|letter| !letter.is_control())
        .flat_map(|letter| match letter {
            '"' => vec!['^', '\''],
            '^' => vec!['^', '^'],
            _ => vec![letter],
        })
        .collect();
    if plain.contains([':', ';', ',']) {
        format!("\"{plain}\"")
    } else {
        plain
    }
}

/// An address holds no break, blank or control, so that it cannot begin a line of its own.
fn address(value: &str) -> String {
    value
        .chars()
        .filter(|letter| !letter.is_control() && !letter.is_whitespace())
        .collect()
}

/// A line in pieces of at most [`LINE_MAX`] octets, each but the first after a blank.
pub(super) fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + 2);
    let mut octets = 0;
    for letter in line.chars() {
        if octets + letter.len_utf8() > LINE_MAX {
            folded.push_str("\r\n ");
            octets = 1;
        }
        folded.push(letter);
        octets += letter.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn mailbox(name: &str, address: &str) -> Mailbox {
        Mailbox {
            name: name.to_owned(),
            address: address.to_owned(),
        }
    }

    fn event() -> Event {
        Event {
            uid: "task-42.occ-20250824@reminders.example.com".to_owned(),
            sequence: 0,
            stamp: at("2025-08-23T12:00:00Z"),
            starts: at("2025-08-24T10:00:00Z"),
            ends: at("2025-08-24T10:30:00Z"),
            summary: "提交周报".to_owned(),
            description: String::new(),
            place: String::new(),
            organiser: mailbox("Reminder", "reminder@example.com"),
            attendees: vec![mailbox("张伟", "zhang@example.com")],
            rsvp: false,
        }
    }

    #[test]
    fn an_invitation_reads_as_the_guides_example_does() {
        let expected = format!(
            "BEGIN:VCALENDAR\r\nPRODID:-//Duban//Duban {}//EN\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n\
             UID:task-42.occ-20250824@reminders.example.com\r\nSEQUENCE:0\r\nDTSTAMP:20250823T120000Z\r\n\
             DTSTART:20250824T100000Z\r\nDTEND:20250824T103000Z\r\nSUMMARY:提交周报\r\n\
             ORGANIZER;CN=Reminder:mailto:reminder@example.com\r\n\
             ATTENDEE;CN=张伟;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:zhang@example.com\r\n\
             STATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(write(&event(), Method::Request).replace("\r\n ", ""), expected);
    }

    #[test]
    fn a_cancellation_keeps_uid_organiser_and_attendees() {
        let cancelled = write(&event(), Method::Cancel);
        for line in [
            "METHOD:CANCEL\r\n",
            "STATUS:CANCELLED\r\n",
            "UID:task-42.occ-20250824@reminders.example.com\r\n",
            "ORGANIZER;CN=Reminder:mailto:reminder@example.com\r\n",
            "ATTENDEE;CN=张伟;",
        ] {
            assert!(cancelled.contains(line), "{line}\n{cancelled}");
        }
    }

    #[test]
    fn to_those_who_need_not_come_a_cancellation_does_not_call_the_meeting_cancelled() {
        let written = write(&event(), Method::Uninvite);
        assert!(written.contains("METHOD:CANCEL\r\n"), "{written}");
        assert!(!written.contains("STATUS"), "{written}");
    }

    #[test]
    fn who_calls_the_meeting_chairs_it_and_is_not_asked_to_answer() {
        let own = Event {
            attendees: vec![event().organiser, mailbox("张伟", "zhang@example.com")],
            rsvp: true,
            ..event()
        };
        let written = write(&own, Method::Request).replace("\r\n ", "");
        assert!(
            written.contains("ATTENDEE;CN=Reminder;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:reminder@example.com\r\n"),
            "{written}"
        );
        assert_eq!(written.matches("RSVP=TRUE").count(), 1, "{written}");
    }

    #[test]
    fn a_long_line_is_folded_before_the_character_that_would_not_fit() {
        let summary = "提交《第三季度安全巡检报告》及附件清单, 需部门负责人签字; 截止 18:00";
        assert_eq!(
            folded(&format!("SUMMARY:{}", text(summary))),
            "SUMMARY:提交《第三季度安全巡检报告》及附件清单\\, 需部\r\n 门负责人签字\\; 截止 18:00\r\n"
        );
    }

    #[test]
    fn no_line_is_longer_than_75_octets() {
        let long = Event {
            description: "督办，".repeat(200),
            ..event()
        };
        let written = write(&long, Method::Request);
        assert!(written.split("\r\n").all(|line| line.len() <= LINE_MAX), "{written}");
    }

    #[test]
    fn what_people_typed_begins_no_line_of_its_own() {
        let hostile = Event {
            summary: "a\r\nATTENDEE:mailto:x@example.com\u{0}".to_owned(),
            place: "b\nMETHOD:CANCEL".to_owned(),
            organiser: mailbox("c\"d;e\r\nf", "g@example.com\r\nSTATUS:CANCELLED"),
            ..event()
        };
        let written = write(&hostile, Method::Request);
        assert!(
            written.contains("SUMMARY:a\\nATTENDEE:mailto:x@example.com\r\n"),
            "{written}"
        );
        assert!(written.contains("LOCATION:b\\nMETHOD:CANCEL\r\n"), "{written}");
        assert!(written.contains("ORGANIZER;CN=\"c^'d;ef\":mailto:"), "{written}");
        let starts = |name: &str| written.split("\r\n").filter(|line| line.starts_with(name)).count();
        assert_eq!((starts("ATTENDEE"), starts("METHOD"), starts("STATUS")), (1, 1, 1));
    }
}
