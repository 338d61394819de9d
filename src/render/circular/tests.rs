use std::collections::BTreeMap;

use super::*;
use crate::rules::circular::Counts;

fn composed(locale: Locale) -> Document {
    Renderer::new(&BTreeMap::new())
        .expect("the built-in templates are right")
        .circular(&sample::full(), locale)
        .expect("the built-in template holds")
}

#[test]
fn a_chinese_circular_has_the_parts_of_an_official_document_in_their_order() {
    let document = composed(Locale::ZhCn);
    let parts: Vec<String> = document
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Title(text)
            | Block::Addressee(text)
            | Block::Heading(text)
            | Block::Subheading(text)
            | Block::Signature(text) => Some(plain(text)),
            Block::Paragraph(_) | Block::Item { .. } | Block::Table(_) | Block::Grid(_) | Block::NewPage => None,
        })
        .collect();
    assert_eq!(
        parts,
        [
            "关于整改情况的通报",
            "各责任单位：",
            "一、任务来源与分解",
            "二、办理情况",
            "（一）整改｜任务",
            "（二）其他",
            "（三）教育",
            "三、有关数据",
            "四、尚未办结的任务",
            "督办办公室",
            "2022年1月31日",
        ]
    );
}

#[test]
fn a_circular_tells_what_was_done_and_what_remains_in_sentences() {
    let document = composed(Locale::ZhCn);
    for text in [
        "根据反馈意见，共列入督办台账7项任务，涉及3个方面",
        "整改｜任务7项，其他0项，教育0项。",
        "已办结3项，办结率42.9%，其中按首次确定的时限办结2项；尚未办结4项，其中待审核1项、逾期2项。",
        "1. **重新规划班级**。责任单位：市教育局。2022年1月12日办结。已新增3个班。",
        "2. **重新规划班级**。责任单位：市教育局。2022年1月12日办结，首次确定的时限为2022年1月10日。",
        "完成时限：2022年1月20日（已延期），办结后重新开启。",
        "完成时限：2022年1月20日，已逾期7个工作日。正在办理。",
        "| 合计 | 7 | 3 | 2 | 1 | 2 | 1 | 1 | 42.9% |",
    ] {
        assert!(
            document.markdown.contains(text),
            "{text} is not in\n{}",
            document.markdown
        );
    }
}

#[test]
fn an_english_circular_says_the_same() {
    let document = composed(Locale::En);
    for text in [
        "Following 反馈意见, 7 tasks stood in the ledger, in 3 areas",
        "3 of 7 tasks were closed (42.9%), 2 of them by the date first set. 4 tasks are still open: 1 under review, 2 overdue.",
        "due on 20 January 2022, overdue by 7 working days. 正在办理.",
        "| Total | 7 | 3 | 2 | 1 | 2 | 1 | 1 | 42.9% |",
    ] {
        assert!(
            document.markdown.contains(text),
            "{text} is not in\n{}",
            document.markdown
        );
    }
}

#[test]
fn every_point_is_a_block_of_its_own_and_there_is_one_table() {
    for locale in [Locale::ZhCn, Locale::En] {
        let document = composed(locale);
        let items = document
            .blocks
            .iter()
            .filter(|block| matches!(block, Block::Item { .. }));
        let tables: Vec<usize> = document
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Table(rows) => Some(rows.len()),
                Block::Title(_)
                | Block::Addressee(_)
                | Block::Heading(_)
                | Block::Subheading(_)
                | Block::Paragraph(_)
                | Block::Item { .. }
                | Block::Grid(_)
                | Block::NewPage
                | Block::Signature(_) => None,
            })
            .collect();
        assert_eq!((items.count(), tables), (6, vec![5]), "{}", document.markdown);
    }
}

#[test]
fn what_stands_in_the_ledger_is_only_text_and_has_no_address() {
    let mut circular = sample::full();
    for area in &mut circular.areas {
        for task in &mut area.remaining {
            task.title = "**<b>x</b>** [a](b)".into();
            task.said = "# 联系\nzhang@example.org | 13800138000".into();
        }
    }
    let document = Renderer::new(&BTreeMap::new())
        .expect("right")
        .circular(&circular, Locale::ZhCn)
        .expect("it holds");
    let html = document_html(&document);
    assert!(
        html.contains("<strong>**&lt;b&gt;x&lt;/b&gt;** [a](b)</strong>"),
        "{html}"
    );
    assert!(html.contains("# 联系 *** | ***。"), "{html}");
    assert!(!html.contains("example.org") && !html.contains("<b>"), "{html}");
}

#[test]
fn a_ledger_of_ten_thousand_tasks_has_a_circular() {
    let mut circular = sample::full();
    let area = circular.areas.first_mut().expect("an area");
    let task = area.remaining.first().expect("a task").clone();
    area.remaining = vec![task; 10_000];
    circular.total = Counts {
        tasks: 10_000,
        ..circular.total
    };
    let renderer = Renderer::new(&BTreeMap::new()).expect("right");
    for locale in [Locale::ZhCn, Locale::En] {
        assert!(renderer.circular(&circular, locale).is_ok());
    }
}

#[test]
fn the_office_can_write_its_own_template_which_is_proven_when_it_is_loaded() {
    let own = |text: &str| BTreeMap::from([("zh-CN/circular.md".to_owned(), text.to_owned())]);
    let renderer = Renderer::new(&own("# {{ title }}（{{ total.closed }}/{{ total.tasks }}）")).expect("right");
    let document = renderer.circular(&sample::full(), Locale::ZhCn).expect("it holds");
    assert_eq!(document.title, "关于整改情况的通报（3/7）");
    let faults = Renderer::new(&own("# {{ title }}\n{{ totals.closed }}")).expect_err("it has a mistake");
    assert_eq!(
        faults.first().map(|fault| (fault.file.as_str(), fault.line)),
        Some(("zh-CN/circular.md", 2))
    );
}
