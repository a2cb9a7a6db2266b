"""A service that does not install OpenTelemetry imports and runs, with tracing off."""

import json
import subprocess
import sys

PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"opentelemetry", "google", "grpc", "sentry_sdk"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
sys.path[:0] = sys.argv[1].split(":")

import asyncio, json
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tocsin.errors import DeclarationError
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.testing import CapturedTelemetry
from tocsin.telemetry.traces import current_traceparent, span
from wire import ask

heard = []

async def home(request):
    with span("work", words=3) as work:
        work.set(more=1)
    heard.append(current_traceparent())
    return PlainTextResponse("ok")

app = Starlette(routes=[Route("/", home)])
traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
with CapturedTelemetry(app=app) as captured:
    answer = asyncio.run(ask(app, headers={"traceparent": traceparent}))
    with captured.telemetry.job(correlation_id="lesson-42", name="job", parent=traceparent):
        heard.append(current_traceparent())
    try:
        captured_again = CapturedTelemetry()
        captured_again.telemetry.trace_to([])
    except DeclarationError as error:
        refusal = str(error)
    line = captured.access_line()
loaded = [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]
print(json.dumps([answer.status, heard, refusal, line["logging.googleapis.com/trace"], loaded]))
"""


def test_without_opentelemetry_requests_and_jobs_run_and_lines_have_their_trace():
    """Nothing of it is imported, and turning tracing on says what to install."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ":".join(sys.path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    status, heard, refusal, trace, loaded = json.loads(done.stdout.splitlines()[-1])
    assert status == 200
    assert [one[:35] for one in heard] == ["00-0af7651916cd43dd8448eb211c80319c"] * 2
    assert 'pip install "tocsin[otlp]"' in refusal
    assert trace == "0af7651916cd43dd8448eb211c80319c"
    assert loaded == []
