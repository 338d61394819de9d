//! Every key that a file may hold, with what it may be and what it means: the reader refuses what is not listed here,
//! and `duban schema` tells editors the same.

mod calendar;
mod channel;
mod ladder;
mod people;
mod review;
mod settings;
mod task;

pub(in crate::config) use calendar::{CALENDAR, CALENDAR_COVERS, CALENDAR_HOLIDAY, CALENDAR_YEAR};
pub(in crate::config) use channel::{CHANNEL, SECRET};
pub(in crate::config) use ladder::{LADDER, STEP};
pub(in crate::config) use people::{AWAY, PERSON, UNIT};
pub(in crate::config) use review::{MEETING, REVIEW, SCORES, SCORES_WORST};
pub(in crate::config) use settings::{AUDIT, CALENDAR_DAYS, CHARTS, DEFAULTS, DELIVERY, STORE, TOP, WEB};
pub(in crate::config) use task::{COLUMNS, LEDGER, MILESTONE, TASK};

/// The keys of one table.
pub(in crate::config) type Keys = &'static [Key];

/// One key.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct Key {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) kind: Kind,
    /// Its meaning, with unit, default and limit; a line of Markdown without an end.
    pub(in crate::config) doc: &'static str,
    pub(in crate::config) is_required: bool,
}

/// A key that may be left out.
const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        doc,
        is_required: false,
    }
}

/// A key that its table must have.
const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        doc,
        is_required: true,
    }
}

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Kind {
    /// Any text.
    Text,
    /// A text of a form.
    Form(Form),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Texts of a form; one may stand without the list.
    Texts(Form),
    /// Words; one may stand without the list.
    Words(&'static [&'static str]),
    /// A text, or a whole number that stands for one.
    Number,
    /// A whole number, from and to.
    Whole(i64, i64),
    /// True or false.
    Flag,
    /// A cell of a ledger: a text, a number, or several texts.
    Cell,
    /// What a group calls a person.
    Handle,
    /// A text that may come from elsewhere, since it is a secret.
    Secret,
    /// Several of them.
    Secrets,
    /// A table.
    Table(Keys),
    /// Tables, each under an id.
    Entries(Keys),
    /// A list of tables.
    List(Keys),
    /// Channels, each under an id; which keys one has follows from its type.
    Channels,
    /// A table of texts, a header for each column.
    Headers(Keys),
    /// Anything.
    Open,
}

/// What a text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Form {
    /// Anything.
    Any,
    /// An IANA time zone.
    Zone,
    /// A calendar's name, or the path of one.
    Calendar,
    /// `sqlite:PATH`
    Store,
    /// `09:00`
    Time,
    /// `08:30-18:00`
    Hours,
    /// `-3wd`
    Offset,
    /// `5wd`
    Span,
    /// `30s`
    Wait,
    /// A wait that may be none.
    Pause,
    /// `30 8 * * MON`
    Cron,
    /// `18/min, 1/3 s`
    Budget,
    /// `2026-09-30`
    Day,
    /// A date, or a date and time; an empty cell is none.
    When,
    /// `smtps://HOST:465`
    Server,
    /// `person:ID`
    Trial,
    /// To whom a step goes.
    Role,
    /// To whom a review goes.
    Audience,
}

/// A column of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Column {
    Id,
    Area,
    Problem,
    Title,
    Measures,
    Lead,
    Unit,
    Assisting,
    Owner,
    Supervisor,
    Opened,
    Due,
    Repeat,
    Kind,
    Evidence,
    Ladder,
    Status,
    Progress,
    Closed,
    Batch,
    Note,
}

impl Column {
    /// All, in the order of [`COLUMNS`].
    pub(in crate::config) const ALL: [Self; 21] = [
        Self::Id,
        Self::Area,
        Self::Problem,
        Self::Title,
        Self::Measures,
        Self::Lead,
        Self::Unit,
        Self::Assisting,
        Self::Owner,
        Self::Supervisor,
        Self::Opened,
        Self::Due,
        Self::Repeat,
        Self::Kind,
        Self::Evidence,
        Self::Ladder,
        Self::Status,
        Self::Progress,
        Self::Closed,
        Self::Batch,
        Self::Note,
    ];

    /// What every task must have.
    pub(in crate::config) const REQUIRED: [Self; 5] = [Self::Id, Self::Title, Self::Lead, Self::Unit, Self::Due];

    /// The key in TOML, and the English header.
    pub(in crate::config) fn key(self) -> &'static str {
        COLUMNS.get(self.index()).map_or("", |key| key.name)
    }

    /// Its place in [`Self::ALL`].
    pub(in crate::config) fn index(self) -> usize {
        Self::ALL.iter().position(|column| *column == self).unwrap_or(0)
    }

    /// The Chinese headers.
    pub(in crate::config) fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Id => &["编号", "序号"],
            Self::Area => &["方面", "类别"],
            Self::Problem => &["问题"],
            Self::Title => &["整改任务", "任务"],
            Self::Measures => &["整改措施"],
            Self::Lead => &["牵头领导"],
            Self::Unit => &["责任单位"],
            Self::Assisting => &["配合单位"],
            Self::Owner => &["责任人", "经办人"],
            Self::Supervisor => &["督导组", "督办人"],
            Self::Opened => &["立项日期"],
            Self::Due => &["完成时限", "截止日期"],
            Self::Repeat => &["周期", "重复"],
            Self::Kind => &["类型"],
            Self::Evidence => &["佐证要求"],
            Self::Ladder => &["督办阶梯"],
            Self::Status => &["状态"],
            Self::Progress => &["进度"],
            Self::Closed => &["办结日期"],
            Self::Batch => &["批次"],
            Self::Note => &["备注"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_their_keys_stand_in_one_order() {
        for (column, key) in Column::ALL.into_iter().zip(COLUMNS) {
            assert_eq!(column.key(), key.name);
            assert_eq!(format!("{column:?}").to_lowercase(), key.name);
        }
        assert_eq!(Column::ALL.len(), COLUMNS.len());
    }
}
