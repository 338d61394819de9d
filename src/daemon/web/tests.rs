use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::clock::SystemClock;
use crate::store::Store;

async fn web() -> Web {
    let health = Arc::new(Health::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Store::memory(clock.now()).await.expect("a store in memory opens");
    let watching = Watching {
        health: Arc::clone(&health),
        started: clock.now(),
        clock,
    };
    Web {
        health,
        board: Arc::new(Board::new(Arc::new(watching), store)),
        site: None,
        refused: None,
    }
}

fn at(listen: SocketAddr) -> Option<Settings> {
    Some(Settings { listen, base_url: None })
}

fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Whether a site answers there.
async fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return false;
    };
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    let asked = stream.write_all(request).await.is_ok();
    asked && stream.read_to_string(&mut answer).await.is_ok() && answer.ends_with("\r\n\r\nok\n")
}

#[tokio::test]
async fn a_site_opens_moves_and_closes_with_the_configuration() {
    let mut web = web().await;
    web.move_to(at(any())).await;
    let first = web.address().expect("it listens");
    assert!(answers(first).await);
    web.move_to(at(SocketAddr::from(([127, 0, 0, 2], 0)))).await;
    let second = web.address().expect("it listens");
    assert!(second != first && answers(second).await && !answers(first).await);
    web.move_to(None).await;
    assert!(web.address().is_none() && !answers(second).await);
}

#[tokio::test]
async fn a_place_that_is_taken_keeps_the_site_where_it_is_until_it_is_free() {
    let mut web = web().await;
    web.move_to(at(any())).await;
    let first = web.address().expect("it listens");
    let other = TcpListener::bind(any()).await.expect("a port is free");
    let taken = other.local_addr().expect("it has an address");
    for _ in 0..2 {
        web.move_to(at(taken)).await;
        assert_eq!(web.address(), Some(first));
        assert!(answers(first).await);
    }
    drop(other);
    web.move_to(at(taken)).await;
    assert_eq!(web.address(), Some(taken));
    assert!(answers(taken).await && !answers(first).await);
    web.close().await;
}

#[tokio::test]
async fn a_site_is_not_in_its_own_way_where_only_the_address_changes() {
    let mut web = web().await;
    web.move_to(at(any())).await;
    let port = web.address().expect("it listens").port();
    web.move_to(at(SocketAddr::from(([127, 0, 0, 1], port)))).await;
    let everywhere = SocketAddr::from(([0, 0, 0, 0], port));
    web.move_to(at(everywhere)).await;
    assert_eq!(web.address(), Some(everywhere));
    assert!(answers(SocketAddr::from(([127, 0, 0, 2], port))).await);
    web.close().await;
}

#[tokio::test]
async fn after_the_end_nobody_listens() {
    let mut web = web().await;
    web.move_to(at(any())).await;
    let address = web.address().expect("it listens");
    let over = CancellationToken::new();
    let following = tokio::spawn(web.follow(over.clone()));
    assert!(answers(address).await);
    over.cancel();
    tokio::time::timeout(Duration::from_secs(10), following)
        .await
        .expect("it ends")
        .expect("it does not break off");
    assert!(!answers(address).await);
}
