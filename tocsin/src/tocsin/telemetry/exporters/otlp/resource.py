"""The resource message, with our attributes in it.

>>> from opentelemetry.proto.resource.v1.resource_pb2 import Resource
>>> message = Resource()
>>> impose(message, {"service.name": "shop"})
>>> message.attributes[0].key
'service.name'
"""

from collections.abc import Mapping

from opentelemetry.proto.resource.v1.resource_pb2 import Resource


def impose(resource: Resource, attributes: Mapping[str, str]) -> None:
    """Write ``attributes`` over those that are there."""
    kept = [one for one in resource.attributes if one.key not in attributes]
    del resource.attributes[:]
    resource.attributes.extend(kept)
    for key, value in attributes.items():
        resource.attributes.add(key=key).value.string_value = value
