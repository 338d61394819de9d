//! Secrets: from a systemd credential, the environment or a file; in the clear with a warning.

use std::fs;
use std::path::{Path, PathBuf};

use crate::secret::Secret;

use super::environment::Environment;
use super::faults::{Faults, Place, Placed};
use super::raw::RawSecret;

/// A secret is a line, not a document.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Whether a value in the clear is worth a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InTheClear {
    Warn,
    Allow,
}

/// Says that a secret stands in the file itself.
pub(super) fn warn_in_the_clear(faults: &mut Faults, key: &str, place: Place) {
    faults.warning_hint(
        place,
        format!("`{key}` stands in the clear"),
        "better { credential = \"NAME\" }, { env = \"NAME\" } or { file = \"PATH\" }",
    );
}

/// The secret, without the line break at its end.
pub(super) fn resolve(
    faults: &mut Faults,
    env: &Environment,
    key: &str,
    raw: &Placed<RawSecret>,
    in_the_clear: InTheClear,
) -> Option<Secret> {
    let found = match &raw.value {
        RawSecret::Clear(text) => {
            if in_the_clear == InTheClear::Warn {
                warn_in_the_clear(faults, key, raw.place);
            }
            Ok(text.clone())
        }
        RawSecret::Env(name) => env.get(name).map(str::to_owned).ok_or_else(|| {
            (
                format!("environment variable `{name}` is not set"),
                "set it where Duban is started".to_owned(),
            )
        }),
        RawSecret::File(path) => read(&faults.folder(raw.place).join(path)),
        RawSecret::Credential(name) => match env.get("CREDENTIALS_DIRECTORY") {
            Some(folder) if is_plain_name(name) => read(&PathBuf::from(folder).join(name)),
            Some(_) => Err((
                format!("`{name}` is no name of a credential"),
                "a name has no `/`".to_owned(),
            )),
            None => Err((
                format!("credential `{name}` cannot be read: CREDENTIALS_DIRECTORY is not set"),
                format!("systemd sets it where the unit has LoadCredential={name}:PATH"),
            )),
        },
    };
    match found {
        Ok(text) => {
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() {
                faults.error(raw.place, format!("`{key}` is empty"));
                return None;
            }
            Some(Secret::new(text))
        }
        Err((text, hint)) => {
            faults.error_hint(raw.place, text, hint);
            None
        }
    }
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\'])
}

fn read(path: &Path) -> Result<String, (String, String)> {
    let hint = || "the user that runs Duban must be able to read it".to_owned();
    let size = fs::metadata(path).map(|data| data.len());
    match size {
        Ok(bytes) if bytes > SECRET_BYTES_MAX => {
            Err((format!("`{}` is too large for a secret", path.display()), hint()))
        }
        Ok(_) => fs::read_to_string(path).map_err(|error| (format!("`{}`: {error}", path.display()), hint())),
        Err(error) => Err((format!("`{}`: {error}", path.display()), hint())),
    }
}
