//! Standard Webhooks signatures: HMAC-SHA256 over id, time and the body's bytes, one for each secret.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// What is wrong with a signing secret; never the secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It does not begin with `whsec_`.
    #[error("a signing secret begins with `whsec_`")]
    Prefix,
    /// What follows is not base64.
    #[error("what follows `whsec_` is not base64")]
    Base64,
    /// It is too short or too long.
    #[error("a signing secret has 24 to 64 bytes after decoding, this one {0}")]
    Length(usize),
}

/// Signs with every secret, in their order.
pub(super) struct Signer {
    keys: Vec<Key>,
}

/// The decoded bytes of a secret.
pub(super) struct Key(Vec<u8>);

impl Signer {
    pub(super) fn new(secrets: &[Secret]) -> Result<Self, SecretError> {
        let keys = secrets
            .iter()
            .map(|secret| key_of(secret.reveal()))
            .collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// The value of `webhook-signature`, the newest secret's first; none without a secret. `seconds` is the attempt's time.
    pub(super) fn sign(&self, id: &str, seconds: i64, body: &str) -> Option<String> {
        let signatures: Vec<String> = self
            .keys
            .iter()
            .filter_map(|key| signature(key, id, seconds, body))
            .collect();
        if signatures.is_empty() {
            None
        } else {
            Some(signatures.join(" "))
        }
    }
}

/// Decodes `whsec_…`; base64 with or without its padding.
pub(super) fn key_of(text: &str) -> Result<Key, SecretError> {
    let encoded = text.strip_prefix("whsec_").ok_or(SecretError::Prefix)?;
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let bytes = engine.decode(encoded).map_err(|_| SecretError::Base64)?;
    if !(24..=64).contains(&bytes.len()) {
        return Err(SecretError::Length(bytes.len()));
    }
    Ok(Key(bytes))
}

fn signature(key: &Key, id: &str, seconds: i64, body: &str) -> Option<String> {
    // HMAC takes keys of any length, so this is never none.
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).ok()?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OLD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    const CHINESE: &str = r#"{"type":"reminder.due","timestamp":"2025-08-24T01:46:40Z","data":{"title":"交周报"}}"#;

    fn sign(secrets: &[&str], id: &str, seconds: i64, body: &str) -> Option<String> {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
        Signer::new(&secrets).unwrap().sign(id, seconds, body)
    }

    #[test]
    fn the_published_vector_comes_out() {
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = sign(&[PUBLISHED], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(
            signed.as_deref(),
            Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")
        );
    }

    #[test]
    fn in_rotation_the_new_secret_signs_first_and_the_old_one_too() {
        let signed = sign(&[NEW, OLD], "msg_rem_0001", 1_756_000_000, CHINESE);
        let expected =
            "v1,PKwen9Dsa3sVz+srASOdqtjSgowYVzwvhxA03Yc0iQI= v1,TdXmS+9WT8ksVIkeD0bqE/gWOOxSXlQCeyNrxgrybAw=";
        assert_eq!(signed.as_deref(), Some(expected));
    }

    #[test]
    fn a_retry_signs_its_own_time() {
        let signed = sign(&[NEW, OLD], "msg_rem_0001", 1_756_000_300, CHINESE);
        let expected =
            "v1,Du1zelHQIlC/uW36B7P1I+bV67UXk3iP48yQnogrG1E= v1,oUUw6gWzzLkxWd38vn5c/z5Na4bfgs62HaW8lotjMKo=";
        assert_eq!(signed.as_deref(), Some(expected));
    }

    #[test]
    fn without_a_secret_there_is_no_signature() {
        assert_eq!(sign(&[], "id", 1, "{}"), None);
    }

    #[test]
    fn a_secret_is_whsec_and_24_to_64_bytes_of_base64() {
        let check = |text: &str| key_of(text).map(drop);
        assert_eq!(check(PUBLISHED), Ok(()));
        assert_eq!(check(OLD.trim_end_matches('=')), Ok(()));
        assert_eq!(check("C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), Err(SecretError::Prefix));
        assert_eq!(check("whsec_not base64!"), Err(SecretError::Base64));
        assert_eq!(check("whsec_c2hvcnQ="), Err(SecretError::Length(5)));
    }
}
