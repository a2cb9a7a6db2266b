"""Google's JSON through Google's own message class: what it does not know is refused.

The class is stricter than the REST surface (it lacks ``description``, for one), so what passes
here passes there. Back from the class come all fields in one spelling, without defaults:
two dashboards that mean the same compare equal.

>>> plain({"displayName": "a", "etag": "1", "mosaicLayout": {"tiles": [{"xPos": 0, "width": 4}]}})
{'displayName': 'a', 'mosaicLayout': {'tiles': [{'width': 4}]}}
>>> message_of({"displayname": "a"}, "shop.json")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
tocsin.errors.DeclarationError: shop.json: Google knows no such dashboard: Message type ...
"""

from collections.abc import Mapping
from typing import Any, Final

from tocsin.errors import DeclarationError

SET_BY_THE_SERVER: Final = ("name", "etag")


def message_of(data: Mapping[str, Any], place: str) -> Any:
    """``data`` as ``google.monitoring.dashboard.v1.Dashboard``.

    Raises:
        DeclarationError: a field is unknown, or of another type.
    """
    try:
        from google.cloud import monitoring_dashboard_v1  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise DeclarationError(
            f'dashboards need {error.name}: pip install "tocsin[rehearsal]"'
        ) from error
    from google.protobuf import json_format  # noqa: PLC0415 - comes with the above

    try:
        parsed = json_format.ParseDict(dict(data), monitoring_dashboard_v1.Dashboard.pb()())
    except json_format.ParseError as error:
        raise DeclarationError(f"{place}: Google knows no such dashboard: {error}") from error
    return monitoring_dashboard_v1.Dashboard.wrap(parsed)


def plain(dashboard: Any, place: str = "dashboard") -> dict[str, Any]:
    """A dashboard, as JSON or as a message, without what the server sets and without defaults."""
    whole = everything(dashboard, place)
    return {key: value for key, value in whole.items() if key not in SET_BY_THE_SERVER}


def everything(dashboard: Any, place: str = "dashboard") -> dict[str, Any]:
    """The same with its name and etag."""
    from google.protobuf import json_format  # noqa: PLC0415 - an extra

    message = message_of(dashboard, place) if isinstance(dashboard, Mapping) else dashboard
    raw = message._pb if hasattr(message, "_pb") else message  # noqa: SLF001 - proto-plus names it so
    found: dict[str, Any] = json_format.MessageToDict(raw)
    return found
