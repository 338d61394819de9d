//! A few connections to one mail server, kept for a while and used again.
//!
//! Never more than `concurrency` at once, parked ones included. A parked connection that turns out to be dead costs nothing
//! but a new one: it is tried with the next mail, and only a fresh connection's failure counts.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::id::ChannelId;
use crate::domain::outcome::Outcome;

use super::super::{ChannelError, words};
use super::dialogue::{self, DOT_SECONDS, Guard, Patience, Stop, Way};
use super::letter::Letter;
use super::reply::{self, Again, Event, Stage};
use super::{Settings, Tls};

/// The connections of one channel.
pub(super) struct Pool {
    pub(super) way: Way,
    /// The login's name and password, which must not come back in a server's words.
    login: Vec<String>,
    permits: Semaphore,
    parked: Mutex<Vec<Parked>>,
    serial: AtomicU64,
}

/// A connection that waits for the next mail.
struct Parked {
    used: Used,
    serial: u64,
    /// Closes it when it has waited long enough; goes with it when it is taken.
    reaper: AbortOnDropHandle<()>,
}

/// A connection and what it went through.
struct Used {
    connection: AsyncSmtpConnection,
    mails: u32,
    /// Whether its last mail was refused half-way, so that the server must be told to forget it.
    is_soiled: bool,
}

impl Pool {
    /// Reads the private authority's file; connects nowhere.
    pub(super) fn new(
        id: &ChannelId,
        settings: &Settings,
        host: &str,
        port: u16,
        tls: Tls,
    ) -> Result<Self, ChannelError> {
        let guard = match tls {
            Tls::None => Guard::None,
            Tls::StartTls => Guard::StartTls(tls_parameters(id, host, settings.ca_file.as_deref())?),
            Tls::Implicit => Guard::Implicit(tls_parameters(id, host, settings.ca_file.as_deref())?),
        };
        let password = settings.password.as_ref().map(|password| password.reveal().to_owned());
        let login = settings
            .username
            .clone()
            .map(|name| Credentials::new(name, password.clone().unwrap_or_default()));
        let command = settings.lane.timeout.to_std().unwrap_or(COMMAND);
        let patience = Patience {
            command,
            dot: command.max(Duration::from_secs(DOT_SECONDS)),
        };
        let way = Way {
            host: host.to_owned(),
            port,
            guard,
            login,
            hello: ClientId::default(),
            patience,
        };
        Ok(Self {
            way,
            login: settings.username.iter().cloned().chain(password).collect(),
            permits: Semaphore::new(settings.lane.concurrency.max(1)),
            parked: Mutex::default(),
            serial: AtomicU64::new(0),
        })
    }

    /// Sends one letter, over a parked connection where there is one.
    pub(super) async fn send(self: &Arc<Self>, letter: &Letter, again: Again) -> Outcome {
        let patience = self.way.patience;
        let Ok(Ok(_permit)) = tokio::time::timeout(patience.dot + patience.command, self.permits.acquire()).await
        else {
            return Outcome::Backoff {
                minimum: None,
                words: "all connections to the server are busy".to_owned(),
            };
        };
        let (to, from) = (letter.to.to_string(), letter.from.to_string());
        let mut hidden = vec![to.as_str(), from.as_str()];
        hidden.extend(self.login.iter().map(String::as_str));
        match self.send_over_any(letter).await {
            Ok(said) => Outcome::Accepted(words::clean(&said, &hidden)),
            Err((stage, event)) => reply::outcome(stage, &event, again, &hidden),
        }
    }

    /// Opens a connection of its own, as for a mail, and says goodbye.
    pub(super) async fn check(&self) -> Outcome {
        let hidden: Vec<&str> = self.login.iter().map(String::as_str).collect();
        // Each step has a limit of its own, which ends sooner and says at which.
        let opening = tokio::time::timeout(self.way.patience.command + GOODBYE, dialogue::connect(&self.way));
        match opening.await {
            Ok(Ok(mut connection)) => {
                let mut words = format!("EHLO answered by {}", connection.server_info().name());
                words.push_str(match &self.way.guard {
                    Guard::None => ", without TLS",
                    Guard::StartTls(_) => ", STARTTLS",
                    Guard::Implicit(_) => ", TLS",
                });
                if self.way.login.is_some() {
                    words.push_str(", login taken");
                }
                drop(tokio::time::timeout(GOODBYE, connection.quit()).await);
                Outcome::Delivered(words::clean(&words, &hidden))
            }
            Ok(Err((stage, event))) => reply::outcome(stage, &event, Again::No, &hidden),
            Err(_) => Outcome::Unreachable("no answer in time".to_owned()),
        }
    }

    async fn send_over_any(self: &Arc<Self>, letter: &Letter) -> Result<String, Stop> {
        while let Some(mut used) = self.take() {
            let ready = if used.is_soiled {
                dialogue::reset(&mut used.connection, self.way.patience).await
            } else {
                Ok(())
            };
            let sent = match ready {
                Ok(()) => dialogue::deliver(&mut used.connection, letter, self.way.patience).await,
                Err(stop) => Err(stop),
            };
            if sent.as_ref().is_err_and(is_stale) {
                // Where one is dead, the others most likely are; trying each could take a limit each.
                self.parked.lock().unwrap_or_else(PoisonError::into_inner).clear();
                continue;
            }
            self.give_back(used, &sent);
            return sent;
        }
        let connection = dialogue::connect(&self.way).await?;
        let mut used = Used {
            connection,
            mails: 0,
            is_soiled: false,
        };
        let sent = dialogue::deliver(&mut used.connection, letter, self.way.patience).await;
        self.give_back(used, &sent);
        sent
    }

    fn take(&self) -> Option<Used> {
        let parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        drop(parked.reaper);
        Some(parked.used)
    }

    /// Parks the connection, if it is still good for another mail; else closes it.
    fn give_back(self: &Arc<Self>, mut used: Used, sent: &Result<String, Stop>) {
        used.mails += 1;
        used.is_soiled = sent.is_err();
        let is_good = match sent {
            Ok(_) | Err((_, Event::NoUtf8)) => true,
            Err((_, Event::Reply { code, .. })) => !matches!(code, 421 | 530),
            Err(_) => false,
        };
        if !is_good || used.mails >= MAILS_MAX {
            return;
        }
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let pool = Arc::downgrade(self);
        let reaper = tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            let Some(pool) = pool.upgrade() else { return };
            let idle = pool.take_out(serial);
            drop(pool);
            if let Some(mut used) = idle {
                drop(tokio::time::timeout(GOODBYE, used.connection.quit()).await);
            }
        });
        let parked = Parked {
            used,
            serial,
            reaper: AbortOnDropHandle::new(reaper),
        };
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).push(parked);
    }

    /// Takes out one parked connection by its number, on behalf of its own reaper.
    fn take_out(&self, serial: u64) -> Option<Used> {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        let place = parked.iter().position(|parked| parked.serial == serial)?;
        let parked = parked.swap_remove(place);
        // The reaper runs in this very task: aborting it here would cut the goodbye short.
        drop(parked.reaper.detach());
        Some(parked.used)
    }
}

/// Where a step has no limit that can be used.
const COMMAND: Duration = Duration::from_secs(30);

/// A parked connection is closed after this: many servers close theirs after 60 s.
const IDLE: Duration = Duration::from_secs(30);

/// A goodbye is not waited for longer.
const GOODBYE: Duration = Duration::from_secs(2);

/// Some servers limit the mails of one session.
const MAILS_MAX: u32 = 100;

/// Whether a parked connection was dead before the mail was begun, so that a fresh one must be tried.
fn is_stale((stage, event): &Stop) -> bool {
    let is_dead = match event {
        Event::Broken | Event::Silence | Event::Garbled => true,
        Event::Reply { code, .. } => *code == 421,
        Event::Unreached(_)
        | Event::Certificate(_)
        | Event::TlsRefused
        | Event::NoStartTls
        | Event::NoLogin
        | Event::NoUtf8 => false,
    };
    is_dead && *stage == Stage::Sender
}

fn tls_parameters(id: &ChannelId, host: &str, ca: Option<&Path>) -> Result<TlsParameters, ChannelError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let shown = path.display().to_string();
        let pem = std::fs::read(path).map_err(|source| ChannelError::CaUnreadable {
            channel: id.clone(),
            path: shown.clone(),
            source,
        })?;
        let has_one = pem.windows(PEM.len()).any(|window| window == PEM);
        let authority = Certificate::from_pem(&pem).ok().filter(|_| has_one);
        let authority = authority.ok_or(ChannelError::CaInvalid {
            channel: id.clone(),
            path: shown,
        })?;
        builder = builder.add_root_certificate(authority);
    }
    builder.build_rustls().map_err(|error| ChannelError::Tls {
        channel: id.clone(),
        reason: words::clean(&error.to_string(), &[]),
    })
}

/// A file without it holds no certificate, which the reader itself does not mind.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
