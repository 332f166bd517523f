//! Which names, addresses and recipients a channel may have.

use url::{Host, Url};

use crate::domain::address::is_public;
use crate::domain::message::{Message, say};

/// In characters.
pub const MAX_NAME_LENGTH: usize = 64;
/// In bytes.
const MAX_URL_LENGTH: usize = 2_000;
pub const MAX_RECIPIENTS: usize = 20;
/// The limits of RFC 5321, in bytes.
const MAX_ADDRESS_LENGTH: usize = 254;
const MAX_LOCAL_LENGTH: usize = 64;
const MAX_LABEL_LENGTH: usize = 63;

/// Letters of any language, digits and a few signs, so that the name can be written in a flow document.
pub fn valid_name(name: &str) -> Result<String, Message> {
    let name = name.trim();
    if name.is_empty() {
        return Err(say("field-required"));
    }
    let is_allowed = |letter: char| letter.is_alphanumeric() || "-_ .".contains(letter);
    if name.chars().count() > MAX_NAME_LENGTH || !name.chars().all(is_allowed) {
        return Err(say("channel-name").with("most", MAX_NAME_LENGTH));
    }
    Ok(name.to_owned())
}

/// The address of a receiver, as it is stored. The client checks the addresses that its host name resolves to.
pub fn valid_url(text: &str, allow_private: bool) -> Result<String, Message> {
    let url = Url::parse(text.trim()).map_err(|_| say("channel-url"))?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && url.as_str().len() <= MAX_URL_LENGTH;
    let host = url.host().filter(|_| is_plain);
    let host = host.ok_or_else(|| say("channel-url"))?;
    if !allow_private && is_private(&host) {
        return Err(say("channel-url-private"));
    }
    if !allow_private && url.scheme() != "https" {
        return Err(say("channel-url-https"));
    }
    Ok(url.to_string())
}

fn is_private(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => !is_public((*ip).into()),
        Host::Ipv6(ip) => !is_public((*ip).into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// The recipients without duplicates.
pub fn valid_recipients(given: &[String]) -> Result<Vec<String>, Message> {
    let mut recipients: Vec<String> = Vec::new();
    for address in given.iter().map(|address| address.trim()) {
        if !is_email_address(address) {
            let shown: String = address.chars().take(MAX_ADDRESS_LENGTH).collect();
            return Err(say("channel-recipient").with("address", shown));
        }
        if !recipients
            .iter()
            .any(|one| one.eq_ignore_ascii_case(address))
        {
            recipients.push(address.to_owned());
        }
    }
    if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
        return Err(say("channel-recipients").with("most", MAX_RECIPIENTS));
    }
    Ok(recipients)
}

/// Whether it is an address such as `name@example.org`: the part of RFC 5321 that mail servers use, in ASCII, without quotes.
pub fn is_email_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_atom = |part: &str| {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
        !part.is_empty() && part.bytes().all(is_allowed)
    };
    text.len() <= MAX_ADDRESS_LENGTH
        && local.len() <= MAX_LOCAL_LENGTH
        && local.split('.').all(is_atom)
        && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty()
        && label.len() <= MAX_LABEL_LENGTH
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether it is the sender of e-mails: an address, or a name followed by an address in angle brackets.
pub fn is_sender(text: &str) -> bool {
    let Some((name, rest)) = text.split_once('<') else {
        return is_email_address(text.trim());
    };
    let is_plain = |letter: char| letter.is_alphanumeric() || " .'-_".contains(letter);
    let address = rest.trim_end().strip_suffix('>');
    name.chars().all(is_plain) && address.is_some_and(is_email_address)
}
