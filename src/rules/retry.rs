//! When a message is tried again, and when it is given up.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::domain::id::MessageId;
use crate::domain::outcome::{Outcome, Reach};

/// How patient a channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Waits between tries; the last one repeats. Not empty.
    pub retry: Vec<TimeDelta>,
    /// The age at which a message is given up.
    pub give_up: TimeDelta,
    /// Where nobody knows whether a message arrived: the least wait before it is repeated.
    pub unknown_wait: TimeDelta,
    /// Whether it is repeated only once then, because the other side cannot tell a repeat.
    pub is_repeated_once: bool,
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Done,
    /// It is tried again then.
    Again(DateTime<Utc>),
    /// The lane pauses until then, and the message with it: the server's own word.
    Pause(DateTime<Utc>, Reach),
    /// The message goes up: it can never pass, or is too old.
    Undeliverable(String),
    /// The fault is the endpoint's: the lane stops, the message waits.
    StopLane,
}

/// Decides what follows from `outcome`, the `attempt`-th (from 1) of a message queued at `created`.
///
/// The wait is the larger of `retry[attempt - 1]` and the vendor's minimum, lengthened by at most a tenth, computed from the
/// message's id. A server's own wait wins, capped at what is left until the message is given up. `may_have_arrived`: an
/// earlier attempt ended without anybody knowing whether it arrived.
#[must_use]
pub fn verdict(
    outcome: &Outcome,
    id: &MessageId,
    attempt: u32,
    may_have_arrived: bool,
    created: DateTime<Utc>,
    now: DateTime<Utc>,
    patience: &Patience,
) -> Verdict {
    let end = created + patience.give_up;
    let minimum = match outcome {
        Outcome::Delivered(_) | Outcome::Accepted(_) => return Verdict::Done,
        Outcome::PermanentMessage(words) | Outcome::PermanentRecipient(words) => {
            return Verdict::Undeliverable(words.clone());
        }
        Outcome::PermanentEndpoint(_) | Outcome::Unreachable(_) => return Verdict::StopLane,
        Outcome::RetryAfter { wait, reach, .. } if now < end => {
            return Verdict::Pause((now + *wait).min(end).max(now), *reach);
        }
        Outcome::RetryAfter { .. } => TimeDelta::zero(),
        Outcome::Unknown(words) if may_have_arrived && patience.is_repeated_once => {
            return Verdict::Undeliverable(format!(
                "twice without a clear answer, so that it may have arrived; the last was: {words}"
            ));
        }
        Outcome::Unknown(_) => patience.unknown_wait,
        Outcome::Backoff { minimum, .. } => minimum.unwrap_or_default(),
    };
    if now >= end {
        return Verdict::Undeliverable(format!(
            "given up after {attempt} attempts; the last answer was: {}",
            outcome.words()
        ));
    }
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = patience
        .retry
        .get(index)
        .or(patience.retry.last())
        .copied()
        .unwrap_or(TimeDelta::minutes(5));
    Verdict::Again((now + jittered(wait.max(minimum), id, attempt)).min(end))
}

/// Lengthens a wait by up to a tenth, always by the same amount for the same message and attempt.
#[must_use]
pub fn jittered(wait: TimeDelta, id: &MessageId, attempt: u32) -> TimeDelta {
    let digest = Sha256::digest(format!("{id}/{attempt}").as_bytes());
    let share = digest
        .iter()
        .take(2)
        .fold(0_i64, |sum, byte| sum * 256 + i64::from(*byte));
    wait + TimeDelta::milliseconds(wait.num_milliseconds() / 10 * share / 65_535)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience() -> Patience {
        Patience {
            retry: vec![TimeDelta::seconds(30), TimeDelta::minutes(2)],
            give_up: TimeDelta::days(3),
            unknown_wait: TimeDelta::zero(),
            is_repeated_once: false,
        }
    }

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn wait_of(verdict: &Verdict) -> TimeDelta {
        match verdict {
            Verdict::Again(at) | Verdict::Pause(at, _) => *at - start(),
            Verdict::Done | Verdict::Undeliverable(_) | Verdict::StopLane => panic!("{verdict:?} has no time"),
        }
    }

    #[test]
    fn waits_grow_and_are_lengthened_by_at_most_a_tenth() {
        let busy = Outcome::Backoff {
            minimum: None,
            words: "busy".into(),
        };
        for (attempt, base) in [(1, 30), (2, 120), (9, 120)] {
            for n in 0..200 {
                let id = MessageId::new(format!("{n}"));
                let wait = wait_of(&verdict(&busy, &id, attempt, false, start(), start(), &patience()));
                assert!(
                    wait >= TimeDelta::seconds(base) && wait <= TimeDelta::milliseconds(base * 1100),
                    "{wait}"
                );
            }
        }
    }

    #[test]
    fn the_vendor_s_minimum_is_kept() {
        let busy = Outcome::Backoff {
            minimum: Some(TimeDelta::minutes(30)),
            words: "busy".into(),
        };
        assert!(
            wait_of(&verdict(&busy, &"a".into(), 1, false, start(), start(), &patience())) >= TimeDelta::minutes(30)
        );
    }

    #[test]
    fn the_server_s_word_wins_shorter_or_longer_up_to_the_end() {
        for (asked, got) in [(1, 1), (7200, 7200), (900_000, 259_200)] {
            let outcome = Outcome::RetryAfter {
                wait: TimeDelta::seconds(asked),
                reach: Reach::Endpoint,
                words: String::new(),
            };
            let verdict = verdict(&outcome, &"a".into(), 1, false, start(), start(), &patience());
            assert_eq!(wait_of(&verdict), TimeDelta::seconds(got));
        }
    }

    #[test]
    fn a_message_is_given_up_at_its_age_and_never_before() {
        let lost = Outcome::Unknown("no answer".into());
        let end = start() + TimeDelta::days(3);
        let before = verdict(
            &lost,
            &"a".into(),
            50,
            false,
            start(),
            end - TimeDelta::seconds(1),
            &patience(),
        );
        assert_eq!(before, Verdict::Again(end));
        assert!(matches!(
            verdict(&lost, &"a".into(), 51, false, start(), end, &patience()),
            Verdict::Undeliverable(_)
        ));
    }

    #[test]
    fn endpoint_faults_stop_the_lane_and_not_the_message() {
        for outcome in [
            Outcome::PermanentEndpoint("535".into()),
            Outcome::Unreachable("refused".into()),
        ] {
            assert_eq!(
                verdict(
                    &outcome,
                    &"a".into(),
                    99,
                    false,
                    start(),
                    start() + TimeDelta::days(9),
                    &patience()
                ),
                Verdict::StopLane
            );
        }
    }

    #[test]
    fn what_may_have_arrived_is_repeated_once_where_the_other_side_cannot_tell_a_repeat() {
        let lost = Outcome::Unknown("no answer".into());
        let robot = Patience {
            unknown_wait: TimeDelta::minutes(1),
            is_repeated_once: true,
            ..patience()
        };
        let judge = |may_have_arrived| verdict(&lost, &"a".into(), 1, may_have_arrived, start(), start(), &robot);
        assert!(wait_of(&judge(false)) >= TimeDelta::minutes(1));
        assert!(matches!(judge(true), Verdict::Undeliverable(why) if why.contains("may have arrived")));
    }
}
