"""Calls to one application, told step by step: acme rings first, bolt second."""

from datetime import timedelta

from callrouter.web.app import create_app
from callrouter.workflows.switchboard import Switchboard
from tests.switchboards import FakeClock
from tests.twilio_side import ANI, TwilioSide, buyer_fields, caller_fields, stamp

ACME, BOLT = "+12125550171", "+14155550174"


def sid(number: int) -> str:
    return f"CA{number:032x}"


class Calls:
    """Calls to one application, each told by its number."""

    def __init__(self, board: Switchboard, clock: FakeClock) -> None:
        self._board = board
        self._clock = clock
        self._twilio = TwilioSide(create_app(board).test_client())

    def arrive(self, number: int, ani: str = ANI) -> str:
        """Whom the answer dials: acme, bolt, or nobody."""
        answer = self._twilio.post("/twilio/voice", caller_fields(call_sid=sid(number), ani=ani))
        return who(answer.text)

    def fail(self, number: int, status: str = "busy") -> str:
        """The first attempt wasn't taken; whom the answer dials next."""
        ended = {"DialCallStatus": status, "DialBridged": "false", "DialCallSid": leg(number)}
        self.tell(number, status, 0)
        target = "/twilio/attempts/1?d=acme-east&tried=acme-east"
        return who(self._twilio.post(target, caller_fields(call_sid=sid(number)) | ended).text)

    def talk(self, number: int, seconds: int) -> None:
        """The first attempt talked for so long, and the call is over."""
        self.tell(number, "in-progress")
        self._clock.at += timedelta(seconds=seconds)
        self.tell(number, "completed", seconds)
        ended = {
            "DialCallStatus": "completed",
            "DialBridged": "true",
            "DialCallSid": leg(number),
            "DialCallDuration": str(seconds),
        }
        target = "/twilio/attempts/1?d=acme-east&tried=acme-east"
        self._twilio.post(target, caller_fields("in-progress", call_sid=sid(number)) | ended)
        self.end(number, seconds)

    def end(self, number: int, seconds: int = 0) -> None:
        """The caller's leg is over."""
        fields = caller_fields(
            "completed" if seconds else "no-answer",
            call_sid=sid(number),
            CallDuration=str(seconds),
            Timestamp=stamp(self._clock.at),
        )
        assert self._twilio.post("/twilio/status", fields).status_code == 204

    def give_up(self, number: int) -> None:
        """Bolt, who was tried second, doesn't answer either, and the caller has gone."""
        second = f"CA{'c' * 20}{number:012x}"
        fields = buyer_fields("no-answer", call_sid=sid(number), to=BOLT, CallDuration="0")
        self._twilio.post("/twilio/legs/2?d=bolt-main", fields | {"CallSid": second})
        ended = {"DialCallStatus": "no-answer", "DialBridged": "false", "DialCallSid": second}
        target = "/twilio/attempts/2?d=bolt-main&tried=acme-east&tried=bolt-main"
        self._twilio.post(target, caller_fields("completed", call_sid=sid(number)) | ended)
        self.end(number)

    def tell(self, number: int, status: str, seconds: int | None = None) -> None:
        """A callback of acme's leg."""
        fields = buyer_fields(status, call_sid=sid(number), Timestamp=stamp(self._clock.at))
        fields["CallSid"] = leg(number)
        if seconds is not None:
            fields["CallDuration"] = str(seconds)
        assert self._twilio.post("/twilio/legs/1?d=acme-east", fields).status_code == 204


def leg(number: int) -> str:
    return f"CA{'b' * 20}{number:012x}"


def who(answer: str) -> str:
    return "acme" if ACME in answer else "bolt" if BOLT in answer else "nobody"
