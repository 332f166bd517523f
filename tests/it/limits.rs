//! How much one caller may ask, and that nobody's asking keeps a running pipeline from reporting.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline};
use crate::support::story::{Answer, As, Base, Plan, Story, story};

const PIPELINES: &str = "/pipelines/";

fn plan(base: Base) -> Plan {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    Plan::on(base).pipelines(json!([pipeline(1, &injected(), behaviour)]))
}

impl Story {
    async fn knock(&self, who: As) -> Answer {
        self.ask(who, Method::GET, PIPELINES).send().await
    }

    /// Somebody who is not signed in, seen through a proxy that writes this.
    async fn from(&self, forwarded: &str) -> u16 {
        let ask = self.ask(As::Nobody, Method::GET, PIPELINES);
        let answer = ask.header("x-forwarded-for", forwarded).send().await;
        answer.status
    }

    async fn report_as(&self, who: As, body: &Value) -> u16 {
        let path = format!("/pipelines/{}/", id(1));
        let ask = self.ask(who, Method::PATCH, &path);
        ask.json(body).send().await.status
    }
}

story! {
    async fn whoever_is_signed_in_has_an_allowance_of_their_own(base) {
        let story = plan(base).setting("limits.signed_in_per_second", "2").setting("limits.signed_in_burst", "3").begin().await;
        for _ in 0..3 {
            story.knock(As::Viewer).await.expect(200);
        }
        let refused = story.knock(As::Viewer).await;
        assert_eq!(refused.expect(429), json!({"error": "Too many requests: try again in 1 s"}));
        assert_eq!(refused.header("retry-after"), "1");
        let refused = story.ask(As::Viewer, Method::GET, "/tasks/").header("accept-language", "fr").send().await;
        assert_eq!(refused.error(429), "Trop de requêtes : réessayez dans 1 s");
        story.knock(As::Operator).await.expect(200);
        assert_eq!(story.knock(As::Nobody).await.status, 401, "what others did is no matter");

        story.advance(TimeDelta::milliseconds(500));
        story.knock(As::Viewer).await.expect(200);
        story.knock(As::Viewer).await.error(429);
        story.advance(TimeDelta::hours(1));
        for _ in 0..3 {
            story.knock(As::Viewer).await.expect(200);
        }
        story.knock(As::Viewer).await.error(429);
        story.end().await;
    }
}

story! {
    async fn those_who_are_not_signed_in_share_the_allowance_of_their_address(base) {
        let story = plan(base).setting("limits.address_per_second", "1").setting("limits.address_burst", "4").begin().await;
        assert_eq!(story.knock(As::Nobody).await.status, 401);
        assert_eq!(story.knock(As::Bearer("garbage".to_owned())).await.status, 401);
        story.ask(As::Nobody, Method::GET, "/openapi.json").send().await.expect(200);
        story.ask(As::Nobody, Method::GET, "/nothing/").send().await.error(404);
        for who in [As::Nobody, As::Bearer("garbage".to_owned()), As::Bearer("another".to_owned())] {
            let refused = story.knock(who).await;
            assert_eq!((refused.error(429).as_str(), refused.header("retry-after")), ("Too many requests: try again in 1 s", "1"));
        }
        for path in ["/openapi.json", "/docs/", "/nothing/"] {
            story.ask(As::Nobody, Method::GET, path).send().await.error(429);
        }
        for _ in 0..20 {
            story.knock(As::Viewer).await.expect(200);
            story.ask_at(As::Nobody, Method::GET, "/healthz").send().await.expect(200);
            story.ask_at(As::Nobody, Method::GET, "/readyz").send().await.expect(200);
        }
        story.advance(TimeDelta::seconds(1));
        assert_eq!(story.knock(As::Nobody).await.status, 401);
        story.knock(As::Nobody).await.error(429);
        story.end().await;
    }
}

story! {
    async fn launches_have_a_limit_of_their_own(base) {
        let story = plan(base).setting("limits.launches_per_minute", "2").begin().await;
        let launch = format!("/pipelines/{}/launch/", id(1));
        let first = story.launch(&id(1), json!({})).await;
        story.launch(&id(1), json!({})).await;
        let refused = story.post(&launch, &json!({"config": {}})).await;
        assert_eq!((refused.error(429).as_str(), refused.header("retry-after")), ("Too many launches: try again in 30 s", "30"));
        story.post(&format!("/tasks/{first}/relaunch/"), &json!({})).await.error(429);
        story.post(&format!("/pipelines/{}/validate/", id(1)), &json!({"config": {}})).await.expect(200);
        assert_eq!(story.runs().await.len(), 2);
        let other = story.ask(As::Admin, Method::POST, &launch).json(&json!({"config": {}})).send().await;
        other.expect(201);
        story.advance(TimeDelta::seconds(30));
        story.launch(&id(1), json!({})).await;
        story.post(&launch, &json!({"config": {}})).await.error(429);
        story.end().await;
    }
}

story! {
    async fn a_running_pipeline_is_heard_whatever_others_do(base) {
        let story = plan(base)
            .setting("limits.signed_in_per_second", "1").setting("limits.signed_in_burst", "5")
            .setting("limits.address_per_second", "1").setting("limits.address_burst", "1")
            .setting("limits.launches_per_minute", "1")
            .begin().await;
        let task = story.launch(&id(1), json!({})).await;
        let token = story.callback_token().await;
        for who in [As::Viewer, As::Operator, As::Admin, As::Nobody] {
            while story.knock(who.clone()).await.status != 429 {}
        }
        let garbage = As::Bearer("garbage".to_owned());
        assert_eq!(story.report_as(garbage, &json!({"task_id": task})).await, 429, "no valid token");
        for progress in 0..30 {
            let report = json!({"task_id": task, "progress_value": progress});
            assert_eq!(story.report_as(As::Bearer(token.clone()), &report).await, 200);
            assert_eq!(story.report_as(As::Operator, &report).await, 200, "a connection in the field has an operator's key");
        }
        story.end().await;
    }
}

story! {
    async fn a_request_comes_from_where_a_trusted_proxy_says(base) {
        let story = plan(base)
            .setting("server.trusted_proxies", "127.0.0.1, 10.0.0.0/8")
            .setting("limits.address_per_second", "1").setting("limits.address_burst", "2")
            .begin().await;
        assert_eq!([story.from("203.0.113.1").await, story.from("203.0.113.1:4711").await, story.from("203.0.113.1").await], [401, 401, 429]);
        assert_eq!(story.from("203.0.113.2").await, 401);
        assert_eq!(story.from("198.51.100.7, 203.0.113.1").await, 429, "what the caller wrote is not believed");
        assert_eq!(story.from("203.0.113.1, 10.1.2.3").await, 429, "one proxy behind another");
        assert_eq!(story.from("203.0.113.3, 10.1.2.3").await, 401);
        // Whoever has one address of the sixth version has as many as they like.
        assert_eq!([story.from("2001:db8::1").await, story.from("2001:db8::ffff:1").await, story.from("[2001:db8::2]:80").await], [401, 401, 429]);
        assert_eq!(story.from("2001:db8:0:1::1").await, 401);
        assert_eq!(story.from("::ffff:203.0.113.1").await, 429, "the same address, written as one of the sixth version");
        // What is no address ends the row: the proxy itself it is.
        assert_eq!([story.from("unknown").await, story.from("203.0.113.9, nonsense").await, story.from("").await], [401, 401, 429]);
        story.end().await;
    }
}

story! {
    async fn without_a_trusted_proxy_nobody_says_where_they_come_from(base) {
        let story = plan(base).setting("limits.address_per_second", "1").setting("limits.address_burst", "2").begin().await;
        assert_eq!([story.from("203.0.113.1").await, story.from("203.0.113.2").await, story.from("203.0.113.3").await], [401, 401, 429]);
        story.end().await;
    }
}

story! {
    async fn one_person_on_one_machine_is_not_limited(base) {
        let limited = plan(base).setting("limits.signed_in_per_second", "1").setting("limits.signed_in_burst", "1");
        let limited = limited.setting("limits.address_per_second", "1").setting("limits.address_burst", "1").setting("limits.launches_per_minute", "1");
        let story = limited.local().begin().await;
        for _ in 0..5 {
            story.knock(As::Nobody).await.expect(200);
            assert_eq!(story.knock(As::Bearer("garbage".to_owned())).await.status, 401);
            let launch = story.ask(As::Nobody, Method::POST, &format!("/pipelines/{}/launch/", id(1)));
            launch.json(&json!({"config": {}})).send().await.expect(201);
        }
        story.end().await;
    }
}
