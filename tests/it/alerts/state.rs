//! When subscribers are notified, over any order of events.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::alert::{AlertState, Told, Verdict, errors, records, slow_after};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Raise,
    Resolve,
    Mute(i64),
    Unmute,
    Check,
}

fn step() -> impl Strategy<Value = (Step, i64)> {
    let what = prop_oneof![
        3 => Just(Step::Raise),
        3 => Just(Step::Resolve),
        1 => (1_i64..300).prop_map(Step::Mute),
        1 => Just(Step::Unmute),
        4 => Just(Step::Check),
    ];
    (what, 0_i64..90)
}

/// The newest alert of a key, and what subscribers were told.
#[derive(Default)]
struct Key {
    state: Option<AlertState>,
    told: Vec<(DateTime<Utc>, Told)>,
    resolutions: Vec<DateTime<Utc>>,
}

impl Key {
    fn apply(&mut self, step: Step, now: DateTime<Utc>) {
        let told = match (step, &mut self.state) {
            (Step::Raise, Some(state)) if state.is_open() => None,
            (Step::Raise, Some(state)) if state.can_reopen(now) => {
                state.reopen();
                None
            }
            (Step::Raise, before) => {
                let muted = before.as_ref().and_then(|state| state.muted_until);
                let (state, told) = AlertState::opened(now, muted);
                self.state = Some(state);
                told
            }
            (Step::Resolve, Some(state)) => {
                if state.is_open() {
                    self.resolutions.push(now);
                }
                state.resolve(now)
            }
            (Step::Mute(minutes), Some(state)) => {
                state.muted_until = Some(now + TimeDelta::minutes(minutes));
                None
            }
            (Step::Unmute, Some(state)) => {
                state.muted_until = None;
                None
            }
            (Step::Check, Some(state)) => state.due(now),
            (Step::Resolve | Step::Mute(_) | Step::Unmute | Step::Check, None) => None,
        };
        self.told.extend(told.map(|told| (now, told)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Subscribers hear of an opening before its resolution, each once; a muted alert is silent; and an alert that stays open
    /// without a mute is known to them in the end.
    #[test]
    fn subscribers_know_whether_an_alert_is_open(steps in prop::collection::vec(step(), 1..60)) {
        let mut now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut key = Key::default();
        for (step, minutes) in steps {
            now += TimeDelta::minutes(minutes);
            let (before, was_muted) = (key.told.len(), key.state.as_ref().is_some_and(|state| state.is_muted(now)));
            key.apply(step, now);
            prop_assert!(!was_muted || key.told.len() == before, "a message of a muted alert");
        }
        for pair in key.told.windows(2) {
            prop_assert!(pair[0].1 == Told::Opened || pair[1].1 == Told::Opened, "{:?}", key.told);
            // An opening soon after a resolution that was told is silent for an hour.
            if pair[0].1 == Told::Resolved && pair[1].1 == Told::Opened {
                prop_assert!(pair[1].0 - pair[0].0 >= TimeDelta::hours(1), "{:?}", key.told);
            }
        }
        prop_assert!(key.told.first().is_none_or(|first| first.1 == Told::Opened));
        if key.state.as_ref().is_some_and(AlertState::is_open) {
            let later = now + TimeDelta::days(1);
            key.apply(Step::Check, later);
            let state = key.state.as_ref().unwrap();
            prop_assert!(state.notified || state.is_muted(later), "{state:?}");
        }
    }

    /// A figure that moves within the gap of the two limits changes nothing.
    #[test]
    fn a_figure_around_one_limit_does_not_flap(expected in 100.0_f64..1e9, share in 0.8_f64..0.8499) {
        prop_assert_eq!(records(expected * share, expected), Verdict::Unchanged);
        let most = share / 100.0;
        prop_assert_eq!(errors(1000.0 * most * 0.9, 1000.0, most), Verdict::Unchanged);
    }

    /// The limit of a duration is at least a minute above the mean, and grows with it.
    #[test]
    fn a_run_is_slow_a_minute_above_the_mean_at_the_earliest(seconds in prop::collection::vec(0_i64..100_000, 0..40), factor in 1.1_f64..10.0) {
        let all: Vec<TimeDelta> = seconds.iter().map(|one| TimeDelta::seconds(*one)).collect();
        let limit = slow_after(&all, factor);
        prop_assert_eq!(limit.is_some(), all.len() >= 5);
        if let Some(limit) = limit {
            let mean = seconds.iter().sum::<i64>() / i64::try_from(seconds.len()).unwrap();
            prop_assert!(limit >= TimeDelta::seconds(mean + 60), "{limit}");
        }
    }
}
