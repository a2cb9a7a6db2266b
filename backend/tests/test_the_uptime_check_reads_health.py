"""What Google's uptime check looks for in the answer is what the service answers."""

import re
from pathlib import Path

import httpx

from drills import CAUSES

CHECK = Path(__file__).parents[1] / "terraform" / "monitoring" / "uptime_checks.tf"


async def test_the_checks_look_for_what_health_says(client: httpx.AsyncClient):
    """A check that waits for other words would ring `ServiceDown` for a healthy service (R135)."""
    deployed = re.search(r'content = "(.+)"', CHECK.read_text())[1].replace('\\"', '"')

    answer = await client.get("/health")

    assert answer.status_code == 200
    assert deployed in answer.text
    assert CAUSES.uptime.contains in answer.text
