//! What people write into progress texts and does not belong into a public report: addresses and telephone numbers.

/// Stands for what was taken out.
const WITHHELD: &str = "***";
/// Digits of a mobile number in China's mainland.
const MOBILE_DIGITS: usize = 11;

/// The text without mail addresses and mobile numbers.
pub(super) fn without_addresses(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if is_of_address(c) {
            word.push(c);
        } else {
            settle(&mut kept, &mut word);
            kept.push(c);
        }
    }
    settle(&mut kept, &mut word);
    kept
}

fn is_of_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '＠' | '.' | '_' | '-' | '+' | '%')
}

fn settle(kept: &mut String, word: &mut String) {
    let core = word.trim_matches(['.', '-']);
    if is_mail(core) || is_mobile(core) {
        kept.push_str(&word.replacen(core, WITHHELD, 1));
    } else {
        kept.push_str(word);
    }
    word.clear();
}

fn is_mail(word: &str) -> bool {
    word.split_once(['@', '＠'])
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn is_mobile(word: &str) -> bool {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let digits = digits
        .strip_prefix("86")
        .filter(|rest| rest.len() == MOBILE_DIGITS)
        .unwrap_or(&digits);
    let is_number = word.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+'));
    is_number && digits.len() == MOBILE_DIGITS && digits.starts_with('1') && !digits.starts_with("10")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_mobile_numbers_are_taken_out_and_the_rest_stays() {
        assert_eq!(
            without_addresses("请联系zhang.san@example.org，13800138000或+86-138-0013-8000。"),
            "请联系***，***或***。"
        );
    }

    #[test]
    fn figures_and_dates_stay() {
        let text = "2021-12-20 投入 10000000000 元，编号 20211220001，A@, 共3.5%";
        assert_eq!(without_addresses(text), text);
    }
}
