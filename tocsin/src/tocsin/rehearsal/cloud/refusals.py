"""How the cloud says no: one error for gRPC and REST alike.

>>> refusal = invalid_argument("Field name had an invalid value.")
>>> refusal.code, refusal.status, refusal.http_status
(3, 'INVALID_ARGUMENT', 400)
"""

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

# https://cloud.google.com/apis/design/errors#handling_errors
_STATUSES: Final = {
    1: ("CANCELLED", 499),
    3: ("INVALID_ARGUMENT", 400),
    4: ("DEADLINE_EXCEEDED", 504),
    5: ("NOT_FOUND", 404),
    6: ("ALREADY_EXISTS", 409),
    7: ("PERMISSION_DENIED", 403),
    8: ("RESOURCE_EXHAUSTED", 429),
    9: ("FAILED_PRECONDITION", 400),
    10: ("ABORTED", 409),
    12: ("UNIMPLEMENTED", 501),
    13: ("INTERNAL", 500),
    14: ("UNAVAILABLE", 503),
    16: ("UNAUTHENTICATED", 401),
}


class Refusal(Exception):  # noqa: N818 - a refusal is what Google's answer is
    """An answer that is not OK; ``details`` travel in ``grpc-status-details-bin``."""

    def __init__(self, code: int, message: str, details: Iterable[Message] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.status, self.http_status = _STATUSES[code]
        self.message = message
        self.details = tuple(details)

    def as_status(self) -> Status:
        """The ``google.rpc.Status`` of it."""
        packed = []
        for detail in self.details:
            packed.append(AnyMessage())
            packed[-1].Pack(detail)
        return Status(code=self.code, message=self.message, details=packed)

    def as_json(self) -> dict[str, Any]:
        """The body of Google's REST errors."""
        error: dict[str, Any] = {
            "code": self.http_status,
            "message": self.message,
            "status": self.status,
        }
        if self.details:
            error["details"] = MessageToDict(self.as_status())["details"]
        return {"error": error}


def invalid_argument(message: str, *details: Message) -> Refusal:
    """The caller's fault, whatever the state of the cloud."""
    return Refusal(3, message, details)


def not_found(message: str) -> Refusal:
    """There is no such thing."""
    return Refusal(5, message)


def already_exists(message: str) -> Refusal:
    """There is one of that name."""
    return Refusal(6, message)
