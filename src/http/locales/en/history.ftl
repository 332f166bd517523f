# What happened to a task, who did it, and why. Read on the pages and in the API.

actor-key = key { $number } ({ $name })
actor-settings-viewer = the viewer key of the settings file
actor-settings-operator = the operator key of the settings file
actor-settings-admin = the administrator key of the settings file
actor-local-user = Local user
actor-command-line = command line
actor-iaso = a user in Iaso

event-launch-accepted = Launch requested
event-launch-requested = Launch request sent to OpenHEXA
event-launch-not-sent = OpenHEXA was unreachable; no launch request was sent
event-launch-unsure = No response to the launch request; searching for the run
event-launch-refused = OpenHEXA refused the launch
event-launch-given-up = Launch abandoned
event-launch-never-confirmed = OpenHEXA never confirmed the launch
event-launch-waits = Waiting until another launch of this pipeline is confirmed
event-launch-repeated = No run was created; launch request sent again
event-run-created = OpenHEXA created the run
event-run-found = Run found in OpenHEXA
event-run-not-found-yet = Run not found in OpenHEXA yet
event-run-not-found = Run not found in OpenHEXA
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
detail-left-out = 0 is not one of the choices, so it was left out: { $value }
detail-by = by { $value }
detail-progress = { $done } of { $of }
detail-progress-of = of { $of }
detail-with-result = with a result
detail-merged = { $count ->
    [one] 1 report merged
   *[other] { $count } reports merged
}
detail-more-refused = { $count ->
    [one] 1 more refused
   *[other] { $count } more refused
}

note-text = { $value }
note-failed-after-success = OpenHEXA: the run failed after the pipeline had reported success
note-cancelled-unsent = Stopped before anything was sent to OpenHEXA
note-never-confirmed = OpenHEXA never confirmed the launch
note-several-runs = Several runs match this launch, so none was chosen
note-deleted-unconfirmed = OpenHEXA never confirmed the launch, and the pipeline has since been deleted
note-not-sent = OpenHEXA could not be reached: the launch was never sent
note-pipeline-gone = The pipeline no longer exists in OpenHEXA
note-pipeline-changed = The pipeline changed before the launch could be sent. Check these parameters: { $value }
note-log-unread = The run failed, and its log could not be read
note-run-gone = OpenHEXA no longer knows the run
note-time-over = OpenHEXA no longer knows the run, and its time limit has passed: how it ended is not known
note-pipeline-deleted = The pipeline was deleted in OpenHEXA, and its run with it: how the run ended is not known
note-run-hidden = OpenHEXA no longer shows the run or its pipeline, and the run’s time limit has passed: the pipeline was deleted, its workspace was archived, or the token lost its access
note-stop-denied = OpenHEXA does not allow the bridge’s token to stop this run; the bridge follows it until it ends by itself
note-log-full = The log of this task is full: later progress messages are shown, but not added to the log
note-refused-config = OpenHEXA refused the launch: a parameter’s value has the wrong type
note-refused-pipeline = OpenHEXA refused the launch: no such pipeline
note-refused-version = OpenHEXA refused the launch: no such version of the pipeline
note-refused-limit = OpenHEXA refused the launch: the workspace’s limit of runs is reached
note-refused-denied = OpenHEXA refused the launch: the token may not launch this pipeline
note-refused-token = OpenHEXA refused the launch: the token is not valid
note-refused-request = OpenHEXA refused the launch: it does not accept the request
note-refused-too-large = OpenHEXA refused the launch: the parameters are too large
note-refused-other = OpenHEXA refused the launch ({ $value })
note-address = the address of OpenHEXA is not a valid http(s) URL
note-busy = too many requests to OpenHEXA were running already
note-unreachable = no connection to OpenHEXA
note-timed-out = OpenHEXA did not reply in time
note-untrusted = OpenHEXA’s TLS certificate is not trusted: { $value }
note-throttled = OpenHEXA accepts no more requests for now
note-broken = the connection to OpenHEXA was lost
note-redirected = OpenHEXA redirects to another address: the configured address is probably wrong
note-status = OpenHEXA returned HTTP status { $value }
note-not-json = OpenHEXA returned something other than JSON (HTTP status { $value })
note-answer-too-large = OpenHEXA’s response is too large
note-unreadable = OpenHEXA’s response cannot be read
note-bad-definition = OpenHEXA cannot read this version’s parameters
note-bad-choices = OpenHEXA cannot read the choices: { $value }
note-token-refused = OpenHEXA refuses the token
note-access-denied = OpenHEXA denies access
note-no-workspace = OpenHEXA does not show the workspace to this token
note-failed = OpenHEXA reported an error
note-failed-with = OpenHEXA reported an error ({ $value })
