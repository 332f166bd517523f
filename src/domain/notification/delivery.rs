//! A message to a channel, with its tries: at most ten, over about three days.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::answer::{Answer, AnswerCode};
use super::notice::Notice;
use crate::domain::ids::{ChannelId, DeliveryId, MessageId};
use crate::domain::spread;
use crate::domain::words::words;

/// The waits after the first try, after the second one, and so on.
const WAITS: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];
/// After as many failed tries, the message is not sent any more.
pub const MAX_TRIES: usize = WAITS.len() + 1;
/// A longer wait that a receiver asks for is not respected.
pub const LONGEST_RETRY_AFTER: TimeDelta = TimeDelta::hours(24);
/// Each wait is longer by up to this part of it, so that the messages of an outage are not all sent at the same time.
const SPREAD: i32 = 10;

words! {
    pub enum StateWord {
        Waiting = "waiting";
        Delivered = "delivered";
        Failed = "failed";
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is sent at this time.
    Waiting {
        next_at: DateTime<Utc>,
    },
    Delivered {
        at: DateTime<Utc>,
    },
    Failed {
        at: DateTime<Utc>,
    },
}

impl DeliveryState {
    pub fn word(self) -> StateWord {
        match self {
            Self::Waiting { .. } => StateWord::Waiting,
            Self::Delivered { .. } => StateWord::Delivered,
            Self::Failed { .. } => StateWord::Failed,
        }
    }

    pub fn next_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Waiting { next_at } => Some(next_at),
            Self::Delivered { .. } | Self::Failed { .. } => None,
        }
    }

    pub fn ended_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Waiting { .. } => None,
            Self::Delivered { at } | Self::Failed { at } => Some(at),
        }
    }
}

/// The recipients of an e-mail that no further try is for, as marks that only the service understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Their server has accepted the message.
    pub reached: Vec<String>,
    /// Their server refuses it for ever.
    pub refused: Vec<String>,
}

impl Recipients {
    pub fn contains(&self, mark: &str) -> bool {
        self.reached
            .iter()
            .chain(&self.refused)
            .any(|one| one == mark)
    }

    pub fn add(&mut self, more: Self) {
        self.reached.extend(more.reached);
        self.refused.extend(more.refused);
    }

    pub fn stored(&self) -> String {
        json!({"reached": self.reached, "refused": self.refused}).to_string()
    }

    pub fn read(stored: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(stored).ok()?;
        let marks = |name: &str| -> Option<Vec<String>> {
            let marks = value[name].as_array()?.iter();
            marks.map(|one| one.as_str().map(str::to_owned)).collect()
        };
        Some(Self {
            reached: marks("reached")?,
            refused: marks("refused")?,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    /// It is sent again, but not before the receiver wants it.
    Retry {
        after: Option<TimeDelta>,
    },
    /// No try will have another outcome.
    Refused,
    /// The receiver no longer exists.
    Gone,
}

/// The result of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryResult {
    pub outcome: Outcome,
    pub answer: Answer,
    /// Of this try.
    pub recipients: Recipients,
}

impl TryResult {
    pub fn new(outcome: Outcome, answer: impl Into<Answer>) -> Self {
        Self {
            outcome,
            answer: answer.into(),
            recipients: Recipients::default(),
        }
    }

    pub fn retry(answer: impl Into<Answer>) -> Self {
        Self::new(Outcome::Retry { after: None }, answer)
    }

    pub fn timed_out() -> Self {
        Self::retry(AnswerCode::TimedOut)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub message: MessageId,
    pub channel: ChannelId,
    /// The name of the channel.
    pub channel_name: String,
    pub notice: Notice,
    pub state: DeliveryState,
    pub tries: usize,
    pub created_at: DateTime<Utc>,
    pub last_answer: Option<Answer>,
    pub recipients: Recipients,
}

impl Delivery {
    /// The id that the receiver sees, the same for all tries.
    pub fn message_id(&self) -> String {
        format!("msg_{}", self.message.0.simple())
    }

    /// After a try.
    #[must_use]
    pub fn after(self, result: &TryResult, now: DateTime<Utc>) -> Self {
        let tries = self.tries + 1;
        let is_reached = !self.recipients.reached.is_empty();
        let state = match (result.outcome, wait(self.message, tries)) {
            (Outcome::Delivered, _) => DeliveryState::Delivered { at: now },
            // Others got it with an earlier try.
            (Outcome::Refused, _) if is_reached => DeliveryState::Delivered { at: now },
            (Outcome::Retry { after }, Some(wait)) => {
                let asked = after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
                DeliveryState::Waiting {
                    next_at: now + wait.max(asked),
                }
            }
            (Outcome::Retry { .. }, None) | (Outcome::Refused | Outcome::Gone, _) => {
                DeliveryState::Failed { at: now }
            }
        };
        self.with(state, tries, result)
    }

    /// After the only try of a test.
    #[must_use]
    pub fn after_test(self, result: &TryResult, now: DateTime<Utc>) -> Self {
        let state = match result.outcome {
            Outcome::Delivered => DeliveryState::Delivered { at: now },
            Outcome::Retry { .. } | Outcome::Refused | Outcome::Gone => {
                DeliveryState::Failed { at: now }
            }
        };
        let tries = self.tries + 1;
        self.with(state, tries, result)
    }

    fn with(mut self, state: DeliveryState, tries: usize, result: &TryResult) -> Self {
        self.recipients.add(result.recipients.clone());
        Self {
            state,
            tries,
            last_answer: Some(result.answer.clone()),
            ..self
        }
    }

    /// To be sent again from the beginning, to all recipients. None: it is already waiting.
    pub fn again(self, now: DateTime<Utc>) -> Option<Self> {
        match self.state {
            DeliveryState::Waiting { .. } => None,
            DeliveryState::Delivered { .. } | DeliveryState::Failed { .. } => Some(Self {
                state: DeliveryState::Waiting { next_at: now },
                tries: 0,
                recipients: Recipients::default(),
                ..self
            }),
        }
    }
}

/// How long to wait after this number of tries. None: there is no further try.
fn wait(message: MessageId, tries: usize) -> Option<TimeDelta> {
    let wait = *WAITS.get(tries.checked_sub(1)?)?;
    let range = i32::try_from(wait.num_milliseconds()).ok()? / SPREAD;
    let more = spread::offset(&(message, tries), range);
    Some(wait + TimeDelta::milliseconds(more.into()))
}
