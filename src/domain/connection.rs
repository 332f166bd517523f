//! Where OpenHEXA is asked, in which workspace and as whom.

use secrecy::SecretString;

/// Where to ask and as whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// The instance, with or without `/graphql/`: `https://app.openhexa.org`.
    pub url: String,
    /// The slug of the workspace; what a token sees beyond it counts as absent.
    pub workspace: String,
    /// A token of OpenHEXA, sent as `Authorization: Bearer …`.
    pub token: SecretString,
}
