//! Webhooks as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::principal::Principal;
use crate::domain::webhook::{Hook, HookTarget};
use crate::http::accept_language::Language;
use crate::http::api::json_types::{TaskProgressJson, time, time_or_null};
use crate::http::event_text;
use crate::service::hooks::{HookWithSecret, Hooks, Started};

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of a text")]
#[schema(as = HookAuthentication, rename_all = "lowercase")]
pub enum HookAuthentication {
    Bearer,
    Basic,
    Signature,
}

/// A webhook, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Hook)]
pub struct HookJson {
    #[schema(format = "uuid")]
    id: String,
    name: String,
    /// The address to which messages are sent.
    #[schema(format = "uri")]
    url: String,
    /// The slug of the flow that a message starts.
    flow: Option<String>,
    /// The id of the pipeline that a message starts.
    #[schema(format = "uuid")]
    pipeline: Option<String>,
    #[schema(value_type = HookAuthentication)]
    authentication: &'static str,
    /// The user name of the authentication `basic`.
    username: Option<String>,
    /// Where the values are in the body, as JSON pointers by the name of the input; other inputs are taken by their name.
    mapping: BTreeMap<String, String>,
    /// Until when the previous secret is accepted as well.
    #[schema(format = DateTime)]
    old_secret_until: Option<String>,
    /// The runs are launched as this user or key.
    created_by: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Hooks)]
pub struct HookListJson {
    pub results: Vec<HookJson>,
}

/// A webhook with its new secret, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = HookWithSecret)]
pub struct HookWithSecretJson {
    hook: HookJson,
    secret: String,
}

/// What a message started: a task of a pipeline, or the run of a flow.
#[derive(Serialize, ToSchema)]
#[schema(as = HookStarted)]
pub struct StartedJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    task: Option<TaskProgressJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    run: Option<i64>,
}

impl HookJson {
    pub fn new(hooks: &Hooks, hook: &Hook, language: Language) -> Self {
        let (flow, pipeline) = match &hook.target {
            HookTarget::Flow(slug) => (Some(slug.clone()), None),
            HookTarget::Pipeline(id) => (None, Some(id.to_string())),
        };
        let by = |who: &Principal| event_text::actor(language, &who.actor);
        Self {
            id: hook.id.to_string(),
            name: hook.name.clone(),
            url: hooks.url(hook.id),
            flow,
            pipeline,
            authentication: hook.authentication.method().as_str(),
            username: hook.authentication.username().map(str::to_owned),
            mapping: hook.mapping.clone(),
            old_secret_until: time_or_null(hook.secret.old.as_ref().map(|old| old.until)),
            created_by: hook.created_by.as_ref().map(by),
            created_at: time(hook.created_at),
            updated_at: time(hook.updated_at),
            last_used_at: time_or_null(hook.last_used_at),
        }
    }
}

impl HookWithSecretJson {
    pub fn new(hooks: &Hooks, created: &HookWithSecret, language: Language) -> Self {
        Self {
            hook: HookJson::new(hooks, &created.hook, language),
            secret: created.expose().to_owned(),
        }
    }
}

impl From<&Started> for StartedJson {
    fn from(started: &Started) -> Self {
        match started {
            Started::Task(task) => Self {
                task: Some((&**task).into()),
                run: None,
            },
            Started::FlowRun(run) => Self {
                task: None,
                run: Some(run.0),
            },
        }
    }
}
