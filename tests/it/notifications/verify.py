"""Verifies a message with the public library `standardwebhooks`. Prints "valid" or the library's error."""

import datetime
import json
import sys

import standardwebhooks.webhooks as library

message = json.load(sys.stdin)
now = datetime.datetime.fromtimestamp(message["now"], tz=datetime.timezone.utc)


class Clock(datetime.datetime):
    """The time of the story, which moves its clock."""

    @classmethod
    def now(cls, tz=None):
        return now


library.datetime = Clock
try:
    library.Webhook(message["secret"]).verify(message["body"], message["headers"])
    print("valid")
except library.WebhookVerificationError as error:
    print(error)
