# Why a request to OpenHEXA, a launch or a run failed: one text per cause. Tasks, the API, the pages and the log use these texts;
# a message that says more contains the cause as a reference.

# A request failed.
cause-address = The OpenHEXA address is not a valid http(s) URL
cause-busy = Too many requests to OpenHEXA at the same time
cause-unreachable = OpenHEXA is unreachable
cause-timed-out = OpenHEXA did not respond in time
cause-untrusted = OpenHEXA's TLS certificate is not trusted: { $value }
cause-throttled = OpenHEXA accepts no more requests for now
cause-broken = The connection to OpenHEXA was interrupted
cause-redirected = OpenHEXA redirects to another address: check the OpenHEXA address
cause-status = OpenHEXA returned HTTP status { $value }
cause-not-json = The server at the OpenHEXA address does not respond like OpenHEXA (HTTP status { $value }): check the address
cause-response-too-large = The response from OpenHEXA is too large
cause-too-many-files = The folder contains more than 10,000 files and folders: move or delete some
cause-unreadable = The server at the OpenHEXA address does not respond like OpenHEXA: check the address
cause-bad-definition = OpenHEXA cannot read the parameters of this version
cause-bad-choices = OpenHEXA cannot read the choices of this parameter: “{ $value }”
cause-token-refused = OpenHEXA refuses the configured token
cause-access-denied = OpenHEXA denied access
cause-no-workspace = The OpenHEXA workspace was not found: it was archived, its name is wrong, or the token has no access to it
cause-failed = OpenHEXA reported an internal error
cause-failed-with = { cause-failed } ({ $value })

# OpenHEXA created no run.
cause-refused = OpenHEXA refused the launch
cause-refused-config = { cause-refused }: the value of a parameter has the wrong type, and OpenHEXA does not say which one
cause-refused-pipeline = { cause-refused }: the pipeline does not exist
cause-refused-version = { cause-refused }: this version of the pipeline does not exist
cause-refused-limit = { cause-refused }: the workspace has reached its run limit
cause-refused-denied = { cause-refused }: the configured token is not allowed to launch this pipeline
cause-refused-token = The launch failed: { cause-token-refused }
cause-refused-request = { cause-refused }: the request is not valid
cause-refused-too-large = { cause-refused }: the parameters are too large
cause-refused-other = { cause-refused } ({ $value })
cause-not-sent = The launch request could not be sent to OpenHEXA in time
cause-given-up = The pipeline was changed or deleted before the launch request was sent
cause-never-confirmed = OpenHEXA never confirmed the launch

# A run failed, or its final status cannot be known.
cause-reported = The pipeline reported an error
cause-run-failed = The run failed in OpenHEXA
cause-failed-after-success = OpenHEXA: the run failed after the pipeline had reported success
cause-run-gone = The run no longer exists in OpenHEXA
cause-time-over = The run exceeded its time limit, and its final status is unknown
