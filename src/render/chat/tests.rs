use super::super::Renderer;
use super::super::sample;
use super::*;
use crate::domain::message::Words;
use crate::domain::notice::RecipientKind;
use std::collections::BTreeMap;

fn renderer() -> Renderer {
    Renderer::new(&BTreeMap::new()).unwrap()
}

fn lines(chat: &Chat) -> Vec<String> {
    let briefs = chat.blocks.iter().map(|block| &block.brief);
    let full = chat.blocks.iter().flat_map(|block| &block.lines);
    let all = chat.intro.iter().chain(full).chain(briefs).chain(&chat.outro);
    all.map(Line::text).collect()
}

fn mentions(chat: &Chat) -> Vec<&str> {
    chat.mentions().into_iter().map(PersonId::as_str).collect()
}

/// Every message there can be, in one language.
fn all_words(locale: Locale) -> Vec<Words> {
    let renderer = renderer();
    let mut all: Vec<Words> = sample::digests(locale)
        .iter()
        .map(|digest| renderer.notices(digest))
        .collect();
    all.extend(sample::summaries(locale).iter().map(|summary| renderer.review(summary)));
    all
}

#[test]
fn every_message_has_a_form_for_chats_whose_lines_are_lines() {
    for locale in [Locale::ZhCn, Locale::En] {
        for words in all_words(locale) {
            assert_eq!(words.chat.title, words.subject);
            for line in lines(&words.chat) {
                assert!(!line.contains(['\n', '\r']), "{line:?}");
            }
            assert!(
                words
                    .chat
                    .paragraphs()
                    .iter()
                    .flatten()
                    .all(|line| !line.text().is_empty())
            );
        }
    }
}

#[test]
fn an_english_chat_has_no_chinese_in_it_but_for_what_the_ledger_says() {
    let chinese = |c: char| ('\u{3000}'..='\u{9fff}').contains(&c) || ('\u{ff00}'..='\u{ffee}').contains(&c);
    for words in all_words(Locale::En) {
        for line in lines(&words.chat) {
            assert!(!line.contains(chinese), "{line}");
        }
    }
}

#[test]
fn every_task_says_its_light_its_level_what_is_asked_and_has_a_short_form() {
    for digest in sample::digests(Locale::ZhCn) {
        let page = NoticePage::of(&digest);
        let chat = renderer().notices(&digest).chat;
        assert_eq!(chat.blocks.len(), digest.items.len());
        for ((block, item), page) in chat.blocks.iter().zip(&digest.items).zip(&page.items) {
            let text: String = block.lines.iter().map(|line| line.text() + "\n").collect();
            assert!(
                text.contains(icon(item.view.task.light)) && text.contains(page.level_word),
                "{text}"
            );
            assert!(text.contains(&page.short_title) && text.contains(&page.ask), "{text}");
            assert!(block.has_brief() && block.task == item.view.task.id);
        }
    }
}

#[test]
fn in_a_trial_nobody_is_rung() {
    let mut digest = sample::digests(Locale::ZhCn)
        .into_iter()
        .find(|digest| digest.items.iter().any(|item| !item.concerned.is_empty()))
        .unwrap();
    digest.recipient.kind = RecipientKind::Channel;
    digest.trial_for = None;
    assert_eq!(mentions(&renderer().notices(&digest).chat), ["张三", "李四"]);
    digest.trial_for = Some("教育局 (group)".into());
    let chat = renderer().notices(&digest).chat;
    assert_eq!(mentions(&chat), [""; 0]);
    assert!(lines(&chat).iter().any(|line| line.contains("张三")), "they are named");
}

#[test]
fn a_review_puts_the_worst_light_first_and_each_line_by_itself() {
    for summary in sample::summaries(Locale::ZhCn) {
        let chat = renderer().review(&summary).chat;
        let text: String = lines(&chat).join("\n");
        assert!(text.contains("🔴"), "{text}");
        if summary.figures.red > 0 {
            assert_eq!(chat.light, Some(Light::Red));
        }
    }
}
