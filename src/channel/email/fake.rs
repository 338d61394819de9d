//! A mail server for tests that answers by script and keeps what it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does at one stage.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Says this line, or these lines.
    Say(&'static str),
    /// Says this and closes.
    SayAndClose(&'static str),
    /// Closes without a word.
    Close,
    /// Never answers.
    Hang,
}

/// What it was told.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) connections: usize,
    pub(super) open_now: usize,
    pub(super) open_most: usize,
    /// Every command line.
    pub(super) commands: Vec<String>,
    /// Every mail whose final dot came, as it was on the wire, without the dot.
    pub(super) mails: Vec<String>,
}

/// A running server.
pub(super) struct Fake {
    pub(super) port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl Fake {
    /// Starts one that differs from a good server in these stages: `GREETING EHLO AUTH MAIL RCPT DATA DOT RSET`.
    pub(super) async fn start(script: &[(&'static str, Step)]) -> Self {
        Self::start_with(script.iter().copied().collect(), None).await
    }

    /// Starts one whose connections close after so many mails, without a word.
    pub(super) async fn start_short(mails: usize) -> Self {
        Self::start_with(BTreeMap::new(), Some(mails)).await
    }

    async fn start_with(script: BTreeMap<&'static str, Step>, mails_max: Option<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen) = (script.clone(), Arc::clone(&shared));
                {
                    let mut seen = seen.lock().unwrap();
                    seen.connections += 1;
                    seen.open_now += 1;
                    seen.open_most = seen.open_most.max(seen.open_now);
                }
                tokio::spawn(async move {
                    drop(serve(stream, &script, &seen, mails_max).await);
                    seen.lock().unwrap().open_now -= 1;
                });
            }
        });
        Self { port, seen }
    }

    pub(super) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }
}

fn good(stage: &str) -> Step {
    Step::Say(match stage {
        "GREETING" => "220 fake ESMTP",
        "EHLO" => "250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
        "AUTH" => "235 2.7.0 welcome",
        "DATA" => "354 go on",
        "DOT" => "250 2.0.0 Ok: queued as 4Z1",
        "QUIT" => "221 bye",
        _ => "250 2.1.0 ok",
    })
}

async fn serve(
    stream: TcpStream,
    script: &BTreeMap<&'static str, Step>,
    seen: &Mutex<Seen>,
    mails_max: Option<usize>,
) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).split(b'\n');
    let mut mails = 0;
    let mut stage = "GREETING".to_owned();
    loop {
        let step = script.get(stage.as_str()).copied().unwrap_or_else(|| good(&stage));
        let is_open = match step {
            Step::Say(text) => write.write_all(format!("{text}\r\n").as_bytes()).await.map(|()| true)?,
            Step::SayAndClose(text) => write
                .write_all(format!("{text}\r\n").as_bytes())
                .await
                .map(|()| false)?,
            Step::Close => false,
            Step::Hang => std::future::pending().await,
        };
        if !is_open || stage == "QUIT" {
            return Ok(());
        }
        if stage == "DATA" && matches!(step, Step::Say(text) if text.starts_with("354")) {
            let mut mail = String::new();
            loop {
                let Some(line) = lines.next_segment().await? else {
                    return Ok(());
                };
                let line = String::from_utf8(line).unwrap();
                if line == ".\r" {
                    break;
                }
                mail.push_str(&line);
                mail.push('\n');
            }
            seen.lock().unwrap().mails.push(mail);
            mails += 1;
            stage = "DOT".to_owned();
            continue;
        }
        if stage == "DOT" && mails_max.is_some_and(|most| mails >= most) {
            return Ok(());
        }
        let Some(line) = lines.next_segment().await? else {
            return Ok(());
        };
        let line = String::from_utf8(line).unwrap().trim_end().to_owned();
        stage = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        seen.lock().unwrap().commands.push(line);
    }
}
