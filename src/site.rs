//! What those see who watch the daemon: `/healthz`, `/readyz` and `/metrics`.
//!
//! The only room that serves the web, and the only one that knows the text of Prometheus. It asks the daemon for its
//! [`Vitals`] and the store for its figures, changes nothing, and never makes the loops wait: what it asks the store is
//! asked by one at a time, within a bound, and not more often than once a second. Nothing that it says holds an
//! address, a secret or a title.

mod board;
mod limits;
mod line;
mod metrics;
mod pages;
mod server;
mod settings;
mod vitals;

pub use board::Board;
pub use server::{Site, SiteError};
pub use settings::Settings;
pub use vitals::{Vitals, Watched};

#[cfg(test)]
mod tests;
