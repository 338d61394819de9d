use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::limits::{CONNECTIONS_MAX, HEAD_BYTES_MAX, REQUEST_WAIT, STORE_WAIT};
use super::*;
use crate::store::Store;

/// One who is always in order.
struct Well;

impl Watched for Well {
    fn vitals(&self) -> Vitals {
        vitals::tests::vitals(Some(0))
    }
}

async fn store() -> Store {
    let now = Well.vitals().now;
    Store::memory(now).await.expect("a store in memory opens")
}

async fn site(store: Store) -> (Site, SocketAddr) {
    let settings = Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        base_url: None,
    };
    let board = Arc::new(Board::new(Arc::new(Well), store));
    let site = Site::open(&settings, board).await.expect("a port is free");
    let address = site.address();
    (site, address)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("it listens")
}

/// Sends a text and reads until the other side hangs up.
async fn say(address: SocketAddr, text: &str) -> String {
    let mut stream = connect(address).await;
    stream.write_all(text.as_bytes()).await.expect("it is taken");
    let mut answer = Vec::new();
    // Whoever is hung up on while it still sends may lose the answer.
    stream.read_to_end(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer).into_owned()
}

const REQUEST: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn who_sends_only_a_part_of_a_request_is_hung_up_on() {
    let (site, address) = site(store().await).await;
    tokio::time::pause();
    let began = Instant::now();
    for part in ["", "GET /healthz HTTP/1.1\r\nHost: "] {
        assert!(!say(address, part).await.contains("200 OK"));
    }
    assert!(began.elapsed() >= REQUEST_WAIT);
    assert!(say(address, REQUEST).await.starts_with("HTTP/1.1 200 OK\r\n"));
    site.close().await;
}

#[tokio::test]
async fn many_who_say_nothing_keep_others_waiting_only_until_they_are_hung_up_on() {
    let (site, address) = site(store().await).await;
    tokio::time::pause();
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        silent.push(connect(address).await);
    }
    let began = Instant::now();
    assert!(say(address, REQUEST).await.starts_with("HTTP/1.1 200 OK\r\n"));
    let waited = began.elapsed();
    assert!(waited <= REQUEST_WAIT * 2, "{waited:?}");
    drop(silent);
    site.close().await;
}

#[tokio::test]
async fn what_is_no_request_or_too_long_is_refused_and_the_site_goes_on() {
    let (site, address) = site(store().await).await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(HEAD_BYTES_MAX * 2));
    for wrong in ["hello\r\n\r\n", "GET / HTTP/9\r\n\r\n", long.as_str()] {
        let answer = say(address, wrong).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let body = "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    assert!(say(address, body).await.ends_with("ok\n"));
    site.close().await;
}

#[tokio::test]
async fn pages_are_not_kept_and_not_guessed_at() {
    let (site, address) = site(store().await).await;
    let answer = say(address, &REQUEST.replace("/healthz", "/metrics")).await;
    for header in [
        "cache-control: no-store\r\n",
        "x-content-type-options: nosniff\r\n",
        "content-type: text/plain; version=0.0.4; charset=utf-8\r\n",
    ] {
        assert!(answer.contains(header), "{header} in\n{answer}");
    }
    site.close().await;
}

#[tokio::test]
async fn a_store_that_does_not_answer_delays_the_metrics_within_a_bound_and_is_told() {
    let store = store().await;
    // A store in memory has one connection, which is held here.
    let held = store.raw().acquire().await.expect("a connection");
    let board = Board::new(Arc::new(Well), store);
    let began = Instant::now();
    let text = board.metrics().await;
    assert!(began.elapsed() < STORE_WAIT * 2, "{:?}", began.elapsed());
    assert!(
        text.contains("\nduban_store_up 0.0\n") && text.contains("\nduban_ready 1.0\n"),
        "{text}"
    );
    drop(held);
    while !board.metrics().await.contains("\nduban_store_up 1.0\n") {
        assert!(began.elapsed().as_secs() < 60, "it is not asked again");
        tokio::task::yield_now().await;
    }
    assert_eq!(board.line().await, "0 open tasks, 0 messages waiting");
}
