"""The served schema as the plugin protocol's messages.

>>> from tf.gen import tfplugin_pb2 as pb
>>> plain = {"attributes": {"key_wo": {"type": "string", "mode": "optional"}}, "blocks": {}}
>>> pb.Schema.Block.FromString(as_block(plain)).attributes[0].name
'key_wo'
"""

import json
import os
from pathlib import Path
from typing import Any, Final

from tf.gen import tfplugin_pb2 as pb

SCHEMA: Final[dict[str, Any]] = json.loads(Path(os.environ["GOOGLE_STANDIN_SCHEMA"]).read_text())

_NESTING = {"list": 2, "set": 3, "single": 1, "map": 4}
# `bool write_only = 11` of Schema.Attribute came with protocol 6.8; the generated messages are
# older, so the field is put behind the encoded message: tag 11, varint, true.
_WRITE_ONLY = bytes([11 << 3, 1])


def is_write_only(name: str) -> bool:
    """Whether a value goes to the cloud and is kept nowhere."""
    return name.endswith("_wo")


def as_schema(block: dict[str, Any]) -> pb.Schema:
    """A resource's schema."""
    return pb.Schema(block=pb.Schema.Block.FromString(as_block(block)))


def as_block(block: dict[str, Any]) -> bytes:
    """A block, encoded: only so can it carry the field that the messages lack."""
    whole = pb.Schema.Block(
        block_types=[_nested(name, one) for name, one in block["blocks"].items()]
    )
    attributes = b"".join(_attribute(name, one) for name, one in block["attributes"].items())
    return whole.SerializeToString() + attributes


def _nested(name: str, block: dict[str, Any]) -> pb.Schema.NestedBlock:
    return pb.Schema.NestedBlock(
        type_name=name,
        nesting=_NESTING[block["nesting"]],
        min_items=block["min"],
        max_items=block["max"],
        block=pb.Schema.Block.FromString(as_block(block["block"])),
    )


def _attribute(name: str, attribute: dict[str, Any]) -> bytes:
    encoded = pb.Schema.Attribute(
        name=name,
        type=json.dumps(attribute["type"]).encode(),
        required=attribute["mode"] == "required",
        optional=attribute["mode"].startswith("optional"),
        computed=attribute["mode"].endswith("computed"),
    ).SerializeToString()
    if is_write_only(name):
        encoded += _WRITE_ONLY
    return b"\x12" + _varint(len(encoded)) + encoded  # `repeated Attribute attributes = 2`


def _varint(number: int) -> bytes:
    head, tail = divmod(number, 128)
    return bytes([128 | tail]) + _varint(head) if head else bytes([tail])
