//! How robots sign, and how a client may get it wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

fn sum(key: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn base64(key: &str, message: &str) -> String {
    STANDARD.encode(sum(key, message))
}

/// DingTalk: the secret is the key, time and secret the message.
pub(crate) fn dingtalk(secret: &str, milliseconds: &str) -> String {
    base64(secret, &format!("{milliseconds}\n{secret}"))
}

/// Feishu: time and secret are the key, the message is empty.
pub(crate) fn feishu(secret: &str, seconds: &str) -> String {
    base64(&format!("{seconds}\n{secret}"), "")
}

/// What is wrong with a signature for DingTalk, if it is a known mistake.
pub(crate) fn dingtalk_mistake(secret: &str, time: &str, sign: &str) -> Option<&'static str> {
    let hex: String = sum(secret, &format!("{time}\n{secret}"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let right = dingtalk(secret, time);
    if sign == base64(secret, &format!("{time}\\n{secret}")) {
        Some("a backslash and an n instead of a line feed")
    } else if sign == feishu(secret, time) {
        Some("key and message as in Feishu")
    } else if sign == STANDARD.encode(hex) {
        Some("base64 of the hex digest")
    } else if sign.contains('%') {
        Some("encoded twice")
    } else if sign.contains(' ') && sign == right.replace('+', " ") {
        Some("not encoded: a plus arrives as a space")
    } else {
        None
    }
}

/// What is wrong with a signature for Feishu, if it is a known mistake.
pub(crate) fn feishu_mistake(secret: &str, time: &str, sign: &str) -> Option<&'static str> {
    if sign == dingtalk(secret, time) {
        Some("key and message as in DingTalk")
    } else if sign == base64(&format!("{time}\\n{secret}"), "") {
        Some("a backslash and an n instead of a line feed")
    } else if sign == feishu(secret, &format!("{time}000")) {
        Some("milliseconds instead of seconds")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_for_dingtalk_equal_the_known_ones() {
        for (secret, time, sign) in [
            (
                "this is secret",
                "1577262236757",
                "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=",
            ),
            (
                "SEC0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "1756000000002",
                "3wFPLKdx2TBCIY+1YLMUUBUtgXp22Ae2L6IjO/UFzBg=",
            ),
            (
                "SEC-demo-中文",
                "1756000000000",
                "MJvZALHELdXZXuA4UViKKEytXU83TM1uX7NvhAvtyrg=",
            ),
        ] {
            assert_eq!(dingtalk(secret, time), sign);
            assert_eq!(dingtalk_mistake(secret, time, sign), None);
        }
    }

    #[test]
    fn mistakes_for_dingtalk_are_told_by_name() {
        for (sign, mistake) in [
            (
                "JMYVLpfEENFJYT63SkswcUalxgomMbip2hcQoKdzQtA=",
                "a backslash and an n instead of a line feed",
            ),
            (
                "nHh3Cp6duMZBlaspftrhkkDSIlJ0Lkj6vL71ujaX6pE=",
                "key and message as in Feishu",
            ),
            (
                "ODY2M2Q2YzE0ZmJiOTU1NzY2ZGQ5NjczZDJiZjZkNDlmYzc0MmY4NDM2ZWEzNThlNjZiZjdlMWFjZTg0NjUwMw==",
                "base64 of the hex digest",
            ),
            ("hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D", "encoded twice"),
            (
                "hmPWwU 7lVdm3ZZz0r9tSfx0L4Q26jWOZr9 Gs6EZQM=",
                "not encoded: a plus arrives as a space",
            ),
        ] {
            assert_eq!(dingtalk_mistake("this is secret", "1577262236757", sign), Some(mistake));
        }
    }

    #[test]
    fn signatures_for_feishu_equal_the_known_ones() {
        for (secret, time, sign) in [
            ("demo", "1599360473", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
            ("mysecret", "1700000000", "Jp33/xXhCipDEpjyHvEyc7mRSyXWHbNz6J8+C3qQKNo="),
            (
                "gv9Z0Abc-示例",
                "1756000000",
                "FyYQ4o+QBwxGX42F4N601nUY6eIMmuk//VH9BidZuyM=",
            ),
        ] {
            assert_eq!(feishu(secret, time), sign);
            assert_eq!(feishu_mistake(secret, time, sign), None);
        }
    }

    #[test]
    fn mistakes_for_feishu_are_told_by_name() {
        for (sign, mistake) in [
            (
                "DkEDUyVoOOJ539qBvUgMyzkzIdRWlf4e/V3Rq+ONJnQ=",
                "key and message as in DingTalk",
            ),
            (
                "RxDBg3sGRvVagjr0tuXiIiKqO9loYBnQMRplTORBU28=",
                "a backslash and an n instead of a line feed",
            ),
            (
                "Mv6tsKRjhEkOT80gLMqIk9MQWzCXi/ZbV4fjs3G0m14=",
                "milliseconds instead of seconds",
            ),
        ] {
            assert_eq!(feishu_mistake("demo", "1599360473", sign), Some(mistake));
        }
    }
}
