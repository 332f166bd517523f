//! Creates what authentication needs from the settings.

use secrecy::{ExposeSecret, SecretString};

use super::StartError;
use crate::domain::ids::AccountId;
use crate::domain::principal::Role;
use crate::iaso::{IasoClient, IasoClientError, IasoOptions};
use crate::service::identity::{
    AccessSettings, CallbackKeys, IasoSource, IdentityOptions, ONLY_ACCOUNT, SettingsKey,
    TokenLifetime,
};
use crate::settings::Settings;

pub fn options(
    settings: &Settings,
    access: AccessSettings,
    public_url: String,
) -> Result<IdentityOptions, StartError> {
    Ok(IdentityOptions {
        access,
        iaso: iaso_source(settings)?,
        callback_keys: callback_keys(settings)?,
        token_lifetime: TokenLifetime {
            queue_allowance: settings.callback.queue_allowance.delta(),
            grace: settings.callback.grace.delta(),
        },
        public_url,
    })
}

fn callback_keys(settings: &Settings) -> Result<CallbackKeys, StartError> {
    let key = &settings.secrets.callback_key;
    if key.expose_secret().is_empty() {
        let how = "create one with: openssl rand -base64 48";
        let key = "callback_key";
        return Err(StartError::Secret { key, how });
    }
    let iaso = &settings.callback.iaso_signing_key;
    let iaso = Some(iaso).filter(|key| !key.expose_secret().is_empty());
    let previous = settings.secrets.previous_callback_keys();
    let key = CallbackKeys::new(key).with_iaso(iaso);
    Ok(key.with_previous(&previous))
}

/// The account of keys that are created without naming one.
pub fn own_account(settings: &Settings) -> AccountId {
    match settings.iaso.config_account {
        0 => ONLY_ACCOUNT,
        account => AccountId(account),
    }
}

pub fn access(settings: &Settings, local: bool) -> AccessSettings {
    let keys = &settings.keys;
    let key = |role, key: &SecretString| SettingsKey {
        role,
        key: key.clone(),
    };
    let all = [
        key(Role::Viewer, &keys.viewer),
        key(Role::Operator, &keys.operator),
        key(Role::Administrator, &keys.admin),
    ];
    AccessSettings {
        account: own_account(settings),
        keys: all
            .into_iter()
            .filter(|key| !key.key.expose_secret().is_empty())
            .collect(),
        open: local || settings.server.dangerously_let_everybody_administer,
    }
}

fn iaso_source(settings: &Settings) -> Result<IasoSource, StartError> {
    let iaso = &settings.iaso;
    let keys = iaso.verifying_keys();
    let kept = iaso.profile_kept.delta();
    Ok(IasoSource::new(iaso_client(settings)?, &keys, kept))
}

/// None: iaso.url is empty.
pub fn iaso_client(settings: &Settings) -> Result<Option<IasoClient>, IasoClientError> {
    let iaso = &settings.iaso;
    if iaso.url.is_empty() {
        return Ok(None);
    }
    let client = IasoClient::new(&IasoOptions {
        url: iaso.url.clone(),
        request_timeout: iaso.request_timeout.0,
        answer_bytes: iaso.answer_limit,
    });
    client.map(Some)
}
