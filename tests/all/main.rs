//! All integration tests in one binary, so that it is linked once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod acts;
mod campaign;
mod clocks;
mod eml;
mod forecasts;
mod ledger_files;
mod loads;
mod looks;
mod mail_server;
mod office;
mod outage;
mod process;
mod real_mail;
mod real_webhook;
mod sample;
mod servers;
mod tellings;
mod trial;
mod ways;
mod world;
mod year;
