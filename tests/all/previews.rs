//! `preview` shows the very bytes that the daemon then sends, and nothing that must stay secret.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use duban::rules::progress::Act;

use crate::vendors::VendorServer;
use crate::vendors::wecom::WeCom;
use crate::world::{TOWN, World, ledger};

const KEY: &str = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What the program said, and how it ended.
struct Ran {
    code: Option<i32>,
    out: Vec<u8>,
    err: String,
}

fn preview(dir: &Path, line: &str) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_duban"))
        .arg("preview")
        .args(line.split(' '))
        .arg("-c")
        .arg(dir.join("duban.toml"))
        .env_clear()
        .output()
        .unwrap();
    Ran {
        code: output.status.code(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// The bytes, where it went well.
    #[track_caller]
    fn bytes(self) -> Vec<u8> {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    #[track_caller]
    fn fails(&self, code: i32, words: &str) {
        assert_eq!((self.code, self.out.len()), (Some(code), 0), "{}", self.err);
        assert!(self.err.contains(words), "{}", self.err);
    }
}

/// The town with a group, whom its deadlines are told as well as the owner and the head; Ann can be rung there.
fn town(group: &str) -> String {
    let works = format!(
        "[channels.works]\ntype = \"wecom\"\nurl = \"{group}\"\n[channels.other]\ntype = \"email\"\nserver = \
         \"file:other\"\nfrom = \"duban@example.org\"\n[people.ann]\nwecom = \"ann-w\"\n"
    );
    TOWN.replace("[people.ann]\n", &works)
        .replace(
            "email = \"ben@example.org\"\n",
            "email = \"ben@example.org\"\nchannels = [\"mail\"]\n",
        )
        .replace(
            "email = \"ann@example.org\"\n",
            "email = \"ann@example.org\"\nchannels = [\"mail\"]\n",
        )
        .replace(
            "email = \"cat@example.org\"\n",
            "email = \"cat@example.org\"\nchannels = [\"mail\"]\n",
        )
        .replace("head = \"ben\"\n", "head = \"ben\"\ngroup = \"works\"\n")
        .replace(
            "level = \"due\", to = [\"owner\"]",
            "level = \"due\", to = [\"owner\", \"group\", \"channel:hook\"]",
        )
        + "[delivery]\ngather = \"0s\"\n"
}

fn in_folders() -> World {
    World::new(&town("file:works"), &ledger(&[("bridge-1", "2026-03-10")]))
}

/// The bytes of the one file that stands in a folder.
fn only_file(world: &World, folder: &str, of: &str) -> Vec<u8> {
    let files = fs::read_dir(world.path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let bytes: Vec<Vec<u8>> = files.map(|path| fs::read(path).unwrap()).collect();
    let with: Vec<&Vec<u8>> = bytes
        .iter()
        .filter(|bytes| String::from_utf8_lossy(bytes).contains(of))
        .collect();
    assert_eq!(with.len(), 1, "{of} in {folder}");
    with[0].clone()
}

#[tokio::test]
async fn a_group_gets_the_very_bytes_that_a_preview_before_the_first_load_showed() {
    let mut world = in_folders();
    let server = VendorServer::start(WeCom::new(KEY), Arc::new(world.clock.clone())).await;
    world.edit("file:works", &server.url(&server.vendor().target()));
    let shown = preview(world.dir.path(), "bridge-1 --channel works --now 2026-03-10T09:00:00").bytes();
    world.start("2026-03-10T09:00:00+08:00").await;
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        String::from_utf8(shown).unwrap(),
        String::from_utf8(requests[0].body.clone()).unwrap()
    );
    assert_eq!(server.posts()[0].rings, ["ann-w"]);
}

#[tokio::test]
async fn a_group_gets_the_very_bytes_that_a_preview_beside_a_running_daemon_showed() {
    let mut world = in_folders();
    let server = VendorServer::start(WeCom::new(KEY), Arc::new(world.clock.clone())).await;
    world.edit("file:works", &server.url(&server.vendor().target()));
    world.start("2026-03-04T12:00:00+08:00").await;
    let shown = preview(world.dir.path(), "bridge-1 --channel works --now 2026-03-10T09:00:00").bytes();
    world.run_until("2026-03-10T09:00:00+08:00").await;
    assert_eq!(server.requests().len(), 1);
    assert_eq!(shown, server.requests()[0].body);
}

#[tokio::test]
async fn people_who_are_told_in_a_group_share_the_very_bytes_of_its_preview() {
    let mut world = in_folders();
    for person in ["ann", "ben"] {
        let email = format!("email = \"{person}@example.org\"\nchannels = [");
        world.edit(&email, &format!("{email}\"works\", "));
    }
    world.edit("every = \"1wd\", times = 5", "every = \"1wd\"");
    world.edit(
        "level = \"overdue\", to = [\"owner\"]",
        "level = \"overdue\", to = [\"owner\", \"head\"]",
    );
    let server = VendorServer::start(WeCom::new(KEY), Arc::new(world.clock.clone())).await;
    world.edit("file:works", &server.url(&server.vendor().target()));
    world.start("2026-03-11T12:00:00+08:00").await;
    let before = server.requests().len();
    let shown = preview(
        world.dir.path(),
        "bridge-1 --channel works --level overdue --now 2026-03-12T09:00:00",
    )
    .bytes();
    world.run_until("2026-03-12T09:00:00+08:00").await;
    assert_eq!(server.requests().len(), before + 1);
    assert_eq!(shown, server.requests()[before].body);
}

#[tokio::test]
async fn a_webhook_gets_the_very_bytes_of_its_preview() {
    let mut world = in_folders();
    let shown = preview(world.dir.path(), "bridge-1 --channel hook --now 2026-03-10T09:00:00").bytes();
    world.start("2026-03-10T09:00:00+08:00").await;
    assert_eq!(shown, only_file(&world, "hook", "duban.notice"));
}

#[tokio::test]
async fn a_mail_is_the_very_bytes_of_its_preview() {
    let mut world = in_folders();
    let shown = preview(world.dir.path(), "bridge-1 --channel mail --now 2026-03-10T09:00:00").bytes();
    world.start("2026-03-10T09:00:00+08:00").await;
    assert_eq!(shown, only_file(&world, "mail", "X-Duban-Kind: notice"));
}

#[tokio::test]
async fn in_a_trial_a_preview_shows_the_mail_to_the_person_of_the_trial() {
    let mut world = in_folders();
    world.edit("gather = \"0s\"", "gather = \"0s\"\ntrial = \"person:cat\"");
    let ran = preview(world.dir.path(), "bridge-1 --channel works --now 2026-03-10T09:00:00");
    assert!(ran.err.contains("what is for works goes to Cat by mail"), "{}", ran.err);
    let shown = ran.bytes();
    world.start("2026-03-10T09:00:00+08:00").await;
    let mails = fs::read_dir(world.path("mail"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    assert!(mails.map(|path| fs::read(path).unwrap()).any(|mail| mail == shown));
}

#[test]
fn a_preview_stores_and_sends_nothing() {
    let world = in_folders();
    preview(world.dir.path(), "bridge-1 --channel works").bytes();
    for name in ["duban.db", "works", "mail", "hook"] {
        assert!(!world.path(name).exists(), "{name}");
    }
}

#[test]
fn what_stands_beside_the_bytes_is_told_on_standard_error() {
    let world = in_folders();
    let ran = preview(world.dir.path(), "bridge-1 --channel works --now 2026-03-05T09:00:00");
    let facts: Vec<&str> = ran.err.lines().skip(2).collect();
    let used = serde_json::from_str::<serde_json::Value>(&ran.text()).unwrap()["markdown"]["content"]
        .as_str()
        .unwrap()
        .len();
    let said = "task bridge-1: due/due (on 2026-03-10, the deadline) goes out at 2026-03-10T09:00:00+08:00; here it is as \
                said at 2026-03-05T09:00:00+08:00";
    assert_eq!(
        facts,
        [
            format!("note: {said}"),
            format!("note: group works (wecom): 1 part, {used} of 4096 bytes"),
            "note: rings Ann (ann)".to_owned(),
            "note: names Ben (ben), Cat (cat) and cannot ring them by wecom".to_owned(),
        ]
    );
}

#[test]
fn a_preview_shows_no_url_no_key_and_no_secret() {
    let world = in_folders();
    world.edit(
        "file:works",
        &format!("http://127.0.0.1:9/cgi-bin/webhook/send?key={KEY}"),
    );
    world.edit(
        "\"file:hook\"",
        &format!("\"http://127.0.0.1:9/T0KEN/path\"\nsecret = \"{SECRET}\""),
    );
    for channel in ["works", "hook"] {
        let ran = preview(world.dir.path(), &format!("bridge-1 --channel {channel}"));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        for hidden in [KEY, "T0KEN", "127.0.0.1", "cgi-bin", "whsec", "MfKQ9r8"] {
            assert!(!ran.text().contains(hidden), "{channel}: {hidden}");
            assert!(!ran.err.contains(hidden), "{channel}: {}", ran.err);
        }
    }
}

#[test]
fn a_signature_is_announced_and_not_shown() {
    let world = in_folders();
    world.edit(
        "\"file:hook\"",
        &format!("\"http://127.0.0.1:9/\"\nsecret = \"{SECRET}\""),
    );
    let ran = preview(world.dir.path(), "bridge-1 --channel hook");
    assert!(
        ran.err
            .contains("note: a signature and its time are added when it is sent\n"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("note: webhook hook: 1 post for hook (hook), "),
        "{}",
        ran.err
    );
}

#[test]
fn a_level_that_the_ladder_does_not_lead_to_the_group_shows_how_it_would_look_there() {
    let world = in_folders();
    let ran = preview(
        world.dir.path(),
        "bridge-1 --channel works --level escalate --now 2026-03-05T09:00:00",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err
            .contains("has its time at 2026-03-13T09:00:00+08:00, and does not go to works by itself"),
        "{}",
        ran.err
    );
    assert!(ran.text().contains("\"msgtype\":\"markdown\""), "{}", ran.text());
}

#[test]
fn a_level_whose_time_is_past_stands_as_said_now() {
    let world = in_folders();
    world.edit(
        "at = \"-3wd\", level = \"remind\", to = [\"owner\"]",
        "at = \"-3wd\", level = \"remind\", to = [\"head\"]",
    );
    let ran = preview(
        world.dir.path(),
        "bridge-1 --channel works --level remind --now 2026-03-20T09:00:00",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("has its time behind it"), "{}", ran.err);
}

#[test]
fn a_mail_goes_to_the_first_whom_the_step_tells_and_the_channel_reaches() {
    let world = in_folders();
    let ran = preview(
        world.dir.path(),
        "bridge-1 --channel mail --level escalate --now 2026-03-05T09:00:00",
    );
    assert!(
        ran.err.contains("mail channel mail: 1 mail to Ben (ben), "),
        "{}",
        ran.err
    );
    assert!(ran.text().contains("ben@example.org"), "{}", ran.text());
}

#[test]
fn a_mail_may_be_previewed_to_somebody_else() {
    let world = in_folders();
    let ran = preview(
        world.dir.path(),
        "bridge-1 --channel mail --to Cat --now 2026-03-05T09:00:00",
    );
    assert!(ran.err.contains("does not go to Cat by mail by itself"), "{}", ran.err);
    assert!(ran.text().contains("cat@example.org"), "{}", ran.text());
}

#[test]
fn a_mail_channel_that_reaches_nobody_of_the_step_asks_for_somebody() {
    let world = in_folders();
    world.edit("channels = [\"mail\", \"hook\"]", "channels = [\"other\"]");
    preview(world.dir.path(), "bridge-1 --channel other")
        .fails(1, "hint: name somebody whom it reaches: `--to office`");
}

#[test]
fn somebody_whom_the_channel_does_not_reach_is_told_with_the_channels_that_do() {
    let world = in_folders();
    preview(world.dir.path(), "bridge-1 --channel other --to ann").fails(1, "hint: `--channel mail`");
}

#[test]
fn somebody_who_is_away_then_is_told_with_the_deputy_who_would_hear_it() {
    let world = in_folders();
    world.edit(
        "name = \"Ann\"",
        "name = \"Ann\"\ndeputy = \"ben\"\naway = [{ from = 2026-03-01, until = 2026-03-31 }]",
    );
    preview(
        world.dir.path(),
        "bridge-1 --channel mail --to ann --now 2026-03-02T09:00:00",
    )
    .fails(
        1,
        "Ann is away then: Ben would be told in their place\n  hint: `--to ben`",
    );
}

#[test]
fn a_task_a_channel_or_a_person_that_there_is_not_fails_with_near_ids() {
    let world = in_folders();
    let dir = world.dir.path();
    preview(dir, "brigde-1 --channel works")
        .fails(1, "no task has the id `brigde-1`\n  hint: did you mean `bridge-1`?");
    preview(dir, "bridge-1 --channel wroks").fails(1, "no channel has the id `wroks`\n  hint: did you mean `works`?");
    preview(dir, "bridge-1 --channel mail --to bem")
        .fails(1, "no person has the id `bem`\n  hint: did you mean `ben`?");
}

#[test]
fn a_channel_like_none_fails_with_those_there_are() {
    preview(in_folders().dir.path(), "bridge-1 --channel leaders").fails(1, "hint: there is hook, mail, other, works");
}

#[test]
fn a_level_that_is_none_is_not_understood_and_the_near_one_named() {
    preview(in_folders().dir.path(), "bridge-1 --channel works --level overdu").fails(2, "'overdue'");
}

#[test]
fn a_level_that_the_ladder_does_not_have_is_told_with_those_it_has() {
    preview(in_folders().dir.path(), "bridge-1 --channel works --level summon").fails(
        1,
        "ladder standard has no step of level summon\n  hint: `--level remind` or `--level due` or",
    );
}

#[tokio::test]
async fn a_task_that_is_closed_has_nothing_more_to_say_and_says_why() {
    let mut world = in_folders();
    world.start("2026-03-04T12:00:00+08:00").await;
    world.act("bridge-1", &Act::Close { on: None }).await;
    let ran = preview(
        world.dir.path(),
        "bridge-1 --channel works --level due --now 2026-03-05T09:00:00",
    );
    ran.fails(
        1,
        "task bridge-1 has nothing more to say\n  due/due: settled: the task is closed",
    );
}
