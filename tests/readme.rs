//! The README does what it says: every command in it is typed, every file saved and loaded, every output compared, in
//! both languages; and the two say the same.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a reader who cannot go on has found a mistake in the README"
)]

#[path = "readme/page.rs"]
mod page;
#[path = "readme/reader.rs"]
mod reader;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::page::{Block, Page};
use crate::reader::Reader;

/// What is read one after the other: the README, and what a configuration can say.
const ENGLISH: [&str; 2] = ["README.md", "config/README.md"];
/// Their twins.
const CHINESE: [&str; 2] = ["README.zh-CN.md", "config/README.zh-CN.md"];

/// A page is read in one sitting.
const LINES_MAX: usize = 320;

/// The days that the picture of a mail is from.
const REPLAY: &str = "duban simulate --from 2026-12-20 --until 2027-01-10 --out proof";

#[test]
fn everything_in_the_english_readme_works_as_it_says() {
    follow(&ENGLISH.map(Page::read));
}

#[test]
fn everything_in_the_chinese_readme_works_as_it_says() {
    follow(&CHINESE.map(Page::read));
}

#[test]
fn both_readmes_have_the_same_commands_files_and_headings() {
    for (english, chinese) in ENGLISH.map(Page::read).iter().zip(&CHINESE.map(Page::read)) {
        assert_eq!(english.headings(), chinese.headings());
        assert_eq!(outline(english), outline(chinese));
    }
}

#[test]
fn every_link_in_the_readmes_leads_to_a_file() {
    for page in pages() {
        let folder = root().join(page.name);
        let folder = folder.parent().unwrap();
        assert!(!page.links().is_empty());
        for link in page.links() {
            assert!(folder.join(link).exists(), "{}: {link}", page.name);
        }
    }
}

#[test]
fn a_readme_is_read_in_one_sitting() {
    for page in pages() {
        assert!(page.text.lines().count() <= LINES_MAX, "{}", page.name);
    }
}

#[test]
fn the_first_command_brings_everybody_who_is_concerned_a_mail() {
    let mut reader = Reader::new();
    reader.start("run -c config/langfang/duban.toml");
    let people = concerned(&reader);
    assert!(people.len() > 40, "{people:?}");
    let outbox = reader.here().join("var/langfang/outbox");
    while !people.iter().all(|person| mails_to(&outbox, person) > 0) {
        reader.wait_for(" delivered by ");
    }
    reader.stop();
    let more: Vec<&String> = people.iter().filter(|person| mails_to(&outbox, person) > 1).collect();
    // The clerk of the office is also told of the new store.
    assert_eq!(more, ["office-clerk"]);
}

#[test]
fn a_daemon_whose_log_nobody_reads_any_more_goes_on() {
    let mut reader = Reader::new();
    reader.start("run -c config/langfang/duban.toml");
    reader.look_away();
    let line = "duban outbox list -c config/langfang/duban.toml --format json";
    let is_done = |_| {
        let listed: Value = serde_json::from_slice(&reader.type_line(line).stdout).unwrap();
        let messages = listed.as_array().unwrap();
        messages.len() > 40 && messages.iter().all(|message| message["state"] == "delivered")
    };
    assert!((0..200).any(is_done));
    reader.stop();
}

#[test]
#[ignore = "needs python3 with standardwebhooks"]
fn the_receiver_in_the_readme_takes_what_is_signed_and_refuses_the_rest() {
    let pages = ENGLISH.map(Page::read);
    let code = pages
        .iter()
        .flat_map(|page| &page.blocks)
        .find(|block| block.language == "python")
        .unwrap();
    let trial = format!("{}\n{}", code.text, include_str!("fixtures/readme_receiver.py"));
    let python = "exec \"${DUBAN_TEST_PYTHON:-python3}\" -c \"$0\"";
    let output = Command::new("sh").args(["-c", python, &trial]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Reads the pages of one language from top to bottom.
fn follow(pages: &[Page]) {
    let mut reader = Reader::new();
    let blocks: Vec<&Block> = pages.iter().flat_map(|page| &page.blocks).collect();
    assert!(blocks.len() > 20, "{} blocks", blocks.len());
    for block in &blocks {
        reader.follow(block);
    }
    reader.expect_success();
    reader.stop();
    the_picture_is_a_mail(&reader, &blocks);
    the_post_is_one(&reader, &blocks);
}

/// In both languages.
fn pages() -> impl Iterator<Item = Page> {
    ENGLISH.into_iter().chain(CHINESE).map(Page::read)
}

/// The first block shows a mail: one that goes out in the replay of the office that the README builds.
fn the_picture_is_a_mail(reader: &Reader, blocks: &[&Block]) {
    assert_eq!(reader.type_line(REPLAY).status.code(), Some(0));
    let mails: Vec<String> = files(&reader.here().join("proof/mail"))
        .iter()
        .map(|mail| words(mail))
        .collect();
    let picture = &blocks.first().unwrap().text;
    let found = mails.iter().any(|mail| mail.trim() == picture.trim());
    assert!(found, "no mail says:\n{picture}\nbut:\n{}", mails.join("\n----\n"));
}

/// The JSON shows a post: each of its keys stands in what the first command wrote for a group.
fn the_post_is_one(reader: &Reader, blocks: &[&Block]) {
    let shown = blocks.iter().find(|block| block.language == "json").unwrap();
    let shown: Value = serde_json::from_str(&shown.text).unwrap();
    let posts = files(&reader.checkout().join("var/langfang/outbox/work-group"));
    let post: Value = serde_json::from_slice(posts.first().unwrap()).unwrap();
    let (mut wanted, mut there) = (BTreeSet::new(), BTreeSet::new());
    keys("", &shown, &mut wanted);
    keys("", &post, &mut there);
    assert_eq!(wanted.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// What both READMEs have to share: languages, file names, and commands but for the words of people in quotes.
fn outline(page: &Page) -> Vec<(String, Option<String>, String)> {
    let shared = |block: &Block| {
        let text = match block.language.as_str() {
            "sh" => block.text.lines().map(wordless).collect::<Vec<_>>().join("\n"),
            "python" => code_only(&block.text),
            _ => String::new(),
        };
        (block.language.clone(), block.file.clone(), text)
    };
    page.blocks.iter().map(shared).collect()
}

/// A command without what it says in quotes.
fn wordless(line: &str) -> String {
    if line.contains('$') {
        return line.to_owned();
    }
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// Lines of Python without their comments.
fn code_only(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// Who is told something by the first command, as `duban plan` knows it before.
fn concerned(reader: &Reader) -> BTreeSet<String> {
    let line = "duban plan -c config/langfang/duban.toml --ignore-store --until 1s --format json";
    let plan: Value = serde_json::from_slice(&reader.type_line(line).stdout).unwrap();
    let recipients = plan.as_array().unwrap().iter().map(|notice| &notice["recipient"]);
    let people = recipients.filter(|recipient| recipient["kind"] == "person");
    people.map(|person| person["id"].as_str().unwrap().to_owned()).collect()
}

/// A file's name is stamp, person, id.
fn mails_to(outbox: &Path, person: &str) -> usize {
    let Ok(entries) = fs::read_dir(outbox) else { return 0 };
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let middle = |name: &str| {
        let (_, rest) = name.split_once('-')?;
        Some(rest.rsplit_once('-')?.0.to_owned())
    };
    names
        .filter(|name| name.ends_with(".eml") && middle(name).as_deref() == Some(person))
        .count()
}

/// The plain text of a mail: its first part.
fn words(mail: &[u8]) -> String {
    let mail = String::from_utf8_lossy(mail).replace("\r\n", "\n");
    let (_, part) = mail.split_once("Content-Transfer-Encoding: ").unwrap();
    let (coding, rest) = part.split_once("\n\n").unwrap();
    let body = rest.split("\n--=_").next().unwrap();
    let bytes = match coding {
        "base64" => STANDARD.decode(body.replace('\n', "")).unwrap(),
        "quoted-printable" => unquoted(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

/// Quoted-printable undone: `=` at the end of a line joins it with the next, `=2D` is a byte.
fn unquoted(body: &str) -> Vec<u8> {
    let joined = body.replace("=\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

fn keys(place: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let place = format!("{place}.{key}");
                keys(&place, value, found);
                found.insert(place);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(place, item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| fs::read(path).unwrap())
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
