//! The routes of notifications in the API: channels and their deliveries for administrators, subscriptions for operators.

use super::api::notifications::{channels, deliveries, subscriptions};
use super::routes::{Router, delete, get, patch, post};
use super::{audited, path, requires, test_limited};
use crate::domain::principal::Role::{Administrator, Operator};

pub fn all() -> Router {
    Router::default()
        .service(of_channels())
        .service(of_subscriptions())
        .service(path(
            "/deliveries",
            [requires(Administrator, get().to(deliveries::list))],
        ))
        .service(path(
            "/deliveries/{id}/again",
            [audited(
                "delivery.again",
                requires(Administrator, post().to(deliveries::again)),
            )],
        ))
}

fn of_channels() -> Router {
    Router::default()
        .service(path(
            "/channels",
            [
                requires(Administrator, get().to(channels::list)),
                audited(
                    "channel.create",
                    requires(Administrator, post().to(channels::create)),
                ),
            ],
        ))
        .service(path(
            "/channels/{id}",
            [
                requires(Administrator, get().to(channels::read)),
                audited(
                    "channel.change",
                    requires(Administrator, patch().to(channels::change)),
                ),
                audited(
                    "channel.delete",
                    requires(Administrator, delete().to(channels::delete)),
                ),
            ],
        ))
        .service(path(
            "/channels/{id}/secret",
            [audited(
                "channel.rotate",
                requires(Administrator, post().to(channels::rotate)),
            )],
        ))
        .service(path(
            "/channels/{id}/test",
            [audited(
                "channel.test",
                requires(Administrator, test_limited(post().to(channels::test))),
            )],
        ))
}

fn of_subscriptions() -> Router {
    Router::default()
        .service(path(
            "/subscriptions",
            [
                requires(Operator, get().to(subscriptions::list)),
                audited(
                    "subscription.create",
                    requires(Operator, post().to(subscriptions::create)),
                ),
            ],
        ))
        .service(path(
            "/subscriptions/{id}",
            [
                audited(
                    "subscription.change",
                    requires(Operator, patch().to(subscriptions::change)),
                ),
                audited(
                    "subscription.delete",
                    requires(Operator, delete().to(subscriptions::delete)),
                ),
            ],
        ))
}
