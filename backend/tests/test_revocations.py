"""A session that was ended stays ended for as long as a token of it may live."""

from app.services.protection.revocations import Revocations
from tocsin.telemetry.identity import Pseudonyms
from tocsin.telemetry.testing import HandClock

PSEUDONYMS = Pseudonyms(b"a telemetry key for tests, 32 characters and more")


async def test_a_revoked_session_is_refused_and_no_other():
    """Ending one session leaves the account's other sessions alone."""
    revocations = Revocations(HandClock(), PSEUDONYMS)

    await revocations.revoke("session-7", for_s=900)

    assert await revocations.is_revoked("session-7") is True
    assert await revocations.is_revoked("session-8") is False


async def test_a_revocation_is_kept_exactly_as_long_as_a_token_may_live():
    """Until the last token has expired, and then it costs no memory."""
    clock = HandClock()
    revocations = Revocations(clock, PSEUDONYMS)
    await revocations.revoke("session-7", for_s=900)

    clock.advance(899.9)
    before = await revocations.is_revoked("session-7")
    clock.advance(0.2)
    after = await revocations.is_revoked("session-7")

    assert (before, after) == (True, False)


async def test_revocations_are_bounded_and_the_newest_stand():
    """However many sessions end, memory holds the stated number: those ended last."""
    revocations = Revocations(HandClock(), PSEUDONYMS, sessions_at_most=1_000)

    for number in range(5_000):
        await revocations.revoke(f"session-{number}", for_s=900)

    assert len(revocations) == 1_000
    assert await revocations.is_revoked("session-4999") is True


async def test_expired_revocations_leave_by_themselves():
    """The next revocation sweeps out what is over."""
    clock = HandClock()
    revocations = Revocations(clock, PSEUDONYMS)
    for number in range(100):
        await revocations.revoke(f"session-{number}", for_s=900)

    clock.advance(901)
    await revocations.revoke("the next", for_s=900)

    assert len(revocations) == 1
