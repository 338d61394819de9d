//! Configuration: from files to one proven [`Config`], or to all problems at once.
//!
//! The road: `origin` reads bytes, `raw` says what stands in the files, `load` follows includes and ledgers, the
//! other files here each prove one noun. After it nothing checks again. Only this room reads the environment.

mod address;
mod audit;
mod calendar;
mod channels;
mod charts;
mod choice;
mod discretion;
mod environment;
mod faults;
mod headings;
mod ladders;
mod ledger;
mod load;
mod looked;
mod meetings;
mod names;
mod origin;
mod people;
mod problem;
mod raw;
mod reach;
mod reviews;
mod rows;
mod schema;
mod scores;
mod secrets;
mod settings;
mod sheets;
mod template;
mod transcript;
mod web;
mod whereabouts;

pub use audit::{AuditPlan, Report};
pub use environment::{Environment, find};
pub use load::{Config, Delivery, Import, import, load, load_from, look};
pub use looked::Looked;
pub use origin::FileSet;
pub use problem::{Problem, Problems, Severity, report};
pub use reviews::{CRON_SEARCH_FROM, parse_cron};
pub use schema::{SCHEMA_FILE, SchemaOf, schema};
pub use secrets::holds_secrets;
pub use whereabouts::{StoreUntold, store_path_of};

#[cfg(test)]
mod tests;
