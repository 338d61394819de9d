//! All integration tests in one binary, so that it is linked once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod acts;
mod answers;
mod attachments;
mod audits;
mod breaks;
mod campaign;
mod circulars;
mod clocks;
mod crowds;
mod dialects;
mod discretion;
mod duties;
mod eml;
mod exchange;
mod extensions;
mod forecasts;
mod groups;
mod homeserver;
mod independent;
mod ledger_files;
mod loads;
mod looks;
mod mail_server;
mod meetings;
mod office;
mod outage;
mod preflight;
mod previews;
mod process;
mod real_mail;
mod real_matrix;
mod real_webhook;
mod reloads;
mod reviews;
mod sample;
mod send_tests;
mod servers;
mod tellings;
mod trial;
mod trusts;
mod unlost;
mod vendors;
mod watching;
mod ways;
mod weeks;
mod wire;
mod world;
mod year;
