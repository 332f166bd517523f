# What happened to a task, who did it, and why. Read on the pages and in the API.

actor-key = key { $number } ({ $name })
actor-settings-viewer = the viewer key of the settings file
actor-settings-operator = the operator key of the settings file
actor-settings-admin = the administrator key of the settings file
actor-local-user = local user
actor-command-line = the command line
actor-flow = the flow { $flow }
actor-iaso = a user in Iaso

event-launch-accepted = Launch requested
event-launch-requested = Launch request sent to OpenHEXA
event-launch-not-sent = No launch request was sent to OpenHEXA
event-launch-unsure = No response to the launch request; searching for the run
event-launch-refused = { cause-refused }
event-launch-given-up = Launch abandoned
event-launch-never-confirmed = { cause-never-confirmed }
event-launch-waits = Waiting: the run of another launch of this pipeline is not known yet
event-launch-repeated = No run was created; launch request sent again
event-run-created = OpenHEXA created the run
event-run-found = Run found in OpenHEXA
event-run-not-found-yet = Run not found in OpenHEXA yet
event-run-not-found = The run was not found in OpenHEXA
event-run-ambiguous = { note-several-runs }
event-run-gone = { cause-run-gone }
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
detail-outside-flow = outside the flow { $flow }, whose run { $run } launched that task
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
note-cancelled-unsent = Stopped before anything was sent to OpenHEXA
note-several-runs = Several OpenHEXA runs could belong to this launch; none was linked to the task
note-deleted-unconfirmed = { cause-never-confirmed }, and the pipeline has since been deleted
note-pipeline-gone = The pipeline no longer exists in OpenHEXA
note-pipeline-changed = The pipeline changed before the launch request was sent. Parameters to check: { $value }
note-log-unread = { cause-run-failed }, and its log could not be read
note-time-over = { cause-time-over }: the run no longer exists in OpenHEXA
note-pipeline-deleted = The pipeline and its run were deleted in OpenHEXA; the final status of the run is unknown
note-run-hidden = { cause-time-over }: OpenHEXA no longer shows the run or its pipeline, because the pipeline was deleted, the workspace was archived or the token lost access
note-stop-denied = OpenHEXA does not allow the bridge to stop this run; its status is checked until it ends
note-log-full = The log of this task is full: later progress messages are displayed but not added to the log
