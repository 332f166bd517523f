//! A route that remembers its methods, so that a refusal of another one can name them.

use actix_web::{FromRequest, Handler, Responder, Route, guard, web};

/// One way to use a path.
pub struct Way {
    methods: &'static [&'static str],
    route: Route,
}

/// A question; with HEAD its answer comes without the body.
pub fn get() -> Way {
    let either = guard::Any(guard::Get()).or(guard::Head());
    Way {
        methods: &["GET", "HEAD"],
        route: web::route().guard(either),
    }
}

pub fn patch() -> Way {
    Way {
        methods: &["PATCH"],
        route: web::patch(),
    }
}

pub fn post() -> Way {
    Way {
        methods: &["POST"],
        route: web::post(),
    }
}

pub fn put() -> Way {
    Way {
        methods: &["PUT"],
        route: web::put(),
    }
}

pub fn delete() -> Way {
    Way {
        methods: &["DELETE"],
        route: web::delete(),
    }
}

impl Way {
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

    pub fn into_route(self) -> Route {
        self.route
    }
}

/// As the header `Allow` lists them.
pub fn methods(ways: &[Way]) -> String {
    let all: Vec<&str> = ways.iter().flat_map(|way| way.methods).copied().collect();
    all.join(", ")
}
