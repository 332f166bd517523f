//! Who may come in, and what tells them apart: keys, and the way to Iaso's users.

use secrecy::{ExposeSecret, SecretString};

use super::StartError;
use crate::domain::ids::AccountId;
use crate::domain::principal::Role;
use crate::iaso::{BuildError, Client, Options};
use crate::service::access::ONLY_ACCOUNT;
use crate::service::{Access, ApiKey, CallbackKey, Users};
use crate::settings::Settings;

pub fn callback_key(settings: &Settings) -> Result<CallbackKey, StartError> {
    let key = &settings.secrets.callback_key;
    if key.expose_secret().is_empty() {
        let how = "create one with: openssl rand -base64 48";
        let key = "callback_key";
        return Err(StartError::Secret { key, how });
    }
    let iaso = &settings.callback.iaso_signing_key;
    let iaso = Some(iaso).filter(|key| !key.expose_secret().is_empty());
    let previous = settings.secrets.previous_callback_keys();
    let key = CallbackKey::new(key).with_iaso(iaso);
    Ok(key.with_previous(&previous))
}

/// Whose the keys are that name no account.
pub fn own_account(settings: &Settings) -> AccountId {
    match settings.iaso.config_account {
        0 => ONLY_ACCOUNT,
        account => AccountId(account),
    }
}

pub fn access(settings: &Settings, local: bool) -> Access {
    let keys = &settings.keys;
    let key = |role, key: &SecretString| ApiKey {
        role,
        key: key.clone(),
    };
    let all = [
        key(Role::Viewer, &keys.viewer),
        key(Role::Operator, &keys.operator),
        key(Role::Administrator, &keys.admin),
    ];
    Access {
        account: own_account(settings),
        keys: all
            .into_iter()
            .filter(|key| !key.key.expose_secret().is_empty())
            .collect(),
        open: local || settings.server.dangerously_let_everybody_administer,
    }
}

pub fn users(settings: &Settings) -> Result<Users, StartError> {
    let iaso = &settings.iaso;
    let keys = iaso.verifying_keys();
    let kept = iaso.profile_kept.delta();
    Ok(Users::new(iaso_client(settings)?, &keys, kept))
}

/// None: iaso.url is empty.
pub fn iaso_client(settings: &Settings) -> Result<Option<Client>, BuildError> {
    let iaso = &settings.iaso;
    if iaso.url.is_empty() {
        return Ok(None);
    }
    let client = Client::new(&Options {
        url: iaso.url.clone(),
        request_timeout: iaso.request_timeout.0,
        answer_bytes: iaso.answer_limit,
    });
    client.map(Some)
}
