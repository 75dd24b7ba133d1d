"""Asks buyers' health URLs over HTTP, a few at a time, none for longer than some seconds.

A URL comes from a file that a seller wrote: no redirect is followed, no body read, no cookie or
password sent, and no private address asked unless that is allowed.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence

import aiohttp
from aiohttp import AddrInfoType

from callrouter.adapters.outward import find_forbidden
from callrouter.domain.health.buyer_health import HealthAnswer


class HttpHealthProbe:
    """GET; a status of 200 to 299 within `timeout_s` seconds in all is a good answer."""

    def __init__(
        self, *, timeout_s: float = 5.0, at_once: int = 4, allows_private: bool = False
    ) -> None:
        self._timeout_s = timeout_s
        self._allows_private = allows_private
        self._at_once = at_once

    def ask(self, urls: Sequence[str]) -> Mapping[str, HealthAnswer]:
        """The answer of each URL that may be asked; one that can't be had is a bad answer."""
        return asyncio.run(self._ask_all(tuple(dict.fromkeys(urls))))

    async def _ask_all(self, urls: Sequence[str]) -> Mapping[str, HealthAnswer]:
        turns = asyncio.Semaphore(self._at_once)
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "callrouter"},
            connector=aiohttp.TCPConnector(socket_factory=self._make_socket),
        ) as session:
            answers = await asyncio.gather(*(self._ask(session, turns, url) for url in urls))
        return {
            url: answer for url, answer in zip(urls, answers, strict=True) if answer is not None
        }

    async def _ask(
        self, session: aiohttp.ClientSession, turns: asyncio.Semaphore, url: str
    ) -> HealthAnswer | None:
        try:
            async with turns, session.get(url, allow_redirects=False) as answer:
                return HealthAnswer(200 <= answer.status < 300, str(answer.status))
        except TimeoutError:
            return HealthAnswer(is_good=False, said=f"no answer in {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Whatever the system says has a number, and what `_make_socket` says has none.
            if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno is None:
                return None
            return HealthAnswer(is_good=False, said=f"no answer ({type(error).__name__})")

    def _make_socket(self, address: AddrInfoType) -> socket.socket:
        """A socket to connect to an address that may be asked; OSError for another one."""
        family, kind, protocol, _, place = address
        forbidden = find_forbidden(str(place[0]), allows_private=self._allows_private)
        if forbidden:
            raise OSError(forbidden)
        return socket.socket(family, kind, protocol)
