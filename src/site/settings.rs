//! What `[web]` says.

use std::net::SocketAddr;

/// Where the site stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it listens; port 0 is any that is free.
    pub listen: SocketAddr,
    /// Where people reach it, without a slash at the end.
    pub base_url: Option<String>,
}
