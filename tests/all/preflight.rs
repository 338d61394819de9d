//! `check --connect`: what can be known of a chat before anybody sees a post.

use std::sync::Arc;

use duban::channel::Channels;
use duban::config::{self, Environment};
use duban::domain::outcome::Outcome;

use crate::vendors::dingtalk::DingTalk;
use crate::vendors::discord::Discord;
use crate::vendors::feishu::Feishu;
use crate::vendors::gotify::Gotify;
use crate::vendors::matrix::Matrix;
use crate::vendors::mattermost::Mattermost;
use crate::vendors::ntfy::Ntfy;
use crate::vendors::rocketchat::RocketChat;
use crate::vendors::slack::Slack;
use crate::vendors::teams::Teams;
use crate::vendors::telegram::Telegram;
use crate::vendors::wecom::WeCom;
use crate::vendors::{Vendor, VendorServer};
use crate::world::{TOWN, World, at, ledger};

/// What a channel that is right is told, and one with another token; what was not tried.
async fn asked<V: Vendor>(kind: &str, vendor: V, target: &str, more: &str, secret: &str) -> (Outcome, Outcome, String) {
    let world = World::new("", &ledger(&[("1", "2026-03-10")]));
    world.clock.set(at("2026-03-10T09:00:00+08:00"));
    let server = VendorServer::start(vendor, Arc::new(world.clock.clone())).await;
    let good = format!("type = \"{kind}\"\nurl = \"{}\"\n{more}\n", server.url(target));
    assert!(good.contains(secret));
    let bad = good.replace(secret, &secret.replace(|c: char| c.is_ascii_alphabetic(), "9"));
    assert_ne!(good, bad);
    let channels = format!("[channels.good]\n{good}\n[channels.bad]\n{bad}\n[people.office]");
    world.write("duban.toml", TOWN.replace("[people.office]", &channels));
    let config = config::load(&world.path("duban.toml"), &Environment::new([])).unwrap();
    let channels = Channels::open(&config.channels).unwrap();
    let now = at("2026-03-10T09:00:00+08:00");
    let good = channels.check(&"good".into(), now).await;
    let bad = channels.check(&"bad".into(), now).await;
    assert_eq!(server.posts(), [], "{kind}: nobody sees anything");
    for outcome in [&good.outcome, &bad.outcome] {
        assert!(!outcome.words().contains(secret), "{kind}: {outcome}");
    }
    (good.outcome, bad.outcome, good.untried)
}

/// A right channel is good, one with a wrong token is refused, and nobody sees anything.
async fn prove<V: Vendor>(kind: &str, vendor: V, target: &str, more: &str, secret: &str) {
    let (good, bad, untried) = asked(kind, vendor, target, more, secret).await;
    assert!(good.is_success(), "{kind}: {good}");
    assert_eq!(bad.kind(), "permanent/endpoint", "{kind}: {bad}");
    assert!(!untried.is_empty(), "{kind} says what was not tried");
}

#[tokio::test]
async fn each_vendor_tells_a_right_address_from_a_wrong_one_without_a_post() {
    let wecom = WeCom::new("k3y-abc");
    let target = wecom.target();
    prove("wecom", wecom, &target, "", "k3y-abc").await;
    let dingtalk = DingTalk::new("t0ken-abc").with_secret("SECabc");
    let target = dingtalk.target();
    prove("dingtalk", dingtalk, &target, "secret = \"SECabc\"", "t0ken-abc").await;
    let feishu = Feishu::new("t0ken-abc").with_secret("demo");
    let target = feishu.target();
    prove("feishu", feishu, &target, "secret = \"demo\"", "t0ken-abc").await;
    let slack = Slack::new("T012", "B345", "xyzw");
    let target = slack.target();
    prove("slack", slack, &target, "", "xyzw").await;
    let teams = Teams::new("s1gabc");
    let target = teams.target();
    // Whether a flow looks at the signature before it refuses a question is documented nowhere.
    let (good, _, untried) = asked("teams", teams, &target, "", "s1gabc").await;
    assert!(good.is_success() && untried.contains("signature"), "{good} {untried}");
    let discord = Discord::new("123", "t0kenabc");
    let target = discord.target();
    prove("discord", discord, &target, "", "t0kenabc").await;
    let telegram = Telegram::new("12:abcdef", -1001);
    prove(
        "telegram",
        telegram,
        "",
        "token = \"12:abcdef\"\nchat_id = -1001",
        "abcdef",
    )
    .await;
    prove(
        "mattermost",
        Mattermost::new("h00kabc"),
        "/hooks/h00kabc",
        "",
        "h00kabc",
    )
    .await;
    let rocket = RocketChat::new("1nt", "t0kenabc");
    prove("rocketchat", rocket, "/hooks/1nt/t0kenabc", "", "t0kenabc").await;
    let matrix = Matrix::new("syt_abcdef", "@bot:chat.test", "!room:chat.test");
    let more = "token = \"syt_abcdef\"\nroom = \"!room:chat.test\"";
    prove("matrix", matrix, "", more, "syt_abcdef").await;
    let ntfy = Ntfy::new().with_token("tk_abcdef");
    prove(
        "ntfy",
        ntfy,
        "",
        "token = \"tk_abcdef\"\ntopic = \"works\"",
        "tk_abcdef",
    )
    .await;
    prove("gotify", Gotify::new("Aabcdef"), "", "token = \"Aabcdef\"", "Aabcdef").await;
}

#[tokio::test]
async fn a_wrong_signature_is_found_before_the_first_post() {
    let dingtalk = DingTalk::new("t0ken").with_secret("SECabc");
    let target = dingtalk.target();
    let (good, bad, _) = asked("dingtalk", dingtalk, &target, "secret = \"SECabc\"", "SECabc").await;
    assert!(good.is_success() && bad.kind() == "permanent/endpoint", "{good} {bad}");
    let feishu = Feishu::new("t0ken").with_secret("demo");
    let target = feishu.target();
    let (good, bad, _) = asked("feishu", feishu, &target, "secret = \"demo\"", "demo").await;
    assert!(good.is_success() && bad.kind() == "permanent/endpoint", "{good} {bad}");
}
