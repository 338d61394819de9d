//! What can go wrong between a channel and its vendor, for every vendor and through the real client: each has the outcome
//! that it has for all, but where a vendor's own rules say otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use duban::channel::robot::VendorKind;
use duban::channel::{Channels, Settings};
use duban::clock::{Clock, ManualClock, Stopwatch};
use duban::domain::id::{ChannelId, MessageId};
use duban::domain::outcome::Outcome;

use crate::mail_server::make_certificates;
use crate::real_webhook::Receiver;
use crate::sample;
use crate::vendors::all::{AnyVendor, MARK, serve, settings};
use crate::vendors::{Fault, Reply, VendorServer};

use VendorKind::{Dingtalk, Discord, Feishu, Gotify, Mattermost, Ntfy, Rocketchat, Slack, Teams, Telegram, Wecom};

/// Larger than what is read of an answer by far.
const HUGE_BYTES: usize = 5 * 1024 * 1024;

/// A vendor that listens, and the channel to it.
struct Line {
    kind: VendorKind,
    server: VendorServer<AnyVendor>,
    channels: Channels,
}

impl Line {
    async fn to(kind: VendorKind) -> Self {
        let (server, url) = serve(kind, clock()).await;
        Self {
            kind,
            server,
            channels: channels(kind, &url),
        }
    }

    async fn send(&self) -> String {
        in_one_line(self.kind, &send(&self.channels).await)
    }

    /// What a post comes to when this befalls it, and the vendor's own answer would have been good.
    async fn after(kind: VendorKind, fault: Fault) -> (String, Self) {
        let line = Self::to(kind).await;
        line.server.fault_next(fault);
        (line.send().await, line)
    }

    fn posts(&self) -> usize {
        self.server.posts().len()
    }
}

/// The clock of all vendors here.
fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(sample::as_of()))
}

fn channels(kind: VendorKind, url: &str) -> Channels {
    let settings = Settings::Robot(settings(kind, url));
    Channels::open(&BTreeMap::from([(ChannelId::new("group"), settings)])).unwrap()
}

async fn send(channels: &Channels) -> Outcome {
    let (id, content) = (MessageId::new("c0000000000000000000000000000001"), sample::content());
    let parcel = sample::parcel(&id, &content, "", sample::as_of());
    channels.send(&ChannelId::new("group"), &parcel).await
}

/// Kind, wait and reach; its words hold nothing that is secret.
fn in_one_line(kind: VendorKind, outcome: &Outcome) -> String {
    let words = outcome.words();
    assert!(
        !words.contains(MARK) && !words.contains("127.0.0.1"),
        "{kind:?}: {words}"
    );
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
        Outcome::Backoff { minimum: None, .. }
        | Outcome::Delivered(_)
        | Outcome::Accepted(_)
        | Outcome::PermanentMessage(_)
        | Outcome::PermanentRecipient(_)
        | Outcome::PermanentEndpoint(_)
        | Outcome::Unreachable(_)
        | Outcome::Unknown(_) => outcome.kind().to_owned(),
    }
}

/// Compares all vendors with one rule and its exceptions, and shows all that differ at once.
#[track_caller]
fn check(what: &str, found: &[(VendorKind, String)], rule: &str, exceptions: &[(VendorKind, &str)]) {
    let wrong: Vec<String> = found
        .iter()
        .filter_map(|(kind, found)| {
            let own = exceptions.iter().find(|(other, _)| other == kind);
            let expected = own.map_or(rule, |(_, expected)| expected);
            (found != expected).then(|| format!("{}: {found}, not {expected}", kind.as_str()))
        })
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    assert_eq!(found.len(), VendorKind::ALL.len());
}

/// What a post to each vendor comes to when this befalls it.
async fn all_after(fault: &Fault) -> Vec<(VendorKind, String)> {
    let mut found = Vec::new();
    for kind in VendorKind::ALL {
        found.push((kind, Line::after(kind, fault.clone()).await.0));
    }
    found
}

#[tokio::test]
async fn a_vendor_s_own_word_is_a_success_and_the_group_sees_the_post() {
    let mut found = Vec::new();
    for kind in VendorKind::ALL {
        let line = Line::to(kind).await;
        found.push((kind, line.send().await));
        assert_eq!(line.posts(), 1, "{kind:?}");
    }
    check("all is well", &found, "delivered", &[(Teams, "accepted")]);
}

#[tokio::test]
async fn a_page_in_place_of_an_answer_is_no_success_where_the_vendor_s_word_is_needed() {
    let page = Reply::html(200, "<!DOCTYPE html><html><body>Access denied</body></html>");
    // DingTalk blocks an address with a page.
    let exceptions = [(Dingtalk, "retry-after 300 vendor")];
    check(
        "a page",
        &all_after(&Fault::Instead(page)).await,
        "unknown",
        &exceptions,
    );
}

#[tokio::test]
async fn a_redirect_is_never_followed_and_stops_the_lane() {
    for status in [301, 302, 303, 307, 308] {
        let (elsewhere, _) = serve(Slack, clock()).await;
        let to = elsewhere.url("/services/T00000001/B00000001/S3cr3t0004slack");
        let reply = Reply::empty(status).with("Location", &to);
        let found = all_after(&Fault::Instead(reply)).await;
        check(&format!("{status}"), &found, "permanent/endpoint", &[]);
        assert_eq!(elsewhere.requests().len(), 0, "{status}");
    }
}

#[tokio::test]
async fn a_connection_cut_after_the_request_left_leaves_it_unknown_whether_or_not_it_was_taken() {
    for (fault, posts) in [(Fault::CutBefore, 0), (Fault::CutAfter, 1)] {
        let mut found = Vec::new();
        for kind in VendorKind::ALL {
            let (outcome, line) = Line::after(kind, fault.clone()).await;
            found.push((kind, outcome));
            assert_eq!((line.posts(), line.server.requests().len()), (posts, 1), "{kind:?}");
        }
        check(&format!("{fault:?}"), &found, "unknown", &[]);
    }
}

#[tokio::test]
async fn a_kept_connection_that_is_cut_makes_no_second_request_behind_the_daemon_s_back() {
    let mut found = Vec::new();
    for kind in VendorKind::ALL {
        let line = Line::to(kind).await;
        line.send().await;
        line.server.fault_next(Fault::CutBefore);
        found.push((kind, line.send().await));
        assert_eq!(line.server.requests().len(), 2, "{kind:?}");
    }
    check("cut on a kept connection", &found, "unknown", &[]);
}

#[tokio::test]
async fn no_answer_at_all_ends_in_the_channel_s_time() {
    let mut found = Vec::new();
    for kind in VendorKind::ALL {
        let took = Stopwatch::start();
        found.push((kind, Line::after(kind, Fault::Silence).await.0));
        assert!(
            took.elapsed() < Duration::from_secs(5),
            "{kind:?}: {:?}",
            took.elapsed()
        );
    }
    check("silence", &found, "unknown", &[]);
}

#[tokio::test]
async fn an_answer_that_never_ends_is_read_no_longer_than_the_channel_s_time() {
    let mut found = Vec::new();
    for kind in VendorKind::ALL {
        let took = Stopwatch::start();
        let (outcome, line) = Line::after(kind, Fault::Endless).await;
        found.push((kind, outcome));
        assert!(
            took.elapsed() < Duration::from_secs(5),
            "{kind:?}: {:?}",
            took.elapsed()
        );
        assert_eq!(line.posts(), 1, "{kind:?}");
    }
    let exceptions = [(Slack, "delivered"), (Teams, "accepted")];
    check("endless", &found, "unknown", &exceptions);
}

#[tokio::test]
async fn an_answer_of_five_megabytes_is_not_read_to_its_end_and_proves_nothing() {
    let good_but = |padding: &str| {
        let good = format!(
            "{{\"errcode\":0,\"code\":0,\"ok\":true,\"success\":true,\"id\":\"1\",\"event_id\":\"$1\",\"padding\":\"{padding}\"}}"
        );
        Reply::text(200, &good).with("content-type", "application/json")
    };
    let huge = good_but(&"提".repeat(HUGE_BYTES / 3));
    let exceptions = [(Slack, "delivered"), (Teams, "accepted")];
    check("huge", &all_after(&Fault::Instead(huge)).await, "unknown", &exceptions);
}

#[tokio::test]
async fn a_refused_connection_is_the_endpoint_s_fault_and_nothing_left() {
    let mut found = Vec::new();
    for kind in VendorKind::ALL {
        let mut line = Line::to(kind).await;
        line.server.go_away();
        // The port closes when the server's task has ended.
        while tokio::net::TcpStream::connect(("127.0.0.1", line.server.port))
            .await
            .is_ok()
        {
            tokio::task::yield_now().await;
        }
        found.push((kind, line.send().await));
        assert_eq!(line.server.requests().len(), 0, "{kind:?}");
    }
    check("refused", &found, "unreachable", &[]);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_where_it_should_is_unreachable() {
    let mut found = Vec::new();
    for kind in VendorKind::ALL {
        let (server, url) = serve(kind, clock()).await;
        let outcome = send(&channels(kind, &url.replace("http://", "https://"))).await;
        found.push((kind, in_one_line(kind, &outcome)));
        assert_eq!(server.posts().len(), 0, "{kind:?}");
    }
    check("no TLS", &found, "unreachable", &[]);
}

/// The wait where a server says "too often" and not how long.
const UNTOLD: [(VendorKind, &str); 12] = [
    (Wecom, "retry-after 60 account"),
    (Dingtalk, "retry-after 600 account"),
    (Feishu, "retry-after 60 account"),
    (Slack, "retry-after 30 endpoint"),
    (Teams, "retry-after 60 endpoint"),
    (Discord, "retry-after 600 vendor"),
    (Telegram, "retry-after 60 account"),
    (Mattermost, "retry-after 10 endpoint"),
    (Rocketchat, "retry-after 60 endpoint"),
    (VendorKind::Matrix, "retry-after 5 account"),
    (Ntfy, "backoff 5"),
    (Gotify, "retry-after 60 endpoint"),
];

/// What a vendor counts together waits together.
fn told(seconds: i64) -> Vec<(VendorKind, String)> {
    let reach = |kind| match kind {
        Wecom | Dingtalk | Feishu | Telegram | VendorKind::Matrix | Ntfy => "account",
        Discord => "vendor",
        Slack | Teams | Mattermost | Rocketchat | Gotify => "endpoint",
    };
    let kinds = VendorKind::ALL.into_iter();
    kinds
        .map(|kind| (kind, format!("retry-after {seconds} {}", reach(kind))))
        .collect()
}

#[tokio::test]
async fn a_wait_that_a_server_names_is_kept_however_it_is_written() {
    let date = (sample::as_of() + TimeDelta::seconds(90))
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    for (header, seconds) in [
        ("7", 7),
        (date.as_str(), 90),
        // At once would be hammering, and longer than thirty days is no wait.
        ("0", 1),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 1),
        ("99999999999999999999999", 30 * 86_400),
    ] {
        let reply = Reply::text(429, "").with("Retry-After", header);
        let expected = told(seconds);
        let expected: Vec<_> = expected.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        check(header, &all_after(&Fault::Instead(reply)).await, "", &expected);
    }
}

#[tokio::test]
async fn a_wait_that_a_server_does_not_name_or_names_wrongly_is_the_vendor_s_usual_one() {
    for header in [None, Some("-5"), Some("soon"), Some(""), Some("1.5")] {
        let mut reply = Reply::text(429, "");
        if let Some(header) = header {
            reply = reply.with("Retry-After", header);
        }
        let found = all_after(&Fault::Instead(reply)).await;
        check(&format!("{header:?}"), &found, "", &UNTOLD);
    }
}

#[tokio::test]
async fn a_server_that_is_away_and_says_for_how_long_is_left_alone_for_that_time() {
    let reply = Reply::text(503, "").with("Retry-After", "7");
    let found: Vec<_> = all_after(&Fault::Instead(reply)).await;
    // How far the wait reaches is not the point here.
    let found: Vec<_> = found
        .into_iter()
        .map(|(kind, text)| (kind, text.split(' ').take(2).collect::<Vec<_>>().join(" ")))
        .collect();
    check("503", &found, "retry-after 7", &[]);
}

#[tokio::test]
async fn a_server_in_trouble_is_tried_again() {
    for status in [500, 502, 503, 504] {
        let found = all_after(&Fault::Instead(Reply::html(status, "<html>Bad gateway</html>"))).await;
        check(&format!("{status}"), &found, "backoff", &[]);
    }
}

#[tokio::test]
#[ignore = "needs python3 and openssl"]
async fn a_certificate_that_does_not_hold_stops_the_lane_of_every_vendor() {
    let dir = tempfile::tempdir().unwrap();
    make_certificates(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    // A good one by an authority that nobody knows does not hold either.
    for leaf in ["good", "expired", "notyet", "wronghost", "selfsigned", "clientonly"] {
        let receiver = Receiver::start(&["-", &path(&format!("{leaf}.crt")), &path(&format!("{leaf}.key"))]);
        let mut found = Vec::new();
        for kind in VendorKind::ALL {
            let url = format!("https://localhost:{}/hooks/S3cr3t/S3cr3t", receiver.port);
            let outcome = send(&channels(kind, &url)).await;
            assert!(outcome.words().starts_with("certificate refused"), "{leaf}: {outcome}");
            found.push((kind, in_one_line(kind, &outcome)));
        }
        check(leaf, &found, "permanent/endpoint", &[]);
    }
}
