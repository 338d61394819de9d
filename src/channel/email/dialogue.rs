//! The dialogue with a mail server: opening a connection, and one mail over it, every step under a limit of ours.
//!
//! lettre speaks the protocol; this file decides the order of the steps, so that it is always known whether the mail had
//! left when something failed, and how long to wait at each step.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::net::{TcpStream, lookup_host};

use super::super::certificate;
use super::letter::Letter;
use super::reply::{Event, Stage};

/// The answer to the final dot is waited for this long at least, in seconds: who gives up earlier sends twice.
pub const DOT_SECONDS: u64 = 120;

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the connection, the greeting, and each command.
    pub(super) command: Duration,
    /// For the answer to the final dot.
    pub(super) dot: Duration,
}

/// How a connection is made.
pub(super) struct Way {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) guard: Guard,
    pub(super) login: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) patience: Patience,
}

/// How it is protected.
pub(super) enum Guard {
    None,
    StartTls(TlsParameters),
    Implicit(TlsParameters),
}

/// Where a dialogue ended, and with what.
pub(super) type Stop = (Stage, Event);

/// Opens a connection, up to the point where a mail can be given.
pub(super) async fn connect(way: &Way) -> Result<AsyncSmtpConnection, Stop> {
    let mut connection = match &way.guard {
        Guard::Implicit(tls) => over_tls(way, tls).await?,
        Guard::None => over_tcp(way).await?,
        Guard::StartTls(tls) => {
            let mut connection = over_tcp(way).await?;
            if !connection.can_starttls() {
                return Err((Stage::Tls, Event::NoStartTls));
            }
            let upgrade = connection.starttls(tls.clone(), &way.hello);
            within(way.patience.command, Stage::Tls, upgrade).await?;
            connection
        }
    };
    if let Some(login) = &way.login {
        let known = [Mechanism::Plain, Mechanism::Login];
        if connection.server_info().get_auth_mechanism(&known).is_none() {
            return Err((Stage::Login, Event::NoLogin));
        }
        within(way.patience.command, Stage::Login, connection.auth(&known, login)).await?;
    }
    Ok(connection)
}

async fn over_tcp(way: &Way) -> Result<AsyncSmtpConnection, Stop> {
    let limit = way.patience.command;
    let unreached = |why: &str| (Stage::Connect, Event::Unreached(why.to_owned()));
    let opening = async {
        let addresses = lookup_host((way.host.as_str(), way.port)).await;
        let addresses: Vec<SocketAddr> = addresses
            .map_err(|_| unreached("its name cannot be resolved"))?
            .collect();
        let stream = TcpStream::connect(addresses.as_slice()).await;
        stream.map_err(|error| unreached(&error.kind().to_string()))
    };
    let stream = tokio::time::timeout(limit, opening)
        .await
        .map_err(|_| unreached("it took too long"))??;
    // Without it every mail waits 40 ms for the other side's delayed acknowledgement.
    stream.set_nodelay(true).map_err(|_| (Stage::Connect, Event::Broken))?;
    let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &way.hello);
    within(way.patience.command, Stage::Greeting, greeting).await
}

/// lettre makes this connection itself, since it hands over no stream that is encrypted already. Nagle's rule does no harm
/// here, because a mail is written in one piece.
async fn over_tls(way: &Way, tls: &TlsParameters) -> Result<AsyncSmtpConnection, Stop> {
    let limit = way.patience.command;
    let host = (way.host.as_str(), way.port);
    let opening = AsyncSmtpConnection::connect_tokio1(host, Some(limit), &way.hello, Some(tls.clone()), None);
    // Name, handshake and greeting have a step's time each.
    let (stage, event) = match within(limit * 3, Stage::Connect, opening).await {
        Ok(connection) => return Ok(connection),
        Err(stop) => stop,
    };
    let stage = match event {
        Event::Reply { .. } | Event::Garbled => Stage::Greeting,
        Event::Certificate(_) | Event::TlsRefused => Stage::Tls,
        Event::Silence | Event::Broken | Event::Unreached(_) | Event::NoStartTls | Event::NoLogin | Event::NoUtf8 => {
            stage
        }
    };
    Err((stage, event))
}

/// Gives one mail to the server. Gives back the server's words about it.
pub(super) async fn deliver(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    patience: Patience,
) -> Result<String, Stop> {
    let mut options = Vec::new();
    let offers = |extension| connection.server_info().supports_feature(extension);
    if letter.needs_utf8() {
        if !offers(Extension::SmtpUtfEight) {
            return Err((Stage::Sender, Event::NoUtf8));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !letter.bytes.is_ascii() && offers(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let sender = Mail::new(Some(letter.from.clone()), options);
    within(patience.command, Stage::Sender, connection.command(sender)).await?;
    let recipient = Rcpt::new(letter.to.clone(), Vec::new());
    within(patience.command, Stage::Recipient, connection.command(recipient)).await?;
    let go_on = within(patience.command, Stage::Data, connection.command(Data)).await?;
    if !go_on.has_code(354) {
        return Err((Stage::Data, said(&go_on)));
    }
    let done = within(patience.dot, Stage::Dot, connection.command(stuffed(&letter.bytes))).await?;
    let is_taken = done.code().severity == Severity::PositiveCompletion;
    if is_taken {
        Ok(format!("{} {}", done.code(), joined(&done)))
    } else {
        Err((Stage::Dot, said(&done)))
    }
}

/// Makes the server forget a mail that it refused.
pub(super) async fn reset(connection: &mut AsyncSmtpConnection, patience: Patience) -> Result<(), Stop> {
    within(patience.command, Stage::Sender, connection.command(Rset))
        .await
        .map(drop)
}

async fn within<T>(limit: Duration, stage: Stage, step: impl Future<Output = Result<T, Error>>) -> Result<T, Stop> {
    match tokio::time::timeout(limit, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err((stage, event_of(&error))),
        Err(_) => Err((stage, Event::Silence)),
    }
}

fn said(response: &Response) -> Event {
    Event::Reply {
        code: u16::from(response.code()),
        text: joined(response),
    }
}

fn joined(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    lines.join(" ")
}

fn event_of(error: &Error) -> Event {
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return Event::Reply {
            code: u16::from(code),
            text,
        };
    }
    if let Some(why) = certificate::certificate_fault(error) {
        return Event::Certificate(why);
    }
    if certificate::is_tls_fault(error) {
        return Event::TlsRefused;
    }
    let is_cut = error
        .source()
        .is_none_or(|source| source.to_string().contains("incomplete response"));
    if error.is_response() && !is_cut {
        Event::Garbled
    } else {
        Event::Broken
    }
}

/// The mail as it goes over the wire, in one piece: lines that begin with a dot get another, and the final dot stands at the end.
fn stuffed(mail: &str) -> String {
    let mut wire = mail.replace("\r\n.", "\r\n..");
    if wire.starts_with('.') {
        wire.insert(0, '.');
    }
    if !wire.ends_with("\r\n") {
        wire.push_str("\r\n");
    }
    wire.push_str(".\r\n");
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_dot_gets_another() {
        assert_eq!(stuffed(".a\r\n.\r\nb."), "..a\r\n..\r\nb.\r\n.\r\n");
    }
}
