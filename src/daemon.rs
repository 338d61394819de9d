//! What runs: start, the loops, and stop.
//!
//! One pass of each loop is a function of the engine and `now`; it does all that is due, reads the store and not the
//! nudge that woke it, and is what `simulate` calls on a manual clock. The loops decide (plan, review, compose) in one
//! task and deliver in another, so that a slow server delays no decision.

mod climb;
mod clock_watch;
mod compose_loop;
mod deliver_loop;
mod door;
mod dossier;
mod duties;
mod engine;
mod error;
mod gallery;
mod guests;
mod health;
mod heartbeat;
mod invitations;
mod lanes;
mod letters;
mod meeting_loop;
mod office;
mod outlook;
mod papers;
mod plan_loop;
mod review_loop;
mod run;
mod settle;
mod sketch;
mod stops;
mod sync;
pub mod timeline;
mod watch;

pub use engine::{Engine, Gather};
pub use error::DaemonError;
pub use health::{Health, Load, Standing};
pub use outlook::{as_first_loaded, forecast, ground, next_notice, order};
pub use run::{Begun, Ready, RunOptions, Stop, begin, run};
pub use sketch::Sketch;
pub use sync::{FirstLoad, Synced, start_config, sync};
pub use watch::Watch;
