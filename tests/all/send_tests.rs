//! `send-test` to groups: one marked post, and the vendor's own words.

use std::sync::Arc;

use duban::clock::SystemClock;

use crate::office::{Office, Ran};
use crate::vendors::VendorServer;
use crate::vendors::wecom::WeCom;

const KEY: &str = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";

/// An office with a group, by which Ann is told first.
async fn office() -> (Office, VendorServer<WeCom>) {
    let server = VendorServer::start(WeCom::new(KEY), Arc::new(SystemClock)).await;
    let office = Office::new();
    let url = server.url(&server.vendor().target());
    office.edit(
        "people.office",
        &format!("channels.works = {{ type = \"wecom\", url = \"{url}\" }}\npeople.office"),
    );
    office.edit(
        "email = \"ann@example.org\"",
        "email = \"ann@example.org\", wecom = \"ann-w\", channels = [\"works\", \"mail\"]",
    );
    (office, server)
}

/// Runs the program without keeping the server from answering.
async fn duban(office: Office, words: &'static [&'static str]) -> (Office, Ran) {
    let running = tokio::task::spawn_blocking(move || {
        let ran = office.duban(words);
        (office, ran)
    });
    running.await.unwrap()
}

#[tokio::test]
async fn a_test_of_a_group_is_posted_there_and_answered_in_the_vendors_words() {
    let (office, server) = office().await;
    let (_, ran) = duban(office, &["send-test", "works"]).await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "works by works: delivered: 200 errcode 0\n")
    );
    let posts = server.posts();
    assert_eq!(posts.len(), 1);
    assert!(posts[0].text.contains("works"), "{}", posts[0].text);
    assert!(posts[0].rings.is_empty(), "{:?}", posts[0].rings);
}

#[tokio::test]
async fn a_test_to_a_person_whose_first_channel_is_a_group_rings_them_there() {
    let (office, server) = office().await;
    let (_, ran) = duban(office, &["send-test", "person:ann"]).await;
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert!(ran.out.starts_with("Ann by works: delivered"), "{}", ran.out);
    assert_eq!(server.posts()[0].rings, ["ann-w"]);
}

#[tokio::test]
async fn a_test_to_a_person_without_a_handle_names_them() {
    let (office, server) = office().await;
    office.edit(", wecom = \"ann-w\"", "");
    duban(office, &["send-test", "ann"]).await;
    assert!(server.posts()[0].text.contains("Ann"), "{}", server.posts()[0].text);
    assert!(server.posts()[0].rings.is_empty(), "{:?}", server.posts()[0].rings);
}

#[tokio::test]
async fn a_test_of_a_group_holds_its_keyword() {
    let (office, server) = office().await;
    office.edit("type = \"wecom\"", "type = \"wecom\", keyword = \"督办A7\"");
    duban(office, &["send-test", "works"]).await;
    assert!(server.posts()[0].text.contains("督办A7"), "{}", server.posts()[0].text);
}

#[tokio::test]
async fn a_test_that_the_vendor_refuses_fails_in_its_words_without_the_key() {
    let (office, server) = office().await;
    server.vendor().disable();
    let (_, ran) = duban(office, &["send-test", "works"]).await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out
            .contains("permanent/endpoint: 200 errcode 93004, errmsg robot disabled"),
        "{}",
        ran.out
    );
    assert!(!(ran.out + &ran.err).contains(KEY));
}

#[tokio::test]
async fn in_a_trial_a_test_of_a_group_goes_to_the_person_of_the_trial() {
    let (office, server) = office().await;
    office.edit("defaults.ladder", "delivery.trial = \"person:office\"\ndefaults.ladder");
    let (office, ran) = duban(office, &["send-test", "works"]).await;
    assert!(ran.out.starts_with("Office by mail: delivered"), "{}", ran.out);
    assert!(server.requests().is_empty());
    assert_eq!(std::fs::read_dir(office.path("outbox")).unwrap().count(), 1);
}
