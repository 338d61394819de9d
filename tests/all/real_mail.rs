//! Mail against Postfix and Dovecot: what leaves here arrives, can be read by others, and each refusal is understood.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use duban::channel::email::{Server, Settings, Tls};
use duban::channel::{Channels, Lane, Settings as Channel};
use duban::domain::id::{ChannelId, MessageId};
use duban::domain::outcome::Outcome;
use duban::secret::Secret;

use crate::mail_server::MailServer;
use crate::sample;

struct Desk {
    server: Arc<MailServer>,
    settings: Settings,
}

impl Desk {
    /// A channel that logs in over STARTTLS.
    fn new() -> Self {
        let server = MailServer::shared();
        let settings = Settings {
            server: Server::Smtp {
                host: "localhost".to_owned(),
                port: server.smtp,
                tls: Tls::StartTls,
            },
            username: Some("sender".to_owned()),
            password: Some(Secret::new("pw-sender")),
            from: ("督办办公室".to_owned(), "sender@test".to_owned()),
            ca_file: Some(server.ca()),
            lane: Lane::email(),
        };
        Self { server, settings }
    }

    fn over(mut self, port: u16, tls: Tls) -> Self {
        self.settings.server = Server::Smtp {
            host: "localhost".to_owned(),
            port,
            tls,
        };
        self
    }

    fn trusting(mut self, ca: Option<PathBuf>) -> Self {
        self.settings.ca_file = ca;
        self
    }

    async fn send(&self, id: &str, to: &str) -> Outcome {
        let channel = ChannelId::new("mail");
        let channels = Channels::open(&BTreeMap::from([(
            channel.clone(),
            Channel::Email(self.settings.clone()),
        )]))
        .unwrap();
        let (id, content) = (MessageId::new(id), sample::content());
        channels
            .send(&channel, &sample::parcel(&id, &content, to, sample::as_of()))
            .await
    }
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn a_mail_over_starttls_with_a_login_is_read_back_as_it_was_written() {
    let desk = Desk::new();
    let outcome = desk.send("a0000000000000000000000000000001", "zhang@test").await;
    assert_eq!(outcome.kind(), "accepted", "{outcome}");
    let mail = desk.server.read("<a0000000000000000000000000000001@test>", "zhang");
    assert_eq!(mail["headers"]["Subject"], sample::SUBJECT);
    assert_eq!(mail["text"], sample::TEXT);
    assert_eq!(mail["html"], sample::HTML);
    assert_eq!(mail["type"], "multipart/alternative");
    assert_eq!(mail["to"], serde_json::json!([["张三（局长）", "zhang@test"]]));
    assert_eq!(mail["from"], serde_json::json!([["督办办公室", "sender@test"]]));
    assert_eq!(mail["defects"], serde_json::json!([]));
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn a_mail_over_implicit_tls_arrives() {
    let desk = Desk::new();
    let port = desk.server.smtps;
    let desk = desk.over(port, Tls::Implicit);
    let outcome = desk.send("a0000000000000000000000000000002", "zhang@test").await;
    assert_eq!(outcome.kind(), "accepted", "{outcome}");
    assert_eq!(
        desk.server.read("<a0000000000000000000000000000002@test>", "zhang")["copies"],
        1
    );
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn a_mail_to_a_server_on_this_machine_needs_neither_tls_nor_login() {
    let desk = Desk::new();
    let port = desk.server.plain;
    let mut desk = desk.over(port, Tls::None);
    desk.settings.username = None;
    let outcome = desk.send("a0000000000000000000000000000003", "zhang@test").await;
    assert_eq!(outcome.kind(), "accepted", "{outcome}");
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn mails_about_one_task_refer_to_the_same_root() {
    let desk = Desk::new();
    desk.send("a0000000000000000000000000000004", "li@test").await;
    desk.send("a0000000000000000000000000000005", "li@test").await;
    let first = desk.server.read("<a0000000000000000000000000000004@test>", "li");
    let second = desk.server.read("<a0000000000000000000000000000005@test>", "li");
    for mail in [&first, &second] {
        assert_eq!(mail["headers"]["References"], "<task-1@test>");
        assert_eq!(mail["headers"]["In-Reply-To"], "<task-1@test>");
        assert_eq!(mail["headers"]["Auto-Submitted"], "auto-generated");
    }
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn a_busy_recipient_is_tried_again() {
    let outcome = Desk::new().send("a0000000000000000000000000000006", "busy@test").await;
    let words = "451 4.3.0 <address> Recipient address rejected: try again later".to_owned();
    assert_eq!(outcome, Outcome::Backoff { minimum: None, words });
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn an_unknown_recipient_is_the_recipients_fault() {
    let outcome = Desk::new()
        .send("a0000000000000000000000000000007", "nobody@test")
        .await;
    assert_eq!(outcome.kind(), "permanent/recipient", "{outcome}");
    assert!(!outcome.words().contains("nobody@"), "{outcome}");
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn a_wrong_password_stops_the_lane() {
    let mut desk = Desk::new();
    desk.settings.password = Some(Secret::new("pw-wrong"));
    let outcome = desk.send("a0000000000000000000000000000008", "zhang@test").await;
    assert_eq!(outcome.kind(), "permanent/endpoint", "{outcome}");
    assert!(outcome.words().starts_with("535 5.7.8"), "{outcome}");
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn an_expired_certificate_stops_the_lane() {
    let desk = Desk::new();
    let port = desk.server.expired;
    let outcome = desk
        .over(port, Tls::StartTls)
        .send("a0000000000000000000000000000009", "zhang@test")
        .await;
    assert_eq!(outcome.kind(), "permanent/endpoint", "{outcome}");
    assert!(outcome.words().contains("expired"), "{outcome}");
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn a_certificate_of_another_host_stops_the_lane() {
    let desk = Desk::new();
    let port = desk.server.wronghost;
    let outcome = desk
        .over(port, Tls::StartTls)
        .send("a000000000000000000000000000000a", "zhang@test")
        .await;
    assert_eq!(outcome.kind(), "permanent/endpoint", "{outcome}");
    assert!(outcome.words().contains("not valid for name"), "{outcome}");
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn an_authority_that_is_not_trusted_stops_the_lane() {
    for tls in [Tls::StartTls, Tls::Implicit] {
        let desk = Desk::new().trusting(None);
        let port = if tls == Tls::Implicit {
            desk.server.smtps
        } else {
            desk.server.smtp
        };
        let outcome = desk
            .over(port, tls)
            .send("a000000000000000000000000000000b", "zhang@test")
            .await;
        assert_eq!(outcome.kind(), "permanent/endpoint", "{tls:?}: {outcome}");
        assert!(outcome.words().starts_with("certificate refused"), "{tls:?}: {outcome}");
    }
}

#[tokio::test]
#[ignore = "needs postfix and dovecot"]
async fn a_server_that_wants_a_login_first_stops_the_lane() {
    let mut desk = Desk::new();
    desk.settings.username = None;
    let outcome = desk.send("a000000000000000000000000000000c", "zhang@test").await;
    assert_eq!(outcome.kind(), "permanent/endpoint", "{outcome}");
}
