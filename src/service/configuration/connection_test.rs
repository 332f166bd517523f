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

/// One check for each step that a launch needs. After a failed step the others are unknown.
pub(super) fn checks(access: Result<Access, openhexa::Error>) -> Vec<Check> {
    let check = |name, ok, key| Check {
        name,
        ok,
        detail: say(key),
    };
    let access = match access {
        Ok(access) => access,
        Err(openhexa::Error::TokenRefused) => {
            return vec![
                check("reachable", true, "check-reachable"),
                check("authenticated", false, "cause-token-refused"),
            ];
        }
        Err(error) => {
            return vec![Check {
                name: "reachable",
                ok: false,
                detail: error.message_for_administrators(),
            }];
        }
    };
    let check_permission = |name, may: Option<bool>, yes, no, unknown| match may {
        Some(true) => check(name, true, yes),
        Some(false) => check(name, false, no),
        // Without access to the workspace nothing can be launched or stopped.
        None => check(name, access.workspace, unknown),
    };
    let (listed, run_unknown, stop_unknown) = if access.workspace {
        (
            say("check-list").with("count", access.pipelines),
            "check-run-empty-unknown",
            "check-stop-empty-unknown",
        )
    } else {
        (
            say("check-list-unknown"),
            "check-run-unknown",
            "check-stop-unknown",
        )
    };
    vec![
        check("reachable", true, "check-reachable"),
        check("authenticated", true, "check-authenticated"),
        check_permission(
            "workspace",
            Some(access.workspace),
            "check-workspace",
            "cause-no-workspace",
            "cause-no-workspace",
        ),
        Check {
            name: "can_list",
            ok: access.workspace,
            detail: listed,
        },
        check_permission(
            "can_run",
            access.may_run,
            "check-run",
            "check-no-run",
            run_unknown,
        ),
        check_permission(
            "can_stop",
            access.may_stop,
            "check-stop",
            "check-no-stop",
            stop_unknown,
        ),
    ]
}
