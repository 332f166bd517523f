//! Identifiers as types, so that a run's id cannot be handed over where a pipeline's is meant.

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
    /// A user of OpenHEXA, as `me` names it.
    UserId,
    /// One launch, at random: unlike its task's number it is never assigned twice, not even after a restore.
    LaunchId,
    /// A browser that is signed in with a key.
    SessionId,
}

number_id! {
    /// One launch seen from Iaso.
    TaskId,
    /// A tenant: an account of Iaso; standalone there is one.
    AccountId,
    /// An instance and workspace of OpenHEXA with a token for it.
    ConnectionId,
    /// An API key of the bridge.
    KeyId,
}
