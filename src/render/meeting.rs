//! What people are told of a meeting, in both languages.

use super::escape::one_line;
use super::phrases::{LIST_MAX, Letter};
use crate::domain::meeting::{MeetingWord, News};
use crate::domain::people::Locale;

/// The title of a meeting in a language, where it has none of its own.
pub(super) fn title(word: &MeetingWord, locale: Locale) -> String {
    match (&word.title, locale) {
        (Some(title), _) => one_line(title),
        (None, Locale::ZhCn) => "督办调度会".to_owned(),
        (None, Locale::En) => "Supervision meeting".to_owned(),
    }
}

pub(super) fn letter(word: &MeetingWord, locale: Locale) -> Letter {
    match locale {
        Locale::ZhCn => zh(word),
        Locale::En => en(word),
    }
}

fn zh(word: &MeetingWord) -> Letter {
    let title = title(word, Locale::ZhCn);
    let (mark, first) = match &word.news {
        News::Invited => ("会议通知", "请您参加会议。".to_owned()),
        News::Changed => ("会议变更", "会议的时间、地点或名称有变，以本次通知为准。".to_owned()),
        News::Agenda if word.agenda.is_empty() => ("会议材料", "会议没有收到议题。".to_owned()),
        News::Agenda => ("会议议题", "会议议题已汇总如下。".to_owned()),
        News::Cancelled => ("会议取消", "会议取消，请勿前往。".to_owned()),
        News::Withdrawn => ("不再参会", "会议照常举行，您不再需要参加，请从日程中删除。".to_owned()),
        News::Call { until, .. } => ("征集议题", format!("请在 {until} 前提出会议议题，交督办办公室登记。")),
    };
    let mut paragraphs = vec![first, format!("时间：{}", word.when)];
    if !word.place.is_empty() {
        paragraphs.push(format!("地点：{}", one_line(&word.place)));
    }
    paragraphs.push(format!("召集人：{}", one_line(&word.organiser)));
    if let News::Call { to_office: true, .. } = word.news {
        let review = one_line(&word.review);
        paragraphs.push(format!(
            "办公室登记命令：duban review agenda add {review} \"议题\" --by 姓名"
        ));
    }
    if word.papers > 0 {
        paragraphs.push(format!("会议材料见附件，含{}项任务的督办单。", word.papers));
    }
    let list = agenda(word, |more| format!("另有{more}项"));
    if !list.is_empty() {
        paragraphs.push(format!("议题（{}项）：", word.agenda.len()));
    }
    Letter {
        subject: format!("{mark}｜{title}｜{}", word.when),
        paragraphs,
        list,
    }
}

fn en(word: &MeetingWord) -> Letter {
    let title = title(word, Locale::En);
    let (mark, first) = match &word.news {
        News::Invited => ("Invitation", "You are asked to come to this meeting.".to_owned()),
        News::Changed => (
            "Changed",
            "The time, place or title has changed; this is how it stands now.".to_owned(),
        ),
        News::Agenda if word.agenda.is_empty() => ("Papers", "No items were given for the agenda.".to_owned()),
        News::Agenda => ("Agenda", "This is what was collected for the agenda.".to_owned()),
        News::Cancelled => ("Cancelled", "The meeting does not take place.".to_owned()),
        News::Withdrawn => (
            "No need to come",
            "The meeting takes place, but you need not come any more; please take it out of your calendar.".to_owned(),
        ),
        News::Call { until, .. } => (
            "Agenda items wanted",
            format!("Please give your items for the agenda to the office before {until}."),
        ),
    };
    let mut paragraphs = vec![first, format!("When: {}", word.when)];
    if !word.place.is_empty() {
        paragraphs.push(format!("Where: {}", one_line(&word.place)));
    }
    paragraphs.push(format!("Called by: {}", one_line(&word.organiser)));
    if let News::Call { to_office: true, .. } = word.news {
        let review = one_line(&word.review);
        paragraphs.push(format!(
            "The office enters them with: duban review agenda add {review} \"ITEM\" --by NAME"
        ));
    }
    match word.papers {
        0 => {}
        1 => paragraphs.push("The papers are attached: the sheet of 1 task.".to_owned()),
        count => paragraphs.push(format!("The papers are attached: the sheets of {count} tasks.")),
    }
    let list = agenda(word, |more| format!("and {more} more"));
    if !list.is_empty() {
        paragraphs.push(match word.agenda.len() {
            1 => "Agenda (1 item):".to_owned(),
            count => format!("Agenda ({count} items):"),
        });
    }
    Letter {
        subject: format!("{mark}: {title}, {}", word.when),
        paragraphs,
        list,
    }
}

/// The agenda's lines, those beyond the limit counted; nothing for those who do not meet.
fn agenda(word: &MeetingWord, more: impl Fn(usize) -> String) -> Vec<String> {
    if matches!(word.news, News::Cancelled | News::Withdrawn) {
        return Vec::new();
    }
    let mut lines: Vec<String> = word.agenda.iter().take(LIST_MAX).map(|line| one_line(line)).collect();
    if word.agenda.len() > LIST_MAX {
        lines.push(more(word.agenda.len() - LIST_MAX));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(news: News) -> MeetingWord {
        MeetingWord {
            news,
            review: "weekly".to_owned(),
            title: None,
            when: "2026-03-02 09:30-10:30".to_owned(),
            place: "301\n会议室".to_owned(),
            organiser: "王主任".to_owned(),
            agenda: vec!["12: 延期 (陈岚)".to_owned()],
            papers: 0,
        }
    }

    #[test]
    fn the_subject_says_what_is_new_and_when_in_both_languages() {
        for (news, zh, en) in [
            (
                News::Invited,
                "会议通知｜督办调度会｜",
                "Invitation: Supervision meeting, ",
            ),
            (
                News::Changed,
                "会议变更｜督办调度会｜",
                "Changed: Supervision meeting, ",
            ),
            (News::Agenda, "会议议题｜督办调度会｜", "Agenda: Supervision meeting, "),
            (
                News::Cancelled,
                "会议取消｜督办调度会｜",
                "Cancelled: Supervision meeting, ",
            ),
            (
                News::Withdrawn,
                "不再参会｜督办调度会｜",
                "No need to come: Supervision meeting, ",
            ),
        ] {
            let word = word(news);
            let when = "2026-03-02 09:30-10:30";
            assert_eq!(letter(&word, Locale::ZhCn).subject, format!("{zh}{when}"));
            assert_eq!(letter(&word, Locale::En).subject, format!("{en}{when}"));
        }
    }

    #[test]
    fn a_call_says_until_when_and_to_the_office_how_it_enters_an_item() {
        for (locale, to_office) in [
            (Locale::ZhCn, true),
            (Locale::En, true),
            (Locale::ZhCn, false),
            (Locale::En, false),
        ] {
            let until = "2026-03-02 07:30".to_owned();
            let letter = letter(&word(News::Call { until, to_office }), locale);
            let text = letter.paragraphs.join("\n");
            assert!(text.contains("2026-03-02 07:30"), "{text}");
            assert_eq!(text.contains("duban review agenda add weekly"), to_office, "{text}");
        }
    }

    #[test]
    fn the_agenda_stands_in_it_unless_the_meeting_is_called_off() {
        assert_eq!(letter(&word(News::Agenda), Locale::ZhCn).list, ["12: 延期 (陈岚)"]);
        for news in [News::Cancelled, News::Withdrawn] {
            assert!(letter(&word(news), Locale::ZhCn).list.is_empty());
        }
    }

    #[test]
    fn attached_papers_are_counted_and_without_an_agenda_they_are_the_news() {
        let both = MeetingWord {
            papers: 2,
            ..word(News::Agenda)
        };
        let alone = MeetingWord {
            agenda: Vec::new(),
            ..both.clone()
        };
        for (locale, counted, subject) in [
            (Locale::ZhCn, "会议材料见附件，含2项任务的督办单。", "会议材料｜"),
            (
                Locale::En,
                "The papers are attached: the sheets of 2 tasks.",
                "Papers: ",
            ),
        ] {
            assert!(letter(&both, locale).paragraphs.contains(&counted.to_owned()));
            let alone = letter(&alone, locale);
            assert!(alone.subject.starts_with(subject) && alone.list.is_empty(), "{alone:?}");
        }
    }

    #[test]
    fn a_place_stays_on_its_line() {
        let letter = letter(&word(News::Invited), Locale::En);
        assert!(
            letter.paragraphs.contains(&"Where: 301 会议室".to_owned()),
            "{letter:?}"
        );
    }
}
