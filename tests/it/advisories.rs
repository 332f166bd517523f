//! `make audit`, and its message when the list of vulnerabilities cannot be downloaded.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

/// `make audit` with a script in place of cargo.
fn audit(cargo: &str, ci: Option<&str>) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("cargo");
    std::fs::write(&program, format!("#!/bin/sh\necho \"$*\"\n{cargo}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let mut make = Command::new("make");
    make.arg("--no-print-directory").arg("audit");
    make.current_dir(env!("CARGO_MANIFEST_DIR"));
    make.env("PATH", path)
        .env_remove("CI")
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL");
    make.envs(ci.map(|value| ("CI", value)));
    make.output().unwrap()
}

const UNAVAILABLE: &str = "case \"$*\" in *fetch*db*) exit 1;; esac";
const VULNERABLE: &str = "case \"$*\" in *advisories*) exit 1;; esac";

#[test]
fn a_known_vulnerability_fails_everywhere() {
    for ci in [None, Some("true")] {
        assert!(audit("true", ci).status.success());
        assert!(!audit(VULNERABLE, ci).status.success());
    }
}

#[test]
fn a_list_that_cannot_be_downloaded_is_reported_and_fails_only_outside_ci() {
    for (ci, succeeds) in [(None, false), (Some(""), false), (Some("true"), true)] {
        let ended = audit(UNAVAILABLE, ci);
        assert_eq!(ended.status.success(), succeeds, "CI={ci:?}");
        assert!(String::from_utf8_lossy(&ended.stderr).contains("NOTHING WAS CHECKED"));
        assert!(
            !String::from_utf8_lossy(&ended.stdout).contains("advisories"),
            "an old list must not be used"
        );
    }
}

#[test]
fn ci_runs_the_audit() {
    let ci = include_str!("../../.ci/run");
    assert!(ci.contains("CI=${CI:-true} make audit"));
}
