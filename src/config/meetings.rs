//! Meetings of reviews: when on the review's day, who is asked to come, and when agenda items are called for.

use std::collections::BTreeMap;

use chrono::{NaiveTime, TimeDelta};

use crate::domain::id::{PersonId, ReviewId};
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::meeting::MeetingPlan;
use crate::domain::review::Audience;

use super::faults::{Faults, Placed};
use super::names::Names;
use super::raw::{Raw, RawMeeting};
use super::reviews::{PlacedReview, audience};
use super::settings::{span, time, wait};

/// What was collected goes out so long before the meeting where nothing else is said.
const AGENDA_CLOSES: Span = Span {
    amount: 2,
    unit: TimeUnit::Hours,
};

/// The meetings that are right, by their review.
pub(super) fn settle(
    faults: &mut Faults,
    raw: &Raw,
    names: &Names,
    reviews: &[PlacedReview],
) -> BTreeMap<ReviewId, MeetingPlan> {
    reviews
        .iter()
        .filter_map(|placed| {
            let id = &placed.review.id;
            let meeting = raw.reviews.get(id.as_str())?.value.meeting.as_ref()?;
            Some((id.clone(), plan(faults, raw, names, &placed.review.to, meeting)?))
        })
        .collect()
}

fn plan(faults: &mut Faults, raw: &Raw, names: &Names, to: &[Audience], meeting: &RawMeeting) -> Option<MeetingPlan> {
    let starts: Option<NaiveTime> = time(faults, meeting.starts.as_ref());
    let length = match &meeting.length {
        Some(length) => wait(faults, length),
        None => Some(TimeDelta::hours(1)),
    };
    let organiser = meeting
        .organiser
        .as_ref()
        .and_then(|name| organiser(faults, raw, names, name));
    let invite = match &meeting.invite {
        Some(invite) => invited(faults, raw, names, invite),
        None => to
            .iter()
            .filter(|who| !matches!(who, Audience::Channel(_)))
            .cloned()
            .collect(),
    };
    let call_for_agenda = meeting.call_for_agenda.as_ref().and_then(|text| span(faults, text));
    let agenda_closes = meeting.agenda_closes.as_ref().and_then(|text| span(faults, text));
    if invite.is_empty() {
        let hint = "write invite = [\"leads\", \"heads\", \"office\"]";
        faults.error_hint(meeting.place, "nobody is invited to the meeting", hint);
        return None;
    }
    Some(MeetingPlan {
        title: meeting.title.as_ref().map(|title| title.value.clone()),
        starts: starts?,
        length: length?,
        place: meeting
            .location
            .as_ref()
            .map(|place| place.value.clone())
            .unwrap_or_default(),
        organiser: organiser?,
        invite,
        call_for_agenda,
        agenda_closes: agenda_closes.unwrap_or(AGENDA_CLOSES),
        papers: meeting.papers.as_ref().is_none_or(|papers| papers.value),
    })
}

/// Whoever calendars answer to has a mail address.
fn organiser(faults: &mut Faults, raw: &Raw, names: &Names, name: &Placed<String>) -> Option<PersonId> {
    let id = names.person(faults, name)?;
    let has_address = raw
        .people
        .get(id.as_str())
        .is_some_and(|person| person.value.email.is_some());
    if !has_address {
        let hint = "calendars send their answers to the organiser: give them an `email`";
        faults.error_hint(
            name.place,
            format!("the organiser `{}` has no mail address", name.value),
            hint,
        );
        return None;
    }
    Some(id)
}

fn invited(faults: &mut Faults, raw: &Raw, names: &Names, texts: &[Placed<String>]) -> Vec<Audience> {
    let mut found = Vec::new();
    for text in texts {
        match audience(faults, raw, names, text) {
            Some(Audience::Channel(_)) => {
                faults.error_hint(
                    text.place,
                    "a channel cannot come to a meeting",
                    "name persons or units",
                );
            }
            Some(audience) if found.contains(&audience) => {
                faults.warning(text.place, format!("`{}` stands twice in `invite`", text.value));
            }
            audience => found.extend(audience),
        }
    }
    found
}
