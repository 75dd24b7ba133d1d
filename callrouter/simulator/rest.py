"""The carrier's REST API over HTTP: calls, their legs and numbers, in Twilio's own JSON.

Enough of `2010-04-01` for Twilio's client to run unchanged when its base URL is rewritten.
"""

import base64
import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from itertools import islice
from types import TracebackType
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from callrouter.simulator.account import Account
from callrouter.simulator.call_log import CallLog, CallRecord
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.prices import PriceList
from callrouter.simulator.rest_resources import (
    CALL_FILTERS,
    NUMBER_FILTERS,
    VERSION,
    call_filter,
    show_call,
    show_number,
)

MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 50

_AUTHENTICATION_FAILED = 20003
_METHOD_NOT_ALLOWED = 20004
_NOT_FOUND = 20404
_PARAMETER_INVALID = 20001
_PAGING = frozenset({"PageSize", "Page", "PageToken"})

Row = TypeVar("Row")


class RestApi:
    """The API server; used as `async with`, which gives its base URL (`http://127.0.0.1:port`).

    Port 0 takes any free one. It answers from the log that the traffic of the same carrier fills.
    Legs have the prices of `prices`, late by what it says where a `clock` tells the time.
    """

    def __init__(
        self,
        account: Account,
        log: CallLog,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        prices: PriceList | None = None,
        clock: VirtualClock | None = None,
    ) -> None:
        self._account = account
        self._log = log
        self._prices = prices or PriceList()
        self._clock = clock
        self._address = (host, port)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> str:
        app = web.Application(middlewares=[_gate(self._account)])
        root = f"/{VERSION}/Accounts/{self._account.sid}"
        app.router.add_get(f"{root}/Calls.json", self._list_calls)
        app.router.add_get(f"{root}/Calls/{{sid}}.json", self._show_call)
        app.router.add_get(f"{root}/IncomingPhoneNumbers.json", self._list_numbers)
        listener = socket.create_server(self._address)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._runner = runner
        await web.SockSite(runner, listener).start()
        host, port = listener.getsockname()[:2]
        return f"http://{host}:{port}"

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _show_call(self, request: web.Request) -> web.Response:
        record = self._log.find(request.match_info["sid"])
        if record is None:
            raise web.HTTPNotFound
        self._log.note_lookup(record)
        return web.json_response(self._show(record))

    async def _list_calls(self, request: web.Request) -> web.Response:
        try:
            paging = _Paging.read(request, CALL_FILTERS)
            matches = call_filter(request.query)
        except ValueError as error:
            return _refuse(400, _PARAMETER_INVALID, str(error))
        records = self._log.newest_first(request.query.get("ParentCallSid"))
        shown, has_more = paging.cut(filter(matches, records))
        for record in shown:
            self._log.note_lookup(record)
        rows = [self._show(record) for record in shown]
        return web.json_response(paging.envelope("calls", rows, has_more=has_more))

    def _show(self, record: CallRecord) -> dict[str, object]:
        now = self._clock.now() if self._clock is not None else None
        return show_call(self._account, record, self._prices.price(record, now))

    async def _list_numbers(self, request: web.Request) -> web.Response:
        try:
            paging = _Paging.read(request, NUMBER_FILTERS)
        except ValueError as error:
            return _refuse(400, _PARAMETER_INVALID, str(error))
        wanted = request.query.get("PhoneNumber", "")
        shown, has_more = paging.cut(did for did in self._account.dids if wanted in did.number)
        rows = [show_number(self._account, did) for did in shown]
        return web.json_response(paging.envelope("incoming_phone_numbers", rows, has_more=has_more))


def _gate(account: Account) -> Middleware:
    """Lets in whoever knows the token; says every refusal in Twilio's JSON."""
    credentials = f"{account.sid}:{account.token}".encode()
    wanted = b"Basic " + base64.b64encode(credentials)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not compare_digest(request.headers.get("Authorization", "").encode(), wanted):
            return _refuse(401, _AUTHENTICATION_FAILED, "Authenticate")
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return _refuse(404, _NOT_FOUND, f"The requested resource {request.path} was not found")
        except web.HTTPMethodNotAllowed:
            return _refuse(405, _METHOD_NOT_ALLOWED, f"Method {request.method} not allowed")

    return check


def _refuse(status: int, code: int, message: str) -> web.Response:
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


@dataclass(frozen=True, slots=True)
class _Paging:
    """Which part of a list was asked for, and where its neighbours are."""

    path: str
    filters: tuple[tuple[str, str], ...]
    size: int
    page: int

    @classmethod
    def read(cls, request: web.Request, known_filters: frozenset[str]) -> "_Paging":
        """Raises ValueError for an unknown filter, and a size or page that can't be."""
        if unknown := set(request.query) - known_filters - _PAGING:
            raise ValueError(f"unknown filter {', '.join(sorted(unknown))}")
        size = int(request.query.get("PageSize", DEFAULT_PAGE_SIZE))
        page = int(request.query.get("Page", 0))
        if not 1 <= size <= MAX_PAGE_SIZE or page < 0:
            raise ValueError(f"PageSize should be 1..{MAX_PAGE_SIZE} and Page 0 or more")
        filters = tuple((k, v) for k, v in request.query.items() if k not in _PAGING)
        return cls(request.path, filters, size, page)

    def cut(self, rows: Iterable[Row]) -> tuple[list[Row], bool]:
        """The rows of this page, and whether others follow."""
        start = self.page * self.size
        cut = list(islice(rows, start, start + self.size + 1))
        return cut[: self.size], len(cut) > self.size

    def envelope(
        self, key: str, rows: list[dict[str, object]], *, has_more: bool
    ) -> dict[str, object]:
        """The list as Twilio wraps it; the neighbours' URIs are relative to the host."""
        start = self.page * self.size
        return {
            "first_page_uri": self._uri(0),
            "next_page_uri": self._uri(self.page + 1) if has_more else None,
            "previous_page_uri": self._uri(self.page - 1) if self.page else None,
            "uri": self._uri(self.page),
            "page": self.page,
            "page_size": self.size,
            "start": start,
            "end": start + max(0, len(rows) - 1),
            key: rows,
        }

    def _uri(self, page: int) -> str:
        paging = (("PageSize", str(self.size)), ("Page", str(page)))
        return f"{self.path}?{urlencode((*self.filters, *paging))}"
