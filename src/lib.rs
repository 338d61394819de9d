//! Duban (督办, "supervise until done"): a deadline reminder and escalation daemon.

pub mod domain;

pub mod clock;
pub mod secret;
pub mod telemetry;

pub mod rules;

pub mod channel;
pub mod files;
pub mod render;
pub mod store;

pub mod config;

pub mod daemon;
pub mod simulate;

pub mod command;
