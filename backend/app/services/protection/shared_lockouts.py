"""Lockout records that all processes share, in Redis; one script, hence one judgement.

What this process sees is noted in its own memory as well, so that a lost store frees
nobody whom this process had locked out.
"""

from typing import Any, Final

from app.services.protection.lockout_records import Failure, LockoutPolicy, MemoryLockouts
from app.services.protection.shared import SharedStore

_MICROSECONDS: Final = 1_000_000
_MILLISECONDS: Final = 1000

# KEYS of all scripts: the pair's lockout, its failures, that it is familiar; the client's
# failures. The braces make one client's keys neighbours in a cluster.
_KEYS: Final = (
    "vividly:lockout:{{{client}}}:locked:{account}",
    "vividly:lockout:{{{client}}}:failing:{account}",
    "vividly:lockout:{{{client}}}:familiar:{account}",
    "vividly:lockout:{{{client}}}:spent",
)
_TRIM: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function trim(key, window)
  local oldest = redis.call('LINDEX', key, 0)
  while oldest and tonumber(oldest) <= now - window do
    redis.call('LPOP', key)
    oldest = redis.call('LINDEX', key, 0)
  end
  return redis.call('LLEN', key)
end
local function add(key, window)
  redis.call('RPUSH', key, string.format('%.0f', now))
  redis.call('PEXPIRE', key, math.ceil(window / 1000))
end
"""
# ARGV: the client's amount and window (µs). Returns milliseconds.
_LOCKED: Final = (
    _TRIM
    + """
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return left end
local amount, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local count = trim(KEYS[4], window)
if count < amount then return 0 end
if redis.call('EXISTS', KEYS[3]) == 1 and redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
local first = tonumber(redis.call('LINDEX', KEYS[4], count - amount))
return math.ceil((first + window - now) / 1000)
"""
)
# ARGV: as above, then failures, their window (µs), the lockout (ms).
# Returns the lockout that began (ms) or 0, and 1 if the client is spent by this.
_FAILED: Final = (
    _TRIM
    + """
local amount, window, spent = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
local count = trim(KEYS[4], window)
if count < amount then
  add(KEYS[4], window)
  if count + 1 == amount then spent = 1 end
end
if redis.call('EXISTS', KEYS[1]) == 1 then return {0, spent} end
local failures, span = tonumber(ARGV[3]), tonumber(ARGV[4])
if trim(KEYS[2], span) + 1 < failures then
  add(KEYS[2], span)
  return {0, spent}
end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], '1', 'PX', ARGV[5])
return {tonumber(ARGV[5]), spent}
"""
)
# ARGV: how long a pair stays familiar (s).
_SUCCEEDED: Final = """
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('SET', KEYS[3], '1', 'EX', ARGV[1])
return 1
"""


class SharedLockouts:
    """The records of all processes; see ``lockout_records.LockoutRecords``."""

    def __init__(self, store: SharedStore, policy: LockoutPolicy, own: MemoryLockouts) -> None:
        self._store = store
        self._own = own
        self._locked = store.script(_LOCKED)
        self._failed = store.script(_FAILED)
        self._succeeded = store.script(_SUCCEEDED)
        spent = policy.client_failures
        self._of_client = (spent.amount, spent.window_s * _MICROSECONDS)
        self._of_pair = (
            policy.failures,
            policy.window_s * _MICROSECONDS,
            policy.lockout_s * _MILLISECONDS,
        )
        self._familiar_s = policy.familiar_s

    async def locked_s(self, client: str, account: str) -> float:
        """How long the pair may not try; 0 if it may."""
        left_ms = await self._ask(self._locked, client, account, self._of_client)
        if left_ms is None:
            return await self._own.locked_s(client, account)
        left_s = float(left_ms) / _MILLISECONDS
        if left_s:
            self._own.note_lockout(client, account, left_s)
        return left_s

    async def failed(self, client: str, account: str) -> Failure:
        """Note a wrong password."""
        of_own = self._own.failed_now(client, account)
        arguments = (*self._of_client, *self._of_pair)
        answer = await self._ask(self._failed, client, account, arguments)
        if answer is None:
            return of_own
        lockout_ms, is_spent = answer
        if lockout_ms:
            # Its failures may have come to other processes: ours would not add up to it.
            self._own.note_lockout(client, account, lockout_ms / _MILLISECONDS)
        return Failure(lockout_ms / _MILLISECONDS, bool(is_spent))

    async def succeeded(self, client: str, account: str) -> None:
        """Note a right one."""
        await self._own.succeeded(client, account)
        await self._ask(self._succeeded, client, account, (self._familiar_s,))

    async def _ask(
        self, script: Any, client: str, account: str, arguments: tuple[int, ...]
    ) -> Any | None:
        keys = [key.format(client=client, account=account) for key in _KEYS]
        return await self._store.ask("lockouts", lambda _: script(keys=keys, args=arguments))
