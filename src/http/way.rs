//! Routes that remember what they are: a refusal of another method names the allowed ones, and the document of the API
//! is held against the table itself.

use actix_web::middleware::Compress;
use actix_web::web::ServiceConfig;
use actix_web::{FromRequest, Handler, Resource, Responder, Route, guard, web};

use super::error;
use crate::domain::principal::Role;

/// All places there are.
#[derive(Default)]
pub struct Table(Vec<Place>);

/// A path and the ways to use it.
pub struct Place {
    path: String,
    ways: Vec<Way>,
}

/// A way as others may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// As actix matches it, without the optional slash: `/api/openhexa/tasks/{id}`.
    pub path: String,
    pub methods: &'static [&'static str],
    /// The role that the route's guard asks for; none where the handler itself looks, or nobody does.
    pub role: Option<Role>,
}

impl Table {
    pub fn service(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// What is in it lies below this path.
    pub fn below(mut self, prefix: &str) -> Self {
        for place in &mut self.0 {
            place.path.insert_str(0, prefix);
        }
        self
    }

    pub fn list(&self) -> Vec<Listed> {
        let ways = |place: &Place| {
            let listed = |way: &Way| Listed {
                path: place.path.clone(),
                methods: way.methods,
                role: way.role,
            };
            place.ways.iter().map(listed).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(ways).collect()
    }

    pub fn register(self, app: &mut ServiceConfig) {
        for place in self.0 {
            app.service(place.into_resource());
        }
    }
}

impl From<Place> for Table {
    fn from(place: Place) -> Self {
        Self(vec![place])
    }
}

impl Place {
    pub fn new(path: &str, ways: impl Into<Vec<Way>>) -> Self {
        Self {
            path: path.to_owned(),
            ways: ways.into(),
        }
    }

    fn into_resource(self) -> Resource {
        let allowed = methods(&self.ways);
        let refuse = move || std::future::ready(error::wrong_method(&allowed));
        let resource = web::resource(self.path).default_service(web::to(refuse));
        let routes = self.ways.into_iter().map(|way| way.route);
        routes.fold(resource, Resource::route)
    }
}

/// One way to use a path.
pub struct Way {
    methods: &'static [&'static str],
    role: Option<Role>,
    route: Route,
}

/// A question; with HEAD its answer comes without the body.
pub fn get() -> Way {
    let either = guard::Any(guard::Get()).or(guard::Head());
    Way::new(&["GET", "HEAD"], web::route().guard(either))
}

pub fn patch() -> Way {
    Way::new(&["PATCH"], web::patch())
}

pub fn post() -> Way {
    Way::new(&["POST"], web::post())
}

pub fn put() -> Way {
    Way::new(&["PUT"], web::put())
}

pub fn delete() -> Way {
    Way::new(&["DELETE"], web::delete())
}

impl Way {
    fn new(methods: &'static [&'static str], route: Route) -> Self {
        Self {
            methods,
            role: None,
            route,
        }
    }

    pub fn to<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.map(|route| route.to(handler))
    }

    /// The same way with its route changed.
    pub fn map(self, change: impl FnOnce(Route) -> Route) -> Self {
        Self {
            route: change(self.route),
            ..self
        }
    }

    /// The same way with its answer made small for slow links. Not for streams, of which a part would be kept back.
    pub fn compressed(self) -> Self {
        self.map(|route| route.wrap(Compress::default()))
    }

    /// The same way behind a guard that asks for this role.
    pub fn asking(self, role: Role, guard: impl FnOnce(Route) -> Route) -> Self {
        let way = self.map(guard);
        Self {
            role: Some(role),
            ..way
        }
    }
}

/// As the header `Allow` lists them.
fn methods(ways: &[Way]) -> String {
    let all: Vec<&str> = ways.iter().flat_map(|way| way.methods).copied().collect();
    all.join(", ")
}
