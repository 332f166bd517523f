# The `openhexa-config` record.

config-content = content must be an object
config-url = { $field } must start with http:// or https://, such as https://app.openhexa.org/graphql/, without credentials, query or fragment
config-url-graphql = { $field } must be the URL of the OpenHEXA GraphQL endpoint, such as https://app.openhexa.org/graphql/
config-url-host = The host of { $field } must be one of: { $hosts }
config-url-private = { $field } must not point to this machine or a private network (setting openhexa.allow_private)
config-token-needed = { $field } is required for a new address
config-token-masked = { $field } is a masked token: send the real token, or leave it out to keep the current one
config-pipelines = { $field } must be a list of objects with "id" (a UUID) and "parameters" (an object)
config-changed = The configuration was changed in the meantime: read it again and repeat your change
config-elsewhere = The configuration is edited in the Iaso admin (OpenHEXA instances and workspaces), not here

check-reachable = OpenHEXA responds at this address
check-authenticated = OpenHEXA accepts the token
check-token-refused = OpenHEXA refuses this token
check-workspace = The token has access to the workspace
check-list =
    { $count ->
        [one] { $count } pipeline can be listed
       *[other] { $count } pipelines can be listed
    }
check-run = The token can launch pipelines
check-no-run = The token cannot launch pipelines
check-stop = The token can stop runs
check-no-stop = The token cannot stop runs: ask for the editor role in the workspace
check-list-unknown = Listing pipelines cannot be tested without access to the workspace
check-run-unknown = Launching pipelines cannot be tested without access to the workspace
check-stop-unknown = Stopping runs cannot be tested without access to the workspace
check-run-empty-unknown = Launching cannot be tested: the workspace has no pipeline
check-stop-empty-unknown = Stopping runs cannot be tested: the workspace has no pipeline
