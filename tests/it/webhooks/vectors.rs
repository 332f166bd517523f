//! The test vectors of the Standard Webhooks specification, and what its libraries refuse.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::webhook::{
    Authentication, MAX_SIGNATURES, Mapping, PresentedCredential, TOLERANCE, inputs, is_pointer,
    verify,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::sign;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const TIMESTAMP: &str = "1649367553";
const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

fn sent_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_649_367_553, 0).unwrap()
}

fn vector() -> PresentedCredential<'static> {
    PresentedCredential {
        authorization: None,
        id: Some(ID),
        timestamp: Some(TIMESTAMP),
        signatures: Some(SIGNATURE),
        body: BODY.as_bytes(),
    }
}

fn is_accepted(secrets: &[&str], given: PresentedCredential<'_>, now: DateTime<Utc>) -> bool {
    let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
    let secrets: Vec<&SecretString> = secrets.iter().collect();
    verify(&Authentication::Signature, &secrets, &given, now)
}

fn has_signatures(signatures: &str) -> bool {
    let given = PresentedCredential {
        signatures: Some(signatures),
        ..vector()
    };
    is_accepted(&[SECRET], given, sent_at())
}

#[test]
fn the_vector_of_the_specification_is_accepted() {
    assert_eq!(sign(SECRET, ID, TIMESTAMP, BODY), SIGNATURE);
    assert!(is_accepted(&[SECRET], vector(), sent_at()));
    let bare = SECRET.trim_start_matches("whsec_");
    assert!(is_accepted(&[bare], vector(), sent_at()), "without prefix");
    assert!(has_signatures(SIGNATURE.trim_end_matches('=')), "unpadded");
}

#[test]
fn one_of_several_signatures_is_enough() {
    let others = "v1,tFtCZ5RDCPxzWQRWXWPgrCgE2frDBe9gjpbWQxnVfsQ= v1,Mm7xgUVICxZfQ3bgf0h0Dof65L/IFx+PnZvnDWPCX6Q=";
    assert!(has_signatures(&format!(
        "{others} {SIGNATURE} v1a,c2lnbmF0dXJl"
    )));
    assert!(!has_signatures(others));
    let padding = "v1,AAAA ".repeat(MAX_SIGNATURES);
    assert!(
        !has_signatures(&format!("{padding}{SIGNATURE}")),
        "too many"
    );
    assert!(has_signatures(&format!("{SIGNATURE} {padding}")));
}

#[test]
fn other_signatures_are_refused() {
    let tail = SIGNATURE.trim_start_matches("v1,");
    for wrong in [
        "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=".to_owned(),
        "v1,".to_owned(),
        SIGNATURE[..8].to_owned(),
        SIGNATURE[..SIGNATURE.len() - 4].to_owned(),
        tail.to_owned(),
        format!("v1a,{tail}"),
        format!("v2,{tail}"),
        format!("V1,{tail}"),
        format!("v1, {tail}"),
        format!("v1;{tail}"),
        SIGNATURE.replace('+', "-").replace('/', "_"),
        String::new(),
    ] {
        assert!(!has_signatures(&wrong), "{wrong}");
    }
}

#[test]
fn each_part_of_the_message_is_signed() {
    let accepts = |given| is_accepted(&[SECRET], given, sent_at());
    let body = |body: &'static str| PresentedCredential {
        body: body.as_bytes(),
        ..vector()
    };
    assert!(!accepts(body("{}")));
    assert!(!accepts(body("")));
    assert!(!accepts(PresentedCredential {
        timestamp: Some("1649367554"),
        ..vector()
    }));
    for id in [None, Some(""), Some("msg_27")] {
        assert!(!accepts(PresentedCredential { id, ..vector() }), "{id:?}");
    }
    assert!(!accepts(PresentedCredential {
        timestamp: None,
        ..vector()
    }));
    assert!(!accepts(PresentedCredential {
        signatures: None,
        ..vector()
    }));
}

#[test]
fn the_timestamp_may_be_five_minutes_from_now_in_both_directions() {
    let at = |now| is_accepted(&[SECRET], vector(), now);
    let second = TimeDelta::seconds(1);
    for (now, accepted) in [
        (sent_at() + TOLERANCE, true),
        (sent_at() - TOLERANCE, true),
        (sent_at() + TOLERANCE + second, false),
        (sent_at() - TOLERANCE - second, false),
        (sent_at() + TimeDelta::days(400), false),
    ] {
        assert_eq!(at(now), accepted, "{now}");
    }
    for text in [
        "",
        "+1649367553",
        " 1649367553",
        "1649367553.0",
        "-1",
        "99999999999999999999",
    ] {
        let signature = sign(SECRET, ID, text, BODY);
        let given = PresentedCredential {
            timestamp: Some(text),
            signatures: Some(&signature),
            ..vector()
        };
        assert!(!is_accepted(&[SECRET], given, sent_at()), "{text:?}");
    }
}

#[test]
fn an_empty_or_unreadable_secret_accepts_nothing() {
    let empty = sign("", ID, TIMESTAMP, BODY);
    for secret in ["", "whsec_", "whsec_!!!!"] {
        let given = PresentedCredential {
            signatures: Some(&empty),
            ..vector()
        };
        assert!(!is_accepted(&[secret], given, sent_at()), "{secret:?}");
    }
    let nothing: SecretString = "".into();
    let basic = format!("Basic {}", BASE64_STANDARD.encode("user:"));
    let username = "user".to_owned();
    for (by, shown) in [
        (Authentication::Bearer, "Bearer "),
        (Authentication::Basic { username }, basic.as_str()),
    ] {
        let given = PresentedCredential {
            authorization: Some(shown),
            ..vector()
        };
        assert!(!verify(&by, &[&nothing], &given, sent_at()), "{shown}");
    }
    assert!(is_accepted(&["whsec_AAAA", SECRET], vector(), sent_at()));
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn values_are_taken_by_name_or_by_the_mapping() {
    let declared = ["country", "year", "a/b", "m~n"].map(str::to_owned);
    let at = |pairs: &[(&str, &str)]| -> Mapping {
        let own = pairs.iter();
        own.map(|(name, at)| ((*name).to_owned(), (*at).to_owned()))
            .collect()
    };
    let body =
        json!({"country": "NE", "when": {"years": [2024, 2025]}, "a/b": 1, "m~n": null, "x": 1});
    for (mapping, values, ignored) in [
        (
            at(&[]),
            json!({"country": "NE", "a/b": 1, "m~n": null}),
            json!(["when", "x"]),
        ),
        (
            at(&[("year", "/when/years/1"), ("country", "/nothing")]),
            json!({"year": 2025, "a/b": 1, "m~n": null}),
            json!(["country", "x"]),
        ),
        (
            at(&[("country", "/a~1b"), ("year", "/m~0n"), ("gone", "/x")]),
            json!({"country": 1, "year": null, "gone": 1, "a/b": 1, "m~n": null}),
            json!(["country", "when"]),
        ),
        (
            at(&[("year", "")]),
            json!({"year": body, "country": "NE", "a/b": 1, "m~n": null}),
            json!([]),
        ),
    ] {
        let found = inputs(&declared, &mapping, object(body.clone()));
        assert_eq!(Value::Object(found.values), values);
        assert_eq!(json!(found.ignored), ignored, "{mapping:?}");
    }
}

#[test]
fn ignored_keys_are_bounded() {
    let long = "k".repeat(5_000);
    let mut body: Map<String, Value> = (0..500).map(|n| (format!("{n}{long}"), json!(n))).collect();
    body.insert("year".to_owned(), json!(1));
    let found = inputs(&["year".to_owned()], &Mapping::new(), body);
    assert_eq!(found.ignored.len(), 100);
    assert!(found.ignored.iter().all(|key| key.len() == 100));
}

#[test]
fn json_pointers_are_recognised() {
    for good in ["", "/", "/a", "/a/0/b", "/a~0b~1c", "/é", "//"] {
        assert!(is_pointer(good), "{good}");
    }
    for bad in ["a", "#/a", "$.a", "/a~", "/~2", "/~~0", "a/b"] {
        assert!(!is_pointer(bad), "{bad}");
    }
}
