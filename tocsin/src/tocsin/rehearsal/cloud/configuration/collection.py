"""Named things of one sort, created, listed in pages, changed by mask, deleted.

>>> from google.cloud.monitoring_v3 import AlertPolicy
>>> policies = Collection(World(), "configuration.policy", AlertPolicy.pb())
>>> policies.put(AlertPolicy.pb()(name="projects/p/alertPolicies/1")).name
'projects/p/alertPolicies/1'
>>> [policy.name for policy in policies.page("projects/p/alertPolicies/").items]
['projects/p/alertPolicies/1']
>>> policies.get("projects/p/alertPolicies/2")
Traceback (most recent call last):
    ...
tocsin.rehearsal.cloud.refusals.Refusal: projects/p/alertPolicies/2 was not found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from tocsin.rehearsal.cloud.refusals import (
    Refusal,
    already_exists,
    invalid_argument,
    not_found,
)
from tocsin.rehearsal.cloud.world import World

_DELETED: Final = ".deleted"
_MOST: Final = 2_000  # a bound on memory, not Google's quota
_PAGE: Final = 1_000
_FIRST_ID: Final = 1_000_000_000_000_000_000


@dataclass(frozen=True)
class Page:
    """Some of a collection, and where it goes on."""

    items: list[Any]
    next_token: str


class Collection:
    """Used under ``world.lock``; gives and keeps copies."""

    def __init__(self, world: World, kind: str, message: type[Message]) -> None:
        self._world = world
        self._kind = kind
        self._message = message
        self._items: dict[str, Any] = {}
        self._last_id = _FIRST_ID

    def __iter__(self) -> Iterator[Any]:
        return (_copy(item) for item in self._items.values())

    def new_id(self) -> str:
        """A number that nothing here has yet, as Google gives ids."""
        self._last_id += 1
        return str(self._last_id)

    def get(self, name: str) -> Any:
        """The thing of that name.

        Raises:
            Refusal: NOT_FOUND.
        """
        if name not in self._items:
            raise not_found(f"{name} was not found.")
        return _copy(self._items[name])

    def has(self, name: str) -> bool:
        """Whether there is a thing of that name."""
        return name in self._items

    def add(self, item: Any, *, name: str = "") -> Any:
        """Keep a new one, by ``name`` where that is not its own field ``name``.

        Raises:
            Refusal: ALREADY_EXISTS.
        """
        if (name or item.name) in self._items:
            raise already_exists(f"{name or item.name} already exists.")
        return self.put(item, name=name)

    def put(self, item: Any, *, name: str = "") -> Any:
        """Keep ``item``, in place of one of that name."""
        name = name or item.name
        if name not in self._items and len(self._items) >= _MOST:
            raise Refusal(8, f"this rehearsal cloud keeps at most {_MOST} of {self._kind}")
        self._items[name] = _copy(item)
        self._world.keep(self._kind, _pack(name, item), self._world.clock.wall_ns())
        return item

    def remove(self, name: str) -> None:
        """Forget the thing of that name; NOT_FOUND if there is none."""
        self.get(name)
        del self._items[name]
        self._world.keep(self._kind + _DELETED, name.encode(), self._world.clock.wall_ns())

    def page(self, prefix: str, *, size: int = 0, token: str = "") -> Page:
        """Those whose name begins with ``prefix``, from ``token`` on."""
        names = sorted(name for name in self._items if name.startswith(prefix))
        if token and not token.isdecimal():
            raise invalid_argument("Page token is invalid.")
        start = int(token or 0)
        end = start + min(size or _PAGE, _PAGE)
        items = [_copy(self._items[name]) for name in names[start:end]]
        return Page(items, str(end) if end < len(names) else "")

    def recall(self, kind: str, body: bytes) -> bool:
        """Take back what was given to the journal; False if it is not of this sort."""
        if kind == self._kind + _DELETED:
            self._items.pop(body.decode(), None)
            return True
        if kind != self._kind:
            return False
        name, _, rest = body.partition(b"\0")
        self._items[name.decode()] = self._message.FromString(rest)
        last = name.decode().rpartition("/")[2]
        if last.isdecimal():
            self._last_id = max(self._last_id, int(last))
        return True


def merged(old: Any, new: Any, mask: Any) -> Any:
    """``old`` with what ``mask`` names taken from ``new``; without a mask ``new`` as it is."""
    if not mask.paths:
        return _copy(new)
    known = {field.name for field in old.DESCRIPTOR.fields}
    for path in mask.paths:
        if path.split(".")[0] not in known:
            raise invalid_argument(f"Field mask names an unknown field: {path}.")
    kept = _copy(old)
    for path in mask.paths:
        if "." not in path:
            kept.ClearField(path)
    mask.MergeMessage(new, kept, replace_message_field=True, replace_repeated_field=True)
    return kept


def _copy(item: Any) -> Any:
    copied = type(item)()
    copied.CopyFrom(item)
    return copied


def _pack(name: str, item: Message) -> bytes:
    return name.encode() + b"\0" + item.SerializeToString()
