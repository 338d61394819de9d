//! Servers that behave as the vendors of chats document it: each enforces its vendor's rules, answers in its words, and keeps
//! what a group would see. A client that is wrong fails here as it would there.

pub(crate) mod all;
mod asking;
pub(crate) mod dingtalk;
pub(crate) mod discord;
pub(crate) mod feishu;
pub(crate) mod gotify;
mod http;
mod hypertext;
mod markdown;
mod markup;
pub(crate) mod matrix;
pub(crate) mod mattermost;
pub(crate) mod ntfy;
pub(crate) mod rocketchat;
mod shown;
mod sign;
pub(crate) mod slack;
pub(crate) mod teams;
pub(crate) mod telegram;
pub(crate) mod wecom;
mod window;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use duban::clock::Clock;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query, as it came.
    pub(crate) path: String,
    /// As it came, without `?`.
    pub(crate) raw_query: String,
    /// The query, decoded as a form is.
    pub(crate) query: BTreeMap<String, String>,
    /// By lower-case names.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// The server's own time.
    pub(crate) at: DateTime<Utc>,
}

/// What goes back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// One post as the people of a group see it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Post {
    pub(crate) at: DateTime<Utc>,
    /// Its visible text, title first, with all markup resolved as the vendor's application resolves it.
    pub(crate) text: String,
    /// Whom it rings, by the vendor's handles; `@all` for everybody.
    pub(crate) rings: Vec<String>,
    /// Where its links lead.
    pub(crate) links: Vec<String>,
    /// The size that the vendor limits, as the vendor counts it.
    pub(crate) size: usize,
    /// The request's body.
    pub(crate) raw: Value,
}

/// A vendor: rules, state, and what its groups saw. It knows nothing of sockets.
pub(crate) trait Vendor: Send + 'static {
    /// Answers one request by the documented rules.
    fn reply(&mut self, request: &Request) -> Reply;
    /// What the group saw, in order.
    fn posts(&self) -> &[Post];
    /// Whether it has an answer of its own to a request without a User-Agent.
    fn answers_nameless(&self) -> bool {
        false
    }
}

/// What goes wrong with a request, whatever the vendor would say.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The connection is cut when the request has come; the vendor never saw it.
    CutBefore,
    /// The vendor took it, and the connection is cut before the answer.
    CutAfter,
    /// The vendor never saw it; this is answered instead.
    Instead(Reply),
    /// The vendor took it; this is answered instead.
    After(Reply),
    /// The vendor took it; the head of a good answer comes, then a body that never ends, slowly.
    Endless,
    /// The vendor never saw it, and there is no answer at all.
    Silence,
    /// The vendor took it, and its answer comes so much later, in real time.
    Late(Duration),
}

/// A vendor on a port of its own, on the clock of the test.
pub(crate) struct VendorServer<V> {
    pub(crate) port: u16,
    inner: Arc<Inner<V>>,
    running: Option<AbortHandle>,
}

struct Inner<V> {
    vendor: Mutex<V>,
    /// Of the next requests, one each.
    faults: Mutex<VecDeque<Fault>>,
    requests: Mutex<Vec<Request>>,
    clock: Arc<dyn Clock>,
}

impl Request {
    /// A POST of JSON as a well-behaved client makes it, for tests that need no socket.
    pub(crate) fn post(target: &str, body: &Value, at: DateTime<Utc>) -> Self {
        let mut request = Self::bare("POST", target, at);
        request.headers = [
            ("host", "127.0.0.1"),
            ("user-agent", "test"),
            ("content-type", "application/json"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        request.body = body.to_string().into_bytes();
        request
    }

    fn bare(method: &str, target: &str, at: DateTime<Utc>) -> Self {
        let (path, raw_query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            raw_query: raw_query.to_owned(),
            query: http::query(raw_query),
            headers: BTreeMap::new(),
            body: Vec::new(),
            at,
        }
    }

    /// A header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Whether its body says that it is JSON, with or without a `charset=utf-8`.
    pub(crate) fn is_json(&self) -> bool {
        let mut parts = self
            .header("content-type")
            .unwrap_or_default()
            .split(';')
            .map(str::trim);
        parts
            .next()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
            && parts.all(|part| part.eq_ignore_ascii_case("charset=utf-8"))
    }

    /// Its body as strict JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What every vendor's front refuses.
    fn refused(&self, vendor: &impl Vendor) -> Option<Reply> {
        if self.header("host").is_none() {
            return Some(Reply::text(400, "no Host"));
        }
        let is_nameless = self.header("user-agent").is_none_or(str::is_empty);
        if is_nameless && !vendor.answers_nameless() {
            return Some(Reply::text(400, "no User-Agent"));
        }
        let says_json = self
            .header("content-type")
            .is_some_and(|kind| kind.to_lowercase().contains("json"));
        (says_json && std::str::from_utf8(&self.body).is_err()).then(|| Reply::text(400, "the body is not UTF-8"))
    }
}

impl Reply {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())],
            body: value.to_string(),
        }
    }

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())],
            body: text.to_owned(),
        }
    }

    pub(crate) fn html(status: u16, text: &str) -> Self {
        Self::empty(status)
            .with("content-type", "text/html; charset=utf-8")
            .body(text)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// With a header, which takes the place of one of the same name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn body(mut self, text: &str) -> Self {
        text.clone_into(&mut self.body);
        self
    }
}

impl<V: Vendor> VendorServer<V> {
    pub(crate) async fn start(vendor: V, clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut server = Self {
            port: listener.local_addr().unwrap().port(),
            inner: Arc::new(Inner {
                vendor: Mutex::new(vendor),
                faults: Mutex::default(),
                requests: Mutex::default(),
                clock,
            }),
            running: None,
        };
        server.serve(listener);
        server
    }

    /// The URL of a path, which may have a query.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{}", self.port, path.trim_start_matches('/'))
    }

    /// The vendor, to look at and to change. Let go of it before the next request.
    pub(crate) fn vendor(&self) -> MutexGuard<'_, V> {
        self.inner.vendor.lock().unwrap()
    }

    /// What the group saw.
    pub(crate) fn posts(&self) -> Vec<Post> {
        self.vendor().posts().to_vec()
    }

    /// What came in, whatever became of it.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.inner.requests.lock().unwrap().clone()
    }

    /// What goes wrong with the next request, after the faults that already wait for one.
    pub(crate) fn fault_next(&self, fault: Fault) {
        self.inner.faults.lock().unwrap().push_back(fault);
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
        let inner = Arc::clone(&self.inner);
        let task = tokio::spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&inner);
                talks.spawn(async move { drop(http::talk(stream, &inner).await) });
                while talks.try_join_next().is_some() {}
            }
        });
        self.running = Some(task.abort_handle());
    }
}

impl<V> Drop for VendorServer<V> {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

impl<V: Vendor> Inner<V> {
    /// What is answered to a request, and how.
    fn take(&self, request: &Request) -> http::Answer {
        self.requests.lock().unwrap().push(request.clone());
        let fault = self.faults.lock().unwrap().pop_front();
        let reply = || {
            let mut vendor = self.vendor.lock().unwrap();
            let refused = request.refused(&*vendor);
            refused.unwrap_or_else(|| vendor.reply(request))
        };
        match fault {
            None => http::Answer::Whole(reply()),
            Some(Fault::CutBefore) => http::Answer::Cut,
            Some(Fault::CutAfter) => {
                reply();
                http::Answer::Cut
            }
            Some(Fault::Instead(instead)) => http::Answer::Whole(instead),
            Some(Fault::After(instead)) => {
                reply();
                http::Answer::Whole(instead)
            }
            Some(Fault::Endless) => http::Answer::Endless(reply()),
            Some(Fault::Silence) => http::Answer::Silence,
            Some(Fault::Late(delay)) => http::Answer::Late(reply(), delay),
        }
    }
}

#[cfg(test)]
mod tests;
