use std::sync::LazyLock;

use super::*;
use crate::domain::ladder::{Anchor, Level};
use crate::domain::message::{Heard, ITEMS_MAX, Item};
use crate::domain::review::{Events, LINES_MAX};
use crate::domain::task::{Light, Phase};

pub(super) fn renderer() -> &'static Renderer {
    static BUILT_IN: LazyLock<Renderer> =
        LazyLock::new(|| Renderer::new(&BTreeMap::new()).unwrap_or_else(|faults| panic!("{faults:#?}")));
    &BUILT_IN
}

#[test]
fn the_built_in_templates_render_every_sample() {
    renderer();
}

#[test]
#[ignore = "writes sample mails to look at into target/mails"]
fn samples_to_look_at() {
    let renderer = renderer();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mails");
    std::fs::create_dir_all(&folder).expect("a folder");
    for locale in [Locale::ZhCn, Locale::En] {
        let write = |name: &str, words: &Words| {
            for (ending, text) in [("html", &words.html), ("txt", &words.text), ("md", &words.markdown)] {
                let file = folder.join(format!("{name}-{}.{ending}", locale.as_str()));
                std::fs::write(file, text).expect("a file");
            }
        };
        let mut items: Vec<_> = [
            (Anchor::Due, Level::Summon),
            (Anchor::Due, Level::Overdue),
            (Anchor::Reported, Level::Warn),
            (Anchor::Submitted, Level::Remind),
        ]
        .into_iter()
        .enumerate()
        .map(|(index, (anchor, level))| sample::item(locale, anchor, level, index))
        .collect();
        items[1].view.late = true;
        items[2].standing.passed = false;
        items[2].standing.working_days_left = 12;
        items[2].standing.days_left = 17;
        items[2].view.task.light = Light::Yellow;
        items[2].standing.provisional = true;
        let mut one = sample::digest(locale, vec![items[1].clone()]);
        one.trial_for = Some("张三".into());
        write("one", &renderer.notices(&one));
        write("several", &renderer.notices(&sample::digest(locale, items)));
        for (name, summary) in ["review", "green", "empty", "group"]
            .iter()
            .zip(sample::summaries(locale))
        {
            write(name, &renderer.review(&summary));
        }
        for word in sample::system_words().into_iter().take(2) {
            write("system", &renderer.system(&word, locale, sample::AS_OF));
        }
    }
}

fn subject(item: Item, locale: Locale) -> String {
    renderer().notices(&sample::digest(locale, vec![item])).subject
}

/// The subjects of one anchor at one level, for each standing: three working days late, late over days off only, passed
/// today, due today, due tomorrow, three working days left.
fn subjects(anchor: Anchor, level: Level, locale: Locale) -> Vec<String> {
    let standings = [
        (true, -3, -5),
        (true, 0, -1),
        (true, 0, 0),
        (false, 0, 0),
        (false, 1, 1),
        (false, 0, 2),
        (false, 3, 5),
    ];
    let renderer = renderer();
    standings
        .into_iter()
        .map(|(passed, working, days)| {
            let mut item = sample::item(locale, anchor, level, 0);
            item.standing.passed = passed;
            item.standing.working_days_left = working;
            item.standing.days_left = days;
            renderer.notices(&sample::digest(locale, vec![item])).subject
        })
        .collect()
}

#[test]
fn a_step_of_the_deadline_says_overdue_only_where_it_has_passed() {
    assert_eq!(
        subjects(Anchor::Due, Level::Escalate, Locale::ZhCn),
        [
            "督办｜市教育局：班额整改 逾期3个工作日",
            "督办｜市教育局：班额整改 逾期1天",
            "督办｜市教育局：班额整改 今天已到期",
            "督办｜市教育局：班额整改 今天到期",
            "督办｜市教育局：班额整改 明天到期",
            "督办｜市教育局：班额整改 还剩2天（均为休息日）",
            "督办｜市教育局：班额整改 还剩3个工作日",
        ]
    );
    assert_eq!(
        subjects(Anchor::Due, Level::Overdue, Locale::En),
        [
            "Overdue | Education Bureau: Class size, 3 working days overdue",
            "Overdue | Education Bureau: Class size, 1 day overdue",
            "Overdue | Education Bureau: Class size, deadline passed today",
            "Follow-up | Education Bureau: Class size, due today",
            "Follow-up | Education Bureau: Class size, due tomorrow",
            "Follow-up | Education Bureau: Class size, due in 2 days, all days off",
            "Follow-up | Education Bureau: Class size, 3 working days left",
        ]
    );
}

#[test]
fn a_step_of_the_last_report_speaks_of_the_silence() {
    let zh = subjects(Anchor::Reported, Level::Overdue, Locale::ZhCn);
    assert_eq!(zh[0], "催办｜市教育局：班额整改 已10个工作日未报进展，逾期3个工作日");
    assert_eq!(zh[6], "催办｜市教育局：班额整改 已10个工作日未报进展");
    let en = subjects(Anchor::Reported, Level::Overdue, Locale::En);
    assert_eq!(
        en[0],
        "Follow-up | Education Bureau: Class size, no report for 10 working days, 3 working days overdue"
    );
    assert_eq!(
        en[6],
        "Follow-up | Education Bureau: Class size, no report for 10 working days"
    );
}

#[test]
fn steps_of_the_other_anchors_say_what_they_are_for() {
    let last = |anchor, level, locale| subjects(anchor, level, locale).pop().unwrap_or_default();
    assert_eq!(
        [
            last(Anchor::Opened, Level::Remind, Locale::ZhCn),
            last(Anchor::Submitted, Level::Remind, Locale::ZhCn),
            last(Anchor::Closed, Level::Remind, Locale::ZhCn),
            last(Anchor::Closed, Level::Due, Locale::ZhCn),
            last(Anchor::Opened, Level::Remind, Locale::En),
            last(Anchor::Submitted, Level::Warn, Locale::En),
            last(Anchor::Closed, Level::Due, Locale::En),
        ],
        [
            "提醒｜市教育局：班额整改 新任务，还剩3个工作日",
            "提醒｜市教育局：班额整改 待审核已3个工作日",
            "提醒｜市教育局：班额整改 回头看（办结已30天）",
            "提示｜市教育局：班额整改 回头看（办结已30天）",
            "Reminder | Education Bureau: Class size, new task, 3 working days left",
            "Warning | Education Bureau: Class size, awaiting review for 3 working days",
            "Notice | Education Bureau: Class size, look back, closed 30 days ago",
        ]
    );
}

#[test]
fn every_level_has_its_word() {
    let words = |locale| {
        Level::ALL.map(|level| {
            let subject = subject(sample::item(locale, Anchor::Due, level, 0), locale);
            subject.split(['｜', '|']).next().unwrap_or_default().trim().to_owned()
        })
    };
    assert_eq!(words(Locale::ZhCn), ["提醒", "预警", "到期", "催办", "督办", "约谈"]);
    assert_eq!(
        words(Locale::En),
        ["Reminder", "Warning", "Due", "Overdue", "Escalation", "Summons"]
    );
}

#[test]
fn no_subject_says_overdue_before_the_deadline() {
    for anchor in Anchor::ALL {
        for level in Level::ALL {
            for subject in subjects(anchor, level, Locale::ZhCn).into_iter().skip(3) {
                assert!(!subject.contains("逾期"), "{subject}");
            }
            for subject in subjects(anchor, level, Locale::En).into_iter().skip(3) {
                assert!(!subject.to_lowercase().contains("overdue"), "{subject}");
            }
        }
    }
}

#[test]
fn several_tasks_are_counted_with_the_worst() {
    let mut items = vec![sample::item(Locale::ZhCn, Anchor::Due, Level::Escalate, 0); 5];
    items[1].standing.working_days_left = -12;
    for item in items.iter_mut().skip(2) {
        item.standing.passed = false;
        item.standing.days_left = 0;
    }
    let subject = renderer().notices(&sample::digest(Locale::ZhCn, items)).subject;
    assert_eq!(subject, "督办｜5项任务：2项逾期，最长逾期12个工作日；3项今天到期");
}

#[test]
fn a_long_title_is_shortened_and_the_state_stays() {
    let mut item = sample::item(Locale::ZhCn, Anchor::Due, Level::Escalate, 0);
    item.view.task.title = "重新规划七年级班级".repeat(200);
    assert_eq!(
        subject(item, Locale::ZhCn),
        "督办｜市教育局：重新规划七年级班级重新规划七年级班级重新规划七年… 逾期3个工作日"
    );
}

fn hostile() -> Item {
    let mut item = sample::item(Locale::ZhCn, Anchor::Due, Level::Escalate, 0);
    item.view.task.title = "<b>&*_`|[x](http://e)\r\nBcc: a@b 🏫".into();
    item.standing.progress = "# <script>alert(1)</script>\n- @all".into();
    item
}

#[test]
fn ledger_text_stays_text_in_every_part() {
    let words = renderer().notices(&sample::digest(Locale::ZhCn, vec![hostile()]));
    assert!(!words.subject.contains(['\r', '\n']));
    assert!(
        words.text.contains("<b>&*_`|[x](http://e) Bcc: a@b 🏫\n"),
        "{}",
        words.text
    );
    assert!(
        !words.html.contains("<b>") && !words.html.contains("<script"),
        "{}",
        words.html
    );
    assert!(
        words.markdown.contains("&lt;b&gt;&amp;\\*\\_\\`|\\[x\\](http"),
        "{}",
        words.markdown
    );
    assert!(
        !words.markdown.contains("@all") && !words.markdown.contains("<script"),
        "{}",
        words.markdown
    );
}

#[test]
fn a_trial_is_marked_with_whom_it_would_have_gone_to() {
    let mut digest = sample::digest(
        Locale::ZhCn,
        vec![sample::item(Locale::ZhCn, Anchor::Due, Level::Overdue, 0)],
    );
    digest.trial_for = Some("市教育局局长".into());
    let words = renderer().notices(&digest);
    let marking = "[试运行 → 市教育局局长] 催办｜";
    assert!(words.subject.starts_with(marking));
    assert!(words.text.starts_with(marking));
}

#[test]
fn text_and_html_hold_the_same_tasks_in_the_same_order() {
    let items: Vec<Item> = (0..ITEMS_MAX)
        .map(|index| {
            let mut item = sample::item(Locale::En, Anchor::Due, Level::Overdue, index);
            item.view.task.title = format!("Title{index}.");
            item
        })
        .collect();
    let words = renderer().notices(&sample::digest(Locale::En, items));
    for part in [&words.text, &words.html, &words.markdown] {
        let places: Vec<usize> = (0..ITEMS_MAX)
            .filter_map(|index| part.find(&format!("Title{index}.")))
            .collect();
        assert_eq!(places.len(), ITEMS_MAX);
        assert!(places.is_sorted());
    }
}

#[test]
fn what_is_beyond_the_limit_is_counted_by_level() {
    let mut digest = sample::digest(
        Locale::ZhCn,
        vec![sample::item(Locale::ZhCn, Anchor::Due, Level::Summon, 0)],
    );
    digest.rest = BTreeMap::from([(Level::Overdue, 3), (Level::Remind, 1)]);
    let words = renderer().notices(&digest);
    for part in [&words.text, &words.html, &words.markdown] {
        assert!(part.contains("另有4项未逐一列出：催办3项、提醒1项。"), "{part}");
    }
}

/// Text as people see it: without tags and style sheet.
fn seen(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let mut inside = true;
    body.chars()
        .filter(|c| match c {
            '<' => {
                inside = true;
                false
            }
            '>' => {
                let was = inside;
                inside = false;
                !was
            }
            _ => !inside,
        })
        .collect::<String>()
        .replace("&ensp;", "")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
}

#[test]
fn chinese_messages_hold_no_english_and_english_ones_no_chinese() {
    let renderer = renderer();
    for locale in [Locale::ZhCn, Locale::En] {
        let notices = sample::digests(locale)
            .into_iter()
            .map(|digest| renderer.notices(&digest));
        let mut summaries = sample::summaries(locale);
        summaries.iter_mut().for_each(|summary| summary.undelivered.clear());
        let reviews = summaries.into_iter().map(|summary| renderer.review(&summary));
        for words in notices.chain(reviews) {
            for part in [words.subject, words.text, seen(&words.html), words.markdown] {
                let part = part.replace("&#x2f;", "").replace("&lt;", "").replace("&gt;", "");
                let foreign = part.chars().find(|c| match locale {
                    Locale::ZhCn => c.is_ascii_alphabetic(),
                    Locale::En => ('\u{3000}'..='\u{9FFF}').contains(c) || ('\u{FF00}'..='\u{FFEF}').contains(c),
                });
                assert_eq!(foreign, None, "{part}");
            }
        }
    }
}

#[test]
fn html_uses_nothing_from_outside_and_adapts_to_the_dark() {
    let words = renderer().notices(&sample::digest(Locale::En, vec![hostile()]));
    for forbidden in ["<img", "<script", "src=", "href=", "url("] {
        assert!(!words.html.contains(forbidden), "{forbidden}");
    }
    assert!(words.html.contains("prefers-color-scheme: dark"));
}

fn with(file: &str, text: &str) -> Result<Renderer, Vec<TemplateFault>> {
    Renderer::new(&BTreeMap::from([(file.to_owned(), text.to_owned())]))
}

#[test]
fn a_template_of_the_users_replaces_ours() {
    let renderer = with("zh-CN/notice.subject", "市里：{{ headline }}").expect("a template that renders");
    let words = renderer.notices(&sample::digest(Locale::ZhCn, vec![hostile()]));
    assert!(words.subject.starts_with("市里：督办｜"));
    assert_eq!(words.fallback, None);
}

#[test]
fn a_template_with_an_unknown_variable_is_refused_with_its_line() {
    let faults = with(
        "zh-CN/notice.txt",
        "{{ headline }}\n{% for item in items %}{{ item.titel }}{% endfor %}",
    )
    .map(|_| ())
    .expect_err("a fault");
    assert_eq!((faults[0].file.as_str(), faults[0].line), ("zh-CN/notice.txt", 2));
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[test]
fn a_template_that_does_not_parse_loops_on_or_has_no_subject_is_refused() {
    for (file, text) in [
        ("en/notice.md", "{% for item in items %}"),
        (
            "en/notice.txt",
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        ),
        ("en/review.subject", "\n \n"),
    ] {
        let faults = with(file, text).map(|_| ()).expect_err("a fault");
        assert_eq!(faults[0].file, file);
    }
}

#[test]
fn a_file_that_overrides_nothing_is_refused() {
    let faults = with("zh-CN/notise.html", "x").map(|_| ()).expect_err("a fault");
    assert!(
        faults[0]
            .text
            .starts_with("no template has this name; there are shared/page.html")
    );
}

#[test]
fn a_template_that_fails_at_run_time_gives_way_to_plain_text_and_says_so() {
    let trap = "{% if headline == '督办｜陷阱：班额整改 逾期3个工作日' %}{{ nothing }}{% endif %}";
    let renderer = with("zh-CN/notice.html", trap).expect("a template that renders the samples");
    let mut item = sample::item(Locale::ZhCn, Anchor::Due, Level::Escalate, 0);
    item.view.task.unit.name = "陷阱".into();
    item.standing.progress = "<b>".into();
    item.view.task.state = Phase::Acknowledged;
    let words = renderer.notices(&sample::digest(Locale::ZhCn, vec![item]));
    assert!(
        words
            .fallback
            .is_some_and(|why| why.starts_with("zh-CN/notice.html:1: "))
    );
    assert_eq!(words.subject, "督办｜陷阱：班额整改 逾期3个工作日");
    assert!(words.text.contains("班额统计表") && words.text.contains("内置文本"));
    assert!(words.html.contains("&lt;b&gt;"));
}

#[test]
fn a_review_without_news_or_trouble_says_so() {
    let renderer = renderer();
    let mut said = sample::summaries(Locale::ZhCn)
        .into_iter()
        .map(|summary| renderer.review(&summary));
    assert_eq!(
        said.next().map(|words| words.subject),
        Some("每周调度｜14项任务：2项逾期，2项14天内到期（补发）".into())
    );
    let green = said.next().expect("an all-green one");
    assert_eq!(green.subject, "每周调度｜8项任务进展正常");
    assert!(green.text.contains("在办任务全部为绿灯") && green.text.contains("没有进展报告、报送和台账变更的记录"));
    assert!(green.html.contains("在办任务全部为绿灯") && green.markdown.contains("在办任务全部为绿灯"));
    let empty = said.next().expect("an empty one");
    assert_eq!(empty.subject, "每周调度｜没有在办任务");
}

#[test]
fn a_green_review_does_not_hide_what_is_near_or_silent() {
    for (locale, said, hidden) in [
        (
            Locale::ZhCn,
            "在办任务全部为绿灯，没有逾期；但2项14天内到期，1项久未报进展。",
            "也没有临近",
        ),
        (
            Locale::En,
            "All open tasks are green, none is late; but 2 due within 14 days, 1 without a report for long.",
            "none is near",
        ),
    ] {
        let [full, mut green, ..] = <[_; 4]>::try_from(sample::summaries(locale)).expect("four summaries");
        green.due_soon = full.due_soon;
        green.silent = full.silent;
        let text = renderer().review(&green).text;
        assert!(text.contains(said) && !text.contains(hidden), "{text}");
    }
}

#[test]
fn a_week_without_acts_still_says_what_to_see_to_first() {
    for (locale, said) in [
        (
            Locale::ZhCn,
            [
                "共2项任务逾期，请优先处理。\n",
                "\n自上次调度以来，没有进展报告、报送和台账变更的记录。",
            ],
        ),
        (
            Locale::En,
            [
                "2 tasks are overdue: please see to them first.\n",
                "\nNo report, submission or ledger change was recorded",
            ],
        ),
    ] {
        let mut summary = sample::summaries(locale).swap_remove(0);
        summary.changes.clear();
        summary.changes_more = 0;
        summary.closed.lines.clear();
        summary.requests.lines.clear();
        for events in [&mut summary.extensions, &mut summary.returns, &mut summary.relapses] {
            *events = Events::default();
        }
        let text = renderer().review(&summary).text;
        assert!(said.iter().all(|sentence| text.contains(sentence)), "{text}");
    }
}

#[test]
fn a_review_of_long_lines_stays_a_mail_under_100_kb_and_counts_what_it_folds() {
    for locale in [Locale::ZhCn, Locale::En] {
        let mut summary = sample::summaries(locale).swap_remove(0);
        let mut line = summary.overdue.lines.swap_remove(0);
        line.task.title = "第三中学新建教学楼".repeat(20);
        line.standing.progress.clone_from(&line.task.title);
        summary.overdue.lines = vec![line; LINES_MAX];
        summary.overdue.more = 7;
        for section in [&mut summary.due_soon, &mut summary.silent, &mut summary.forecast] {
            section.lines.clone_from(&summary.overdue.lines);
        }
        let words = renderer().review(&summary);
        // Base64 makes four bytes of three, and lines of 76 with their ends.
        let mail = (words.text.len() + words.html.len()) * 4 / 3 * 78 / 76;
        assert!(mail < 98_000, "{mail} bytes");
        let heading = if locale == Locale::ZhCn {
            "逾期（107项）"
        } else {
            "Overdue (107)"
        };
        assert!(
            words.text.contains(heading) && words.html.contains(heading),
            "{}",
            words.text
        );
    }
}

#[test]
fn a_group_is_told_the_worst_and_only_counts_of_the_rest() {
    for (locale, counted, title) in [
        (
            Locale::ZhCn,
            "另有：14天内到期（2项）；10个工作日以上未报进展（1项）；延期申请待答复（1项）；预计可能逾期（1项）。",
            "预计可能逾期（1项） ==",
        ),
        (
            Locale::En,
            "Also: Due within 14 days (2); No report for 10 working days or more (1); Extensions asked for, waiting for an \
             answer (1); Likely to be late (1).",
            "Likely to be late (1) ==",
        ),
    ] {
        let words = renderer().review(&sample::summaries(locale).swap_remove(3));
        assert!(
            words.text.contains(counted) && !words.text.contains(title),
            "{}",
            words.text
        );
    }
}

#[test]
fn the_arithmetic_of_a_forecast_stands_in_its_line() {
    let text = renderer().review(&sample::summaries(Locale::ZhCn).swap_remove(0)).text;
    let said = "该单位近12个月8项中5项逾期（2分）；已22个工作日未报进展（2分）";
    assert!(text.contains(said) && text.contains("合计10分"), "{text}");
    let text = renderer().review(&sample::summaries(Locale::En).swap_remove(0)).text;
    let said =
        "5 of this unit's 8 tasks of the last 12 months were late (2 points); no report for 22 working days (2 points)";
    assert!(text.contains(said) && text.contains("10 points in all"), "{text}");
}

#[test]
fn html_and_text_of_a_review_have_one_order() {
    let words = renderer().review(&sample::summaries(Locale::ZhCn).swap_remove(0));
    let headings = [
        "逾期（",
        "14天内到期（",
        "10个工作日以上",
        "待审核（",
        "延期申请待答复",
        "上次调度以来延期",
        "上次调度以来审核退回",
        "14天内回头看",
        "问题反弹",
        "预计可能逾期",
        "各批次情况",
        "本次会议议题",
        "上次调度以来办结",
        "上次调度以来的变化",
        "台账与记录不一致",
        "消息未能送达",
        "日历提示",
        "日志截至第",
    ];
    for part in [&words.text, &words.html] {
        let headings_in = part.split_once("不再列出").expect("the verdict").1;
        let places: Vec<_> = headings.iter().map(|heading| headings_in.find(heading)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    }
}

/// The text without the marks that divide it, sign by sign.
fn signs(text: &str) -> String {
    let marks = |c: &char| !c.is_whitespace() && !"=-|｜·()".contains(*c);
    text.chars().filter(marks).collect()
}

/// The text without the names of colours, which the HTML shows: `红灯（逾期）` is 逾期.
fn uncoloured(text: &str) -> String {
    let colours = ["红灯", "黄灯", "绿灯", "蓝灯", "灰灯"].map(|name| (format!("{name}（"), "）"));
    let english = ["red", "yellow", "green", "blue", "grey"].map(|name| (format!("{name} ("), ")"));
    colours
        .into_iter()
        .chain(english)
        .fold(text.to_owned(), |text, (from, to)| {
            let Some((before, rest)) = text.split_once(&from) else {
                return text;
            };
            let (meaning, after) = rest.split_once(to).expect("it is closed");
            format!("{before}{meaning}{after}")
        })
}

#[test]
fn the_text_of_a_review_alone_is_enough_and_says_all_that_its_html_says_in_the_same_order() {
    for locale in [Locale::ZhCn, Locale::En] {
        for summary in sample::summaries(locale) {
            let words = renderer().review(&summary);
            let html = seen(&words.html).replace("&#160;", "");
            assert_eq!(signs(&html), signs(&uncoloured(&words.text)), "{}", words.text);
        }
    }
}

#[test]
fn an_extension_stands_in_a_review_with_its_reason_and_its_answer() {
    for (locale, said) in [
        (
            Locale::ZhCn,
            [
                "- 申请延期至2022-01-31，已等待1个工作日；还剩3个工作日",
                "理由：教室未验收（2021-12-17 10:00申请）",
                "批准延期，时限由2021-12-16改为2022-01-31",
                "批准延期，时限由2021-12-16改为2022-01-15（申请至2022-01-31）",
                "不同意延期（申请至2022-01-31）",
            ],
        ),
        (
            Locale::En,
            [
                "- asks for an extension until 2022-01-31, waiting for 1 working day; ",
                "why: the rooms are not inspected yet (asked on 2021-12-17 10:00)",
                "extension granted, deadline moved from 2021-12-16 to 2022-01-31",
                "deadline moved from 2021-12-16 to 2022-01-15 (asked for 2022-01-31)",
                "extension until 2022-01-31 refused",
            ],
        ),
    ] {
        let text = renderer().review(&sample::summaries(locale).swap_remove(0)).text;
        for said in said {
            assert!(text.contains(said), "{said}: {text}");
        }
    }
}

#[test]
fn a_stage_names_its_task_and_a_batch_its_figures() {
    for (locale, stage, batch) in [
        (
            Locale::ZhCn,
            "任务编号1（任务7的阶段，全项时限2022-03-31）",
            "第一批（共6项）：逾期2，",
        ),
        (
            Locale::En,
            "task 1 (a stage of task 7, which is due 2022-03-31)",
            "First batch (6 tasks): 2 overdue, ",
        ),
    ] {
        let mut summary = sample::summaries(locale).swap_remove(0);
        let line = summary.overdue.lines.first_mut().expect("a line");
        line.stage_of = Some(crate::domain::review::StageOf {
            id: "7".into(),
            title: "Road".into(),
            due: "2022-03-31".into(),
        });
        let words = renderer().review(&summary);
        for part in [&words.text, &words.html, &words.markdown] {
            assert!(part.contains(stage) && part.contains(batch), "{part}");
        }
    }
}

#[test]
fn a_calendar_that_ends_soon_is_told_with_the_days_that_are_left() {
    for (days_left, locale, said) in [
        (30, Locale::ZhCn, "放假安排只载至2026-12-31（还有30天）"),
        (-3, Locale::ZhCn, "放假安排只载至2026-12-31（已过3天）"),
        (1, Locale::En, "The calendar ends on 2026-12-31 (1 day left)"),
        (-3, Locale::En, "The calendar ends on 2026-12-31 (3 days ago)"),
    ] {
        let mut summary = sample::summaries(locale).swap_remove(0);
        let gap = summary.calendar.as_mut().expect("a gap");
        gap.days_left = days_left;
        gap.years.clear();
        let text = renderer().review(&summary).text;
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn word_to_the_office_tells_what_happened_and_what_to_do() {
    let word = SystemWord::EndpointStopped {
        channel: "mail".into(),
        cause: "535 5.7.8 no".into(),
        waiting_tasks: 7,
    };
    let words = renderer().system(&word, Locale::ZhCn, sample::AS_OF);
    assert_eq!(words.subject, "督办系统｜渠道mail已停，7项任务的消息在等待");
    assert!(words.text.contains("原因（程序提示原文）：535 5.7.8 no") && words.text.contains("截至 2021-12-21 09:00"));
}

#[test]
fn the_longest_messages_do_not_run_out_of_fuel() {
    let long = "<&".repeat(2000);
    let mut item = sample::item(Locale::ZhCn, Anchor::Due, Level::Summon, 0);
    for cell in [
        &mut item.view.task.title,
        &mut item.view.task.area,
        &mut item.standing.progress,
        &mut item.evidence,
        &mut item.problem,
    ] {
        cell.clone_from(&long);
    }
    let words = renderer().notices(&sample::digest(Locale::ZhCn, vec![item; ITEMS_MAX]));
    assert_eq!(words.fallback, None);
    let mut summary = sample::summaries(Locale::ZhCn).swap_remove(0);
    let mut line = summary.overdue.lines.swap_remove(0);
    line.task.title.clone_from(&long);
    line.standing.progress = long;
    summary.overdue.lines = vec![line; LINES_MAX];
    summary.due_soon = summary.overdue.clone();
    summary.silent = summary.overdue.clone();
    summary.under_review = summary.overdue.clone();
    summary.closed = summary.overdue.clone();
    assert_eq!(renderer().review(&summary).fallback, None);
}

#[test]
fn a_fault_in_the_shared_page_is_named_once() {
    let faults = with("shared/page.html", "{{ nothing }}")
        .map(|_| ())
        .expect_err("a fault");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].file, "shared/page.html");
}

#[test]
fn a_letter_of_a_trial_is_marked_in_every_part() {
    let words = renderer().test("mail", Locale::ZhCn, sample::AS_OF);
    let words = Renderer::in_trial(words, "<局长>", Locale::ZhCn);
    assert_eq!(words.subject, "[试运行 → <局长>] 测试｜渠道mail可用");
    assert!(words.text.starts_with("[试运行 → <局长>]\n测试｜"));
    assert!(words.html.starts_with("<!doctype html>") && words.html.contains("[试运行 → &lt;局长&gt;]"));
    assert!(words.markdown.starts_with("**\\[试运行 → &lt;局长&gt;\\]**\n"));
}

/// A `0d` step whose deadline is a day off `days` ahead.
fn rolled(locale: Locale, days: i64, id: &str) -> Item {
    let mut item = sample::item(locale, Anchor::Due, Level::Due, 0);
    item.view.step = "due/due".into();
    item.view.task.id = id.into();
    item.standing.passed = false;
    item.standing.due = "2022-04-30".into();
    item.standing.days_left = days;
    item.standing.working_days_left = 0;
    item.scheduled = "2022-04-29 09:00".into();
    item.moved_from = Some("2022-04-30".into());
    item
}

#[test]
fn several_deadlines_on_the_next_day_off_are_told_with_their_day() {
    let subject = |locale, days| {
        let items = vec![rolled(locale, days, "1"), rolled(locale, days, "2")];
        renderer().notices(&sample::digest(locale, items)).subject
    };
    assert_eq!(subject(Locale::ZhCn, 1), "到期｜2项任务：2项明天到期");
    assert_eq!(subject(Locale::ZhCn, 3), "到期｜2项任务：2项将于04-30到期");
    assert_eq!(subject(Locale::En, 1), "Due | 2 tasks: 2 due tomorrow");
    assert_eq!(subject(Locale::En, 3), "Due | 2 tasks: 2 due on 2022-04-30");
}

#[test]
fn the_nearest_deadline_is_told_of_those_that_have_it() {
    let mut later = rolled(Locale::ZhCn, 5, "2");
    later.standing.working_days_left = 2;
    let items = vec![rolled(Locale::ZhCn, 1, "1"), later];
    let subject = renderer().notices(&sample::digest(Locale::ZhCn, items)).subject;
    assert_eq!(subject, "到期｜2项任务：2项未到期，其中1项明天到期");
}

fn text(item: Item, locale: Locale) -> String {
    renderer().notices(&sample::digest(locale, vec![item])).text
}

#[test]
fn a_moved_notice_says_why_it_comes_on_another_day() {
    let zh = text(rolled(Locale::ZhCn, 1, "1"), Locale::ZhCn);
    assert!(
        zh.contains("依据：完成时限当天（2022-04-30为休息日，提前至2022-04-29）"),
        "{zh}"
    );
    let en = text(rolled(Locale::En, 1, "1"), Locale::En);
    assert!(
        en.contains("on the day of the deadline (2022-04-30 is a day off, moved to 2022-04-29)"),
        "{en}"
    );
}

#[test]
fn a_silence_without_any_report_counts_from_what_was_heard_last() {
    let silent = |locale, heard, occurrence: &str| {
        let mut item = sample::item(locale, Anchor::Reported, Level::Warn, 0);
        item.view.step = format!("reported+10wd/warn{occurrence}");
        item.standing.heard = heard;
        text(item, locale)
    };
    for (locale, heard, occurrence, said) in [
        (
            Locale::ZhCn,
            Heard::Opening,
            "#2",
            "依据：自立项起10个工作日未报进展，第2次",
        ),
        (Locale::ZhCn, Heard::Report, "", "依据：最近一次进展后10个工作日｜"),
        (
            Locale::En,
            Heard::Opening,
            "#2",
            "10 working days after the opening without a report, second reminder;",
        ),
        (
            Locale::En,
            Heard::Acknowledgement,
            "#12",
            "10 working days after the acknowledgement without a report, 12th reminder;",
        ),
        (Locale::En, Heard::Report, "", "10 working days after the last report;"),
    ] {
        let text = silent(locale, heard, occurrence);
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_forwarded_notice_does_not_take_its_reader_for_the_other() {
    for (locale, said, asked, never) in [
        (
            Locale::ZhCn,
            "本通知原发王五，未能送达，现转发给您。",
            "请协助转达或处理。原通知要求：请立即办理",
            "您是责任人",
        ),
        (
            Locale::En,
            "This was for Wang Wu, whom it could not reach; it is forwarded to you.",
            "Please pass it on or act. It asked: Please act now",
            "you own this task",
        ),
    ] {
        let mut digest = sample::digest(locale, vec![sample::item(locale, Anchor::Due, Level::Overdue, 0)]);
        assert!(renderer().notices(&digest).text.contains(never));
        digest.instead_of = Some(if locale == Locale::ZhCn { "王五" } else { "Wang Wu" }.into());
        let words = renderer().notices(&digest);
        for part in [&words.text, &words.html, &words.markdown] {
            assert!(
                part.contains(said) && part.contains(asked) && !part.contains(never),
                "{part}"
            );
        }
    }
}

fn undeliverable(why: &str, locale: Locale) -> Words {
    let word = UndeliverableWord {
        subject: "S".into(),
        recipient_name: "张三".into(),
        channel: "mail".into(),
        why: why.into(),
        told_instead: None,
        tasks: Vec::new(),
    };
    renderer().undeliverable(&word, locale, sample::AS_OF)
}

#[test]
fn word_of_an_undeliverable_says_why_and_what_to_do_and_shows_no_placeholder() {
    let said = "550 5.1.1 <address> Recipient address rejected";
    let zh = undeliverable(said, Locale::ZhCn).text;
    assert!(zh.contains("没有这个收件地址") && zh.contains("（地址从略）"), "{zh}");
    assert!(zh.contains("请核对张三的收件地址和渠道设置，并直接告知本人。"), "{zh}");
    let en = undeliverable(said, Locale::En).text;
    assert!(
        en.contains("does not know the address") && en.contains("(address left out)"),
        "{en}"
    );
    assert!(en.contains("Please check the address and channel of 张三"), "{en}");
    assert!(!zh.contains('<') && !en.contains('<'));
    let given_up = "given up after 9 attempts; the last answer was: 451 4.3.0";
    assert!(undeliverable(given_up, Locale::ZhCn).text.contains("多次重试均未成功"));
}

#[test]
fn a_path_is_shown_without_its_detours() {
    for (path, shown) in [
        ("/etc/duban/../../var/lib/./duban.db", "/var/lib/duban.db"),
        ("config/langfang/../../var/duban.db", "var/duban.db"),
        ("../var/duban.db", "../var/duban.db"),
    ] {
        let word = SystemWord::NewStore {
            path: path.into(),
            tasks: 1,
            late: 0,
        };
        let text = renderer().system(&word, Locale::ZhCn, sample::AS_OF).text;
        assert!(text.contains(&format!("位置：{shown}\n")), "{text}");
    }
}

#[test]
fn the_channel_of_a_trial_is_named_in_the_readers_language() {
    let mut digest = sample::digest(
        Locale::ZhCn,
        vec![sample::item(Locale::ZhCn, Anchor::Due, Level::Overdue, 0)],
    );
    digest.trial_for = Some("李四 (mail)".into());
    let subject = renderer().notices(&digest).subject;
    assert!(subject.starts_with("[试运行 → 李四（渠道mail）] 催办｜"), "{subject}");
}
