//! Finds, in whatever a library made of it, that a TLS certificate was refused, and why.

use std::error::Error;

use super::words;

/// The certificate's fault, where that is what the error is about.
pub(super) fn certificate_fault(error: &(dyn Error + 'static)) -> Option<String> {
    if let rustls::Error::InvalidCertificate(why) = tls_fault(error)? {
        return Some(words::clean(&why.to_string(), &[]));
    }
    None
}

/// Whether the error is about TLS at all.
pub(super) fn is_tls_fault(error: &(dyn Error + 'static)) -> bool {
    tls_fault(error).is_some()
}

/// Looks through all causes, also those that an IO error wraps without naming them as its source.
fn tls_fault<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(fault) = error.downcast_ref::<rustls::Error>() {
            return Some(fault);
        }
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
