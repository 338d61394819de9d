//! Addresses as they stand in channels: mail servers, folders, senders.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::channel::email;

use super::faults::{Faults, Place, Placed};

pub(super) fn server(faults: &mut Faults, text: &Placed<String>) -> Option<email::Server> {
    if let Some(folder) = text.value.strip_prefix("file:") {
        return folder_at(faults, text.place, folder).map(email::Server::Folder);
    }
    if text.value.contains('@') {
        // The line is not shown: it holds a password.
        let place = Place {
            end: text.place.start,
            ..text.place
        };
        faults.error_hint(
            place,
            "`server` holds a login",
            "write it under `username` and `password`",
        );
        return None;
    }
    let schemes = [
        ("smtps://", email::Tls::Implicit, 465),
        ("smtp+starttls://", email::Tls::StartTls, 587),
        ("smtp://", email::Tls::None, 25),
    ];
    let found = schemes.iter().find_map(|(scheme, tls, port)| {
        let rest = text.value.strip_prefix(scheme)?;
        let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest), *port)?;
        Some(email::Server::Smtp { host, port, tls: *tls })
    });
    if found.is_none() {
        let wrong = format!("`{}` is no mail server", text.value);
        faults.error_hint(
            text.place,
            wrong,
            "write smtps://HOST:465, smtp+starttls://HOST:587, smtp://HOST:25 or file:DIR",
        );
    }
    found
}

pub(super) fn folder_at(faults: &mut Faults, place: Place, folder: &str) -> Option<PathBuf> {
    let folder = folder.strip_prefix("//").unwrap_or(folder);
    if folder.is_empty() {
        faults.error_hint(place, "`file:` names no folder", "write file:DIR");
        return None;
    }
    Some(faults.folder(place).join(folder))
}

/// `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT`; the host without brackets.
fn host_and_port(text: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => match text.split_once(':') {
            Some((host, _)) => (host, text.get(host.len()..)?),
            None => (text, ""),
        },
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None if port.is_empty() => default,
        None => return None,
    };
    let fits = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    fits.then(|| (host.to_owned(), port))
}

pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback_url(text: &str) -> bool {
    host_of(text).is_some_and(|host| is_loopback(&host))
}

/// Whether a URL is one of `http` and leads beyond this machine and those near it.
pub(super) fn is_open_road(text: &str) -> bool {
    let is_http = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"));
    is_http && !host_of(text).is_some_and(|host| is_within(&host))
}

/// Whether a text is the address of a web site: scheme, host, and a path where there is one.
pub(super) fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let clean = !rest.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '?' | '#' | '\\'));
    is_http && clean && host_of(text).is_some()
}

fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host_and_port(host, 80).map(|(host, _)| host)
}

/// Whether a host can only be this machine or one near it: a private address, or a name that means nothing elsewhere.
fn is_within(host: &str) -> bool {
    if is_loopback(host) {
        return true;
    }
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        Err(_) => {
            let host = host.to_ascii_lowercase();
            let near = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];
            !host.contains('.') || near.iter().any(|end| host.ends_with(end))
        }
    }
}

/// `NAME <ADDRESS>` or `ADDRESS`, as name and address.
pub(super) fn mailbox(text: &str) -> Option<(String, String)> {
    let (name, address) = match text.trim().strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?,
        None => ("", text.trim()),
    };
    let name = name.trim().trim_matches('"').trim();
    (is_address(address) && !name.contains(['\n', '\r'])).then(|| (name.to_owned(), address.to_owned()))
}

/// Whether a text can be a mail address: what a server accepts is told by the server.
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let clean =
        !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'));
    clean
        && !local.is_empty()
        && !local.contains('@')
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}
