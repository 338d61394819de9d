//! What the daemon says of itself, from memory and without waiting.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::id::ChannelId;
use crate::rules::calendar::Almanac;

/// A loop looks at what is due every fifteen seconds; where none of its passes came to an end for so long, what is due
/// may not be sent.
const STALLED: TimeDelta = TimeDelta::minutes(5);

/// Who is watched.
pub trait Watched: Send + Sync {
    /// How it is now.
    fn vitals(&self) -> Vitals;
}

/// How the daemon is.
#[derive(Clone, Debug)]
pub struct Vitals {
    /// The present.
    pub now: DateTime<Utc>,
    /// When it started.
    pub started: DateTime<Utc>,
    /// When everything that was due had last been decided.
    pub decided: Option<DateTime<Utc>>,
    /// When everything that could leave was last on its way.
    pub delivered: Option<DateTime<Utc>>,
    /// How many faults keep the files from being in force.
    pub faults: usize,
    /// Why planning and sending are held.
    pub held: Option<String>,
    /// When the files were last looked into, and whether they were accepted.
    pub load: Option<(DateTime<Utc>, bool)>,
    /// The channels that are configured.
    pub channels: Vec<ChannelId>,
    /// Attempts since the start, by channel and outcome.
    pub attempts: BTreeMap<(ChannelId, &'static str), u64>,
    /// The calendar in force.
    pub almanac: Option<Almanac>,
}

impl Vitals {
    /// Why the daemon does not do its work, or not by the files as they are; empty where it does.
    #[must_use]
    pub fn unready(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(held) = &self.held {
            reasons.push(format!("held: {held}"));
        } else if let Some(decided) = self.decided {
            let since = self.now - decided;
            if since > STALLED {
                let minutes = since.num_minutes();
                reasons.push(format!(
                    "stalled: what is due was last looked at {minutes} minutes ago; the log says why"
                ));
            }
        } else {
            reasons.push("starting: what is due has not been looked at yet".to_owned());
        }
        if self.faults > 0 {
            let faults = if self.faults == 1 { "a fault" } else { "faults" };
            reasons.push(format!(
                "degraded: the files have {faults}, and the last good load is in force; `duban check` tells more"
            ));
        }
        reasons
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of a daemon in order, that last looked at what is due so long ago.
    pub(in crate::site) fn vitals(minutes_ago: Option<i64>) -> Vitals {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        Vitals {
            now,
            started: now,
            decided: minutes_ago.map(|minutes| now - TimeDelta::minutes(minutes)),
            delivered: None,
            faults: 0,
            held: None,
            load: None,
            channels: Vec::new(),
            attempts: BTreeMap::new(),
            almanac: None,
        }
    }

    #[test]
    fn it_is_ready_after_the_first_pass() {
        assert_eq!(
            vitals(None).unready(),
            ["starting: what is due has not been looked at yet"]
        );
        assert!(vitals(Some(0)).unready().is_empty());
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_look_like_a_pass_that_is_missing() {
        assert!(vitals(Some(-600)).unready().is_empty());
    }

    #[test]
    fn it_is_not_ready_where_no_pass_ends() {
        assert!(vitals(Some(5)).unready().is_empty());
        assert_eq!(
            vitals(Some(6)).unready(),
            ["stalled: what is due was last looked at 6 minutes ago; the log says why"]
        );
    }

    #[test]
    fn it_is_not_ready_while_it_is_held_or_degraded_and_says_both() {
        let held = Vitals {
            held: Some("the clock is wrong".into()),
            faults: 2,
            ..vitals(Some(60))
        };
        assert_eq!(
            held.unready(),
            [
                "held: the clock is wrong",
                "degraded: the files have faults, and the last good load is in force; `duban check` tells more"
            ]
        );
    }
}
