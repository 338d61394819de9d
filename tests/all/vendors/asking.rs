//! What every vendor looks at in a request, and the requests of the vendors' own tests.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Reply, Request};

/// The media type in lower case, without parameters; empty without the header.
pub(crate) fn media_type(request: &Request) -> String {
    let header = request.headers.get("content-type").map_or("", String::as_str);
    header.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

pub(crate) fn is_json(request: &Request) -> bool {
    media_type(request) == "application/json"
}

pub(crate) fn is_form(request: &Request) -> bool {
    media_type(request) == "application/x-www-form-urlencoded"
}

/// The body as JSON in strict UTF-8.
pub(crate) fn json_body(request: &Request) -> Result<Value, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

/// The body as a form.
pub(crate) fn form_body(request: &Request) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&request.body).replace('+', " ");
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (percent_decoded(name), percent_decoded(value)))
        .collect()
}

/// The segments of the path, each decoded.
pub(crate) fn segments(request: &Request) -> Vec<String> {
    let path = request.path.strip_prefix('/').unwrap_or(&request.path);
    path.split('/').map(percent_decoded).collect()
}

pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            Some(_) | None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The token after `Bearer`.
pub(crate) fn bearer(request: &Request) -> Option<String> {
    let header = request.headers.get("authorization")?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The one place that makes JSON replies.
#[expect(clippy::needless_pass_by_value, reason = "every caller has just made it")]
pub(crate) fn json(status: u16, value: Value) -> Reply {
    Reply::json(status, &value)
}

/// So many at once, then so many a second.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    size: f64,
    per_second: f64,
    level: f64,
    at: Option<DateTime<Utc>>,
}

impl Bucket {
    pub(crate) fn new(size: u32, per_second: f64) -> Self {
        Self {
            size: f64::from(size),
            per_second,
            level: f64::from(size),
            at: None,
        }
    }

    /// Takes one, or says after how many milliseconds there will be one.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> Result<(), i64> {
        let since = self.at.map_or(0, |at| (now - at).num_milliseconds().max(0));
        self.at = Some(now);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a test")]
        let gained = since as f64 / 1000.0 * self.per_second;
        self.level = (self.level + gained).min(self.size);
        // What refills in steps of tenths never adds up to a whole.
        if self.level >= 0.999_999 {
            self.level -= 1.0;
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
        let wait = ((1.0 - self.level) / self.per_second * 1000.0).ceil() as i64;
        Err(wait)
    }
}

/// Whole seconds that are enough for so many milliseconds.
pub(crate) fn seconds(milliseconds: i64) -> i64 {
    (milliseconds + 999) / 1000
}

/// The day on which the tests of the vendors begin, and so many seconds later.
#[cfg(test)]
pub(crate) fn second(number: i64) -> DateTime<Utc> {
    let morning = DateTime::from_timestamp(1_767_600_000, 0).unwrap();
    morning + chrono::TimeDelta::seconds(number)
}

/// A request with a body of JSON.
#[cfg(test)]
pub(crate) fn asked(method: &str, target: &str, body: &Value) -> Request {
    let mut request = asked_bare(method, target, body.to_string().as_bytes());
    request
        .headers
        .insert("content-type".to_owned(), "application/json; charset=utf-8".to_owned());
    request
}

/// A request without a word on its body.
#[cfg(test)]
pub(crate) fn asked_bare(method: &str, target: &str, body: &[u8]) -> Request {
    let (path, raw_query) = target.split_once('?').unwrap_or((target, ""));
    let query = raw_query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (percent_decoded(name), percent_decoded(value)))
        .collect();
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        raw_query: raw_query.to_owned(),
        query,
        headers: BTreeMap::from([("user-agent".to_owned(), "duban".to_owned())]),
        body: body.to_vec(),
        at: second(0),
    }
}

/// The body of a reply as JSON.
#[cfg(test)]
pub(crate) fn told(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// A header of a reply.
#[cfg(test)]
pub(crate) fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let found = reply.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_size_at_once_and_then_waits() {
        let mut bucket = Bucket::new(3, 0.5);
        let given: Vec<_> = (0..4).map(|_| bucket.take(second(0))).collect();
        assert_eq!(given, [Ok(()), Ok(()), Ok(()), Err(2000)]);
        assert_eq!(bucket.take(second(2)), Ok(()));
    }

    #[test]
    fn percent_signs_are_decoded_as_bytes() {
        assert_eq!(percent_decoded("%21room%3Achat%E6%8F%90%zz"), "!room:chat提%zz");
    }
}
