# Flow documents: what is wrong with them, and what happened to the steps of a run.
# $key is a key of the document; code in backticks is written as in the document.

# A message with its position in the document.
flow-place = line { $line }, column { $column }: { $message }

# The text itself
flow-too-long = The document is longer than { $most } KiB
flow-too-deep = The values are nested more than { $most } levels deep
flow-too-many-values = The document has more than { $most } values
flow-empty = The document is empty
flow-several-documents = There is a second document after `---`. Save each flow separately
flow-alias = `{ $text }` is not in quotes, and YAML reads text that starts with `*` or `&` as a reference. Write it in quotes: "{ $text }"
flow-anchor = YAML anchors (`&name`) are not supported. Write the value where it is used, or put the text in quotes
flow-tag = YAML tags (`!name`) are not supported. Put the text in quotes if it starts with `!`
flow-key-not-text = A key must be text
flow-syntax-tab = YAML does not allow tabs for indentation. Use spaces
flow-syntax-quote = A text in quotes is not closed, or contains an invalid `\` sequence
flow-syntax-bracket = A bracket is not closed, or a comma is missing
flow-syntax-indentation = The indentation is wrong, or a `:` after a key is missing
flow-syntax = This is not valid YAML or JSON

# Keys and values
flow-unknown-key = There is no key `{ $key }` here
flow-unknown-key-near = There is no `{ $key }`; did you mean `{ $nearest }`?
flow-key-missing = `{ $key }` is missing
flow-key-twice = The key `{ $key }` appears twice
flow-must-text = `{ $key }` must be text
flow-must-list = `{ $key }` must be a list
flow-must-map = `{ $key }` must be an object with keys
flow-must-bool = `{ $key }` must be `true` or `false`
flow-must-whole = `{ $key }` must be a whole number
flow-must-number = `{ $key }` must be a number
flow-must-duration = `{ $key }` must be a duration with a unit, such as `30s`, `5m` or `1h 30m`
flow-must-name = `{ $key }` must be text, or an object with `en` and `fr`
flow-not-allowed = `{ $key }` cannot be `{ $value }`. Allowed: { $allowed }
flow-not-allowed-near = `{ $key }` cannot be `{ $value }`; did you mean `{ $nearest }`?
flow-bad-id = `{ $value }` is not valid as `{ $key }`: use 1 to 64 of the characters a–z, 0–9, `-` and `_`
flow-bad-input-name = `{ $name }` is not valid as the name of an input: use 1 to 64 letters a–z, digits and `_`, and do not start with a digit
flow-empty-text = `{ $key }` is empty
flow-long-text = `{ $key }` is longer than { $most } characters
flow-not-plain = `{ $key }` contains invisible characters
flow-out-of-range = `{ $key }` must be between { $least } and { $most }
flow-too-many = `{ $key }` can have at most { $most } entries
flow-number-too-large = This number is too large
flow-id-twice = The id `{ $id }` is used twice
flow-default-type-mismatch = The default of `{ $input }` is not of type { $takes }
flow-secret-input = Inputs cannot be secrets, because their values are shown. Set the secret in the account's default parameters
flow-secret = `{ $key }` is a secret and cannot be in a flow. Set it in the account's default parameters

# Schedules and triggers
flow-cron-fields = A cron expression has five fields (minute, hour, day, month, weekday); this one has { $count }
flow-cron-seconds = This cron expression has six fields. Remove the first one (seconds): only minute, hour, day, month and weekday are allowed
flow-cron-macro = `{ $text }` is unknown. Allowed: @hourly, @daily, @weekly, @monthly, @yearly
flow-cron-minute = `{ $part }` is not valid as a minute (0–59)
flow-cron-hour = `{ $part }` is not valid as an hour (0–23)
flow-cron-day = `{ $part }` is not valid as a day of the month (1–31, `L`, `15W`)
flow-cron-month = `{ $part }` is not valid as a month (1–12, or JAN to DEC)
flow-cron-weekday = `{ $part }` is not valid as a weekday (0–7, SUN to SAT, `MON#2`, `FRIL`)
flow-cron-minute-empty = The minute field has a comma without a value
flow-cron-hour-empty = The hour field has a comma without a value
flow-cron-day-empty = The day field has a comma without a value
flow-cron-month-empty = The month field has a comma without a value
flow-cron-weekday-empty = The weekday field has a comma without a value
flow-cron-never = `{ $text }` never fires: no date matches it
flow-zone-offset = `{ $value }` does not follow clock changes. Use the name of a time zone, such as `Africa/Kinshasa` or `Europe/Brussels`, or `UTC`
flow-zone-unknown = The time zone `{ $value }` is unknown. Use a name such as `Africa/Kinshasa`
flow-zone-unknown-near = The time zone `{ $value }` is unknown; did you mean `{ $nearest }`?
flow-no-zone = A schedule needs a `timezone`, such as `Africa/Kinshasa`
flow-time-of-day = `{ $value }` is not a time of day. Write hours and minutes with two digits each, such as `06:00`
flow-needs-input = `{ $start }` starts runs without a user, so `{ $input }` needs a value: give the input a `default`
flow-needs-parameter = When `{ $start }` starts a run, `{ $parameter }` of `{ $step }` has no value, but the pipeline requires it
flow-no-event = A trigger must have either `flow` or `file`
flow-other-event = `{ $key }` is only allowed in a trigger with `{ $event }`
flow-file-pattern = `{ $value }` is not valid: write a path in the workspace, such as `incoming/*.csv`. Only the file name may contain `*`
flow-unknown-flow = There is no flow `{ $flow }`
flow-unknown-flow-near = There is no flow `{ $flow }`; did you mean `{ $nearest }`?
flow-flows-in-cycle = These flows would start each other without end: { $flows }
flow-warning-day-or-weekday = `{ $cron }` has a day of the month and a weekday: the schedule fires on every day that matches one of them, not only on days that match both
flow-warning-own-schedule = OpenHEXA itself also runs `{ $pipeline }` on a schedule ({ $cron }, UTC), so it would run twice. Remove the schedule in OpenHEXA or here
flow-warning-inverted-zone = The sign of `{ $zone }` is inverted: `Etc/GMT+1` is one hour behind UTC

# Backfills
flow-backfill-reversed = The end must be after the start
flow-backfill-future = The end must not be in the future
flow-backfill-too-many = This would be more than { $most } runs. Choose a shorter period
flow-backfill-parallel = Between 1 and { $most } runs at a time

# Steps and references
flow-no-steps = A flow needs at least one step
flow-unknown-step = There is no step `{ $step }`
flow-unknown-step-near = There is no step `{ $step }`; did you mean `{ $nearest }`?
flow-after-itself = `{ $step }` cannot come after itself
flow-cycle = These steps wait for each other: { $steps }
flow-not-before = `{ $step }` cannot use a result of `{ $source }`, which does not come before it
flow-unknown-input = There is no input `{ $input }`
flow-unknown-input-near = There is no input `{ $input }`; did you mean `{ $nearest }`?
flow-nested-reference = A reference must be the whole value of `{ $parameter }`. Inside a list or an object it is not replaced by its value
flow-no-file-trigger = No trigger of this flow starts it with a file
flow-not-a-result = `{ $key }` must be a part of the result of a step, such as `steps.load.result.rows`
flow-declared-type-mismatch = `{ $source }` is of type { $is }, not { $declared }
flow-reference-unknown = `{ $from }` is not a valid reference. Allowed: `inputs.name`, `steps.id.result.name`, `run.interval.start`, `run.interval.end`, `run.scheduled_for`, `run.file`
flow-reference-not-a-time = `{ $from }` is not a time, so it cannot have a `format`
flow-reference-format = `{ $format }` is not a valid format for times. Example: `%Y%m`
flow-reference-digits = The format `{ $format }` does not produce a whole number

# Pipelines
flow-unknown-pipeline = There is no pipeline `{ $pipeline }` in this workspace
flow-unknown-pipeline-near = There is no pipeline `{ $pipeline }` in this workspace; did you mean `{ $nearest }`?
flow-unknown-version = The pipeline `{ $pipeline }` has no version { $version }
flow-no-version = The pipeline `{ $pipeline }` has no version: its code was never uploaded
flow-unreadable = OpenHEXA cannot read the definition of `{ $pipeline }`: ask the pipeline's author to upload a new version
flow-notebook-parameter = `{ $parameter }` cannot be set: a notebook has no parameters
flow-notebook-version = A notebook has no versions
flow-unknown-parameter = `{ $parameter }` is not a parameter of `{ $pipeline }`
flow-unknown-parameter-near = `{ $parameter }` is not a parameter of `{ $pipeline }`; did you mean `{ $nearest }`?
flow-injected = The bridge sets `{ $parameter }` itself
flow-type-mismatch = `{ $source }` is of type { $is }, but `{ $parameter }` needs { $takes }
flow-longer-than-pipeline = The pipeline itself is stopped after { $limit }: a step can only have a shorter limit

# Runs
flow-run-missing = The result has no value for `{ $from }`
flow-run-wrong-type = `{ $from }` is of type { $is }, not { $declared }
flow-run-unwritable = The time `{ $from }` cannot be written in this format
flow-step-stopping = The flow was stopped: the task is being stopped
flow-step-stopping-late = The step takes too long: its task is being stopped
flow-step-took-too-long = The step took longer than { $limit }
flow-step-parent-failed = Skipped, because `{ $parent }` failed
flow-step-parent-skipped = Skipped, because `{ $parent }` was skipped
flow-step-run-refused = The run was refused, so no step was started
flow-step-parent-cancelled = Skipped, because `{ $parent }` was stopped
flow-step-flow-cancelled = The flow was stopped
flow-step-task-cancelled = The task of this step was stopped
