//! The token on the settings page: typed now, or for an earlier test and kept encrypted in the form.

use crate::domain::message::{FieldErrors, say};
use crate::domain::principal::Principal;
use crate::http::ui::form_fields::FormInput;
use crate::service::configuration::{TOKEN, Typed, URL};
use crate::service::{Bridge, Error};

/// The name of the hidden field with the encrypted token.
const HELD: &str = "held_token";

fn given<'a>(input: &'a FormInput, name: &str) -> &'a str {
    input.last(name).unwrap_or_default().trim()
}

/// The token that was typed now, or for an earlier test. An error if the earlier one is not kept any more: the stored token
/// must not be used instead without notice.
pub fn token(bridge: &Bridge, who: &Principal, input: &FormInput) -> Result<Option<String>, Error> {
    let typed = given(input, TOKEN);
    if !typed.is_empty() {
        return Ok(Some(typed.to_owned()));
    }
    let Some(held) = input.last(HELD) else {
        return Ok(None);
    };
    let by = who.actor.stored();
    let kept = bridge
        .configuration
        .held_token(sender(who, &by, input), held);
    let lost = || Error::content(FieldErrors::one(TOKEN, say("settings-token-lost")));
    kept.ok_or_else(lost).map(Some)
}

/// The token of the form, encrypted for the next form.
pub fn held(bridge: &Bridge, who: &Principal, input: &FormInput) -> Option<String> {
    let token = token(bridge, who, input).ok().flatten()?;
    let by = who.actor.stored();
    bridge
        .configuration
        .hold_token(sender(who, &by, input), &token)
}

fn sender<'a>(who: &Principal, by: &'a str, input: &'a FormInput) -> Typed<'a> {
    Typed {
        account: who.account,
        by,
        url: given(input, URL),
    }
}
