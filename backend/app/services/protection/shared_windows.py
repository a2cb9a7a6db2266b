"""Moving windows that all processes share: one script, one round trip, Redis's own clock.

Each window is a list of microseconds, oldest first. The script looks at every quota
before it counts under any, so a refusal costs the caller nothing; a list expires with its
window. Without the store this process counts by its own memory.
"""

from typing import Final

from app.services.protection.shared import SharedStore
from app.services.protection.windows import MemoryWindows, Quota, Verdict

_PREFIX: Final = "vividly:window:"
_MICROSECONDS: Final = 1_000_000

# KEYS: one list per quota. ARGV: 1 to count or 0 to look; then amount, window (µs) of each.
# Returns admitted, amount, remaining, microseconds until one more fits: of the tightest.
# Lua prints large numbers as 1.7e+15 unless told not to: hence the %.0f.
TAKE_SCRIPT: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local refused, found = nil, {}
for i, key in ipairs(KEYS) do
  local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local oldest = redis.call('LINDEX', key, 0)
  while oldest and tonumber(oldest) <= now - window do
    redis.call('LPOP', key)
    oldest = redis.call('LINDEX', key, 0)
  end
  local count = redis.call('LLEN', key)
  found[i] = {amount = amount, window = window, count = count, oldest = tonumber(oldest or now)}
  if count >= amount then
    local first = tonumber(redis.call('LINDEX', key, count - amount))
    local wait = first + window - now
    if not refused or wait > refused[4] then refused = {0, amount, 0, wait} end
  end
end
if refused then return refused end
local tightest = nil
for i, key in ipairs(KEYS) do
  local one = found[i]
  if ARGV[1] == '1' then
    redis.call('RPUSH', key, string.format('%.0f', now))
    redis.call('PEXPIRE', key, math.ceil(one.window / 1000))
    one.count = one.count + 1
  end
  local remaining = one.amount - one.count
  if not tightest or remaining < tightest[3] then
    tightest = {1, one.amount, remaining, one.oldest + one.window - now}
  end
end
return tightest
"""


class SharedWindows:
    """The windows of all processes; see :class:`app.services.protection.windows.Windows`."""

    def __init__(self, store: SharedStore, fallback: MemoryWindows) -> None:
        self._store = store
        self._script = store.script(TAKE_SCRIPT)
        self._fallback = fallback

    async def take(self, *quotas: Quota) -> Verdict:
        """Count one request under every quota, or under none if one of them is used up."""
        verdict = await self._run(quotas, count=True)
        return verdict or self._fallback.take_now(*quotas)

    async def look(self, quota: Quota) -> Verdict:
        """Say how it stands, and count nothing."""
        verdict = await self._run((quota,), count=False)
        return verdict or await self._fallback.look(quota)

    async def _run(self, quotas: tuple[Quota, ...], *, count: bool) -> Verdict | None:
        keys = [_PREFIX + key for key, _ in quotas]
        arguments = [int(count)]
        for _, limit in quotas:
            arguments += (limit.amount, limit.window_s * _MICROSECONDS)
        answer = await self._store.ask("limits", lambda _: self._script(keys=keys, args=arguments))
        if answer is None:
            return None
        admitted, amount, remaining, reset_us = answer
        return Verdict(bool(admitted), amount, remaining, reset_us / _MICROSECONDS)
