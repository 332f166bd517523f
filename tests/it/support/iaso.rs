//! A small Iaso with `/api/profiles/me/`, which returns the user of a session or token, or fails.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openhexa_bridge::service::identity::CallbackKeys;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::server;

/// How this Iaso responds.
#[derive(Clone)]
pub enum ResponseMode {
    Well,
    /// Each response waits until the test releases it.
    Gated(Arc<Semaphore>),
    /// This status, with a web page.
    Page(u16),
    /// A redirect to its login page.
    Redirects,
    /// 200 with this body.
    Says(String),
}

/// The headers of a request: names in lower case, and values.
pub type ReceivedRequest = Vec<(String, String)>;

struct State {
    /// Header and value → the user's profile.
    known: Mutex<HashMap<String, Value>>,
    mood: Mutex<ResponseMode>,
    heard: Mutex<Vec<ReceivedRequest>>,
}

pub struct Iaso {
    pub url: String,
    state: Arc<State>,
    server: ServerHandle,
}

/// A user's profile, with the keys of a real one.
pub fn profile(user: i64, account: i64, permissions: &[&str]) -> Value {
    json!({
        "id": 7000 + user, "user_id": user, "user_name": format!("user-{user}"), "first_name": "User", "last_name": format!("Number {user}"),
        "email": "", "permissions": permissions, "user_permissions": permissions, "is_staff": false, "is_superuser": false,
        "user_roles": [], "user_roles_permissions": [], "language": null, "organization": null, "projects": [], "other_accounts": null,
        "account": {"id": account, "name": format!("Account {account}"), "modules": ["DEFAULT"], "feature_flags": []}, "org_units": [],
    })
}

pub const MAY: &[&str] = &["iaso_forms", "iaso_pipeline_management"];

/// The profile of a superuser.
pub fn superuser(user: i64, account: i64) -> Value {
    let mut profile = profile(user, account, MAY);
    profile["is_superuser"] = json!(true);
    profile["is_staff"] = json!(true);
    profile
}

/// The response for a user without a profile, in which most keys are missing.
pub fn without_profile(user: i64) -> Value {
    json!({"user_id": user, "user_name": format!("user-{user}"), "first_name": "", "last_name": "", "email": "", "projects": [],
        "is_staff": false, "is_superuser": false, "account": null})
}

/// A token, as Iaso's library creates it.
pub fn token(claims: &Value, key: &str) -> String {
    // The bridge installs the cryptography, but may not have been started yet.
    let _ = CallbackKeys::new(&"any key that is long enough for it".into());
    let key = EncodingKey::from_secret(key.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

/// The claims of a user's access token with this expiry.
pub fn access(user: i64, until: i64) -> Value {
    let jti = Uuid::new_v4().simple().to_string();
    json!({"token_type": "access", "exp": until, "iat": until - 86_400, "jti": jti, "user_id": user})
}

impl Iaso {
    pub fn start() -> Self {
        let state = Arc::new(State {
            known: Mutex::default(),
            mood: Mutex::new(ResponseMode::Well),
            heard: Mutex::default(),
        });
        let shared = Data::from(state.clone());
        let (url, server) = server::open(move |config| {
            config
                .app_data(shared.clone())
                .route("/api/profiles/me/", web::get().to(me));
        });
        Self { url, state, server }
    }

    /// Signs a user in; returns the value of the cookie.
    pub fn session(&self, profile: Value) -> String {
        let value = Uuid::new_v4().simple().to_string();
        self.know(format!("cookie: sessionid={value}"), profile);
        value
    }

    /// Issues a token to a user.
    pub fn token(&self, profile: Value) -> String {
        let user = profile["user_id"].as_i64().unwrap();
        let token = token(&access(user, 4_000_000_000), "the real one's own key");
        self.know(format!("authorization: Bearer {token}"), profile);
        token
    }

    fn know(&self, shown: String, profile: Value) {
        self.state.known.lock().unwrap().insert(shown, profile);
    }

    /// Changes the profile of a user.
    pub fn change(&self, credential: &str, profile: Value) {
        let mut known = self.state.known.lock().unwrap();
        let mut found = known
            .iter_mut()
            .filter(|(shown, _)| shown.ends_with(credential));
        *found.next().expect("somebody known").1 = profile;
    }

    /// Signs a user out, or disables them.
    pub fn forget(&self, credential: &str) {
        let mut known = self.state.known.lock().unwrap();
        known.retain(|shown, _| !shown.ends_with(credential));
    }

    pub fn respond_with(&self, mood: ResponseMode) {
        *self.state.mood.lock().unwrap() = mood;
    }

    pub fn received(&self) -> Vec<ReceivedRequest> {
        self.state.heard.lock().unwrap().clone()
    }

    /// Closes the port.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn me(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = request.headers().iter();
    let heard = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    state.heard.lock().unwrap().push(heard.collect());
    let mood = state.mood.lock().unwrap().clone();
    match mood {
        ResponseMode::Well => {}
        ResponseMode::Gated(gate) => gate.acquire().await.unwrap().forget(),
        ResponseMode::Page(status) => {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            return HttpResponse::build(status)
                .content_type("text/html")
                .body("<h1>Iaso</h1>");
        }
        ResponseMode::Redirects => {
            return HttpResponse::Found()
                .insert_header(("location", "/login/?next=/api/profiles/me/"))
                .finish();
        }
        ResponseMode::Says(body) => {
            return HttpResponse::Ok()
                .content_type("application/json")
                .body(body);
        }
    }
    answer(&request, &state)
}

/// If there is a token, the cookie is ignored, as in the real Iaso.
fn answer(request: &HttpRequest, state: &State) -> HttpResponse {
    let shown = ["authorization", "cookie"].into_iter().find_map(|name| {
        let value = request.headers().get(name)?.to_str().ok()?;
        Some(format!("{name}: {value}"))
    });
    let known = state.known.lock().unwrap();
    let found = shown.as_ref().and_then(|shown| known.get(shown));
    let by_token = shown.is_some_and(|shown| shown.starts_with("authorization"));
    let refused = match (found, by_token) {
        (Some(profile), _) => return HttpResponse::Ok().json(profile),
        (None, true) => json!({
            "detail": "Given token not valid for any token type", "code": "token_not_valid",
            "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}],
        }),
        (None, false) => json!({"detail": "Authentication credentials were not provided."}),
    };
    HttpResponse::Unauthorized()
        .insert_header(("www-authenticate", "Bearer realm=\"api\""))
        .json(refused)
}
