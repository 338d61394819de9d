//! `[charts]`, and `pictures` under a review.

use super::{BASE, Fixture, TASK, check, says, with};

fn review(lines: &str) -> Fixture {
    with(&format!(
        "{TASK}\nreviews.weekly = {{ cron = \"30 8 * * MON\", to = [\"office\"], {lines} }}"
    ))
}

#[test]
fn a_review_shows_pictures_unless_it_is_told_not_to() {
    assert!(review("").config().reviews[0].pictures);
    assert!(!review("pictures = false").config().reviews[0].pictures);
}

#[test]
fn pictures_are_wanted_or_not() {
    says(
        &review("pictures = \"yes\""),
        "`reviews.weekly.pictures` must be true or false, not a text",
    );
}

#[test]
fn a_font_file_that_is_not_there_hinders_nothing_but_pictures() {
    let fixture = with(&format!("{TASK}\ncharts.font_file = \"none.ttc\""));
    assert_eq!(fixture.config().font_file, Some(fixture.path("none.ttc")));
    check(
        &fixture,
        &["duban.toml:2:20: warning: `none.ttc`: No such file or directory (os error 2): reviews go without pictures"],
    );
}

#[test]
fn a_font_file_that_holds_no_font_is_warned_of() {
    let text = format!("{TASK}\ncharts.font_file = \"font.ttf\"\n{BASE}");
    let fixture = Fixture::new(&[("duban.toml", &text), ("font.ttf", "no font")]);
    check(
        &fixture,
        &["duban.toml:2:20: warning: `font.ttf` holds no font: reviews go without pictures"],
    );
}

#[test]
#[ignore = "needs the package fonts-dejavu-core"]
fn a_font_without_chinese_characters_is_warned_of() {
    let path = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
    says(
        &with(&format!("{TASK}\ncharts.font_file = \"{path}\"")),
        "has no Chinese characters: pictures that need them are left out",
    );
}
