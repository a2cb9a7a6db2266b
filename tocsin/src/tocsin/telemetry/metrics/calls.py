"""Recording what a function does, by a decorator (R083).

Works on functions and coroutine functions. Generators are refused: a call of one returns at
once, so its count would be true and its duration nonsense; use the ``with`` form inside.

>>> def begin(args, kwargs):
...     print("called with", args)
...     return lambda: print("done")
>>> @decorated(begin)
... def double(x):
...     return 2 * x
>>> double(4)
called with (4,)
done
8
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from tocsin.errors import DeclarationError

P = ParamSpec("P")
R = TypeVar("R")

Finish = Callable[[], None]
Begin = Callable[[tuple[Any, ...], dict[str, Any]], Finish]
"""Called with the call's arguments before it; what it returns is called after it.

Neither may raise.
"""


def nothing() -> None:
    """The ``Finish`` of a recording that is over when the call begins."""


def decorated(begin: Begin) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that calls ``begin`` before and its result after, exceptions included.

    Raises:
        DeclarationError: it is put on something that cannot be measured so.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _check(function)
        if inspect.iscoroutinefunction(function):
            return _around_coroutine(function, begin)

        @functools.wraps(function)
        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            finish = begin(args, kwargs)
            try:
                return function(*args, **kwargs)
            finally:
                finish()

        return measured

    return decorate


def _around_coroutine(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    @functools.wraps(function)
    async def measured(*args: Any, **kwargs: Any) -> Any:
        finish = begin(args, kwargs)
        try:
            return await function(*args, **kwargs)
        finally:
            finish()

    return measured


def _check(function: object) -> None:
    name = getattr(function, "__qualname__", repr(type(function)))
    if isinstance(function, staticmethod | classmethod | property):
        raise DeclarationError(
            f"a metric decorates functions: put it below @{type(function).__name__}"
        )
    if inspect.isclass(function) or not callable(function):
        raise DeclarationError(f"a metric decorates functions, and {name} is none")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise DeclarationError(
            f"a metric cannot decorate {name}, a generator, whose call returns before its "
            "work begins: record inside it, or use the `with` form"
        )
