//! The one HTTP client: calls one URL, never follows a redirect, never uses a proxy, never reads more than it must.
//!
//! It tells apart what was never sent, what was sent without an answer, and what was answered; what that means is the
//! vendor's business. The URL is a secret and stands in no answer and no error.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};

pub(super) use reqwest::{Method, Url};

use crate::domain::id::ChannelId;
use crate::secret::Secret;

use super::ChannelError;
use super::certificate::certificate_fault;

/// What is wrong with a URL; never the URL itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It cannot be read as a URL with a host.
    #[error("it cannot be read as a URL with a host")]
    Unreadable,
    /// It is of another scheme.
    #[error("it is neither http nor https")]
    Scheme,
}

/// Whether the text can be posted to.
pub(super) fn check_url(text: &str) -> Result<(), UrlError> {
    parse(text).map(drop)
}

/// A domain in its ASCII form: `例子.测试` is `xn--fsqu00a.xn--0zwm56d`. None: it is no domain.
pub(super) fn ascii_domain(domain: &str) -> Option<String> {
    if domain.contains(['/', '?', '#', '@', ':', '\\']) {
        return None;
    }
    Url::parse(&format!("http://{domain}/"))
        .ok()?
        .host_str()
        .map(str::to_owned)
}

/// The address so far below `base`: `path` begins with `/` and is percent-encoded already; a query of `base` stays.
pub(super) fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// The text as one piece of a path: all but letters, digits, `-`, `_`, `~` and the `kept` is percent-encoded.
pub(super) fn piece(text: &str, kept: &str) -> String {
    let mut piece = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-_~".contains(c) || (c.is_ascii() && kept.contains(c)) {
            piece.push(c);
        } else {
            piece.push_str(&format!("%{byte:02X}"));
        }
    }
    piece
}

/// One request.
pub(super) struct Call {
    /// `POST`, mostly.
    pub(super) method: Method,
    /// With its query.
    pub(super) url: Url,
    /// Further headers, by their lower-case names.
    pub(super) headers: Vec<(&'static str, String)>,
    /// JSON; empty: there is no body.
    pub(super) body: String,
}

impl Call {
    /// A post of JSON.
    pub(super) fn post(url: Url, body: String) -> Self {
        Self {
            method: Method::POST,
            url,
            headers: Vec::new(),
            body,
        }
    }

    /// A question.
    pub(super) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            ..Self::post(url, String::new())
        }
    }

    /// With a header more.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What became of a post.
#[derive(Debug)]
pub(super) enum Answered {
    /// An answer came.
    Status(Answer),
    /// No connection, so nothing left the house: why.
    NotReached(String),
    /// The other side's certificate does not hold: why.
    Certificate(String),
    /// The request could not be made at all: why.
    Unusable(&'static str),
    /// The request left and no answer came: why.
    NoAnswer(&'static str),
}

/// An answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// By their lower-case names.
    pub(super) headers: Vec<(String, String)>,
    /// What was read of the body.
    pub(super) body: String,
    /// Whether that is all of it.
    pub(super) is_whole: bool,
}

impl Answer {
    /// A header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the status is a success.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long to wait by `Retry-After`, in seconds or as an HTTP date; what is not one of them, a negative number too,
    /// counts as absent.
    pub(super) fn retry_after(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let value = self.header("retry-after")?.trim();
        let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than fit are an absurd wait, which the limit below answers.
            TimeDelta::try_seconds(value.parse().unwrap_or(i64::MAX)).unwrap_or(WAIT_MAX)
        } else {
            DateTime::parse_from_rfc2822(value).ok()?.with_timezone(&Utc) - now
        };
        Some(wait.clamp(WAIT_MIN, WAIT_MAX))
    }
}

/// "At once" would let a confused receiver be hammered.
pub(super) const WAIT_MIN: TimeDelta = TimeDelta::seconds(1);

/// Longer waits than any message lives are cut here, and by its age limit sooner.
pub(super) const WAIT_MAX: TimeDelta = TimeDelta::days(30);

/// Calls one URL.
pub(super) struct Client {
    client: reqwest::Client,
    url: Url,
    hidden: Vec<String>,
    timeout: Duration,
}

impl Client {
    /// A client for one URL; `timeout` is for a whole request, its connect takes at most 5 s of it.
    pub(super) fn new(id: &ChannelId, url: &Secret, timeout: TimeDelta) -> Result<Self, ChannelError> {
        let url = parse(url.reveal()).map_err(|source| ChannelError::Url {
            channel: id.clone(),
            source,
        })?;
        let timeout = timeout.to_std().unwrap_or(TIMEOUT);
        install_provider();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Shorter than the whole, so that an endless connect is not taken for a lost answer.
            .connect_timeout(CONNECT.min(timeout / 2))
            .timeout(timeout)
            .user_agent(concat!("duban/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ChannelError::Tls {
                channel: id.clone(),
                reason: innermost(&error.without_url()),
            })?;
        let hidden = parts(&url);
        Ok(Self {
            client,
            url,
            hidden,
            timeout,
        })
    }

    /// Where it was opened for.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Calls once. Ends within the timeout.
    pub(super) async fn call(&self, call: Call) -> Answered {
        let mut request = self.client.request(call.method, call.url);
        if !call.body.is_empty() {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            request = request.header(CONTENT_TYPE, json).body(call.body);
        }
        for (name, value) in call.headers {
            let Ok(mut value) = HeaderValue::from_str(&value) else {
                return Answered::Unusable("a header of the request has a character that HTTP does not allow");
            };
            value.set_sensitive(name == "authorization");
            request = request.header(HeaderName::from_static(name), value);
        }
        // The client's own limit stands inside; this one holds even if it should not.
        let sent = tokio::time::timeout(self.timeout + CONNECT, request.send()).await;
        match sent {
            Ok(Ok(response)) => Answered::Status(read(response).await),
            Ok(Err(error)) => fault(&error),
            Err(_) => Answered::NoAnswer("no answer in time"),
        }
    }

    /// What must not come back in an answer's words: the URL and its parts.
    pub(super) fn hidden(&self) -> Vec<&str> {
        self.hidden.iter().map(String::as_str).collect()
    }
}

/// The URL and its parts, the larger ones first; the values of its query as they stand and as they are meant.
fn parts(url: &Url) -> Vec<String> {
    let whole = [
        Some(url.as_str()),
        Some(url.path()),
        url.query(),
        url.host_str(),
        url.password(),
    ];
    let segments = url.path_segments().into_iter().flatten();
    let segments = segments.filter(|segment| segment.len() >= SEGMENT_MIN);
    let written = url.query().unwrap_or_default().split('&');
    let written = written.filter_map(|pair| Some(pair.split_once('=')?.1));
    let meant = url.query_pairs().map(|(_, value)| value.into_owned());
    let values = written.map(str::to_owned).chain(meant);
    let values = values.filter(|value| value.chars().count() >= VALUE_MIN);
    let parts = whole.into_iter().flatten().chain(segments).map(str::to_owned);
    parts.chain(values).collect()
}

/// One piece of a path this long may be a token.
const SEGMENT_MIN: usize = 8;

/// A value of a query this long may be a key, a token or a signature.
const VALUE_MIN: usize = 4;

/// Where a duration cannot be understood.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A host that takes longer is down.
const CONNECT: Duration = Duration::from_secs(5);

/// No more of an answer is read.
const BODY_BYTES_MAX: usize = 64 * 1024;

fn parse(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text).map_err(|_| UrlError::Unreadable)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlError::Scheme);
    }
    Ok(url)
}

/// The client panics without a provider; whoever installed one first wins.
fn install_provider() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// A body that is slow, cut or huge does not change the status; what came of it is kept.
async fn read(mut response: Response) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let mut body = Vec::new();
    let mut is_whole = false;
    while body.len() < BODY_BYTES_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => {
                is_whole = true;
                break;
            }
            Err(_) => break,
        }
    }
    body.truncate(BODY_BYTES_MAX);
    Answer {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        is_whole,
    }
}

fn fault(error: &reqwest::Error) -> Answered {
    if let Some(why) = certificate_fault(error) {
        return Answered::Certificate(why);
    }
    if error.is_builder() {
        return Answered::Unusable("the request could not be built");
    }
    if error.is_connect() {
        return Answered::NotReached(unreached(error));
    }
    if error.is_timeout() {
        return Answered::NoAnswer("no answer in time");
    }
    Answered::NoAnswer("the connection broke before an answer came")
}

/// Why there is no connection, without saying to where.
fn unreached(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no connection in time".to_owned();
    }
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error
            .downcast_ref::<std::io::Error>()
            .filter(|io| io.raw_os_error().is_some())
        {
            return format!("no connection: {}", io.kind());
        }
        next = error.source();
    }
    "no connection, or its name cannot be resolved".to_owned()
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    super::words::clean(&last.to_string(), &[])
}
