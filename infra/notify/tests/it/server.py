"""A real SMTP server: STARTTLS and AUTH required, every mail printed as a line of JSON.

usage: server.py CERTIFICATE KEY NAME PASSWORD [busy | mute]
"""
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, name, password, *moods = sys.argv[1:]


def told(**what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        if "busy" in moods:
            return "451 4.3.0 come again later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        told(sender=envelope.mail_from, readers=envelope.rcpt_tos, subject=mail["Subject"],
             id=mail["Message-ID"], tls=session.ssl is not None, parts=parts)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == name.encode() and data.password == password.encode()
    # "Handled" means that the reply was sent already: a server that says nothing.
    return AuthResult(success=good, handled="mute" in moods)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def smtp():
        return SMTP(Handler(), tls_context=context, require_starttls=True, auth_required=True,
                    authenticator=authenticate)

    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0)
    told(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
