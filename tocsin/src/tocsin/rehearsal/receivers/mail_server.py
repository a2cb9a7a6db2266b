"""aiosmtpd on a free port of this machine, with our postbox behind it."""

import asyncio
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.rehearsal.receivers.loop_thread import LoopThread
from tocsin.rehearsal.receivers.mail import Postbox

_NAME: Final = "receivers.example"
_LETTER_BYTES_AT_MOST: Final = 16 * 1024 * 1024


class MailServer:
    """Serves on the loop that it is given; open from :meth:`open` on."""

    def __init__(self, postbox: Postbox, *, host: str) -> None:
        self._postbox = postbox
        self._host = host
        self._server: asyncio.Server | None = None
        self.port = 0

    def open(self, loop: LoopThread) -> None:
        """Listen.

        Raises:
            DeclarationError: aiosmtpd is not installed.
        """
        try:
            from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - of an extra
        except ModuleNotFoundError as error:
            raise DeclarationError(
                f'the receivers need {error.name}: pip install "tocsin[rehearsal]"'
            ) from error
        loop.do(self._listen(SMTP))

    def close(self, loop: LoopThread) -> None:
        """Take no more letters."""
        loop.do(self._stop())

    async def _listen(self, smtp: Any) -> None:
        def session() -> Any:
            return smtp(
                self._postbox,
                hostname=_NAME,
                ident="receivers",
                data_size_limit=_LETTER_BYTES_AT_MOST,
                loop=asyncio.get_running_loop(),
            )

        self._server = await asyncio.get_running_loop().create_server(session, self._host, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
