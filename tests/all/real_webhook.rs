//! Webhooks against a receiver in another language that verifies by the reference library of Standard Webhooks.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use duban::channel::webhook::{Settings, Target};
use duban::channel::{Channels, Lane, Settings as Channel};
use duban::clock::{Clock, SystemClock};
use duban::domain::id::{ChannelId, MessageId};
use duban::domain::outcome::Outcome;
use duban::secret::Secret;

use crate::mail_server::{fixture, make_certificates};
use crate::sample;

const OLD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// A running receiver; ended when let go.
pub(crate) struct Receiver {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl Receiver {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(python());
        command
            .arg(fixture("webhook_receiver.py"))
            .args(arguments)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        Self {
            child,
            lines,
            port: first.trim().parse().unwrap(),
        }
    }

    /// What it makes of the next post.
    fn next(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the caller says which Python has the reference library"
)]
pub(crate) fn python() -> String {
    std::env::var("DUBAN_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

async fn post(url: String, secrets: &[&str], now: DateTime<Utc>) -> Outcome {
    let channel = ChannelId::new("hook");
    let settings = Settings {
        target: Target::Url(Secret::new(url)),
        secrets: secrets.iter().map(|secret| Secret::new(*secret)).collect(),
        lane: Lane::webhook(),
    };
    let channels = Channels::open(&BTreeMap::from([(channel.clone(), Channel::Webhook(settings))])).unwrap();
    let (id, content) = (MessageId::new("b0000000000000000000000000000001"), sample::content());
    channels.send(&channel, &sample::parcel(&id, &content, "", now)).await
}

#[tokio::test]
#[ignore = "needs python3 with standardwebhooks"]
async fn the_reference_library_accepts_a_signature_over_chinese_text() {
    let mut receiver = Receiver::start(&[NEW]);
    let outcome = post(
        format!("http://127.0.0.1:{}/", receiver.port),
        &[NEW],
        SystemClock.now(),
    )
    .await;
    assert_eq!(outcome.kind(), "delivered", "{outcome}");
    let expected = serde_json::json!({
        "verdict": "ok", "id": "b0000000000000000000000000000001", "type": "duban.notice", "subject": sample::SUBJECT,
    });
    assert_eq!(receiver.next(), expected);
}

#[tokio::test]
#[ignore = "needs python3 with standardwebhooks"]
async fn in_rotation_receivers_with_the_old_and_with_the_new_secret_accept() {
    for secret in [OLD, NEW] {
        let receiver = Receiver::start(&[secret]);
        let outcome = post(
            format!("http://127.0.0.1:{}/", receiver.port),
            &[NEW, OLD],
            SystemClock.now(),
        )
        .await;
        assert_eq!(outcome.kind(), "delivered", "{outcome}");
    }
}

#[tokio::test]
#[ignore = "needs python3 with standardwebhooks"]
async fn the_reference_library_refuses_another_secret_and_a_stale_time() {
    let mut receiver = Receiver::start(&[NEW]);
    let url = format!("http://127.0.0.1:{}/", receiver.port);
    let stale = SystemClock.now() - TimeDelta::minutes(10);
    for (secret, now) in [(OLD, SystemClock.now()), (NEW, stale)] {
        let outcome = post(url.clone(), &[secret], now).await;
        assert_eq!(outcome.kind(), "backoff", "{outcome}");
        assert_ne!(receiver.next()["verdict"], "ok");
    }
}

#[tokio::test]
#[ignore = "needs python3 and openssl"]
async fn a_certificate_that_does_not_hold_stops_the_lane() {
    let dir = tempfile::tempdir().unwrap();
    make_certificates(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    for leaf in ["good", "expired", "wronghost", "selfsigned"] {
        let receiver = Receiver::start(&["-", &path(&format!("{leaf}.crt")), &path(&format!("{leaf}.key"))]);
        let outcome = post(
            format!("https://localhost:{}/T0KEN", receiver.port),
            &[],
            SystemClock.now(),
        )
        .await;
        assert_eq!(outcome.kind(), "permanent/endpoint", "{leaf}: {outcome}");
        assert!(outcome.words().starts_with("certificate refused"), "{leaf}: {outcome}");
        assert!(!outcome.words().contains("localhost"), "{leaf}: {outcome}");
    }
}
