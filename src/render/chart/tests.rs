use chrono::{Days, NaiveDate};

use super::*;
use crate::domain::chart::{Ahead, UnitRate, Week};
use crate::domain::id::UnitId;
use crate::domain::message::Figures;

/// A font without Chinese characters.
const DEJAVU: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
/// Red, yellow, blue, green, grey, planned, week by week.
type Counts = [u32; 6];

fn day(week: u64) -> NaiveDate {
    let monday = NaiveDate::from_ymd_opt(2021, 11, 22).expect("a date");
    monday.checked_add_days(Days::new(7 * week)).expect("a date")
}

fn week(index: u64, [red, yellow, blue, green, grey, planned]: Counts) -> Week {
    Week {
        day: day(index),
        figures: Figures {
            green,
            yellow,
            red,
            blue,
            grey,
        },
        planned,
    }
}

fn unit(name: &str, on_time: u32, judged: u32) -> UnitRate {
    UnitRate {
        unit: UnitId::new(name),
        name: name.to_owned(),
        on_time,
        judged,
    }
}

/// Three weeks of 29 tasks.
fn campaign() -> Trend {
    let weeks = [[0, 4, 1, 24, 0, 29], [3, 3, 2, 19, 2, 24], [5, 2, 1, 4, 17, 7]];
    Trend {
        weeks: (0..).zip(weeks).map(|(index, counts)| week(index, counts)).collect(),
        ahead: (3..)
            .zip([5, 3, 3, 0])
            .map(|(index, planned)| Ahead {
                day: day(index),
                planned,
            })
            .collect(),
        units: vec![
            unit("市住房和城乡建设局", 0, 2),
            unit("市教育局", 2, 5),
            unit("Public Works", 3, 3),
        ],
    }
}

/// Twelve weeks of ten thousand tasks of thirty units with long names: as much as a picture can hold.
fn crowd() -> Trend {
    let counts = |week: u32| {
        [
            week * 97 + 3,
            week * 53 + 8,
            941,
            9_999 - week * 377,
            week * 311,
            9_990 - week * 401,
        ]
    };
    let name = "市自然资源和规划局";
    Trend {
        weeks: (0..12).map(|index| week(index.into(), counts(index))).collect(),
        ahead: (12..16)
            .map(|index| Ahead {
                day: day(index),
                planned: 4_321,
            })
            .collect(),
        units: (0..30)
            .map(|index| unit(&format!("{name}{index}科"), index * 9, 287))
            .collect(),
    }
}

fn charts() -> Charts {
    let charts = Charts::open(None).expect("a font is installed");
    assert!(charts.reads_chinese(), "{charts:?}");
    charts
}

fn alts(trend: &Trend, locale: Locale) -> [String; 3] {
    let words = words::of(locale);
    [
        words.lights_alt(&trend.weeks),
        words.burn_down_alt(trend),
        words.on_time_alt(&trend.units),
    ]
}

#[test]
fn in_chinese_a_sentence_says_what_a_picture_shows() {
    assert_eq!(
        alts(&campaign(), Locale::ZhCn),
        [
            "近3周各色灯：红灯由0项增至5项，在办由29项减至12项。目前红灯5项，黄灯2项，蓝灯1项，绿灯4项；已结束17项。",
            "在办任务与计划：近3周在办由29项减至12项；按首次时限现在应余7项，落后5项。按计划，1月3日应余0项。",
            "各单位按期率（对照首次时限）：总计50%，10项中5项按期；最低的是市住房和城乡建设局0%（0/2）、市教育局40%（2/5）。",
        ]
    );
}

#[test]
fn in_english_a_sentence_says_what_a_picture_shows() {
    assert_eq!(
        alts(&campaign(), Locale::En),
        [
            "Lights over 3 weeks: red up from 0 to 5, open tasks down from 29 to 12. Now 5 red, 2 yellow, 1 blue, 4 green; \
             17 ended.",
            "Open tasks against plan: over 3 weeks open tasks down from 29 to 12; first deadlines would leave 7 open now, so \
             the work is 5 behind. The plan leaves 0 open on 3 Jan.",
            "On-time rate by unit, against first deadlines: 50% in all, 5 of 10 tasks; lowest: 市住房和城乡建设局 0% (0/2), \
             市教育局 40% (2/5).",
        ]
    );
}

#[test]
fn what_stands_in_a_mail_is_escaped_and_no_wider_than_the_mail() {
    let picture = Picture {
        png: vec![1, 2, 3],
        alt: "a \"b\" <c> *d*".to_owned(),
        name: "lights.png".to_owned(),
        width: 1280,
        height: 1020,
    };
    let html = picture.html();
    assert!(html.contains("alt=\"a &quot;b&quot; &lt;c&gt; *d*\""), "{html}");
    assert!(
        html.contains("width=\"640\" style=\"display:block;width:100%;max-width:640px"),
        "{html}"
    );
    assert!(
        html.contains("src=\"cid:lights.039058c6f2c0cb492c533b0a4d14ef77@duban\""),
        "{html}"
    );
    assert_eq!(picture.markdown(), "a \"b\" &lt;c&gt; \\*d\\*");
}

#[test]
#[ignore = "needs the package fonts-noto-cjk or fonts-wqy-microhei"]
fn pictures_are_small_and_half_as_wide_again_as_a_mail() {
    for trend in [campaign(), crowd()] {
        for locale in [Locale::ZhCn, Locale::En] {
            let pictures = charts().pictures(&trend, locale);
            assert_eq!(pictures.len(), 3);
            for picture in pictures {
                let size = picture.png.len();
                println!("{} in {}: {size} bytes", picture.name, locale.as_str());
                assert!(
                    size <= canvas::BYTES_MAX,
                    "{} in {}: {size} bytes",
                    picture.name,
                    locale.as_str()
                );
                assert_eq!(picture.width, 960);
                assert!(picture.png.starts_with(b"\x89PNG\r\n\x1a\n"));
            }
        }
    }
}

#[test]
#[ignore = "needs the package fonts-noto-cjk or fonts-wqy-microhei"]
fn the_same_figures_make_the_same_bytes() {
    let drawn = || charts().pictures(&campaign(), Locale::ZhCn);
    assert_eq!(drawn(), drawn());
}

#[test]
#[ignore = "needs the package fonts-noto-cjk or fonts-wqy-microhei"]
fn before_there_is_something_to_show_there_is_no_picture() {
    let mut trend = campaign();
    trend.weeks.truncate(1);
    trend.units.clear();
    assert_eq!(charts().pictures(&trend, Locale::En), []);
    assert_eq!(charts().pictures(&Trend::default(), Locale::ZhCn), []);
}

#[test]
#[ignore = "needs the package fonts-noto-cjk or fonts-wqy-microhei"]
fn a_name_that_somebody_meant_to_break_the_picture_with_is_only_text() {
    let mut trend = campaign();
    trend.units = vec![unit("</text><script>&\u{202E}\u{FFFF}\u{1F600}\"'\n", 1, 2)];
    assert!(charts().on_time(&trend, Locale::En).is_some());
}

#[test]
#[ignore = "needs the package fonts-dejavu-core"]
fn a_font_without_chinese_leaves_a_picture_out_rather_than_showing_boxes() {
    let charts = Charts::open(Some(Path::new(DEJAVU))).expect("the font is installed");
    assert!(!charts.reads_chinese());
    assert_eq!(charts.pictures(&campaign(), Locale::ZhCn), []);
    let english = charts.pictures(&campaign(), Locale::En);
    let names: Vec<&str> = english.iter().map(|picture| picture.name.as_str()).collect();
    assert_eq!(names, ["lights.png", "burn-down.png"], "a unit has a Chinese name");
}

#[test]
fn a_file_that_is_not_there_or_no_font_says_so() {
    let said = |path: &Path| Charts::open(Some(path)).expect_err("it is no font").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("font.ttf");
    assert!(said(&path).contains("No such file"));
    std::fs::write(&path, "no font").expect("written");
    assert!(said(&path).ends_with("font.ttf` holds no font"));
}
