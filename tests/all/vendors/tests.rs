//! The server itself: what it lets through to a vendor, and how it fails.

use duban::clock::ManualClock;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Takes everything.
#[derive(Default)]
struct Open(Vec<Post>);

impl Vendor for Open {
    fn reply(&mut self, request: &Request) -> Reply {
        self.0.push(Post {
            at: request.at,
            text: String::from_utf8(request.body.clone()).unwrap(),
            rings: Vec::new(),
            links: Vec::new(),
            size: request.body.len(),
            raw: Value::Null,
        });
        Reply::json(200, &json!({"ok": true})).with("x-seen", "1")
    }

    fn posts(&self) -> &[Post] {
        &self.0
    }
}

async fn open() -> VendorServer<Open> {
    VendorServer::start(Open::default(), Arc::new(ManualClock::new(DateTime::UNIX_EPOCH))).await
}

/// Sends bytes and reads until the server says no more for a while.
async fn say(server: &VendorServer<Open>, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    drop(tokio::time::timeout(Duration::from_millis(300), read).await);
    String::from_utf8(answer).unwrap()
}

const GOOD: &[u8] =
    b"POST /a?x=1%2B2+3&y HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn a_request_is_kept_with_its_query_decoded_as_a_form() {
    let server = open().await;
    let answer = say(&server, GOOD).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"ok\":true}"), "{answer}");
    let [request] = <[Request; 1]>::try_from(server.requests()).unwrap();
    assert_eq!(
        (request.path.as_str(), request.raw_query.as_str()),
        ("/a", "x=1%2B2+3&y")
    );
    assert_eq!(request.query["x"], "1+2 3");
    assert_eq!(request.query["y"], "");
    assert_eq!(server.posts()[0].text, "hi");
}

#[tokio::test]
async fn a_connection_carries_many_requests_and_chunked_bodies() {
    let server = open().await;
    let one = b"POST /a HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let answer = say(&server, &[one.as_slice(), GOOD].concat()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    let texts: Vec<String> = server.posts().into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["abcde", "hi"]);
}

#[tokio::test]
async fn a_client_without_a_name_is_refused() {
    let server = open().await;
    let answer = say(&server, b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(server.posts().is_empty());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn json_that_is_not_utf_8_is_refused() {
    let server = open().await;
    let bytes = b"POST /a HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n\"\xff\"";
    assert!(say(&server, bytes).await.starts_with("HTTP/1.1 400 "));
    assert!(server.posts().is_empty());
}

#[tokio::test]
async fn a_fault_strikes_one_request_and_says_truly_what_the_vendor_saw() {
    for (fault, answer, posts) in [
        (Fault::CutBefore, "", 0),
        (Fault::CutAfter, "", 1),
        (Fault::Silence, "", 0),
        (
            Fault::Instead(Reply::html(502, "<html>")),
            "HTTP/1.1 502 Bad Gateway",
            0,
        ),
        (Fault::After(Reply::empty(500)), "HTTP/1.1 500 ", 1),
        (Fault::Late(Duration::from_millis(20)), "HTTP/1.1 200 OK", 1),
        (Fault::Endless, "HTTP/1.1 200 OK", 1),
    ] {
        let server = open().await;
        server.fault_next(fault.clone());
        let heard = say(&server, GOOD).await;
        assert!(heard.starts_with(answer), "{fault:?}: {heard}");
        assert_eq!(heard.is_empty(), answer.is_empty(), "{fault:?}: {heard}");
        assert_eq!(server.posts().len(), posts, "{fault:?}");
        assert!(say(&server, GOOD).await.starts_with("HTTP/1.1 200 OK"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_went_away_comes_back_on_its_port() {
    let mut server = open().await;
    server.go_away();
    while TcpStream::connect(("127.0.0.1", server.port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.come_back().await;
    assert!(say(&server, GOOD).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(server.url("/b"), format!("http://127.0.0.1:{}/b", server.port));
}
