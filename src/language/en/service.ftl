# Error messages, except those about parameters.

request-invalid = The request is not valid
field-required = { $field } is required
field-integer = { $field } must be a whole number
field-number = { $field } must be a number
field-too-large = { $field } is too large: at most 2147483647
field-text = { $field } must be text
field-hidden = { $field } must be one line without invisible characters: remove them and enter it again
field-flag = { $field } must be true or false
field-status = { $field } must be QUEUED, RUNNING, SUCCESS, ERROR or CANCELLED
version-not-uuid = version must be a UUID
version-unknown = This version of the pipeline does not exist
version-needed = This pipeline has no version yet and cannot run: ask its author to upload a version to OpenHEXA
version-unreadable = { cause-bad-definition }: ask the pipeline's author to upload a new version

query-number = { $field } must be a whole number from 1 to { $most }
query-id = { $field } must be a whole number
query-launcher = { $field } must be the id of a user, key-3 for the API key 3, settings-key-admin for a key of the settings, or local-user
query-text = { $field } must be text of at most { $most } characters
query-uuid = { $field } must be a UUID
query-time = { $field } must be a time such as 2026-11-20T10:42:00Z or a date such as 2026-11-20
query-level = { $field } must be DEBUG, INFO, WARNING, ERROR or CRITICAL
query-status = { $field } must be one or more of QUEUED, RUNNING, SUCCESS, ERROR, CANCELLED, separated by commas
query-order = { $field } must be created_at, updated_at, started_at, ended_at, status or name, with a minus before it for descending order
query-include = { $field } must be one or more of logs, messages, outputs, separated by commas
query-cursor = { $field } must be empty, or the value of next from the previous page with the same order
query-cursor-or-page = { $field } and page cannot be used together
idempotency-key = { $field } must be sent only once, with 1 to { $most } printable ASCII characters

body-not-json = The body is not valid JSON (line { $line }, column { $column })
body-number = The body contains a number that OpenHEXA cannot read: a whole number can have at most { $digits } digits, any other number must be within ±1.8e308
body-not-object = The body must be a JSON object
body-type = The content type of the body is not supported: send application/json
body-encoded = Compressed request bodies are not supported: send the body without a Content-Encoding header
body-too-large = The body is too large: at most { $limit } bytes
body-broken = The body could not be read
body-too-slow = The body was not received in time
body-too-wide = The body has too many values: at most { $most }
body-too-many-fields = The form has too many fields: at most { $most }
address-too-long = The address is too long: at most { $limit } bytes

not-signed-in = Authentication credentials were not provided or are not valid
not-allowed = You do not have permission to perform this action
session-elsewhere = A change made with an Iaso session must come from a page of this site (header Origin or Sec-Fetch-Site)
profile-not-found = User profile not found
iaso-away = Iaso is unreachable, so your sign-in cannot be checked; try again in a few seconds
too-many-requests = Too many requests: try again in { $seconds } s
too-many-launches = Too many launches: try again in { $seconds } s
too-many-results = The task sends too many results: try again in { $seconds } s
loopback-only = This development server only accepts requests from its own machine
route-unknown = This address does not exist
method-not-allowed = This HTTP method is not allowed here

pipeline-not-found = Pipeline not found
parameter-not-found = This version of the pipeline has no such parameter
parameter-without-file = The choices of this parameter do not come from a file
choices-unreadable = { cause-bad-choices }. Ask the pipeline's author to correct the file or the parameter
task-not-found = Task not found
streams-crowded = Too many streams are open: try again later
task-unknown = This pipeline has no such task
task-has-ended = The task has already ended ({ $status ->
        [QUEUED] queued
        [RUNNING] running
        [SUCCESS] success
        [ERROR] error
        [CANCELLED] stopped
       *[other] { $status }
    })
task-is-alive = The task has not ended yet ({ $status ->
        [QUEUED] queued
        [RUNNING] running
        [SUCCESS] success
        [ERROR] error
        [CANCELLED] stopped
       *[other] { $status }
    }): it can be launched again after it has ended
task-cancel-asked = A stop was already requested for this task ({ $status ->
        [QUEUED] queued
        [RUNNING] running
        [SUCCESS] success
        [ERROR] error
        [CANCELLED] stopped
       *[other] { $status }
    })
idempotency-other = This Idempotency-Key was already used for another request: use a new one
relaunch-secret = { $name } is a secret and was not stored: enter it again
relaunch-other = { $name } cannot be set: a relaunch uses the parameters of the first launch, and only secrets can be sent again
not-configured = OpenHexa configuration not found
no-workspace = No OpenHEXA workspace configured for your account
many-workspaces = Multiple OpenHEXA workspaces configured for your account
workspace-without-slug = The OpenHEXA workspace of your account has no slug configured
instance-without-url = The OpenHEXA instance of your account has no usable URL configured
instance-without-token = The OpenHEXA instance of your account has no token configured
instance-not-graphql = The URL of your account's OpenHEXA instance must contain "graphql"
instance-token-unreadable = The token of your account's OpenHEXA instance cannot be read: the setting iaso.encrypted_text_field_key is not Iaso's ENCRYPTED_TEXT_FIELD_KEY

upstream-throttled = { cause-throttled }; try again later
upstream-busy = { cause-busy }; try again later
upstream-status = { cause-status }: check the OpenHEXA address
check-untrusted = { cause-untrusted }. Add the certificate of its certificate authority to the file set in SSL_CERT_FILE, and restart the bridge

database-away = The database is unavailable; try again in a few seconds
database-failed = The bridge's database cannot process the request; try again later, or ask your administrator to check the bridge's log
internal = Internal error; the error number is { $id }
