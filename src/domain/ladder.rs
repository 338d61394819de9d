//! The ladder (督办阶梯): when, how loud, to whom.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::id::{ChannelId, LadderId, PersonId, UnitId};

/// How loud a notice is (级别); ordered from quiet to loud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 提醒
    Remind,
    /// 预警
    Warn,
    /// 到期
    Due,
    /// 催办
    Overdue,
    /// 督办
    Escalate,
    /// 约谈
    Summon,
}

impl Level {
    /// All levels, quiet first.
    pub const ALL: [Self; 6] = [
        Self::Remind,
        Self::Warn,
        Self::Due,
        Self::Overdue,
        Self::Escalate,
        Self::Summon,
    ];

    /// The word in configuration, JSON and step names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Warn => "warn",
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::Escalate => "escalate",
            Self::Summon => "summon",
        }
    }
}

/// What a step counts from (`from`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Anchor {
    /// The deadline.
    Due,
    /// The day the task was opened (立项).
    Opened,
    /// The last progress report, else the acknowledgement, else the opening.
    Reported,
    /// The last submission.
    Submitted,
    /// The closing.
    Closed,
}

impl Anchor {
    /// All anchors.
    pub const ALL: [Self; 5] = [Self::Due, Self::Opened, Self::Reported, Self::Submitted, Self::Closed];

    /// The word in configuration and step names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Opened => "opened",
            Self::Reported => "reported",
            Self::Submitted => "submitted",
            Self::Closed => "closed",
        }
    }

    /// What settles a step of this anchor where it does not say (`until`).
    #[must_use]
    pub fn default_until(self) -> Until {
        match self {
            Self::Due | Self::Reported => Until::Submitted,
            Self::Opened => Until::Acknowledged,
            Self::Submitted => Until::Reviewed,
            Self::Closed => Until::Reopened,
        }
    }
}

/// What ends a step (`until`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// Somebody took note.
    Acknowledged,
    /// A report came since the step's first instant.
    Reported,
    /// The task stands submitted or closed.
    Submitted,
    /// The submission was returned or closed.
    Reviewed,
    /// The task is closed.
    Closed,
    /// The task was opened again.
    Reopened,
}

impl Until {
    /// All values, the earliest first.
    pub const ALL: [Self; 6] = [
        Self::Acknowledged,
        Self::Reported,
        Self::Submitted,
        Self::Reviewed,
        Self::Closed,
        Self::Reopened,
    ];

    /// The word in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Reported => "reported",
            Self::Submitted => "submitted",
            Self::Reviewed => "reviewed",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }
}

/// The unit of an offset or a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// `wd`: working days of the calendar.
    WorkingDays,
    /// `d`: calendar days.
    Days,
    /// `w`: calendar weeks.
    Weeks,
    /// `mo`: calendar months.
    Months,
    /// `h`: hours, exact.
    Hours,
    /// `m`: minutes, exact.
    Minutes,
    /// `s`: seconds, exact.
    Seconds,
}

impl TimeUnit {
    /// The suffix in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkingDays => "wd",
            Self::Days => "d",
            Self::Weeks => "w",
            Self::Months => "mo",
            Self::Hours => "h",
            Self::Minutes => "m",
            Self::Seconds => "s",
        }
    }

    /// Whether it counts exact time, not days.
    #[must_use]
    pub fn is_exact(self) -> bool {
        match self {
            Self::WorkingDays | Self::Days | Self::Weeks | Self::Months => false,
            Self::Hours | Self::Minutes | Self::Seconds => true,
        }
    }

    /// Seconds in one, for exact units and those that `retry`, `give_up` and `gather` allow (`d`, `w` as 24-hour days).
    #[must_use]
    pub fn seconds(self) -> Option<i64> {
        match self {
            Self::WorkingDays | Self::Months => None,
            Self::Weeks => Some(7 * chrono::TimeDelta::days(1).num_seconds()),
            Self::Days => Some(chrono::TimeDelta::days(1).num_seconds()),
            Self::Hours => Some(3600),
            Self::Minutes => Some(60),
            Self::Seconds => Some(1),
        }
    }
}

/// A span without a sign: `every`, `yellow`, waits and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// How many; at most [`AMOUNT_MAX`].
    pub amount: u32,
    /// Of what.
    pub unit: TimeUnit,
}

/// A signed distance from an anchor: `-3wd`, `0d`, `+10wd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset {
    /// Negative before the anchor.
    pub amount: i32,
    /// Of what.
    pub unit: TimeUnit,
}

/// The largest number in an offset or span: no promise is planned further than this many units.
pub const AMOUNT_MAX: u32 = 100_000;

/// Why a text is no offset or span.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OffsetError {
    /// No number, or none that fits.
    #[error("`{0}` has no whole number from 0 to 100000")]
    Number(String),
    /// No unit, or an unknown one.
    #[error("`{0}` does not end in a unit (wd, d, w, mo, h, m, s)")]
    Unit(String),
    /// An offset other than zero has no sign.
    #[error("`{0}` needs a sign: - before the anchor, + after it")]
    Sign(String),
    /// A span has a sign.
    #[error("`{0}` takes no sign")]
    Signed(String),
}

fn split(text: &str) -> Result<(u32, TimeUnit), OffsetError> {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let amount = number
        .parse()
        .ok()
        .filter(|amount| *amount <= AMOUNT_MAX)
        .ok_or_else(|| OffsetError::Number(text.to_owned()))?;
    let unit = match unit {
        "wd" => TimeUnit::WorkingDays,
        "d" => TimeUnit::Days,
        "w" => TimeUnit::Weeks,
        "mo" => TimeUnit::Months,
        "h" => TimeUnit::Hours,
        "m" => TimeUnit::Minutes,
        "s" => TimeUnit::Seconds,
        _ => return Err(OffsetError::Unit(text.to_owned())),
    };
    Ok((amount, unit))
}

impl FromStr for Span {
    type Err = OffsetError;

    fn from_str(text: &str) -> Result<Self, OffsetError> {
        if text.starts_with(['+', '-']) {
            return Err(OffsetError::Signed(text.to_owned()));
        }
        let (amount, unit) = split(text)?;
        Ok(Self { amount, unit })
    }
}

impl FromStr for Offset {
    type Err = OffsetError;

    fn from_str(text: &str) -> Result<Self, OffsetError> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (amount, unit) = split(rest)?;
        if amount != 0 && rest.len() == text.len() {
            return Err(OffsetError::Sign(text.to_owned()));
        }
        let amount = i32::try_from(amount).map_err(|_| OffsetError::Number(text.to_owned()))?;
        Ok(Self {
            amount: sign * amount,
            unit,
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.unit.as_str())
    }
}

/// With its sign; zero of any day unit is `0d`.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.amount == 0 && !self.unit.is_exact() {
            return f.write_str("0d");
        }
        write!(f, "{:+}{}", self.amount, self.unit.as_str())
    }
}

/// To whom (`to`): a part that somebody plays for a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The task's owner, else the unit's contacts, else its head.
    Owner,
    /// The unit's contacts.
    Contacts,
    /// The unit's head.
    Head,
    /// The lead leader, and those who get copies.
    Lead,
    /// The row's supervisor, else the unit's.
    Supervisor,
    /// Who runs Duban.
    Office,
    /// The unit's messaging group, else the default one.
    Group,
    /// `person:ID`
    Person(PersonId),
    /// `unit:ID`
    Unit(UnitId),
    /// `channel:ID`
    Channel(ChannelId),
}

/// The word in configuration, JSON and the store.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("owner"),
            Self::Contacts => f.write_str("contacts"),
            Self::Head => f.write_str("head"),
            Self::Lead => f.write_str("lead"),
            Self::Supervisor => f.write_str("supervisor"),
            Self::Office => f.write_str("office"),
            Self::Group => f.write_str("group"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Unit(id) => write!(f, "unit:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
        }
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Ok(match text {
            "owner" => Self::Owner,
            "contacts" => Self::Contacts,
            "head" => Self::Head,
            "lead" => Self::Lead,
            "supervisor" => Self::Supervisor,
            "office" => Self::Office,
            "group" => Self::Group,
            _ => match text.split_once(':') {
                Some(("person", id)) if !id.is_empty() => Self::Person(PersonId::new(id)),
                Some(("unit", id)) if !id.is_empty() => Self::Unit(UnitId::new(id)),
                Some(("channel", id)) if !id.is_empty() => Self::Channel(ChannelId::new(id)),
                _ => return Err(RoleError(text.to_owned())),
            },
        })
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no recipient")]
pub struct RoleError(
    /// What was found.
    pub String,
);

/// Whether a day off moves the step (`roll`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roll {
    /// Before the anchor to the previous working day, after it to the next.
    #[default]
    WorkingDay,
    /// It stays where it falls.
    None,
}

/// On how many of a person's channels (`via`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// The first usable one.
    #[default]
    First,
    /// All usable ones.
    All,
}

/// One rung (阶次).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it counts from.
    pub from: Anchor,
    /// How far from it.
    pub at: Offset,
    /// How loud.
    pub level: Level,
    /// To whom, in order; not empty.
    pub to: Vec<Role>,
    /// The distance between repeats.
    pub every: Option<Span>,
    /// How many occurrences in all, at least 1; without it, until settled. Without `every` there is one.
    pub times: Option<u32>,
    /// What settles it.
    pub until: Until,
    /// Whether a day off moves it.
    pub roll: Roll,
    /// On how many channels.
    pub via: Via,
    /// Reorders and restricts a person's channels; empty: the person's own order.
    pub channels: Vec<ChannelId>,
}

impl Step {
    /// The name without an occurrence: `due-3wd/warn`, `due/due` for `0d`. One ladder has no two steps of one name.
    #[must_use]
    pub fn name(&self) -> String {
        let at = if self.at.amount == 0 {
            String::new()
        } else {
            self.at.to_string()
        };
        format!("{}{at}/{}", self.from.as_str(), self.level.as_str())
    }

    /// The name of occurrence `k`, counted from 0: the first has no `#`, the second `#2`.
    #[must_use]
    pub fn occurrence_name(&self, k: u32) -> String {
        if k == 0 {
            self.name()
        } else {
            format!("{}#{}", self.name(), u64::from(k) + 1)
        }
    }
}

/// Ordered steps; the order does not matter to the planner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// The key under `[ladders]`.
    pub id: LadderId,
    /// Tasks of these kinds use it.
    pub kinds: Vec<String>,
    /// At least one.
    pub steps: Vec<Step>,
}

impl Ladder {
    /// All that the steps say in one text, the same for any order of the steps: two ladders plan alike where it is equal.
    #[must_use]
    pub fn print(&self) -> String {
        let mut lines: Vec<String> = self.steps.iter().map(Step::print).collect();
        lines.sort();
        lines.join("\n")
    }
}

impl Step {
    fn print(&self) -> String {
        let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(",");
        let mut line = format!(
            "{} until {} to {}",
            self.name(),
            self.until.as_str(),
            list(&mut self.to.iter().map(Role::to_string))
        );
        if let Some(every) = self.every {
            line.push_str(&format!(" every {every}"));
        }
        if let Some(times) = self.times {
            line.push_str(&format!(" times {times}"));
        }
        if self.roll == Roll::None {
            line.push_str(" unrolled");
        }
        if self.via == Via::All {
            line.push_str(" via all");
        }
        if !self.channels.is_empty() {
            line.push_str(&format!(
                " on {}",
                list(&mut self.channels.iter().map(ChannelId::to_string))
            ));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_written_as_they_are_read() {
        for (text, again) in [
            ("-3wd", "-3wd"),
            ("0d", "0d"),
            ("0wd", "0d"),
            ("+1mo", "+1mo"),
            ("-90m", "-90m"),
        ] {
            let offset: Offset = text.parse().expect("the text is an offset");
            assert_eq!(offset.to_string(), again);
        }
    }

    #[test]
    fn an_offset_without_a_sign_is_refused_and_a_span_with_one_too() {
        assert_eq!("3wd".parse::<Offset>(), Err(OffsetError::Sign("3wd".into())));
        assert_eq!("+3wd".parse::<Span>(), Err(OffsetError::Signed("+3wd".into())));
        assert_eq!("-wd".parse::<Offset>(), Err(OffsetError::Number("wd".into())));
        assert_eq!("-3x".parse::<Offset>(), Err(OffsetError::Unit("3x".into())));
    }

    #[test]
    fn the_order_of_steps_does_not_change_a_ladders_print_and_a_recipient_does() {
        let step = |at: &str, to: Role| Step {
            from: Anchor::Due,
            at: at.parse().expect("an offset"),
            level: Level::Remind,
            to: vec![to],
            every: Some(Span {
                amount: 1,
                unit: TimeUnit::WorkingDays,
            }),
            times: Some(3),
            until: Until::Submitted,
            roll: Roll::None,
            via: Via::All,
            channels: vec![ChannelId::new("mail")],
        };
        let ladder = |steps: Vec<Step>| Ladder {
            id: LadderId::new("x"),
            kinds: Vec::new(),
            steps,
        };
        let print = ladder(vec![step("-3wd", Role::Owner), step("0d", Role::Head)]).print();
        assert_eq!(
            print,
            ladder(vec![step("0d", Role::Head), step("-3wd", Role::Owner)]).print()
        );
        assert_ne!(
            print,
            ladder(vec![step("-3wd", Role::Owner), step("0d", Role::Lead)]).print()
        );
        assert_eq!(
            print.lines().next(),
            Some("due-3wd/remind until submitted to owner every 1wd times 3 unrolled via all on mail")
        );
    }
}
