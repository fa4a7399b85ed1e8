"""One keep-alive HTTP client for both APIs; whatever goes wrong becomes one plain sentence."""

import asyncio
from typing import Any

import httpx

from guerdon.replay.errors import ReplayError
from guerdon.wire.base import decoder, encode

PATIENCE = (0.1, 0.5, 2.0)
"""How long to wait before each further try of a request that the server could not take just now."""

TRY_AGAIN = frozenset({409, 429, 502, 503, 504})


class Answer:
    """Status and decoded body; numbers are exact."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            self.body: Any = decoder(Any).decode(response.content) if response.content else None
        except ValueError:
            self.body = None

    @property
    def message(self) -> str:
        """The server's own sentence when it refused, with what it says about the first problem."""
        if not isinstance(self.body, dict):
            return ""
        problems = self.body.get("errors") or [{}]
        details = problems[0].get("details", "")
        return ": ".join(text for text in (str(self.body.get("message", "")), details) if text)


class Client:
    """Requests to one server with one key."""

    def __init__(self, url: str, authorization: str, connections: int) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        self.url = url
        self._http = httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def ask(self, method: str, path: str, body: Any = None, **query: object) -> Answer:
        """The answer, whatever its status; tries again while the server is busy. Raises ReplayError when it is gone."""
        content = None if body is None else encode(body)
        parameters = {name: str(value) for name, value in query.items()}
        for pause in (*PATIENCE, None):
            try:
                response = await self._http.request(method, path, content=content, params=parameters or None)
                if response.status_code not in TRY_AGAIN or pause is None:
                    return Answer(response)
            except httpx.ConnectError as error:
                raise ReplayError(f"No server answers at {self.url}. Start one with `guerdon serve`.") from error
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise ReplayError(f"{self.url} is not a web address: {error}") from error
            except httpx.HTTPError as error:
                if pause is None:
                    raise ReplayError(f"{method} {path} failed: {error or type(error).__name__}") from error
            await asyncio.sleep(pause or 0)
        raise AssertionError("unreachable")

    async def do(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """The decoded body of a request that must succeed; raises ReplayError with the server's sentence."""
        answer = await self.ask(method, path, body, **query)
        if answer.status < 300:
            return answer.body
        raise refused(f"{method} {path}", answer)

    async def everything(self, path: str) -> list[dict[str, Any]]:
        """All entries of a list, page by page."""
        size = 1000
        found: list[dict[str, Any]] = []
        while True:
            page = await self.do("GET", path, pageSize=size, skip=len(found))
            found += page["data"]
            if len(page["data"]) < size:
                return found


def refused(what: str, answer: Answer) -> ReplayError:
    """The sentence about a request that the server refused."""
    if answer.status == 401:
        return ReplayError(f"The server does not know this key ({what}): give a valid one with --management-key.")
    return ReplayError(f"{what} was refused with {answer.status}: {answer.message or 'no reason given'}")
