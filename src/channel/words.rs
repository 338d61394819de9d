//! The other side's words, made fit for logs, the store and people: short, one line, and without addresses.

/// So many characters of an answer are kept.
pub(super) const WORDS_MAX: usize = 200;

/// One line of at most [`WORDS_MAX`] characters: control characters become spaces, runs of spaces one, and whatever looks
/// like a mail address, a URL, or one of the `hidden` texts is taken out.
pub(super) fn clean(text: &str, hidden: &[&str]) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<String> = text.split_whitespace().map(without_address).collect();
    let mut text = words.join(" ");
    for secret in hidden.iter().filter(|secret| secret.chars().count() >= HIDDEN_MIN) {
        text = text.replace(secret, "<redacted>");
    }
    cut(&text)
}

/// Shorter texts are not taken out: they would be found everywhere.
const HIDDEN_MIN: usize = 4;

fn without_address(word: &str) -> String {
    if word.contains("://") {
        return "<url>".to_owned();
    }
    let is_edge = |c: char| "<>()[]{}\"',;:.!".contains(c);
    let core = word.trim_matches(is_edge);
    let is_address = core
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if is_address {
        "<address>".to_owned()
    } else {
        word.to_owned()
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WORDS_MAX {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(WORDS_MAX - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_address_is_taken_out_of_a_servers_words() {
        let said = "550 5.1.1 <nobody@test>: Recipient address rejected";
        assert_eq!(clean(said, &[]), "550 5.1.1 <address> Recipient address rejected");
    }

    #[test]
    fn a_url_is_taken_out_of_a_servers_words() {
        assert_eq!(
            clean("see https://hooks.example.org/secret for help", &[]),
            "see <url> for help"
        );
    }

    #[test]
    fn a_known_secret_is_taken_out_wherever_it_stands() {
        assert_eq!(
            clean("no route /hooks/T0KEN-9 here", &["/hooks/T0KEN-9"]),
            "no route <redacted> here"
        );
    }

    #[test]
    fn control_characters_become_single_spaces() {
        assert_eq!(clean("a\r\n\tb\u{0}\u{1b}[31mc", &[]), "a b [31mc");
    }

    #[test]
    fn more_than_two_hundred_characters_are_cut_between_characters() {
        let short = clean(&"提".repeat(300), &[]);
        assert_eq!(short.chars().count(), WORDS_MAX);
        assert!(short.ends_with('…'));
    }
}
