# Texts of the bridge's own pages, below /dashboard/.

title-error = Error:
title-warning = Check:
colon = {":"}
skip-to-content = Skip to main content
nav-label = Main
nav-pipelines = Pipelines
role-viewer = Viewer
role-operator = Operator
role-administrator = Administrator
sign-out = Sign out
nav-key = key { $number } ({ $name })
try-again = Try again
to-pipelines = Go to the pipelines
to-tasks = Go to the tasks
to-monitoring = Go to Monitoring
search-do = Search

sign-in-title = Sign in
sign-in-about = View, launch and follow the data pipelines of your OpenHEXA workspace.
sign-in-key = API key
sign-in-help = Ask your administrator for a key. Administrators create keys in the settings or with “openhexa-bridge keys create”. You stay signed in for 12 hours in this browser.
sign-in-do = Sign in
sign-in-wrong = This API key is unknown, expired or revoked
sign-in-undone = You were signed out, so nothing was done. Sign in and try again.
contact-lost = Connection lost. Last update:
contact-over = You are signed out.

page-foreign = This form was not sent from a page of this site
page-not-configured = OpenHEXA is not configured yet
page-no-task-number = “{ $text }” is not a task number.
advice-foreign = Nothing was changed. Open the page on this site and send the form again.
advice-not-configured = Ask an administrator to enter the OpenHEXA address, token and workspace in the settings.
advice-workspace = Ask an administrator to correct it in the Iaso admin, under OpenHEXA instances and workspaces.
advice-configuration = Ask an administrator to check the OpenHEXA address and token in the settings.
advice-upstream = Running tasks continue. Their status is updated when OpenHEXA responds again. Wait a moment and try again.
advice-throttled = Status checks resume after the delay that OpenHEXA asked for. Try again in a few minutes.
advice-untrusted = Ask the administrator of the bridge to add the certificate of OpenHEXA’s certificate authority to the file set in SSL_CERT_FILE.
advice-role = Ask an administrator to give you this permission.
advice-profile = Ask an administrator to create a profile for you in Iaso.
advice-no-task = No task of your account has this number. Check the number, or look for the task in the list.
advice-no-pipeline = The pipeline was deleted, is in another workspace, or the address is wrong. Look for it in the list.
advice-internal = Try again. If it happens again, give the error number to an administrator.
advice-wait = Wait a few seconds and try again.
advice-back = Check the address, or go back to the list.

stale-title = OpenHEXA is not responding.
stale-as-of = Data from

status-queued = Queued
status-running = Running
status-terminating = Stopping
status-success = Success
status-error = Error
status-cancelled = Stopped
status-skipped = Skipped

pipelines-count =
    { $count ->
        [one] { $count } pipeline
       *[other] { $count } pipelines
    }
pipelines-found =
    { $count ->
        [one] { $count } pipeline found.
       *[other] { $count } pipelines found.
    }
pipelines-search = Search by name or code
pipelines-tag = Tag
pipelines-all-tags = All tags
pipelines-none = This workspace has no pipelines yet
pipelines-none-advice = Create a pipeline in OpenHEXA, or ask a pipeline author to add one to this workspace. It then appears here automatically.
pipelines-not-found = No pipeline matches your search
pipelines-show-all = Show all pipelines
pipeline-name = Pipeline
pipeline-version = Version
pipeline-last-run = Last run
pipeline-notebook = notebook
pipeline-never-run = Never run
pipeline-no-version = This pipeline has no version yet and cannot be launched. Ask its author to upload a version.
pipeline-may-not-run = The configured token is not allowed to launch this pipeline. Ask an administrator to give it this permission in OpenHEXA.
pipeline-schedule = OpenHEXA itself runs this pipeline on a schedule: { $cron } (UTC)
version-created = Version created:
version-older = older version
version-current = current
version-show = Show
versions-title = Versions

run-when = Date
run-took = Duration
run-again = Reuse these values
runs-title = Recent runs
trigger-manual = launched from OpenHEXA
trigger-scheduled = scheduled
trigger-webhook = triggered by a webhook
plot-title = Duration of recent runs, from the oldest (left) to the newest (right)
plot-caption = Duration, oldest run on the left. ✓ success (solid), ✕ error (hatched), ■ stopped (outlined).

launch-title = Launch
launch-values = Parameters
launch-no-parameters = This pipeline has no parameters.
launch-more = Options
launch-notify = Send OpenHEXA notifications for this run
launch-debug = Write a detailed log (debug)
launch-do = Launch
launch-anyway = Launch anyway
launch-reset = Reset
launch-sending = Sending…
form-refused = The pipeline was not launched:
form-warned = Check these values before you launch:
form-warned-advice = Nothing has been launched yet. Correct the values, or launch anyway.
form-secret-again = { $name } is a secret, so the form did not keep it. Type it again. To launch without typing it, press the button again: the saved or default value is then used, if there is one
form-secret-of-task = Task { $number } used a secret, which is not stored: type it again.
form-secret-above = { $name }: type this secret again, because it is not kept on this page
form-required = (required)
form-choose = Choose…
form-load-choices = Show the list
form-used = A task has already been launched from this form with other values. To launch another task with these values, press “Launch” once more.
form-either = { $name }: “{ $text }” can mean { $whole } or { $part }. Write one of the two
form-apart = { $name }: “{ $text }” is not a number. Spaces and commas are only allowed between groups of three digits, as in 12,345.6
form-apart-whole = { $name }: “{ $text }” is not a whole number. Spaces and commas are only allowed between groups of three digits, as in 12,345
form-apart-line = { $name }: “{ $text }” is not a number. Write one value per line, without spaces or commas between digits
form-int-long = { $name } is too long: a whole number can have at most { $digits } digits
form-json-number = { $name } contains a number that OpenHEXA cannot read: a whole number can have at most { $digits } digits, any other number must be within ±1.8e308
form-json-deep = { $name } is nested too deeply: at most 127 levels
form-json = { $name } is not valid JSON: line { $line }, column { $column }
value-yes = yes
value-no = no

default-account = Default for your account: { $value }.
default-version = Default: { $value }.
default-pipeline = Default of the pipeline: { $value }.
default-parameter = Default: { $value }.
empty-account = Default for your account: { $value } (used if the field is empty).
empty-version = Default: { $value } (used if the field is empty).
empty-parameter = If the field is empty: { $value } (default of the pipeline).
empty-nothing = If the field is empty: no value.
hint-dict = A JSON object, such as {"{"}"key": "value"{"}"}.
hint-list = A JSON list, such as ["a", "b"].
hint-lines = One value per line.
hint-int = A whole number.
hint-float = A number, such as 2.5.
hint-dataset = The slug (short name) of a dataset in the workspace.
hint-file = The path of a file in the workspace.
hint-secret = This value will not be shown again.
hint-connection = The slug (short name) of a { $kind } connection in the workspace.
hint-directory = Folder: { $folder }.
hint-no-choices = The list of choices is unavailable: { $why }.
hint-many-choices = The list has more than { $most } choices, so type the value. It is checked at launch.
hint-no-suggestions = Suggestions from the workspace are unavailable: { $why }.

nav-tasks = Tasks
nav-task = Task
tasks-search = Number, name, message or launcher
tasks-status = Status
tasks-from = Launched from
tasks-to = Launched until
tasks-any-pipeline = All pipelines
tasks-any-launcher = All
tasks-launched-by-me = Me
tasks-local-user = Local user
tasks-status-unknown = The status must be one or more of: { status-queued }, { status-running }, { status-success }, { status-error }, { status-cancelled }
tasks-dates-reversed = The first date is after the last date.
tasks-dates = Launch dates
tasks-any-date = All dates
tasks-last-7-days = Last 7 days
tasks-last-week = Last week
tasks-last-30-days = Last 30 days
tasks-count =
    { $count ->
        [one] { $shown } task.
       *[other] { $shown } tasks.
    }
tasks-more = More than { $most } tasks.
tasks-cut = Only the newest { $most } tasks of these dates were searched. To find older ones, choose an earlier end date.
tasks-message = Message
tasks-unconfirmed = run not ended yet
tasks-not-sent = Not sent to OpenHEXA yet; the bridge keeps trying
tasks-searched-for = No response from OpenHEXA yet; the bridge is searching for the run
tasks-none = No task has been launched yet
tasks-not-found = No task matches these filters
tasks-show-all = Show all tasks
tasks-older = Older tasks
tasks-newest = Newest tasks
pipeline-tasks = All tasks of this pipeline

task-number = Task { $number }
task-stop-asked = Stop requested; the run has not stopped yet
task-stop-refused = OpenHEXA does not allow the bridge to stop this run. Ask an administrator of the OpenHEXA workspace to stop it in OpenHEXA
task-not-confirmed = Reported by the pipeline; its run in OpenHEXA has not ended yet
task-confirmed = Final status
task-progress = Progress
task-waits = Waiting for OpenHEXA to start the run
task-not-sent = This launch has not been sent to OpenHEXA yet. The bridge has saved it and keeps trying: do not launch it again.
task-not-sent-why = This launch has not been sent yet: { $why }. The bridge has saved it and keeps trying: do not launch it again.
task-openhexa-away = OpenHEXA is not responding
task-waits-for-other = The bridge has saved this launch. It sends it as soon as it has found the run of an earlier launch of this pipeline. Do not launch it again.
task-searched-for = OpenHEXA did not respond to the launch request. The bridge is searching OpenHEXA for the run, and sends the request again only if the run does not exist: do not launch it again.
task-retried-until = Retried until
task-failure-whole = Show the whole text
task-failure-above = Shown at the top of this page
task-refresh = Refresh this page
task-cancel = Stop…
task-cancel-sure = Stop task { $number }? What it has already written is kept.
task-cancel-do = Stop the task
task-relaunch = Launch again
task-change = Change the parameters and launch again
task-secret-again = Secrets are not stored: enter this value again.
task-result = Result
task-result-cut = Only part of the result is shown.
task-result-whole = Download as JSON
task-outputs = Outputs
output-file = file
output-table = table
task-messages = Messages
task-no-messages = No messages yet.
task-away = OpenHEXA messages and logs are unavailable: { $why }.
task-logs = Run log
task-logs-cut = Only the end of the log is shown.
level-progress = PROGRESS
level-debug = DEBUG
level-info = INFO
level-warning = WARNING
level-error = ERROR
level-critical = CRITICAL
task-about = About this task
task-created = Launched
task-started = Started
task-ended = Ended
task-launcher = Launched by
task-launcher-key = unknown (API key)
task-relaunched = Relaunch
task-from = from task { $number }
task-run = Run
task-run-open = Open in OpenHEXA
task-values = Parameters
task-values-missing = Names and default values are unavailable, so only the values that were sent are listed: { $why }.
task-progress-reports =
    { $count ->
        [one] { $count } progress report
       *[other] { $count } progress reports
    }
task-progress-newest =
    { $count ->
        [one] The newest progress report
       *[other] The newest { $count } progress reports
    }

filter-level = Level
filter-any-level = All levels
filter-info = Information and above
filter-warning = Warnings and errors
filter-error = Errors only
filter-text = Search in messages and log
filter-do = Filter
filter-none = Show everything
filter-nothing = No message matches the filter.
filter-log = Only the lines of the log that match the filter are shown.
filter-no-log = No line of the run log matches the filter.

result-members =
    { $count ->
        [one] { $count } value
       *[other] { $count } values
    }
result-items =
    { $count ->
        [one] { $count } item
       *[other] { $count } items
    }

origin-entered = entered at launch
origin-relaunched = from task { $number }
origin-account = default for your account
origin-version = saved with the version
origin-parameter = default of the pipeline
origin-cleared = left empty at launch
origin-unset = no value
origin-disabled = disabled by another parameter

compare-title = Compare parameters
compare-previous = Compare with the previous task of this pipeline
compare-other = Compare with another task
compare-with = Compare task { $number } with
compare-do = Compare
compare-nothing = This is the first task of this pipeline.
compare-other-pipeline = Task { $number } belongs to another pipeline: only tasks of the same pipeline can be compared.
compare-parameter = Parameter
compare-difference = Comparison
compare-same = same
compare-different = different
compare-secret = secret, not compared
compare-unknown = not known
compare-value-unknown = value not known
compare-absent = not a parameter of this version
compare-known-same = All values that are known are the same.
compare-count =
    { $count ->
        [0] All values are the same.
        [one] { $count } value differs.
       *[other] { $count } values differ.
    }
task-why = Task history

source-user = User
source-callback = Pipeline
source-openhexa = OpenHEXA
source-bridge = Bridge

nav-monitoring = Monitoring
monitoring-period = Period
monitoring-today = Today
monitoring-week = 7 days
monitoring-month = 30 days
monitoring-days = { $field } must be 1, 7 or 30
monitoring-since = Tasks launched since
monitoring-zone = Days start at midnight, { $zone }.
monitoring-as-of = Updated at
monitoring-empty = Launch a pipeline to see its results here, by hour and by day.
monitoring-nothing = No task was launched in this period
monitoring-none-ended = No task has ended yet
monitoring-only-cancelled = All tasks that ended were stopped
monitoring-all-well = No failures
monitoring-some-failed =
    { $count ->
        [one] { $count } task ended with an error
       *[other] { $count } tasks ended with an error
    }
monitoring-launched = Launched
monitoring-now = In progress now
monitoring-of-them-queued = { $count } of them queued
monitoring-stopped = Stopped
monitoring-rate = Success rate
monitoring-rate-how = of the tasks that ended, not counting stopped tasks
monitoring-to-list = show these tasks
monitoring-plot-hours = Tasks by hour of launch
monitoring-plot-days = Tasks by day of launch
monitoring-plot-title = Tasks by launch time and status, stacked: success (solid) at the bottom, then error (hatched, ✕ above), stopped (outlined), in progress (dotted)
monitoring-plot-title-hours = Tasks by hour of launch and status, stacked: success (solid) at the bottom, then error (hatched, ✕ above), stopped (outlined), in progress (dotted)
monitoring-part = { $part }: { $numbers }
monitoring-day =
    { $month ->
        [jan] Jan
        [feb] Feb
        [mar] Mar
        [apr] Apr
        [may] May
        [jun] Jun
        [jul] Jul
        [aug] Aug
        [sep] Sep
        [oct] Oct
        [nov] Nov
       *[dec] Dec
    } { $day }
monitoring-live = In progress
monitoring-table = Show as a table
monitoring-when = Time
monitoring-when-hour = Time
monitoring-not-asked = No request yet
monitoring-not-asked-yet = The bridge has not sent any request to OpenHEXA since it started.
monitoring-not-configured = Not configured
monitoring-not-followed = Pipelines cannot be launched for now. Running tasks are still followed through the connection they were launched with, if it still works.
monitoring-answers = Available
monitoring-answers-well = The last request to OpenHEXA succeeded.
monitoring-away = Not responding
monitoring-refuses = Token rejected
monitoring-denies = Access denied
monitoring-denies-how = The token has no access to the workspace, or to the requested data in it. Ask an administrator to check both.
monitoring-strange = The response does not come from OpenHEXA
monitoring-fails = Internal error in OpenHEXA
monitoring-throttles = Too many requests for now
monitoring-untrusted = TLS certificate not trusted
monitoring-from = since
monitoring-last-answer = Last response:
monitoring-last-try = Last attempt:
monitoring-asked-again = Next status check:
monitoring-looks = Run status checks
monitoring-punctual = On time
monitoring-late = Late
monitoring-in-time = The status of all running tasks is checked on time.
monitoring-nothing-live = No task is running.
monitoring-behind = Status checks are { $span } late. If this continues, tell an administrator.
monitoring-oldest-unsent = A launch has been waiting to be sent to OpenHEXA for { $span }.
monitoring-unsure =
    { $count ->
        [one] { $count } launch request got no response. The bridge searches OpenHEXA for its run.
       *[other] { $count } launch requests got no response. The bridge searches OpenHEXA for their runs.
    }
monitoring-accepted = Waiting to be sent
monitoring-launching = Launch in progress
monitoring-submitted = Queued in OpenHEXA
monitoring-running = Running
monitoring-reported = Final status reported, run not ended yet
monitoring-failures = Failures
monitoring-why = Cause
monitoring-count = Tasks
monitoring-last = Last failure
monitoring-newest = Latest failed task
monitoring-more-failures =
    { $count ->
        [one] { $count } more kind of failure is not shown.
       *[other] { $count } more kinds of failures are not shown.
    }
monitoring-durations = Durations
monitoring-durations-how = Successful tasks only. The usual mean is always that of the last 30 days. Durations of more than twice the usual mean are marked with ▲, if the pipeline has at least 3 successful tasks.
monitoring-runs = Tasks
monitoring-median = Median
monitoring-p95 = 95 % take at most
monitoring-mean = Mean
monitoring-longest = Longest
monitoring-usual = Usual mean
monitoring-usual-cut = The usual mean is based on the newest { $most } successful tasks; the last 30 days have more.
monitoring-running-cut = Only the { $most } running tasks launched first were compared with the usual mean; more are running.
monitoring-over-twice = More than twice the usual mean
monitoring-long = Unusually long tasks
monitoring-times-mean = Compared with the usual mean
monitoring-more-long =
    { $count ->
        [one] { $count } more task is not shown.
       *[other] { $count } more tasks are not shown.
    }
monitoring-cut = Durations and failures are based on the newest { $most } successful tasks and the newest { $most } failed tasks; this period has more.

settings-nav = Settings
settings-parts = Settings
settings-advice = Enter the OpenHEXA address, token and workspace in the settings.
settings-advice-check = Test the connection in the settings: check the address, the token and the workspace.
settings-connection = Connection
settings-defaults = Default parameters
settings-keys = API keys
settings-history = History
settings-connection-title = Connection to OpenHEXA
settings-begin = OpenHEXA is not connected yet. Fill in the three fields, test the connection and save. The pipelines of the workspace then appear.
settings-address = OpenHEXA address
settings-address-hint = The URL of the GraphQL endpoint, such as https://app.openhexa.org/graphql/.
settings-token = Token
settings-token-hint = An OpenHEXA token for this workspace. It is stored encrypted and never shown again.
settings-token-kept = Leave empty to keep the current token ({ $token }). Required if you change the address.
settings-token-again = The token you typed is not kept on this page: type it again before you save.
settings-token-held = The token you typed is kept for 15 minutes: leave this field empty to use it.
settings-token-lost = The token you typed is no longer available: it is kept for 15 minutes, and only for the tested address. Type it again
settings-workspace = Workspace
settings-workspace-hint = The short name (slug) of the workspace, as in the address of its pages in OpenHEXA.
settings-in-force = Current value: { $value }.
settings-in-force-title = Current configuration
settings-version = Version
settings-changed-at = Changed
settings-changed-by = Changed by
settings-others = Other entries (not changed here)
settings-save = Save
settings-saving = Saving…
settings-saved = Saved. Version { $version } is now active.
settings-refused = Nothing was saved:
settings-changed = { $who } changed the configuration in the meantime. Your entries are still in the form: compare them with the current values. If you save again, your entries replace them.
settings-changed-by-unknown = Another user changed the configuration in the meantime. Your entries are still in the form: compare them with the current values. If you save again, your entries replace them.
settings-changed-deleted = Another user deleted the configuration in the meantime. Enter the token and save again to create a new configuration.
settings-delete = Delete…
settings-delete-sure = Delete this configuration? Pipelines can then no longer be viewed or launched, and the default parameters are lost. Running tasks are still followed until they end.
settings-delete-do = Delete the configuration
settings-deleting = Please wait…
settings-deleted = Configuration deleted.
settings-in-iaso = The connection is edited in the Iaso admin, under OpenHEXA instances and workspaces. Here you can view and test it.
settings-check = Test connection
settings-checking = Testing…
settings-checks = Connection test
settings-checks-well = All tests passed.
settings-checks-bad = At least one test failed.
settings-checks-unsaved = Tested with the values below. Not saved yet.
settings-check-good = Passed
settings-check-bad = Failed
settings-check-unknown = Not tested

settings-defaults-about = A launch uses these values for every parameter that is left out. They take precedence over the defaults of the pipeline and its version, and users can change them at launch.
settings-defaults-in-iaso = Default parameters are edited in the Iaso admin, in the configuration of the OpenHEXA workspace. Here you can view them.
settings-defaults-none = None
settings-defaults-count =
    { $count ->
        [one] { $count } default
       *[other] { $count } defaults
    }
settings-defaults-empty = An empty field keeps the pipeline’s default.
settings-defaults-saved = Saved. These values apply from the next launch.
settings-no-default = No default
settings-own-default = The pipeline’s own
settings-secret-clear = A value is stored. Leave the field empty to keep it, or tick this box to delete it.
settings-secret-again = The secret you typed is not kept on this page: type it again.
settings-unknown-parameters = No longer used
settings-unknown-parameters-about = Values are stored under these names, but the pipeline has no such parameters. Launches may be refused until you remove them.
settings-take-away = Remove { $code }
settings-pipeline-gone-tag = not in this workspace
settings-pipeline-gone = This pipeline is no longer in the workspace. You can remove its stored default parameters.
settings-to-launch = Launch this pipeline

settings-keys-about = Programs and people without an Iaso account sign in with an API key. Give each one its own key, with the lowest role that is enough. Keys in the settings file are not listed here.
settings-keys-none = No API keys yet
settings-keys-older = Older expired or revoked keys are not shown. The command “openhexa-bridge keys list” lists all keys.
settings-key-name = Name
settings-key-name-hint = The person or program that will use the key.
settings-key-role = Role
settings-role-viewer = Viewer: view pipelines and tasks
settings-role-operator = Operator: view, launch and stop
settings-role-administrator = Administrator: everything, including the settings
settings-key-until = Expiry date
settings-key-until-hint-latest = The key is active until the end of this day (UTC), { $latest } at the latest.
settings-key-until-hint = The key is active until the end of this day (UTC). If empty, it does not expire.
settings-key-number = Key { $number }
settings-key-created = Created
settings-key-by = by { $who }
settings-key-used = Last used
settings-key-expires = Expires
settings-never = Never
settings-key-good = Active
settings-key-expired = Expired
settings-key-revoked = Revoked
settings-key-own = you are signed in with this key
settings-key-new = Create a key
settings-key-make = Create key
settings-key-made = Key { $number } created
settings-key-once = Copy the key now and store it safely. It will not be shown again.
settings-key-kept = I have saved the key
settings-key-revoke = Revoke…
settings-key-revoke-do = Revoke this key
settings-key-sure = Revoke this key? Programs and people that use it lose access. This cannot be undone.
settings-key-own-sure = You are signed in with this key: you will be signed out.
settings-key-ended = Key { $number } revoked.
settings-key-not-found = Key not found
settings-key-name-odd = { $field } must be one line of at most { $most } characters
settings-key-name-taken = An active key already has this name. Choose another name. If you clicked twice by mistake, revoke that key and create it again: it cannot be shown a second time
settings-key-until-late = { $field } must not be later than { $latest }
settings-key-until-past = { $field } must not be in the past
settings-key-day-odd = { $field } must be a date such as 2026-12-31
settings-key-role-odd = Choose a role for the key

settings-what = Change
settings-history-in-iaso = The configuration is edited in the Iaso admin. Its changes are not recorded here.
settings-history-none = No changes yet
settings-history-made = Configuration created
settings-history-deleted = Configuration deleted
settings-history-same = Saved without changes
settings-history-address = OpenHEXA address changed from { $from } to { $to }
settings-history-workspace = Workspace changed from { $from } to { $to }
settings-history-token = Token changed
settings-history-added = { $key } added
settings-history-changed = { $key } changed
settings-history-removed = { $key } removed
settings-history-set = Default parameters of { $pipeline }: { $codes } set
settings-history-reset = Default parameters of { $pipeline }: { $codes } changed
settings-history-unset = Default parameters of { $pipeline }: { $codes } removed
