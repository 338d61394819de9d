//! All vendors in one row: each with what a channel needs to post to its fake.

use std::sync::Arc;

use chrono::TimeDelta;
use duban::channel::robot::{Settings, VendorKind};
use duban::channel::{Lane, Target};
use duban::clock::Clock;
use duban::secret::Secret;

use super::dingtalk::DingTalk;
use super::discord::Discord;
use super::feishu::Feishu;
use super::gotify::Gotify;
use super::matrix::Matrix;
use super::mattermost::Mattermost;
use super::ntfy::Ntfy;
use super::rocketchat::RocketChat;
use super::slack::Slack;
use super::teams::Teams;
use super::telegram::Telegram;
use super::wecom::WeCom;
use super::{Post, Reply, Request, Vendor, VendorServer};

/// Whichever vendor.
pub(crate) type AnyVendor = Box<dyn Vendor>;

/// What stands in every secret of these vendors: in paths, queries, tokens and keys for signatures.
pub(crate) const MARK: &str = "S3cr3t";

impl Vendor for AnyVendor {
    fn reply(&mut self, request: &Request) -> Reply {
        self.as_mut().reply(request)
    }

    fn posts(&self) -> &[Post] {
        self.as_ref().posts()
    }

    fn answers_nameless(&self) -> bool {
        self.as_ref().answers_nameless()
    }
}

/// The vendor's fake, with the path that a channel's URL has there.
pub(crate) fn fake(kind: VendorKind) -> (AnyVendor, String) {
    let signing = format!("SEC{MARK}5igning");
    match kind {
        VendorKind::Wecom => at(WeCom::new("S3cr3t-0001-wecom"), WeCom::target),
        VendorKind::Dingtalk => at(
            DingTalk::new("S3cr3t0002dingtalk").with_secret(&signing),
            DingTalk::target,
        ),
        VendorKind::Feishu => at(Feishu::new("S3cr3t0003feishu").with_secret(&signing), Feishu::target),
        VendorKind::Slack => at(Slack::new("T00000001", "B00000001", "S3cr3t0004slack"), Slack::target),
        VendorKind::Teams => at(Teams::new("S3cr3t0005teams"), Teams::target),
        VendorKind::Discord => at(Discord::new("123456789012345678", "S3cr3t0006discord"), Discord::target),
        VendorKind::Telegram => at(Telegram::new(&token(kind), -1_001_234_567_890).unlimited(), root),
        VendorKind::Mattermost => at(Mattermost::new("S3cr3t0008mattermost"), |_| {
            "/hooks/S3cr3t0008mattermost".to_owned()
        }),
        VendorKind::Rocketchat => at(RocketChat::new("S3cr3t0009", "S3cr3t0009rocket").unlimited(), |_| {
            "/hooks/S3cr3t0009/S3cr3t0009rocket".to_owned()
        }),
        VendorKind::Matrix => at(Matrix::new(&token(kind), "@bot:chat.test", "!room:chat.test"), root),
        VendorKind::Ntfy => at(Ntfy::new().with_token(&token(kind)).unlimited(), root),
        VendorKind::Gotify => at(Gotify::new(&token(kind)), root),
    }
}

fn at<V: Vendor>(vendor: V, target: impl Fn(&V) -> String) -> (AnyVendor, String) {
    let target = target(&vendor);
    (Box::new(vendor), target)
}

fn root<V>(_: &V) -> String {
    String::new()
}

/// The token where the vendor wants one beside the URL.
pub(crate) fn token(kind: VendorKind) -> String {
    let form = match kind {
        VendorKind::Telegram => "42:",
        VendorKind::Ntfy => "tk_",
        VendorKind::Wecom
        | VendorKind::Dingtalk
        | VendorKind::Feishu
        | VendorKind::Slack
        | VendorKind::Teams
        | VendorKind::Discord
        | VendorKind::Mattermost
        | VendorKind::Rocketchat
        | VendorKind::Matrix
        | VendorKind::Gotify => "",
    };
    format!("{form}{MARK}0000{}", kind.as_str())
}

/// A channel to a URL of a vendor, with a patience of a second.
pub(crate) fn settings(vendor: VendorKind, url: &str) -> Settings {
    let has_token = matches!(
        vendor,
        VendorKind::Telegram | VendorKind::Matrix | VendorKind::Ntfy | VendorKind::Gotify
    );
    let has_secret = matches!(vendor, VendorKind::Dingtalk | VendorKind::Feishu);
    Settings {
        vendor,
        target: Target::Url(Secret::new(url)),
        token: has_token.then(|| Secret::new(token(vendor))),
        secret: has_secret.then(|| Secret::new(format!("SEC{MARK}5igning"))),
        keyword: None,
        chat_id: (vendor == VendorKind::Telegram).then(|| "-1001234567890".to_owned()),
        room: (vendor == VendorKind::Matrix).then(|| "!room:chat.test".to_owned()),
        topic: (vendor == VendorKind::Ntfy).then(|| "team-reminders".to_owned()),
        lane: Lane {
            timeout: TimeDelta::seconds(1),
            ..Lane::robot(Vec::new())
        },
    }
}

/// A vendor's server at an instant, and the URL that a channel has there.
pub(crate) async fn serve(kind: VendorKind, clock: Arc<dyn Clock>) -> (VendorServer<AnyVendor>, String) {
    let (vendor, path) = fake(kind);
    let server = VendorServer::start(vendor, clock).await;
    let url = server.url(&path);
    (server, url)
}
