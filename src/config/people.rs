//! People and units: names resolved, and the channels that reach each person.

mod handles;

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::Settings;
use crate::domain::id::{ChannelId, PersonId, UnitId};
use crate::domain::people::{Away, ChannelFacts, ChannelKind, Locale, Party, People, Person, Unit};

use super::address::is_address;
use super::faults::{Faults, Placed};
use super::names::Names;
use super::raw::{Raw, RawPerson};
use super::settings::{day, locale};

/// Everyone, where the office is known; faults for what does not resolve.
pub(super) fn settle(
    faults: &mut Faults,
    raw: &Raw,
    names: &Names,
    channels: &BTreeMap<ChannelId, Settings>,
    ours: Locale,
) -> Option<People> {
    let facts = channels.iter().map(|(id, settings)| {
        let facts = ChannelFacts {
            id: id.clone(),
            kind: settings.kind(),
            endpoint: settings.endpoint(),
            members: settings.lane().members.clone(),
        };
        (id.clone(), facts)
    });
    let mut people = People {
        persons: BTreeMap::new(),
        units: BTreeMap::new(),
        channels: facts.collect(),
        office: Party::Person(PersonId::new("")),
        default_group: raw.group.as_ref().and_then(|name| group(faults, raw, name)),
        locale: ours,
    };
    for (id, entry) in &raw.people {
        let person = person(faults, raw, names, &people, id, &entry.value);
        people.persons.insert(person.id.clone(), person);
    }
    handles::warn_of_shared(faults, raw);
    warn_of_deputy_cycles(faults, raw, &people);
    for (id, entry) in &raw.units {
        let unit = unit(faults, raw, names, id, entry);
        people.units.insert(unit.id.clone(), unit);
    }
    let office = match &raw.office {
        Some(name) => names.party(faults, name),
        None => None,
    };
    office.map(|office| People { office, ..people })
}

/// The channel of that id; a fault where there is none.
pub(super) fn channel(faults: &mut Faults, raw: &Raw, name: &Placed<String>) -> Option<ChannelId> {
    if raw.channels.contains_key(&name.value) {
        return Some(ChannelId::new(name.value.as_str()));
    }
    let text = format!("channel `{}` is not defined", name.value);
    faults.unknown(
        name.place,
        text,
        &name.value,
        raw.channels.keys().map(String::as_str),
        None,
    );
    None
}

/// The channel of that id as a recipient itself; a fault where it is one of mail, which has no address of its own.
pub(super) fn group(faults: &mut Faults, raw: &Raw, name: &Placed<String>) -> Option<ChannelId> {
    // As it is written in `to`.
    let bare = name.value.strip_prefix("channel:").unwrap_or(&name.value).trim();
    let name = &Placed::new(bare.to_owned(), name.place);
    let id = channel(faults, raw, name)?;
    let kind = raw
        .channels
        .get(&name.value)
        .and_then(|entry| entry.value.kind.as_ref());
    if kind.is_some_and(|kind| kind.value == "email") {
        let text = format!("channel `{id}` is of type email and cannot be a recipient itself");
        faults.error_hint(
            name.place,
            text,
            "name a person or a unit, or a channel of another type",
        );
        return None;
    }
    Some(id)
}

fn person(faults: &mut Faults, raw: &Raw, names: &Names, people: &People, id: &str, entry: &RawPerson) -> Person {
    let id = PersonId::new(id);
    let mut email = None;
    if let Some(text) = &entry.email {
        if is_address(&text.value) {
            email = Some(text.value.clone());
        } else {
            faults.error(text.place, format!("`{}` is no mail address", text.value));
        }
    }
    let channels = usable_channels(faults, raw, people, &id, entry, email.is_some());
    let mut away = Vec::new();
    for absence in &entry.away {
        if let (Some(from), Some(until)) = (day(faults, &absence.from), day(faults, &absence.until)) {
            if until.value < from.value {
                faults.error(
                    absence.place,
                    format!("the absence ends on {} before it begins", until.value),
                );
            }
            away.push(Away {
                from: from.value,
                until: until.value,
            });
        }
    }
    Person {
        name: entry
            .name
            .as_ref()
            .map_or_else(|| id.as_str().to_owned(), |name| name.value.clone()),
        email,
        locale: locale(faults, entry.locale.as_ref()).unwrap_or(people.locale),
        channels,
        handles: handles::handles(faults, entry),
        deputy: entry.deputy.as_ref().and_then(|name| names.person(faults, name)),
        away,
        id,
    }
}

/// The person's own list, else email channels, then others whose members name them; what does not reach them is left out.
fn usable_channels(
    faults: &mut Faults,
    raw: &Raw,
    people: &People,
    id: &PersonId,
    entry: &RawPerson,
    has_email: bool,
) -> Vec<ChannelId> {
    let mut usable: Vec<ChannelId> = Vec::new();
    if let Some(listed) = &entry.channels {
        for name in listed {
            let Some(channel) = channel(faults, raw, name) else {
                continue;
            };
            let is_email = people
                .channels
                .get(&channel)
                .is_some_and(|facts| facts.kind == ChannelKind::Email);
            if is_email && !has_email {
                if entry.email.is_none() {
                    faults.warning(
                        name.place,
                        format!("`{id}` has no email address, so `{channel}` does not reach them"),
                    );
                }
            } else if people.channels.contains_key(&channel) && !usable.contains(&channel) {
                usable.push(channel);
            }
        }
        return usable;
    }
    let mut defined: Vec<_> = raw
        .channels
        .iter()
        .map(|(id, entry)| (entry.place, ChannelId::new(id.as_str())))
        .collect();
    defined.sort();
    for kind in [ChannelKind::Email, ChannelKind::Webhook, ChannelKind::Group] {
        for (_, channel) in &defined {
            let Some(facts) = people.channels.get(channel).filter(|facts| facts.kind == kind) else {
                continue;
            };
            let reaches = match kind {
                ChannelKind::Email => has_email,
                ChannelKind::Webhook | ChannelKind::Group => facts.members.contains(id),
            };
            if reaches {
                usable.push(channel.clone());
            }
        }
    }
    usable
}

fn warn_of_deputy_cycles(faults: &mut Faults, raw: &Raw, people: &People) {
    let mut known = BTreeSet::new();
    for (id, person) in &people.persons {
        let mut chain = vec![id];
        let mut next = person.deputy.as_ref();
        while let Some(deputy) = next.filter(|deputy| !chain.contains(deputy)) {
            chain.push(deputy);
            next = people.persons.get(deputy).and_then(|person| person.deputy.as_ref());
        }
        let closes = next == Some(id);
        if !closes || chain.iter().any(|member| known.contains(member)) {
            continue;
        }
        known.extend(chain.iter().copied());
        let words: Vec<&str> = chain.iter().chain([&id]).map(|id| id.as_str()).collect();
        let place = raw
            .people
            .get(id.as_str())
            .and_then(|entry| entry.value.deputy.as_ref());
        if let Some(deputy) = place {
            let text = format!("deputies go round in a circle: {}", words.join(" -> "));
            faults.warning_hint(
                deputy.place,
                text,
                "while all of them are away the notice goes to the person, and up",
            );
        }
    }
}

fn unit(faults: &mut Faults, raw: &Raw, names: &Names, id: &str, entry: &Placed<super::raw::RawUnit>) -> Unit {
    let unit = &entry.value;
    let mut contacts = Vec::new();
    for name in &unit.contacts {
        let contact = names.person(faults, name);
        contacts.extend(contact.filter(|contact| !contacts.contains(contact)));
    }
    Unit {
        id: UnitId::new(id),
        name: unit
            .name
            .as_ref()
            .map_or_else(|| id.to_owned(), |name| name.value.clone()),
        aliases: unit.aliases.iter().map(|alias| alias.value.clone()).collect(),
        head: unit.head.as_ref().and_then(|name| names.person(faults, name)),
        contacts,
        supervisor: unit.supervisor.as_ref().and_then(|name| names.party(faults, name)),
        group: unit.group.as_ref().and_then(|name| group(faults, raw, name)),
    }
}
