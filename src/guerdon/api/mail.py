"""Mails: what they say, and how they are sent. They are for after the answer (`unit_of_work.then`): a mail server that
is slow or down never holds a request up, nor a transaction."""

import asyncio
import logging
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from msgspec import Struct

from guerdon.settings import Settings

PATIENCE = 10  # seconds, for each answer of the mail server

log = logging.getLogger("guerdon")

INVITATION = """\
Hello {name},

you are invited to Guerdon at {url}.

Choose a password and accept the invitation with this token within 24 hours:

    {token}

For example:

    curl -X POST {url}/v1/users -d '{{"email": "{email}", "password": "…", "inviteToken": "{token}"}}'
"""
RECOVERY = """\
Hello {name},

somebody, probably you, asked for a new password for Guerdon at {url}.
If it was not you, nothing needs to be done: the password stays what it is.

Choose a new one with this token within 30 minutes:

    {token}

For example:

    curl -X POST {url}/v1/reset_password -d '{{"password": "…", "resetToken": "{token}"}}'
"""


class Mail(Struct, frozen=True):
    """A mail as it is written; `sent` is its date."""

    to: str
    subject: str
    text: str
    sent: datetime


class Mailer:
    """Sends mails through the mail server of the settings; without one they go to the log."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def invite(self, email: str, name: str, token: str, now: datetime) -> None:
        """Send an invitation."""
        await self._send(Mail(email, "Invitation to Guerdon", self._filled(INVITATION, email, name, token), now))

    async def recover(self, email: str, name: str, token: str, now: datetime) -> None:
        """Send what a new password is chosen with."""
        await self._send(Mail(email, "A new password for Guerdon", self._filled(RECOVERY, email, name, token), now))

    def _filled(self, text: str, email: str, name: str, token: str) -> str:
        url = (self._settings.public_url or self._settings.url).rstrip("/")
        return text.format(name=" ".join(name.split()) or email, email=email, token=token, url=url)

    async def _send(self, mail: Mail) -> None:
        """Send it; a failing mail server is one line in the log."""
        if not self._settings.smtp_host:
            log.warning("No mail server is set up (GUERDON_SMTP_HOST). To %s: %s\n%s", mail.to, mail.subject, mail.text)
            return
        try:
            await asyncio.to_thread(self._deliver, mail)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            log.error("A mail to %s could not be sent: %s", mail.to, error)

    def _deliver(self, mail: Mail) -> None:
        settings = self._settings
        secure = ssl.create_default_context()
        if settings.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, timeout=PATIENCE, context=secure
            )
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=PATIENCE)
        with server:
            if settings.smtp_security == "starttls":
                server.starttls(context=secure)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(self._message(mail))

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.smtp_from
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.sent)
        message["Message-ID"] = make_msgid(domain=parseaddr(self._settings.smtp_from)[1].rpartition("@")[2] or None)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message
