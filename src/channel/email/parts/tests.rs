//! Bodies as they are written; Python's own parser reads them in the tests of the whole.

use crate::domain::message::{Content, FileBytes};

use super::super::super::sample;
use super::super::letter::{Letter, Sender};
use super::*;

fn letter(content: &Content, files: &[FileBytes]) -> Result<String, Outcome> {
    let sender = Sender::new("督办办公室", "duban@reminders.example.org").unwrap();
    let id = sample::id();
    let mut parcel = sample::parcel(&id, content);
    parcel.files = files;
    Letter::new(&sender, &parcel).map(|letter| letter.bytes)
}

fn written(content: &Content, files: &[FileBytes]) -> String {
    letter(content, files).map_err(|outcome| outcome.to_string()).unwrap()
}

fn calendar() -> Calendar {
    Calendar {
        method: "REQUEST".to_owned(),
        ics: "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n".to_owned(),
    }
}

/// A table, a picture and an invitation.
fn full() -> (Content, Vec<FileBytes>) {
    let mut content = sample::content();
    let (table, picture) = (
        FileBytes::new(b"a,b\r\n1,2\r\n".to_vec()),
        FileBytes::new(vec![0x89, b'P', 0, 0xff]),
    );
    let mut inline = picture.attached("lights.png", "image/png");
    inline.content_id = Some("lights@duban".to_owned());
    content.attachments = vec![table.attached("督办台账-2021-12-17.csv", "text/csv"), inline];
    content.calendar = Some(calendar());
    (content, vec![table, picture])
}

/// The types of all parts in order.
fn types(letter: &str) -> Vec<String> {
    letter
        .split("\r\n")
        .filter_map(|line| line.strip_prefix("Content-Type: "))
        .map(|kind| kind.split(';').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_letter_with_everything_has_the_shape_that_calendars_and_readers_expect() {
    let (content, files) = full();
    assert_eq!(
        types(&written(&content, &files)),
        [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "text/calendar",
            "application/ics",
            "text/csv"
        ]
    );
}

#[test]
fn a_letter_with_a_file_alone_has_no_part_that_it_does_not_need() {
    let (mut content, files) = full();
    content.calendar = None;
    content.attachments.truncate(1);
    assert_eq!(
        types(&written(&content, &files)),
        [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/csv"
        ]
    );
}

#[test]
fn a_letter_with_a_picture_alone_encloses_nothing() {
    let (mut content, files) = full();
    content.calendar = None;
    content.attachments.remove(0);
    assert_eq!(
        types(&written(&content, &files)),
        [
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png"
        ]
    );
}

#[test]
fn a_letter_with_files_is_the_same_bytes_every_time() {
    let (content, files) = full();
    assert_eq!(written(&content, &files), written(&content, &files));
}

#[test]
fn no_boundary_begins_with_another() {
    let id = MessageId::new("00112233445566778899aabbccddeeff");
    let all = ["", "mixed_", "related_"].map(|part| boundary(&id, part));
    for (at, one) in all.iter().enumerate() {
        for (other_at, other) in all.iter().enumerate() {
            assert!(at == other_at || !other.starts_with(one.as_str()), "{one} {other}");
        }
    }
}

#[test]
fn the_invitation_names_the_method_and_stands_last_among_the_alternatives() {
    let (content, files) = full();
    let letter = written(&content, &files);
    assert!(
        letter.contains("Content-Type: text/calendar; charset=utf-8; method=REQUEST; component=VEVENT\r\n"),
        "{letter}"
    );
}

#[test]
fn a_method_that_is_none_is_the_messages_fault() {
    let (mut content, files) = full();
    for method in ["", "REQUEST; x=y", "request\r\nBcc: a@b"] {
        content.calendar = Some(Calendar {
            method: method.to_owned(),
            ..calendar()
        });
        let outcome = letter(&content, &files).unwrap_err();
        assert_eq!(outcome.kind(), "permanent/message", "{method:?}");
    }
}

#[test]
fn a_letter_whose_file_is_not_there_is_not_written() {
    let (content, files) = full();
    let outcome = letter(&content, &files[1..]).unwrap_err();
    assert_eq!(outcome.kind(), "permanent/message");
    assert!(outcome.words().contains("督办台账-2021-12-17.csv"), "{outcome}");
}

#[test]
fn a_file_name_in_chinese_is_encoded_as_rfc_2231_wants_it() {
    let (content, files) = full();
    let letter = written(&content, &files);
    assert!(letter.contains("filename*0*=utf-8''%E7%9D%A3"), "{letter}");
    assert!(letter.is_ascii());
}

#[test]
fn a_file_name_cannot_smuggle_a_header_in_or_leave_the_folder() {
    let (mut content, files) = full();
    for file in &mut content.attachments {
        file.name = "../a\"; x=\"y\r\nX-Evil: 1\r\n\r\nb".to_owned();
    }
    let letter = written(&content, &files);
    assert!(!letter.split("\r\n").any(|line| line.starts_with("X-Evil")), "{letter}");
    assert!(!letter.contains("../"), "{letter}");
}

#[test]
fn a_picture_with_an_unusable_id_is_the_messages_fault() {
    let (mut content, files) = full();
    for id in ["", "a b", "a>\r\nX-Evil: 1", "图"] {
        content.attachments[1].content_id = Some(id.to_owned());
        let outcome = letter(&content, &files).unwrap_err();
        assert_eq!(outcome.kind(), "permanent/message", "{id:?}");
    }
}

#[test]
fn the_lines_of_a_large_file_stay_short() {
    let mut content = sample::content();
    let file = FileBytes::new(vec![0xab; 300_000]);
    content.attachments = vec![file.attached("large.bin", "application/octet-stream")];
    let letter = written(&content, &[file]);
    assert!(
        letter
            .split("\r\n")
            .all(|line| line.len() <= 998 && !line.contains('\n'))
    );
}
