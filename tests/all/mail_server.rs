//! A real mail server on free ports of loopback: Postfix takes mail, Dovecot keeps it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

/// Where fixtures stand.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Makes a certificate authority and leaf certificates, good and bad, in `dir`.
pub(crate) fn make_certificates(dir: &Path) {
    run(Command::new("sh").arg(fixture("ca.sh")).arg(dir));
}

/// A running server; stopped when the last test lets go of it.
pub(crate) struct MailServer {
    dir: TempDir,
    pub(crate) smtp: u16,
    pub(crate) smtps: u16,
    pub(crate) plain: u16,
    pub(crate) expired: u16,
    pub(crate) wronghost: u16,
    imaps: u16,
}

impl MailServer {
    /// The server that other tests are using just now, or a new one.
    pub(crate) fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<MailServer>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = running.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *running = Arc::downgrade(&server);
        server
    }

    fn start() -> Self {
        // Short, because Dovecot's sockets lie below it.
        let dir = tempfile::Builder::new().prefix("dm").tempdir_in("/tmp").unwrap();
        make_certificates(&dir.path().join("pki"));
        let [smtp, smtps, plain, expired, wronghost, imaps, lmtp, sasl] = free_ports();
        let mut start = Command::new("sh");
        start.arg(fixture("mail-start.sh")).arg(dir.path());
        for (name, port) in [
            ("SMTP", smtp),
            ("SMTPS", smtps),
            ("PLAIN", plain),
            ("EXPIRED", expired),
            ("WRONGHOST", wronghost),
            ("IMAPS", imaps),
            ("LMTP", lmtp),
            ("SASL", sasl),
        ] {
            start.env(name, port.to_string());
        }
        run(&mut start);
        Self {
            dir,
            smtp,
            smtps,
            plain,
            expired,
            wronghost,
            imaps,
        }
    }

    /// The authority that signed the server's certificates.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("pki/ca.crt")
    }

    /// Waits for the mail in a user's mailbox, as Python's own mail parser sees it.
    pub(crate) fn read(&self, message_id: &str, user: &str) -> serde_json::Value {
        let mut read = Command::new("python3");
        read.arg(fixture("read_mail.py"))
            .args([message_id, user, &self.imaps.to_string()])
            .arg(self.ca());
        serde_json::from_slice(&run(&mut read).stdout).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(
            Command::new("sh")
                .arg(fixture("mail-stop.sh"))
                .arg(self.dir.path())
                .output(),
        );
    }
}

/// Ports that are free now; held together, so that no two are the same.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
