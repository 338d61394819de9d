//! What people are sent of a meeting: a letter, and in a mail what their calendar does with it.

use chrono::{DateTime, Utc};

use crate::daemon::Engine;
use crate::daemon::dossier::Dossiers;
use crate::daemon::letters::MINUTE;
use crate::domain::attachment::Calendar;
use crate::domain::id::PersonId;
use crate::domain::meeting::{Attendee, Meeting, MeetingWord, News};
use crate::domain::message::{Message, MessageKind};
use crate::domain::people::Locale;
use crate::files::icalendar::write::{Event, Mailbox, Method, write};
use crate::render::Renderer;

impl Engine {
    /// The messages that tell these people the news; each with their own papers, where there are any.
    pub(super) fn letters_to(
        &self,
        meeting: &Meeting,
        people: &[Attendee],
        news: &News,
        kind: &str,
        mut dossiers: Option<&mut Dossiers>,
        now: DateTime<Utc>,
    ) -> Vec<Message> {
        let as_of = self.as_of(now);
        let sequence = meeting.sequence.to_string();
        let mut messages = Vec::new();
        for attendee in people {
            let Some(person) = self.config.people.persons.get(&attendee.id) else {
                let who = &attendee.id;
                tracing::warn!(review.id = %meeting.review, "{who} is gone from the configuration and hears nothing of {kind}");
                continue;
            };
            let Some(target) = self.target_of(person, "participant") else {
                tracing::error!(review.id = %meeting.review, "{} cannot be told of a meeting: no channel", attendee.id);
                continue;
            };
            let locale = self.locale_of(&target.recipient);
            let sent = self.on_trial(&target);
            let papers = match dossiers.as_deref_mut().filter(|_| self.carries_files(&sent.channel)) {
                Some(dossiers) => dossiers.of(&attendee.id, locale),
                None => None,
            };
            let mut word = self.meeting_word(meeting, self.news_for(&attendee.id, news));
            word.papers = papers.as_ref().map_or(0, |papers| papers.sheets);
            let mut words = self.renderer.meeting(&word, locale, &as_of);
            if sent != target {
                let meant = format!("{} ({})", target.recipient.name, target.channel);
                words = Renderer::in_trial(words, &meant, locale);
            }
            let parts = [kind, meeting.uid.as_str(), &sequence, attendee.id.as_str()];
            let mut message = self.plain_letter(MessageKind::Review, &target, &parts, words, now);
            if let Some(method) = method(meeting, news) {
                // In a trial nobody's calendar is to answer the organiser.
                let rsvp = sent == target;
                let listed = match method {
                    Method::Request | Method::Cancel => meeting.attendees.as_slice(),
                    Method::Uninvite => std::slice::from_ref(attendee),
                };
                message.content.calendar = Some(Calendar {
                    method: method.as_str().to_owned(),
                    ics: calendar(meeting, &word, method, listed, locale, rsvp, now),
                });
            }
            message.content.until = Some(of_use_until(meeting, news));
            message.content.attachments.extend(papers.map(|papers| papers.file));
            messages.extend(self.in_parts(&message));
        }
        messages
    }

    /// The news as somebody reads it: what is typed to enter an item is for the office.
    fn news_for(&self, who: &PersonId, news: &News) -> News {
        let people = &self.config.people;
        match news {
            News::Call { until, .. } => News::Call {
                until: until.clone(),
                to_office: people.members_of(&people.office).contains(who),
            },
            other @ (News::Invited | News::Changed | News::Agenda | News::Cancelled | News::Withdrawn) => other.clone(),
        }
    }

    fn meeting_word(&self, meeting: &Meeting, news: News) -> MeetingWord {
        MeetingWord {
            news,
            review: meeting.review.to_string(),
            title: meeting.title.clone(),
            when: self.meeting_time(meeting),
            place: meeting.place.clone(),
            organiser: meeting.organiser.name.clone(),
            agenda: meeting.agenda.clone(),
            papers: 0,
        }
    }

    /// `2026-03-02 09:30-10:30`
    pub(super) fn meeting_time(&self, meeting: &Meeting) -> String {
        let almanac = &self.config.almanac;
        let (starts, ends) = (almanac.local(meeting.starts), almanac.local(meeting.ends));
        let end = if starts.date_naive() == ends.date_naive() {
            "%H:%M"
        } else {
            MINUTE
        };
        format!("{}-{}", starts.format(MINUTE), ends.format(end))
    }
}

/// What the news does to a calendar; nothing where the entry stays as it is.
fn method(meeting: &Meeting, news: &News) -> Option<Method> {
    match news {
        News::Invited | News::Changed => Some(Method::Request),
        News::Agenda => (!meeting.agenda.is_empty()).then_some(Method::Request),
        News::Cancelled => Some(Method::Cancel),
        News::Withdrawn => Some(Method::Uninvite),
        News::Call { .. } => None,
    }
}

/// An invitation is of no use once the meeting has begun; that there is none spares somebody the way until it would have
/// ended.
fn of_use_until(meeting: &Meeting, news: &News) -> DateTime<Utc> {
    match news {
        News::Cancelled | News::Withdrawn => meeting.ends,
        News::Invited | News::Changed | News::Agenda | News::Call { .. } => meeting.starts,
    }
}

/// The meeting for calendars.
fn calendar(
    meeting: &Meeting,
    word: &MeetingWord,
    method: Method,
    listed: &[Attendee],
    locale: Locale,
    rsvp: bool,
    now: DateTime<Utc>,
) -> String {
    let mailbox = |who: &Attendee| {
        Some(Mailbox {
            name: who.name.clone(),
            address: who.address.clone()?,
        })
    };
    let event = Event {
        uid: meeting.uid.clone(),
        sequence: meeting.sequence,
        stamp: now,
        starts: meeting.starts,
        ends: meeting.ends,
        summary: Renderer::meeting_title(word, locale),
        description: meeting.agenda.join("\n"),
        place: meeting.place.clone(),
        organiser: mailbox(&meeting.organiser).unwrap_or_else(|| Mailbox {
            name: meeting.organiser.name.clone(),
            address: String::new(),
        }),
        attendees: listed.iter().filter_map(mailbox).collect(),
        rsvp,
    };
    write(&event, method)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::daemon::meeting_loop::uid;
    use crate::domain::id::ReviewId;
    use crate::domain::meeting::MeetingState;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn meeting(sequence: u32) -> Meeting {
        let who = |id: &str, address: Option<&str>| Attendee {
            id: PersonId::new(id),
            name: format!("{id}，市\"教育局\""),
            address: address.map(str::to_owned),
        };
        let day: NaiveDate = "2026-03-02".parse().expect("a date");
        let organiser = who("王", Some("wang@example.org"));
        Meeting {
            review: ReviewId::new("weekly"),
            day,
            uid: uid(&ReviewId::new("weekly"), day, &organiser),
            sequence,
            review_at: at("2026-03-02T00:30:00Z"),
            starts: at("2026-03-02T01:30:00Z"),
            ends: at("2026-03-02T02:30:00Z"),
            title: None,
            place: "301; 东楼, 三层".to_owned(),
            attendees: vec![organiser.clone(), who("李", Some("li@example.org")), who("赵", None)],
            organiser,
            agenda: vec!["12: 谁出钱？ (吴)".to_owned(), "other".to_owned()],
            state: MeetingState::Planned,
            is_called: false,
            is_collected: false,
        }
    }

    fn written(sequence: u32, method: Method, rsvp: bool) -> String {
        let word = MeetingWord {
            news: News::Invited,
            review: "weekly".to_owned(),
            title: None,
            when: String::new(),
            place: String::new(),
            organiser: String::new(),
            agenda: Vec::new(),
            papers: 0,
        };
        let meeting = meeting(sequence);
        let now = at("2026-02-24T02:00:00Z");
        calendar(&meeting, &word, method, &meeting.attendees, Locale::ZhCn, rsvp, now).replace("\r\n ", "")
    }

    #[test]
    fn all_rounds_of_a_meeting_have_one_uid_and_each_day_its_own() {
        let organiser = meeting(0).organiser;
        let of = |day: &str| uid(&ReviewId::new("weekly"), day.parse().expect("a date"), &organiser);
        assert_eq!(of("2026-03-02"), of("2026-03-02"));
        assert_ne!(of("2026-03-02"), of("2026-03-09"));
        assert!(of("2026-03-02").ends_with(".20260302@example.org"));
    }

    #[test]
    fn only_papers_leave_the_calendar_as_it_is() {
        let with_agenda = meeting(1);
        let without = Meeting {
            agenda: Vec::new(),
            ..meeting(1)
        };
        assert_eq!(method(&with_agenda, &News::Agenda), Some(Method::Request));
        assert_eq!(method(&without, &News::Agenda), None);
        assert_eq!(method(&without, &News::Withdrawn), Some(Method::Uninvite));
    }

    #[test]
    fn a_meeting_is_written_with_what_people_typed_escaped() {
        let ics = written(1, Method::Request, true);
        for line in [
            "SEQUENCE:1\r\n",
            "DTSTART:20260302T013000Z\r\n",
            "DTEND:20260302T023000Z\r\n",
            "SUMMARY:督办调度会\r\n",
            "DESCRIPTION:12: 谁出钱？ (吴)\\nother\r\n",
            "LOCATION:301\\; 东楼\\, 三层\r\n",
        ] {
            assert!(ics.contains(line), "{line}\n{ics}");
        }
        let ics = written(2, Method::Cancel, true);
        assert!(
            ics.contains("STATUS:CANCELLED\r\n") && ics.contains("SEQUENCE:2\r\n"),
            "{ics}"
        );
    }

    #[test]
    fn only_those_with_an_address_stand_in_it_and_in_a_trial_nobody_is_to_answer() {
        let ics = written(0, Method::Request, false);
        assert_eq!(ics.matches("ATTENDEE;").count(), 2, "{ics}");
        assert!(!ics.contains("RSVP=TRUE"), "{ics}");
        assert_eq!(written(0, Method::Request, true).matches("RSVP=TRUE").count(), 1);
    }
}
