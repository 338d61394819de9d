//! The program as it is typed: which stream, which exit code.

use std::process::{Command, Output};

#[expect(clippy::panic, reason = "a program that does not start ends its test")]
fn duban(line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(line.split_whitespace())
        .env_clear()
        .output()
        .unwrap_or_else(|error| panic!("`duban {line}` does not start: {error}"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_version_is_data() {
    let output = duban("--version");
    assert_eq!(stdout(&output), format!("duban {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn help_is_data_and_names_every_command() {
    let help = stdout(&duban("--help"));
    for command in [
        "run",
        "check",
        "plan",
        "why",
        "status",
        "simulate",
        "task",
        "review",
        "outbox",
        "preview",
        "send-test",
        "journal",
        "import",
        "export",
        "schema",
        "init",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is missing:\n{help}"
        );
    }
}

#[test]
fn a_line_without_a_command_is_not_understood() {
    let output = duban("");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
}

#[test]
fn a_mistyped_command_is_not_understood_and_the_right_one_named() {
    let output = duban("plna");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    assert!(stderr(&output).contains("'plan'"), "{}", stderr(&output));
}

#[test]
fn a_log_level_that_is_none_is_not_understood() {
    let output = duban("--log loud status");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("error: `loud` is no log filter"),
        "{}",
        stderr(&output)
    );
}

/// A configuration with these channels, in a folder that goes with it.
#[expect(clippy::expect_used, reason = "a test that cannot write its files ends")]
fn office(channels: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "timezone = \"Asia/Shanghai\"\noffice = \"office\"\n{channels}\n\
         people.office = {{ email = \"office@example.org\" }}\n\
         people.boss = {{ name = \"局长\", email = \"boss@example.org\" }}\n\
         units.edu = {{ name = \"市教育局\", head = \"boss\", contacts = [\"boss\"] }}\n\
         ladders.standard.steps = [{{ at = \"-3wd\", level = \"remind\", to = [\"owner\"] }}]\n\
         defaults.ladder = \"standard\"\n\
         tasks = [{{ id = \"1\", title = \"T\", unit = \"edu\", lead = \"boss\", due = 2099-06-30 }}]\n"
    );
    std::fs::write(folder.path().join("duban.toml"), text).expect("written");
    folder
}

fn check(office: &tempfile::TempDir, flags: &str) -> Output {
    let path = office.path().join("duban.toml");
    duban(&format!("--config {} check {flags}", path.display()))
}

const FOLDER: &str = "channels.mail = { type = \"email\", server = \"file:out\", from = \"duban@example.org\" }";

#[test]
fn a_check_asks_every_channel_where_it_is_told_to_connect() {
    let office = office(FOLDER);
    let output = check(&office, "--connect");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let told = stdout(&output);
    assert!(
        told.ends_with("channel mail (email): ok: the folder is not there yet and can be made\n"),
        "{told}"
    );
    assert!(!office.path().join("out").exists());
    assert!(!stdout(&check(&office, "")).contains("channel mail"));
}

#[test]
fn a_channel_that_cannot_be_reached_makes_the_check_fail() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let channels =
        format!("{FOLDER}\nchannels.closed = {{ type = \"webhook\", url = \"http://127.0.0.1:{port}/T0KEN-123456\" }}");
    let output = check(&office(&channels), "--connect");
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let told = stdout(&output);
    assert!(
        told.contains("channel closed (webhook): unreachable: no connection: connection refused\n  not tried: "),
        "{told}"
    );
    assert!(told.contains("channel mail (email): ok: "), "{told}");
    assert!(!told.contains("T0KEN") && !stderr(&output).contains("T0KEN"), "{told}");
}

#[test]
fn a_configuration_with_errors_is_not_tried() {
    let output = check(&office("channels.mail = { type = \"email\" }"), "--connect");
    assert_eq!(output.status.code(), Some(2));
    assert!(!stdout(&output).contains("channel mail ("), "{}", stdout(&output));
}

#[test]
fn an_abort_leaves_no_dump_that_holds_a_secret() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::ExitStatusExt;

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = include_str!("../config/minimal.toml").replace("../var/minimal/", "");
    std::fs::write(folder.path().join("duban.toml"), config).expect("written");
    // Whoever starts it allows dumps of any size.
    let line = format!("ulimit -c unlimited; exec {} run", env!("CARGO_BIN_EXE_duban"));
    let mut daemon = Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let log = BufReader::new(daemon.stderr.take().expect("it is piped"));
    assert!(log.lines().map_while(Result::ok).any(|line| line.contains("ready")));
    let id = daemon.id().to_string();
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).expect("it runs");
    let limit = limits.lines().find(|line| line.starts_with("Max core file size"));
    let limit: Vec<&str> = limit.unwrap_or_default().split_whitespace().collect();
    assert_eq!(limit, ["Max", "core", "file", "size", "0", "0", "bytes"]);
    let killed = Command::new("kill")
        .args(["-ABRT", &id])
        .status()
        .expect("there is kill");
    assert!(killed.success());
    let end = daemon.wait().expect("it ends");
    assert_eq!((end.signal(), end.core_dumped()), (Some(6), false));
    let left = std::fs::read_dir(folder.path()).expect("there").flatten();
    let dumps: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().starts_with("core"))
        .collect();
    assert!(dumps.is_empty(), "{dumps:?}");
}
