"""The answer to whoever asked too often.

>>> from app.services.protection.windows import Verdict
>>> refusal = RateLimited("auth.login", Verdict(False, 10, 0, 41.2))
>>> too_many_requests(refusal).headers["retry-after"]
'42'
"""

from starlette.responses import Response

from app.api.problems import Problem
from app.services.protection.limits import RateLimited


def too_many_requests(refusal: RateLimited) -> Response:
    """A problem that says when to return: whole seconds, rounded up, so it can be kept."""
    return Problem.of_status(
        429,
        headers={"Retry-After": str(refusal.retry_after_s)},
        retry_after_s=refusal.retry_after_s,
    ).response()
