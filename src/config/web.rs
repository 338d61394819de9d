//! `[web]`: where the daemon is watched.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::site::Settings;

use super::address;
use super::faults::{Faults, Placed};
use super::raw::Raw;

/// Where the site listens if no place is named.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8420);

/// The settings where `[web]` stands.
pub(super) fn settle(faults: &mut Faults, raw: &Raw) -> Option<Settings> {
    let listen = match &raw.web_listen {
        Some(text) => listen(faults, text),
        None => Some(LISTEN),
    };
    let base_url = raw.web_base_url.as_ref().and_then(|text| base_url(faults, text));
    raw.web.then_some(Settings {
        listen: listen?,
        base_url,
    })
}

fn listen(faults: &mut Faults, text: &Placed<String>) -> Option<SocketAddr> {
    let named = text.value.trim();
    let found = match named.strip_prefix("localhost:") {
        Some(port) => port
            .parse()
            .ok()
            .map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        None => named.parse().ok(),
    };
    let Some(found) = found else {
        faults.error_hint(
            text.place,
            format!("`{}` is no address to listen on", text.value),
            "write an IP address and a port: 127.0.0.1:8420, [::1]:8420 or 0.0.0.0:8420",
        );
        return None;
    };
    if !found.ip().is_loopback() {
        faults.warning_hint(
            text.place,
            format!("`{named}` can be reached from other machines, and nobody has to log in"),
            "listen on 127.0.0.1 behind a reverse proxy, or let a firewall say who may ask",
        );
    }
    Some(found)
}

/// Without the slash at its end.
fn base_url(faults: &mut Faults, text: &Placed<String>) -> Option<String> {
    let url = text.value.trim();
    if !address::is_web_address(url) {
        faults.error_hint(
            text.place,
            "`base_url` is no address of a web site",
            "write http:// or https://, a host and maybe a path, without login, ? and #: https://duban.example.org",
        );
        return None;
    }
    Some(url.trim_end_matches('/').to_owned())
}
