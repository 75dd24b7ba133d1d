"""Asks buyers' health URLs over HTTP, a few at a time, none for longer than some seconds.

A URL comes from a file that a seller wrote: no redirect is followed, no body read, no cookie or
password sent.
"""

import asyncio
from collections.abc import Mapping, Sequence

import aiohttp

from callrouter.domain.buyer_health import HealthAnswer


class HttpHealthProbe:
    """GET; a status of 200 to 299 within `timeout_s` seconds in all is a good answer."""

    def __init__(self, *, timeout_s: float = 5.0, at_once: int = 4) -> None:
        self._timeout_s = timeout_s
        self._at_once = at_once

    def ask(self, urls: Sequence[str]) -> Mapping[str, HealthAnswer]:
        """The answer of each URL; one that can't be had is a bad answer."""
        return asyncio.run(self._ask_all(tuple(dict.fromkeys(urls))))

    async def _ask_all(self, urls: Sequence[str]) -> Mapping[str, HealthAnswer]:
        turns = asyncio.Semaphore(self._at_once)
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "callrouter"},
        ) as session:
            answers = await asyncio.gather(*(self._ask(session, turns, url) for url in urls))
        return dict(zip(urls, answers, strict=True))

    async def _ask(
        self, session: aiohttp.ClientSession, turns: asyncio.Semaphore, url: str
    ) -> HealthAnswer:
        try:
            async with turns, session.get(url, allow_redirects=False) as answer:
                return HealthAnswer(200 <= answer.status < 300, str(answer.status))
        except TimeoutError:
            return HealthAnswer(is_good=False, said=f"no answer in {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return HealthAnswer(is_good=False, said=f"no answer ({type(error).__name__})")
