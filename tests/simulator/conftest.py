"""A router that answers from a script, and a way to place one exact call to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from callrouter.simulator.account import Account, Did, make_sid
from callrouter.simulator.call_log import CallLog
from callrouter.simulator.caller import Caller
from callrouter.simulator.caller_leg import CallerLeg
from callrouter.simulator.cast import Cast, PhoneProfile
from callrouter.simulator.chance import Chance, Span
from callrouter.simulator.clock import VirtualClock
from callrouter.simulator.faults import Faults
from callrouter.simulator.live_call import Exchange, LiveCall
from callrouter.simulator.truth import CallTruth
from callrouter.simulator.verdict import judge
from callrouter.simulator.webhooks import WebhookSender

ACCOUNT_SID = "AC00000000000000000000000000000001"
TOKEN = "test_auth_token_0123456789abcdef"
DID = "+18005550100"
ACME, BOLT = "+13125550171", "+16465550172"
CALLER = Caller("+14155550123", patience_s=600, talk_s=600)
SCALE = 200.0

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """What the scripted router answers; `after_s` is real."""

    body: str = ""
    status: int = 200
    content_type: str = "text/xml"
    after_s: float = 0.0


@dataclass(frozen=True)
class Received:
    """A request as it reached the router."""

    method: str
    target: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: str

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Line: TypeAlias = str | Reply | Callable[[Received], str]
Script: TypeAlias = Mapping[str, Line | Sequence[Line]]


class ScriptedRouter:
    """Answers each path with its reply, or one reply after another; 204 where it has none."""

    def __init__(self, script: Script) -> None:
        self._lines: dict[str, list[Line]] = {
            path: [lines] if isinstance(lines, str | Reply) or callable(lines) else list(lines)
            for path, lines in script.items()
        }
        self.received: list[Received] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> "ScriptedRouter":
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.text()
        fields = body if request.method == "POST" else request.query_string
        received = Received(
            request.method,
            request.path_qs,
            dict(parse_qsl(fields, keep_blank_values=True)),
            dict(request.headers),
            body,
        )
        self.received.append(received)
        lines = self._lines.get(request.path, [Reply(status=204)])
        line = lines.pop(0) if len(lines) > 1 else lines[0]
        said = line(received) if callable(line) else line
        reply = Reply(said) if isinstance(said, str) else said
        await asyncio.sleep(reply.after_s)
        return web.Response(
            status=reply.status,
            body=reply.body.encode(),
            headers={"Content-Type": reply.content_type} if reply.content_type else {},
        )


@dataclass(frozen=True)
class Played:
    """One call that was played: its truth, and what the router received, in order of arrival."""

    truth: CallTruth
    received: list[Received]
    log: CallLog

    def to(self, path: str) -> list[Received]:
        return [request for request in self.received if request.path == path]

    def one(self, path: str) -> Received:
        (request,) = self.to(path)
        return request


@dataclass(frozen=True)
class Setting:
    """Everything about a call to be played; tests replace what they are about."""

    did: Did = field(
        default_factory=lambda: Did(
            DID, voice_url="/voice", fallback_url="/fallback", status_url="/status"
        )
    )
    caller: Caller = CALLER
    phones: Mapping[str, PhoneProfile] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    seed: str = "1"
    scale: float = SCALE

    async def play(self, script: Script) -> Played:
        clock = VirtualClock(time.time(), self.scale)  # noqa: TID251 - the origin is now
        log = CallLog()
        async with ScriptedRouter(script) as router, WebhookSender(clock, TOKEN) as sender:
            did = replace(
                self.did,
                voice_url=_absolute(router.url, self.did.voice_url),
                fallback_url=_absolute(router.url, self.did.fallback_url),
                status_url=_absolute(router.url, self.did.status_url),
            )
            account = Account(ACCOUNT_SID, TOKEN, (did,))
            exchange = Exchange(
                account, Cast(self.phones), clock, sender, log, self.faults, clock.now()
            )
            chance = Chance(self.seed, 0)
            call = LiveCall(exchange, did, self.caller, make_sid("CA", self.seed), chance)
            await CallerLeg(call).run()
            await call.close()
        return Played(judge(call), router.received, log)


def _absolute(base: str, url: str) -> str:
    return f"{base}{url}" if url.startswith("/") else url


class Play(Protocol):
    """Plays one call against the script."""

    def __call__(
        self,
        script: Script,
        *,
        phones: Mapping[str, PhoneProfile] | None = None,
        caller: Caller = CALLER,
        did: Did | None = None,
        faults: Faults | None = None,
        seed: str = "1",
    ) -> Played: ...


@pytest.fixture
def play() -> Play:
    def play_call(
        script: Script,
        *,
        phones: Mapping[str, PhoneProfile] | None = None,
        caller: Caller = CALLER,
        did: Did | None = None,
        faults: Faults | None = None,
        seed: str = "1",
    ) -> Played:
        setting = Setting(caller=caller, phones=phones or {}, faults=faults or Faults(), seed=seed)
        if did is not None:
            setting = replace(setting, did=did)
        return asyncio.run(setting.play(script))

    return play_call


class MakePhone(Protocol):
    """A phone that always does the same: `does` is answer, busy, no-answer or failed."""

    def __call__(
        self,
        does: str = "answer",
        *,
        ring_s: float = 2,
        talk_s: float = 10,
        hangs_up_first: bool = True,
        declines: bool = False,
        voicemail: bool = False,
        press_after_s: float = 1,
        sip_code: int = 503,
    ) -> PhoneProfile: ...


@pytest.fixture
def phone() -> MakePhone:
    def make(
        does: str = "answer",
        *,
        ring_s: float = 2,
        talk_s: float = 10,
        hangs_up_first: bool = True,
        declines: bool = False,
        voicemail: bool = False,
        press_after_s: float = 1,
        sip_code: int = 503,
    ) -> PhoneProfile:
        return PhoneProfile(
            answers=float(does == "answer"),
            busy=float(does == "busy"),
            no_answer=float(does == "no-answer"),
            fails=float(does == "failed"),
            sip_code=sip_code,
            pdd_s=Span(1, 1),
            ring_s=Span(ring_s, ring_s),
            talk_s=Span(talk_s, talk_s),
            voicemail=float(voicemail),
            declines=float(declines),
            press_after_s=Span(press_after_s, press_after_s),
            hangs_up_first=float(hangs_up_first),
        )

    return make


MakeReply: TypeAlias = type[Reply]


@pytest.fixture
def reply() -> MakeReply:
    return Reply


class RunScripted(Protocol):
    """Runs `work` against a router that answers from a script."""

    def __call__(self, script: Script, work: Callable[[ScriptedRouter], Awaitable[T]]) -> T: ...


@pytest.fixture
def run_scripted() -> RunScripted:
    def run(script: Script, work: Callable[[ScriptedRouter], Awaitable[T]]) -> T:
        async def main() -> T:
            async with ScriptedRouter(script) as router:
                return await work(router)

        return asyncio.run(main())

    return run


@pytest.fixture
def fast_clock() -> VirtualClock:
    return VirtualClock(time.time(), SCALE)  # noqa: TID251 - the origin is now
