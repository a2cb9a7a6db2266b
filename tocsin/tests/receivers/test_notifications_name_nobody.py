"""What must not stand in a notification is found, and nothing else is."""

import pytest

from tocsin.rehearsal.receivers.privacy import leaks

OURS = ("alarms@drill.example", "security@drill.example")


@pytest.mark.parametrize(
    "text",
    [
        "5 lockouts of lena@school.example",
        "from 192.0.2.7",
        "from 192.0.2.7:51712.",
        "from 2001:db8::1",
        'ip_address = "fe80::1:2:3"',
        "Lena is locked out",
    ],
)
def test_a_person_in_a_notification_is_found(text):
    """Addresses of both kinds, mailboxes and names that took part are all leaks."""
    found = leaks(text, people=("Lena",), ours=OURS)

    assert len(found) == 1


@pytest.mark.parametrize(
    "text",
    [
        "From: alarms@drill.example\nTo: security@drill.example",
        "client 03bf92262062, at 04:15:02 on 2026-11-24",
        "http://prometheus.example/graph?g0.expr=up",
        "custom_googleapis_com:vividly_http_request_total",
        "version 1.2.3, 95 % over 2.5 s",
        "<1795495143.228.17@drill.example>",
    ],
)
def test_what_names_nobody_is_let_through(text):
    """Pseudonyms, times, versions, our own mailboxes and ids of letters are no leaks."""
    assert leaks(text, people=("Lena",), ours=OURS) == ()
