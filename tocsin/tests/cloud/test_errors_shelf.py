"""The shelf of error groups: bounded, and the same after a restart."""

import json

from cloud.violations.kind import Desk

from tocsin.rehearsal.cloud.errors.capture import Captured
from tocsin.rehearsal.cloud.errors.groups import EVENTS_KEPT, GroupShelf
from tocsin.rehearsal.cloud.errors.messages import UpdateGroupRequest

TRACE = 'Traceback (most recent call last):\n  File "a", line 1, in f\nKeyError: 1'
LINE = json.dumps({"message": TRACE}).encode()


def seen(text, *, time_ns=0, user=""):
    return Captured("school", time_ns, "api", "1", user, text, (), {}, {})


def test_groups_are_bounded_and_what_leaves_is_counted():
    """Beyond the number of groups the one not seen for longest leaves, and is counted."""
    shelf = GroupShelf(max_groups=2)

    for word in ("one", "two", "one", "three"):
        shelf.add(seen(word))

    assert [group.message for group in shelf.groups()] == ["one", "three"]
    assert shelf.dropped == 1


def test_a_storm_keeps_the_newest_events_and_the_whole_count():
    """A group counts every event and holds only the newest."""
    shelf = GroupShelf()

    for number in range(EVENTS_KEPT + 50):
        shelf.add(seen("boom", time_ns=number, user=f"u-{number % 3}"))

    [group] = shelf.groups()
    assert (group.count, len(group.events)) == (EVENTS_KEPT + 50, EVENTS_KEPT)
    assert (group.first_ns, group.last_ns) == (0, EVENTS_KEPT + 49)
    assert (group.events[-1].time_ns, group.users) == (EVENTS_KEPT + 49, ("u-0", "u-1", "u-2"))


def test_a_journal_brings_groups_and_marks_back():
    """Groups, counts and what people marked are the same after a restart."""
    journal = []
    before, after = Desk(), Desk()
    before.world.keep = lambda *noted: journal.append(noted)
    for _ in range(3):
        before.logs.take_line(LINE, project="school")
    [group] = before.errors.groups()
    request = UpdateGroupRequest()
    request.group.name = f"projects/school/groups/{group.group_id}"
    request.group.resolution_status = 2
    before.call("UpdateGroup", request)

    for noted in journal:
        after.logs.recall(*noted)
        after.errors.recall(*noted)

    assert after.errors.groups() == before.errors.groups()
    assert [(one.count, one.status) for one in after.errors.groups()] == [(3, 2)]
