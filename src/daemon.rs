//! What runs: start, the loops, and stop.
//!
//! One pass of each loop is a function of the engine and `now`; it does all that is due, reads the store and not the
//! nudge that woke it, and is what `simulate` calls on a manual clock. The loops decide (plan, review, compose) in one
//! task and deliver in another, so that a slow server delays no decision; a third reads the files, so that a slow disk does
//! not either.

mod audit;
mod climb;
mod clock_watch;
mod compose_loop;
mod deliver_loop;
mod difference;
mod door;
mod dossier;
mod duties;
mod engine;
mod error;
mod forget;
mod gallery;
mod guests;
mod health;
mod heartbeat;
mod helm;
mod invitations;
mod lanes;
mod letters;
mod load_words;
mod meeting_loop;
mod nightly;
mod office;
mod outlook;
mod papers;
mod plan_loop;
mod reload;
mod review_loop;
mod run;
mod settle;
mod sketch;
mod stops;
mod sync;
mod tally;
pub mod timeline;
mod watch;
mod watchdog;
mod web;

pub use audit::{ACCEPTED, in_force_since, last_clean, recount};
pub use clock_watch::{clock_fault, held_words};
pub use difference::{Change, Difference, Stand, differences};
pub use engine::{Engine, Gather};
pub use error::DaemonError;
pub use health::{Health, Load, Standing};
pub use helm::Helm;
pub use outlook::{as_first_loaded, forecast, ground, next_notice, order};
pub use reload::TakenIn;
pub use run::{Begun, ClockTrust, Progress, Reins, RunOptions, Stop, Voice, begin, run};
pub use sketch::Sketch;
pub use sync::{FirstLoad, Synced, kept, start_config, sync};
pub use watch::{Asked, Loaded, Watch};
