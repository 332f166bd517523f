# Notifications: channels, subscriptions and deliveries.

channel-not-found = Channel not found
channel-unknown = The account has no channel with this name
channel-name = { $field } must have 1 to { $most } characters: letters, digits, spaces, and the signs - _ .
channel-name-taken = The account already has a channel named { $name }
channel-kind = { $field } must be webhook or email
channel-other-kind = { $field } is for the other kind of channel: url for a webhook, recipients for e-mail
channel-mail-off = E-mail is not configured: an operator must set mail.host
channel-url = { $field } must be an address such as https://example.org/hook, without user name, password and fragment, of at most 2000 bytes
channel-url-private = { $field } must not be on this machine or in a private network; the setting openhexa.allow_private allows it
channel-url-https = { $field } must begin with https://
channel-recipient = { $address } is not an e-mail address
channel-recipients = { $field } must contain 1 to { $most } e-mail addresses
channel-recipient-list = { $field } must be a list of e-mail addresses
channel-too-many = An account can have at most { $most } channels: delete one that is not used
channel-without-secret = An e-mail channel has no secret
channel-disabled-gone = The receiver no longer exists (HTTP 410)
channel-disabled-manual = Disabled by an administrator
body-bool = { $field } must be true or false
too-many-tests = Too many tests and launches: try again in { $seconds } s

subscription-not-found = Subscription not found
subscription-taken = The channel already has this subscription: change its level
subscription-scope = Set either flow or pipeline, or neither for everything
subscription-too-many = An account can have at most { $most } subscriptions: delete one that is not used

delivery-not-found = Delivery not found
delivery-is-waiting = The message is already waiting for its next try
delivery-channel-disabled = The channel is disabled: enable it first
delivery-reply = { $value }
delivery-timed-out = No response in time
delivery-unreachable = No connection: { $value }
delivery-untrusted = The TLS certificate is not trusted: { $value }
delivery-broken = The connection was closed before the response
delivery-redirected = HTTP { $value }: redirects are not followed
delivery-address = The address is not valid or not allowed
delivery-mail-off = E-mail is not configured: an operator must set mail.host
delivery-no-starttls = The mail server does not support STARTTLS: an operator must change mail.encryption
delivery-disabled = Not sent, because the channel was disabled

notification-test-title = Test of the channel { $name }
notification-test-detail = An administrator sent this message to test the channel. No action is needed.
notification-mail-link = More in openhexa-bridge:
notification-mail-about = Sent by openhexa-bridge to the channel { $name }.

api-tag-notifications = Notifications

list_channels = The channels of the account, to which notifications are sent
create_channel = Create a channel; the response contains the secret of a webhook, which is not shown again
get_channel = One channel
change_channel = Change, disable or enable a channel
delete_channel = Delete a channel with its subscriptions and its deliveries
rotate_channel_secret = Create a new secret; messages are signed with the current one as well for 24 hours
test_channel = Send a test message at once, and wait up to 10 seconds for the response of the receiver
list_subscriptions = The subscriptions of the account: which channel is notified of what
create_subscription = Notify a channel of everything, or of one flow or pipeline
change_subscription = Change how much a channel is notified of
delete_subscription = Delete a subscription
list_deliveries = Messages to channels with the result of their last try, newest first
send_delivery_again = Send a message again, also one that was delivered

api-channel-id = The number of the channel
api-subscription-id = The number of the subscription
api-delivery-id = The id of the message, such as msg_0123456789abcdef0123456789abcdef
api-delivery-channel = The name of the channel
api-delivery-state = waiting, delivered or failed
