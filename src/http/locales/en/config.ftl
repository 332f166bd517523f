# The `openhexa-config` record.

config-content = content must be an object
config-url = { $field } must be an http(s) URL without credentials, query or fragment, such as https://app.openhexa.org/graphql/
config-url-graphql = { $field } must be the address of OpenHEXA's GraphQL endpoint, such as https://app.openhexa.org/graphql/
config-url-host = { $field } must have one of these hosts: { $hosts }
config-url-private = { $field } must not lead to this machine or a private network (setting openhexa.allow_private)
config-token-needed = { $field } must come with this address
config-token-masked = { $field } is a masked token: send the real one, or leave it out to keep it
config-pipelines = { $field } must be a list of objects with "id" (a UUID) and "parameters" (an object)
config-changed = The configuration was changed meanwhile: read it again
config-elsewhere = The bridge stands beside Iaso: the configuration is edited in Iaso's admin, as OpenHEXA instance and workspace

check-reachable = OpenHEXA answers at this address
check-authenticated = OpenHEXA accepts the token
check-workspace = The token sees the workspace
check-no-workspace = There is no such workspace, it was archived, or the token does not see it
check-list =
    { $count ->
        [one] { $count } pipeline can be listed
       *[other] { $count } pipelines can be listed
    }
check-run = The token may launch pipelines
check-no-run = The token may not launch pipelines
check-stop = The token may stop runs
check-no-stop = The token may not stop runs: ask for the role of editor in the workspace
check-list-unknown = Without the workspace, it cannot be told which pipelines can be listed
check-run-unknown = Without the workspace, it cannot be told whether the token may launch pipelines
check-stop-unknown = Without the workspace, it cannot be told whether the token may stop runs
check-run-empty-unknown = Without a pipeline in the workspace, it cannot be told whether the token may launch any
check-stop-empty-unknown = Without a pipeline in the workspace, it cannot be told whether the token may stop runs
