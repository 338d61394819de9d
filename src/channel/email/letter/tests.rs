//! Letters as they are written; an independent parser reads them in the tests against real servers.

use crate::domain::id::MessageId;
use crate::domain::message::{Content, MessageKind};

use super::super::super::sample;
use super::*;

fn sender() -> Sender {
    Sender::new("督办办公室", "duban@reminders.example.org").unwrap()
}

fn written(content: &Content) -> String {
    let id = sample::id();
    Letter::new(&sender(), &sample::parcel(&id, content))
        .map_err(|outcome| outcome.to_string())
        .unwrap()
        .bytes
}

/// The header lines, unfolded.
fn headers(letter: &str) -> Vec<String> {
    let head = letter.split_once("\r\n\r\n").unwrap().0;
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

fn has(letter: &str, line: &str) -> bool {
    headers(letter).iter().any(|header| header == line)
}

#[test]
fn a_letter_has_the_headers_of_a_reminder() {
    let letter = written(&sample::content());
    for line in [
        "Date: Fri, 17 Dec 2021 01:00:00 +0000",
        "Message-ID: <00112233445566778899aabbccddeeff@reminders.example.org>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Content-Language: zh-CN",
        "In-Reply-To: <task-1@reminders.example.org>",
        "References: <task-1@reminders.example.org>",
        "Importance: high",
        "X-Priority: 1",
        "X-Duban-Kind: notice",
        "X-Duban-Notices: ffeeddccbbaa99887766554433221100",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative; boundary=\"=_duban_00112233445566778899aabbccddeeff\"",
    ] {
        assert!(has(&letter, line), "{line} in {:#?}", headers(&letter));
    }
}

#[test]
fn a_letter_is_the_same_bytes_every_time() {
    assert_eq!(written(&sample::content()), written(&sample::content()));
}

#[test]
fn a_letter_is_ascii_with_short_lines_that_end_in_crlf() {
    let mut content = sample::content();
    content.words.text = "很长的一行".repeat(400);
    content.words.html = "x".repeat(5_000);
    let letter = written(&content);
    assert!(letter.is_ascii());
    assert!(
        letter
            .split("\r\n")
            .all(|line| line.len() <= 998 && !line.contains(['\r', '\n']))
    );
}

#[test]
fn a_chinese_display_name_is_an_encoded_word_outside_quotes() {
    let letter = written(&sample::content());
    assert!(
        has(&letter, "To: =?utf-8?b?5byg5Lyf77yI5YC854+t77yJ?= <zhang@example.com>"),
        "{:#?}",
        headers(&letter)
    );
}

#[test]
fn a_long_chinese_subject_is_folded_into_short_encoded_words() {
    let mut content = sample::content();
    content.words.subject = "【提醒】请在今天 18:00 前提交《第三季度安全巡检报告》及附件清单🔔".to_owned();
    let letter = written(&content);
    let head = letter.split_once("\r\n\r\n").unwrap().0;
    assert!(head.split("\r\n").all(|line| line.len() <= 78), "{head}");
}

#[test]
fn a_title_cannot_smuggle_a_header_in() {
    let mut content = sample::content();
    content.words.subject = "a\r\nBcc: all@example.com\0".to_owned();
    content.recipient.name = "b\r\nX-Evil: 1".to_owned();
    let letter = written(&content);
    assert!(
        !headers(&letter)
            .iter()
            .any(|line| line.starts_with("Bcc:") || line.starts_with("X-Evil:")),
        "{letter}"
    );
}

#[test]
fn a_letter_about_several_tasks_stands_in_no_thread() {
    let mut content = sample::content();
    content.thread = None;
    let letter = written(&content);
    assert!(!letter.contains("References:") && !letter.contains("In-Reply-To:"));
}

#[test]
fn a_letter_that_is_not_urgent_does_not_shout() {
    let mut content = sample::content();
    content.urgent = false;
    let letter = written(&content);
    assert!(!letter.contains("Importance:") && !letter.contains("X-Priority:"));
}

#[test]
fn a_letter_with_a_hundred_notices_keeps_its_lines_short() {
    let mut content = sample::content();
    content.notices = vec![content.notices[0].clone(); 100];
    let letter = written(&content);
    let head = letter.split_once("\r\n\r\n").unwrap().0;
    assert!(head.split("\r\n").all(|line| line.len() <= 998));
    assert_eq!(head.matches("ffeeddccbbaa99887766554433221100").count(), 100);
}

#[test]
fn a_thread_of_a_task_with_a_chinese_id_is_named_by_a_hash() {
    let name = thread_name(&TaskId::new("整改-1"));
    assert!(
        name.starts_with("task~") && name.is_ascii() && name.len() == 5 + 32,
        "{name}"
    );
    assert_ne!(name, thread_name(&TaskId::new("整改-2")));
    assert_eq!(thread_name(&TaskId::new("A_1-b")), "task-A_1-b");
}

#[test]
fn a_domain_in_another_script_goes_out_in_ascii() {
    let (id, content) = (sample::id(), sample::content());
    let mut parcel = sample::parcel(&id, &content);
    parcel.address = Some("zhang@例子.测试");
    let letter = Letter::new(&sender(), &parcel)
        .map_err(|outcome| outcome.to_string())
        .unwrap();
    assert_eq!(letter.to.to_string(), "zhang@xn--fsqu00a.xn--0zwm56d");
    assert!(!letter.needs_utf8());
}

#[test]
fn a_recipient_without_a_usable_address_is_the_recipients_fault() {
    let (id, content) = (MessageId::new("m"), sample::content());
    for address in [
        None,
        Some(""),
        Some("zhang"),
        Some("zhang@"),
        Some("a b@example.com"),
        Some("a@b\r\nRCPT TO:<c@d>"),
    ] {
        let mut parcel = sample::parcel(&id, &content);
        parcel.address = address;
        parcel.kind = MessageKind::Test;
        let outcome = Letter::new(&sender(), &parcel).err().unwrap();
        assert_eq!(outcome.kind(), "permanent/recipient", "{address:?}");
    }
}
