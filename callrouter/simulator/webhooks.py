"""Sends signed webhooks over HTTP, with the time limits and retries that their URLs ask for.

Knows nothing of what a webhook means or of what is done with its answer. Redirects are not
followed: an answer other than 2xx is for the caller of this module to judge.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import TracebackType
from typing import TypeAlias
from urllib.parse import quote_plus

import aiohttp
from yarl import URL

from callrouter.simulator.account import Method
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.overrides import ConnectionOverrides, read_overrides
from callrouter.simulator.signing import sign

Form: TypeAlias = tuple[tuple[str, str], ...]

MAX_BODY_BYTES = 64 * 1024
MAX_CONNECTIONS = 256
IDLE_CONNECTION_S = 1.0
"""Shorter than the two seconds for which gunicorn keeps an idle connection: no race at its end."""

FETCH_FAILED = 11200
CONNECTION_FAILED = 11205
PROTOCOL_VIOLATED = 11206


class WebhookKind(StrEnum):
    """Why the carrier asks or tells the router something."""

    VOICE = "voice"
    ACTION = "action"
    REDIRECT = "redirect"
    GATHER = "gather"
    RECORD = "record"
    FALLBACK = "fallback"
    WHISPER = "whisper"
    SCREENING = "screening"
    LEG_STATUS = "leg status"
    NUMBER_STATUS = "number status"
    RECORDING_STATUS = "recording status"

    @property
    def wants_twiml(self) -> bool:
        """Whether the answer is run; status callbacks are answered with anything 2xx."""
        return not self.value.endswith("status")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request as the carrier means it.

    `name` tells it from the others of its call (`action:2`) and is the same in every run of a
    seed; `token` is unique and stays the same over all of its retries and repeats.
    """

    kind: WebhookKind
    method: Method
    url: str
    form: Form
    name: str
    token: str

    @property
    def bare_url(self) -> str:
        """The URL without its connection overrides."""
        return self.url.partition("#")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `sent_at` is of the first try, both instants are virtual.

    `took_ms` is real and of the last try. A body longer than 64 kB is cut just after it.
    """

    status: int
    content_type: str
    body: bytes
    sent_at: datetime
    answered_at: datetime
    took_ms: int
    retries: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the router took the webhook (2xx)."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing came back in time, with the carrier's error code for it and what happened."""

    code: int
    problem: str
    sent_at: datetime
    retries: int = 0


@dataclass(frozen=True, slots=True)
class _Trouble:
    word: str
    code: int
    problem: str


class WebhookSender:
    """A pool of connections to the router; used as `async with`.

    `send` never raises for what the network or the router does: it says so in its result.
    """

    def __init__(self, clock: VirtualClock, token: str) -> None:
        self._clock = clock
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "WebhookSender":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=MAX_CONNECTIONS, keepalive_timeout=IDLE_CONNECTION_S
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, webhook: Webhook) -> Answer | NoAnswer:
        """Send a webhook, again as often as its overrides allow; the last result counts."""
        overrides = read_overrides(webhook.url)
        sent_at = self._clock.now()
        retries = 0
        try:
            async with asyncio.timeout(overrides.total_ms / 1000):
                while True:
                    result = await self._send_once(webhook, overrides, sent_at, retries)
                    trouble = _trouble_in(result)
                    if trouble is None or retries == overrides.retries:
                        break
                    if not overrides.retries_on(trouble):
                        break
                    retries += 1
        except TimeoutError:
            problem = f"no answer within {overrides.total_ms} ms"
            return NoAnswer(CONNECTION_FAILED, problem, sent_at, retries)
        if isinstance(result, _Trouble):
            return NoAnswer(result.code, result.problem, sent_at, retries)
        return result

    async def _send_once(
        self, webhook: Webhook, overrides: ConnectionOverrides, sent_at: datetime, retries: int
    ) -> Answer | _Trouble:
        if self._session is None:
            raise RuntimeError("the sender is closed: use it inside `async with`")
        url, body = _target(webhook)
        signature = sign(self._token, url, webhook.form if body is not None else ())
        started_s = self._clock.stopwatch_s()
        try:
            async with self._session.request(
                webhook.method,
                URL(url, encoded=True),
                data=body,
                headers=_headers(webhook, signature),
                timeout=_timeout(overrides),
                allow_redirects=False,
            ) as response:
                content = await _read(response)
                return Answer(
                    status=response.status,
                    content_type=response.headers.get("Content-Type", ""),
                    body=content,
                    sent_at=sent_at,
                    answered_at=self._clock.now(),
                    took_ms=round((self._clock.stopwatch_s() - started_s) * 1000),
                    retries=retries,
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return _Trouble("ct", CONNECTION_FAILED, str(error))
        except aiohttp.SocketTimeoutError as error:
            return _Trouble("rt", CONNECTION_FAILED, f"nothing read: {error}")
        except aiohttp.ClientConnectionError as error:
            return _Trouble("broken", CONNECTION_FAILED, f"connection broken: {error!r}")
        except aiohttp.ClientError as error:
            return _Trouble("protocol", PROTOCOL_VIOLATED, f"not HTTP: {error!r}")


_quote = lru_cache(maxsize=8192)(quote_plus)
"""Names, places and numbers come again and again: quoting them took a quarter of the time."""


def _trouble_in(result: Answer | _Trouble) -> str | None:
    """The retry policy's word for a failed try; None for one that needs no other."""
    if isinstance(result, _Trouble):
        return result.word
    return {4: "4xx", 5: "5xx"}.get(result.status // 100)


def _target(webhook: Webhook) -> tuple[str, bytes | None]:
    """The URL that is asked and signed, and the body: a GET carries the form in its query."""
    url = webhook.bare_url
    encoded = "&".join(f"{_quote(name)}={_quote(value)}" for name, value in webhook.form)
    if webhook.method == "POST":
        return url, encoded.encode()
    return f"{url}{'&' if '?' in url else '?'}{encoded}", None


def _headers(webhook: Webhook, signature: str) -> dict[str, str]:
    headers = {
        "X-Twilio-Signature": signature,
        "I-Twilio-Idempotency-Token": webhook.token,
        "X-Home-Region": "us1",
        "User-Agent": "TwilioProxy/1.1",
    }
    if webhook.method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return headers


@lru_cache(maxsize=64)
def _timeout(overrides: ConnectionOverrides) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=None,
        sock_connect=overrides.connect_ms / 1000,
        sock_read=overrides.read_ms / 1000,
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, but no more of it than is needed to see that it is too long."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            break
    return bytes(content)
