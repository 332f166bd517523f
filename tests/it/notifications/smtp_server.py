"""A mail server for the tests: aiosmtpd with the options in the first argument, as JSON.

The first line that it prints is its port. After that, it prints each message as a line of JSON, parsed by Python's own library.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

OPTIONS = json.loads(sys.argv[1])


def show(value):
    print(json.dumps(value), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in OPTIONS.get("refused", []):
            return "550 5.1.1 no such user"
        if address in OPTIONS.get("busy", []):
            return "451 4.3.0 mailbox busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: message.get_body((kind,)).get_content()
        show({
            "recipients": envelope.rcpt_tos,
            "sender": envelope.mail_from,
            "encrypted": session.ssl is not None,
            "authenticated": session.authenticated,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "kind": message.get_content_type(),
            "plain": part("plain"),
            "html": part("html"),
        })
        return "250 2.0.0 queued"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword)
    known = known and [data.login.decode(), data.password.decode()] == OPTIONS["credentials"]
    return AuthResult(success=known, handled=False)


def new_session():
    options = {}
    if "certificate" in OPTIONS:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(OPTIONS["certificate"], OPTIONS["key"])
        options |= {"tls_context": context, "require_starttls": True}
    if "credentials" in OPTIONS:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": "certificate" in OPTIONS}
    return SMTP(Handler(), hostname="mail.test", **options)


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(new_session, "127.0.0.1", OPTIONS.get("port", 0))
    show(server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(serve())
