"""A pipe whose reader reads when it is told to, and a sink that writes to it."""

import os
import threading

from tocsin.telemetry.logs.sink import LineSink


def sink_to(stream, **more) -> tuple[LineSink, list[str]]:
    dropped: list[str] = []
    sink = LineSink(
        stream,
        on_dropped=dropped.append,
        announce=lambda counts: b"dropped %d\n" % sum(counts.values()),
        **more,
    )
    return sink, dropped


class Pipe:
    """A pipe whose reader reads when it is told to."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.writer = os.fdopen(writer, "wb")

    def close_writer(self) -> None:
        self.writer.close()

    def read_all(self) -> bytes:
        """Everything up to the end; the writers must have closed or be closing."""
        with os.fdopen(self.reader, "rb", closefd=True) as reader:
            return reader.read()

    def start_reading(self) -> "threading.Thread":
        self.received = b""

        def read() -> None:
            self.received = self.read_all()

        thread = threading.Thread(target=read)
        thread.start()
        return thread
