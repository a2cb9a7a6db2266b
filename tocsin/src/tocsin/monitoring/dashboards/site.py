"""The dashboards of one project at Google, or at the rehearsal cloud.

A dashboard is found by its displayed name; Google lets two have the same, which is refused
here: nobody could say which one is meant. An update carries the etag that was read, so a
change by somebody else in between is never overwritten.

>>> titled({"displayName": "Shop"}, "staging")["displayName"]
'Shop (staging)'
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.strict import message_of

WITHIN_S = 60.0


class ChangedSinceError(Exception):
    """Somebody changed the dashboard after it was read."""


class Site:
    """One project's dashboards."""

    def __init__(self, client: Any, project: str) -> None:
        self._client = client
        self._parent = f"projects/{project}"

    def all(self) -> dict[str, Any]:
        """Every dashboard by its displayed name.

        Raises:
            DeclarationError: two have the same, or the cloud does not answer.
        """
        found: dict[str, Any] = {}
        for one in self._asked("list_dashboards", {"parent": self._parent}):
            if one.display_name in found:
                raise DeclarationError(
                    f"{self._parent} has two dashboards called {one.display_name!r}: delete one"
                )
            found[one.display_name] = one
        return found

    def create(self, data: Mapping[str, Any]) -> Any:
        """Make a new one."""
        made = message_of(data, str(data.get("displayName")))
        return self._asked("create_dashboard", {"parent": self._parent, "dashboard": made})

    def replace(self, data: Mapping[str, Any], *, name: str, etag: str) -> Any:
        """Put ``data`` in the place of the one that had this ``etag``.

        Raises:
            ChangedSinceError: it has another by now.
        """
        made = message_of(data, str(data.get("displayName")))
        made.name, made.etag = name, etag
        return self._asked("update_dashboard", {"dashboard": made})

    def _asked(self, method: str, request: Mapping[str, Any]) -> Any:
        from google.api_core import exceptions  # noqa: PLC0415 - an extra

        try:
            answer = getattr(self._client, method)(request=dict(request), timeout=WITHIN_S)
            return list(answer) if method.startswith("list") else answer
        except (exceptions.Aborted, exceptions.Conflict) as error:
            raise ChangedSinceError(str(error.message)) from error
        except exceptions.GoogleAPICallError as error:
            raise DeclarationError(f"{self._parent}: the cloud refuses: {error.message}") from error
        except exceptions.RetryError as error:
            raise DeclarationError(f"{self._parent}: the cloud does not answer") from error
        except OSError as error:  # of requests, which the client library speaks with
            raise DeclarationError(f"{self._parent}: the cloud is not reached: {error}") from error


def site_at(project: str, endpoint: str | None) -> Site:
    """Google's, or with an ``endpoint`` like ``http://127.0.0.1:8085`` another cloud's.

    Raises:
        DeclarationError: the library is missing, there are no credentials, or no such endpoint.
    """
    try:
        from google.auth import exceptions  # noqa: PLC0415 - an extra
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        from google.cloud import monitoring_dashboard_v1 as dashboards  # noqa: PLC0415
        from google.cloud.monitoring_dashboard_v1.services.dashboards_service import (  # noqa: PLC0415
            transports,
        )
    except ModuleNotFoundError as error:
        raise DeclarationError(
            f'dashboards need {error.name}: pip install "tocsin[rehearsal]"'
        ) from error
    if endpoint is None:
        try:
            return Site(dashboards.DashboardsServiceClient(transport="rest"), project)
        except exceptions.DefaultCredentialsError as error:
            raise DeclarationError(
                "no credentials: `gcloud auth application-default login`, or --endpoint"
            ) from error
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise DeclarationError(f"--endpoint {endpoint!r} is no address like http://127.0.0.1:8085")
    transport = transports.DashboardsServiceRestTransport(
        host=parts.netloc,
        url_scheme=parts.scheme,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
    )
    return Site(dashboards.DashboardsServiceClient(transport=transport), project)


def titled(data: Mapping[str, Any], environment: str | None) -> dict[str, Any]:
    """The dashboard as it is called there: Terraform adds the environment to its name."""
    if environment is None:
        return dict(data)
    return {**data, "displayName": f"{data['displayName']} ({environment})"}
