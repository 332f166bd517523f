//! The types of the route list: each route knows its methods and the role that it requires. So a request with another
//! method gets 405 with the allowed methods, and the API reference and the tests can check the list.

use actix_web::http::Method;
use actix_web::middleware::Compress;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Responder, guard};

use super::error;
use crate::domain::principal::Role;

/// All resources of the bridge.
#[derive(Default)]
pub struct Router(Vec<Resource>);

/// A path and its routes, one per method.
pub struct Resource {
    path: String,
    routes: Vec<Route>,
    /// Whether GET, HEAD, PUT and DELETE are for a later resource whose path matches too.
    beside_object: bool,
}

/// One route, as tests and the API reference see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRoute {
    /// The pattern that actix matches, without the optional slash: `/api/openhexa/tasks/{id}`.
    pub path: String,
    pub methods: &'static [&'static str],
    /// The role that the route's guard requires. None: the handler checks the caller itself, or the route is public.
    pub role: Option<Role>,
}

impl Router {
    pub fn service(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// Adds a prefix to all paths.
    pub fn below(mut self, prefix: &str) -> Self {
        for resource in &mut self.0 {
            resource.path.insert_str(0, prefix);
        }
        self
    }

    pub fn list(&self) -> Vec<ListedRoute> {
        let routes = |resource: &Resource| {
            let listed = |route: &Route| ListedRoute {
                path: resource.path.clone(),
                methods: route.methods,
                role: route.role,
            };
            resource.routes.iter().map(listed).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(routes).collect()
    }

    pub fn register(self, app: &mut ServiceConfig) {
        for resource in self.0 {
            app.service(resource.into_actix());
        }
    }
}

impl From<Resource> for Router {
    fn from(resource: Resource) -> Self {
        Self(vec![resource])
    }
}

fn is_not_of_object(context: &guard::GuardContext<'_>) -> bool {
    let of_object = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE];
    !of_object.contains(&context.head().method)
}

impl Resource {
    pub fn new(path: &str, routes: impl Into<Vec<Route>>) -> Self {
        Self {
            path: path.to_owned(),
            routes: routes.into(),
            beside_object: false,
        }
    }

    /// Leaves GET, HEAD, PUT and DELETE to a later resource whose path matches too.
    pub fn beside_object(self) -> Self {
        Self {
            beside_object: true,
            ..self
        }
    }

    fn into_actix(self) -> actix_web::Resource {
        let allowed = methods(&self.routes);
        let refuse = move || std::future::ready(error::wrong_method(&allowed));
        let resource = web::resource(self.path).default_service(web::to(refuse));
        let resource = if self.beside_object {
            resource.guard(guard::fn_guard(is_not_of_object))
        } else {
            resource
        };
        let routes = self.routes.into_iter().map(|route| route.inner);
        routes.fold(resource, actix_web::Resource::route)
    }
}

/// A method of a path, with its handler and guards.
pub struct Route {
    methods: &'static [&'static str],
    role: Option<Role>,
    inner: actix_web::Route,
}

/// GET and HEAD; the response to HEAD has no body.
pub fn get() -> Route {
    let either = guard::Any(guard::Get()).or(guard::Head());
    Route::new(&["GET", "HEAD"], web::route().guard(either))
}

pub fn patch() -> Route {
    Route::new(&["PATCH"], web::patch())
}

pub fn post() -> Route {
    Route::new(&["POST"], web::post())
}

pub fn put() -> Route {
    Route::new(&["PUT"], web::put())
}

pub fn delete() -> Route {
    Route::new(&["DELETE"], web::delete())
}

impl Route {
    fn new(methods: &'static [&'static str], inner: actix_web::Route) -> Self {
        Self {
            methods,
            role: None,
            inner,
        }
    }

    pub fn to<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.map(|inner| inner.to(handler))
    }

    /// Changes actix's route, for example to wrap it in a middleware.
    pub fn map(self, change: impl FnOnce(actix_web::Route) -> actix_web::Route) -> Self {
        Self {
            inner: change(self.inner),
            ..self
        }
    }

    /// Compresses the response. Not for streams: the compressor would hold back part of an event.
    pub fn compressed(self) -> Self {
        self.map(|inner| inner.wrap(Compress::default()))
    }

    /// Adds the guard that requires this role.
    pub fn with_role(
        self,
        role: Role,
        guard: impl FnOnce(actix_web::Route) -> actix_web::Route,
    ) -> Self {
        let route = self.map(guard);
        Self {
            role: Some(role),
            ..route
        }
    }
}

/// The value of the header `Allow`.
fn methods(routes: &[Route]) -> String {
    let all: Vec<&str> = routes
        .iter()
        .flat_map(|route| route.methods)
        .copied()
        .collect();
    all.join(", ")
}
