"""Commands, statements and programs of the pages are taken by who has to take them."""

import os
import shutil
import subprocess
import sys

import pytest
from handbook.pages import BACKEND, DOCS, HANDBOOK, PLAYBOOKS, WITH_GCLOUD, blocks, commands
from sqlalchemy import text

from app.core.database import Database
from app.models.migrate import upgrade
from tocsin.rehearsal.cloud.logs.query import Query
from tocsin.telemetry.identity import Pseudonyms

USAGE_ERROR = 2
FILTERS = [
    (page, call[3])
    for page in WITH_GCLOUD
    for call in commands(page, "gcloud")
    if call[1:3] == ["logging", "read"]
]


def refusals_of_gcloud(calls, folder):
    """The calls that gcloud cannot read; it has no account, so those it can read go nowhere."""
    found = shutil.which("gcloud")
    if found is None:
        pytest.skip("gcloud is not on the path: https://cloud.google.com/sdk/docs/install")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
    }
    for words in calls:
        done = subprocess.run(
            [found, *words[1:]],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode == USAGE_ERROR:
            yield words, done.stderr


def shape(call):
    """What gcloud's parser looks at: a query is a word to it, whatever it asks."""
    return tuple("TEXT" if " " in word or '"' in word else word for word in call)


@pytest.mark.servers
@pytest.mark.timeout(300)
def test_gcloud_knows_every_command_of_the_pages(tmp_path):
    """No page sends somebody to a command or an option that there is not (behaviour 38)."""
    calls = [call for page in WITH_GCLOUD for call in commands(page, "gcloud")]
    one_of_each_shape = {shape(call): call for call in calls}

    refused = list(refusals_of_gcloud(one_of_each_shape.values(), tmp_path))

    assert refused == []
    assert len(calls) > 60
    assert len(one_of_each_shape) > 20


@pytest.mark.servers
def test_a_command_that_there_is_not_is_noticed(tmp_path):
    """The question can be answered with no."""
    calls = [["gcloud", "logging", "read", "severity>=ERROR", "--freshnes", "1h"]]

    refused = list(refusals_of_gcloud(calls, tmp_path))

    assert [words for words, _ in refused] == calls


@pytest.mark.parametrize(("page", "asked"), FILTERS, ids=lambda one: getattr(one, "stem", ""))
def test_every_filter_of_the_pages_can_be_read(page, asked):
    """Each is written in Logging's query language, as far as the rehearsal cloud knows it."""
    assert Query(asked), page


async def test_every_statement_of_the_playbooks_runs(any_database_url, settings_with):
    """Tables, columns and words are those of the migrated database, on both kinds."""
    statements = [
        one
        for page in PLAYBOOKS
        for block in blocks(page, "sql")
        for one in block.split(";")
        if one.strip()
    ]
    await upgrade(any_database_url)
    database = Database(settings_with(database_url=any_database_url))

    async with database.transaction() as transaction:
        for statement in statements:
            await transaction.execute(text(statement))
    await database.close()

    assert len(statements) >= 3


def test_an_account_is_found_by_its_pseudonym():
    """The playbook's program gives the ids that the pseudonyms stand for, and no others."""
    (program,) = blocks(DOCS / "playbooks" / "credential-stuffing.md", "python")
    key = "t" * 32
    wanted = Pseudonyms(key.encode()).user("42")

    found = subprocess.run(
        [sys.executable, "-c", program, wanted],
        input="7\n42\n99\n",
        env={"ENVIRONMENT": "test", "SECRET_KEY": "k" * 32, "TELEMETRY_KEY": key},
        cwd=BACKEND,
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.split() == ["42"]


@pytest.mark.parametrize("page", HANDBOOK, ids=lambda one: one.stem)
def test_every_tocsin_command_of_the_handbook_is_one(page):
    """Each is read by the program itself, which is asked for help instead of doing it."""
    calls = [*commands(page, ".venv/bin/tocsin"), *commands(page, "tocsin")]

    answers = [
        subprocess.run(
            [sys.executable, "-m", "tocsin", *words[1:], "--help"], capture_output=True, check=False
        ).returncode
        for words in calls
    ]

    assert [words for words, answer in zip(calls, answers, strict=True) if answer] == []
