//! What a mail server's answer means: one pure function from where we stood and what came to an outcome.
//!
//! The enhanced code (RFC 3463) is asked before the basic one, and well-known providers' own words before both, because
//! some say "never" where they mean "later".

use chrono::TimeDelta;

use crate::domain::outcome::{Outcome, Reach};

use super::super::words;

/// How far the dialogue had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Name and connection.
    Connect,
    /// The server's greeting and its answer to EHLO.
    Greeting,
    /// STARTTLS, or the TLS handshake.
    Tls,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, until it asked for the mail.
    Data,
    /// The mail itself and its final dot: the bytes left.
    Dot,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A reply.
    Reply {
        /// Its three digits.
        code: u16,
        /// Its text, all lines joined.
        text: String,
    },
    /// No connection at all: why, without saying to where.
    Unreached(String),
    /// Nothing, until our patience ended.
    Silence,
    /// The connection ended or could not be made.
    Broken,
    /// Something that is not SMTP.
    Garbled,
    /// The certificate does not hold: why.
    Certificate(String),
    /// TLS could not be agreed on.
    TlsRefused,
    /// TLS is demanded and the server does not offer it.
    NoStartTls,
    /// The server offers no way to log in that we know.
    NoLogin,
    /// An address needs SMTPUTF8 and the server does not offer it.
    NoUtf8,
}

/// Whether this message was already spared once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Not yet.
    No,
    /// It was.
    Yes,
}

/// A wait of this or more means "once more, hours later".
pub(super) const HOURS: TimeDelta = TimeDelta::hours(6);
const NEXT_DAY: TimeDelta = TimeDelta::hours(24);
const POLICY: TimeDelta = TimeDelta::minutes(5);
const GREYLIST: TimeDelta = TimeDelta::seconds(300);
const TENCENT: TimeDelta = TimeDelta::minutes(30);
const GMAIL_RATE: TimeDelta = TimeDelta::hours(1);
const NETEASE_QUOTA: TimeDelta = TimeDelta::seconds(900);
const NETEASE_SOON: TimeDelta = TimeDelta::seconds(120);

/// The outcome of an attempt that ended at `stage` with `event`. `hidden` are texts that must not come back in the words.
pub(super) fn outcome(stage: Stage, event: &Event, again: Again, hidden: &[&str]) -> Outcome {
    match event {
        Event::Reply { code, text } => {
            let words = words::clean(&format!("{code} {text}"), hidden);
            by_reply(stage, *code, text, again, words)
        }
        Event::Silence => no_reply(stage, "no answer in time"),
        Event::Unreached(why) => Outcome::Unreachable(format!("no connection: {why}")),
        Event::Broken if stage == Stage::Connect => Outcome::Unreachable("no connection".to_owned()),
        Event::Broken => no_reply(stage, "the server closed the connection"),
        Event::Garbled => no_reply(stage, "the server's answer is not SMTP"),
        Event::Certificate(why) => Outcome::PermanentEndpoint(format!("certificate refused: {why}")),
        Event::TlsRefused => Outcome::PermanentEndpoint("TLS could not be agreed on".to_owned()),
        Event::NoStartTls => {
            Outcome::PermanentEndpoint("the server does not offer STARTTLS, which is demanded".to_owned())
        }
        Event::NoLogin => Outcome::PermanentEndpoint("the server offers no login by PLAIN or LOGIN".to_owned()),
        Event::NoUtf8 => {
            Outcome::PermanentRecipient("the address needs SMTPUTF8, which the server does not offer".to_owned())
        }
    }
}

/// Where no reply came, what counts is whether the mail had left.
fn no_reply(stage: Stage, what: &str) -> Outcome {
    match stage {
        Stage::Connect => Outcome::Unreachable(format!("{what} (connecting)")),
        Stage::Greeting => Outcome::Unreachable(format!("{what} (greeting)")),
        Stage::Tls => Outcome::Unreachable(format!("{what} (TLS)")),
        Stage::Login => backoff(None, format!("{what} (login)")),
        Stage::Sender => backoff(None, format!("{what} (sender)")),
        Stage::Recipient => backoff(None, format!("{what} (recipient)")),
        Stage::Data => backoff(None, format!("{what} (before the mail)")),
        Stage::Dot => Outcome::Unknown(format!("{what} (after the mail)")),
    }
}

fn by_reply(stage: Stage, code: u16, text: &str, again: Again, words: String) -> Outcome {
    if let Some(outcome) = by_provider(code, text, again, &words) {
        return outcome;
    }
    let enhanced = Enhanced::read(text).filter(|enhanced| u16::from(enhanced.class) == code / 100);
    match code {
        400..=499 => temporary(stage, code, text, enhanced, words),
        500..=599 => permanent(stage, code, text, enhanced, again, words),
        // Neither yes nor no: as if it had not been said in SMTP.
        _ if stage == Stage::Dot => Outcome::Unknown(words),
        _ => backoff(None, words),
    }
}

/// Providers whose words mean something else than their codes.
fn by_provider(code: u16, text: &str, again: Again, words: &str) -> Option<Outcome> {
    let text = text.to_lowercase();
    let says = |part: &str| text.contains(part);
    let words = words.to_owned();
    let outcome = match code {
        // QQ and Tencent Exmail.
        500..=599 if says("frequency limited") || says("connection denied") => backoff(Some(TENCENT), words),
        550 if says("mailbox unavailable or access denied") => once_more(NEXT_DAY, again, words),
        // NetEase 163 and 126.
        400..=499 if says("mi:sfq") => Outcome::RetryAfter {
            reach: Reach::Endpoint,
            wait: NETEASE_QUOTA,
            words,
        },
        400..=499 if says("dt:spm") => Outcome::RetryAfter {
            reach: Reach::Endpoint,
            wait: NETEASE_SOON,
            words,
        },
        400..=499 if says("rp:qrc") || says("hl:icc") || says("hl:ifc") || says("hl:rep") => {
            backoff(Some(NETEASE_QUOTA), words)
        }
        500..=599 if says("dt:spm") => Outcome::PermanentMessage(words),
        500..=599 if says("mi:spf") => Outcome::PermanentEndpoint(words),
        // Gmail limits how fast one recipient receives.
        550 if says("5.2.1") && says("receiving mail") => backoff(Some(GMAIL_RATE), words),
        _ => return None,
    };
    Some(outcome)
}

fn temporary(stage: Stage, code: u16, text: &str, enhanced: Option<Enhanced>, words: String) -> Outcome {
    if code == 421 {
        return backoff(None, words);
    }
    let text = text.to_lowercase();
    let is_policy = enhanced.is_some_and(|enhanced| enhanced.subject == 7);
    let is_greylisted = text.contains("greylist")
        || text.contains("graylist")
        || text.contains("grey-list")
        || enhanced.is_some_and(|enhanced| enhanced.subject == 7 && enhanced.detail == 1);
    if stage == Stage::Recipient && is_greylisted {
        // This recipient's wait: the server takes mail for others meanwhile, so the lane does not pause.
        return backoff(Some(GREYLIST), words);
    }
    backoff(if is_policy { Some(POLICY) } else { None }, words)
}

fn permanent(stage: Stage, code: u16, text: &str, enhanced: Option<Enhanced>, again: Again, words: String) -> Outcome {
    if matches!(stage, Stage::Connect | Stage::Greeting | Stage::Tls | Stage::Login) || matches!(code, 530 | 535) {
        return Outcome::PermanentEndpoint(words);
    }
    let text = text.to_lowercase();
    match enhanced.map(|enhanced| (enhanced.subject, enhanced.detail)) {
        // The sender's own address.
        Some((1, 7 | 8)) => Outcome::PermanentEndpoint(words),
        Some((1, _)) if stage == Stage::Sender => Outcome::PermanentEndpoint(words),
        Some((1, _) | (2, 1)) => Outcome::PermanentRecipient(words),
        Some((2, 2)) => once_more(HOURS, again, words),
        Some((2, 3) | (3, 4)) => Outcome::PermanentMessage(words),
        Some((2, _)) => Outcome::PermanentRecipient(words),
        Some((3, _)) => Outcome::PermanentEndpoint(words),
        Some((4, _)) if stage == Stage::Recipient => Outcome::PermanentRecipient(words),
        Some((5, 3)) => backoff(None, words),
        Some((6, 7)) => Outcome::PermanentRecipient(words),
        Some((6, _)) => Outcome::PermanentMessage(words),
        Some((7, _)) => Outcome::PermanentEndpoint(words),
        _ => by_code(stage, code, &text, again, words),
    }
}

/// Where no enhanced code helps.
fn by_code(stage: Stage, code: u16, text: &str, again: Again, words: String) -> Outcome {
    if code == 552 && (text.contains("quota") || text.contains("mailbox full") || text.contains("mailbox is full")) {
        return once_more(HOURS, again, words);
    }
    match (stage, code) {
        // Too many recipients, of which there is one: RFC 5321 wants it taken for 452.
        (Stage::Recipient, 552) => backoff(None, words),
        (Stage::Recipient, 550..=556 | 559) if text.contains("relay") => Outcome::PermanentEndpoint(words),
        (Stage::Recipient, 501 | 550..=559) => Outcome::PermanentRecipient(words),
        (Stage::Sender | Stage::Data | Stage::Dot, 552 | 557) => Outcome::PermanentMessage(words),
        (Stage::Data | Stage::Dot, 550..=559) => Outcome::PermanentMessage(words),
        // A server that does not understand us, or refuses the sender, does so for every mail.
        _ => Outcome::PermanentEndpoint(words),
    }
}

fn backoff(minimum: Option<TimeDelta>, words: String) -> Outcome {
    Outcome::Backoff { minimum, words }
}

/// One more try after `wait`; then the recipient is given up.
fn once_more(wait: TimeDelta, again: Again, words: String) -> Outcome {
    match again {
        Again::No => backoff(Some(wait), words),
        Again::Yes => Outcome::PermanentRecipient(words),
    }
}

/// An enhanced code: `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Enhanced {
    class: u8,
    subject: u16,
    detail: u16,
}

impl Enhanced {
    /// The text's first word, where it is one.
    fn read(text: &str) -> Option<Self> {
        let word = text.split_whitespace().next()?;
        let mut numbers = word.trim_start_matches('#').split('.');
        let class: u8 = numbers.next()?.parse().ok()?;
        let subject = numbers.next()?.parse().ok()?;
        let detail = numbers.next()?.parse().ok()?;
        let is_code = matches!(class, 2 | 4 | 5) && numbers.next().is_none();
        is_code.then_some(Self { class, subject, detail })
    }
}

#[cfg(test)]
mod tests;
