//! Every key that a file may hold.

/// Of `duban.toml` and the files it includes.
pub(in crate::config) const TOP: &[&str] = &[
    "timezone",
    "locale",
    "calendar",
    "ledger",
    "include",
    "office",
    "templates",
    "calendar_days",
    "store",
    "web",
    "defaults",
    "delivery",
    "ledger_columns",
    "charts",
    "audit",
    "channels",
    "people",
    "units",
    "ladders",
    "reviews",
    "scores",
    "tasks",
];
/// Of `[calendar_days]`.
pub(in crate::config) const CALENDAR_DAYS: &[&str] = &["off", "work"];
/// Of `[store]`.
pub(in crate::config) const STORE: &[&str] = &["url", "keep"];
/// Of `[web]`.
pub(in crate::config) const WEB: &[&str] = &["listen", "base_url"];
/// Of `[defaults]`.
pub(in crate::config) const DEFAULTS: &[&str] = &[
    "ladder",
    "group",
    "send_at",
    "close_of_day",
    "hours",
    "due_on_day_off",
    "yellow",
];
/// Of `[delivery]`.
pub(in crate::config) const DELIVERY: &[&str] = &["retry", "give_up", "gather", "trial"];
/// Of `[audit]`.
pub(in crate::config) const AUDIT: &[&str] = &["at", "report", "heartbeat"];
/// Of `[charts]`.
pub(in crate::config) const CHARTS: &[&str] = &["font_file"];
/// Of `[channels.ID]`; which belong to which type is told in `channels`.
pub(in crate::config) const CHANNEL: &[&str] = &[
    "type",
    "server",
    "username",
    "password",
    "from",
    "ca",
    "url",
    "secret",
    "secrets",
    "keyword",
    "token",
    "chat_id",
    "room",
    "topic",
    "budget",
    "retry",
    "timeout",
    "concurrency",
    "members",
];
/// Of a secret that does not stand in the clear.
pub(in crate::config) const SECRET: &[&str] = &["credential", "env", "file"];
/// Of `[people.ID]`.
pub(in crate::config) const PERSON: &[&str] = &[
    "name",
    "email",
    "locale",
    "channels",
    "deputy",
    "away",
    "wecom",
    "dingtalk",
    "feishu",
    "slack",
    "teams",
    "discord",
    "telegram",
    "mattermost",
    "rocketchat",
    "matrix",
    "ntfy",
    "gotify",
    "mobile",
];
/// Those of [`PERSON`] that serve mentions.
pub(in crate::config) const HANDLES: &[&str] = &[
    "wecom",
    "dingtalk",
    "feishu",
    "slack",
    "teams",
    "discord",
    "telegram",
    "mattermost",
    "rocketchat",
    "matrix",
    "ntfy",
    "gotify",
    "mobile",
];
/// Of one absence.
pub(in crate::config) const AWAY: &[&str] = &["from", "until"];
/// Of `[units.ID]`.
pub(in crate::config) const UNIT: &[&str] = &["name", "aliases", "head", "contacts", "supervisor", "group"];
/// Of `[ladders.ID]`.
pub(in crate::config) const LADDER: &[&str] = &["kinds", "steps"];
/// Of one step.
pub(in crate::config) const STEP: &[&str] = &[
    "from", "at", "level", "to", "every", "times", "until", "roll", "via", "channels",
];
/// Of `[reviews.ID]`.
pub(in crate::config) const REVIEW: &[&str] = &[
    "cron",
    "to",
    "on_day_off",
    "late_limit",
    "attach",
    "pictures",
    "meeting",
];
/// Of `[scores]`: the weights, and the table of the worst.
pub(in crate::config) const SCORES: &[&str] = &[
    "on_time",
    "lateness",
    "returns",
    "extensions",
    "chasings",
    "relapses",
    "worst",
];
/// Of `[scores.worst]`.
pub(in crate::config) const SCORES_WORST: &[&str] = &["lateness", "returns", "extensions", "chasings", "relapses"];
/// Of the meeting of a review.
pub(in crate::config) const MEETING: &[&str] = &[
    "title",
    "starts",
    "length",
    "place",
    "organiser",
    "invite",
    "call_for_agenda",
    "agenda_closes",
    "papers",
];
/// Of a ledger in TOML.
pub(in crate::config) const LEDGER: &[&str] = &["tasks"];
/// Of `[[tasks]]`: the columns, then what no table can hold.
pub(in crate::config) const TASK: &[&str] = &[
    "id",
    "area",
    "problem",
    "title",
    "measures",
    "lead",
    "unit",
    "assisting",
    "owner",
    "supervisor",
    "opened",
    "due",
    "repeat",
    "kind",
    "evidence",
    "ladder",
    "status",
    "progress",
    "closed",
    "batch",
    "note",
    "milestones",
];
/// Of one milestone of a task.
pub(in crate::config) const MILESTONE: &[&str] = &["id", "title", "due", "status", "progress", "closed"];
/// Of a calendar.
pub(in crate::config) const CALENDAR: &[&str] = &["id", "weekend", "timezone", "name", "covers", "year"];
/// Of what a calendar covers.
pub(in crate::config) const CALENDAR_COVERS: &[&str] = &["from", "to"];
/// Of one year of a calendar.
pub(in crate::config) const CALENDAR_YEAR: &[&str] = &["year", "document", "published", "source", "holiday"];
/// Of one holiday of a calendar.
pub(in crate::config) const CALENDAR_HOLIDAY: &[&str] = &["name", "off", "work"];

/// Of `[ledger_columns]`: every column.
pub(in crate::config) const COLUMNS: &[&str] = TASK.split_at(TASK.len() - 1).0;

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
        COLUMNS.get(self.index()).copied().unwrap_or_default()
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
            assert_eq!(column.key(), *key);
            assert_eq!(format!("{column:?}").to_lowercase(), *key);
        }
        assert_eq!(Column::ALL.len(), COLUMNS.len());
    }
}
