//! Where posts go: an address, or a folder in its place.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// Where the posts of a channel go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An `http` or `https` URL; often a secret itself, so always one here.
    Url(Secret),
    /// A folder: one `.json` file for each post.
    Folder(PathBuf),
    /// As [`Target::Folder`], for a replay that nobody waits for: what a power cut would lose can be replayed.
    Scratch(PathBuf),
}

impl Target {
    /// Where it ends, to be compared and never shown; `further` tells apart what ends at one address.
    pub(super) fn endpoint(&self, kind: &str, further: &str) -> String {
        match self {
            // Hashed, because the URL is often the only secret there is.
            Self::Url(url) => {
                let digest = Sha256::digest(format!("{}\n{further}", url.reveal()).as_bytes());
                format!(
                    "{kind}:{}",
                    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
                )
            }
            Self::Folder(folder) | Self::Scratch(folder) => format!("folder:{}", folder.display()),
        }
    }
}
