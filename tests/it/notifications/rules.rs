//! The rules without a database: addresses of people, senders, and the waits between tries.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::ids::{ChannelId, DeliveryId, MessageId};
use openhexa_bridge::domain::notification::{
    AnswerCode, Delivery, DeliveryState, Level, MAX_TRIES, Outcome, Recipients, TryResult,
    is_email_address, is_sender, receivers, valid_recipients,
};
use openhexa_bridge::domain::retry_after::seconds_to_wait;
use proptest::prelude::*;
use uuid::Uuid;

use super::notice;

#[test]
fn usual_addresses_are_accepted_and_others_refused() {
    let label = "x".repeat(63);
    for good in [
        "a@example.org",
        "A.b+c@sub.example.org",
        "o'hara_1@example-1.org",
        "ops@localhost",
        &format!("a@{label}.org"),
    ] {
        assert!(is_email_address(good), "{good}");
    }
    for bad in [
        "",
        "a",
        "@example.org",
        "a@",
        "a b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a.@example.org",
        "\"a b\"@example.org",
        "a@b@example.org",
        "a@example..org",
        "a@-example.org",
        "a@example-.org",
        "a@[127.0.0.1]",
        "é@example.org",
        "a@exämple.org",
        "a@example.org>",
        "<a@example.org>",
        "a@example.org\n",
        "a,b@example.org",
        &format!("a@{label}x.org"),
        &format!("{}@example.org", "a".repeat(65)),
        &format!("a@{}", vec!["b".repeat(60); 5].join(".")),
    ] {
        assert!(!is_email_address(bad), "{bad}");
    }
    for good in [
        "a@example.org",
        "Passerelle <a@example.org>",
        "<a@example.org>",
    ] {
        assert!(is_sender(good), "{good}");
    }
    for bad in [
        "",
        "Passerelle",
        "Name <a@example.org",
        "a: <a@example.org>",
        "x <a@b> <c@d>",
    ] {
        assert!(!is_sender(bad), "{bad}");
    }
}

proptest! {
    /// What this library accepts, the one that sends accepts as well.
    #[test]
    fn an_accepted_address_can_be_sent_to(text in "[a-z.+'@-]{1,12}@[a-z0-9.-]{1,12}") {
        if is_email_address(&text) {
            prop_assert!(text.parse::<lettre::Address>().is_ok(), "{text}");
            prop_assert_eq!(valid_recipients(std::slice::from_ref(&text)).unwrap(), vec![text]);
        }
    }

    /// Each channel gets a notice once, if one of its subscriptions includes it.
    #[test]
    fn a_channel_gets_a_notice_by_its_widest_level(
        subscribed in prop::collection::vec((0..5_i64, any::<bool>()), 0..20),
        is_error in any::<bool>(),
    ) {
        let level = |all: bool| if all { Level::All } else { Level::Error };
        let given: Vec<_> = subscribed.iter().map(|(id, all)| (ChannelId(*id), level(*all))).collect();
        let got = receivers(&given, level(!is_error));
        let wanted: std::collections::BTreeSet<_> = subscribed
            .iter()
            .filter(|(_, all)| *all || is_error)
            .map(|(id, _)| ChannelId(*id))
            .collect();
        prop_assert_eq!(got, wanted.into_iter().collect::<Vec<_>>());
    }

    /// For any answers of the receiver, there are at most ten tries, over less than ten days.
    #[test]
    fn tries_end(answers in prop::collection::vec(prop::option::of(0..1_000_000_i64), 10), id in any::<u128>()) {
        let begin = DateTime::UNIX_EPOCH;
        let (mut delivery, mut now) = (delivery(id, begin), begin);
        for after in answers {
            let after = after.map(TimeDelta::seconds);
            let result = TryResult::new(Outcome::Retry { after }, AnswerCode::Broken);
            delivery = delivery.after(&result, now);
            match delivery.state {
                DeliveryState::Waiting { next_at } => {
                    prop_assert!(next_at > now && next_at - now <= TimeDelta::minutes(24 * 66));
                    now = next_at;
                }
                DeliveryState::Failed { .. } => break,
                DeliveryState::Delivered { .. } => prop_assert!(false),
            }
        }
        prop_assert_eq!(delivery.tries, MAX_TRIES);
        prop_assert_eq!(delivery.state, DeliveryState::Failed { at: now });
    }
}

fn delivery(id: u128, at: DateTime<Utc>) -> Delivery {
    Delivery {
        id: DeliveryId(1),
        message: MessageId(Uuid::from_u128(id)),
        channel: ChannelId(1),
        channel_name: "team".to_owned(),
        notice: notice("late"),
        state: DeliveryState::Waiting { next_at: at },
        tries: 0,
        created_at: at,
        last_answer: None,
        recipients: Recipients::default(),
    }
}

#[test]
fn a_message_that_some_recipients_have_is_delivered_when_the_rest_are_refused() {
    let now = DateTime::UNIX_EPOCH;
    let marks = |reached: &[&str], refused: &[&str]| Recipients {
        reached: reached.iter().map(|one| (*one).to_owned()).collect(),
        refused: refused.iter().map(|one| (*one).to_owned()).collect(),
    };
    let result = |outcome, recipients| TryResult {
        recipients,
        ..TryResult::new(outcome, AnswerCode::Broken)
    };
    let retry = Outcome::Retry { after: None };
    let first = delivery(7, now).after(&result(retry, marks(&["a"], &["b"])), now);
    assert!(first.recipients.contains("a") && first.recipients.contains("b"));
    let second = first
        .clone()
        .after(&result(Outcome::Refused, marks(&[], &["c"])), now);
    assert_eq!(second.state, DeliveryState::Delivered { at: now });
    let none = delivery(7, now).after(&result(Outcome::Refused, marks(&[], &["c"])), now);
    assert_eq!(none.state, DeliveryState::Failed { at: now });
    // Sent again, all recipients get it.
    let again = second.again(now).unwrap();
    assert_eq!(
        (again.tries, &again.recipients),
        (0, &Recipients::default())
    );
    assert_eq!(again.again(now), None);
}

#[test]
fn a_wait_is_a_number_of_seconds_or_a_time_of_the_server() {
    let date = "Mon, 30 Nov 2026 10:00:00 GMT";
    assert_eq!(seconds_to_wait(" 120 ", None), Some(120));
    let later = "Mon, 30 Nov 2026 10:02:00 GMT";
    assert_eq!(seconds_to_wait(later, Some(date)), Some(120));
    assert_eq!(seconds_to_wait(date, Some(later)), Some(-120));
    assert_eq!(seconds_to_wait(later, None), None);
    assert_eq!(seconds_to_wait("soon", Some(date)), None);
}
