"""The values of labels that are open by declaration and yet known to whoever reads the code.

Checks of alarms and panels ask for them (``monitoring/tocsin.toml``): an alarm that names a
route must notice when the route is called otherwise.

>>> "ip_address" in label_names()
True
"""

from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from app.core.metrics import metrics_client
from tocsin.telemetry.metrics.labels import OTHER, UNKNOWN
from tocsin.telemetry.routes import UNMATCHED, RouteTable
from tocsin.telemetry.settings import Environment

_MANIFEST: Final = Path(__file__).parents[1] / "deploy" / "cloud-run.yaml"


def endpoints() -> list[str]:
    """The templates of all routes, with those of requests that belong to none."""
    from app.core.config import Settings  # noqa: PLC0415 - only checks make an application
    from app.main import create_app  # noqa: PLC0415 - as above

    settings = Settings(
        environment=Environment.TEST,
        secret_key=SecretStr("a key that signs nothing, 32 letters"),
        telemetry_key=SecretStr("another one that names nobody at all"),
    )
    routes = {template for _, template in RouteTable(create_app(settings)).declared()}
    return [*sorted(routes), UNMATCHED, OTHER, UNKNOWN]


def label_names() -> list[str]:
    """The labels that can be full: those of every declared metric."""
    names = {label.name for spec in metrics_client.catalogue() for label in spec.labels}
    return [*sorted(names), OTHER, UNKNOWN]


def metric_names() -> list[str]:
    """Every declared metric."""
    return [*(spec.name for spec in metrics_client.catalogue()), OTHER, UNKNOWN]


def exporting() -> dict[str, Any]:
    """What of the deployed settings the bill depends on (`tocsin cost`), as the manifest has it."""
    import yaml  # noqa: PLC0415 - only checks read the manifest

    manifest = yaml.safe_load(_MANIFEST.read_text(encoding="utf-8"))
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    values = {one["name"]: one.get("value") for one in container["env"]}
    return {
        "every_s": float(values["EXPORT_EVERY_S"]),
        "trace_ratio": float(values["TRACE_RATIO"]),
        "metrics_by": "samples" if values["EXPORT_METRICS"] == "otlp" else "bytes",
    }
