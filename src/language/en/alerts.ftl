# Alerts of flows and pipelines, and notices for subscribers.
# $name is a flow or pipeline, $part a step, schedule or trigger.

alert-not-found = There is no such alert
alert-mute-range = `{ $field }` must be in the future, at most { $days } days from now

alert-failed = { $name } has failed
alert-failed-step = { $name }: step `{ $part }` has failed
alert-duration = { $name } has been running for { $figure }, longer than usual (limit: { $limit })
alert-records = { $name }: step `{ $part }` has processed { $figure } records, fewer than { $limit }
alert-errors = { $name }: { $figure } % of the records have errors, more than { $limit } %
alert-no-figure = { $name }: the result of step `{ $part }` does not contain the expected number
alert-late = { $name }: schedule `{ $part }` is late
alert-missed = { $name }: `{ $part }` has not started

alert-figure-missing = { $from } is not a number
alert-late-running = The run of { $tick } is still active at { $finish_by } ({ $zone })
alert-late-not-started = The run of { $tick } has not started by { $finish_by } ({ $zone })

alert-resolved-failed = { $name } has succeeded again
alert-resolved-duration = { $name }: the run that took longer than usual has ended
alert-resolved-figures = { $name }: the figures of step `{ $part }` are as expected again
alert-resolved-late = { $name }: schedule `{ $part }` has caught up
alert-resolved-missed = { $name }: `{ $part }` has started again

notice-task-ended = { $name } has ended: { $status }
notice-flow-run-ended = { $name } has ended: { $status }
notice-flow-run-warnings = { $name } has ended: { $status }, with warnings
notice-backfill-ended = Backfill of { $name }: { $success } of { $total } runs succeeded, { $error } failed

# Pages
nav-alerts = Alerts
to-alerts = Go to the alerts
alert-open = Open
alert-resolved = Resolved
alerts-which = Which alerts
alerts-open = Open
alerts-resolved = Resolved
alerts-none = No open alerts
alerts-none-resolved = No resolved alerts
alerts-about = An alert opens when a flow or pipeline fails, takes longer than usual, is late or does not start, and when figures are not as expected. It is resolved when the cause is gone
alerts-what = What is wrong
alerts-opened = Opened
alerts-resolved-at = Resolved
alerts-messages = Messages
alerts-times = { $count } times
alerts-muted-until = Muted until
alerts-mute = Mute for 24 hours
alerts-unmute = Send messages again
alerts-all = All alerts
alerts-now = Open alerts
alerts-muted = muted
alerts-past = Resolved alerts
