//! Who is answerable and who is told: persons, units, and the channels that reach them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::id::{ChannelId, PersonId, UnitId};

/// The language of messages to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Locale {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// `zh-CN` or `en`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }
}

/// A person or, in its place, a unit: its contacts, else its head.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// One person.
    Person(PersonId),
    /// Whoever answers for a unit.
    Unit(UnitId),
}

/// Days on which a person is absent, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// First day of absence.
    pub from: NaiveDate,
    /// Last day of absence.
    pub until: NaiveDate,
}

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The key under `[people]`.
    pub id: PersonId,
    /// How messages name them.
    pub name: String,
    /// Their address for channels of type email.
    pub email: Option<String>,
    /// Their own language, already filled from the configuration's where they have none.
    pub locale: Locale,
    /// The channels that reach them, in their order of preference; proven to exist and to be usable.
    pub channels: Vec<ChannelId>,
    /// Handles for mentions: vendor (`wecom`, `mobile` …) to handle.
    pub handles: BTreeMap<String, String>,
    /// Who stands in while they are away.
    pub deputy: Option<PersonId>,
    /// Their absences.
    pub away: Vec<Away>,
}

impl Person {
    /// Whether they are away on `day`, a civil date in the configured zone.
    #[must_use]
    pub fn is_away(&self, day: NaiveDate) -> bool {
        self.away.iter().any(|away| away.from <= day && day <= away.until)
    }
}

/// An organisation that must do things, or watch that they are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The key under `[units]`.
    pub id: UnitId,
    /// How messages name it.
    pub name: String,
    /// Other names by which ledgers may call it.
    pub aliases: Vec<String>,
    /// 负责人.
    pub head: Option<PersonId>,
    /// 联系人.
    pub contacts: Vec<PersonId>,
    /// Who watches this unit's tasks.
    pub supervisor: Option<Party>,
    /// The messaging group of this unit.
    pub group: Option<ChannelId>,
}

/// What the rules must know of a channel; how it is reached is known to `channel` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// One mail to one address.
    Email,
    /// One post to one endpoint.
    Webhook,
    /// One post to a group that many read.
    Group,
}

/// A channel as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelFacts {
    /// The key under `[channels]`; also the name that people see when it is a recipient itself.
    pub id: ChannelId,
    /// Its type.
    pub kind: ChannelKind,
    /// Where it ends, so that a stopped endpoint can be told from another: never shown, compared only.
    pub endpoint: String,
    /// People whom a post to it reaches.
    pub members: Vec<PersonId>,
}

/// Everyone and every way to reach them, proven to be consistent: each id in it resolves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// By id.
    pub persons: BTreeMap<PersonId, Person>,
    /// By id.
    pub units: BTreeMap<UnitId, Unit>,
    /// By id.
    pub channels: BTreeMap<ChannelId, ChannelFacts>,
    /// Who runs Duban.
    pub office: Party,
    /// `[defaults] group`.
    pub default_group: Option<ChannelId>,
    /// The configuration's language; groups and webhooks without a person are told in it.
    pub locale: Locale,
}

impl People {
    /// The persons for whom a party stands: itself, or the unit's contacts, else its head.
    #[must_use]
    pub fn members_of(&self, party: &Party) -> Vec<PersonId> {
        match party {
            Party::Person(id) => vec![id.clone()],
            Party::Unit(id) => match self.units.get(id) {
                Some(unit) if !unit.contacts.is_empty() => unit.contacts.clone(),
                Some(unit) => unit.head.iter().cloned().collect(),
                None => Vec::new(),
            },
        }
    }

    /// The name people know a party by; its id where it is gone.
    #[must_use]
    pub fn name_of<'a>(&'a self, party: &'a Party) -> &'a str {
        match party {
            Party::Person(id) => self.persons.get(id).map_or(id.as_str(), |person| &person.name),
            Party::Unit(id) => self.units.get(id).map_or(id.as_str(), |unit| &unit.name),
        }
    }
}
