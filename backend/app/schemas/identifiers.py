r"""How a caller names something that we keep.

>>> from pydantic import TypeAdapter, ValidationError
>>> identifier = TypeAdapter(Identifier)
>>> identifier.validate_python("7d0f4a3e-no-such-thing")
'7d0f4a3e-no-such-thing'
>>> try:
...     identifier.validate_python("7d0f\0")
... except ValidationError as refused:
...     refused.errors()[0]["type"]
'string_pattern_mismatch'
"""

from typing import Annotated, Final

from pydantic import StringConstraints

LONGEST: Final = 36

# Visible ASCII: PostgreSQL refuses to be asked for a NUL, and would make it an error of ours.
Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[!-~]+$")
]
