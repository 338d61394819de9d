//! The one HTTP client: posts to one URL, never follows a redirect, never uses a proxy, never reads more than it must.
//!
//! It tells apart what was never sent, what was sent without an answer, and what was answered; what that means is the
//! vendor's business. The URL is a secret and stands in no answer and no error.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, Url};

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

/// What is to be posted, as JSON.
pub(super) struct Post {
    /// Further headers, by their lower-case names.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(super) body: String,
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
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    /// The beginning of the body, for its words; empty where the status is a success.
    pub(super) excerpt: String,
}

/// Posts to one URL.
pub(super) struct Client {
    client: reqwest::Client,
    url: Url,
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
        Ok(Self { client, url, timeout })
    }

    /// Posts once. Ends within the timeout.
    pub(super) async fn post(&self, post: Post) -> Answered {
        let mut request = self.client.post(self.url.clone());
        request = request.header(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        for (name, value) in post.headers {
            let Ok(value) = HeaderValue::from_str(&value) else {
                return Answered::Unusable("a header of the request has a character that HTTP does not allow");
            };
            request = request.header(HeaderName::from_static(name), value);
        }
        // The client's own limit stands inside; this one holds even if it should not.
        let sent = tokio::time::timeout(self.timeout + CONNECT, request.body(post.body).send()).await;
        match sent {
            Ok(Ok(response)) => Answered::Status(read(response).await),
            Ok(Err(error)) => fault(&error),
            Err(_) => Answered::NoAnswer("no answer in time"),
        }
    }

    /// What must not come back in an answer's words: the URL and its parts.
    pub(super) fn hidden(&self) -> Vec<&str> {
        let mut hidden = vec![self.url.as_str(), self.url.path()];
        hidden.extend(self.url.query());
        hidden.extend(self.url.host_str());
        hidden.extend(self.url.password());
        hidden.extend(
            self.url
                .path_segments()
                .into_iter()
                .flatten()
                .filter(|segment| segment.len() >= SEGMENT_MIN),
        );
        hidden
    }
}

/// One piece of a path this long may be a token.
const SEGMENT_MIN: usize = 8;

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

/// The status is the answer: a body that is slow, cut or huge does not change it.
async fn read(mut response: Response) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let mut body = Vec::new();
    while body.len() < BODY_BYTES_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(BODY_BYTES_MAX);
    let excerpt = if (200..300).contains(&status) {
        String::new()
    } else {
        String::from_utf8_lossy(&body).into_owned()
    };
    Answer {
        status,
        retry_after,
        excerpt,
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
