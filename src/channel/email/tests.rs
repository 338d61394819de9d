//! Mail over a scripted server: what arrives, what each failure becomes, and how connections are kept.

use std::time::Duration;

use chrono::TimeDelta;

use super::super::sample;
use super::fake::{Fake, Step};
use super::*;

fn settings(port: u16, tls: Tls) -> Settings {
    Settings {
        server: Server::Smtp {
            host: "127.0.0.1".to_owned(),
            port,
            tls,
        },
        username: None,
        password: None,
        from: ("督办办公室".to_owned(), "duban@reminders.example.org".to_owned()),
        ca_file: None,
        lane: Lane {
            concurrency: 2,
            ..Lane::email()
        },
    }
}

/// A channel to the server whose patience for the final dot is `dot`.
fn email(settings: &Settings, dot: Duration) -> Email {
    let Server::Smtp { host, port, tls } = &settings.server else {
        unreachable!("these tests speak SMTP")
    };
    let id = ChannelId::new("mail");
    let mut pool = Pool::new(&id, settings, host, *port, *tls).unwrap();
    pool.way.patience.dot = dot;
    let sender = Sender::new(&settings.from.0, &settings.from.1).unwrap();
    Email {
        sender,
        carrier: Carrier::Smtp(Arc::new(pool)),
        spared: Mutex::default(),
    }
}

async fn send(email: &Email, id: &str) -> Outcome {
    let (id, content) = (MessageId::new(id), sample::content());
    email.send(&sample::parcel(&id, &content)).await
}

const PATIENT: Duration = Duration::from_secs(30);

/// Sends one mail to a server that misbehaves so.
async fn check(script: &[(&'static str, Step)], expected: &str) -> Outcome {
    let server = Fake::start(script).await;
    let outcome = send(&email(&settings(server.port, Tls::None), PATIENT), "m1").await;
    assert_eq!(outcome.kind(), expected, "{outcome} after {script:?}");
    outcome
}

/// Sends one mail to a server that never answers at this stage, with little patience.
async fn check_silence(stage: &'static str, expected: &str) {
    let server = Fake::start(&[(stage, Step::Hang)]).await;
    let mut settings = settings(server.port, Tls::None);
    settings.lane.timeout = TimeDelta::milliseconds(300);
    let outcome = send(&email(&settings, Duration::from_millis(300)), "m1").await;
    assert_eq!(outcome.kind(), expected, "{outcome} after silence at {stage}");
}

#[tokio::test]
async fn a_mail_arrives_and_the_servers_words_are_kept() {
    let server = Fake::start(&[]).await;
    let outcome = send(&email(&settings(server.port, Tls::None), PATIENT), "m1").await;
    assert_eq!(outcome, Outcome::Accepted("250 2.0.0 Ok: queued as 4Z1".to_owned()));
    server.seen(|seen| {
        assert_eq!(seen.mails.len(), 1);
        assert_eq!(seen.commands[1], "MAIL FROM:<duban@reminders.example.org>");
        assert_eq!(seen.commands[2], "RCPT TO:<zhang@example.com>");
    });
}

#[tokio::test]
async fn what_arrives_is_the_letter_byte_for_byte() {
    let server = Fake::start(&[]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    let (id, content) = (sample::id(), sample::content());
    let parcel = sample::parcel(&id, &content);
    email.send(&parcel).await;
    let letter = Letter::new(&email.sender, &parcel)
        .map_err(|outcome| outcome.to_string())
        .unwrap();
    let unstuffed = server.seen(|seen| seen.mails[0].replace("\r\n..", "\r\n."));
    assert_eq!(unstuffed, letter.bytes);
}

#[tokio::test]
async fn each_stage_that_refuses_has_its_outcome() {
    use Step::Say;
    check(&[("GREETING", Say("554 5.7.1 you are blocked"))], "permanent/endpoint").await;
    check(&[("GREETING", Say("421 4.3.2 too busy"))], "backoff").await;
    check(&[("MAIL", Say("451 4.3.0 later"))], "backoff").await;
    check(&[("MAIL", Say("550 5.7.1 not with this sender"))], "permanent/endpoint").await;
    check(&[("RCPT", Say("450 4.7.1 greylisted"))], "backoff").await;
    check(&[("RCPT", Say("550 5.1.1 no such user"))], "permanent/recipient").await;
    check(&[("DATA", Say("451 4.3.0 later"))], "backoff").await;
    check(&[("DOT", Say("552 5.3.4 too big"))], "permanent/message").await;
    check(&[("DOT", Say("451 4.3.0 later"))], "backoff").await;
}

#[tokio::test]
async fn each_stage_that_closes_has_its_outcome() {
    check(&[("GREETING", Step::Close)], "unreachable").await;
    check(&[("EHLO", Step::Close)], "unreachable").await;
    for stage in ["MAIL", "RCPT", "DATA"] {
        check(&[(stage, Step::Close)], "backoff").await;
    }
    check(&[("DOT", Step::Close)], "unknown").await;
}

#[tokio::test]
async fn each_stage_that_never_answers_has_its_outcome() {
    check_silence("GREETING", "unreachable").await;
    check_silence("MAIL", "backoff").await;
    check_silence("RCPT", "backoff").await;
    check_silence("DATA", "backoff").await;
    check_silence("DOT", "unknown").await;
}

#[tokio::test]
async fn the_final_dot_is_waited_for_longer_than_a_command() {
    let server = Fake::start(&[]).await;
    let mut settings = settings(server.port, Tls::None);
    settings.lane.timeout = TimeDelta::seconds(30);
    let pool = Pool::new(&ChannelId::new("mail"), &settings, "127.0.0.1", server.port, Tls::None).unwrap();
    assert_eq!(pool.way.patience.command, Duration::from_secs(30));
    assert_eq!(pool.way.patience.dot, Duration::from_secs(DOT_SECONDS));
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for tls in [Tls::None, Tls::StartTls, Tls::Implicit] {
        let outcome = send(&email(&settings(port, tls), PATIENT), "m1").await;
        assert_eq!(outcome.kind(), "unreachable", "{tls:?}: {outcome}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_smtp_is_unreachable() {
    check(
        &[("GREETING", Step::SayAndClose("HTTP/1.1 400 Bad Request"))],
        "unreachable",
    )
    .await;
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_where_it_is_demanded() {
    let server = Fake::start(&[]).await;
    let mut settings = settings(server.port, Tls::StartTls);
    settings.username = Some("user".to_owned());
    settings.password = Some(Secret::new("pa55word"));
    let outcome = send(&email(&settings, PATIENT), "m1").await;
    assert_eq!(outcome.kind(), "permanent/endpoint");
    server.seen(|seen| {
        assert!(seen.mails.is_empty());
        assert!(
            seen.commands.iter().all(|command| command.starts_with("EHLO")),
            "{:?}",
            seen.commands
        );
    });
}

#[tokio::test]
async fn a_server_without_tls_on_a_tls_port_stops_the_lane() {
    let server = Fake::start(&[]).await;
    let outcome = send(&email(&settings(server.port, Tls::Implicit), PATIENT), "m1").await;
    assert_eq!(outcome.kind(), "permanent/endpoint", "{outcome}");
}

#[tokio::test]
async fn a_refused_login_stops_the_lane_and_does_not_repeat_the_password() {
    let server = Fake::start(&[("AUTH", Step::Say("535 5.7.8 no: pa55word of login-name"))]).await;
    let mut settings = settings(server.port, Tls::None);
    settings.username = Some("login-name".to_owned());
    settings.password = Some(Secret::new("pa55word"));
    let outcome = send(&email(&settings, PATIENT), "m1").await;
    assert_eq!(
        outcome,
        Outcome::PermanentEndpoint("535 5.7.8 no: <redacted> of <redacted>".to_owned())
    );
}

#[tokio::test]
async fn a_server_without_a_login_we_know_stops_the_lane() {
    let server = Fake::start(&[("EHLO", Step::Say("250-fake\r\n250 AUTH GSSAPI"))]).await;
    let mut settings = settings(server.port, Tls::None);
    settings.username = Some("user".to_owned());
    settings.password = Some(Secret::new("pa55word"));
    assert_eq!(
        send(&email(&settings, PATIENT), "m1").await.kind(),
        "permanent/endpoint"
    );
}

#[tokio::test]
async fn a_local_part_that_needs_smtputf8_is_the_recipients_fault_where_it_is_not_offered() {
    let server = Fake::start(&[]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    let (id, content) = (sample::id(), sample::content());
    let mut parcel = sample::parcel(&id, &content);
    parcel.address = Some("张伟@example.com");
    assert_eq!(email.send(&parcel).await.kind(), "permanent/recipient");
}

#[tokio::test]
async fn no_address_is_repeated_in_the_words() {
    let said = Step::Say("550 5.1.1 zhang@example.com from duban@reminders.example.org: no");
    let outcome = check(&[("RCPT", said)], "permanent/recipient").await;
    assert!(!outcome.words().contains('@'), "{outcome}");
}

#[tokio::test]
async fn a_full_mailbox_is_tried_once_more_hours_later_and_then_given_up() {
    let server = Fake::start(&[("RCPT", Step::Say("552 5.2.2 mailbox full"))]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    let first = send(&email, "m1").await;
    assert!(
        matches!(first, Outcome::Backoff { minimum: Some(wait), .. } if wait >= TimeDelta::hours(1)),
        "{first}"
    );
    assert_eq!(send(&email, "m1").await.kind(), "permanent/recipient");
    assert_eq!(send(&email, "m2").await.kind(), "backoff");
}

#[tokio::test]
async fn many_mails_in_turn_use_one_connection() {
    let server = Fake::start(&[]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    for number in 0..20 {
        assert!(send(&email, &format!("m{number}")).await.is_success());
    }
    assert_eq!(server.seen(|seen| (seen.connections, seen.mails.len())), (1, 20));
}

#[tokio::test]
async fn a_connection_serves_a_hundred_mails_and_then_another_takes_over() {
    let server = Fake::start(&[]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    for number in 0..101 {
        send(&email, &format!("m{number}")).await;
    }
    assert_eq!(server.seen(|seen| seen.connections), 2);
}

#[tokio::test]
async fn many_mails_at_once_never_open_more_connections_than_allowed() {
    let server = Fake::start(&[]).await;
    let email = Arc::new(email(&settings(server.port, Tls::None), PATIENT));
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..40 {
        let email = Arc::clone(&email);
        sends.spawn(async move { send(&email, &format!("m{number}")).await });
    }
    let outcomes = sends.join_all().await;
    assert!(outcomes.iter().all(Outcome::is_success));
    assert!(server.seen(|seen| seen.open_most) <= 2);
    assert_eq!(server.seen(|seen| seen.mails.len()), 40);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced_without_a_failed_attempt() {
    let server = Fake::start_short(1).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    for number in 0..3 {
        let outcome = send(&email, &format!("m{number}")).await;
        assert!(outcome.is_success(), "{outcome}");
    }
    assert_eq!(server.seen(|seen| (seen.connections, seen.mails.len())), (3, 3));
}

#[tokio::test]
async fn after_a_refused_recipient_the_connection_is_reset_and_used_again() {
    let server = Fake::start(&[("RCPT", Step::Say("550 5.1.1 no such user"))]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    send(&email, "m1").await;
    send(&email, "m2").await;
    server.seen(|seen| {
        assert_eq!(seen.connections, 1);
        assert!(seen.commands.contains(&"RSET".to_owned()), "{:?}", seen.commands);
    });
}

#[tokio::test]
async fn after_421_the_next_mail_goes_over_a_new_connection() {
    let server = Fake::start(&[("RCPT", Step::Say("421 4.7.0 closing"))]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    assert_eq!(send(&email, "m1").await.kind(), "backoff");
    send(&email, "m2").await;
    assert_eq!(server.seen(|seen| seen.connections), 2);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_unreachable_and_not_repeated() {
    let mut settings = settings(25, Tls::None);
    settings.server = Server::Smtp {
        host: "no such host".to_owned(),
        port: 25,
        tls: Tls::None,
    };
    let outcome = send(&email(&settings, PATIENT), "m1").await;
    assert_eq!(
        outcome,
        Outcome::Unreachable("no connection: its name cannot be resolved".to_owned())
    );
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed_after_half_a_minute() {
    let server = Fake::start(&[]).await;
    let email = email(&settings(server.port, Tls::None), PATIENT);
    send(&email, "m1").await;
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(31)).await;
    tokio::time::resume();
    let closed = async {
        while server.seen(|seen| seen.open_now) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed)
        .await
        .expect("the connection is closed");
}

/// Checks a channel with this server and a login.
async fn checked(script: &[(&'static str, Step)], tls: Tls, timeout: TimeDelta) -> (Checked, Vec<String>) {
    let server = Fake::start(script).await;
    let mut settings = settings(server.port, tls);
    settings.username = Some("login-name".to_owned());
    settings.password = Some(Secret::new("pa55word"));
    settings.lane.timeout = timeout;
    let checked = email(&settings, PATIENT).check().await;
    let shown = format!("{checked:?}");
    assert!(!shown.contains("pa55word") && !shown.contains("login-name"), "{shown}");
    (checked, server.seen(|seen| seen.commands.clone()))
}

const SECONDS: TimeDelta = TimeDelta::seconds(30);

#[tokio::test]
async fn a_check_logs_in_and_says_goodbye_and_sends_nothing() {
    let (checked, commands) = checked(&[], Tls::None, SECONDS).await;
    assert_eq!(
        checked.outcome,
        Outcome::Delivered("EHLO answered by fake, without TLS, login taken".to_owned())
    );
    assert!(!checked.untried.is_empty());
    let verbs: Vec<&str> = commands.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(verbs, ["EHLO", "AUTH", "QUIT"]);
}

#[tokio::test]
async fn a_check_tells_a_refusal_at_each_stage() {
    use Step::Say;
    let outcome = async |script: &[(&'static str, Step)], tls| {
        let (checked, commands) = checked(script, tls, SECONDS).await;
        assert!(!commands.iter().any(|line| line.starts_with("MAIL")), "{commands:?}");
        checked.outcome.to_string()
    };
    assert_eq!(
        outcome(&[("GREETING", Say("554 5.7.1 you are blocked"))], Tls::None).await,
        "permanent/endpoint: 554 5.7.1 you are blocked"
    );
    assert_eq!(
        outcome(&[("AUTH", Say("535 5.7.8 no: pa55word of login-name"))], Tls::None).await,
        "permanent/endpoint: 535 5.7.8 no: <redacted> of <redacted>"
    );
    assert_eq!(
        outcome(&[], Tls::StartTls).await,
        "permanent/endpoint: the server does not offer STARTTLS, which is demanded"
    );
    assert_eq!(
        outcome(&[("EHLO", Step::Close)], Tls::None).await,
        "unreachable: the server closed the connection (greeting)"
    );
}

#[tokio::test]
async fn a_check_of_a_server_that_says_nothing_ends() {
    let (checked, _) = checked(&[("GREETING", Step::Hang)], Tls::None, TimeDelta::milliseconds(300)).await;
    assert_eq!(checked.outcome.to_string(), "unreachable: no answer in time (greeting)");
}

#[tokio::test]
async fn a_check_does_not_mind_a_server_that_leaves_without_a_goodbye() {
    let (checked, _) = checked(&[("QUIT", Step::Close)], Tls::None, SECONDS).await;
    assert_eq!(checked.outcome.kind(), "delivered", "{checked:?}");
}
