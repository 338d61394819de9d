//! The systemd unit is one that systemd takes, and keeps what the daemon promises.

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
        .args(["security", "--offline=true", "--threshold=20", "--no-pager"])
        .arg(installed_in(folder.path()))
        .output()
        .expect("systemd-analyze is installed");
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "exposure above 2.0:\n{table}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
