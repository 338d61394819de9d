//! The room as its callers see it.

use std::fs;

use crate::secret::Secret;

use super::*;

const URL: &str = "https://hooks.example.org/in/T0KEN-123456?key=K3Y-98765";

fn webhook(target: Target) -> Settings {
    let secrets = vec![Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")];
    Settings::Webhook(webhook::Settings {
        target,
        secrets,
        lane: Lane::webhook(),
    })
}

fn email(server: email::Server) -> email::Settings {
    email::Settings {
        server,
        username: Some("login-name@example.org".to_owned()),
        password: Some(Secret::new("pa55word")),
        from: ("督办办公室".to_owned(), "duban@reminders.example.org".to_owned()),
        ca_file: None,
        lane: Lane::email(),
    }
}

fn smtp() -> email::Server {
    email::Server::Smtp {
        host: "Mail.example.org".to_owned(),
        port: 587,
        tls: email::Tls::StartTls,
    }
}

fn open(settings: Settings) -> Result<Channels, ChannelError> {
    Channels::open(&BTreeMap::from([(ChannelId::new("one"), settings)]))
}

fn refusal(settings: Settings) -> ChannelError {
    open(settings).expect_err("these settings cannot be opened")
}

#[tokio::test]
async fn a_mail_folder_gets_one_file_named_for_time_recipient_and_message() {
    let dir = tempfile::tempdir().unwrap();
    let channels = open(Settings::Email(email(email::Server::Folder(dir.path().join("mail"))))).unwrap();
    let (id, content) = (sample::id(), sample::content());
    for _ in 0..2 {
        let outcome = channels
            .send(&ChannelId::new("one"), &sample::parcel(&id, &content))
            .await;
        assert_eq!(outcome.kind(), "delivered");
    }
    let names: Vec<_> = fs::read_dir(dir.path().join("mail"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["20211217T010000Z-edu-head-001122334455.eml"]);
}

#[tokio::test]
async fn a_webhook_folder_gets_the_body_as_it_would_be_posted() {
    let dir = tempfile::tempdir().unwrap();
    let channels = open(webhook(Target::Folder(dir.path().to_owned()))).unwrap();
    let (id, content) = (sample::id(), sample::content());
    channels
        .send(&ChannelId::new("one"), &sample::parcel(&id, &content))
        .await;
    let path = dir.path().join(format!("20211217T010000Z-{id}.json"));
    let body: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(body["type"], "duban.notice");
}

#[tokio::test]
async fn a_channel_that_is_gone_is_an_endpoint_fault() {
    let channels = Channels::open(&BTreeMap::new()).unwrap();
    let (id, content) = (sample::id(), sample::content());
    let outcome = channels
        .send(&ChannelId::new("gone"), &sample::parcel(&id, &content))
        .await;
    assert_eq!(outcome.kind(), "permanent/endpoint");
}

#[test]
fn a_missing_authority_file_is_refused_when_the_channel_is_opened() {
    let mut settings = email(smtp());
    settings.ca_file = Some("/nonexistent/ca.pem".into());
    assert!(matches!(
        refusal(Settings::Email(settings)),
        ChannelError::CaUnreadable { .. }
    ));
}

#[test]
fn an_authority_file_without_a_certificate_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    fs::write(&path, "not a certificate").unwrap();
    let mut settings = email(smtp());
    settings.ca_file = Some(path);
    assert!(matches!(
        refusal(Settings::Email(settings)),
        ChannelError::CaInvalid { .. }
    ));
}

#[test]
fn a_sender_without_an_address_is_refused() {
    let mut settings = email(smtp());
    settings.from.1 = "not an address".to_owned();
    assert!(matches!(
        refusal(Settings::Email(settings)),
        ChannelError::SenderInvalid { .. }
    ));
}

#[test]
fn a_url_that_cannot_be_posted_to_is_refused() {
    for (url, expected) in [
        ("hooks.example.org", webhook::UrlError::Unreadable),
        ("ftp://hooks.example.org/", webhook::UrlError::Scheme),
    ] {
        let error = refusal(webhook(Target::Url(Secret::new(url))));
        assert!(
            matches!(error, ChannelError::Url { source, .. } if source == expected),
            "{url}"
        );
    }
}

#[test]
fn a_secret_that_cannot_sign_is_refused() {
    let lane = Lane::webhook();
    let target = Target::Url(Secret::new(URL));
    let error = refusal(Settings::Webhook(webhook::Settings {
        target,
        secrets: vec![Secret::new("short")],
        lane,
    }));
    assert!(matches!(
        error,
        ChannelError::Secret {
            source: webhook::SecretError::Prefix,
            ..
        }
    ));
}

#[test]
fn nothing_prints_a_url_an_address_a_token_or_a_body() {
    let (id, content) = (sample::id(), sample::content());
    let mail = Settings::Email(email(smtp()));
    let hook = webhook(Target::Url(Secret::new(URL)));
    let shown = format!(
        "{mail:?} {hook:?} {:?} {:?} {} {}",
        open(hook.clone()).unwrap(),
        sample::parcel(&id, &content),
        hook.endpoint(),
        refusal(webhook(Target::Url(Secret::new(
            "ftp://hooks.example.org/T0KEN-123456"
        )))),
    );
    for secret in [
        "hooks.example.org",
        "T0KEN",
        "K3Y",
        "whsec",
        "C2FVs",
        "pa55word",
        "login-name",
        "duban@",
        "zhang@",
        "请办理",
    ] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn two_mail_channels_on_one_server_share_their_endpoint_and_two_webhooks_do_not() {
    let mut other = email(smtp());
    other.username = None;
    assert_eq!(
        Settings::Email(email(smtp())).endpoint(),
        Settings::Email(other).endpoint()
    );
    let hook = |url: &str| webhook(Target::Url(Secret::new(url))).endpoint();
    assert_ne!(hook("https://a.example/1"), hook("https://a.example/2"));
}

#[tokio::test]
async fn a_check_of_a_folder_says_whether_it_takes_files_whatever_the_channel() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_owned();
    let robot = robot::Settings {
        target: Target::Folder(folder.clone()),
        ..robot::tests::settings(robot::VendorKind::Wecom, URL)
    };
    for settings in [
        Settings::Email(email(email::Server::Folder(folder.clone()))),
        webhook(Target::Scratch(folder.clone())),
        Settings::Robot(robot),
    ] {
        let checked = open(settings)
            .unwrap()
            .check(&ChannelId::new("one"), sample::as_of())
            .await;
        assert_eq!(checked.outcome.to_string(), "delivered: the folder takes files");
        assert_eq!(checked.untried, "");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_check_of_a_channel_that_is_gone_is_an_endpoint_fault() {
    let channels = Channels::open(&BTreeMap::new()).unwrap();
    let checked = channels.check(&ChannelId::new("one"), sample::as_of()).await;
    assert_eq!(checked.outcome.kind(), "permanent/endpoint");
}
