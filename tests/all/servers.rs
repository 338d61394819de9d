//! A mail server and a webhook receiver that answer as they are told, can go away and come back, and keep what they got.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::eml::{self, Mail};

/// What a server answers and what it got.
#[derive(Default)]
pub(crate) struct Seen {
    /// Answers to a recipient instead of 250, by the part before the `@`.
    pub(crate) refusals: BTreeMap<String, String>,
    /// Never answers to a recipient.
    pub(crate) is_silent: bool,
    /// How long the last answer to each message is kept back.
    pub(crate) delay: Duration,
    /// Mails that were taken, with each one's time of arrival in order.
    pub(crate) mails: Vec<Mail>,
    /// Recipients that were named, refused ones too.
    pub(crate) named: Vec<String>,
    /// Posts: the id of the message, and its body.
    pub(crate) posts: Vec<(String, serde_json::Value)>,
    /// Connections that were made.
    pub(crate) connections: usize,
}

#[derive(Clone, Copy)]
enum Speaks {
    Smtp,
    Http,
}

/// A server on a port of its own.
pub(crate) struct Server {
    pub(crate) port: u16,
    speaks: Speaks,
    seen: Arc<Mutex<Seen>>,
    running: Option<AbortHandle>,
}

impl Server {
    pub(crate) async fn smtp() -> Self {
        Self::start(Speaks::Smtp).await
    }

    pub(crate) async fn http() -> Self {
        Self::start(Speaks::Http).await
    }

    async fn start(speaks: Speaks) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut server = Self {
            port: listener.local_addr().unwrap().port(),
            speaks,
            seen: Arc::default(),
            running: None,
        };
        server.serve(listener);
        server
    }

    /// What it got, and what it answers from now on.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// The mails to one recipient, by the part before the `@`.
    pub(crate) fn mails_to(&self, who: &str) -> Vec<Mail> {
        let mut mails = self.seen().mails.clone();
        mails.retain(|mail| mail.to.split('@').next() == Some(who));
        mails
    }

    /// Goes away: connections are refused, open ones are cut.
    pub(crate) fn go_away(&mut self) {
        self.running.take().unwrap().abort();
    }

    /// Comes back on its old port.
    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.serve(listener);
    }

    fn serve(&mut self, listener: TcpListener) {
        let (seen, speaks) = (Arc::clone(&self.seen), self.speaks);
        let task = tokio::spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                seen.lock().unwrap().connections += 1;
                talks.spawn(async move {
                    drop(match speaks {
                        Speaks::Smtp => smtp(stream, &seen).await,
                        Speaks::Http => http(stream, &seen).await,
                    });
                });
                while talks.try_join_next().is_some() {}
            }
        });
        self.running = Some(task.abort_handle());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

async fn smtp(stream: TcpStream, seen: &Mutex<Seen>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 fake ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-fake\r\n250-AUTH PLAIN\r\n250 8BITMIME".to_owned(),
            "AUTH" => "235 2.7.0 welcome".to_owned(),
            "RCPT" => {
                let who = line.split(['<', '@']).nth(1).unwrap_or_default().to_owned();
                let (answer, is_silent) = {
                    let mut seen = seen.lock().unwrap();
                    let answer = seen.refusals.get(&who).cloned();
                    seen.named.push(who);
                    (answer, seen.is_silent)
                };
                if is_silent {
                    std::future::pending::<()>().await;
                }
                answer.unwrap_or_else(|| "250 2.1.5 ok".to_owned())
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                loop {
                    let Some(line) = lines.next_line().await? else {
                        return Ok(());
                    };
                    if line == "." {
                        break;
                    }
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push('\n');
                }
                let delay = {
                    let mut seen = seen.lock().unwrap();
                    seen.mails.push(eml::read(&raw));
                    seen.delay
                };
                tokio::time::sleep(delay).await;
                "250 2.0.0 Ok: queued".to_owned()
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => "250 2.0.0 ok".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

async fn http(stream: TcpStream, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut id = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if read.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                match name.to_lowercase().as_str() {
                    "webhook-id" => value.trim().clone_into(&mut id),
                    "content-length" => length = value.trim().parse().unwrap(),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        read.read_exact(&mut body).await?;
        let (delay, is_silent) = {
            let mut seen = seen.lock().unwrap();
            seen.posts.push((id, serde_json::from_slice(&body).unwrap()));
            (seen.delay, seen.is_silent)
        };
        if is_silent {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(delay).await;
        write
            .write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")
            .await?;
    }
}
