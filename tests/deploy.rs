//! The systemd unit is one that systemd takes, and keeps what the daemon promises; the package holds what it names, and
//! what is drawn from the command line knows every command.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn unit() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/duban.service")).unwrap_or_default()
}

fn has(line: &str) -> bool {
    unit().lines().any(|found| found == line)
}

/// The unit in `folder`, with the program that this build made in place of the installed one.
fn installed_in(folder: &Path) -> PathBuf {
    let path = folder.join("duban.service");
    let text = unit().replace("/usr/bin/duban", env!("CARGO_BIN_EXE_duban"));
    assert!(fs::write(&path, text).is_ok(), "the temporary folder can be written");
    path
}

#[test]
fn a_failure_is_restarted_without_limit() {
    assert!(has("Restart=always") && has("StartLimitIntervalSec=0"));
}

#[test]
fn broken_files_do_not_hold_up_the_start() {
    assert!(has("ExecStartPre=-/usr/bin/duban check -c /etc/duban/duban.toml"));
}

#[test]
fn readiness_is_told_by_the_daemon() {
    assert!(has("Type=notify"));
}

#[test]
fn a_daemon_that_hangs_is_started_again_and_one_that_rests_is_not() {
    // A loop that waits moves every fifteen seconds, and may be silent for half of this.
    assert!(has("WatchdogSec=3min"));
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_takes_the_unit_without_a_word() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(installed_in(folder.path()))
        .output()
        .expect("systemd-analyze is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    let is_silent = !said.lines().any(|line| line.contains("duban"));
    assert!(output.status.success() && is_silent, "{said}");
}

#[test]
#[ignore = "needs systemd-analyze"]
fn the_unit_is_little_exposed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=15", "--no-pager"])
        .arg(installed_in(folder.path()))
        .output()
        .expect("systemd-analyze is installed");
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "exposure above 1.5:\n{table}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_fall_leaves_no_dump() {
    assert!(has("LimitCORE=0"));
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

/// What is packed, as `(from, to)`.
fn assets() -> Vec<(String, String)> {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap_or_default();
    let deb = manifest
        .get("package")
        .and_then(|package| package.get("metadata")?.get("deb"));
    let assets = deb.and_then(|deb| deb.get("assets")?.as_array());
    let text = |asset: &toml::Value, at: usize| Some(asset.get(at)?.as_str()?.to_owned());
    let pair = |asset| Some((text(asset, 0)?, text(asset, 1)?));
    assets.into_iter().flatten().filter_map(pair).collect()
}

/// Where a file of the package comes from and where it goes, without what `deploy/build-deb` makes.
#[test]
fn what_is_packed_is_there_and_every_sample_is_packed() {
    let sources: BTreeSet<PathBuf> = assets()
        .into_iter()
        .map(|(from, _)| from)
        .filter(|from| !from.starts_with("target/"))
        .flat_map(|from| {
            let found: Vec<PathBuf> = glob::glob(&format!("{}/{from}", env!("CARGO_MANIFEST_DIR")))
                .expect("a pattern")
                .flatten()
                .filter(|path| path.is_file())
                .collect();
            assert!(!found.is_empty(), "{from} is not there");
            found
        })
        .collect();
    let samples = glob::glob(concat!(env!("CARGO_MANIFEST_DIR"), "/config/**/*")).expect("a pattern");
    let left: Vec<PathBuf> = samples
        .flatten()
        .filter(|path| path.is_file() && !sources.contains(path))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[test]
fn what_is_made_for_the_package_is_what_is_packed() {
    let script = read("deploy/build-deb");
    for (from, _) in assets() {
        if let Some(made) = from.strip_prefix("target/package/") {
            let name = made.split('*').next().unwrap_or(made).trim_end_matches('/');
            assert!(script.contains(&format!("\"$made/{name}\"")), "{from} is not made");
        }
    }
    assert!(script.contains("\"$made/duban.service\""));
}

#[test]
fn the_package_has_the_version_of_the_program_and_a_file_that_upgrades_keep() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("deploy/debian/changelog").starts_with(&format!("duban ({version}-1) ")));
    assert!(assets().contains(&("deploy/debian/default".to_owned(), "etc/default/duban".to_owned())));
    assert!(has("EnvironmentFile=-/etc/default/duban"));
}

#[test]
fn the_scripts_of_the_package_are_sound_and_leave_the_work_of_others_alone() {
    for (name, says) in [("postinst", "adduser"), ("postrm", "rm -rf /var/lib/duban")] {
        let script = read(&format!("deploy/debian/{name}"));
        assert!(script.contains("#DEBHELPER#") && script.contains(says), "{name}");
        assert!(!script.contains("rm -rf /etc"), "{name}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/debian").join(name);
        let parsed = Command::new("sh")
            .arg("-n")
            .arg(path)
            .output()
            .expect("there is a shell");
        assert!(
            parsed.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&parsed.stderr)
        );
    }
    let purge = read("deploy/debian/postrm");
    let before = purge.split("rm -rf").next().unwrap_or_default();
    assert!(before.contains("\"$1\" = purge"), "only a purge deletes");
}

/// The commands of the help, and those of the commands below them.
fn commands(words: &[&str]) -> Vec<String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_duban"));
    let output = program.args(words).arg("--help").env_clear().output();
    let help = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let Some((_, listed)) = help.split_once("\nCommands:\n") else {
        return vec![words.join("-")];
    };
    let listed = listed.lines().take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<String> = names
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect();
    let below = names
        .iter()
        .flat_map(|name| commands(&[words, &[name.as_str()]].concat()));
    below.chain([words.join("-")]).collect()
}

#[test]
fn every_command_has_a_man_page() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let made = Command::new(env!("CARGO_BIN_EXE_duban"))
        .arg("man")
        .arg(folder.path())
        .output();
    assert!(made.expect("the program starts").status.success());
    let commands = commands(&[]);
    assert!(commands.len() > 25, "{commands:?}");
    for command in commands {
        let name = if command.is_empty() {
            "duban".to_owned()
        } else {
            format!("duban-{command}")
        };
        let page = fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap_or_default();
        assert!(page.contains(".SH SYNOPSIS"), "{name} has no page");
    }
}

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(["completions", shell])
            .output();
        let script = output.expect("the program starts").stdout;
        let script = String::from_utf8_lossy(&script).into_owned();
        for command in commands(&[]) {
            let last = command.rsplit('-').next().unwrap_or_default();
            assert!(script.contains(last), "{shell} does not know {command}");
        }
    }
}

#[test]
fn the_container_runs_without_rights_and_asks_the_program_for_its_health() {
    let file = read("deploy/Containerfile");
    let last = |word: &str| file.lines().rfind(|line| line.starts_with(word));
    assert_eq!(last("USER "), Some("USER 10001:10001"));
    assert!(last("HEALTHCHECK ").is_some() && file.contains("VOLUME /var/lib/duban"));
    let minimum = env!("CARGO_PKG_RUST_VERSION");
    let image = last("FROM docker.io/library/rust:").unwrap_or_default();
    let version = image.split([':', '-']).nth(1).unwrap_or_default();
    assert!(version >= minimum, "{image} is older than {minimum}");
}

/// The lines of commands in a guide, without what is said of them and what people would type otherwise.
fn typed(guide: &str) -> Vec<String> {
    let text = read(guide);
    let blocks = text.split("```").skip(1).step_by(2);
    let lines = blocks
        .filter_map(|block| block.strip_prefix("sh\n"))
        .flat_map(str::lines);
    let plain = |line: &str| {
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        let parts = line.split('"').enumerate();
        parts
            .map(|(at, part)| if at % 2 == 0 { part } else { "…" })
            .collect::<String>()
    };
    lines.map(plain).collect()
}

#[test]
fn both_guides_say_to_type_the_same() {
    let english = typed("deploy/README.md");
    assert!(english.len() > 40, "{english:?}");
    assert_eq!(english, typed("deploy/README.zh-CN.md"));
}

/// Commands in the guide are commands of the program.
#[test]
fn the_guide_names_only_commands_that_there_are() {
    let known = commands(&[]);
    let guide = read("deploy/README.md");
    let lines = guide.lines().filter_map(|line| line.trim().strip_prefix("duban "));
    let mut count = 0;
    for line in lines.filter(|line| !line.starts_with(['{', '.'])) {
        let first = line.split_whitespace().next().unwrap_or_default();
        let is_known = known
            .iter()
            .any(|command| command.split('-').next() == Some(first) || command == first);
        assert!(is_known, "duban {line}");
        count += 1;
    }
    assert!(count > 10, "{count}");
}
