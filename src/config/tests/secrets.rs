//! Secrets that stand in a file of their own.

use std::path::PathBuf;

use super::{BASE, Fixture, TASK, check, says, set_mode};
use crate::channel::{Settings, Target};

const URL: &str = "https://x.org/cgi-bin/webhook/send?key=k";

/// A channel whose address stands in `sub/url`.
fn fixture(text: &str) -> Fixture {
    let lines = "channels.x = { type = \"wecom\", url = { file = \"sub/url\" } }";
    Fixture::new(&[("duban.toml", &format!("{TASK}\n{lines}\n{BASE}")), ("sub/url", text)])
}

#[test]
fn a_byte_order_mark_and_the_line_ends_of_an_editor_are_taken_away() {
    for text in [format!("\u{feff}{URL}\r\n"), format!("{URL}\n\n"), format!("\r\n{URL}")] {
        let config = fixture(&text).config();
        let Some(Settings::Robot(settings)) = config.channels.get(&"x".into()) else {
            panic!("no robot")
        };
        assert!(
            matches!(&settings.target, Target::Url(url) if url.reveal() == URL),
            "{text:?}"
        );
    }
}

#[test]
fn a_second_line_is_refused_and_not_shown() {
    let fixture = fixture(&format!("{URL}\nhunter2\n"));
    let path = fixture.path("sub/url");
    let problems = fixture.load().expect_err("refused").to_string();
    assert!(
        problems.contains(&format!("`{}` holds more than one line", path.display())),
        "{problems}"
    );
    assert!(!problems.contains("hunter2"));
}

#[test]
fn a_file_that_is_not_there_is_named_from_the_root_on() {
    let fixture = fixture(URL);
    std::fs::remove_file(fixture.path("sub/url")).expect("removed");
    let path: PathBuf = fixture.path("sub/url");
    let problems = fixture.load().expect_err("refused").to_string();
    assert!(
        path.is_absolute() && problems.contains(&format!("`{}`: No such file", path.display())),
        "{problems}"
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_or_write_is_warned_of() {
    let fixture = fixture(URL);
    check(&fixture, &[]);
    for mode in [0o644, 0o620, 0o602] {
        set_mode(&fixture.path("sub/url"), mode);
        says(&fixture, "warning: others can read or write the secret in `sub/url`");
        says(&fixture, "hint: chmod 600 sub/url");
    }
}
