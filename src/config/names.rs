//! Who is meant: people and units by id, name or alias.

use std::collections::HashMap;

use crate::domain::id::{PersonId, UnitId};
use crate::domain::people::Party;

use super::faults::{Faults, Place, Placed};
use super::raw::Raw;

/// What a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Person,
    Unit,
    Either,
}

impl Wanted {
    fn admits(self, party: &Party) -> bool {
        match (self, party) {
            (Self::Either, _) | (Self::Person, Party::Person(_)) | (Self::Unit, Party::Unit(_)) => true,
            (Self::Person, Party::Unit(_)) | (Self::Unit, Party::Person(_)) => false,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Unit => "unit",
            Self::Either => "person or unit",
        }
    }
}

#[derive(Clone, Debug)]
struct Bearer {
    party: Party,
    /// An id wins over names that happen to be the same.
    by_id: bool,
}

/// Every name that somebody bears.
pub(super) struct Names {
    bearers: HashMap<String, Vec<Bearer>>,
}

/// What separates several names in one cell.
const SEPARATORS: &[char] = &['、', '，', ',', '；', ';', '\n', '\r'];

impl Names {
    pub(super) fn of(raw: &Raw) -> Self {
        let mut names = Self {
            bearers: HashMap::new(),
        };
        for (id, person) in &raw.people {
            let party = Party::Person(PersonId::new(id.as_str()));
            names.add(id, &party, true);
            names.add_all(person.value.name.iter(), &party);
        }
        for (id, unit) in &raw.units {
            let party = Party::Unit(UnitId::new(id.as_str()));
            names.add(id, &party, true);
            names.add_all(unit.value.name.iter().chain(&unit.value.aliases), &party);
        }
        names
    }

    fn add_all<'a>(&mut self, names: impl Iterator<Item = &'a Placed<String>>, party: &Party) {
        for name in names {
            self.add(&name.value, party, false);
        }
    }

    fn add(&mut self, name: &str, party: &Party, by_id: bool) {
        let bearers = self.bearers.entry(name.to_owned()).or_default();
        if !bearers.iter().any(|bearer| bearer.party == *party) {
            bearers.push(Bearer {
                party: party.clone(),
                by_id,
            });
        }
    }

    fn bearers(&self, name: &str, wanted: Wanted) -> Vec<&Party> {
        let Some(bearers) = self.bearers.get(name) else {
            return Vec::new();
        };
        let fitting = || bearers.iter().filter(|bearer| wanted.admits(&bearer.party));
        let by_id: Vec<&Party> = fitting()
            .filter(|bearer| bearer.by_id)
            .map(|bearer| &bearer.party)
            .collect();
        if by_id.is_empty() {
            fitting().map(|bearer| &bearer.party).collect()
        } else {
            by_id
        }
    }

    /// The one who bears the name; a fault where nobody or more than one does.
    pub(super) fn find(&self, faults: &mut Faults, name: &str, place: Place, wanted: Wanted) -> Option<Party> {
        let bearers = self.bearers(name, wanted);
        if let [party] = bearers.as_slice() {
            return Some((*party).clone());
        }
        let word = wanted.word();
        if bearers.is_empty() {
            let text = format!("{word} `{name}` is not defined");
            if self.bearers.contains_key(name) {
                let other = if wanted == Wanted::Unit { "person" } else { "unit" };
                faults.error_hint(place, text, format!("`{name}` is a {other}; a {word} is wanted here"));
            } else {
                let known = self
                    .bearers
                    .iter()
                    .filter(|(_, bearers)| bearers.iter().any(|b| wanted.admits(&b.party)));
                faults.unknown(place, text, name, known.map(|(name, _)| name.as_str()), None);
            }
            return None;
        }
        let candidates: Vec<String> = bearers.iter().map(|party| describe(party)).collect();
        faults.error_hint(
            place,
            format!("`{name}` is ambiguous: {}", candidates.join(", ")),
            "write the id, or give them different names",
        );
        None
    }

    pub(super) fn person(&self, faults: &mut Faults, name: &Placed<String>) -> Option<PersonId> {
        match self.find(faults, &name.value, name.place, Wanted::Person)? {
            Party::Person(id) => Some(id),
            Party::Unit(_) => None,
        }
    }

    pub(super) fn party(&self, faults: &mut Faults, name: &Placed<String>) -> Option<Party> {
        self.find(faults, &name.value, name.place, Wanted::Either)
    }

    /// Several names in one cell; the whole cell where it is one name.
    pub(super) fn split<'a>(&self, cell: &'a str) -> Vec<&'a str> {
        if self.bearers.contains_key(cell) {
            return vec![cell];
        }
        cell.split(SEPARATORS)
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect()
    }
}

fn describe(party: &Party) -> String {
    match party {
        Party::Person(id) => format!("person `{id}`"),
        Party::Unit(id) => format!("unit `{id}`"),
    }
}
