# The API of flows: what is wrong with a request, who started a run, and what happened in it.

# Requests
key-not-allowed = `{ $field }` is not allowed here
key-unknown = `{ $field }` is not allowed here. Allowed: { $allowed }
body-time = { $field } must be a time with an offset, such as 2026-11-20T10:42:00Z
body-object = { $field } must be an object
body-word = { $field } must be one of: { $allowed }
body-value-needed = A value is needed for { $field }
query-words = { $field } must be one or more of these words, separated by commas: { $allowed }
query-cursor-filters = { $field } must be empty, or the value of next from the previous page with the same filters
flow-document-needed = { $field } must be the document of the flow: text (YAML or JSON), or an object
flow-interval = { $field } must have `start` and `end`: times with an offset, such as 2026-11-20T10:42:00Z, and `end` later than `start`
flow-changed = The flow was changed in the meantime: read it again and repeat your change
too-many-flow-requests = Too many starts and changes of flows: try again in { $seconds } s

# Who or what started a run
flow-started-manual = { $name }
flow-started-schedule = schedule (saved by { $name })
flow-started-webhook = webhook (set up by { $name })
flow-started-flow = end of another flow (saved by { $name })
flow-started-file = new file (saved by { $name })
flow-started-backfill = backfill (started by { $name })
flow-started-replay = replay (started by { $name })

# The history of a run
flow-problem-field = { $name }: { $message }
flow-event-created = Created by: { $by }
flow-event-keys-ignored = Keys of the message that are no inputs, and were ignored: { $keys }
flow-event-waiting = Waits for an earlier run of its schedule to end
flow-event-trouble = Could not be prepared, and is tried again: { $why }
flow-event-refused = The run was refused: { $why }
flow-event-started = The run has started
flow-event-cancel-asked = Stop requested by { $by }
flow-event-reused = The result of run { $run } is reused
flow-event-attempt-started = Attempt { $attempt } started
flow-event-attempt-ended = Attempt { $attempt } ended: { $status }
flow-event-retry = Attempt { $attempt } starts at { $at } at the earliest
flow-event-failed = The step failed
flow-event-failed-because = The step failed: { $why }
flow-event-ended = The run has ended: { $status }
