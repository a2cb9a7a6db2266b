"""The service: its methods, its shelf, what tests, the page and OTLP need of them.

Memory is bounded: beyond ``max_spans`` the oldest leave, and ``dropped`` counts them.

>>> from tocsin.rehearsal.cloud.traces.span import StoredSpan
>>> traces = Traces(World())
>>> now_ns = traces.world.clock.wall_ns()
>>> traces.keep_span(StoredSpan("ab" * 16, "cd" * 8, name="GET /", start_ns=now_ns, end_ns=now_ns))
>>> [span.name for span in traces.spans("ab" * 16)]
['GET /']
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

from google.cloud.trace_v2.types import BatchWriteSpansRequest, Span
from google.protobuf.empty_pb2 import Empty

from tocsin.rehearsal.cloud.refusals import invalid_argument
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.traces import rules as r
from tocsin.rehearsal.cloud.traces.cutting import cut
from tocsin.rehearsal.cloud.traces.reading import read_span
from tocsin.rehearsal.cloud.traces.span import StoredSpan, as_json, from_json
from tocsin.rehearsal.cloud.world import World

SERVICE: Final = "google.devtools.cloudtrace.v2.TraceService"
SPAN_KIND: Final = "traces.span"
_PROJECT: Final = re.compile(r"projects/[^/]+")
_DAY_NS: Final = 86_400 * 10**9
_PAST_NS: Final = 14 * _DAY_NS
_AHEAD_NS: Final = 3 * _DAY_NS


class Traces:
    """``google.devtools.cloudtrace.v2.TraceService`` of one cloud."""

    def __init__(self, world: World, *, max_spans: int = 50_000) -> None:
        self.world = world
        self.dropped = 0
        """Spans that left because the shelf was full."""
        self._max_spans = max_spans
        self._spans: OrderedDict[tuple[str, str, int], StoredSpan] = OrderedDict()
        self._copies = 0

    def rpcs(self) -> Iterable[Rpc]:
        """The service's methods."""
        span: Any = Span.pb()
        return (
            Rpc(
                SERVICE,
                "BatchWriteSpans",
                BatchWriteSpansRequest.pb(),
                Empty,
                self._batch_write_spans,
                (
                    Http("POST", "/v2/{name=projects/*}/traces:batchWrite", "*"),
                    # gcloud and older descriptions of the API.
                    Http("POST", "/v2/{name=projects/*}/spans:batchWrite", "*"),
                ),
            ),
            Rpc(
                SERVICE,
                "CreateSpan",
                span,
                span,
                self._create_span,
                (Http("POST", "/v2/{name=projects/*/traces/*/spans/*}", "*"),),
            ),
        )

    def spans(self, trace_id: str = "") -> list[StoredSpan]:
        """The spans of this trace, or all, oldest first as they came."""
        with self.world.lock:
            kept = list(self._spans.values())
        return [span for span in kept if trace_id in ("", span.trace_id)]

    def keep_span(self, span: StoredSpan) -> None:
        """Keep a span that came by any road, cut to size; nothing is refused here."""
        with self.world.lock:
            now_ns = self.world.clock.wall_ns()
            if self._out_of_time(span, now_ns):
                return
            kept = cut(span, self.world.rules)
            if self._shelve(kept):
                self.world.keep(SPAN_KIND, as_json(kept), now_ns)

    def recall(self, kind: str, body: bytes, received_ns: int) -> None:  # noqa: ARG002 - a span's times are its own
        """Take back a journal entry that an earlier run kept."""
        if kind == SPAN_KIND:
            self._shelve(from_json(body))

    def _batch_write_spans(self, request: Any) -> Empty:
        rules = self.world.rules
        if rules.broken(r.PROJECT, when=not _PROJECT.fullmatch(request.name)):
            raise invalid_argument(
                f'Field name had an invalid value of "{request.name}": {r.PROJECT.says}'
            )
        read = [
            read_span(span, f"spans[{index}]", rules) for index, span in enumerate(request.spans)
        ]
        for span in read:
            self.keep_span(span)
        return Empty()

    def _create_span(self, request: Any) -> Any:
        self.keep_span(read_span(request, "span", self.world.rules))
        return request

    def _out_of_time(self, span: StoredSpan, now_ns: int) -> bool:
        rules = self.world.rules
        if rules.broken(r.TOO_OLD, when=span.start_ns < now_ns - _PAST_NS):
            return True
        return rules.broken(r.TOO_EARLY, when=span.start_ns > now_ns + _AHEAD_NS)

    def _shelve(self, span: StoredSpan) -> bool:
        key = (span.trace_id, span.span_id, 0)
        if self.world.rules.broken(r.DUPLICATE, when=key in self._spans):
            return False
        if key in self._spans:
            self._copies += 1
            key = (span.trace_id, span.span_id, self._copies)
        self._spans[key] = span
        self.world.usage.took_span(span.end_ns)
        while len(self._spans) > self._max_spans:
            self._spans.popitem(last=False)
            self.dropped += 1
        return True
