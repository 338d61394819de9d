//! Meetings of reviews: people are invited when a round of the review is known, told when a day off moves it or it is
//! called off, asked for agenda items before it, and sent what was collected.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::daemon::dossier::Dossiers;
use crate::daemon::plan_loop::BY;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{PersonId, ReviewId};
use crate::domain::journal::{Draft, hex};
use crate::domain::meeting::{AgendaItem, Attendee, Meeting, MeetingPlan, MeetingState, News};
use crate::domain::message::Message;
use crate::domain::review::Review;
use crate::rules::meeting::{self, Roster, Slot, Step};

/// A round of a review that is to have a meeting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round<'a> {
    pub(super) review: &'a Review,
    pub(super) plan: &'a MeetingPlan,
    pub(super) slot: Slot,
    pub(super) nominal: DateTime<Utc>,
}

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
            let nominal = row.nominal;
            if let Some(slot) = meeting::slot(&self.config.almanac, plan, review, nominal, row.next_at) {
                wanted.insert((review.id.clone(), slot.day));
                let round = Round {
                    review,
                    plan,
                    slot,
                    nominal,
                };
                next.extend(self.meet(round, now).await?);
            }
        }
        for known in planned {
            if wanted.contains(&(known.review.clone(), known.day)) {
                continue;
            }
            let plan = self.config.meetings.get(&known.review);
            if meeting::step_without_slot(&known, plan.is_some(), now) == Some(Step::Cancel) {
                self.call_off(known, now).await?;
            } else if let (Some(plan), Some(review)) = (plan, self.review(&known.review)) {
                // The review has taken place this morning, and its meeting is still to come.
                let round = Round {
                    review,
                    plan,
                    slot: meeting::slot_after_review(&self.config.almanac, plan, &known, now),
                    nominal: known.review_at,
                };
                next.extend(self.meet(round, now).await?);
            }
        }
        *self.guests_seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.config.almanac.today(now));
        Ok(next.into_iter().filter(|at| *at > now).min())
    }

    fn review(&self, id: &ReviewId) -> Option<&Review> {
        self.config.reviews.iter().find(|review| review.id == *id)
    }

    /// Takes all steps that one round's meeting asks for now; the instants at which it may ask for more.
    async fn meet(&self, round: Round<'_>, now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, DaemonError> {
        let almanac = &self.config.almanac;
        let mut known = self.store.meeting(&round.review.id, round.slot.day).await?;
        let items = self.store.agenda(&round.review.id, round.slot.day).await?;
        while let Some(step) = meeting::step(almanac, round.plan, &round.slot, known.as_ref(), !items.is_empty(), now) {
            known = Some(match (step, known) {
                (Step::Call, Some(known)) => self.call_for_items(round, known, &items, now).await?,
                (Step::Collect, Some(known)) => self.send_agenda(round, known, &items, now).await?,
                (_, known) => self.invite(round, known, &items, now).await?,
            });
        }
        let planned = known.filter(|known| known.state == MeetingState::Planned && known.starts > now);
        let Some(known) = planned else {
            return Ok(Vec::new());
        };
        let seen = *self.guests_seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = if seen == Some(almanac.today(now)) {
            known
        } else {
            self.tell_guests(round, known, now).await?
        };
        let times = meeting::agenda_times(almanac, round.plan, known.starts);
        Ok(times.call.into_iter().chain([times.close]).collect())
    }

    /// Tells where and when the meeting is to be: of a new one, of one that changed, or of one that takes place after all.
    async fn invite(
        &self,
        round: Round<'_>,
        before: Option<Meeting>,
        items: &[AgendaItem],
        now: DateTime<Utc>,
    ) -> Result<Meeting, DaemonError> {
        let stood = before.as_ref().filter(|before| before.state == MeetingState::Planned);
        let (news, kind) = match stood {
            Some(_) => (News::Changed, "meeting-changed"),
            None => (News::Invited, "meeting-invited"),
        };
        let guests = self.guests(round).await?;
        let known = before.as_ref().map(|before| before.attendees.as_slice());
        let mut roster = guests.roster(known.unwrap_or_default());
        if stood.is_none() {
            // They were told that it does not take place.
            roster.gone.clear();
        }
        let close = meeting::agenda_times(&self.config.almanac, round.plan, round.slot.starts).close;
        let organiser = self.organiser(round.plan);
        let day = round.slot.day;
        let told = Meeting {
            review: round.review.id.clone(),
            day,
            uid: before
                .as_ref()
                .map_or_else(|| uid(&round.review.id, day, &organiser), |before| before.uid.clone()),
            sequence: before.as_ref().map_or(0, |before| before.sequence + 1),
            review_at: round.slot.review_at,
            starts: round.slot.starts,
            ends: round.slot.ends,
            title: round.plan.title.clone(),
            place: round.plan.place.clone(),
            organiser,
            attendees: roster.attendees.clone(),
            agenda: items.iter().map(AgendaItem::line).collect(),
            state: MeetingState::Planned,
            is_called: stood.is_some_and(|before| before.is_called),
            // Moved to a later day, it has an agenda to be sent again.
            is_collected: stood.is_some_and(|before| before.is_collected) && close <= now,
        };
        let mut messages = self.letters_to(&told, &told.attendees, &news, kind, None, now);
        messages.extend(self.farewells(&told, &roster, now));
        self.record(&told, &messages, kind, &roster, now).await?;
        Ok(told)
    }

    async fn call_for_items(
        &self,
        round: Round<'_>,
        known: Meeting,
        items: &[AgendaItem],
        now: DateTime<Utc>,
    ) -> Result<Meeting, DaemonError> {
        let close = meeting::agenda_times(&self.config.almanac, round.plan, known.starts).close;
        let told = Meeting {
            agenda: items.iter().map(AgendaItem::line).collect(),
            is_called: true,
            ..known
        };
        let news = News::Call {
            until: self.as_of(close),
            to_office: false,
        };
        let kind = "agenda-called";
        let messages = self.letters_to(&told, &told.attendees, &news, kind, None, now);
        self.record(&told, &messages, kind, &Roster::default(), now).await?;
        Ok(told)
    }

    /// Sends the agenda with the papers: to everybody where there is one, else to those who have papers.
    async fn send_agenda(
        &self,
        round: Round<'_>,
        known: Meeting,
        items: &[AgendaItem],
        now: DateTime<Utc>,
    ) -> Result<Meeting, DaemonError> {
        let told = Meeting {
            agenda: items.iter().map(AgendaItem::line).collect(),
            is_collected: true,
            sequence: known.sequence + u32::from(!items.is_empty()),
            ..known
        };
        let mut dossiers = match round.plan.papers {
            true => Some(self.dossiers(round, &told, items, now).await?),
            false => None,
        };
        let to: Vec<Attendee> = match items.is_empty() {
            true => (told.attendees.iter())
                .filter(|who| dossiers.as_ref().is_some_and(|dossiers| dossiers.has_any(&who.id)))
                .cloned()
                .collect(),
            false => told.attendees.clone(),
        };
        let kind = "meeting-agenda";
        let messages = self.letters_to(&told, &to, &News::Agenda, kind, dossiers.as_mut(), now);
        // Before the messages that name them; without those they are forgotten again.
        self.store
            .keep_files(now, &dossiers.map(Dossiers::into_files).unwrap_or_default())
            .await?;
        self.record(&told, &messages, kind, &Roster::default(), now).await?;
        Ok(told)
    }

    /// Asks those who are to come now, and lets go those who need not: nobody else sees anything change.
    async fn tell_guests(&self, round: Round<'_>, known: Meeting, now: DateTime<Utc>) -> Result<Meeting, DaemonError> {
        let roster = self.guests(round).await?.roster(&known.attendees);
        if roster.added.is_empty() && roster.gone.is_empty() {
            return Ok(known);
        }
        // A cancellation must stand above what it cancels; so must what goes to another address of the same person.
        let is_raised = !roster.gone.is_empty() || known.attendees.iter().any(|who| roster.added.contains(&who.id));
        let told = Meeting {
            attendees: roster.attendees.clone(),
            sequence: known.sequence + u32::from(is_raised),
            ..known
        };
        let new = |who: &&Attendee| roster.added.contains(&who.id);
        let added: Vec<Attendee> = told.attendees.iter().filter(new).cloned().collect();
        let mut messages = self.letters_to(&told, &added, &News::Invited, "meeting-invited", None, now);
        messages.extend(self.farewells(&told, &roster, now));
        self.record(&told, &messages, "meeting-attendees", &roster, now).await?;
        Ok(told)
    }

    async fn call_off(&self, known: Meeting, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let told = Meeting {
            state: MeetingState::Cancelled,
            sequence: known.sequence + 1,
            ..known
        };
        let kind = "meeting-cancelled";
        let messages = self.letters_to(&told, &told.attendees, &News::Cancelled, kind, None, now);
        self.record(&told, &messages, kind, &Roster::default(), now).await
    }

    fn farewells(&self, told: &Meeting, roster: &Roster, now: DateTime<Utc>) -> Vec<Message> {
        self.letters_to(told, &roster.gone, &News::Withdrawn, "meeting-withdrawn", None, now)
    }

    fn organiser(&self, plan: &MeetingPlan) -> Attendee {
        self.attendee(&plan.organiser).unwrap_or_else(|| Attendee {
            id: plan.organiser.clone(),
            name: plan.organiser.to_string(),
            address: None,
        })
    }

    /// Somebody as invitations name them; none who is gone from the configuration.
    pub(super) fn attendee(&self, id: &PersonId) -> Option<Attendee> {
        let person = self.config.people.persons.get(id)?;
        Some(Attendee {
            id: id.clone(),
            name: person.name.clone(),
            address: person.email.clone(),
        })
    }

    /// Keeps the meeting as people know it now, with what tells them. What tells nobody stands in no journal.
    async fn record(
        &self,
        told: &Meeting,
        messages: &[Message],
        kind: &str,
        roster: &Roster,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        let mut data = json!({
            "review": told.review,
            "day": told.day.to_string(),
            "starts": self.as_of(told.starts),
            "sequence": told.sequence,
            "messages": messages.len(),
        });
        let gone: Vec<&PersonId> = roster.gone.iter().map(|who| &who.id).collect();
        if let (Value::Object(fields), true) = (&mut data, kind == "meeting-attendees" || !gone.is_empty()) {
            fields.insert("added".to_owned(), json!(roster.added));
            fields.insert("gone".to_owned(), json!(gone));
        }
        let entry = Draft {
            at: now,
            task: None,
            kind: kind.to_owned(),
            by: BY.to_owned(),
            data,
        };
        let entries = if messages.is_empty() && kind == "meeting-agenda" {
            Vec::new()
        } else {
            vec![entry]
        };
        self.store.record_meeting(told, messages, entries).await?;
        tracing::info!(review.id = %told.review, "{kind}: review {} of {}, {} messages", told.review, told.day, messages.len());
        Ok(())
    }
}

/// The same for the meeting's whole life, and for no other of the same office.
pub(super) fn uid(review: &ReviewId, day: NaiveDate, organiser: &Attendee) -> String {
    let domain = organiser
        .address
        .as_deref()
        .and_then(|address| address.rsplit_once('@'))
        .map_or("duban.invalid", |(_, domain)| domain);
    let hash = hex(&Sha256::digest(format!("{review}/{day}")));
    let short = hash.get(..16).unwrap_or(&hash);
    format!("{short}.{}@{domain}", day.format("%Y%m%d"))
}
