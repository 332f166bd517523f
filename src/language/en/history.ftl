# What happened to a task, who did it, and why. Read on the pages and in the API.

actor-key = key { $number } ({ $name })
actor-settings-viewer = the viewer key of the settings file
actor-settings-operator = the operator key of the settings file
actor-settings-admin = the administrator key of the settings file
actor-local-user = local user
actor-command-line = the command line
actor-iaso = a user in Iaso

event-launch-accepted = Launch requested
event-launch-requested = Launch request sent to OpenHEXA
event-launch-not-sent = No launch request was sent to OpenHEXA
event-launch-unsure = No response to the launch request; searching for the run
event-launch-refused = OpenHEXA refused the launch
event-launch-given-up = Launch abandoned
event-launch-never-confirmed = OpenHEXA never confirmed the launch
event-launch-waits = Waiting until another launch of this pipeline is confirmed
event-launch-repeated = No run was created; launch request sent again
event-run-created = OpenHEXA created the run
event-run-found = Run found in OpenHEXA
event-run-not-found-yet = Run not found in OpenHEXA yet
event-run-not-found = The run was not found in OpenHEXA
event-run-ambiguous = Several OpenHEXA runs could belong to this launch; none was linked to the task
event-run-gone = The run no longer exists in OpenHEXA
event-run-hidden = Neither the run nor its pipeline is visible in OpenHEXA
event-run-queued = Run queued in OpenHEXA
event-run-running = Run in progress
event-run-terminating = Run stopping
event-run-success = Run succeeded
event-run-failed = Run failed
event-run-stopped = Run stopped
event-run-skipped = Run skipped
event-run-other = The run has a status unknown to the bridge
event-run-log-unread = Run failed; its log is not available yet
event-poll-failed = Status check failed
event-overdue = The run has exceeded its time limit
event-other = An event that this version does not know
event-reported-progress = The pipeline reports its progress
event-reported-queued = The pipeline reports: queued
event-reported-running = The pipeline reports: running
event-reported-success = The pipeline reports: success
event-reported-error = The pipeline reports: error
event-reported-cancelled = The pipeline reports: stopped
event-report-refused = A report from the pipeline was rejected
event-log-full = The log is full
event-cancel-requested = Stop requested
event-stop-requested = Stop request sent to OpenHEXA
event-stop-repeated = The run is still running; stop request sent again
event-stop-not-answered = No response from OpenHEXA to the stop request
event-stop-denied = OpenHEXA does not allow the configured token to stop the run
event-stop-not-accepted = OpenHEXA did not accept the stop request
event-mirror-moved = The task’s row in Iaso was moved to another account and is no longer updated

detail-relaunch-of = relaunch of task { $value }
detail-left-out = left out because 0 is not one of the choices: { $value }
detail-by = by { $value }
detail-progress = { $done } of { $of }
detail-progress-of = of { $of }
detail-with-result = with a result
detail-merged = { $count ->
    [one] 1 report merged
   *[other] { $count } reports merged
}
detail-more-refused = { $count ->
    [one] 1 more report rejected
   *[other] { $count } more reports rejected
}

note-text = { $value }
note-failed-after-success = OpenHEXA: the run failed after the pipeline had reported success
note-cancelled-unsent = Stopped before anything was sent to OpenHEXA
note-never-confirmed = OpenHEXA never confirmed the launch
note-several-runs = Several OpenHEXA runs could belong to this launch; none was linked to the task
note-deleted-unconfirmed = OpenHEXA never confirmed the launch, and the pipeline has since been deleted
note-not-sent = The launch request could not be sent to OpenHEXA in time
note-pipeline-gone = The pipeline no longer exists in OpenHEXA
note-pipeline-changed = The pipeline changed before the launch request was sent. Parameters to check: { $value }
note-log-unread = The run failed and its log could not be read
note-run-gone = The run no longer exists in OpenHEXA
note-time-over = The run no longer exists in OpenHEXA and had exceeded its time limit; its final status is unknown
note-pipeline-deleted = The pipeline and its run were deleted in OpenHEXA; the final status of the run is unknown
note-run-hidden = The run exceeded its time limit, and OpenHEXA no longer shows the run or its pipeline: the pipeline was deleted, the workspace was archived or the token lost access
note-stop-denied = OpenHEXA does not allow the bridge to stop this run; its status is checked until it ends
note-log-full = The log of this task is full: later progress messages are displayed but not added to the log
note-refused-config = OpenHEXA refused the launch: a parameter’s value has the wrong type
note-refused-pipeline = OpenHEXA refused the launch: no such pipeline
note-refused-version = OpenHEXA refused the launch: no such version of the pipeline
note-refused-limit = OpenHEXA refused the launch: the workspace’s limit of runs is reached
note-refused-denied = OpenHEXA refused the launch: the token may not launch this pipeline
note-refused-token = OpenHEXA refused the launch: the token is not valid
note-refused-request = OpenHEXA refused the launch: it rejected the request as invalid
note-refused-too-large = OpenHEXA refused the launch: the parameters are too large
note-refused-other = OpenHEXA refused the launch ({ $value })
note-address = The OpenHEXA address is not valid
note-busy = Too many requests to OpenHEXA at the same time
note-unreachable = No connection to OpenHEXA
note-timed-out = OpenHEXA did not reply in time
note-untrusted = OpenHEXA’s TLS certificate is not trusted: { $value }
note-throttled = OpenHEXA is limiting requests; the bridge waits before trying again
note-broken = The connection to OpenHEXA was interrupted
note-redirected = OpenHEXA redirects to another address: the configured address is probably wrong
note-status = OpenHEXA returned HTTP status { $value }
note-not-json = OpenHEXA returned an unreadable response (HTTP status { $value })
note-answer-too-large = The response from OpenHEXA is too large
note-unreadable = The response from OpenHEXA could not be read
note-bad-definition = OpenHEXA cannot read the definition of this version
note-bad-choices = OpenHEXA cannot read the list of choices: { $value }
note-token-refused = OpenHEXA refused the token
note-access-denied = OpenHEXA denied access
note-no-workspace = The token has no access to the workspace, or it does not exist
note-failed = OpenHEXA returned an error
note-failed-with = OpenHEXA returned an error ({ $value })
