"""How OpenAPI describes our errors: one schema, one media type, on every operation."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE: Final = "application/problem+json"
SCHEMA_NAME: Final = "Problem"

_REFERENCES: Final = "#/components/schemas/{model}"
_FASTAPIS_OWN: Final = ("HTTPValidationError", "ValidationError")


class InvalidField(BaseModel):
    """Where the request is wrong, and how; never the value that was sent."""

    location: list[str | int] = Field(examples=[["body", "password"]])
    type: str = Field(examples=["string_too_short"])


class ProblemDocument(BaseModel):
    """A problem as clients see it (RFC 9457); some kinds add members of their own."""

    model_config = ConfigDict(extra="allow", title=SCHEMA_NAME)

    type: str = Field(examples=["urn:vividly:problem:not-found"])
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = Field(None, description="Name it when you ask us about the error.")
    errors: list[InvalidField] | None = Field(None, description="Of an invalid request only.")


def described(title: str) -> dict[str, Any]:
    """One response of an operation: an error of this title."""
    reference = {"$ref": _REFERENCES.format(model=SCHEMA_NAME)}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": reference}}}


def describe_problems(schema: dict[str, Any], *, invalid: str, refused: str) -> None:
    """Put our form in the place of FastAPI's own, which we never answer with.

    ``invalid`` is the title of a 422, ``refused`` that of whatever an operation leaves out.
    """
    known = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        known.pop(name, None)
    models = ProblemDocument.model_json_schema(ref_template=_REFERENCES)
    known.update(models.pop("$defs"))
    known[SCHEMA_NAME] = models
    for operations in schema["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            if "422" in responses:
                responses["422"] = described(invalid)
            responses.setdefault("default", described(refused))
