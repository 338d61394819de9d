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
        let is_server = matches!(self, Self::Matrix | Self::Ntfy | Self::Gotify | Self::Telegram);
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
                self == Self::Slack && path.starts_with("/triggers/"),
                "this starts a workflow and takes no messages: make an incoming webhook",
            ),
            (
                self == Self::Teams && is_retired_connector(&url),
                "this is an address of the retired Office 365 connector: make a Workflows webhook",
            ),
            (
                self == Self::Discord && (path.ends_with("/slack") || path.ends_with("/github")),
                "the address ends in /slack or /github, which take other messages: leave that away",
            ),
            (
                is_server && url.query().is_some(),
                "the server's address has a query: only the server itself belongs here",
            ),
        ];
        wrong
            .iter()
            .find(|(is_so, _)| *is_so)
            .map_or(Ok(()), |(_, why)| Err(*why))
    }
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
    fn a_host_is_not_judged() {
        let front = "http://127.0.0.1:8080/robot/send?access_token=a";
        assert!(VendorKind::Dingtalk.check_address(front).is_ok());
    }
}
