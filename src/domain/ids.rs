//! Identifiers as types, so that a run's id cannot be used as a pipeline's.

use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

macro_rules! number_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

uuid_id! {
    /// A pipeline of OpenHEXA.
    PipelineId,
    /// One version of a pipeline of OpenHEXA.
    VersionId,
    /// A run of OpenHEXA (`PipelineRun.id`, not its `run_id`, which is no UUID).
    RunId,
    /// A user of OpenHEXA (`me`).
    UserId,
    /// One launch. It is random: unlike the task's id it is never assigned twice, not even after a restore of the database.
    LaunchId,
    /// A browser that is signed in with a key.
    SessionId,
    /// A webhook that starts a flow or a pipeline.
    HookId,
    /// A message to a channel, the same for all tries.
    MessageId,
}

number_id! {
    /// A task; attached to Iaso, also the id of its row in Iaso.
    TaskId,
    /// A tenant: attached to Iaso, an Iaso account; standalone there is only one.
    AccountId,
    /// An OpenHEXA instance and workspace with a token.
    ConnectionId,
    /// An API key of the bridge.
    KeyId,
    /// A flow; its address contains its slug instead.
    FlowId,
    FlowRunId,
    /// A schedule of a flow, in all of its versions.
    ScheduleId,
    /// A trigger of a flow, in all of its versions.
    TriggerId,
    AlertId,
    BackfillId,
    /// A channel of notifications.
    ChannelId,
    /// What a channel is notified of.
    SubscriptionId,
    /// A message to a channel, in the order in which they were created.
    DeliveryId,
}
