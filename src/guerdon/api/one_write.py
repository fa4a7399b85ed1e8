"""uvicorn's HTTP protocol, but that head and body of an answer leave in one write: a second one costs a system call,
and wakes the client for nothing. That was a thirtieth of a session update."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class _Joined:
    """A transport that writes at once what came since the event loop's last turn."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._held: list[bytes] = []
        self._soon = asyncio.get_running_loop().call_soon

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._soon(self._flush)
        self._held.append(data)

    def _flush(self) -> None:
        if self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()

    def close(self) -> None:
        self._flush()
        self._transport.close()


class OneWriteProtocol(HttpToolsProtocol):
    """What uvicorn serves each connection with."""

    def connection_made(self, transport: Any) -> None:
        """A client is there."""
        super().connection_made(_Joined(transport))  # type: ignore[arg-type]
