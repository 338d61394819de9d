//! The words of a meeting's papers in both languages.

use crate::domain::people::Locale;

/// What is said in one language.
pub(super) struct DossierWords {
    /// The title of a meeting that has none of its own.
    pub(super) meeting: &'static str,
    /// The title of the papers of a meeting.
    pub(super) title: fn(&str) -> String,
    /// The beginning of the file's name.
    pub(super) file: &'static str,
    pub(super) when: &'static str,
    pub(super) place: &'static str,
    pub(super) organiser: &'static str,
    pub(super) as_of: &'static str,
    pub(super) agenda: &'static str,
    pub(super) no_items: &'static str,
    /// The heading over so many tasks.
    pub(super) tasks: fn(usize) -> String,
    /// So many more have no sheet.
    pub(super) more: fn(usize) -> String,
    /// The columns of the tasks at a glance.
    pub(super) overview: [&'static str; 5],
    pub(super) labels: Labels,
    pub(super) history: &'static str,
    /// So much happened before what stands there.
    pub(super) earlier: fn(usize) -> String,
    pub(super) nothing: &'static str,
    /// When, what, by whom.
    pub(super) events: [&'static str; 3],
    /// So many civil days past the deadline.
    pub(super) late: fn(i64) -> String,
    /// A level, and who was told.
    pub(super) told: fn(&str, &str) -> String,
    /// What a meeting decided.
    pub(super) decided: fn(&str) -> String,
    /// What happened, and what was said to it.
    pub(super) noted: fn(&str, &str) -> String,
    pub(super) between: &'static str,
    pub(super) between_items: &'static str,
    pub(super) comma: &'static str,
}

/// What stands before each line of a sheet.
pub(super) struct Labels {
    pub(super) items: &'static str,
    pub(super) area: &'static str,
    pub(super) problem: &'static str,
    pub(super) measures: &'static str,
    pub(super) lead: &'static str,
    pub(super) unit: &'static str,
    pub(super) assisting: &'static str,
    pub(super) owner: &'static str,
    pub(super) supervisor: &'static str,
    pub(super) opened: &'static str,
    pub(super) due: &'static str,
    pub(super) light: &'static str,
    pub(super) progress: &'static str,
    pub(super) reported: &'static str,
    pub(super) evidence: &'static str,
    pub(super) note: &'static str,
}

pub(super) fn of(locale: Locale) -> &'static DossierWords {
    match locale {
        Locale::ZhCn => &ZH,
        Locale::En => &EN,
    }
}

static ZH: DossierWords = DossierWords {
    meeting: "督办调度会",
    title: |meeting| format!("{meeting}材料"),
    file: "会议材料",
    when: "时间",
    place: "地点",
    organiser: "召集人",
    as_of: "数据截至",
    agenda: "一、会议议题",
    no_items: "没有收到议题。",
    tasks: |count| format!("二、任务督办单（{count}项）"),
    more: |count| format!("另有{count}项逾期或临近时限的任务未附督办单，详见台账。"),
    overview: ["编号", "任务", "责任单位", "完成时限", "灯"],
    labels: Labels {
        items: "会议议题",
        area: "方面",
        problem: "问题",
        measures: "整改措施",
        lead: "牵头领导",
        unit: "责任单位",
        assisting: "配合单位",
        owner: "责任人",
        supervisor: "督导组",
        opened: "立项日期",
        due: "完成时限",
        light: "状态",
        progress: "进度",
        reported: "最近报告",
        evidence: "佐证要求",
        note: "备注",
    },
    history: "办理经过",
    earlier: |count| format!("此前另有{count}条记录。"),
    nothing: "尚无记录。",
    events: ["时间", "事项", "经办"],
    late: |days| format!("逾期{days}天"),
    told: |level, names| format!("{level}：通知{names}"),
    decided: |text| format!("会议决定：{text}"),
    noted: |what, note| format!("{what}（{note}）"),
    between: "、",
    between_items: "；",
    comma: "，",
};

static EN: DossierWords = DossierWords {
    meeting: "Supervision meeting",
    title: |meeting| format!("Papers: {meeting}"),
    file: "Papers",
    when: "When",
    place: "Where",
    organiser: "Called by",
    as_of: "As of",
    agenda: "Agenda",
    no_items: "No items were given.",
    tasks: |count| match count {
        1 => "Task sheets (1)".to_owned(),
        _ => format!("Task sheets ({count})"),
    },
    more: |count| match count {
        1 => "1 more late or nearly due task has no sheet here; see the ledger.".to_owned(),
        _ => format!("{count} more late or nearly due tasks have no sheet here; see the ledger."),
    },
    overview: ["No.", "Task", "Unit", "Due", "Light"],
    labels: Labels {
        items: "On the agenda",
        area: "Area",
        problem: "Problem",
        measures: "Measures",
        lead: "Lead",
        unit: "Unit",
        assisting: "Assisting",
        owner: "Owner",
        supervisor: "Supervisor",
        opened: "Opened",
        due: "Due",
        light: "Stands",
        progress: "Progress",
        reported: "Last report",
        evidence: "Evidence",
        note: "Note",
    },
    history: "History",
    earlier: |count| match count {
        1 => "1 earlier entry is left out.".to_owned(),
        _ => format!("{count} earlier entries are left out."),
    },
    nothing: "Nothing yet.",
    events: ["When", "What", "By"],
    late: |days| match days {
        1 => "1 day late".to_owned(),
        _ => format!("{days} days late"),
    },
    told: |level, names| format!("{level}: {names} told"),
    decided: |text| format!("The meeting decided: {text}"),
    noted: |what, note| format!("{what} ({note})"),
    between: ", ",
    between_items: "; ",
    comma: ", ",
};
