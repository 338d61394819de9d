//! Whom `--to` means: a person, a unit or a channel, by id or name.

use std::collections::BTreeSet;

use crate::command::Failure;
use crate::command::desk::hinted;
use crate::command::picture::near;
use crate::domain::id::{ChannelId, PersonId, UnitId};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::{People, Unit};

/// The recipients that a word on the command line stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listeners {
    persons: BTreeSet<PersonId>,
    channels: BTreeSet<ChannelId>,
}

impl Listeners {
    /// Whether a notice goes to one of them.
    pub(super) fn contains(&self, recipient: &Recipient) -> bool {
        match recipient.kind {
            RecipientKind::Person => self.persons.contains(&PersonId::new(recipient.id.as_str())),
            RecipientKind::Channel => self.channels.contains(&ChannelId::new(recipient.id.as_str())),
        }
    }

    fn add_unit(&mut self, unit: &Unit) {
        self.persons.extend(unit.contacts.iter().chain(&unit.head).cloned());
    }

    fn is_empty(&self) -> bool {
        self.persons.is_empty() && self.channels.is_empty()
    }
}

/// Those whom `who` names: `person:ID`, `unit:ID` (its contacts and its head), `channel:ID`, or any of the three by id or
/// name.
///
/// # Errors
/// Exit code 1, with near names, where it names nobody.
pub(super) fn named(who: &str, people: &People) -> Result<Listeners, Failure> {
    let who = who.trim();
    let (kind, id) = match who.split_once(':') {
        Some((kind @ ("person" | "unit" | "channel"), id)) => (Some(kind), id.trim()),
        Some(_) | None => (None, who),
    };
    let mut found = Listeners::default();
    let mut names: Vec<&str> = Vec::new();
    if kind.is_none_or(|kind| kind == "person") {
        for person in people.persons.values() {
            names.extend([person.id.as_str(), &person.name]);
            if person.id.as_str() == id || person.name == id {
                found.persons.insert(person.id.clone());
            }
        }
    }
    let mut unit_known = false;
    if kind.is_none_or(|kind| kind == "unit") {
        for unit in people.units.values() {
            names.extend([unit.id.as_str(), &unit.name]);
            if unit.id == UnitId::new(id) || unit.name == id || unit.aliases.iter().any(|alias| alias == id) {
                unit_known = true;
                found.add_unit(unit);
            }
        }
    }
    if kind.is_none_or(|kind| kind == "channel") {
        for channel in people.channels.keys() {
            names.push(channel.as_str());
            if channel.as_str() == id {
                found.channels.insert(channel.clone());
            }
        }
    }
    if !found.is_empty() || unit_known {
        return Ok(found);
    }
    let what = kind.unwrap_or("person, unit or channel");
    let text = format!("no {what} is called `{id}`");
    let mut near = near(id, names.into_iter());
    near.dedup();
    if near.is_empty() {
        return Err(Failure::Failed(anyhow::anyhow!(text)));
    }
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    Err(hinted(&text, &format!("did you mean {}?", near.join(" or "))))
}
