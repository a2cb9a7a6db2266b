"""A request's path stays readable and names nobody."""

import time

import pytest

from tocsin.telemetry.redaction import MASK, Redactor

redactor = Redactor()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v1/lessons/42",
        "/api/v1/content/requests/6b1f0c9e-7f0a-4f57-9a3e-0d6f6d1c2b3a",
        "/users/42/progress",
        "/users/me",
        "/users/6b1f0c9e-7f0a-4f57-9a3e-0d6f6d1c2b3a",
        "/api/v1/auth/password-reset/confirm",
        "/wp-login.php",
        "/.env",
        "/lessons/introduction-to-photosynthesis-for-grade-10",
        "/orders/2026112300017",
        "/clients/0123456789ab",
        "/students/{student_id}",
    ],
)
def test_an_ordinary_path_stays_as_it_is(path):
    """Words, numbers, UUIDs and pseudonyms say of nobody who they are."""
    shown = redactor.url_path(path)

    assert shown == path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/users/ada@school.example/lessons", f"/users/{MASK}/lessons"),
        ("/find/ada%40school.example", f"/find/{MASK}"),
        ("/find/ada%2540school.example", f"/find/{MASK}"),
        ("/call/202-555-0143", f"/call/{MASK}"),
        ("/from/192.0.2.7", f"/from/{MASK}"),
        ("/pay/4242424242424242", f"/pay/{MASK}"),
        ("/students/ada-lovelace/report", f"/students/{MASK}/report"),
        ("/reset-password/8fG2kQ9z", f"/reset-password/{MASK}"),
        ("/magic/6b1f0c9e-7f0a-4f57-9a3e-0d6f6d1c2b3a", f"/magic/{MASK}"),
        ("/verify/493817", f"/verify/{MASK}"),
        ("/x/dGhpc0lzQVJlc2V0VG9rZW4x", f"/x/{MASK}"),
        ("/x/0123456789abcdef0123456789abcdef", f"/x/{MASK}"),
        ("/x;jsessionid=abcdef/y", f"/{MASK}/y"),
        ("/password=swordfish", f"/{MASK}"),
    ],
)
def test_a_segment_that_tells_is_hidden_and_its_neighbours_stay(path, shown):
    """Secrets, people and doors in a path (behaviour 30)."""
    assert redactor.url_path(path) == shown


def test_the_query_and_the_fragment_are_left_out():
    """The caller should not pass them; a caller may."""
    shown = redactor.url_path("/login?password=swordfish#access_token=abc")

    assert shown == "/login"


def test_a_secret_that_reaches_over_a_slash_is_hidden():
    """Seen in the whole path, not in one segment of it."""
    shown = redactor.url_path("/x/password=/swordfish1")

    assert "swordfish1" not in shown


def test_an_endless_path_is_cut_and_says_by_how_much():
    """A stranger chooses the length of a path."""
    path = "/lessons" * 10_000

    shown = redactor.url_path(path)

    assert len(shown) <= 1024
    assert shown.endswith(f"[cut {len(path) - shown.index('[')} characters]")


@pytest.mark.parametrize(
    "path", ["/wp-login.php", "/api/v1/content/requests/6b1f0c9e-7f0a-4f57-9a3e-0d6f6d1c2b3a"]
)
def test_a_clean_path_costs_a_few_microseconds(path):
    """It runs on every request without a fixed template; 3 µs measured, 60 µs allowed."""
    best_s = 1.0
    for _ in range(20):
        start_s = time.process_time()
        for _ in range(200):
            redactor.url_path(path)
        best_s = min(best_s, (time.process_time() - start_s) / 200)

    assert best_s < 60e-6
