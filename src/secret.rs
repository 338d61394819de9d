//! A secret never prints itself, and no dump of the process holds it.

use std::{fmt, io};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use secrecy::{ExposeSecret, SecretString};

/// A password, a token, or an address that is one.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text as the secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The secret itself; to be called only where it is used.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Keeps what is in memory out of core dumps, whatever ends the process: neither a file, nor a collector such as
/// systemd-coredump, nor another process of the same user gets at it.
///
/// # Errors
/// Where the system refuses.
pub fn keep_out_of_dumps() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    // The limit does not bind a collector; this does.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "<redacted> <redacted>");
        assert_eq!(secret.reveal(), "hunter2");
    }
}
