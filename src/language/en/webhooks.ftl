# Webhooks: messages of other systems that start a pipeline or a flow.

webhook-not-found = Webhook not found
webhook-unauthenticated = The webhook does not exist, or the secret or signature is missing or not valid
webhook-creator-gone = The user or key that created this webhook may no longer launch pipelines: ask an administrator to create the webhook again
webhook-other-target = A message with this id was received before, when the webhook had another target: use a new id
webhook-target = Set either flow or pipeline: what a message starts
webhook-authentication = { $field } must be bearer, basic or signature
webhook-authentication-fixed = { $field } cannot be changed: create another webhook
webhook-username-basic = { $field } is only for the authentication basic
webhook-username-colon = { $field } cannot contain a colon
webhook-too-long = { $field } is too long: at most { $most } characters
webhook-too-many = An account can have at most { $most } webhooks: delete one that is not used
webhook-key-unknown = { $field } is not a field of a webhook: name, flow, pipeline, authentication, username, mapping
webhook-mapping = { $field } must be an object with the names of inputs and the JSON pointers to their values
webhook-mapping-long = { $field } can have at most { $most } inputs
webhook-pointer = `{ $name }` in { $field } must be a JSON pointer such as /data/id, of at most 500 bytes
webhook-input-unknown = `{ $name }` in { $field } is neither a parameter of the pipeline nor an input of the flow that a webhook can set

detail-webhook = received by the webhook { $value }
detail-ignored = keys of the message that were not used: { $value }

api-tag-hooks = Webhooks

list_hooks = The webhooks of the account, newest first
create_hook = Create a webhook; the response contains its secret, which is not shown again
get_hook = One webhook
change_hook = Change a webhook
delete_hook = Delete a webhook; messages for it are refused from then on
rotate_hook_secret = Create a new secret; the current one is accepted for 24 hours more
receive_hook_message = Send a message to a webhook, which starts its pipeline or flow

api-hook-id = The webhook's id
api-webhook-id = The id of the message: a message with the same id gets the same response and starts nothing. Required for a signature
api-webhook-timestamp = When the message was sent, in seconds since 1970; at most 5 minutes from the time of the bridge
api-webhook-signature = One or more signatures, separated by spaces: v1, a comma and the base64 of the HMAC-SHA256 of id.timestamp.body
api-webhook-key = Used as the id of the message if there is no webhook-id, except for signatures
api-hook-signature = A signature as in the Standard Webhooks specification, with the headers webhook-id and webhook-timestamp
api-hook-bearer = The secret of the webhook as a bearer token
api-hook-basic = The user name and the secret of the webhook

docs-hook-signature = signature with the webhook's secret
docs-hook-bearer = the webhook's secret as a bearer token
docs-hook-basic = the webhook's user name and secret
