# Runs of flows: what the API and the pages say about them.

# Flows, their runs and ticks
flow-not-found = There is no such flow
flow-version-not-found = The flow has no such version
flow-schedule-not-found = The flow has no such schedule
flow-run-not-found = There is no such run of a flow
flow-backfill-not-found = There is no such backfill
flow-account-full = The account has { $most } flows, which is the limit. Delete one that is not used
flow-too-many-runs = The flow already has { $most } active runs. Start it again when some have ended
flow-too-many-backfills = The flow already has { $most } active backfills. Wait until one has ended, or cancel one
flow-document-unreadable = The document of this flow cannot be read by this version of the bridge
flow-inputs-too-long = The values of all inputs together can have at most { $most } KiB
flow-slug-taken = There is already a flow `{ $flow }`. Choose another `id`, or save a new version of that flow
flow-id-changed = The `id` of a flow cannot change: it must stay `{ $flow }`
flow-input-type = This must be of type { $type }
flow-input-required = A value is needed
flow-input-unknown = The flow has no input `{ $field }`
flow-run-ended = The run has already ended ({ $status })
flow-run-launcher = The pipelines of this run are launched by { $name }, who may no longer launch pipelines. Save the flow again with an account that may
flow-run-not-prepared = The run could not be prepared. The log of the bridge says why
flow-step-not-started = The pipeline could not be launched. The log of the bridge says why
flow-tick-missed = The bridge could not start this run in time, and the schedule does not catch up with it
flow-tick-stopped = The schedule was paused, changed or deleted before this run could start
flow-tick-many-missed = The bridge was not running at that time. Earlier times that it missed are not listed
flow-tick-overlap = An earlier run of this schedule was still active
flow-replay-active = The run has not ended yet ({ $status })
flow-replay-nothing = Every step of this run succeeded, so there is nothing to run again
flow-replay-changed = The current version changes steps whose results would be reused: { $steps }. Replay with the same version, or start a new run
flow-backfill-ended = The backfill has already ended
flow-backfill-which-schedule = The flow has several schedules: say which one with `schedule`
flow-backfill-no-schedule = The flow has no schedule, so there are no times to run
