//! Somebody who reads a README from top to bottom, saves every file and types every command, in a folder of their own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tempfile::TempDir;

use crate::page::Block;

/// Commands that the reader of a test does not type, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("cargo test", "this test is part of it"),
    ("cargo install ", "the program under test is what it would build"),
];

/// How the README starts the program before it is installed.
const UNINSTALLED: &str = "cargo run --release -- ";

/// Longer than a busy machine needs for anything here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A person at a keyboard.
pub(crate) struct Reader {
    folder: TempDir,
    here: PathBuf,
    daemon: Option<Daemon>,
    /// What the last block of commands printed on standard output, and how its last command ended.
    said: Option<(String, Option<i32>)>,
}

struct Daemon {
    child: Child,
    lines: Receiver<String>,
}

impl Reader {
    /// With a copy of the samples, in a checkout's place, and an empty home.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("duban");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("config"),
            &here.join("config"),
        );
        fs::create_dir(folder.path().join("home")).unwrap();
        Self {
            folder,
            here,
            daemon: None,
            said: None,
        }
    }

    pub(crate) fn here(&self) -> &Path {
        &self.here
    }

    /// Where the samples are.
    pub(crate) fn checkout(&self) -> PathBuf {
        self.folder.path().join("duban")
    }

    /// Does with a block what a reader does.
    pub(crate) fn follow(&mut self, block: &Block) {
        match (block.language.as_str(), &block.file) {
            ("sh", _) => self.type_all(block),
            ("text", _) => self.compare(block),
            (_, Some(file)) => self.save(file, block),
            (_, None) => {}
        }
    }

    /// Types one line, and hands back how it ended.
    pub(crate) fn type_line(&self, line: &str) -> Output {
        let place = self.folder.path().join("here");
        let bin = Path::new(env!("CARGO_BIN_EXE_duban")).parent().unwrap();
        let script = format!(
            "PATH='{}':$PATH\n{line}\ncode=$?\npwd > '{}'\nexit $code",
            bin.display(),
            place.display()
        );
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(script)
            .current_dir(&self.here)
            .stdin(Stdio::null());
        command.env("HOME", self.folder.path().join("home"));
        command.env_remove("DUBAN_CONFIG").env_remove("STATE_DIRECTORY");
        command.output().unwrap()
    }

    /// Starts the daemon and waits until it is ready; one that still runs is stopped before.
    pub(crate) fn start(&mut self, arguments: &str) {
        self.stop();
        let mut child = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(arguments.split_whitespace())
            .current_dir(&self.here)
            .env_remove("DUBAN_CONFIG")
            .env_remove("STATE_DIRECTORY")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (told, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // Where nobody listens any more, the pipe is closed.
            for line in log.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        self.daemon = Some(Daemon { child, lines });
        self.wait_for("ready: ");
    }

    /// The next line of the daemon's log that holds `words`.
    pub(crate) fn wait_for(&self, words: &str) -> String {
        let daemon = self.daemon.as_ref().unwrap();
        loop {
            let line = daemon.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("the daemon does not say `{words}`"));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Closes the daemon's log, as `duban run 2>&1 | head` does.
    pub(crate) fn look_away(&mut self) {
        let (_, silent) = mpsc::channel();
        self.daemon.as_mut().unwrap().lines = silent;
    }

    /// ^C, as a reader does; the daemon has to end well.
    pub(crate) fn stop(&mut self) {
        let Some(mut daemon) = self.daemon.take() else {
            return;
        };
        let asked = Command::new("kill")
            .args(["-INT", &daemon.child.id().to_string()])
            .status();
        assert!(asked.unwrap().success());
        let ended = daemon.child.wait().unwrap();
        assert!(ended.success(), "the daemon ends with {ended}");
    }

    fn type_all(&mut self, block: &Block) {
        let mut said = String::new();
        let mut code = Some(0);
        for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
            if LEFT_OUT.iter().any(|(start, _)| line.starts_with(start)) {
                continue;
            }
            let line = line
                .strip_prefix(UNINSTALLED)
                .map_or_else(|| line.to_owned(), |rest| format!("duban {rest}"));
            let typed = line.split(" #").next().unwrap_or_default();
            if let Some(arguments) = typed.strip_prefix("duban ").filter(|rest| rest.starts_with("run")) {
                self.start(arguments);
                continue;
            }
            let output = self.type_line(&line);
            said.push_str(&String::from_utf8_lossy(&output.stdout));
            code = output.status.code();
            let understood = matches!(code, Some(0 | 2));
            assert!(understood, "`{line}`: {}", String::from_utf8_lossy(&output.stderr));
            let place = fs::read_to_string(self.folder.path().join("here")).unwrap();
            self.here = PathBuf::from(place.trim_end());
        }
        // A command that is meant to fail has its output below it.
        self.said = Some((said, code));
    }

    /// Output that the README shows is what was printed: these lines, in this order; `…` stands for others.
    fn compare(&mut self, block: &Block) {
        let Some((said, code)) = self.said.take() else {
            return;
        };
        let mut printed = said.lines().map(str::trim_end);
        for line in block.text.lines().map(str::trim_end).filter(|line| *line != "…") {
            assert!(
                printed.any(|found| found == line),
                "line {}: `{line}` is not printed in its place:\n{said}",
                block.line
            );
        }
        let wanted = if block.text.contains(": error: ") {
            Some(2)
        } else {
            Some(0)
        };
        assert_eq!(code, wanted, "line {}: {said}", block.line);
    }

    /// Saves a file; each of a working configuration has to pass `check`.
    fn save(&mut self, file: &str, block: &Block) {
        self.expect_success();
        let path = self.here.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &block.text).unwrap();
        if file.starts_with("conf.d/") {
            let output = self.type_line("duban check");
            let said = String::from_utf8_lossy(&output.stdout);
            // A task that was reopened with a new deadline disagrees with its row, and `check` says so.
            let is_problem = |line: &&str| line.contains(": error: ") || line.contains(": warning: ");
            let wrong = said
                .lines()
                .filter(is_problem)
                .find(|line| !line.contains(", the journal "));
            assert_eq!(
                (output.status.code(), wrong),
                (Some(0), None),
                "line {}: {said}",
                block.line
            );
            if self.daemon.is_some() {
                // It sees the new file by itself, and says when it is in force.
                self.wait_for("ready: ");
            }
        }
    }

    /// What was typed and not followed by its output was meant to succeed.
    pub(crate) fn expect_success(&mut self) {
        if let Some((said, code)) = self.said.take() {
            assert_eq!(code, Some(0), "{said}");
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            drop(daemon.child.kill());
            drop(daemon.child.wait());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
