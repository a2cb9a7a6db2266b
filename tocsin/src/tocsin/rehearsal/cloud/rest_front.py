"""REST forms of the services' methods, as ``google.api.http`` describes them.

What Google's front does: camel case or proto names, a field or the whole message as body,
the rest from path and query (nested fields by dots), unknown names refused, errors as
``{"error": {"code", "message", "status", "details"}}``. A body of ``application/x-protobuf``
is answered in kind, for OTLP. Sources: google/api/http.proto and
https://cloud.google.com/apis/docs/system-parameters.

>>> front = RestFront([], carriage=None)
>>> front.found("GET", "/v3/projects/p/alertPolicies") is None
True
"""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tocsin.rehearsal.cloud.carriage import Carriage, ConnectionCutError
from tocsin.rehearsal.cloud.path_template import PathTemplate
from tocsin.rehearsal.cloud.refusals import Refusal, invalid_argument, not_found
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.strict_json import field_called, filled

_VERBS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_BODY_BYTES: Final = 32 << 20
_PROTOBUF: Final = "application/x-protobuf"
# Parameters of Google's front itself, not of a method.
_SYSTEM: Final = frozenset(
    {
        *("alt", "access_token", "callback", "fields", "key", "oauth_token", "prettyPrint"),
        *("quotaUser", "uploadType", "upload_protocol", "userIp"),
        *("$alt", "$fields", "$key", "$prettyPrint", "$.xgafv", "$outputDefaults"),
    }
)


@dataclass(frozen=True)
class Match:
    """A method, the form it was called in, and what its path gave."""

    rpc: Rpc
    http: Http
    fields: Mapping[str, str]


class RestFront:
    """Turns HTTP requests into calls of ``rpcs``."""

    def __init__(self, rpcs: Iterable[Rpc], *, carriage: Carriage | None) -> None:
        self._carriage = carriage
        self._forms = [
            (http.verb, PathTemplate(http.path), http, rpc) for rpc in rpcs for http in rpc.http
        ]
        self.cut: Callable[[Request], None] = lambda _request: None

    def routes(self) -> list[BaseRoute]:
        """One route for all: it comes last."""
        return [Route("/{path:path}", self._answer, methods=_VERBS)]

    def found(self, verb: str, path: str) -> Match | None:
        """The method that is called by ``verb`` on the undecoded ``path``."""
        for form_verb, template, http, rpc in self._forms:
            if form_verb == verb and (fields := template.match(path)) is not None:
                return Match(rpc, http, fields)
        return None

    async def _answer(self, request: Request) -> Response:
        binary = request.headers.get("content-type", "").startswith(_PROTOBUF)
        try:
            answer = await self._call(request, binary=binary)
        except Refusal as refusal:
            if binary:
                return _binary(refusal.as_status(), refusal.http_status)
            return _json(refusal.as_json(), refusal.http_status)
        except ConnectionCutError:
            return Response(status_code=503)  # reaches nobody
        return _binary(answer) if binary else _json(MessageToDict(answer))

    async def _call(self, request: Request, *, binary: bool) -> Message:
        path = request.scope.get("raw_path", b"").decode("ascii", "replace")
        match = self.found(request.method, path)
        if match is None or self._carriage is None:
            raise not_found("Method not found.")
        body = _inflated(await request.body(), request.headers.get("content-encoding", ""))
        message = match.rpc.request()
        if binary:
            _parse(body, message)
        else:
            filled(_gathered(match, body, request.query_params.multi_items()), message)
        return await self._carriage.carry(match.rpc, message, cut=lambda: self.cut(request))


def _gathered(match: Match, body: bytes, query: list[tuple[str, str]]) -> dict[str, Any]:
    """The whole request as one piece of JSON."""
    data: dict[str, Any] = {}
    if match.http.body == "*":
        data = _loaded(body)
        if match.http.reshape is not None:
            data = match.http.reshape(data)
    elif match.http.body:
        data = {match.http.body: _loaded(body)}
    for name, value in query:
        if name not in _SYSTEM:
            _bind(data, match.rpc.request.DESCRIPTOR, name, value)
    for name, value in match.fields.items():
        _bind(data, match.rpc.request.DESCRIPTOR, name, value)
    return data


def _loaded(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        data = json.loads(body)
    except ValueError as error:
        raise invalid_argument(f"Invalid JSON payload received. {error}") from error
    if not isinstance(data, dict):
        raise invalid_argument("Invalid JSON payload received. Expected an object.")
    return data


def _bind(data: dict[str, Any], descriptor: Any, name: str, value: str) -> None:
    """Put ``value`` where the dotted ``name`` says."""
    *outer, last = name.split(".")
    for part in outer:
        field = _bindable(part, descriptor, name)
        inner = data.setdefault(_key(data, field), {})
        if field.message_type is None or not isinstance(inner, dict):
            raise _unbindable(name)
        data, descriptor = inner, field.message_type
    field = _bindable(last, descriptor, name)
    key = _key(data, field)
    if field.is_repeated:
        data.setdefault(key, []).append(_typed(value, field))
    else:
        data[key] = _typed(value, field)


def _key(data: Mapping[str, Any], field: Any) -> str:
    """The spelling by which ``data`` has the field already: one field must not come twice."""
    return str(field.json_name if field.json_name in data else field.name)


def _bindable(part: str, descriptor: Any, name: str) -> Any:
    field = field_called(part, descriptor)
    if field is None:
        raise _unbindable(name)
    return field


def _unbindable(name: str) -> Refusal:
    return invalid_argument(
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
        f"Field '{name}' could not be found in request message."
    )


def _typed(value: str, field: Any) -> Any:
    """Query values are text: only a boolean needs another type to be taken."""
    if field.type == FieldDescriptor.TYPE_BOOL and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _inflated(body: bytes, encoding: str) -> bytes:
    if encoding != "gzip":
        return body
    try:
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        plain = inflater.decompress(body, _BODY_BYTES)
    except zlib.error as error:
        raise invalid_argument(f"The body is no gzip: {error}.") from error
    if inflater.unconsumed_tail:
        raise invalid_argument(f"The body is longer than {_BODY_BYTES} bytes.")
    return plain


def _parse(body: bytes, message: Message) -> None:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise invalid_argument(f"The body is no {message.DESCRIPTOR.full_name}.") from error


def _json(data: Any, status: int = 200) -> Response:
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return Response(text, status, media_type="application/json")


def _binary(message: Message, status: int = 200) -> Response:
    return Response(message.SerializeToString(), status, media_type=_PROTOBUF)
