//! The result of a connection test, as messages.

use crate::domain::connection::Access;
use crate::domain::message::{Message, say};
use crate::openhexa;

/// One step of the test.
#[derive(Clone, Debug)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    pub detail: Message,
}

impl Check {
    fn new(name: &'static str, ok: bool, key: &'static str) -> Self {
        let detail = say(key);
        Self { name, ok, detail }
    }
}

/// One check for each step that a launch needs. After a failed step the others are unknown.
pub(super) fn checks(access: Result<Access, openhexa::Error>) -> Vec<Check> {
    match access {
        Ok(access) => checks_of_access(&access),
        Err(openhexa::Error::TokenRefused) => vec![
            Check::new("reachable", true, "check-reachable"),
            Check::new("authenticated", false, "cause-token-refused"),
        ],
        Err(error) => vec![Check {
            name: "reachable",
            ok: false,
            detail: error.message_for_administrators(),
        }],
    }
}

fn checks_of_access(access: &Access) -> Vec<Check> {
    let mut checks = vec![
        Check::new("reachable", true, "check-reachable"),
        Check::new("authenticated", true, "check-authenticated"),
    ];
    if access.workspace {
        checks.extend([
            Check::new("workspace", true, "check-workspace"),
            Check {
                name: "can_list",
                ok: true,
                detail: say("check-list").with("count", access.pipelines),
            },
            permission(
                "can_run",
                access.may_run,
                ["check-run", "check-no-run", "check-run-empty-unknown"],
            ),
            permission(
                "can_stop",
                access.may_stop,
                ["check-stop", "check-no-stop", "check-stop-empty-unknown"],
            ),
        ]);
    } else {
        checks.extend([
            Check::new("workspace", false, "cause-no-workspace"),
            Check::new("can_list", false, "check-list-unknown"),
            Check::new("can_run", false, "check-run-unknown"),
            Check::new("can_stop", false, "check-stop-unknown"),
        ]);
    }
    checks
}

/// The keys are those of yes, no and unknown. In an empty workspace a permission is unknown, which is no failure.
fn permission(
    name: &'static str,
    may: Option<bool>,
    [yes, no, unknown]: [&'static str; 3],
) -> Check {
    match may {
        Some(true) => Check::new(name, true, yes),
        Some(false) => Check::new(name, false, no),
        None => Check::new(name, true, unknown),
    }
}
