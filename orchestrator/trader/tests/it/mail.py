"""An SMTP server on this machine: every mail is printed as a line of JSON.

usage: mail.py PORT
"""
import asyncio
import email
import email.policy
import json
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        told = dict(readers=envelope.rcpt_tos, subject=mail["Subject"], id=mail["Message-ID"],
                    text=mail.get_content())
        print(json.dumps(told), flush=True)
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler()), "127.0.0.1", int(sys.argv[1]))
    print("{}", flush=True)
    await server.serve_forever()


asyncio.run(main())
