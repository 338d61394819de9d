//! The whole table: stage and reply to outcome.

use super::*;

/// `backoff 300` for a wait of 300 s, `backoff` without one.
fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::RetryAfter { wait, .. } => format!("retry-after {}", wait.num_seconds()),
        Outcome::Backoff {
            minimum: Some(wait), ..
        } => format!("backoff {}", wait.num_seconds()),
        Outcome::Backoff { minimum: None, .. }
        | Outcome::Delivered(_)
        | Outcome::Accepted(_)
        | Outcome::PermanentMessage(_)
        | Outcome::PermanentRecipient(_)
        | Outcome::PermanentEndpoint(_)
        | Outcome::Unreachable(_)
        | Outcome::Unknown(_) => outcome.kind().to_owned(),
    }
}

fn check(stage: Stage, reply: &str, expected: &str) {
    let (code, text) = reply.split_once(' ').unwrap();
    let event = Event::Reply {
        code: code.parse().unwrap(),
        text: text.to_owned(),
    };
    assert_eq!(
        shown(&outcome(stage, &event, Again::No, &[])),
        expected,
        "{reply} at {stage:?}"
    );
}

#[test]
fn temporary_replies_are_tried_again() {
    check(Stage::Greeting, "421 4.3.2 all servers busy", "backoff");
    check(
        Stage::Login,
        "454 4.7.0 temporary authentication failure",
        "backoff 300",
    );
    check(Stage::Sender, "421 closing", "backoff");
    check(Stage::Sender, "452 4.3.1 insufficient storage", "backoff");
    check(Stage::Recipient, "450 mailbox busy", "backoff");
    check(Stage::Recipient, "450 4.2.1 receiving too fast", "backoff");
    check(Stage::Recipient, "451 4.3.0 try again later", "backoff");
    check(Stage::Recipient, "452 4.2.2 mailbox full", "backoff");
    check(Stage::Recipient, "421 4.7.28 rate", "backoff");
    check(Stage::Data, "451 4.4.2 timeout", "backoff");
    check(Stage::Dot, "451 4.7.1 policy", "backoff 300");
    check(Stage::Dot, "499 whatever", "backoff");
}

#[test]
fn greylisting_is_told_by_code_or_by_word() {
    check(Stage::Recipient, "450 4.7.1 come back later", "backoff 300");
    check(Stage::Recipient, "451 4.7.1 Greylisting in action", "backoff 300");
    check(
        Stage::Recipient,
        "450 greylisted, try again in 300 seconds",
        "backoff 300",
    );
    check(Stage::Recipient, "450 4.7.25 no reverse name", "backoff 300");
}

#[test]
fn providers_that_say_never_and_mean_later_are_understood() {
    check(Stage::Greeting, "550 Connection frequency limited", "backoff 1800");
    check(Stage::Sender, "550 Ip frequency limited [abc]", "backoff 1800");
    check(Stage::Greeting, "550 Connection denied", "backoff 1800");
    check(
        Stage::Recipient,
        "550 Mailbox unavailable or access denied",
        "backoff 86400",
    );
    check(Stage::Recipient, "451 MI:SFQ 163 smtp1", "retry-after 900");
    check(Stage::Dot, "451 DT:SPM 163 smtp1", "retry-after 120");
    check(Stage::Recipient, "451 RP:QRC 163 smtp1", "backoff 900");
    check(Stage::Greeting, "421 HL:ICC 163 smtp1", "backoff 900");
    check(Stage::Sender, "450 MI:DMC 163 smtp1", "backoff");
    check(Stage::Dot, "554 DT:SPM 163 smtp1", "permanent/message");
    check(Stage::Sender, "550 MI:SPF 163 smtp1", "permanent/endpoint");
    check(
        Stage::Recipient,
        "550 5.2.1 The user is receiving mail at a rate that",
        "backoff 3600",
    );
}

#[test]
fn a_recipient_who_is_not_there_is_the_recipients_fault() {
    for code in [550, 551, 553, 554] {
        check(
            Stage::Recipient,
            &format!("{code} 5.1.1 no such user"),
            "permanent/recipient",
        );
        check(Stage::Recipient, &format!("{code} no such user"), "permanent/recipient");
    }
    check(Stage::Recipient, "550 5.1.2 bad domain", "permanent/recipient");
    check(Stage::Recipient, "501 5.1.3 bad address", "permanent/recipient");
    check(Stage::Recipient, "501 bad address", "permanent/recipient");
    check(Stage::Recipient, "550 5.2.1 mailbox disabled", "permanent/recipient");
    check(Stage::Recipient, "550 5.4.4 unable to route", "permanent/recipient");
    check(
        Stage::Recipient,
        "553 5.6.7 address needs SMTPUTF8",
        "permanent/recipient",
    );
    check(Stage::Dot, "550 5.1.1 no such user after all", "permanent/recipient");
}

#[test]
fn a_message_that_can_never_pass_is_the_messages_fault() {
    check(Stage::Sender, "552 5.3.4 too big", "permanent/message");
    check(Stage::Sender, "552 too big", "permanent/message");
    check(Stage::Dot, "552 5.2.3 too big for this mailbox", "permanent/message");
    check(Stage::Dot, "552 exceeds the limit", "permanent/message");
    check(Stage::Dot, "554 5.6.0 bad content", "permanent/message");
    check(Stage::Dot, "554 transaction failed", "permanent/message");
    check(Stage::Data, "554 no valid recipients", "permanent/message");
}

#[test]
fn a_credential_or_policy_that_is_wrong_stops_the_lane() {
    check(Stage::Login, "535 5.7.8 authentication failed", "permanent/endpoint");
    check(Stage::Login, "535 Error: need authorization code", "permanent/endpoint");
    check(Stage::Login, "504 mechanism", "permanent/endpoint");
    check(Stage::Sender, "530 5.7.0 must issue STARTTLS", "permanent/endpoint");
    check(Stage::Sender, "530 log in first", "permanent/endpoint");
    check(Stage::Greeting, "554 no service for you", "permanent/endpoint");
    check(
        Stage::Sender,
        "553 5.7.1 sender not owned by user",
        "permanent/endpoint",
    );
    check(
        Stage::Sender,
        "553 5.1.8 sender's domain does not exist",
        "permanent/endpoint",
    );
    check(Stage::Recipient, "550 5.1.7 bad sender", "permanent/endpoint");
    check(Stage::Recipient, "554 5.7.1 relay access denied", "permanent/endpoint");
    check(Stage::Recipient, "550 relay not permitted", "permanent/endpoint");
    check(Stage::Dot, "550 5.7.26 unauthenticated sender", "permanent/endpoint");
    check(Stage::Dot, "550 5.7.515 sender authentication", "permanent/endpoint");
    check(Stage::Sender, "502 not implemented", "permanent/endpoint");
    check(Stage::Recipient, "503 5.5.1 bad sequence", "permanent/endpoint");
}

#[test]
fn a_full_mailbox_gets_one_more_try_hours_later() {
    let full = Event::Reply {
        code: 552,
        text: "5.2.2 mailbox full".to_owned(),
    };
    assert_eq!(
        shown(&outcome(Stage::Recipient, &full, Again::No, &[])),
        "backoff 21600"
    );
    assert_eq!(
        shown(&outcome(Stage::Recipient, &full, Again::Yes, &[])),
        "permanent/recipient"
    );
    check(Stage::Dot, "552 quota exceeded", "backoff 21600");
}

#[test]
fn too_many_recipients_is_temporary() {
    check(Stage::Recipient, "552 too many recipients", "backoff");
    check(Stage::Recipient, "552 5.5.3 too many recipients", "backoff");
}

#[test]
fn without_a_reply_it_counts_whether_the_mail_had_left() {
    for event in [Event::Silence, Event::Broken, Event::Garbled] {
        for (stage, expected) in [
            (Stage::Connect, "unreachable"),
            (Stage::Greeting, "unreachable"),
            (Stage::Tls, "unreachable"),
            (Stage::Login, "backoff"),
            (Stage::Sender, "backoff"),
            (Stage::Recipient, "backoff"),
            (Stage::Data, "backoff"),
            (Stage::Dot, "unknown"),
        ] {
            assert_eq!(
                shown(&outcome(stage, &event, Again::No, &[])),
                expected,
                "{event:?} at {stage:?}"
            );
        }
    }
}

#[test]
fn what_a_person_must_mend_stops_the_lane() {
    for event in [
        Event::Certificate("expired".to_owned()),
        Event::TlsRefused,
        Event::NoStartTls,
        Event::NoLogin,
    ] {
        assert_eq!(
            shown(&outcome(Stage::Tls, &event, Again::No, &[])),
            "permanent/endpoint",
            "{event:?}"
        );
    }
    assert_eq!(
        shown(&outcome(Stage::Sender, &Event::NoUtf8, Again::No, &[])),
        "permanent/recipient"
    );
}

#[test]
fn an_enhanced_code_of_another_class_than_the_reply_is_not_believed() {
    check(Stage::Recipient, "450 5.1.1 confused", "backoff");
    check(Stage::Recipient, "550 4.7.1 confused", "permanent/recipient");
}

#[test]
fn an_answer_that_is_neither_yes_nor_no_after_the_mail_is_unknown() {
    check(Stage::Dot, "354 go on?", "unknown");
    check(Stage::Data, "250 what?", "backoff");
}
