//! Why a server's TLS certificate is not trusted, in the words of the TLS library.

use std::error::Error;

/// The beginning of rustls's message about a certificate that it does not trust.
const PREFIX: &str = "invalid peer certificate";
const LONGEST: usize = 300;

/// The part of a request's error that is about the certificate, if a certificate is the cause. It contains nothing of the
/// request.
pub fn untrusted(error: &dyn Error) -> Option<String> {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let mut texts = causes.map(ToString::to_string);
    let text = texts.find_map(|text| text.find(PREFIX).map(|at| text.split_at(at).1.to_owned()))?;
    Some(text.chars().take(LONGEST).collect())
}
