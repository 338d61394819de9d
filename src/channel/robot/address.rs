//! What can be wrong with a robot's address before anything is sent to it.

use super::super::http::Url;
use super::VendorKind;

impl VendorKind {
    /// Whether an address can be one of this vendor's; hosts are not judged, because many run behind others.
    ///
    /// # Errors
    /// Says what is wrong with it, never the address itself.
    pub fn check_address(self, text: &str) -> Result<(), &'static str> {
        let Ok(url) = Url::parse(text) else {
            return Err("it cannot be read as a URL with a host");
        };
        let path = url.path();
        let has = |key: &str| url.query_pairs().any(|(name, value)| name == key && !value.is_empty());
        let endings = self.endings();
        let wrong: &[(bool, &'static str)] = &[
            (
                self == Self::Wecom && !has("key"),
                "the address has no `key`: it was not copied whole",
            ),
            (
                self == Self::Dingtalk && !has("access_token"),
                "the address has no `access_token`: it was not copied whole",
            ),
            (
                self == Self::Dingtalk && (has("sign") || has("timestamp")),
                "the address carries a signature: leave `timestamp` and `sign` away, Duban signs each try anew",
            ),
            (
                self == Self::Feishu && path.contains("/open-apis/bot/hook/"),
                "this is an address of the retired first version: make a new custom bot",
            ),
            (
                self == Self::Feishu && path.contains("/flow/api/trigger-webhook/"),
                "this starts a flow and takes no posts: make a custom bot in the group's settings",
            ),
            (
                self == Self::Slack && path.starts_with("/triggers/"),
                "this starts a workflow and takes no messages: make an incoming webhook",
            ),
            (
                self == Self::Teams && is_retired_connector(&url),
                "this is an address of the retired Office 365 connector: make a Workflows webhook",
            ),
            (
                self == Self::Teams && !has("sig"),
                "the address has no `sig`: it was not copied whole",
            ),
            (
                self == Self::Discord && path.starts_with("/channels/"),
                "this is where a person reads the channel: make a webhook in the channel's settings",
            ),
            (
                self == Self::Discord && (path.ends_with("/slack") || path.ends_with("/github")),
                "the address ends in /slack or /github, which take other messages: leave that away",
            ),
            (
                !endings.is_empty() && !endings.iter().any(|ending| ends_in(path, ending)),
                "it does not end as this vendor's addresses do: it was not copied whole, or is another address",
            ),
        ];
        let found = wrong.iter().find(|(is_so, _)| *is_so);
        found.map_or_else(|| self.check_server(&url), |(_, why)| Err(*why))
    }

    /// Where the server's own address is wanted, whether it is that alone.
    fn check_server(self, url: &Url) -> Result<(), &'static str> {
        let is_server = matches!(self, Self::Matrix | Self::Ntfy | Self::Gotify | Self::Telegram);
        let wrong: &[(bool, &'static str)] = &[
            (
                self == Self::Matrix && matches!(url.host_str(), Some("app.element.io" | "matrix.to")),
                "this is where a person reads the room: only the home server's own address belongs here",
            ),
            (
                is_server && url.fragment().is_some(),
                "the server's address has a `#`: only the server itself belongs here",
            ),
            (
                self.is_beyond_the_server(url.path()),
                "the server's address goes on after the server: only the server itself belongs here",
            ),
            (
                is_server && url.query().is_some(),
                "the server's address has a query: only the server itself belongs here",
            ),
        ];
        let found = wrong.iter().find(|(is_so, _)| *is_so);
        found.map_or(Ok(()), |(_, why)| Err(*why))
    }

    /// How the path of an address ends, piece by piece; `*` is any. What may stand before is a front's. None: no matter.
    fn endings(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Feishu => &[&["open-apis", "bot", "v2", "hook", "*"]],
            Self::Slack => &[&["services", "*", "*", "*"]],
            // The second names a version of the API.
            Self::Discord => &[&["api", "webhooks", "*", "*"], &["api", "*", "webhooks", "*", "*"]],
            Self::Mattermost => &[&["hooks", "*"]],
            // The second has the user's id too, as old servers show it.
            Self::Rocketchat => &[&["hooks", "*", "*"], &["hooks", "*", "*", "*"]],
            Self::Wecom | Self::Dingtalk | Self::Teams | Self::Telegram | Self::Matrix | Self::Ntfy | Self::Gotify => {
                &[]
            }
        }
    }

    /// Whether a path is one of the API, where the server's own is wanted; a server may stand in a folder of another.
    fn is_beyond_the_server(self, path: &str) -> bool {
        match self {
            Self::Matrix => path.contains("/_matrix"),
            // It stands at the root alone; a path is a topic, and what is posted there would be its text.
            Self::Ntfy => !path.trim_matches('/').is_empty(),
            Self::Gotify => ["/message", "/stream"].iter().any(|end| path.ends_with(end)),
            Self::Telegram => path.contains("/bot"),
            Self::Wecom
            | Self::Dingtalk
            | Self::Feishu
            | Self::Slack
            | Self::Teams
            | Self::Discord
            | Self::Mattermost
            | Self::Rocketchat => false,
        }
    }
}

fn ends_in(path: &str, ending: &[&str]) -> bool {
    let pieces: Vec<&str> = path.split('/').skip(1).collect();
    let last = pieces
        .len()
        .checked_sub(ending.len())
        .and_then(|from| pieces.get(from..));
    last.is_some_and(|last| {
        let mut pairs = last.iter().zip(ending);
        pairs.all(|(piece, wanted)| piece == wanted || (*wanted == "*" && !piece.is_empty()))
    })
}

/// Whether it is the address of an Office 365 connector, which Microsoft has retired.
pub(in crate::channel) fn is_retired_connector(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_old = matches!(host, "outlook.office.com" | "outlook.office365.com") && url.path().starts_with("/webhook");
    host == "webhook.office.com" || host.ends_with(".webhook.office.com") || is_old
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_not_copied_whole_is_refused() {
        let send = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send";
        assert!(VendorKind::Wecom.check_address(send).is_err());
        assert!(VendorKind::Wecom.check_address(&format!("{send}?key=1")).is_ok());
    }

    #[test]
    fn retired_and_foreign_addresses_are_refused_in_words() {
        for teams in [
            "https://contoso.webhook.office.com/webhookb2/x",
            "https://outlook.office.com/webhook/x",
            "https://outlook.office365.com/webhook/x",
        ] {
            let found = VendorKind::Teams.check_address(teams);
            assert!(found.is_err_and(|why| why.contains("retired")), "{teams}");
        }
        let signed = "https://oapi.dingtalk.com/robot/send?access_token=a&timestamp=1&sign=b";
        assert!(
            VendorKind::Dingtalk
                .check_address(signed)
                .is_err_and(|why| why.contains("anew"))
        );
        let trigger = "https://hooks.slack.com/triggers/T/1/x";
        assert!(VendorKind::Slack.check_address(trigger).is_err());
    }

    #[test]
    fn an_address_that_ends_otherwise_than_its_vendors_is_refused() {
        for (vendor, good, bad) in [
            (
                VendorKind::Feishu,
                "https://open.feishu.cn/open-apis/bot/v2/hook/a-b",
                &[
                    "https://open.feishu.cn/open-apis/bot/v2/hook/",
                    "https://open.feishu.cn/a",
                ][..],
            ),
            (
                VendorKind::Slack,
                "https://hooks.slack.com/services/T1/B2/x",
                &[
                    "https://hooks.slack.com/services/T1/B2",
                    "https://hooks.slack.com/services/T1/B2/",
                ],
            ),
            (
                VendorKind::Teams,
                "https://x.logic.azure.com/workflows/a/paths/invoke?api-version=1&sig=s",
                &["https://x.logic.azure.com/workflows/a/paths/invoke?api-version=1"],
            ),
            (
                VendorKind::Discord,
                "https://discord.com/api/v10/webhooks/1/t",
                &["https://discord.com/api/webhooks/1", "https://discord.com/channels/1/2"],
            ),
            (
                VendorKind::Mattermost,
                "https://chat.example.org/sub/hooks/x",
                &[
                    "https://chat.example.org/works/channels/a",
                    "https://chat.example.org/hooks/",
                ],
            ),
            (
                VendorKind::Rocketchat,
                "https://chat.example.org/hooks/x/y",
                &[
                    "https://chat.example.org/hooks/x",
                    "https://chat.example.org/channel/works",
                ],
            ),
        ] {
            assert_eq!(vendor.check_address(good), Ok(()));
            for bad in bad {
                assert!(vendor.check_address(bad).is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn where_a_server_is_wanted_nothing_may_follow_on_it() {
        for (vendor, bad) in [
            (VendorKind::Matrix, "https://app.element.io/#/room/!a:b"),
            (VendorKind::Matrix, "https://chat.example.org/#/room"),
            (VendorKind::Matrix, "https://chat.example.org/_matrix/client"),
            (VendorKind::Ntfy, "https://ntfy.sh/works"),
            (VendorKind::Gotify, "https://gotify.example.org/#/applications"),
            (VendorKind::Gotify, "https://gotify.example.org/message"),
            (VendorKind::Telegram, "https://api.telegram.org/bot12:ab/sendMessage"),
        ] {
            assert!(vendor.check_address(bad).is_err(), "{bad}");
        }
        let below = "https://example.org/gotify/";
        assert_eq!(VendorKind::Gotify.check_address(below), Ok(()));
        assert_eq!(VendorKind::Ntfy.check_address("https://ntfy.sh/"), Ok(()));
    }

    #[test]
    fn an_address_that_starts_a_flow_is_refused_as_one() {
        let flow = "https://www.feishu.cn/flow/api/trigger-webhook/abc";
        let why = VendorKind::Feishu.check_address(flow);
        assert!(why.is_err_and(|why| why.contains("custom bot")));
    }

    #[test]
    fn a_host_is_not_judged() {
        let front = "http://127.0.0.1:8080/robot/send?access_token=a";
        assert!(VendorKind::Dingtalk.check_address(front).is_ok());
    }
}
