//! Just enough HTTP/1.1 for a vendor's door: keep-alive, bodies by length and by chunks, and answers that go wrong.

use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::{Inner, Reply, Request, Vendor};

/// How an answer goes out.
pub(crate) enum Answer {
    Whole(Reply),
    /// Not at all: the connection is cut.
    Cut,
    Endless(Reply),
    Silence,
    Late(Reply, Duration),
}

/// Talks over one connection until either side has enough.
pub(super) async fn talk<V: Vendor>(stream: TcpStream, inner: &Inner<V>) -> Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(request) = request(&mut read, inner).await? {
        let mut answer = inner.take(&request);
        if let Answer::Late(reply, delay) = answer {
            tokio::time::sleep(delay).await;
            answer = Answer::Whole(reply);
        }
        match answer {
            Answer::Whole(reply) | Answer::Late(reply, _) => {
                write.write_all(&whole(&reply, &request.method)).await?;
                if request
                    .header("connection")
                    .is_some_and(|it| it.eq_ignore_ascii_case("close"))
                {
                    return Ok(());
                }
            }
            Answer::Cut => return Ok(()),
            Answer::Endless(reply) => return endless(&mut write, &reply).await,
            Answer::Silence => std::future::pending().await,
        }
    }
    Ok(())
}

/// The next request, or nothing when the client has gone.
async fn request<V: Vendor>(read: &mut BufReader<OwnedReadHalf>, inner: &Inner<V>) -> Result<Option<Request>> {
    let first = line(read).await?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let line = line(read).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| Error::other("a header without a colon"))?;
        let value = value.trim();
        headers
            .entry(name.to_lowercase())
            .and_modify(|known| *known = format!("{known}, {value}"))
            .or_insert_with(|| value.to_owned());
    }
    let mut request = Request::bare(method, target, inner.clock.now());
    request.headers = headers;
    request.body = body(read, &request).await?;
    request.at = inner.clock.now();
    Ok(Some(request))
}

async fn line(read: &mut BufReader<OwnedReadHalf>) -> Result<String> {
    let mut line = Vec::new();
    read.read_until(b'\n', &mut line).await?;
    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

async fn body(read: &mut BufReader<OwnedReadHalf>, request: &Request) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    if request
        .header("transfer-encoding")
        .is_some_and(|it| it.eq_ignore_ascii_case("chunked"))
    {
        loop {
            let head = line(read).await?;
            let size = head.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(Error::other)?;
            let mut chunk = vec![0; size];
            read.read_exact(&mut chunk).await?;
            body.append(&mut chunk);
            // The end of the chunk, or the empty line after the last: no client of ours sends trailers.
            line(read).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    let length = request.header("content-length").unwrap_or("0");
    body.resize(length.parse().map_err(Error::other)?, 0);
    read.read_exact(&mut body).await?;
    Ok(body)
}

fn head(reply: &Reply) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head
}

fn whole(reply: &Reply, method: &str) -> Vec<u8> {
    let mut head = head(reply);
    if reply.status != 204 && reply.status != 304 {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if method != "HEAD" && reply.status != 204 && reply.status != 304 {
        bytes.extend_from_slice(reply.body.as_bytes());
    }
    bytes
}

/// Ends only when the client does not listen any more.
async fn endless(write: &mut OwnedWriteHalf, reply: &Reply) -> Result<()> {
    let head = format!("{}transfer-encoding: chunked\r\n\r\n", head(reply));
    write.write_all(head.as_bytes()).await?;
    loop {
        write.write_all(b"1\r\n \r\n").await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Other",
    }
}

/// A query as a form is decoded: of two of a name, the first.
pub(super) fn query(raw: &str) -> BTreeMap<String, String> {
    let mut query = BTreeMap::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        query.entry(decode(name)).or_insert_with(|| decode(value));
    }
    query
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let ahead = rest.clone();
                let digits: String = ahead.take(2).map(char::from).collect();
                match u8::from_str_radix(&digits, 16) {
                    Ok(decoded) if digits.len() == 2 => {
                        rest.nth(1);
                        decoded
                    }
                    _ => b'%',
                }
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
