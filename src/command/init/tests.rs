use std::io::Cursor;
use std::path::PathBuf;

use clap::Parser;

use super::*;
use crate::command::cli::{Cli, Command, Language};
use crate::config;

/// A day on which the sample's deadlines lie in a year that every calendar knows.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day")
}

fn flags(line: &str) -> Init {
    match Cli::try_parse_from(format!("duban init {line}").split_whitespace()) {
        Ok(Cli {
            command: Command::Init(args),
            ..
        }) => args,
        other => panic!("`{line}`: {other:?}"),
    }
}

fn usual(line: &str) -> Answers {
    Answers::usual(&flags(line), &Environment::default())
}

fn failure(failure: &Failure) -> String {
    format!("{failure:?}")
}

/// What `check` says of a folder.
fn checked(folder: &Path) -> String {
    match config::load(&folder.join("duban.toml"), &Environment::default()) {
        Ok(config) => config.warnings.iter().map(ToString::to_string).collect(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn what_is_written_passes_check_without_a_warning_in_both_languages() {
    for language in ["zh-CN", "en"] {
        let folder = tempfile::tempdir().expect("a folder");
        let answers = usual(&format!("--locale {language} --timezone Asia/Shanghai"));
        let told = set_up(&answers, folder.path(), today(), &Environment::default()).expect("written");
        assert_eq!(checked(folder.path()), "", "{language}");
        assert!(told.contains("duban plan") && !told.contains("mended"), "{told}");
    }
}

#[test]
fn it_is_a_trial_and_every_file_names_the_schema_that_stands_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    set_up(&usual("--locale en"), folder.path(), today(), &Environment::default()).expect("written");
    let config = config::load(&folder.path().join("duban.toml"), &Environment::default()).expect("it loads");
    assert_eq!(config.delivery.trial.map(|id| id.to_string()).as_deref(), Some("me"));
    for name in ["duban.toml", "people.toml"] {
        let text = fs::read_to_string(folder.path().join(name)).expect("written");
        assert!(
            text.starts_with(&format!("#:schema ./{}\n", config::SCHEMA_FILE)),
            "{name}"
        );
    }
    assert!(folder.path().join(config::SCHEMA_FILE).exists());
}

#[test]
fn both_languages_say_the_same_but_for_words() {
    let shape = |text: &str| -> Vec<String> {
        let plain = |line: &str| line.split('#').next().unwrap_or_default().trim_end().to_owned();
        let key = |line: String| line.split(" = ").next().unwrap_or_default().trim_end().to_owned();
        text.lines()
            .map(plain)
            .map(key)
            .filter(|line| !line.is_empty())
            .collect()
    };
    let texts = |language: &str| {
        let first = FirstFiles::of(&usual(&format!("--locale {language}")), Path::new("x"), today());
        first.expect("filled in").texts
    };
    for ((name, english), (_, chinese)) in texts("en").iter().zip(&texts("zh-CN")) {
        if name.ends_with(".toml") {
            assert_eq!(shape(english), shape(chinese), "{name}");
        }
    }
}

#[test]
fn nothing_is_overwritten() {
    for name in files::NAMES {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), "mine").expect("written");
        let refused = refuse_what_is_there(folder.path()).expect_err("it is there");
        assert!(failure(&refused).contains(name), "{refused:?}");
        let raced = set_up(&usual("--locale en"), folder.path(), today(), &Environment::default());
        assert!(raced.is_err());
        assert_eq!(fs::read_to_string(folder.path().join(name)).expect("there"), "mine");
    }
}

#[test]
fn wrong_answers_are_refused_before_anything_is_written() {
    for (line, said) in [
        ("--calendar mars", "calendar `mars` is not defined"),
        ("--server smtp.example.org", "`smtp.example.org` is no mail server"),
        ("--email wang", "wang"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("office");
        let answers = usual(&format!("--locale en {line}"));
        let refused = set_up(&answers, &place, today(), &Environment::default()).expect_err(line);
        assert!(failure(&refused).contains(said), "{line}: {refused:?}");
        assert!(!place.exists(), "{line}");
    }
}

#[test]
fn what_a_person_types_stays_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = Answers {
        office: "A \"B\" \\ {{email}}, C".to_owned(),
        name: "王 = '敏' #1".to_owned(),
        ..usual("--locale en")
    };
    set_up(&answers, folder.path(), today(), &Environment::default()).expect("written");
    let config = config::load(&folder.path().join("duban.toml"), &Environment::default()).expect("it loads");
    let units: Vec<&str> = config.people.units.values().map(|unit| unit.name.as_str()).collect();
    assert!(units.contains(&answers.office.as_str()), "{units:?}");
}

#[test]
fn a_ledger_of_ones_own_is_named_and_what_it_lacks_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = folder.path().join("台账.csv");
    fs::write(
        &ledger,
        "编号,整改任务,牵头领导,责任单位,完成时限\n1,桥,张三,市交通局,2026-06-30\n",
    )
    .expect("written");
    let answers = Answers {
        ledger: Some(ledger),
        ..usual("--locale zh-CN")
    };
    let told = set_up(&answers, folder.path(), today(), &Environment::default()).expect("written");
    assert!(
        told.contains("Still to be mended") && told.contains("市交通局"),
        "{told}"
    );
    assert!(!folder.path().join("ledger.csv").exists());
    let missing = Answers {
        ledger: Some(PathBuf::from("/none/台账.csv")),
        ..answers
    };
    let refused = set_up(&missing, &folder.path().join("b"), today(), &Environment::default());
    assert!(failure(&refused.expect_err("no ledger")).contains("/none/台账.csv"));
}

#[test]
fn a_login_waits_for_its_password_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = usual("--locale en --server smtps://mail.example.org:465 --username duban");
    let told = set_up(&answers, folder.path(), today(), &Environment::default()).expect("written");
    assert!(told.contains("install -m 600 /dev/stdin smtp-password"), "{told}");
    let path = folder.path().join("smtp-password");
    fs::write(&path, "hunter2\n").expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&path, mode).expect("a mode");
    assert_eq!(checked(folder.path()), "");
}

#[test]
fn questions_are_asked_again_until_they_are_answered_and_an_empty_line_takes_what_is_usual() {
    let typed = "zh-CN\nMars\nAsia/Shanghai\n\n市督办办\n王敏\nwang\nwang@example.org\nmail.example.org\n\n\n";
    let args = flags("");
    let mut shown = Vec::new();
    let answers = usual("")
        .ask(&args, &mut Cursor::new(typed), &mut shown)
        .expect("answered");
    let shown = String::from_utf8(shown).expect("text");
    assert_eq!(
        (answers.locale, answers.timezone.as_str()),
        (Language::ZhCn, "Asia/Shanghai")
    );
    assert_eq!(
        (answers.calendar.as_str(), answers.office.as_str()),
        ("cn-mainland", "市督办办")
    );
    assert_eq!(
        (answers.name.as_str(), answers.email.as_str()),
        ("王敏", "wang@example.org")
    );
    assert!(
        shown.contains("an IANA name") && shown.contains("an address such as") && shown.contains("  smtps://HOST:465"),
        "{shown}"
    );
}

#[test]
fn what_a_flag_says_is_not_asked() {
    let line = "--locale en --timezone UTC --calendar mon-fri --office O --name N --email n@example.org --server file:o \
                --username u --ledger l.csv";
    let mut shown = Vec::new();
    let answers = usual(line)
        .ask(&flags(line), &mut Cursor::new(""), &mut shown)
        .expect("nothing to ask");
    assert_eq!((answers.office.as_str(), shown.len()), ("O", 0));
}

#[test]
fn an_answer_that_never_comes_ends_it() {
    let mut shown = Vec::new();
    let ended = usual("").ask(&flags(""), &mut Cursor::new("en\n"), &mut shown);
    assert!(
        ended
            .expect_err("no answer")
            .to_string()
            .contains("nothing was written")
    );
}
