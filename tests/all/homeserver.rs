//! A real homeserver of Matrix: Synapse on a free port, its database in a folder of its own.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::until;
use crate::real_webhook::python;

/// How fast one user may speak: messages a second, and how many at once.
pub(crate) struct Pace {
    pub(crate) per_second: &'static str,
    pub(crate) at_once: u32,
}

/// A pace that no test reaches.
pub(crate) const FAST: Pace = Pace {
    per_second: "10000",
    at_once: 10000,
};

/// A running server; ended when let go.
pub(crate) struct Homeserver {
    dir: TempDir,
    child: Child,
    pub(crate) port: u16,
}

impl Homeserver {
    /// Starts one and waits until it answers. Says loudly where there is none.
    pub(crate) async fn start(pace: &Pace) -> Self {
        let has = Command::new(python())
            .args(["-c", "import synapse.app.homeserver"])
            .output();
        assert!(
            has.is_ok_and(|it| it.status.success()),
            "no Matrix server: {} has no matrix-synapse; `.ci/run` makes a Python that has it, for DUBAN_TEST_PYTHON",
            python()
        );
        let dir = tempfile::tempdir().unwrap();
        // Free now; another process could take it before Synapse does, and then Synapse says so and ends.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("hs.yaml"), configuration(&dir, port, pace)).unwrap();
        fs::write(path("log.yaml"), logging(&dir)).unwrap();
        fs::write(path("signing.key"), format!("ed25519 a_test {}", "A".repeat(43))).unwrap();
        let out = File::create(path("out")).unwrap();
        let child = Command::new(python())
            .args(["-m", "synapse.app.homeserver", "-c"])
            .arg(path("hs.yaml"))
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        let mut server = Self { dir, child, port };
        until("Synapse's first answer", || {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "Synapse ended: {}", server.said());
            server.try_call("GET", "versions", "", None).is_some()
        })
        .await;
        server
    }

    /// A new user's token.
    pub(crate) fn register(&self, name: &str) -> String {
        let asked = json!({"auth": {"type": "m.login.dummy"}, "username": name, "password": format!("pw-{name}")});
        let answer = self.call("POST", "v3/register", "", Some(&asked));
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A new room of one user, with another one in it; its id.
    pub(crate) fn room(&self, token: &str, guest: &str, guest_token: &str) -> String {
        let asked = json!({"invite": [format!("@{guest}:chat.test")], "preset": "private_chat"});
        let answer = self.call("POST", "v3/createRoom", token, Some(&asked));
        let room = answer["room_id"].as_str().unwrap().to_owned();
        self.call(
            "POST",
            &format!("v3/join/{}", encoded(&room)),
            guest_token,
            Some(&json!({})),
        );
        room
    }

    /// All messages of a room that a user can read, the oldest first.
    pub(crate) fn messages(&self, token: &str, room: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        let mut from = String::new();
        loop {
            let path = format!("v3/rooms/{}/messages?dir=f&limit=100{from}", encoded(room));
            let answer = self.call("GET", &path, token, None);
            let chunk = answer["chunk"].as_array().unwrap();
            messages.extend(chunk.iter().filter(|event| event["type"] == "m.room.message").cloned());
            match answer["end"].as_str() {
                Some(end) if !chunk.is_empty() => from = format!("&from={end}"),
                Some(_) | None => return messages,
            }
        }
    }

    fn call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.try_call(method, path, token, body).unwrap();
        assert_eq!(status, 200, "{method} {path}: {answer}; {}", self.said());
        serde_json::from_str(&answer).unwrap()
    }

    /// Status and body; none where there is no answer. In HTTP 1.0 an answer has no chunks and ends with its connection.
    fn try_call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Option<(u16, String)> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let login = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let head = format!(
            "{method} /_matrix/client/{path} HTTP/1.0\r\nHost: chat.test\r\nContent-Type: application/json\r\n\
             {login}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// What it wrote, for a test that failed.
    fn said(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.dir.path().join(name)).unwrap_or_default();
        read("out") + &read("log")
    }
}

impl Drop for Homeserver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A piece of a path: room ids have `!` and may have `:`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
        encoded
    })
}

fn configuration(dir: &TempDir, port: u16, pace: &Pace) -> String {
    let dir = dir.path().display();
    let Pace { per_second, at_once } = pace;
    let fast = "{per_second: 10000, burst_count: 10000}";
    format!(
        "server_name: chat.test
pid_file: {dir}/hs.pid
listeners:
  - {{port: {port}, bind_addresses: ['127.0.0.1'], tls: false, type: http, resources: [{{names: [client], compress: false}}]}}
database: {{name: sqlite3, args: {{database: {dir}/hs.db}}}}
log_config: {dir}/log.yaml
media_store_path: {dir}/media
signing_key_path: {dir}/signing.key
macaroon_secret_key: test-only
form_secret: test-only-too
enable_registration: true
enable_registration_without_verification: true
report_stats: false
trusted_key_servers: []
suppress_key_server_warning: true
federation_domain_whitelist: []
presence: {{enabled: false}}
url_preview_enabled: false
rc_message: {{per_second: {per_second}, burst_count: {at_once}}}
rc_registration: {fast}
rc_joins: {{local: {fast}, remote: {fast}}}
rc_invites: {{per_room: {fast}, per_user: {fast}, per_issuer: {fast}}}
"
    )
}

fn logging(dir: &TempDir) -> String {
    format!(
        "version: 1
handlers: {{file: {{class: logging.FileHandler, filename: {}/log}}}}
root: {{level: WARNING, handlers: [file]}}
",
        dir.path().display()
    )
}
