//! Secrets: from a systemd credential, the environment or a file; in the clear with a warning.

use std::fs;
use std::path::{Path, PathBuf};

use crate::secret::Secret;

use super::environment::Environment;
use super::faults::{Faults, Place, Placed};
use super::load::Config;
use super::raw::RawSecret;

/// A secret is a line, not a document.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Whether a value in the clear is worth a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InTheClear {
    Warn,
    Allow,
}

/// What is said of a secret that stands in the file itself.
const IN_THE_CLEAR: &str = "stands in the clear";

/// Whether a secret stands in the clear in the files of a configuration, so that whoever has them has it.
#[must_use]
pub fn holds_secrets(config: &Config) -> bool {
    let mut warnings = config.warnings.iter();
    warnings.any(|warning| warning.text.ends_with(IN_THE_CLEAR))
}

/// Says that a secret stands in the file itself.
pub(super) fn warn_in_the_clear(faults: &mut Faults, key: &str, place: Place) {
    faults.warning_hint(
        place,
        format!("`{key}` {IN_THE_CLEAR}"),
        "better { credential = \"NAME\" }, { env = \"NAME\" } or { file = \"PATH\" }",
    );
}

/// What was found, and what to call it where it is of no use; or what is wrong, and what to do.
type Found = Result<(String, String), (String, String)>;

/// The secret: one line, without a byte order mark before it and line ends around it.
pub(super) fn resolve(
    faults: &mut Faults,
    env: &Environment,
    key: &str,
    raw: &Placed<RawSecret>,
    in_the_clear: InTheClear,
) -> Option<Secret> {
    let found: Found = match &raw.value {
        RawSecret::Clear(text) => {
            if in_the_clear == InTheClear::Warn {
                warn_in_the_clear(faults, key, raw.place);
            }
            Ok((text.clone(), key.to_owned()))
        }
        RawSecret::Env(name) => match env.get(name) {
            Some(text) => Ok((text.to_owned(), name.clone())),
            None => Err((
                format!("environment variable `{name}` is not set"),
                "set it where Duban is started".to_owned(),
            )),
        },
        RawSecret::File(path) => {
            let path = faults.folder(raw.place).join(path);
            warn_of_others(faults, raw, &path);
            faults.secrets.insert(path.clone());
            read(&path)
        }
        RawSecret::Credential(name) => credential(env, name),
    };
    let (text, name) = match found {
        Ok(found) => found,
        Err((text, hint)) => {
            faults.error_hint(raw.place, text, hint);
            return None;
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let Some(line) = lines.next() else {
        faults.error(raw.place, format!("`{key}` is empty"));
        return None;
    };
    if lines.next().is_some() {
        let hint = "a secret is one line, with nothing else in its place";
        faults.error_hint(raw.place, format!("`{name}` holds more than one line"), hint);
        return None;
    }
    Some(Secret::new(line))
}

fn credential(env: &Environment, name: &str) -> Found {
    match env.get("CREDENTIALS_DIRECTORY") {
        Some(folder) if is_plain_name(name) => read(&PathBuf::from(folder).join(name)),
        Some(_) => Err((
            format!("`{name}` is no name of a credential"),
            "a name has no `/`".to_owned(),
        )),
        None => Err((
            format!("credential `{name}` cannot be read: CREDENTIALS_DIRECTORY is not set"),
            format!("systemd sets it where the unit has LoadCredential={name}:PATH"),
        )),
    }
}

/// Says where others on this machine can read the file, or write it.
#[cfg(unix)]
fn warn_of_others(faults: &mut Faults, raw: &Placed<RawSecret>, path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    // A group that may read it is a choice (root:duban 0640); a sample is no secret.
    let mode = fs::metadata(path).map_or(0, |data| data.permissions().mode());
    let is_sample = path.extension().is_some_and(|kind| kind == "example");
    if mode & 0o027 != 0 && !is_sample {
        let path = whole(path);
        let text = format!("others can read or write the secret in `{}`", path.display());
        let hint = format!("chmod 600 {}; the user that runs Duban must own it", path.display());
        faults.warning_hint(raw.place, text, hint);
    }
}

#[cfg(not(unix))]
fn warn_of_others(_faults: &mut Faults, _raw: &Placed<RawSecret>, _path: &Path) {}

/// The path from the root on, so that it is plain where was looked.
fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\'])
}

/// The text of a file, and its path as its name.
fn read(path: &Path) -> Found {
    let hint = || "the user that runs Duban must be able to read it".to_owned();
    let name = whole(path).display().to_string();
    let failed = |error: std::io::Error| (format!("`{name}`: {error}"), hint());
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > SECRET_BYTES_MAX {
        return Err((format!("`{name}` is too large for a secret"), hint()));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    Ok((text, name))
}
