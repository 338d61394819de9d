//! One table of a TOML file, read key by key: wrong types and unknown keys become faults, never a stop.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::channels::keys_of;
use crate::config::faults::{Faults, Place, Placed};

use super::keys::{CHANNEL, Keys};
use super::{Text, Texts};

/// A table with its name and place.
#[derive(Debug)]
pub(super) struct Section<'a> {
    source: u32,
    /// How messages name it: `channels.mail`; empty for a file's root.
    name: String,
    place: Place,
    table: &'a DeTable<'a>,
    /// Keys that a misspelt one probably stands for: that they are missing is not said too.
    guessed: Vec<&'static str>,
    /// The file's syntax is broken, so that what is missing may only be unreadable.
    broken: bool,
}

impl<'a> Section<'a> {
    /// The root of a file.
    pub(super) fn root(
        faults: &mut Faults,
        source: u32,
        table: &'a Spanned<DeTable<'a>>,
        keys: Keys,
        broken: bool,
    ) -> Self {
        let mut section = Self {
            source,
            name: String::new(),
            place: Place::whole(source),
            table: table.get_ref(),
            guessed: Vec::new(),
            broken,
        };
        section.refuse_unknown(faults, keys);
        section
    }

    fn open(
        &self,
        faults: &mut Faults,
        name: String,
        value: &'a Spanned<DeValue<'a>>,
        place: Place,
        keys: Keys,
    ) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            let text = format!("`{name}` must be a table, not {}", kind(value.get_ref()));
            faults.error(self.place_at(value), text);
            return None;
        };
        let mut section = Self {
            source: self.source,
            name,
            place,
            table,
            guessed: Vec::new(),
            broken: self.broken,
        };
        section.refuse_unknown(faults, keys);
        Some(section)
    }

    fn refuse_unknown(&mut self, faults: &mut Faults, keys: Keys) {
        let of_its_type = self.keys_of_its_type(keys);
        let offered = of_its_type.unwrap_or_else(|| keys.iter().map(|key| key.name).collect());
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if keys.iter().any(|key| key.name == name) {
                continue;
            }
            let place = Place::new(self.source, &key.span());
            let text = match self.name.as_str() {
                "" => format!("unknown key `{name}`"),
                section => format!("unknown key `{name}` in `{section}`"),
            };
            let guess = faults
                .similar(name, offered.iter().copied())
                .or_else(|| alias(name, &offered));
            match guess {
                Some(guess) => {
                    faults.error_hint(place, text, format!("did you mean `{guess}`?"));
                    self.guessed.extend(offered.iter().filter(|key| **key == guess));
                }
                None => faults.error_hint(place, text, format!("known here: {}", offered.join(", "))),
            }
        }
    }

    /// What a channel of this type may have, where this is a channel whose type is known.
    fn keys_of_its_type(&self, keys: Keys) -> Option<Vec<&'static str>> {
        let kind = self.table.get("type").filter(|_| keys == CHANNEL)?;
        keys_of(kind.get_ref().as_str()?.trim())
    }

    /// How messages name it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Whether the key is missing, and not only misspelt or unreadable.
    pub(super) fn lacks(&self, key: &str) -> bool {
        !self.broken && !self.table.contains_key(key) && !self.guessed.contains(&key)
    }

    /// Whether the file's syntax is broken, so that what is empty may only be unreadable.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Where the key's value stands.
    pub(super) fn place_of(&self, key: &str) -> Option<Place> {
        let (key, _) = self.table.get_key_value(key)?;
        Some(Place::new(self.source, &key.span()))
    }

    /// Says that a key is missing.
    pub(super) fn require(&self, faults: &mut Faults, key: &str, hint: &str) {
        if self.lacks(key) {
            faults.error_hint(self.place, format!("`{}` has no `{key}`", self.name), hint);
        }
    }

    fn place_at(&self, value: &Spanned<DeValue<'_>>) -> Place {
        Place::new(self.source, &value.span())
    }

    fn full(&self, key: &str) -> String {
        match self.name.as_str() {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        }
    }

    /// A text, or a date; trimmed.
    pub(super) fn text(&self, faults: &mut Faults, key: &str) -> Text {
        let value = self.table.get(key)?;
        self.text_of(faults, key, value)
    }

    /// A text, or a whole number as text: ids are written either way.
    pub(super) fn text_or_number(&self, faults: &mut Faults, key: &str) -> Text {
        if matches!(self.table.get(key)?.get_ref(), DeValue::Integer(_)) {
            let number = self.integer(faults, key)?;
            return Some(Placed::new(number.value.to_string(), number.place));
        }
        self.text(faults, key)
    }

    fn text_of(&self, faults: &mut Faults, key: &str, value: &Spanned<DeValue<'_>>) -> Text {
        let place = self.place_at(value);
        let value = value.get_ref();
        if let DeValue::String(text) = value {
            faults.refuse_control(place, text.trim());
            return Some(Placed::new(text.trim().to_owned(), place));
        }
        if let DeValue::Datetime(date) = value {
            return Some(Placed::new(date.to_string(), place));
        }
        let (wanted, hint) = match (key, value) {
            _ if self.name == "calendar_days" => ("a date", "write dates, for example 2026-09-30"),
            ("group", DeValue::Array(_)) => ("a text", "one channel only: write group = \"ID\""),
            ("timeout", _) => ("a text", "for example \"10s\""),
            ("give_up" | "gather" | "retry", _) => ("a text", "for example \"10s\" or \"2h\""),
            ("budget", _) => ("a text", "for example \"18/min\" or \"18/min, 1/3 s\""),
            _ => ("a text", "write it in quotes"),
        };
        let text = format!("`{}` must be {wanted}, not {}", self.full(key), kind(value));
        faults.error_hint(place, text, hint);
        None
    }

    /// A list of texts; one text counts as a list of one.
    pub(super) fn texts(&self, faults: &mut Faults, key: &str) -> Texts {
        let value = self.table.get(key)?;
        if let DeValue::Array(items) = value.get_ref() {
            return Some(
                items
                    .iter()
                    .filter_map(|item| self.text_of(faults, key, item))
                    .collect(),
            );
        }
        if matches!(value.get_ref(), DeValue::String(_) | DeValue::Datetime(_)) {
            return Some(self.text_of(faults, key, value).into_iter().collect());
        }
        let text = format!(
            "`{}` must be a list of texts, not {}",
            self.full(key),
            kind(value.get_ref())
        );
        faults.error(self.place_at(value), text);
        None
    }

    /// A whole number.
    pub(super) fn integer(&self, faults: &mut Faults, key: &str) -> Option<Placed<i64>> {
        let value = self.table.get(key)?;
        let place = self.place_at(value);
        let number = if let DeValue::Integer(number) = value.get_ref() {
            i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
        } else {
            None
        };
        if number.is_none() && matches!(value.get_ref(), DeValue::Integer(_)) {
            faults.error(place, format!("`{}` is too large a number", self.full(key)));
        } else if number.is_none() {
            let text = format!(
                "`{}` must be a whole number, not {}",
                self.full(key),
                kind(value.get_ref())
            );
            faults.error(place, text);
        }
        Some(Placed::new(number?, place))
    }

    /// True or false.
    pub(super) fn boolean(&self, faults: &mut Faults, key: &str) -> Option<Placed<bool>> {
        let value = self.table.get(key)?;
        let place = self.place_at(value);
        if let DeValue::Boolean(is_true) = value.get_ref() {
            return Some(Placed::new(*is_true, place));
        }
        let text = format!(
            "`{}` must be true or false, not {}",
            self.full(key),
            kind(value.get_ref())
        );
        faults.error_hint(place, text, "write it without quotes");
        None
    }

    /// The table under a key.
    pub(super) fn section(&self, faults: &mut Faults, key: &str, keys: Keys) -> Option<Self> {
        let value = self.table.get(key)?;
        let place = self.place_of(key).unwrap_or(self.place);
        self.open(faults, self.full(key), value, place, keys)
    }

    /// The tables in the table under a key: id and table.
    pub(super) fn entries(&self, faults: &mut Faults, key: &str, keys: Keys) -> Vec<(Placed<String>, Self)> {
        let Some(value) = self.table.get(key) else {
            return Vec::new();
        };
        let DeValue::Table(table) = value.get_ref() else {
            let text = format!("`{}` must hold tables, not {}", self.full(key), kind(value.get_ref()));
            faults.error_hint(self.place_at(value), text, format!("write [{}.ID]", self.full(key)));
            return Vec::new();
        };
        let mut found = Vec::new();
        for (id, value) in table {
            let place = Place::new(self.source, &id.span());
            let name = id.get_ref().as_ref();
            if name.is_empty()
                || name.trim() != name
                || name.contains(|letter: char| letter == ':' || letter.is_control())
            {
                let text = format!("`{name}` cannot be an id");
                faults.error_hint(place, text, "an id has no blanks around it, no colon and no line break");
                continue;
            }
            if let Some(section) = self.open(faults, format!("{}.{name}", self.full(key)), value, place, keys) {
                found.push((Placed::new(name.to_owned(), place), section));
            }
        }
        found
    }

    /// The tables in the list under a key.
    pub(super) fn list(&self, faults: &mut Faults, key: &str, keys: Keys) -> Vec<Self> {
        let Some(value) = self.table.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            let text = format!(
                "`{}` must be a list of tables, not {}",
                self.full(key),
                kind(value.get_ref())
            );
            faults.error(self.place_at(value), text);
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in items.iter() {
            let place = self.place_at(item);
            found.extend(self.open(faults, self.full(key), item, place, keys));
        }
        found
    }

    /// What stands under a key, whatever it is: for keys that are read in more than one form.
    pub(super) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    /// The items under a key as sections of one key each, so that forms can be mixed in a list.
    pub(super) fn item(
        &self,
        faults: &mut Faults,
        key: &str,
        value: &'a Spanned<DeValue<'a>>,
        keys: Keys,
    ) -> Option<Self> {
        self.open(faults, self.full(key), value, self.place_at(value), keys)
    }

    /// The place of a value.
    pub(super) fn value_place(&self, value: &Spanned<DeValue<'_>>) -> Place {
        self.place_at(value)
    }
}

/// Words that people write for a key and that are too far from it to be a misspelling.
fn alias(name: &str, keys: &[&'static str]) -> Option<&'static str> {
    let meant = match name {
        "deadline" | "dealine" | "until" => "due",
        "responsible" | "department" => "unit",
        "leader" => "lead",
        "to" | "recipients" => "to",
        "mail" | "address" => "email",
        "group" | "robot" => "channels",
        "offset" => "at",
        "anchor" => "from",
        "tz" | "time_zone" => "timezone",
        "language" | "lang" => "locale",
        "schedule" => "cron",
        _ => return None,
    };
    keys.iter().copied().find(|key| *key == meant)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
