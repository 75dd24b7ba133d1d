"""Plays a story: each step becomes a signed request to the real application, or a job of ours."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from xml.etree import ElementTree

from werkzeug.test import TestResponse

from callrouter.adapters.policy_files.buyers_file import read_buyers
from callrouter.adapters.storage.cdrs import StoredCdr, read_cdr
from callrouter.domain.calls.events import LegStatus
from callrouter.domain.carrier.carrier_records import CarrierCall, CarrierLeg, NumberSetup
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.sweep_open_calls import sweep_open_calls
from callrouter.workflows.switchboard import Switchboard
from tests.stories.expecting import check_attempt, check_attempts, check_cdr, describe
from tests.stories.reading import Expected, Step, Story
from tests.switchboards import DID, SELLER, T0, FakeClock, activate
from tests.twilio_side import ANI, CALL_SID, TwilioSide, buyer_fields, caller_fields, leg_sid, stamp

_LEG_EVENTS = {
    "initiated": 0,
    "ringing": 1,
    "answered": 2,
    **dict.fromkeys(("busy", "no-answer", "failed", "canceled", "completed"), 3),
}
"""What a leg's callback may be about, with its SequenceNumber."""


@dataclass(frozen=True)
class Dialled:
    """A leg that a Dial of ours asks for: who, and the URLs that our TwiML names for it."""

    dial_string: str
    action: str
    status: str
    whisper: str | None


@dataclass
class CarrierRecords:
    """The carrier's REST API, which knows what the story's `record` lines say."""

    caller_leg: CarrierLeg | None = None
    buyer_legs: list[CarrierLeg] = field(default_factory=list)

    def fetch_call(self, call_sid: str) -> CarrierCall | None:
        assert call_sid == CALL_SID
        if self.caller_leg is None:
            return None
        return CarrierCall(caller_leg=self.caller_leg, buyer_legs=tuple(self.buyer_legs))

    def list_numbers(self) -> tuple[NumberSetup, ...]:
        raise AssertionError("nobody asks for numbers during a call")


class Player:
    """One story on one switchboard."""

    def __init__(
        self, story: Story, board: Switchboard, clock: FakeClock, twilio: TwilioSide
    ) -> None:
        self._story = story
        self._board = board
        self._clock = clock
        self._twilio = twilio
        self._records = CarrierRecords()
        self._ani, self._did = ANI, DID
        self._dials: list[Dialled] = []
        self._key_urls: dict[int, str] = {}
        self._answer = ""
        self._answers: dict[float, str] = {}
        self._asked: list[tuple[Callable[[], TestResponse], str]] = []
        _, destinations = read_buyers(story.read_file(story.files["buyers"]), "buyers")
        self._names = {d.dial: d.destination_id for d in destinations.values()}
        self._events: dict[str, Callable[[Step], None]] = {
            "call": self._call,
            "fallback": self._fallback,
            "dial-ended": self._dial_ended,
            "whisper": self._whisper,
            "pressed": self._press,
            "recorded": self._record_message,
            **dict.fromkeys(_LEG_EVENTS, self._leg_event),
            "ended": self._end,
            "record": self._note_record,
            "sweep": self._sweep,
            "activate": self._activate,
            "apply": self._apply,
        }

    def play(self) -> None:
        """Every step with what it expects; then all of Twilio's questions once more."""
        for step in self._story.steps:
            self._clock.set(step.at)
            assert step.event in self._events, f"line {step.line}: no such event: {step.event}"
            self._events[step.event](step)
            for expected in step.expected:
                self._check(expected)
        self._ask_everything_again()

    def _ask_everything_again(self) -> None:
        before = self._read_cdr()
        self._clock.at += timedelta(seconds=30)
        for ask, answer in self._asked:
            assert ask().text == answer, "the same request again got another answer"
        assert self._read_cdr() == before, "requests that came again changed the CDR"

    # What the carrier does ---------------------------------------------------------------------

    def _call(self, step: Step) -> None:
        """The voice URL is asked; from=, to=, and `by-get`."""
        self._ani = step.named.get("from", self._ani)
        self._did = step.named.get("to", self._did)
        fields = self._of_caller("ringing")
        ask = self._twilio.get if "by-get" in step.words else self._twilio.post
        self._ask(step, lambda: ask("/twilio/voice", fields))

    def _fallback(self, step: Step) -> None:
        """The fallback URL is asked; error=, of=call or of=dial-ended, caller=."""
        url = f"{self._twilio.public_url}/twilio/voice"
        if step.take("of") == "dial-ended":
            url = self._dials[step.leg - 1].action
        fields = self._of_caller(
            step.named.get("caller", "ringing"), ErrorCode=step.take("error"), ErrorUrl=url
        )
        self._ask(step, lambda: self._twilio.post("/twilio/fallback", fields))

    def _dial_ended(self, step: Step) -> None:
        """The Dial action is asked; a status, bridged or unbridged, legless, caller=, duration=."""
        (status, *how) = step.words
        more = {"DialCallStatus": status}
        if "legless" not in how:
            more["DialCallSid"] = leg_sid(step.leg)
        if "bridged" in how or "unbridged" in how:
            more["DialBridged"] = "true" if "bridged" in how else "false"
        if "duration" in step.named:
            more["DialCallDuration"] = step.named["duration"]
        url = self._dials[step.leg - 1].action
        fields = self._of_caller(step.take("caller"), **more)
        self._ask(step, lambda: self._twilio.post(url, fields))

    def _whisper(self, step: Step) -> None:
        """The buyer has answered, and the URL is asked that our Dial names for that."""
        url = self._dials[step.leg - 1].whisper
        assert url is not None, f"line {step.line}: that Dial has no whisper"
        fields = self._of_buyer(step, "in-progress")
        self._ask(step, lambda: self._twilio.post(url, fields))

    def _press(self, step: Step) -> None:
        """The buyer has pressed a key, as our whisper asked for."""
        assert step.leg in self._key_urls, f"line {step.line}: nobody asked for a key"
        url = self._key_urls[step.leg]
        fields = self._of_buyer(step, "in-progress", Digits=step.words[0])
        self._ask(step, lambda: self._twilio.post(url, fields))

    def _record_message(self, step: Step) -> None:
        """The caller has left a message; duration=, and `caller-hung-up`."""
        hung_up = "caller-hung-up" in step.words
        fields = self._of_caller(
            "completed" if hung_up else "in-progress",
            RecordingUrl="https://api.example.com/Recordings/RE1",
            RecordingDuration=step.take("duration"),
            Digits="hangup" if hung_up else "",
        )
        self._ask(step, lambda: self._twilio.post("/twilio/voicemail", fields))

    def _leg_event(self, step: Step) -> None:
        """A callback of a buyer's leg; duration=, and stamp= where it isn't the present second."""
        more = {"SequenceNumber": str(_LEG_EVENTS[step.event])}
        if "duration" in step.named:
            more["CallDuration"] = step.named["duration"]
        status = "in-progress" if step.event == "answered" else step.event
        fields = self._of_buyer(step, status, Timestamp=stamp(self._when(step, "stamp")), **more)
        self._tell(self._dials[step.leg - 1].status, fields)

    def _end(self, step: Step) -> None:
        """The number's callback: the caller's leg is over; a status, duration=, stamp=."""
        fields = self._of_caller(
            step.words[0],
            CallDuration=step.named.get("duration", "0"),
            Timestamp=stamp(self._when(step, "stamp")),
        )
        self._tell("/twilio/status", fields)

    def _note_record(self, step: Step) -> None:
        """What the carrier's records say of a leg by now; a status, started=, ended=, duration=."""
        duration = step.named.get("duration")
        leg = CarrierLeg(
            leg_sid=leg_sid(step.leg) if step.leg else CALL_SID,
            dial_string=self._dials[step.leg - 1].dial_string if step.leg else self._did,
            status=LegStatus(step.words[0]),
            started_at=_whole(self._when(step, "started")) if "started" in step.named else None,
            ended_at=_whole(self._when(step, "ended")) if "ended" in step.named else None,
            duration_s=int(duration) if duration else None,
        )
        if step.leg:
            self._records.buyer_legs.append(leg)
        else:
            self._records.caller_leg = leg

    # What we do --------------------------------------------------------------------------------

    def _sweep(self, _: Step) -> None:
        """The clock process asks the carrier about calls without an end."""
        retry_after = timedelta(seconds=180)
        sweep_open_calls(self._board.database, lambda _: self._records, self._clock, retry_after)

    def _activate(self, step: Step) -> None:
        """The seller makes another table live."""
        text = self._story.read_file(step.words[0])
        activate(self._board.database, text, at=self._clock.now())

    def _apply(self, step: Step) -> None:
        """The seller changes its buyers."""
        text = self._story.read_file(step.words[0])
        at = self._clock.now()
        apply_buyers(
            self._board.database, SELLER.seller_id, text, "buyers", author="", note="", at=at
        )

    # How it is said and heard ------------------------------------------------------------------

    def _of_caller(self, status: str, **more: str) -> dict[str, str]:
        return caller_fields(status, ani=self._ani, did=self._did) | more

    def _of_buyer(self, step: Step, status: str, **more: str) -> dict[str, str]:
        to = self._dials[step.leg - 1].dial_string
        return buyer_fields(status, step.leg, to=to) | more

    def _when(self, step: Step, name: str) -> datetime:
        return T0 + timedelta(seconds=float(step.named.get(name, step.at)))

    def _tell(self, url: str, fields: dict[str, str]) -> None:
        response = self._twilio.post(url, fields)
        assert (response.status_code, response.data) == (204, b"")

    def _ask(self, step: Step, ask: Callable[[], TestResponse]) -> None:
        response = ask()
        assert (response.status_code, response.mimetype) == (200, "text/xml")
        self._answer = response.text
        self._answers.setdefault(step.at, self._answer)
        self._asked.append((ask, self._answer))
        for verb in ElementTree.fromstring(self._answer):  # noqa: S314 - our own
            if verb.tag == "Gather":
                self._key_urls[step.leg] = verb.attrib["action"]
            if verb.tag == "Dial" and verb.attrib["action"] not in [d.action for d in self._dials]:
                self._dials += [
                    Dialled(
                        noun.text or "",
                        verb.attrib["action"],
                        noun.attrib["statusCallback"],
                        noun.attrib.get("url"),
                    )
                    for noun in verb
                ]

    # What must come of it ----------------------------------------------------------------------

    def _check(self, expected: Expected) -> None:
        where = f"line {expected.line}"
        stored = self._read_cdr()
        match expected.kind:
            case "answer" if same := re.fullmatch(r"as at ([0-9.]+)", expected.text):
                assert self._answer == self._answers[float(same[1])], where
            case "answer":
                assert describe(self._answer, self._names) == expected.text, where
            case "open":
                assert stored is None, where
            case "cdr" | "attempts" | "attempt":
                assert stored is not None, f"{where}: the call has no CDR"
                self._check_stored(expected, stored)
            case _:
                raise AssertionError(f"{where}: nothing is known of {expected.kind!r}")

    def _check_stored(self, expected: Expected, stored: StoredCdr) -> None:
        if expected.kind == "cdr":
            check_cdr(expected, stored)
        elif expected.kind == "attempts":
            check_attempts(expected, stored.cdr.attempts)
        else:
            check_attempt(expected, stored.cdr.attempts)

    def _read_cdr(self) -> StoredCdr | None:
        with self._board.database.read() as connection:
            return read_cdr(connection, SELLER.seller_id, CALL_SID)


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
