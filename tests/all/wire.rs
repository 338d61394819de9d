//! A wire to a server, on which a test sees what is asked and answered, and on which it can hold an answer back.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// What went over the wire.
#[derive(Default)]
pub(crate) struct Seen {
    /// The last piece of the path of each PUT: the transaction ids, repeats too, in order.
    pub(crate) asked: Vec<String>,
    /// The status of each answer to a PUT.
    pub(crate) answered: Vec<u16>,
    /// The answer to the PUT of this number, from 0, and to those after it, goes no further than here.
    pub(crate) hold_from: Option<usize>,
    /// Answers that are held back.
    pub(crate) held: usize,
}

/// A port that leads to a server.
pub(crate) struct Wire {
    pub(crate) port: u16,
    seen: Arc<Mutex<Seen>>,
    running: AbortHandle,
}

impl Wire {
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let shared = Arc::clone(&seen);
        let running = tokio::spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let seen = Arc::clone(&shared);
                talks.spawn(async move { drop(carry(client, server, &seen).await) });
                while talks.try_join_next().is_some() {}
            }
        })
        .abort_handle();
        Self { port, seen, running }
    }

    /// Lets so many more PUTs have their answers, and holds back those to all that follow. Says how many were held before.
    pub(crate) fn hold_after(&self, some: usize) -> usize {
        let mut seen = self.seen();
        seen.hold_from = Some(seen.asked.len() + some);
        seen.held
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Carries one connection. Requests come one after the other, so that a request begins where something is read from
/// the client, and an answer where something is read from the server for the first time after it.
async fn carry(client: TcpStream, server: u16, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    // The number of the PUT that waits for its answer.
    let open: Mutex<Option<usize>> = Mutex::new(None);
    let up = async {
        let mut buffer = vec![0; 65_536];
        loop {
            let read = from_client.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            if let Some(id) = put(&buffer[..read]) {
                let mut seen = seen.lock().unwrap();
                *open.lock().unwrap() = Some(seen.asked.len());
                seen.asked.push(id);
            }
            to_server.write_all(&buffer[..read]).await?;
        }
    };
    let down = async {
        let mut buffer = vec![0; 65_536];
        loop {
            let read = from_server.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            let answers = open.lock().unwrap().take();
            let is_held = answers.is_some_and(|number| {
                let mut seen = seen.lock().unwrap();
                let is_held = seen.hold_from.is_some_and(|from| number >= from);
                if is_held {
                    seen.held += 1;
                } else {
                    seen.answered.push(status(&buffer[..read]));
                }
                is_held
            });
            if is_held {
                // Until the client has gone.
                std::future::pending::<()>().await;
            }
            to_client.write_all(&buffer[..read]).await?;
        }
    };
    tokio::select! {
        result = up => result,
        result = down => result,
    }
}

fn put(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("PUT ")?;
    let path = line.split(' ').next()?;
    path.rsplit('/').next().map(str::to_owned)
}

fn status(bytes: &[u8]) -> u16 {
    let line = String::from_utf8_lossy(bytes);
    line.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0)
}
