"""The calls that docs/call-flow.md tells, played against the real application.

The configuration is what config/ ships. What the application answers, and what the command line
then shows, is what the page must show.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from callrouter.adapters.storage.engine import open_database
from callrouter.web.app import create_app
from tests.docs.pages import ROOT
from tests.switchboards import T0, FakeClock, make_board, open_seller
from tests.twilio_side import TwilioSide, buyer_fields, caller_fields, stamp

CALL_SID = "CA00000000000000000000000000000001"
"""Its draw puts acme-east before crest-desk."""
FLOOD_DID, SOLAR_DID, STRANGE_DID = "+18005550100", "+18005550106", "+18005550199"
ROOFING_DIDS = ("+18005550121", "+18005550122", "+18005550123", "+18005550124")
ROUTES = (
    'destination = "acme-east"\nsend_digits = "WW2"',
    'destination = "acme-switchboard"\nsip_header = "X-Call-Id"',
    'destination = "acme-east"\ngroup = "desks"\n\n[[routes]]\ndestination = "crest-desk"\n'
    'group = "desks"\nscreening = "Press 1 to take the call."\n\n'
    '[[groups]]\nid = "desks"\nring = "together"',
    'destination = "acme-east"\nrecovery = { under_s = 20 }\n\n[[routes]]\n'
    'destination = "crest-desk"\npriority = 2',
)
"""What the page says of routes that none of the shipped tables has, one campaign for each."""


@dataclass
class Carrier:
    """Twilio's side of the example calls; `answers` are all the TwiML that it got."""

    twilio: TwilioSide
    clock: FakeClock
    answers: list[str] = field(default_factory=list)

    def ask(self, at: float, target: str, fields: dict[str, str]) -> None:
        """A request whose answer is TwiML."""
        self.clock.set(at)
        response = self.twilio.post(target, fields)
        assert response.status_code == 200, response.text
        self.answers.append(response.text)

    def tell(self, at: float, target: str, fields: dict[str, str]) -> None:
        """A status callback."""
        self.clock.set(at)
        happened_at = T0 + timedelta(seconds=at)
        response = self.twilio.post(target, {**fields, "Timestamp": stamp(happened_at)})
        assert response.status_code == 204, response.text


def play_told_call(carrier: Carrier) -> None:
    """The call that the page tells step by step: one buyer rings out, the next one takes it."""
    acme, crest = "d=acme-east", "d=crest-desk"
    tried = f"{acme}&tried=acme-east"
    carrier.ask(0.12, "/twilio/voice", _caller("ringing"))
    carrier.tell(0.46, f"/twilio/legs/1?{acme}", _buyer("initiated", 1))
    carrier.tell(1.15, f"/twilio/legs/1?{acme}", _buyer("ringing", 1))
    carrier.tell(25.31, f"/twilio/legs/1?{acme}", _buyer("no-answer", 1, CallDuration="0"))
    ended = _caller("ringing", DialCallStatus="no-answer", DialCallSid=_leg(1), DialBridged="false")
    carrier.ask(25.38, f"/twilio/attempts/1?{tried}", ended)
    carrier.tell(25.71, f"/twilio/legs/2?{crest}", _buyer("initiated", 2))
    carrier.tell(26.22, f"/twilio/legs/2?{crest}", _buyer("ringing", 2))
    carrier.tell(33.24, f"/twilio/legs/2?{crest}", _buyer("in-progress", 2))
    carrier.ask(33.29, f"/twilio/whisper/2?{crest}", _buyer("in-progress", 2))
    pressed = _buyer("in-progress", 2, Digits="1")
    carrier.ask(37.2, f"/twilio/screening/2?{crest}", pressed)
    carrier.tell(217.6, f"/twilio/legs/2?{crest}", _buyer("completed", 2, CallDuration="184"))
    talked = _caller(
        "in-progress",
        DialCallStatus="completed",
        DialCallSid=_leg(2),
        DialBridged="true",
        DialCallDuration="184",
    )
    carrier.ask(217.74, f"/twilio/attempts/2?{crest}&tried=acme-east.crest-desk", talked)
    carrier.tell(218.03, "/twilio/status", _caller("completed", CallDuration="180"))


def play_other_calls(carrier: Carrier) -> None:
    """The calls that the page mentions: overflow, voicemail, withheld and unknown numbers."""
    _lose_everywhere(
        carrier,
        "CA00000000000000000000000000000002",
        FLOOD_DID,
        ("acme-east", "crest-desk", "acme-switchboard", "crest-night-desk"),
    )
    _lose_everywhere(
        carrier, "CA00000000000000000000000000000013", SOLAR_DID, ("bolt-main", "crest-desk")
    )
    hidden = _caller("ringing", number=4, ani="anonymous")
    carrier.ask(0.12, "/twilio/voice", hidden)
    hidden = _caller("ringing", number=5, did=SOLAR_DID, ani="anonymous")
    carrier.ask(0.12, "/twilio/voice", hidden)
    carrier.ask(0.12, "/twilio/voice", _caller("ringing", number=6, did=STRANGE_DID))
    carrier.ask(0.12, "/twilio/voice", _caller("ringing", number=7, ani="+14155550107"))
    whispered = _buyer("in-progress", 1, number=7)
    carrier.ask(9.0, "/twilio/whisper/1?d=acme-east", whispered)
    carrier.ask(0.12, "/twilio/voice", _caller("ringing") | {"CallSid": ""})
    _play_special_routes(carrier)


def _play_special_routes(carrier: Carrier) -> None:
    """Digits, a header, a ring group; and a talk that the buyer ends after 6 seconds."""
    for number, did in enumerate(ROOFING_DIDS, 21):
        carrier.ask(0.12, "/twilio/voice", _caller("ringing", number=number, did=did))
    dropped = _caller(
        "in-progress",
        number=24,
        did=ROOFING_DIDS[3],
        DialCallStatus="completed",
        DialBridged="true",
        DialCallSid=_leg(1),
        DialCallDuration="6",
    )
    carrier.ask(11.1, "/twilio/attempts/1?d=acme-east&tried=acme-east", dropped)


def _lose_everywhere(
    carrier: Carrier, call_sid: str, did: str, destinations: tuple[str, ...]
) -> None:
    # Callers of their own: the shipped tables know whom a buyer had, and who called just now.
    fields = caller_fields("ringing", call_sid=call_sid, did=did, ani=f"+141555501{call_sid[-2:]}")
    carrier.ask(0.12, "/twilio/voice", fields)
    for number, destination in enumerate(destinations, 1):
        assert f"d={destination}&" in carrier.answers[-1], "the draw came out otherwise"
        tried = ".".join(destinations[:number])
        busy = {"DialCallStatus": "busy", "DialBridged": "false", "DialCallSid": _leg(number)}
        target = f"/twilio/attempts/{number}?d={destination}&tried={tried}"
        carrier.ask(0.12 + number, target, fields | busy)


def _caller(
    status: str, *, number: int = 1, did: str = FLOOD_DID, ani: str = "+14155550123", **more: str
) -> dict[str, str]:
    return caller_fields(status, call_sid=f"CA{number:032d}", did=did, ani=ani) | more


def _buyer(status: str, leg: int, *, number: int = 1, **more: str) -> dict[str, str]:
    to = "+12125550171" if leg == 1 else "+13125550172"
    return buyer_fields(status, leg, call_sid=f"CA{number:032d}", to=to) | more


def _leg(number: int) -> str:
    return f"CA{'b' * 31}{number}"


@contextmanager
def shipped_configuration(database_url: str, folder: Path) -> Iterator[Carrier]:
    """An application with the buyers and tables of config/, and Twilio's side of it."""
    database = open_database(database_url)
    buyers = "\n".join(_read(f"config/buyers/{name}.toml") for name in ("acme", "bolt", "crest"))
    shipped = (_read(f"config/routing/{n}.toml") for n in ("flood-repair", "solar-quotes"))
    special = (
        f'campaign = "roofing-{index}"\n[[dids]]\nnumber = "{did}"\n[[routes]]\n{routes}\n'
        for index, (did, routes) in enumerate(zip(ROOFING_DIDS, ROUTES, strict=True))
    )
    tables = (*shipped, *special)
    clock = FakeClock()
    open_seller(database, buyers=buyers, tables=tables, at=T0 - timedelta(hours=1))
    with make_board(database, folder, clock) as board:
        board.known_good.refresh()
        yield Carrier(TwilioSide(create_app(board).test_client()), clock)
    database.dispose()


def _read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")
