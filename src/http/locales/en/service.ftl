# What the bridge says beside the judgement of parameters.

request-invalid = The request is not valid
field-required = { $field } is required
field-integer = { $field } must be a whole number
field-number = { $field } must be a number
field-too-large = { $field } is too large: at most 2147483647
field-text = { $field } must be text
field-hidden = { $field } must be one line without invisible characters: remove them and type it again
field-flag = { $field } must be true or false
field-status = { $field } must be QUEUED, RUNNING, SUCCESS, ERROR or CANCELLED
version-not-uuid = version must be a UUID
version-unknown = This pipeline has no such version
version-needed = This pipeline has no version yet, so its runs would fail: its author must upload one to OpenHEXA
version-unreadable = OpenHEXA cannot read this version's parameters: ask the pipeline's author to upload a new version

query-number = { $field } must be a whole number from 1 to { $most }
query-id = { $field } must be a whole number
query-text = { $field } must be text of at most { $most } characters
query-uuid = { $field } must be a UUID
query-time = { $field } must be a time such as 2026-11-20T10:42:00Z, or a day such as 2026-11-20
query-status = { $field } must be one or several of QUEUED, RUNNING, SUCCESS, ERROR, CANCELLED, separated by commas
query-order = { $field } must be created_at, updated_at, started_at, ended_at, status or name, with a minus in front for descending
query-include = { $field } must be one or several of logs, messages, outputs, separated by commas
query-cursor = { $field } must be empty, or what the page before gave as next for the same order
query-cursor-or-page = { $field } and page cannot be used together
idempotency-key = { $field } must be 1 to { $most } printable ASCII characters, and given once

body-not-json = The body is not valid JSON (line { $line }, column { $column })
body-not-object = The body must be a JSON object
body-type = The content type of the body is not supported: send application/json
body-encoded = The bridge does not read compressed bodies: send the body without a Content-Encoding header
body-too-large = The body is too large: at most { $limit } bytes
body-broken = The body could not be read
body-too-slow = The body did not arrive in time

not-signed-in = Authentication credentials were not provided or are not valid
not-allowed = You do not have permission to perform this action
session-elsewhere = A change with Iaso's session must come from a page of this address (Origin or Sec-Fetch-Site)
profile-not-found = User profile not found
iaso-away = Iaso cannot be asked who you are; try again in a few seconds
too-many-requests = Too many requests: try again in { $seconds } s
too-many-launches = Too many launches: try again in { $seconds } s
loopback-only = This development server answers to its own machine only
route-unknown = There is nothing at this address
method-not-allowed = This method is not allowed here

pipeline-not-found = Pipeline not found
parameter-not-found = This version of the pipeline has no such parameter
parameter-without-file = This parameter does not read its choices from a file
task-not-found = Task not found
streams-crowded = Too many streams are open: try again later
task-unknown = There is no such task for this pipeline
task-has-ended = The task has ended ({ $status })
task-is-alive = The task has not ended yet ({ $status }): it can be launched again afterwards
task-cancel-asked = The task was asked to stop ({ $status })
idempotency-other = This Idempotency-Key was used for another request: take a new one
relaunch-secret = { $name } was not kept after the first launch: give it again
relaunch-other = { $name } cannot be given: a launch is repeated as it was, and only its secrets are given again
not-configured = OpenHexa configuration not found
no-workspace = No OpenHEXA workspace configured for your account
many-workspaces = Multiple OpenHEXA workspaces configured for your account
workspace-without-slug = The OpenHEXA workspace of your account has no slug configured
instance-without-url = The OpenHEXA instance of your account has no usable URL configured
instance-without-token = The OpenHEXA instance of your account has no token configured
instance-not-graphql = The URL of your account's OpenHEXA instance must contain "graphql"
instance-token-unreadable = The token of your account's OpenHEXA instance cannot be read: the setting iaso.encrypted_text_field_key is not Iaso's ENCRYPTED_TEXT_FIELD_KEY

upstream-timed-out = OpenHEXA did not answer in time
upstream-unreachable = OpenHEXA cannot be reached
upstream-untrusted = OpenHEXA's TLS certificate is not trusted
upstream-throttled = OpenHEXA accepts no more requests for now; try again later
check-untrusted = OpenHEXA's TLS certificate is not trusted ({ $cause }): put the certificate of its authority into the file that SSL_CERT_FILE names, and restart the bridge
upstream-token-refused = OpenHEXA refuses the configured token
upstream-no-workspace = OpenHEXA does not show the configured workspace to the bridge: it was archived, its name is wrong, or the token lost its access
upstream-strange = OpenHEXA's address answers, but not as OpenHEXA does: check the address
upstream-failed = OpenHEXA reported an error of its own
refused-config = OpenHEXA refused a parameter's value, without saying which
refused-version = OpenHEXA no longer knows this version of the pipeline
refused-too-large = The parameters are too large for OpenHEXA
refused-limit = The workspace has reached its limit of runs in OpenHEXA
refused-denied = OpenHEXA does not allow the configured token to launch this pipeline

database-away = The database is unavailable; try again in a few seconds
database-failed = The bridge's database cannot process the request; try again later, or ask your administrator to read the bridge's log
internal = Something went wrong here; its number is { $id }
