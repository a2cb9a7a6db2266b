"""Who writes is told by settings or by the metadata server, and is unique."""

import os

import pytest

from tocsin.errors import DeclarationError
from tocsin.telemetry.metrics import Resource
from tocsin.telemetry.resource import METADATA_URL, MetadataServer, Writer
from tocsin.telemetry.testing import HandClock

SHOP = Resource("shop", "production", instance="i-1")
ON_CLOUD_RUN = Resource("shop", "production", instance="localhost")
ANSWERS = {
    "project/project-id": "shop-prod",
    "instance/region": "projects/123/regions/europe-west1",
    "instance/id": "00f8a1",
}


def metadata(asked=None):
    def get(url, _timeout_s):
        path = url.removeprefix(METADATA_URL)
        if asked is not None:
            asked.append(path)
        return ANSWERS[path]

    return MetadataServer(get)


def test_the_project_is_the_one_that_was_told():
    """A setting decides; nobody is asked (D10)."""
    asked = []

    task = Writer(SHOP, project="told", location="us-east1", metadata=metadata(asked)).task()

    assert (task.project, task.location) == ("told", "us-east1")
    assert asked == []


def test_without_a_project_nothing_is_written_anywhere():
    """There is no default project, only an error that says what to do (D10)."""
    with pytest.raises(DeclarationError, match="name the project"):
        Writer(SHOP).task()


def test_project_and_region_come_from_the_platform_where_they_are_not_told():
    """The location is where the instance runs, not a constant (D11)."""
    task = Writer(ON_CLOUD_RUN, metadata=metadata()).task()

    assert task.labels == {
        "project_id": "shop-prod",
        "location": "europe-west1",
        "namespace": "production",
        "job": "shop",
        "task_id": task.task_id,
    }
    assert task.task_id.startswith(f"00f8a1-{os.getpid()}-")


def test_a_process_outside_of_the_cloud_is_nowhere_in_particular():
    """Where no metadata server answers, the location is `global`; it is asked once (D11)."""
    asked = []

    def get(url, _timeout_s):
        asked.append(url)
        raise OSError

    server = MetadataServer(get)
    task = Writer(ON_CLOUD_RUN, project="p", metadata=server).task()

    assert task.location == "global"
    assert task.task_id.startswith("localhost-")
    assert len(asked) == 1


@pytest.mark.servers
@pytest.mark.fresh_process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_is_another_writer():
    """An identity drawn before the fork is the parent's alone (D04, behaviours 2 and 3)."""
    writer = Writer(SHOP, project="p")
    parents = writer.task().task_id
    reading, writing = os.pipe()

    child = os.fork()
    if not child:
        os.write(writing, writer.task().task_id.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)

    with os.fdopen(reading) as pipe:
        assert pipe.read().startswith(f"i-1-{child}-")
    assert writer.task().task_id == parents


def test_no_two_writers_are_the_same():
    """Instances share host name and process id; the moment differs (D04, behaviour 3)."""
    clock = HandClock()
    first = Writer(ON_CLOUD_RUN, project="p", clock=clock)
    earlier = first.task()
    clock.advance(0.001)

    later = Writer(ON_CLOUD_RUN, project="p", clock=clock).task()

    assert later != earlier
    assert first.task() is earlier
