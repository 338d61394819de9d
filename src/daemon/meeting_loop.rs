//! Meetings of reviews: people are invited when a round of the review is known, told when a day off moves it or it is
//! called off, asked for agenda items before it, and sent what was collected.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::daemon::letters::MINUTE;
use crate::daemon::plan_loop::BY;
use crate::daemon::{DaemonError, Engine};
use crate::domain::attachment::Calendar;
use crate::domain::id::{PersonId, ReviewId};
use crate::domain::journal::{Draft, hex};
use crate::domain::meeting::{Attendee, Meeting, MeetingPlan, MeetingState, MeetingWord, News};
use crate::domain::message::{Message, MessageKind};
use crate::domain::notice::RecipientKind;
use crate::domain::people::Locale;
use crate::domain::review::Review;
use crate::domain::task::{Task, TaskState};
use crate::files::icalendar::write::{Event, Mailbox, Method, write};
use crate::render::Renderer;
use crate::rules::forecast::History;
use crate::rules::meeting::{self, Slot, Step};
use crate::rules::summary::{self, ReviewInput};

impl Engine {
    /// Does all that is due of meetings. Says when the next thing is.
    pub(super) async fn meet_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DaemonError> {
        let planned = self.store.meetings_after(now).await?;
        if self.config.meetings.is_empty() && planned.is_empty() {
            return Ok(None);
        }
        let rows = self.store.review_rows().await?;
        let mut wanted: BTreeSet<(ReviewId, NaiveDate)> = BTreeSet::new();
        let mut next = Vec::new();
        for review in &self.config.reviews {
            let (Some(plan), Some(row)) = (
                self.config.meetings.get(&review.id),
                rows.iter().find(|row| row.id == review.id),
            ) else {
                continue;
            };
            if let Some(slot) = meeting::slot(&self.config.almanac, plan, review, row.nominal, row.next_at) {
                wanted.insert((review.id.clone(), slot.day));
                next.extend(self.meet(review, plan, &slot, row.nominal, now).await?);
            }
        }
        for known in planned {
            if wanted.contains(&(known.review.clone(), known.day)) {
                continue;
            }
            let plan = self.config.meetings.get(&known.review);
            if meeting::step_without_slot(&known, plan.is_some(), now) == Some(Step::Cancel) {
                self.tell_meeting(known, Step::Cancel, None, now).await?;
            } else if let (Some(plan), Some(review)) = (plan, self.review(&known.review)) {
                // The review has taken place this morning, and its meeting is still to come.
                let slot = Slot {
                    day: known.day,
                    review_at: known.review_at,
                    starts: known.starts,
                    ends: known.ends,
                };
                next.extend(self.meet(review, plan, &slot, known.review_at, now).await?);
            }
        }
        Ok(next.into_iter().filter(|at| *at > now).min())
    }

    fn review(&self, id: &ReviewId) -> Option<&Review> {
        self.config.reviews.iter().find(|review| review.id == *id)
    }

    /// Takes all steps that one round's meeting asks for now; the instants at which it may ask for more.
    async fn meet(
        &self,
        review: &Review,
        plan: &MeetingPlan,
        slot: &Slot,
        nominal: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>, DaemonError> {
        let almanac = &self.config.almanac;
        let mut known = self.store.meeting(&review.id, slot.day).await?;
        let agenda: Vec<String> = self
            .store
            .agenda(&review.id, slot.day)
            .await?
            .iter()
            .map(crate::domain::meeting::AgendaItem::line)
            .collect();
        loop {
            let has_news = known.as_ref().is_some_and(|known| known.agenda != agenda);
            let Some(step) = meeting::step(almanac, plan, slot, known.as_ref(), has_news, now) else {
                break;
            };
            let told = match (step, known) {
                (Step::Call | Step::Collect, Some(known)) => Meeting {
                    agenda: agenda.clone(),
                    ..known
                },
                (_, known) => self.planned(review, plan, slot, nominal, known, agenda.clone()).await?,
            };
            known = Some(self.tell_meeting(told, step, Some(plan), now).await?);
        }
        let times = known.and_then(|known| meeting::agenda_times(almanac, plan, known.starts));
        Ok(times.map(|(call, close)| vec![call, close]).unwrap_or_default())
    }

    /// The meeting as the configuration has it now; whoever was invited before stays so.
    async fn planned(
        &self,
        review: &Review,
        plan: &MeetingPlan,
        slot: &Slot,
        nominal: DateTime<Utc>,
        known: Option<Meeting>,
        agenda: Vec<String>,
    ) -> Result<Meeting, DaemonError> {
        let mut attendees = known.as_ref().map(|known| known.attendees.clone()).unwrap_or_default();
        let mut invited = self.invited(review, plan, slot, nominal).await?;
        invited.push(plan.organiser.clone());
        for id in invited {
            if attendees.iter().all(|attendee| attendee.id != id) {
                attendees.extend(self.attendee(&id));
            }
        }
        let organiser = self.attendee(&plan.organiser).unwrap_or_else(|| Attendee {
            id: plan.organiser.clone(),
            name: plan.organiser.to_string(),
            address: None,
        });
        let is_known = known.as_ref();
        Ok(Meeting {
            review: review.id.clone(),
            day: slot.day,
            uid: is_known.map_or_else(|| uid(&review.id, slot.day, &organiser), |known| known.uid.clone()),
            sequence: is_known.map_or(0, |known| known.sequence),
            review_at: slot.review_at,
            starts: slot.starts,
            ends: slot.ends,
            title: plan.title.clone(),
            place: plan.place.clone(),
            organiser,
            attendees,
            agenda,
            state: MeetingState::Planned,
            is_called: is_known.is_some_and(|known| known.is_called),
            is_collected: is_known.is_some_and(|known| known.is_collected),
        })
    }

    /// Who is asked to come, absence on the day of the meeting followed to deputies.
    async fn invited(
        &self,
        review: &Review,
        plan: &MeetingPlan,
        slot: &Slot,
        nominal: DateTime<Utc>,
    ) -> Result<Vec<PersonId>, DaemonError> {
        let tasks: Vec<(Task, TaskState)> = self
            .store
            .tasks()
            .await?
            .into_iter()
            .map(|stored| (stored.task, stored.state))
            .collect();
        let review = Review {
            to: plan.invite.clone(),
            ..review.clone()
        };
        let history = History::default();
        let readers = summary::recipients(&ReviewInput {
            review: &review,
            tasks: &tasks,
            history: &history,
            told: &BTreeMap::new(),
            ladders: &self.config.ladders,
            head: None,
            since: None,
            entries: &[],
            previous: &BTreeMap::new(),
            undelivered: &[],
            mismatches: &[],
            people: &self.config.people,
            almanac: &self.config.almanac,
            now: slot.starts,
            nominal,
        });
        Ok(readers
            .into_iter()
            .filter(|reader| reader.recipient.kind == RecipientKind::Person)
            .map(|reader| PersonId::new(reader.recipient.id))
            .collect())
    }

    fn attendee(&self, id: &PersonId) -> Option<Attendee> {
        let person = self.config.people.persons.get(id)?;
        Some(Attendee {
            id: id.clone(),
            name: person.name.clone(),
            address: person.email.clone(),
        })
    }

    /// Tells everybody, and keeps the meeting as they know it now.
    async fn tell_meeting(
        &self,
        known: Meeting,
        step: Step,
        plan: Option<&MeetingPlan>,
        now: DateTime<Utc>,
    ) -> Result<Meeting, DaemonError> {
        let is_new = step == Step::Invite && self.store.meeting(&known.review, known.day).await?.is_none();
        let mut told = known;
        match step {
            Step::Invite | Step::Change => told.is_collected |= !told.agenda.is_empty() && told.is_called,
            Step::Call => told.is_called = true,
            Step::Collect => told.is_collected = true,
            Step::Cancel => told.state = MeetingState::Cancelled,
        }
        if step != Step::Call && !is_new {
            told.sequence += 1;
        }
        let until = plan.and_then(|plan| meeting::agenda_times(&self.config.almanac, plan, told.starts));
        let (news, kind) = match step {
            Step::Invite => (News::Invited, "meeting-invited"),
            Step::Change => (News::Changed, "meeting-changed"),
            Step::Collect => (News::Agenda, "meeting-agenda"),
            Step::Cancel => (News::Cancelled, "meeting-cancelled"),
            Step::Call => {
                let until = until.map_or(told.starts, |(_, close)| close);
                (
                    News::Call {
                        until: self.as_of(until),
                    },
                    "agenda-called",
                )
            }
        };
        let word = self.meeting_word(&told, news);
        let messages = self.meeting_messages(&told, &word, kind, now);
        let entry = Draft {
            at: now,
            task: None,
            kind: kind.to_owned(),
            by: BY.to_owned(),
            data: json!({
                "review": told.review,
                "day": told.day.to_string(),
                "starts": self.as_of(told.starts),
                "sequence": told.sequence,
                "messages": messages.len(),
            }),
        };
        self.store.record_meeting(&told, &messages, vec![entry]).await?;
        tracing::info!(review.id = %told.review, "{kind}: review {} of {}, {} messages", told.review, told.day, messages.len());
        Ok(told)
    }

    fn meeting_word(&self, meeting: &Meeting, news: News) -> MeetingWord {
        let almanac = &self.config.almanac;
        let (starts, ends) = (almanac.local(meeting.starts), almanac.local(meeting.ends));
        let end = if starts.date_naive() == ends.date_naive() {
            "%H:%M"
        } else {
            MINUTE
        };
        MeetingWord {
            news,
            review: meeting.review.to_string(),
            title: meeting.title.clone(),
            when: format!("{}-{}", starts.format(MINUTE), ends.format(end)),
            place: meeting.place.clone(),
            organiser: meeting.organiser.name.clone(),
            agenda: meeting.agenda.clone(),
        }
    }

    fn meeting_messages(&self, meeting: &Meeting, word: &MeetingWord, kind: &str, now: DateTime<Utc>) -> Vec<Message> {
        let as_of = self.as_of(now);
        let sequence = meeting.sequence.to_string();
        let mut messages = Vec::new();
        for attendee in &meeting.attendees {
            // Whoever is gone from the configuration since they were invited cannot be told.
            let Some(person) = self.config.people.persons.get(&attendee.id) else {
                continue;
            };
            let Some(target) = self.target_of(person, "participant") else {
                tracing::error!(review.id = %meeting.review, "{} cannot be told of a meeting: no channel", attendee.id);
                continue;
            };
            let locale = self.locale_of(&target.recipient);
            let is_trial = self.on_trial(&target) != target;
            let mut words = self.renderer.meeting(word, locale, &as_of);
            if is_trial {
                let meant = format!("{} ({})", target.recipient.name, target.channel);
                words = Renderer::in_trial(words, &meant, locale);
            }
            let parts = [kind, meeting.uid.as_str(), &sequence, attendee.id.as_str()];
            let mut message = self.plain_letter(MessageKind::Review, &target, &parts, words, now);
            if !matches!(word.news, News::Call { .. }) {
                // In a trial nobody's calendar is to answer the organiser.
                let (method, ics) = calendar(meeting, word, locale, !is_trial, now);
                carry_calendar(&mut message, method, ics);
            }
            messages.extend(self.in_parts(&message));
        }
        messages
    }
}

/// Puts the invitation into a mail as calendars read it.
fn carry_calendar(message: &mut Message, method: Method, ics: String) {
    message.content.calendar = Some(Calendar {
        method: method.as_str().to_owned(),
        ics,
    });
}

/// The meeting for calendars: what is asked of them, and the text.
fn calendar(meeting: &Meeting, word: &MeetingWord, locale: Locale, rsvp: bool, now: DateTime<Utc>) -> (Method, String) {
    let mailbox = |who: &Attendee| {
        Some(Mailbox {
            name: who.name.clone(),
            address: who.address.clone()?,
        })
    };
    let method = match meeting.state {
        MeetingState::Planned => Method::Request,
        MeetingState::Cancelled => Method::Cancel,
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
        attendees: meeting.attendees.iter().filter_map(mailbox).collect(),
        rsvp,
    };
    (method, write(&event, method))
}

/// The same for the meeting's whole life, and for no other of the same office.
fn uid(review: &ReviewId, day: NaiveDate, organiser: &Attendee) -> String {
    let domain = organiser
        .address
        .as_deref()
        .and_then(|address| address.rsplit_once('@'))
        .map_or("duban.invalid", |(_, domain)| domain);
    let hash = hex(&Sha256::digest(format!("{review}/{day}")));
    let short = hash.get(..16).unwrap_or(&hash);
    format!("{short}.{}@{domain}", day.format("%Y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn meeting(sequence: u32, state: MeetingState) -> Meeting {
        let who = |id: &str, address: Option<&str>| Attendee {
            id: PersonId::new(id),
            name: format!("{id}，市\"教育局\""),
            address: address.map(str::to_owned),
        };
        let day = "2026-03-02".parse().expect("a date");
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
            state,
            is_called: false,
            is_collected: false,
        }
    }

    fn written(sequence: u32, state: MeetingState, rsvp: bool) -> (Method, String) {
        let word = MeetingWord {
            news: News::Invited,
            review: "weekly".to_owned(),
            title: None,
            when: String::new(),
            place: String::new(),
            organiser: String::new(),
            agenda: Vec::new(),
        };
        let (method, ics) = calendar(
            &meeting(sequence, state),
            &word,
            Locale::ZhCn,
            rsvp,
            at("2026-02-24T02:00:00Z"),
        );
        (method, ics.replace("\r\n ", ""))
    }

    #[test]
    fn all_rounds_of_a_meeting_have_one_uid_and_each_day_its_own() {
        let organiser = meeting(0, MeetingState::Planned).organiser;
        let of = |day: &str| uid(&ReviewId::new("weekly"), day.parse().expect("a date"), &organiser);
        assert_eq!(of("2026-03-02"), of("2026-03-02"));
        assert_ne!(of("2026-03-02"), of("2026-03-09"));
        assert!(of("2026-03-02").ends_with(".20260302@example.org"));
    }

    #[test]
    fn a_planned_meeting_is_a_request_and_one_called_off_a_cancellation() {
        let (method, ics) = written(1, MeetingState::Planned, true);
        assert_eq!(method, Method::Request);
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
        let (method, ics) = written(2, MeetingState::Cancelled, true);
        assert_eq!(method, Method::Cancel);
        assert!(
            ics.contains("STATUS:CANCELLED\r\n") && ics.contains("SEQUENCE:2\r\n"),
            "{ics}"
        );
    }

    #[test]
    fn only_those_with_an_address_stand_in_it_and_in_a_trial_nobody_is_to_answer() {
        let (_, ics) = written(0, MeetingState::Planned, false);
        assert_eq!(ics.matches("ATTENDEE;").count(), 2, "{ics}");
        assert!(!ics.contains("RSVP=TRUE"), "{ics}");
        assert_eq!(
            written(0, MeetingState::Planned, true).1.matches("RSVP=TRUE").count(),
            2
        );
    }
}
