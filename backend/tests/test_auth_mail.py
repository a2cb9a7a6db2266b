"""Promises about letters: where they go, and what nobody learns of them."""

import email.policy
import stat
from email.parser import BytesParser

import pytest
from mail_server import MailServer

from app.services.mailer import Mail, MailNotSentError, OutboxMailer, SmtpMailer, mailer_from
from tocsin.telemetry.testing import HandClock

SENDER = "Vividly <no-reply@school.example>"
LETTER = Mail("ada@school.example", "A new password", "Hello Ada,\n\nthe code is s3cret.\n")


def parsed(content: bytes):
    return BytesParser(policy=email.policy.default).parsebytes(content)


async def test_a_letter_in_development_is_a_file_that_a_mail_program_opens(settings):
    """Sender, addressee, subject and text are where they belong; others cannot read it."""
    mailer = mailer_from(settings, clock=HandClock())

    await mailer.send(LETTER)

    (path,) = settings.mail_dir.glob("*.eml")
    message = parsed(path.read_bytes())
    assert (message["To"], message["Subject"]) == ("ada@school.example", "A new password")
    assert message.get_content().replace("\r\n", "\n") == LETTER.text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_only_the_newest_letters_are_kept(tmp_path):
    """The folder does not grow for ever, across restarts too."""
    clock = HandClock()
    for part in ("before", "after"):
        mailer = OutboxMailer(tmp_path, sender=SENDER, clock=clock, keep=3)
        for number in range(3):
            await mailer.send(Mail("ada@school.example", f"{part} {number}", "x"))
            clock.advance(1.0)

    subjects = [parsed(path.read_bytes())["Subject"] for path in mailer.letters()]

    assert subjects == ["after 0", "after 1", "after 2"]


async def test_a_folder_that_cannot_be_written_is_told_without_the_letter(tmp_path):
    """The error names its kind, not the addressee."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    mailer = OutboxMailer(blocked / "mail", sender=SENDER, clock=HandClock())

    with pytest.raises(MailNotSentError) as failed:
        await mailer.send(LETTER)

    assert str(failed.value) in {"NotADirectoryError", "FileExistsError"}


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_letter_goes_to_the_mail_server_encrypted(scheme, tls):
    """By STARTTLS or by TLS from the first byte, after signing in."""
    async with MailServer(tls.server, implicit_tls=scheme == "smtps") as server:
        url = f"{scheme}://vividly:p%40ss@localhost:{server.port}"
        mailer = SmtpMailer(url, sender=SENDER, trust=tls.client)

        await mailer.send(LETTER)

    (delivered,) = server.delivered
    assert delivered.encrypted
    assert delivered.login == ("vividly", "p@ss")
    assert delivered.recipients == ["ada@school.example"]
    assert "the code is s3cret" in parsed(delivered.content).get_content()


async def test_a_server_without_encryption_gets_no_letter(tls):
    """A code that opens an account does not travel in clear."""
    async with MailServer(None) as server:
        mailer = SmtpMailer(f"smtp://localhost:{server.port}", sender=SENDER, trust=tls.client)

        with pytest.raises(MailNotSentError):
            await mailer.send(LETTER)

    assert server.delivered == []


async def test_a_server_that_cannot_prove_itself_gets_no_letter(tls):
    """An unknown certificate ends the conversation."""
    async with MailServer(tls.server, implicit_tls=True) as server:
        mailer = SmtpMailer(f"smtps://localhost:{server.port}", sender=SENDER)

        with pytest.raises(MailNotSentError, match="SSLCertVerificationError"):
            await mailer.send(LETTER)

    assert server.delivered == []


async def test_a_refusal_does_not_repeat_the_address(tls):
    """The server's own words, which name the child, stay behind."""
    async with MailServer(tls.server, refuses="ada@school.example") as server:
        mailer = SmtpMailer(f"smtp://localhost:{server.port}", sender=SENDER, trust=tls.client)

        with pytest.raises(MailNotSentError) as failed:
            await mailer.send(LETTER)

    assert str(failed.value) == "SMTPRecipientsRefused"
    assert failed.value.__cause__ is None


def test_a_letter_cannot_be_given_further_headers():
    """An address with a line break is refused, not sent on as a header."""
    forged = Mail("ada@school.example\nBcc: all@school.example", "x", "y")

    with pytest.raises(ValueError, match=r"(?i)linefeed|newline|carriage"):
        forged.message(SENDER)


def test_a_letter_shows_neither_addressee_nor_text():
    """It may stand among the locals of a traceback."""
    assert repr(LETTER) == "Mail(subject='A new password')"
