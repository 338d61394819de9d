//! What a receiver's answer means: one pure function from what came back to an outcome.

use chrono::{DateTime, Utc};

use crate::domain::outcome::{Outcome, Reach};

use super::super::http::{Answer, Answered};
use super::super::words;

/// By the table of the generic webhook. `now` is the attempt's instant, for answers that name a date; `hidden` are texts
/// (the URL, its path) that must not come back in the words.
pub(super) fn outcome(answered: &Answered, now: DateTime<Utc>, hidden: &[&str]) -> Outcome {
    match answered {
        Answered::Status(answer) => by_status(answer, now, hidden),
        Answered::NotReached(why) => Outcome::Unreachable(why.clone()),
        Answered::Certificate(why) => {
            Outcome::PermanentEndpoint(words::clean(&format!("certificate refused: {why}"), hidden))
        }
        Answered::Unusable(why) => Outcome::PermanentEndpoint((*why).to_owned()),
        Answered::NoAnswer(why) => Outcome::Unknown((*why).to_owned()),
    }
}

/// What an answer to a mere question shows: there is somebody, unless the question is sent elsewhere or the address is gone.
pub(super) fn connected(answered: &Answered, now: DateTime<Utc>, hidden: &[&str]) -> Outcome {
    match answered {
        Answered::Status(answer) if answer.status != 410 && !(300..400).contains(&answer.status) => {
            let words = format!("connected, and OPTIONS answered with {} {}", answer.status, answer.body);
            Outcome::Delivered(words::clean(&words, hidden))
        }
        Answered::Status(_)
        | Answered::NotReached(_)
        | Answered::Certificate(_)
        | Answered::Unusable(_)
        | Answered::NoAnswer(_) => outcome(answered, now, hidden),
    }
}

fn by_status(answer: &Answer, now: DateTime<Utc>, hidden: &[&str]) -> Outcome {
    let words = words::clean(&format!("{} {}", answer.status, answer.body), hidden);
    match answer.status {
        200..=299 => Outcome::Delivered(answer.status.to_string()),
        410 => Outcome::PermanentEndpoint(words),
        429 | 503 => match answer.retry_after(now) {
            Some(wait) => Outcome::RetryAfter {
                wait,
                reach: Reach::Endpoint,
                words,
            },
            None => Outcome::Backoff { minimum: None, words },
        },
        300..=399 => Outcome::Backoff {
            minimum: None,
            words: format!("{} redirects are not followed", answer.status),
        },
        _ => Outcome::Backoff { minimum: None, words },
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 2, 24, 8, 0, 0).unwrap()
    }

    fn check(status: u16, retry_after: Option<&str>, expected: &str) {
        let answer = Answer {
            status,
            headers: retry_after
                .map(|value| ("retry-after".to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            body: "said".to_owned(),
            is_whole: true,
        };
        let outcome = outcome(&Answered::Status(answer), now(), &[]);
        let found = match &outcome {
            Outcome::RetryAfter { wait, .. } => format!("retry-after {}", wait.num_seconds()),
            Outcome::Delivered(_)
            | Outcome::Accepted(_)
            | Outcome::Backoff { .. }
            | Outcome::PermanentMessage(_)
            | Outcome::PermanentRecipient(_)
            | Outcome::PermanentEndpoint(_)
            | Outcome::Unreachable(_)
            | Outcome::Unknown(_) => outcome.kind().to_owned(),
        };
        assert_eq!(found, expected, "status {status}, retry-after {retry_after:?}");
    }

    #[test]
    fn every_status_has_its_outcome() {
        for status in [200, 201, 202, 204, 299] {
            check(status, None, "delivered");
        }
        for status in [
            300, 301, 302, 307, 308, 400, 401, 403, 404, 408, 413, 422, 500, 501, 502, 504,
        ] {
            check(status, None, "backoff");
        }
        check(410, None, "permanent/endpoint");
        check(429, None, "backoff");
        check(503, None, "backoff");
    }

    #[test]
    fn retry_after_is_heard_in_seconds_and_as_a_date() {
        check(429, Some("120"), "retry-after 120");
        check(503, Some("120"), "retry-after 120");
        check(429, Some("Tue, 24 Feb 2026 08:05:00 GMT"), "retry-after 300");
        check(500, Some("120"), "backoff");
    }

    #[test]
    fn an_absurd_retry_after_stays_sane() {
        check(429, Some("86400"), "retry-after 86400");
        check(429, Some("99999999999999999999999"), "retry-after 2592000");
        check(429, Some("0"), "retry-after 1");
        check(429, Some("Tue, 24 Feb 2026 07:00:00 GMT"), "retry-after 1");
        check(429, Some("-5"), "backoff");
        check(429, Some("soon"), "backoff");
        check(429, Some(""), "backoff");
    }

    #[test]
    fn what_never_got_an_answer_has_its_outcome_too() {
        assert_eq!(
            outcome(&Answered::NotReached("x".to_owned()), now(), &[]).kind(),
            "unreachable"
        );
        assert_eq!(outcome(&Answered::NoAnswer("x"), now(), &[]).kind(), "unknown");
        assert_eq!(
            outcome(&Answered::Unusable("x"), now(), &[]).kind(),
            "permanent/endpoint"
        );
        assert_eq!(
            outcome(&Answered::Certificate("x".to_owned()), now(), &[]).kind(),
            "permanent/endpoint"
        );
    }

    #[test]
    fn the_words_carry_the_status_and_not_the_url() {
        let answer = Answer {
            status: 404,
            body: "no hook /in/T0KEN\r\nhere".to_owned(),
            ..Answer::default()
        };
        let outcome = outcome(&Answered::Status(answer), now(), &["/in/T0KEN"]);
        assert_eq!(outcome.words(), "404 no hook <redacted> here");
    }
}
