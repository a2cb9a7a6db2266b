"""Letters to people: by SMTP where a server is named, into a folder while developing.

The folder keeps the newest hundred letters, as files that any mail program opens. A
letter holds an address and a secret: neither reaches a log, nor do a server's own words,
which may repeat them.

>>> Mail("ada@school.example", "Hello", "A lesson is ready.").message("us@school.example")["To"]
'ada@school.example'
"""

import asyncio
import os
import smtplib
import ssl
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from app.core.config import Settings
from tocsin.clock import Clock

LETTERS_KEPT: Final = 100
_TIMEOUT_S = 10.0
_PORTS = {"smtp": 587, "smtps": 465}
_MINE_ALONE = 0o600


class MailNotSentError(Exception):
    """A letter could not be handed over; the text is the kind of fault alone."""


@dataclass(frozen=True)
class Mail:
    """One letter in plain text."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)

    def message(self, sender: str) -> EmailMessage:
        """The letter as mail programs want it.

        Raises:
            ValueError: an address holds a line break, and so would forge a header.
        """
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = sender
        message["To"] = self.to
        message["Subject"] = self.subject
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no «out of office» back to us
        message.set_content(self.text)
        return message


class Mailer(Protocol):
    """Whoever carries letters away."""

    async def send(self, mail: Mail) -> None:
        """Hand one letter over.

        Raises:
            MailNotSentError: it was not taken.
        """
        ...


class OutboxMailer:
    """Puts letters into a folder, the newest ``keep`` of them."""

    def __init__(
        self, folder: Path, *, sender: str, clock: Clock, keep: int = LETTERS_KEPT
    ) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock
        self._keep = keep
        self._written = 0

    async def send(self, mail: Mail) -> None:
        """Write the letter, for this user's eyes alone."""
        self._written += 1
        # The time sorts them over restarts and processes, the number within a moment.
        name = f"{self._clock.wall_ns():020d}-{os.getpid()}-{self._written:06d}.eml"
        await asyncio.to_thread(self._write, name, bytes(mail.message(self._sender)))

    def letters(self) -> list[Path]:
        """The letters, the oldest first."""
        return sorted(self._folder.glob("*.eml"))

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / name
            path.touch(_MINE_ALONE)
            path.write_bytes(content)
        except OSError as error:
            raise MailNotSentError(type(error).__name__) from None
        for old in self.letters()[: -self._keep]:
            old.unlink(missing_ok=True)


class SmtpMailer:
    """Hands letters to a mail server; the connection is encrypted or there is no letter.

    ``url`` is ``smtps://user:password@host:465`` or ``smtp://…:587``, which then must
    offer STARTTLS. ``trust`` decides whose certificates are believed.
    """

    def __init__(self, url: str, *, sender: str, trust: ssl.SSLContext | None = None) -> None:
        self._parts = urlsplit(url)
        self._sender = sender
        self._trust = trust or ssl.create_default_context()

    async def send(self, mail: Mail) -> None:
        """Hand the letter over, on a thread: a slow server must not hold up others."""
        await asyncio.to_thread(self._deliver, mail.message(self._sender))

    def _deliver(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                if self._parts.username:
                    password = unquote(self._parts.password or "")
                    server.login(unquote(self._parts.username), password)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            # A server's refusal repeats the address: its type must do.
            raise MailNotSentError(type(error).__name__) from None

    def _connected(self) -> smtplib.SMTP:
        host = self._parts.hostname or ""
        port = self._parts.port or _PORTS[self._parts.scheme]
        if self._parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=self._trust)
        server = smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
        try:
            server.starttls(context=self._trust)
        except BaseException:
            server.close()
            raise
        return server


def mailer_from(settings: Settings, *, clock: Clock) -> Mailer:
    """The mailer that these settings ask for."""
    if settings.smtp_url is None:
        return OutboxMailer(settings.mail_dir, sender=settings.mail_from, clock=clock)
    return SmtpMailer(settings.smtp_url.get_secret_value(), sender=settings.mail_from)
