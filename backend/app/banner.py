"""What a person sees who has just started the service: where to look and how to sign in.

Written to standard error, for standard output belongs to the logs. The demo password is
shown on a terminal only: anything else is kept by somebody.

>>> from app.core.config import Settings
>>> settings = Settings(environment="test", secret_key="k" * 32, telemetry_key="t" * 32)
>>> print(banner(settings, "http://127.0.0.1:8000", "var/development.env", on_terminal=False))
Vividly 0.1.0 answers at http://127.0.0.1:8000 (test)
"""

from app.core.config import Settings
from app.services.demo import DEMO_ADMIN_EMAIL
from tocsin.telemetry.settings import Environment

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def banner(
    settings: Settings,
    address: str,
    secrets_file: str,
    *,
    cloud_page: str = "",
    on_terminal: bool,
    in_colour: bool = False,
) -> str:
    """The text; in development with every address that is of use, elsewhere one line."""
    heading = f"Vividly {settings.version} answers at {address} ({settings.environment.value})"
    bold, dim, plain = (_BOLD, _DIM, _PLAIN) if in_colour else ("", "", "")
    if settings.environment is not Environment.DEVELOPMENT:
        return heading
    port = address.rpartition(":")[2]
    rows = {
        "Try it": f"{address}/docs",
        "Metrics": f"{address}/metrics",
        "Cloud": f"{cloud_page}  what arrived: metrics, logs, traces, errors",
        "Sign in": _sign_in(settings, secrets_file, on_terminal=on_terminal),
        "Traffic": f"make traffic PORT={port}",
        "Stop": "Ctrl-C",
    }
    if not cloud_page:
        del rows["Cloud"]
    lines = [f"  {dim}{name:<9}{plain}{text}" for name, text in rows.items()]
    return "\n".join(["", f"  {bold}{heading}{plain}", "", *lines, ""])


def _sign_in(settings: Settings, secrets_file: str, *, on_terminal: bool) -> str:
    if settings.demo_admin_password is None:
        return f"no demo account: DEMO_ADMIN_PASSWORD makes {DEMO_ADMIN_EMAIL}"
    if on_terminal:
        return f"{DEMO_ADMIN_EMAIL}  {settings.demo_admin_password.get_secret_value()}"
    return f"{DEMO_ADMIN_EMAIL}, password: DEMO_ADMIN_PASSWORD in {secrets_file}"
