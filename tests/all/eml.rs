//! Reads back the mails that Duban writes, as far as these tests look at them.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// Empty where there is none.
    pub(crate) html: String,
    /// How large it is as it is sent.
    pub(crate) bytes: usize,
    pub(crate) date: String,
    /// The names and bytes of what is attached, in order.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// The mails of a folder in the order of their names, which begin with the time.
pub(crate) fn read_folder(folder: &Path) -> Vec<Mail> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "eml"));
    paths.sort();
    paths
        .iter()
        .map(|path| read(&fs::read_to_string(path).unwrap()))
        .collect()
}

/// Reads one mail.
pub(crate) fn read(raw: &str) -> Mail {
    let bytes = raw.len();
    let raw = raw.replace("\r\n", "\n");
    let (head, body) = raw.split_once("\n\n").unwrap();
    let to = header(head, "To");
    let to = to
        .split_once('<')
        .map_or(to.as_str(), |(_, address)| address.trim_end_matches('>'));
    Mail {
        to: to.to_owned(),
        id: header(head, "Message-ID"),
        kind: header(head, "X-Duban-Kind"),
        subject: words(&header(head, "Subject")),
        date: header(head, "Date"),
        text: text_of(head, body, "text/plain").unwrap(),
        html: text_of(head, body, "text/html").unwrap_or_default(),
        bytes,
        files: parts_of(head, body)
            .into_iter()
            .filter_map(|part| part.file.map(|name| (name, part.bytes)))
            .collect(),
    }
}

/// The first part of a kind.
fn text_of(head: &str, body: &str, kind: &str) -> Option<String> {
    let part = parts_of(head, body).into_iter().find(|part| part.kind == kind)?;
    Some(String::from_utf8(part.bytes).unwrap().replace("\r\n", "\n"))
}

/// What stands at the end of a branch of a mail.
struct Part {
    kind: String,
    file: Option<String>,
    bytes: Vec<u8>,
}

/// All parts that hold something, in order.
fn parts_of(head: &str, body: &str) -> Vec<Part> {
    let kind = header(head, "Content-Type");
    let kind_alone = kind.split(';').next().unwrap_or_default().to_owned();
    if kind_alone.starts_with("multipart/") {
        let boundary = kind.split_once("boundary=").unwrap().1.split(';').next().unwrap();
        let line = format!("--{}", boundary.trim_matches('"'));
        return body
            .split(&line)
            .skip(1)
            .take_while(|part| !part.starts_with("--"))
            .flat_map(|part| {
                let (head, body) = part.trim_start_matches('\n').split_once("\n\n").unwrap();
                parts_of(head, body.strip_suffix('\n').unwrap_or(body))
            })
            .collect();
    }
    let bytes = match header(head, "Content-Transfer-Encoding").as_str() {
        "base64" => STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap(),
        "quoted-printable" => quoted(&body.replace("=\n", "")),
        _ => body.as_bytes().to_vec(),
    };
    let file = file_name(&header(head, "Content-Disposition"));
    vec![Part {
        kind: kind_alone,
        file,
        bytes,
    }]
}

/// RFC 2231, in as many pieces as it has.
fn file_name(disposition: &str) -> Option<String> {
    let (_, rest) = disposition.split_once(';')?;
    let mut name = Vec::new();
    for piece in rest.split(';') {
        let (key, value) = piece.trim().split_once('=')?;
        let value = value.trim_matches('"');
        if key.ends_with('*') {
            name.extend(quoted(
                &value.strip_prefix("utf-8''").unwrap_or(value).replace('%', "="),
            ));
        } else {
            name.extend(value.bytes());
        }
    }
    String::from_utf8(name).ok()
}

fn header(head: &str, name: &str) -> String {
    let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
    let prefix = format!("{}:", name.to_lowercase());
    unfolded
        .lines()
        .find(|line| line.to_lowercase().starts_with(&prefix))
        .and_then(|line| line.split_once(':'))
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

/// RFC 2047 words, base64 and quoted-printable.
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut was_encoded = false;
    for word in value.split(' ') {
        let parts: Vec<&str> = word.split('?').collect();
        let decoded = match parts.as_slice() {
            ["=", _, "b" | "B", data, "="] => Some(STANDARD.decode(data).unwrap()),
            ["=", _, "q" | "Q", data, "="] => Some(quoted(&data.replace('_', " "))),
            _ => None,
        };
        match decoded {
            Some(bytes) => {
                text.push_str(&String::from_utf8(bytes).unwrap());
                was_encoded = true;
            }
            None => {
                if !text.is_empty() || was_encoded {
                    text.push(' ');
                }
                text.push_str(word);
                was_encoded = false;
            }
        }
    }
    text
}

fn quoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            let digits = std::str::from_utf8(&digits).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}
