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
    pub(crate) date: String,
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
        text: text_of(head, body),
    }
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

/// The plain text, which stands first.
fn text_of(head: &str, body: &str) -> String {
    let (_, rest) = header(head, "Content-Type")
        .split_once("boundary=")
        .map(|(_, boundary)| format!("--{}", boundary.trim_matches('"')))
        .and_then(|boundary| body.split_once(&boundary).map(|(a, b)| (a.to_owned(), b.to_owned())))
        .unwrap();
    let (part_head, part) = rest.trim_start().split_once("\n\n").unwrap();
    let part = part.split_once("\n--=_").map_or(part, |(part, _)| part);
    let bytes = match header(part_head, "Content-Transfer-Encoding").as_str() {
        "base64" => STANDARD.decode(part.split_whitespace().collect::<String>()).unwrap(),
        "quoted-printable" => quoted(&part.replace("=\n", "")),
        _ => part.as_bytes().to_vec(),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
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
