//! What follows from what is configured and what has happened: pure functions. Time and ids come in; nothing here
//! reads a clock, a file or the store, logs, or fails.

pub mod audit;
pub mod calendar;
pub mod circular;
pub mod compose;
pub mod cron;
pub mod dossier;
pub mod forecast;
pub mod intake;
pub mod meeting;
pub mod planner;
pub mod progress;
pub mod record;
pub mod recurrence;
pub mod retry;
pub mod roles;
pub mod score;
pub mod sheet;
pub mod summary;
pub mod trend;
