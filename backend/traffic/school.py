"""Who comes: pupils who ask, pupils who mistype, a guesser, a scanner, a prober.

Every coroutine runs until it is cancelled. What somebody does next comes from the
``Random`` that is handed in, so that a seed repeats a morning.
"""

import asyncio
from dataclasses import dataclass
from random import Random

import httpx

from traffic.client import Visitor
from traffic.tally import Tally

API = "/api/v1"
FINAL = {"completed", "clarification_needed", "out_of_scope", "failed", "cancelled"}

QUESTIONS = (
    "Why does the moon always show us the same side of its face?",
    "How does photosynthesis turn sunlight into sugar inside a leaf?",
    "What is the difference between speed and velocity in physics?",
    "What is the difference between the pitch and the loudness of a sound wave?",
    "What is the difference between an ionic bond and a covalent bond of atoms?",
    "How does natural selection change a population over many generations?",
    "What causes the seasons on Earth, and why are they opposite in the south?",
    "How do I find the roots of a quadratic equation with the formula?",
    "How does DNA replication keep the genetic code the same in new cells?",
    "Why do tectonic plates move and how does that make earthquakes?",
    "How does Newton's third law explain how a rocket accelerates in space?",
    "What happens to the energy of a chemical reaction that is exothermic?",
)
VAGUE = ("help me", "explain science please", "what about energy")
STRANGE = ("Who won the football match between the two city teams last weekend?",)
INTERESTS = ("basketball", "music", "cooking", "space", "skateboarding", "video games", "dancing")
SCANS = ("/.env", "/wp-login.php", "/admin.php", "/.git/config", "/phpmyadmin/", "/api/v2/users")
GRADES = (9, 10, 11, 12)
MISTYPES = 0.25
REFRESHES = 0.3


@dataclass
class Pupil:
    """One student: an account of this run, made up."""

    visitor: Visitor
    tally: Tally
    random: Random
    email: str
    password: str
    pace: float

    async def live(self) -> None:
        """Come to class: register, sign in, and ask until the bell."""
        await self.pause(3)
        await self.visitor.send_patiently("POST", f"{API}/auth/register", self._registration())
        while True:
            if not await self._sign_in():
                await self.pause(10)
                continue
            for _ in range(self.random.randint(1, 3)):
                await self._ask()
                await self.pause(6)
            if self.random.random() < REFRESHES:
                await self._refresh()
            await self.visitor.send("GET", f"{API}/content/requests")
            await self.visitor.send("POST", f"{API}/auth/logout")
            self.visitor.access_token = ""
            await self.pause(8)

    async def pause(self, mean_s: float) -> None:
        """Think for a while."""
        await asyncio.sleep(min(self.random.expovariate(1 / mean_s), 4 * mean_s) / self.pace)

    def _registration(self) -> dict[str, object]:
        return {
            "email": self.email,
            "password": self.password,
            "first_name": "Sam",
            "last_name": "Example",
            "role": "student",
            "grade_level": self.random.choice(GRADES),
        }

    async def _sign_in(self) -> bool:
        while self.random.random() < MISTYPES:
            await self._login("mistyped-" + self.password)
            await self.pause(2)
        response = await self._login(self.password)
        if response is None or response.status_code != httpx.codes.OK:
            return False
        body = response.json()
        self.visitor.access_token = body["access_token"]
        self.visitor.refresh_token = body["refresh_token"]
        await self.visitor.send("GET", f"{API}/auth/me")
        return True

    async def _login(self, password: str) -> httpx.Response | None:
        login = {"email": self.email, "password": password}
        return await self.visitor.send_patiently("POST", f"{API}/auth/login", login)

    async def _refresh(self) -> None:
        token = {"refresh_token": self.visitor.refresh_token}
        response = await self.visitor.send("POST", f"{API}/auth/refresh", token)
        if response is not None and response.status_code == httpx.codes.OK:
            self.visitor.access_token = response.json()["access_token"]
            self.visitor.refresh_token = response.json()["refresh_token"]

    async def _ask(self) -> None:
        asked = self.random.choices((QUESTIONS, VAGUE, STRANGE), (85, 10, 5))[0]
        question = {
            "student_query": self.random.choice(asked),
            "interest": self.random.choice(INTERESTS),
            "requested_modalities": ["video"],
        }
        response = await self.visitor.send_patiently("POST", f"{API}/content/generate", question)
        if response is not None and response.status_code == httpx.codes.ACCEPTED:
            await self._wait_for(response.headers["location"])

    async def _wait_for(self, location: str) -> None:
        while True:
            await asyncio.sleep(3 / self.pace)
            response = await self.visitor.send_patiently("GET", location)
            if response is None or response.status_code != httpx.codes.OK:
                return
            body = response.json()
            if body["status"] in FINAL:
                break
        self.tally.outcomes[body["outcome"] or body["status"]] += 1
        if body["status"] == "completed":
            await self.visitor.send("GET", body["artefact"])


async def guess_passwords(visitor: Visitor, random: Random, email: str, pace: float) -> None:
    """Try one account again and again, as somebody does who wants in."""
    while True:
        attempt = {"email": email, "password": f"Guess-{random.randint(1000, 9999)}"}
        await visitor.send("POST", f"{API}/auth/login", attempt)
        await asyncio.sleep(random.uniform(1, 4) / pace)


async def scan(visitor: Visitor, random: Random, pace: float) -> None:
    """Look for doors that are not there."""
    while True:
        for path in random.sample(SCANS, k=3):
            await visitor.send("GET", path)
        await asyncio.sleep(random.expovariate(1 / 10) / pace)


async def probe(visitor: Visitor, pace: float) -> None:
    """Ask for health, as a load balancer does."""
    while True:
        await visitor.send("GET", "/health")
        await asyncio.sleep(5 / pace)
