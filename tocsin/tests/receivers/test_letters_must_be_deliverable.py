"""What the mail server demands of a letter, with the standard library as the sender."""

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import pytest

from tocsin.rehearsal.receivers.desk import ReceiversDesk

TO = "security@drill.example"


def letter(**changed: str | None) -> EmailMessage:
    """A good letter with these fields changed; None takes a field away."""
    fields = {
        "From": "alarms@drill.example",
        "To": TO,
        "Subject": "[FIRING:1] ServiceDown",
        "Date": formatdate(),
        "Message-ID": make_msgid(domain="drill.example"),
    }
    made = EmailMessage()
    for name, value in {**fields, **changed}.items():
        if value is not None:
            made[name.replace("_", "-")] = value
    made.set_content("Nobody can use the service.\n")
    return made


def sent(desk: ReceiversDesk, content: bytes) -> int:
    """The server's answer to this letter."""
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=10) as server:
        server.ehlo()
        server.mail("alarms@drill.example")
        server.rcpt(TO)
        return server.data(content)[0]


def test_a_good_letter_is_taken_and_read():
    """Subject and text are there to be looked at, and whom it was for."""
    with ReceiversDesk() as desk:
        code = sent(desk, letter().as_bytes())
        (delivery,) = desk.inbox

    assert code == 250
    assert (delivery.channel, delivery.to, delivery.is_resolved) == ("email", TO, False)
    assert delivery.tells("ServiceDown")
    assert "Nobody can use" in delivery.text


@pytest.mark.parametrize(
    "changed",
    [
        {"Date": None},
        {"Date": "soon"},
        {"Subject": None},
        {"From": None},
        {"Message-ID": None},
        {"To": "somebody.else@drill.example"},
    ],
)
def test_a_letter_that_would_not_arrive_is_refused(changed):
    """A letter without a date, a sender, a subject, an id, or to somebody else is no alarm."""
    with ReceiversDesk() as desk:
        code = sent(desk, letter(**changed).as_bytes())
        (delivery,) = desk.inbox

    assert code == 550
    assert not delivery.is_accepted
    assert desk.inbox.first("ServiceDown", "email", is_resolved=False) is None


def test_an_endless_line_is_refused():
    """RFC 5322 ends a line after 998 characters, and so do mail servers."""
    content = letter().as_bytes() + b"x" * 1500 + b"\r\n"

    with ReceiversDesk() as desk:
        code = sent(desk, content)

    assert code >= 500
