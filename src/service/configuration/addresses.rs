//! Which addresses an OpenHEXA may have.

use crate::domain::address::{Address, BadAddress, is_public};
use crate::domain::message::{Message, say};

#[derive(Clone, Debug, Default)]
pub struct AddressRules {
    /// Whether it may be on this machine or in a private network.
    pub allow_private: bool,
    /// The only hosts that are allowed. Empty: any host.
    pub hosts: Vec<String>,
}

impl AddressRules {
    /// Checks what the text itself shows. The client checks the addresses that a host name resolves to.
    pub fn parse(&self, text: &str) -> Result<Address, Message> {
        let address = Address::parse(text).map_err(|wrong| match wrong {
            BadAddress::NotUrl => say("config-url"),
            BadAddress::NotGraphql => say("config-url-graphql"),
        })?;
        if !self.hosts.is_empty() && !self.hosts.contains(&address.host()) {
            return Err(say("config-url-host").with("hosts", self.hosts.join(", ")));
        }
        if !self.allow_private && address.ip().is_some_and(|ip| !is_public(ip)) {
            return Err(say("config-url-private"));
        }
        Ok(address)
    }
}
