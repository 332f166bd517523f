# The bridge's own pages, below /dashboard/.

title-error = Error:
colon = {":"}
skip-to-content = Skip to the content
nav-label = Main
nav-pipelines = Pipelines
role-viewer = Viewer
role-operator = Operator
role-administrator = Administrator
sign-out = Sign out
try-again = Try again
to-pipelines = To the pipelines
search-do = Search

sign-in-title = Sign in
sign-in-about = These pages show the data pipelines of your OpenHEXA workspace, launch them and follow them.
sign-in-key = API key
sign-in-help = Your administrator makes one, in the settings or with “openhexa-bridge keys create”. You stay signed in for 12 hours on this browser.
sign-in-do = Sign in
sign-in-wrong = This key is not known, or it is no longer valid
sign-in-undone = You were not signed in any more: nothing was done. Sign in, and ask for it again.
contact-lost = Connection lost; shown as of
contact-over = You are signed out.

page-foreign = This request did not come from a page of this site
page-not-configured = OpenHEXA is not connected yet
advice-foreign = Nothing was done. Open the page here and send the form again.
advice-not-configured = An administrator has to say where OpenHEXA is, in the settings.
advice-workspace = An administrator puts it right in Iaso’s admin, at the OpenHEXA instances and workspaces.
advice-configuration = Ask an administrator to check the configured address and token.
advice-upstream = Tasks go on and are followed as soon as OpenHEXA answers again. Wait a moment and try again.
advice-throttled = Tasks are followed again after the time that OpenHEXA asked to wait. Try again in a few minutes.
advice-untrusted = Ask the bridge's administrator to add the certificate of OpenHEXA's authority to the file that SSL_CERT_FILE names.
advice-role = Ask an administrator for the right to do this.
advice-internal = Try again. If it happens once more, tell an administrator the number.
advice-wait = Wait a few seconds and try again.
advice-back = Check the address, or go on from the list of pipelines.

stale-title = OpenHEXA does not answer.
stale-as-of = Shown as of

status-queued = Queued
status-running = Running
status-terminating = Stopping
status-success = Success
status-error = Error
status-cancelled = Cancelled
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
pipelines-none-advice = Create one in OpenHEXA, or ask its author to add it to this workspace. It will appear here by itself.
pipelines-not-found = No pipeline matches
pipelines-show-all = Show all pipelines
pipeline-name = Pipeline
pipeline-version = Version
pipeline-last-run = Last run
pipeline-notebook = notebook
pipeline-never-run = Never run
pipeline-no-version = This pipeline has no version yet, so there is nothing to launch. Ask its author to upload one.
pipeline-may-not-run = The configured token may not launch this pipeline: ask an administrator to give it the right in OpenHEXA.
version-older = older version
version-current = current
version-show = Show
versions-title = Versions

run-when = When
run-took = Duration
run-again = Again with these values
runs-title = Past runs
trigger-manual = from OpenHEXA
trigger-scheduled = scheduled
trigger-webhook = by webhook
plot-title = Duration of past runs, oldest on the left
plot-caption = Duration, oldest on the left. ✓ success (solid), ✕ error (hatched), ■ cancelled (outlined).

launch-title = Launch
launch-values = Parameters
launch-no-parameters = This pipeline takes no parameters.
launch-more = Options
launch-notify = Send OpenHEXA’s notifications about this run
launch-debug = Write a detailed log (debug)
launch-do = Launch
launch-reset = Reset
launch-sending = Sending…
form-refused = Nothing was launched:
form-required = (required)
form-choose = Choose…
form-load-choices = Show the choices
form-used = A task was launched from this form before, with other values. Launch again to launch these too.
form-either = { $name } must be a number: “{ $text }” can mean { $whole } or { $part }, so write the one that is meant
form-apart = { $name }: “{ $text }” is not one number. Put a space or a comma only between groups of three digits, as in 12,345.6
form-apart-whole = { $name }: “{ $text }” is not one whole number. Put a space or a comma only between groups of three digits, as in 12,345
form-apart-line = { $name }: “{ $text }” is not one number. Write each value on a line of its own, without spaces or commas between digits
form-int-long = { $name } is too long: a whole number has at most { $digits } digits
form-json-number = { $name } holds a number that OpenHEXA cannot read: a whole number has at most { $digits } digits, any other number lies within ±1.8e308
form-json-deep = { $name } is nested too deep: 127 levels are the most
form-json = { $name } is not valid JSON: line { $line }, column { $column }
value-yes = yes
value-no = no

default-account = Set for your account: { $value }.
default-version = Saved with this version: { $value }.
default-parameter = Default: { $value }.
empty-account = Empty: { $value } (default of the account).
empty-version = Empty: { $value } (saved with this version).
empty-parameter = Empty: { $value } (default of the pipeline).
empty-nothing = Empty: no value.
hint-dict = A JSON object, such as {"{"}"key": "value"{"}"}.
hint-list = A JSON list, such as ["a", "b"].
hint-lines = One value per line.
hint-int = A whole number.
hint-float = A number, such as 2.5.
hint-dataset = The slug of a dataset of the workspace.
hint-file = The path of a file of the workspace.
hint-secret = Never shown again.
hint-connection = The slug of a { $kind } connection of the workspace.
hint-directory = In the folder { $folder }.
hint-no-choices = The choices cannot be shown: { $why }.
hint-many-choices = There are more than { $most } choices: type the value. It is validated at the launch.
hint-no-suggestions = What the workspace has cannot be listed: { $why }.

nav-tasks = Tasks
nav-task = Task
tasks-search = Search by name
tasks-status = Status
tasks-any-status = Any status
tasks-from = From (UTC)
tasks-to = To (UTC)
tasks-of = Only tasks of { $name }.
tasks-message = Message
tasks-unconfirmed = not confirmed
tasks-none = Nothing has been launched yet
tasks-not-found = No task matches
tasks-show-all = Show all tasks
tasks-older = Older tasks
tasks-newest = Newest tasks
pipeline-tasks = All tasks of this pipeline

task-number = Task { $number }
task-stop-asked = Stop asked; the run has not stopped yet
task-stop-refused = OpenHEXA does not let the bridge stop this run. Ask an administrator of the OpenHEXA workspace to stop it there
task-not-confirmed = Reported by the pipeline, not yet confirmed by OpenHEXA
task-confirmed = Confirmed
task-progress = Progress
task-waits = Waiting for OpenHEXA to start the run
task-refresh = Refresh this page
task-cancel = Cancel…
task-cancel-sure = The run is asked to stop. What it has done so far is not undone.
task-cancel-do = Stop this run
task-relaunch = Launch again
task-change = Change values first
task-secret-again = Secrets are not kept: type it again.
task-result = Result
task-result-cut = There is more than is shown here.
task-result-whole = Download as JSON
task-outputs = Outputs
task-messages = Messages
task-no-messages = No messages yet.
task-away = What OpenHEXA knows of the run is missing here: { $why }.
task-logs = Log of the run
task-logs-cut = Only its end is shown.
level-progress = PROGRESS
task-about = About this task
task-created = Launched
task-started = Started
task-ended = Ended
task-launcher = Launched by
task-launcher-key = unknown (an API key)
known-key = key { $number } ({ $name })
known-here = whoever sits at this machine
known-viewer = the viewer key of the settings
known-operator = the operator key of the settings
known-administrator = the administrator key of the settings
task-relaunch-of = Repeats
task-run = Run
task-run-open = Open in OpenHEXA
task-values = Values
task-no-values = Launched without values of its own; the defaults applied.
task-why = Why this status

source-user = Person
source-callback = Pipeline
source-openhexa = OpenHEXA
source-bridge = Bridge
event-launch-accepted = Launch accepted
event-launch-asked = OpenHEXA is asked for a run
event-launch-not-sent = OpenHEXA could not be reached; nothing was sent
event-launch-unsure = The answer did not arrive; the run is looked for
event-launch-refused = OpenHEXA refused the launch
event-launch-given-up = The launch was given up
event-launch-never-confirmed = OpenHEXA never confirmed the launch
event-run-created = OpenHEXA made the run
event-run-found = The run was found
event-run-not-found-yet = The run was not found yet
event-run-not-found = OpenHEXA does not show the run
event-run-gone = The run is gone from OpenHEXA
event-hidden = OpenHEXA shows neither the run nor its pipeline
event-look-failed = OpenHEXA could not be asked
event-overdue = The run is overdue
event-run-queued = The run is queued
event-run-running = The run is running
event-run-terminating = The run is stopping
event-run-success = The run ended well
event-run-failed = The run failed
event-run-stopped = The run was stopped
event-run-skipped = The run was skipped
event-reported-progress = Reported its progress
event-reported = Reported { $value }
event-report-refused = A report was refused
event-log-full = The log is full
event-cancel-asked = Cancel asked
event-stop-asked = OpenHEXA is asked to stop the run
event-stop-not-answered = OpenHEXA did not answer to the stop
event-stop-denied = OpenHEXA does not let the configured token stop the run
event-stop-not-accepted = OpenHEXA did not take the stop
event-waits = Waiting for another launch of this pipeline to be settled
event-stop-asked-again = OpenHEXA is asked once more: the run has not stopped
event-asks-again = No run was made; OpenHEXA is asked again
event-copy-moved = The task's row in Iaso was moved to another account and is not updated any more.
event-log-not-yet = The run failed; its log could not be read yet
note-cancelled-unsent = Cancelled before anything was sent to OpenHEXA
note-several = Several runs could be this launch’s; none is taken
note-pipeline-gone = The pipeline is no longer in OpenHEXA
note-log-unread = The run failed, and its log could not be read
note-deleted = The pipeline was deleted in OpenHEXA, and its run with it: how the run ended is not known
note-deleted-unconfirmed = OpenHEXA never confirmed the launch, and the pipeline was deleted there since
note-hidden = OpenHEXA no longer shows the run nor its pipeline, and the run’s time was over: the pipeline was deleted, its workspace archived, or access to it withdrawn
note-stop-denied = OpenHEXA does not let the bridge stop this run; it is watched until it ends by itself
note-asked-in-iaso = asked in Iaso; by whom it does not say
note-request-refused = OpenHEXA does not accept the request
note-address = The address of OpenHEXA cannot be used
note-busy = Too many requests to OpenHEXA were under way
note-broken = The connection to OpenHEXA broke
note-answer-large = The answer of OpenHEXA is too large
note-answer-unreadable = The answer of OpenHEXA cannot be understood
note-definition = OpenHEXA cannot read the definition of this version
note-access-denied = OpenHEXA denies access
note-refused-word = OpenHEXA refused the launch ({ $value })
note-changed = The pipeline changed before the launch could be sent: see { $value }
note-relaunch = repeats task { $value }
note-untrusted = OpenHEXA's TLS certificate is not trusted: { $value }
note-choices = OpenHEXA cannot read the choices: { $value }
note-throttled = OpenHEXA accepted no more requests; the bridge waits
note-answered-status = OpenHEXA answered with status { $value }
note-not-json = OpenHEXA answered with something unreadable (status { $value })
note-error-code = OpenHEXA reported an error of its own ({ $value })
note-by = by { $name }
note-with-result = with a result
note-merged = Reports merged: { $count }
note-more-refused = others refused: { $count }
note-log-full = The log of this task is full: later progress messages are shown, but not added to the log
note-progress = { $done } of { $of }
note-progress-of = of { $of }

nav-monitoring = Monitoring
monitoring-period = Period
monitoring-today = Today
monitoring-week = 7 days
monitoring-month = 30 days
monitoring-days = { $field } must be 1, 7 or 30
monitoring-since = Tasks launched since
monitoring-zone = Days begin at midnight in { $zone }.
monitoring-as-of = As of
monitoring-empty = Launch a pipeline: how it fares will be shown here, hour by hour and day by day.
monitoring-nothing = Nothing was launched in this period
monitoring-none-ended = Nothing has ended yet
monitoring-only-cancelled = All that has ended was cancelled
monitoring-all-well = Nothing went wrong
monitoring-some-failed =
    { $count ->
        [one] { $count } task ended with an error
       *[other] { $count } tasks ended with an error
    }
monitoring-launched = Launched
monitoring-now = Running now
monitoring-of-them-queued = { $count } of them queued
monitoring-rate = Success rate
monitoring-rate-how = of those that ended; cancelled ones are left out
monitoring-to-list = show these tasks
monitoring-plot = Tasks by the time of their launch
monitoring-plot-title = Tasks by the time of their launch and by their end, stacked: success (solid) at the bottom, then error (hatched, ✕ above), cancelled (outlined), under way (dotted)
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
monitoring-live = Under way
monitoring-table = The same as a table
monitoring-when = When
monitoring-not-asked = Not asked yet
monitoring-not-asked-yet = The bridge has not asked OpenHEXA anything since it was started.
monitoring-not-configured = Not configured
monitoring-not-followed = Nothing is launched meanwhile. Runs that are under way are followed on the connection they were launched on, as far as it can be used.
monitoring-answers = Answers
monitoring-answers-well = OpenHEXA answered what the bridge asked it last.
monitoring-away = Does not answer
monitoring-refuses = Refuses the token
monitoring-denies = Denies access
monitoring-denies-how = The token does not see the workspace, or not what was asked for in it. Ask an administrator to check both.
monitoring-strange = Something answers, but not as OpenHEXA does
monitoring-fails = Reports an error of its own
monitoring-throttles = Accepts no more requests for now
monitoring-untrusted = Its TLS certificate is not trusted
monitoring-from = since
monitoring-last-answer = Last answer:
monitoring-last-try = Last asked:
monitoring-asked-again = Asked about runs again:
monitoring-looks = Following the runs
monitoring-punctual = In time
monitoring-late = Behind
monitoring-in-time = Everything under way is looked at in time.
monitoring-nothing-live = Nothing is under way.
monitoring-behind = Looks are behind by { $span }. If this goes on, tell an administrator.
monitoring-oldest-unsent = The oldest launch without a run has waited for { $span }.
monitoring-unsure =
    { $count ->
        [one] { $count } launch may have made a run that the bridge has not heard of; it is looked for.
       *[other] { $count } launches may have made runs that the bridge has not heard of; they are looked for.
    }
monitoring-accepted = Waiting to be sent
monitoring-launching = Being launched
monitoring-submitted = Waiting in OpenHEXA
monitoring-running = Running
monitoring-reported = End reported, not yet confirmed
monitoring-failures = What went wrong
monitoring-why = Reason
monitoring-why-reported = The pipeline reported an error
monitoring-why-taken-back = The run failed after the pipeline had reported success
monitoring-why-run-failed = OpenHEXA says that the run failed
monitoring-why-refused = OpenHEXA refused the launch
monitoring-why-not-sent = OpenHEXA could not be reached; the launch was never sent
monitoring-why-given-up = The pipeline had changed, or was gone, before the launch could be sent
monitoring-why-never-confirmed = OpenHEXA never confirmed the launch
monitoring-why-time-over = The run’s time was over, and how it ended is not known
monitoring-why-gone = The run is gone from OpenHEXA
monitoring-count = Tasks
monitoring-last = Last time
monitoring-newest = Newest
monitoring-more-failures =
    { $count ->
        [one] And { $count } more kind of failure.
       *[other] And { $count } more kinds of failures.
    }
monitoring-durations = Durations
monitoring-durations-how = Of tasks that ended well: one that failed at once says nothing about what is usual. The usual mean is that of the last 30 days, whichever period is shown. From 3 tasks on, what takes over twice as long is marked with ▲.
monitoring-runs = Tasks
monitoring-median = Median
monitoring-p95 = 95 % within
monitoring-mean = Mean
monitoring-longest = Longest
monitoring-usual = Usual mean
monitoring-usual-cut = What is usual is taken from the newest { $most } tasks that ended well: there are more in the last 30 days.
monitoring-running-cut = Of the tasks that run, the { $most } launched first were compared with what is usual: more are running.
monitoring-over-twice = Over twice the usual mean
monitoring-times-mean = Times the usual mean
monitoring-more-long =
    { $count ->
        [one] And { $count } more.
       *[other] And { $count } more.
    }
monitoring-cut = Durations and failures are of the newest { $most } tasks that ended well, and as many that failed: there are more in this period.

settings-nav = Settings
settings-parts = Settings
settings-advice = Say in the settings where OpenHEXA is: its address, a token and a workspace.
settings-advice-check = Test the connection in the settings: its address, token and workspace.
settings-connection = Connection
settings-defaults = Default parameters
settings-keys = API keys
settings-history = History
settings-connection-title = Connection to OpenHEXA
settings-begin = No OpenHEXA is connected yet. Fill in the three fields, test the connection and save: the pipelines of the workspace appear at once.
settings-address = Address of OpenHEXA
settings-address-hint = The address of its GraphQL endpoint, such as https://app.openhexa.org/graphql/.
settings-token = Token
settings-token-hint = A token of OpenHEXA for this workspace. It is encrypted and never shown again.
settings-token-kept = { $token } is kept while this box is empty. Type another one to replace it; another server needs its own.
settings-token-again = The token that was typed is not kept on this page: type it again to save it.
settings-workspace = Workspace
settings-workspace-hint = The short name (slug) of the workspace, as in the address of its pages in OpenHEXA.
settings-in-force = In force now: { $value }.
settings-in-force-title = In force
settings-version = Version
settings-changed-at = Changed
settings-changed-by = By
settings-others = Other entries, kept as they are
settings-save = Save
settings-saving = Saving…
settings-saved = Saved: version { $version } is in force.
settings-refused = Nothing was saved:
settings-changed = { $who } changed the configuration meanwhile. What you typed still stands here: compare it with what is in force, and save again if yours is to count.
settings-changed-by-nobody = Somebody changed the configuration meanwhile. What you typed still stands here: compare it with what is in force, and save again if yours is to count.
settings-changed-deleted = Somebody deleted the configuration meanwhile. Save again to make it anew, with a token.
settings-delete = Delete…
settings-delete-sure = Pipelines can then neither be seen nor launched, and the default parameters are gone. Runs that are under way are still followed to their end.
settings-delete-do = Delete the configuration
settings-deleting = One moment…
settings-deleted = The configuration is deleted.
settings-in-iaso = The connection is changed in Iaso’s admin, at the OpenHEXA instances and workspaces. Here it can be seen and tested.
settings-check = Test connection
settings-checking = Testing…
settings-checks = Test of the connection
settings-checks-well = Everything that was tried works.
settings-checks-bad = The connection does not work as it should.
settings-checks-unsaved = What stands in the form was tried; it is not saved yet.
settings-check-good = Works
settings-check-bad = Fails
settings-check-unknown = Not known

settings-defaults-about = A launch uses these values wherever nobody gives one. They stand above the defaults of the pipeline and its version, and whoever launches may change them.
settings-defaults-in-iaso = The default parameters are changed in Iaso’s admin, in the configuration of the OpenHEXA workspace. Here they can be seen.
settings-defaults-none = None
settings-defaults-count =
    { $count ->
        [one] { $count } default
       *[other] { $count } defaults
    }
settings-defaults-empty = An empty field sets no default.
settings-defaults-saved = Saved: the next launch uses them.
settings-no-default = No default
settings-secret-clear = A value is kept, and stays while the box is empty. Tick to take it away.
settings-secret-again = What was typed is not kept on this page: type it again.
settings-strangers = No longer used
settings-strangers-about = Values are kept for these names, but the pipeline does not ask for them. Its launches may be refused until they are taken away.
settings-take-away = Take away { $code }
settings-pipeline-gone-tag = not in this workspace
settings-pipeline-gone = The workspace has no such pipeline any more. What is kept for it can be taken away.
settings-to-launch = Launch it

settings-keys-about = Programs and people without an account in Iaso come in with a key. Give each its own, with as few rights as it needs. Keys of the settings file are not listed here.
settings-keys-none = No keys have been made yet
settings-keys-older = Older keys that have ended or are revoked are not shown; “openhexa-bridge keys list” shows all.
settings-key-name = Name
settings-key-name-hint = Who or what will use it.
settings-key-role = Role
settings-role-viewer = Viewer: see pipelines and tasks
settings-role-operator = Operator: also launch and stop
settings-role-administrator = Administrator: also change the settings
settings-key-until = Last day
settings-key-until-hint-latest = Good until the end of this day (UTC), at the latest { $latest }.
settings-key-until-hint = Good until the end of this day (UTC). Empty: until it is revoked.
settings-key-number = Key { $number }
settings-key-created = Made
settings-key-by = by { $who }
settings-key-used = Last used
settings-key-expires = Ends
settings-never = Never
settings-key-good = Good
settings-key-expired = Ended
settings-key-revoked = Revoked
settings-key-own = you are signed in with it
settings-key-new = Make a key
settings-key-make = Make the key
settings-key-made = Key { $number } is made
settings-key-once = Copy it now and keep it safe: it is not shown again.
settings-key-kept = I have kept it
settings-key-revoke = Revoke…
settings-key-revoke-do = Revoke this key
settings-key-sure = Whoever uses it is refused from then on. This cannot be undone.
settings-key-own-sure = You are signed in with this key: you will be signed out.
settings-key-ended = Key { $number } is revoked.
settings-key-not-found = Key not found
settings-key-name-odd = { $field } must be one line of at most { $most } characters
settings-key-name-taken = There is a good key with this name already: choose another name. If a double click has just made it, revoke it and make it again: it is not shown a second time
settings-key-until-late = { $field } must not be later than { $latest }
settings-key-until-past = { $field } must not be over
settings-key-day-odd = { $field } must be a day such as 2026-12-31
settings-key-role-odd = Choose what the key may do

settings-what = What
settings-history-in-iaso = The configuration is changed in Iaso’s admin: its changes are not kept here.
settings-history-none = Nothing has been changed yet
settings-history-made = Configuration made
settings-history-deleted = Configuration deleted
settings-history-same = Saved without a change
settings-history-address = Address of OpenHEXA changed from { $from } to { $to }
settings-history-workspace = Workspace changed from { $from } to { $to }
settings-history-token = Token changed
settings-history-added = { $key } added
settings-history-changed = { $key } changed
settings-history-removed = { $key } taken away
settings-history-set = Default parameters of { $pipeline }: { $codes } set
settings-history-reset = Default parameters of { $pipeline }: { $codes } changed
settings-history-unset = Default parameters of { $pipeline }: { $codes } taken away
