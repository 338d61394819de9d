//! Posts against a receiver that answers, or fails to, by script.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::domain::message::Figures;
use crate::domain::message::MessageKind;

use super::super::{Channels, Lane, Settings as Channel, sample};
use super::*;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What the receiver does with a request that it has read whole.
#[derive(Clone)]
enum Answer {
    Raw(Vec<u8>),
    Close,
    Hang,
}

/// A receiver that keeps every request.
struct Receiver {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), Arc::clone(&kept)));
            }
        });
        Self { port, requests }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/in/T0KEN-123456?key=K3Y-98765", self.port)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, kept: Arc<Mutex<Vec<String>>>) {
    loop {
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        kept.lock().unwrap().push(request);
        match &answer {
            Answer::Raw(bytes) => {
                if stream.write_all(bytes).await.is_err() {
                    return;
                }
            }
            Answer::Close => return,
            Answer::Hang => std::future::pending().await,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        let count = stream.read(&mut chunk).await.ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..count]);
    }
}

fn status(line: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::Raw(format!("HTTP/1.1 {line}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes())
}

fn channel(url: &str, timeout: TimeDelta) -> Channels {
    let lane = Lane {
        timeout,
        ..Lane::webhook()
    };
    let settings = Settings {
        target: Target::Url(Secret::new(url)),
        secrets: vec![Secret::new(SECRET)],
        lane,
    };
    Channels::open(&BTreeMap::from([(ChannelId::new("hook"), Channel::Webhook(settings))])).unwrap()
}

async fn post(url: &str, timeout: TimeDelta) -> Outcome {
    let (id, content) = (sample::id(), sample::content());
    channel(url, timeout)
        .send(&ChannelId::new("hook"), &sample::parcel(&id, &content))
        .await
}

/// Posts once to a receiver that answers so; checks the outcome and that no part of the URL came back.
async fn check(answer: Answer, timeout: TimeDelta, expected: &str) -> Outcome {
    let receiver = Receiver::start(answer).await;
    let outcome = post(&receiver.url(), timeout).await;
    assert_eq!(outcome.kind(), expected, "{outcome}");
    assert!(
        !outcome.words().contains("T0KEN") && !outcome.words().contains("K3Y"),
        "{outcome}"
    );
    assert_eq!(receiver.requests().len(), 1);
    outcome
}

const PATIENT: TimeDelta = TimeDelta::seconds(15);
const IMPATIENT: TimeDelta = TimeDelta::milliseconds(400);

#[tokio::test]
async fn a_post_is_json_with_an_agent_and_the_headers_of_standard_webhooks() {
    let receiver = Receiver::start(status("204 No Content", "", "")).await;
    let outcome = post(&receiver.url(), PATIENT).await;
    assert_eq!(outcome, Outcome::Delivered("204".to_owned()));
    let request = receiver.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /in/T0KEN-123456?key=K3Y-98765 HTTP/1.1\r\n"),
        "{head}"
    );
    for line in [
        "content-type: application/json; charset=utf-8",
        concat!("user-agent: duban/", env!("CARGO_PKG_VERSION")),
        "webhook-id: 00112233445566778899aabbccddeeff",
        "webhook-timestamp: 1639702800",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    let signer = Signer::new(&[Secret::new(SECRET)]).unwrap();
    let signed = signer.sign(sample::id().as_str(), 1_639_702_800, body).unwrap();
    assert!(head.contains(&format!("webhook-signature: {signed}")), "{head}");
}

#[tokio::test]
async fn a_retry_has_the_same_id_and_bytes_and_its_own_time() {
    let receiver = Receiver::start(status("500 Oops", "", "")).await;
    let channels = channel(&receiver.url(), PATIENT);
    let (id, content) = (sample::id(), sample::content());
    let mut parcel = sample::parcel(&id, &content);
    channels.send(&ChannelId::new("hook"), &parcel).await;
    parcel.now += TimeDelta::seconds(300);
    channels.send(&ChannelId::new("hook"), &parcel).await;
    let requests = receiver.requests();
    let bodies: Vec<&str> = requests
        .iter()
        .map(|request| request.split_once("\r\n\r\n").unwrap().1)
        .collect();
    assert_eq!(bodies[0], bodies[1]);
    assert!(requests[1].contains("webhook-timestamp: 1639703100"));
    assert!(
        requests
            .iter()
            .all(|request| request.contains("webhook-id: 00112233445566778899aabbccddeeff"))
    );
}

#[test]
fn the_body_is_the_contracts_with_its_key_order() {
    let (id, content) = (sample::id(), sample::content());
    let expected = concat!(
        r#"{"type":"duban.notice","timestamp":"2021-12-17T01:00:00Z","data":{"message_id":"00112233445566778899aabbccddeeff","#,
        r#""locale":"zh-CN","recipient":{"kind":"person","id":"edu-head","name":"张伟（值班）"},"#,
        r#""subject":"督办｜市教育局：重新规划七年级班级 逾期1个工作日","text":"请办理。\n.单点开头\n","markdown":"**请办理。**","#,
        r#""notices":[{"id":"ffeeddccbbaa99887766554433221100","level":"overdue","step":"due+1wd/overdue","#,
        r#""at":"2021-12-17T09:00:00+08:00","late":false,"reason":"1 working day after 2021-12-16","#,
        r#""task":{"id":"1","title":"重新规划七年级班级","area":"整改任务落实","unit":{"id":"edu","name":"市教育局"},"#,
        r#""lead":{"id":"vm-edu","name":"分管副市长"},"due":"2021-12-16","state":"open","light":"red"}}]}}"#
    );
    assert_eq!(body::json(&sample::parcel(&id, &content)), expected);
}

#[test]
fn a_review_carries_its_figures() {
    let id = sample::id();
    let mut content = sample::content();
    content.figures = Some(Figures {
        green: 20,
        yellow: 3,
        red: 4,
        blue: 1,
        grey: 1,
    });
    let mut parcel = sample::parcel(&id, &content);
    parcel.kind = MessageKind::Review;
    let body: serde_json::Value = serde_json::from_str(&body::json(&parcel)).unwrap();
    assert_eq!(body["type"], "duban.review");
    assert_eq!(
        body["data"]["figures"],
        serde_json::json!({"green":20,"yellow":3,"red":4,"blue":1,"grey":1})
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start(status("200 OK", "", "")).await;
    let location = format!("location: {}\r\n", elsewhere.url());
    check(status("307 Temporary Redirect", &location, ""), PATIENT, "backoff").await;
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_busy_receiver_says_when_to_come_again() {
    let outcome = check(
        status("429 Slow Down", "retry-after: 120\r\n", ""),
        PATIENT,
        "retry-after",
    )
    .await;
    assert!(matches!(outcome, Outcome::RetryAfter { wait, .. } if wait == TimeDelta::seconds(120)));
}

#[tokio::test]
async fn a_receiver_that_is_gone_stops_the_lane() {
    check(status("410 Gone", "", ""), PATIENT, "permanent/endpoint").await;
}

#[tokio::test]
async fn a_reset_after_the_request_leaves_it_unknown() {
    check(Answer::Close, PATIENT, "unknown").await;
}

#[tokio::test]
async fn silence_after_the_request_leaves_it_unknown() {
    check(Answer::Hang, IMPATIENT, "unknown").await;
}

#[tokio::test]
async fn an_answer_that_is_not_http_leaves_it_unknown() {
    check(Answer::Raw(b"hello\r\n\r\n".to_vec()), PATIENT, "unknown").await;
}

#[tokio::test]
async fn a_page_that_repeats_the_url_does_not_bring_it_into_the_words() {
    let page = "<html>no /in/T0KEN-123456?key=K3Y-98765\r\n\u{7} here</html>";
    let outcome = check(status("404 Not Found", "", page), PATIENT, "backoff").await;
    assert!(outcome.words().starts_with("404 <html>no <redacted>"), "{outcome}");
}

#[tokio::test]
async fn a_body_of_five_megabytes_is_not_read_to_its_end() {
    let outcome = check(status("500 Oops", "", &"x".repeat(5 << 20)), PATIENT, "backoff").await;
    assert!(outcome.words().chars().count() <= 200);
}

#[tokio::test]
async fn a_success_whose_body_never_ends_is_delivered() {
    let endless = Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec());
    check(endless, IMPATIENT, "delivered").await;
}

#[tokio::test]
async fn an_empty_success_is_delivered() {
    check(status("200 OK", "", ""), PATIENT, "delivered").await;
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let outcome = post(&format!("http://127.0.0.1:{port}/in/T0KEN-123456"), PATIENT).await;
    assert_eq!(
        outcome,
        Outcome::Unreachable("no connection: connection refused".to_owned())
    );
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_is_unreachable() {
    let receiver = Receiver::start(status("200 OK", "", "")).await;
    let outcome = post(
        &format!("https://127.0.0.1:{}/in/T0KEN-123456", receiver.port),
        IMPATIENT,
    )
    .await;
    assert_eq!(outcome.kind(), "unreachable", "{outcome}");
}

/// Asks a receiver that answers so; checks the outcome, and that no part of the URL came back.
async fn ask(answer: Answer, timeout: TimeDelta, expected: &str) -> Checked {
    let receiver = Receiver::start(answer).await;
    let checked = channel(&receiver.url(), timeout)
        .check(&ChannelId::new("hook"), sample::as_of())
        .await;
    assert_eq!(checked.outcome.kind(), expected, "{checked:?}");
    let shown = format!("{checked:?}");
    assert!(!shown.contains("T0KEN") && !shown.contains("K3Y"), "{shown}");
    for request in receiver.requests() {
        assert!(
            request.starts_with("OPTIONS /in/T0KEN-123456?key=K3Y-98765 "),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\n"), "{request}");
    }
    checked
}

#[tokio::test]
async fn a_check_asks_without_a_body_and_any_answer_shows_that_there_is_somebody() {
    for line in ["204 No Content", "405 Method Not Allowed", "404 Not Found", "500 Oops"] {
        let page = "not here: /in/T0KEN-123456?key=K3Y-98765";
        let checked = ask(status(line, "", page), PATIENT, "delivered").await;
        let code = line.split(' ').next().unwrap();
        assert!(checked.outcome.words().contains(code), "{checked:?}");
        assert!(!checked.untried.is_empty());
    }
}

#[tokio::test]
async fn a_check_tells_an_address_that_is_gone_or_moved() {
    ask(status("410 Gone", "", ""), PATIENT, "permanent/endpoint").await;
    ask(status("301 Moved", "location: /\r\n", ""), PATIENT, "backoff").await;
}

#[tokio::test]
async fn a_check_of_somebody_who_says_nothing_ends_without_a_result() {
    ask(Answer::Hang, IMPATIENT, "unknown").await;
    ask(Answer::Close, PATIENT, "unknown").await;
}

#[tokio::test]
async fn a_check_of_a_receiver_that_speaks_no_tls_is_unreachable() {
    let receiver = Receiver::start(status("200 OK", "", "")).await;
    let url = format!("https://127.0.0.1:{}/in/T0KEN-123456", receiver.port);
    let checked = channel(&url, IMPATIENT)
        .check(&ChannelId::new("hook"), sample::as_of())
        .await;
    assert_eq!(checked.outcome.kind(), "unreachable", "{checked:?}");
}
