"""A mail server of a few lines that keeps what it is handed (RFC 5321, 3207, 4954).

It speaks enough SMTP for a real client over a real socket, and can refuse: encryption,
or one recipient. ``delivered`` tells what arrived, by whom, and whether it was encrypted.
"""

import asyncio
import base64
import ssl
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Delivery:
    """One letter as it came over the wire."""

    encrypted: bool
    login: tuple[str, str] | None = None
    recipients: list[str] = field(default_factory=list)
    content: bytes = b""


class MailServer:
    """Listens on a free port of the loopback while its block runs."""

    def __init__(
        self, tls: ssl.SSLContext | None, *, implicit_tls: bool = False, refuses: str = ""
    ) -> None:
        self.delivered: list[Delivery] = []
        self.port = 0
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._refuses = refuses

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._tls if self._implicit_tls else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # a client that does not believe our certificate hangs up
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        delivery = Delivery(encrypted=self._implicit_tls)
        writer.write(b"220 localhost ESMTP\r\n")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if verb == "STARTTLS" and self._tls:
                writer.write(b"220 go ahead\r\n")
                await writer.start_tls(self._tls)
                delivery = Delivery(encrypted=True)
            elif verb == "DATA":
                writer.write(b"354 end with a dot\r\n")
                delivery.content = await reader.readuntil(b"\r\n.\r\n")
                self.delivered.append(delivery)
                writer.write(b"250 taken\r\n")
            else:
                writer.write(self._answer(verb, rest, delivery))
            if verb == "QUIT":
                return

    def _answer(self, verb: str, rest: str, delivery: Delivery) -> bytes:
        if verb == "EHLO":
            return self._greeting(delivery)
        if verb == "AUTH":
            _, name, password = base64.b64decode(rest.split()[1]).decode().split("\0")
            delivery.login = (name, password)
            return b"235 welcome\r\n"
        if verb == "RCPT":
            address = rest[rest.index("<") + 1 : rest.index(">")]
            if address == self._refuses:
                return f"550 {address} is unknown here\r\n".encode()
            delivery.recipients.append(address)
        return b"221 bye\r\n" if verb == "QUIT" else b"250 fine\r\n"

    def _greeting(self, delivery: Delivery) -> bytes:
        offers = ["localhost", "AUTH PLAIN"]
        if self._tls and not delivery.encrypted:
            offers.append("STARTTLS")
        lines = [f"250-{offer}\r\n" for offer in offers[:-1]] + [f"250 {offers[-1]}\r\n"]
        return "".join(lines).encode()
