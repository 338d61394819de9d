//! What all robots do alike, and a bench on which each vendor's file tests its own way.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::channel::http::{Answer, Call};
use crate::channel::sample;
use crate::domain::chat::{Block, Chat, Line, Span};
use crate::domain::message::Content;
use crate::domain::outcome::Outcome;
use crate::secret::Secret;

use super::*;

/// Settings of a robot at this address, with nothing else.
pub(in crate::channel) fn settings(vendor: VendorKind, url: &str) -> Settings {
    Settings {
        vendor,
        target: Target::Url(Secret::new(url)),
        token: None,
        secret: None,
        keyword: None,
        chat_id: None,
        room: None,
        topic: None,
        lane: Lane::robot(vendor.budgets()),
    }
}

/// The body in which the sample, or another chat, is posted.
pub(in crate::channel) fn body(settings: &Settings, chat: Chat, is_plain: bool) -> Value {
    body_among(settings, chat, is_plain, &sample::people())
}

/// [`body`], where the people are others.
pub(in crate::channel) fn body_among(settings: &Settings, chat: Chat, is_plain: bool, people: &People) -> Value {
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    let (id, content) = (sample::id(), for_a_group(chat));
    robot.body(&Parcel {
        people,
        is_plain,
        ..sample::parcel(&id, &content)
    })
}

fn for_a_group(chat: Chat) -> Content {
    let mut content = sample::content();
    content.recipient.kind = RecipientKind::Channel;
    content.words.chat = chat;
    content
}

/// The parts into which a chat is divided.
pub(in crate::channel) fn parts(settings: &Settings, chat: Chat, free: Option<u32>) -> Vec<Chat> {
    parts_among(settings, chat, free, &sample::people())
}

/// [`parts`], where the people are others.
pub(in crate::channel) fn parts_among(
    settings: &Settings,
    chat: Chat,
    free: Option<u32>,
    people: &People,
) -> Vec<Chat> {
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    let (id, content) = (sample::id(), for_a_group(chat));
    let parcel = Parcel {
        people,
        ..sample::parcel(&id, &content)
    };
    robot.divide(&parcel, free)
}

/// A chat of so many tasks whose titles hold what a ledger may hold.
pub(in crate::channel) fn many(tasks: usize) -> Chat {
    let mut chat = sample::chat();
    let task = chat.blocks[1].clone();
    let numbered = |number: usize| Block {
        task: number.to_string(),
        ..task.clone()
    };
    chat.blocks = (0..tasks).map(numbered).collect();
    chat
}

/// The bodies of the parts into which a chat is divided: of its tasks none is lost, and they keep their order.
pub(in crate::channel) fn divided(settings: &Settings, chat: &Chat, free: Option<u32>) -> Vec<Value> {
    let tasks = |parts: &[Chat]| -> Vec<String> {
        let blocks = parts.iter().flat_map(|part| &part.blocks);
        blocks.map(|block| block.task.clone()).collect()
    };
    let parts = parts(settings, chat.clone(), free);
    assert_eq!(tasks(&parts), tasks(std::slice::from_ref(chat)));
    parts.into_iter().map(|part| body(settings, part, false)).collect()
}

/// The body of a chat whose one task has a title that is too long for any post.
pub(in crate::channel) fn huge(settings: &Settings, title: &str) -> Value {
    let chat = Chat {
        title: "督办".to_owned(),
        blocks: vec![Block {
            task: "1".to_owned(),
            lines: vec![Line(vec![Span::Strong(title.to_owned())]), Line::plain(sample::NASTY)],
            ..Block::default()
        }],
        ..Chat::default()
    };
    let mut bodies = divided(settings, &chat, None);
    assert_eq!(bodies.len(), 1);
    bodies.remove(0)
}

/// The request of an attempt at the sample.
pub(in crate::channel) fn call(settings: &Settings, now: DateTime<Utc>) -> Call {
    let url = match &settings.target {
        Target::Url(url) => Url::parse(url.reveal()).unwrap(),
        Target::Folder(_) | Target::Scratch(_) => panic!("a folder is not called"),
    };
    let body = body(settings, sample::chat(), false);
    vendor(settings).call(&url, &body, &sample::id(), now)
}

/// What an answer means that came to each of the first `attempt` tries, in one line: `retry-after 60 account`,
/// `backoff 5`, `permanent/message`.
pub(in crate::channel) fn outcome(
    settings: &Settings,
    attempt: usize,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let mut before: Vec<String> = Vec::new();
    while before.len() + 1 < attempt {
        before.push(told(settings, &before, status, headers, body).words().to_owned());
    }
    in_one_line(&told(settings, &before, status, headers, body))
}

/// What an answer means after others, of which these words were kept.
pub(in crate::channel) fn outcome_after(settings: &Settings, before: &[&str], status: u16, body: &str) -> String {
    let before: Vec<String> = before.iter().map(|words| (*words).to_owned()).collect();
    in_one_line(&told(settings, &before, status, &[], body))
}

/// What an answer means, in full.
pub(in crate::channel) fn told(
    settings: &Settings,
    before: &[String],
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Outcome {
    let answer = Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_owned(),
        is_whole: true,
    };
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    let answered = Answered::Status(answer);
    robot.judge(&answered, sample::as_of(), before, |said| robot.vendor.outcome(said))
}

/// What an answer to the probe means.
pub(in crate::channel) fn probed(settings: &Settings, status: u16, body: &str) -> String {
    in_one_line(&checked(settings, status, body))
}

fn checked(settings: &Settings, status: u16, body: &str) -> Outcome {
    let answer = Answer {
        status,
        body: body.to_owned(),
        is_whole: true,
        ..Answer::default()
    };
    let url = Url::parse("https://chat.example/hook").unwrap();
    let probe = vendor(settings).probe(&url, sample::as_of());
    let robot = Robot::open(&ChannelId::new("group"), settings).unwrap();
    robot.judge(&Answered::Status(answer), sample::as_of(), &[], probe.judge)
}

fn in_one_line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::RetryAfter { wait, reach, .. } => {
            format!(
                "retry-after {} {}",
                wait.num_seconds(),
                format!("{reach:?}").to_lowercase()
            )
        }
        Outcome::Backoff {
            minimum: Some(minimum), ..
        } => format!("backoff {}", minimum.num_seconds()),
        Outcome::Delivered(_)
        | Outcome::Accepted(_)
        | Outcome::Backoff { minimum: None, .. }
        | Outcome::PermanentMessage(_)
        | Outcome::PermanentRecipient(_)
        | Outcome::PermanentEndpoint(_)
        | Outcome::Unreachable(_)
        | Outcome::Unknown(_) => outcome.kind().to_owned(),
    }
}

#[test]
fn the_words_of_a_success_repeat_nothing_of_a_message() {
    let echo = "逾期3个工作日 重新规划";
    for (vendor, status, answer, words) in [
        (
            VendorKind::Wecom,
            200,
            r#"{"errcode":0,"errmsg":"ECHO"}"#,
            "200 errcode 0",
        ),
        (
            VendorKind::Dingtalk,
            200,
            r#"{"errcode":0,"errmsg":"ECHO"}"#,
            "200 errcode 0",
        ),
        (
            VendorKind::Feishu,
            200,
            r#"{"code":0,"msg":"ECHO","data":{"text":"ECHO"}}"#,
            "200 code 0",
        ),
        (VendorKind::Slack, 200, "ECHO", "200 with an answer of its own"),
        (VendorKind::Slack, 200, "ok", "200 ok"),
        (VendorKind::Teams, 200, r#"{"text":"ECHO"}"#, "200"),
        (
            VendorKind::Discord,
            200,
            r#"{"id":"9","content":"ECHO"}"#,
            "200 message 9",
        ),
        (
            VendorKind::Telegram,
            200,
            r#"{"ok":true,"result":{"message_id":7,"text":"ECHO"}}"#,
            "200 message 7",
        ),
        (VendorKind::Mattermost, 200, "ok", "200 ok"),
        (
            VendorKind::Rocketchat,
            200,
            r#"{"success":true,"responses":[{"message":{"msg":"ECHO"}}]}"#,
            "200 success true",
        ),
        (
            VendorKind::Matrix,
            200,
            r#"{"event_id":"$a","body":"ECHO"}"#,
            "200 event $a",
        ),
        (VendorKind::Ntfy, 200, r#"{"id":"a1","message":"ECHO"}"#, "200 id a1"),
        (VendorKind::Gotify, 200, r#"{"id":3,"message":"ECHO"}"#, "200 id 3"),
    ] {
        let settings = settings(vendor, "https://chat.example/hook");
        let found = told(&settings, &[], status, &[], &answer.replace("ECHO", echo));
        assert!(found.is_success(), "{vendor:?}");
        assert_eq!(found.words(), words, "{vendor:?}");
    }
}

#[test]
fn what_is_known_of_a_chat_is_not_told_when_it_is_checked() {
    let settings = settings(VendorKind::Telegram, "https://api.telegram.org");
    let chat = r#"{"ok":true,"result":{"id":-42,"title":"督办群","invite_link":"https://t.me/+x","bio":"b"}}"#;
    let found = checked(&settings, 200, chat);
    assert_eq!(found.words(), "200 the chat is known");
}

#[test]
fn a_wait_that_http_itself_asks_for_is_kept_at_every_vendor() {
    let told = [("retry-after", "7")];
    for vendor in VendorKind::ALL {
        let settings = settings(vendor, "https://chat.example/hook");
        for (status, body) in [(429, ""), (503, ""), (503, "<html>"), (429, "{}")] {
            let found = outcome(&settings, 5, status, &told, body);
            assert!(
                found.starts_with("retry-after 7 "),
                "{vendor:?} {status} {body}: {found}"
            );
        }
    }
    for body in [r#"{"errcode":-1,"errmsg":"busy"}"#, r#"{"errcode":88}"#] {
        for vendor in [VendorKind::Wecom, VendorKind::Dingtalk] {
            let settings = settings(vendor, "https://chat.example/hook");
            assert_eq!(
                outcome(&settings, 9, 503, &told, body),
                "retry-after 7 account",
                "{vendor:?}"
            );
        }
    }
}

#[test]
fn an_answer_that_repeats_only_a_value_of_the_address_shows_it_to_nobody() {
    for (vendor, url, echoed) in [
        (
            VendorKind::Wecom,
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a-7f",
            "693a-7f",
        ),
        (
            VendorKind::Dingtalk,
            "https://oapi.dingtalk.com/robot/send?access_token=T0KEN",
            "T0KEN",
        ),
        (
            VendorKind::Teams,
            "https://flow.example/invoke?api-version=1&sig=aB-_3%2Bx",
            "aB-_3%2Bx",
        ),
        (
            VendorKind::Teams,
            "https://flow.example/invoke?api-version=1&sig=aB-_3%2Bx",
            "aB-_3+x",
        ),
    ] {
        let found = told(&settings(vendor, url), &[], 403, &[], &format!("no {echoed} here"));
        assert_eq!(found.words(), "403 no <redacted> here", "{vendor:?}");
    }
}

#[test]
fn the_topic_of_ntfy_is_a_password_and_shown_to_nobody() {
    let settings = Settings {
        topic: Some("works-8f3b".to_owned()),
        ..settings(VendorKind::Ntfy, "https://ntfy.sh")
    };
    let found = told(&settings, &[], 403, &[], "no right to write to works-8f3b");
    assert_eq!(found.words(), "403 no right to write to <redacted>");
}
