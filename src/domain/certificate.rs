//! Why a server's TLS certificate is not trusted, as the TLS library says it.

use std::error::Error;

/// How rustls begins what it says of a certificate that it does not trust.
const SIGN: &str = "invalid peer certificate";
const LONGEST: usize = 300;

/// The cause among the sources of a failed request, where a certificate is the cause. It names the certificate at most,
/// and nothing of the request.
pub fn untrusted(error: &dyn Error) -> Option<String> {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let mut texts = causes.map(ToString::to_string);
    let text = texts.find_map(|text| text.find(SIGN).map(|at| text.split_at(at).1.to_owned()))?;
    Some(text.chars().take(LONGEST).collect())
}
