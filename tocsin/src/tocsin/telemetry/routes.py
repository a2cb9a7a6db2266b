"""Which route a request belongs to: the template, never the concrete path.

A metric or a log line named after the concrete path makes a series per pupil and per
scanner. The template (``/lessons/{lesson_id}``) is one of a known, finite set; whatever
belongs to no route is ``<unmatched>``, all of it one.

After routing the answer lies in the ASGI scope and costs two look-ups. Before routing
(a refused request, a CORS preflight) and below a mount, the table matches by itself, in
Starlette's order: the first route that fits path and method, else the first that fits
the path alone. What is remembered is remembered per declared route, never per path, so
no stranger can fill it. Routes added later are seen: the table compares the route
lists' lengths.

FastAPI 0.165 keeps an included router whole and leaves the route that it knows of
without its prefix; the full template hangs in
``scope["fastapi"]["effective_route_context"]`` (``fastapi/routing.py``). Older releases
copy each route with its full path, and need nothing of this.

>>> from starlette.applications import Starlette
>>> from starlette.routing import Route
>>> app = Starlette(routes=[Route("/lessons/{lesson_id}", lambda request: None)])
>>> table = RouteTable(app)
>>> table.template({"type": "http", "method": "GET", "path": "/lessons/42", "headers": []})
'/lessons/{lesson_id}'
>>> table.template({"type": "http", "method": "GET", "path": "/wp-admin", "headers": []})
'<unmatched>'
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from starlette.routing import BaseRoute, Host, Match, Mount, WebSocketRoute
from starlette.types import Scope

UNMATCHED: Final = "<unmatched>"

_LITERAL: Final = re.compile(r"[^{]*")
_LAST: Final = 1 << 30


class RouteTable:
    """Answers the template of any request to ``app`` (a Starlette or FastAPI)."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._level: _Level | None = None

    def template(self, scope: Scope) -> str:
        """The template of the request in ``scope``, or ``<unmatched>``."""
        route = scope.get("route")
        if route is not None and "app_root_path" not in scope:
            fastapi = scope.get("fastapi")
            if fastapi is not None:
                context = fastapi.get("effective_route_context")
                if context is not None and context.original_route is route:
                    return context.path_format  # type: ignore[no-any-return]
            template: str | None = getattr(route, "path_format", None)
            if template is not None:
                return template
        return self.match(scope)

    def declared(self) -> list[tuple[str, str]]:
        """Method and template of every HTTP route that can be known beforehand.

        A HEAD that comes free with a GET is left out, and so is what a mounted
        application without routes of its own may serve.
        """
        return list(_Level(self._app.routes, self._app).declared())

    def match(self, scope: Scope) -> str:
        """The template by path and method alone, whether or not routing has been."""
        level = self._level
        if level is None or level.is_stale():
            level = self._level = _Level(self._app.routes, self._app)
        path = _route_path(scope)
        served_file = scope.get("fastapi", {}).get("frontend_path")
        if served_file is not None and path.endswith(served_file):
            # FastAPI's `frontend`: what is left of the path is the place where it hangs.
            return path[: len(path) - len(served_file)].rstrip("/") + "/{path}"
        found = level.find(scope, path)
        return found.template if found is not None else UNMATCHED


class _Found(NamedTuple):
    full: bool
    order: int
    template: str


class _Entry:
    """One declared route: what it answers to and what it is called."""

    def __init__(self, route: Any, order: int) -> None:
        self.route = route
        self.order = order
        self.template: str = route.path_format
        self.websocket = isinstance(route, WebSocketRoute)
        self.methods: set[str] | None = getattr(route, "methods", None) or None
        self.static = "{" not in self.template
        self.prefix = _literal_start(self.template)
        # Somebody's own route class may refuse what its pattern allows.
        self.own_rules = not type(route).__module__.startswith(("starlette.", "fastapi."))

    def find(self, scope: Scope, path: str) -> _Found | None:
        if self.websocket is (scope["type"] == "http"):
            return None
        if not self.static and self.route.path_regex.match(path) is None:
            return None
        if self.own_rules:
            match, _ = self.route.matches(_scope_at(scope, path))
            if match is Match.NONE:
                return None
            return _Found(match is Match.FULL, self.order, self.template)
        full = self.websocket or self.methods is None or scope["method"] in self.methods
        return _Found(full, self.order, self.template)


class _MountEntry:
    """A whole application below a path, which may carry parameters."""

    def __init__(self, mount: Mount, order: int) -> None:
        self.order = order
        self.static = False
        self.prefix = _literal_start(mount.path_format)
        self._regex = mount.path_regex
        self.template = mount.path_format.removesuffix("/{path}")
        routes = mount.routes
        self.inner = _Level(routes, _innermost(mount)) if routes else None

    def find(self, scope: Scope, path: str) -> _Found | None:
        match = self._regex.match(path)
        if match is None:
            return None
        if self.inner is None:
            return _Found(full=True, order=self.order, template=self.template + "/{path}")
        found = self.inner.find(scope, "/" + match.group("path"))
        template = UNMATCHED if found is None else self.template + found.template
        return _Found(full=True, order=self.order, template=template)


class _HostEntry:
    """A whole application under a host name."""

    static = False
    prefix = template = ""

    def __init__(self, host: Host, order: int) -> None:
        self.order = order
        self._host = host
        self.inner = _Level(host.routes, host.app)

    def find(self, scope: Scope, path: str) -> _Found | None:
        match, _ = self._host.matches(scope)
        if match is Match.NONE:
            return None
        found = self.inner.find(scope, path)
        template = UNMATCHED if found is None else found.template
        return _Found(full=True, order=self.order, template=template)


class _Level:
    """The routes of one application, in order, static ones found by a look-up."""

    def __init__(self, routes: Sequence[BaseRoute], app: Any) -> None:
        self._seen: list[tuple[Sequence[Any], int]] = []
        self._static: dict[str, list[_Entry]] = {}
        self._others: list[_Entry | _MountEntry | _HostEntry] = []
        self._entries: list[_Entry] = []
        self._inner: list[tuple[str, _Level]] = []
        router = getattr(app, "router", app)
        self._redirects_slashes = bool(getattr(router, "redirect_slashes", False))
        for order, route in enumerate(self._flattened(routes)):
            self._add(route, order)

    def is_stale(self) -> bool:
        """Whether routes have been added since."""
        return any(len(routes) != count for routes, count in self._seen) or any(
            level.is_stale() for _, level in self._inner
        )

    def declared(self) -> Iterator[tuple[str, str]]:
        """Method and template of each HTTP route, those of inner levels included."""
        for entry in self._entries:
            for method in entry.methods or ():
                if method != "HEAD" or "GET" not in (entry.methods or ()):
                    yield method, entry.template
        for prefix, level in self._inner:
            for method, template in level.declared():
                yield method, prefix + template

    def find(self, scope: Scope, path: str) -> _Found | None:
        """The route that Starlette would choose."""
        found = self._find_exactly(scope, path)
        if found is None and self._redirects_slashes and path != "/" and scope["type"] == "http":
            # `/lessons/` is sent on to `/lessons`: the redirect belongs to that route.
            other = path.rstrip("/") if path.endswith("/") else path + "/"
            return self._find_exactly(scope, other)
        return found

    def _find_exactly(self, scope: Scope, path: str) -> _Found | None:
        partial: _Found | None = None
        full: _Found | None = None
        for entry in self._static.get(path, ()):
            found = entry.find(scope, path)
            if found is not None and found.full:
                full = found
                break
            partial = partial or found
        last = full.order if full is not None else _LAST
        for other in self._others:
            if other.order > last:
                break
            if not path.startswith(other.prefix):
                continue
            found = other.find(scope, path)
            if found is None:
                continue
            if found.full:
                return found
            if partial is None or found.order < partial.order:
                partial = found
        return full or partial

    def _flattened(self, routes: Sequence[BaseRoute]) -> Iterator[Any]:
        self._seen.append((routes, len(routes)))
        for route in routes:
            contexts = getattr(route, "effective_route_contexts", None)
            if contexts is None:
                yield route
                continue
            self._watch(route)
            for context in contexts():
                yield context.starlette_route or context

    def _watch(self, included: Any) -> None:
        """Notice routes that are added to an included router later."""
        routes = included.original_router.routes
        self._seen.append((routes, len(routes)))
        for route in routes:
            if hasattr(route, "original_router"):
                self._watch(route)

    def _add(self, route: Any, order: int) -> None:
        if isinstance(route, Mount | Host):
            mounted = (
                _MountEntry(route, order) if isinstance(route, Mount) else _HostEntry(route, order)
            )
            self._others.append(mounted)
            if mounted.inner is not None:
                self._inner.append((mounted.template, mounted.inner))
            return
        if getattr(route, "path_regex", None) is None or not hasattr(route, "path_format"):
            return
        entry = _Entry(route, order)
        self._entries.append(entry)
        if entry.static:
            self._static.setdefault(entry.template, []).append(entry)
        else:
            self._others.append(entry)


def _innermost(mount: Mount) -> Any:
    """The mounted application itself, below the middleware that the mount puts around it."""
    return getattr(mount, "_base_app", mount.app)


def _literal_start(template: str) -> str:
    literal = _LITERAL.match(template)
    return literal.group() if literal is not None else ""


def _route_path(scope: Scope) -> str:
    """The path below the application's own root, as Starlette's router sees it."""
    path: str = scope["path"]
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    if not root or not path.startswith(root):
        return path
    below = path[len(root) :]
    return below if not below or below[0] == "/" else path


def _scope_at(scope: Scope, path: str) -> Scope:
    """``scope`` as the router of the level that sees ``path`` has it."""
    whole: str = scope["path"]
    return {**scope, "root_path": whole[: len(whole) - len(path)]}
