"""Real worker processes for tests, and the page on which their numbers meet."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

_PROGRAM = Path(__file__).with_name("metrics_worker_program.py")


class Worker:
    """One process that counts what it is told."""

    def __init__(self, directory):
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                "PYTHONPATH": ":".join(sys.path),
                "PROMETHEUS_MULTIPROC_DIR": str(directory),
            },
        )
        self.pid = self._process.pid

    def wait_until_ready(self):
        assert self._process.stdout.readline() == "ready\n"

    def ask(self, command):
        """Begin a command; its answer is read later."""
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def answer(self):
        return self._process.stdout.readline().strip()

    def tell(self, command):
        self.ask(command)
        return self.answer()

    def kill(self):
        """As the kernel does when memory is short."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self):
        self._process.stdin.close()
        self.wait()

    def wait(self):
        self._process.wait(30)
        self._process.stdout.close()
        if not self._process.stdin.closed:
            self._process.stdin.close()


class Workers:
    """The processes of one test, which meet in one directory."""

    def __init__(self, directory):
        self.directory = directory
        self._running = []

    def start(self, count=1):
        fresh = [Worker(self.directory) for _ in range(count)]
        self._running += fresh
        for worker in fresh:
            worker.wait_until_ready()
        return fresh

    def stop(self):
        for worker in self._running:
            if worker._process.poll() is None:
                worker.kill()

    def files(self):
        return sorted(path.name for path in self.directory.glob("*.worker"))


def page(worker):
    """The samples of the page that this worker serves, by name and label values."""
    text = eval(worker.tell("client.exposition()[0].decode()"))  # noqa: S307 - our own repr
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
