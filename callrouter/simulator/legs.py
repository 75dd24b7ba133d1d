"""One leg to a phone: dialled, rung, answered, whispered to; and what its callbacks say of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urljoin

from callrouter.simulator.account import Method, make_sid
from callrouter.simulator.call_log import CallRecord, CallStatus, Direction
from callrouter.simulator.caller import WITHHELD_SPELLINGS, place_of
from callrouter.simulator.cast import Phone, PhoneOutcome
from callrouter.simulator.forms import leg_form, status_form
from callrouter.simulator.live_call import LiveCall
from callrouter.simulator.truth import AttemptOutcome, AttemptTruth, Window
from callrouter.simulator.twiml import Element
from callrouter.simulator.webhooks import Form, WebhookKind

EXTRA_RING_S = 5
"""Twilio rings this much longer than `timeout` says."""

CALLER_ID_INVALID = 13214
_SIP_FORBIDDEN = 403
_REFUSED_AFTER_S = 0.5
_KEYED_S = {"w": 0.5, "W": 1.0}
_KEY_S = 0.2
_CLOSE = timedelta(seconds=4)
"""Reported stamps are whole seconds, and nobody is told when a bridge was: this is too close."""

_EVENTS: Mapping[CallStatus, str] = {
    CallStatus.INITIATED: "initiated",
    CallStatus.RINGING: "ringing",
    CallStatus.IN_PROGRESS: "answered",
}


def method_of(element: Element, attribute: str = "method") -> Method:
    """A method attribute; POST by default."""
    return "GET" if element.attributes.get(attribute) == "GET" else "POST"


class Leg:
    """A leg that a <Dial> places to one noun; `ordinal` counts the legs of its call from 1.

    `first` is the ordinal of the first leg of the same <Dial>.
    """

    def __init__(
        self,
        call: LiveCall,
        dial: Element,
        noun: Element,
        base_url: str,
        ordinal: int,
        first: int,
    ) -> None:
        self.call = call
        self.noun = noun
        self.base_url = base_url
        self._dial = dial
        self._ordinal = ordinal
        self._first = first
        self._sequence = 0
        self.dial_string = noun.text
        self.phone = self._draw_phone()
        self.record = CallRecord(
            sid=make_sid("CA", call.record.sid, ordinal),
            parent_sid=call.record.sid,
            caller=dial.attributes.get("callerId", call.caller.number),
            called=noun.text,
            direction=Direction.OUTBOUND_DIAL,
            number_sid=call.did.sid,
            started_at=call.clock.now(),
            status=CallStatus.INITIATED,
        )
        call.exchange.log.add(self.record)
        self.outcome = AttemptOutcome.ABANDONED
        self.bridged_at: datetime | None = None
        self.whisper: Window | None = None
        self.accepted: Window | None = None
        self.screened = self.refused_by_key = self.keyed = False
        self.taker: Leg | None = None
        self._is_told_of = False

    def _draw_phone(self) -> Phone:
        """The phone's behaviour, which depends on the call, the dial string and how often."""
        call = self.call
        before = sum(1 for done in call.attempts if done.dial_string == self.dial_string)
        elapsed_s = (call.clock.now() - call.exchange.opened_at).total_seconds()
        chance = call.chance.of("phone", self.dial_string, before)
        return call.exchange.cast.dial(self.dial_string, chance, elapsed_s)

    @property
    def form(self) -> Form:
        """The parameters of a webhook about this leg, as it stands now."""
        record = self.record
        account_sid = self.call.exchange.account.sid
        return leg_form(account_sid, record, place_of(record.caller), place_of(record.called))

    async def rings(self) -> bool:
        """Dial and ring the phone: whether it answers. If not, the leg has ended."""
        call, phone, started_at = self.call, self.phone, self.record.started_at
        timeout_s = self._dial.integer("timeout", 30) + EXTRA_RING_S
        gives_up_at = started_at + timedelta(seconds=timeout_s)
        self._tell(started_at)
        if self._caller_id_is_refused():
            await call.clock.sleep(_REFUSED_AFTER_S)
            self.end(CallStatus.FAILED, AttemptOutcome.FAILED, sip_code=_SIP_FORBIDDEN)
            return False
        ringing_at = started_at + timedelta(seconds=phone.pdd_s)
        answers_at = ringing_at + timedelta(seconds=phone.ring_s)
        await call.clock.sleep_until(min(ringing_at, gives_up_at))
        if ringing_at <= gives_up_at:
            if phone.outcome is PhoneOutcome.FAILED:
                self.end(CallStatus.FAILED, AttemptOutcome.FAILED, sip_code=phone.sip_code)
                return False
            if phone.outcome is PhoneOutcome.BUSY:
                self.end(CallStatus.BUSY, AttemptOutcome.BUSY)
                return False
            self._become(CallStatus.RINGING, call.clock.now())
        if phone.outcome is PhoneOutcome.NO_ANSWER or answers_at > gives_up_at:
            await call.clock.sleep_until(gives_up_at)
            self.end(CallStatus.NO_ANSWER, AttemptOutcome.NO_ANSWER)
            return False
        await call.clock.sleep_until(answers_at)
        self.record.answered_at = call.clock.now()
        self._become(CallStatus.IN_PROGRESS, self.record.answered_at)
        return True

    async def send_digits(self) -> None:
        """Key the digits that the noun wants, to whatever has answered."""
        digits = self.noun.attributes.get("sendDigits", "")
        self.keyed = bool(digits)
        await self.call.clock.sleep(sum(_KEYED_S.get(key, _KEY_S) for key in digits))

    def end(
        self,
        status: CallStatus,
        outcome: AttemptOutcome,
        at: datetime | None = None,
        sip_code: int | None = None,
    ) -> None:
        """End the leg and tell its status URL; a second end is none."""
        if self.record.ended_at is None:
            self.record.ended_at = at or self.call.clock.now()
            self.outcome = outcome
            self._become(status, self.record.ended_at, sip_code)

    def drop(self, outcome: AttemptOutcome, at: datetime) -> None:
        """End a leg that the carrier itself takes down before the bridge."""
        answered = self.record.answered_at is not None
        self.end(CallStatus.COMPLETED if answered else CallStatus.CANCELED, outcome, at)

    def truth(self) -> AttemptTruth:
        """What came of it, once it has ended and every webhook about it was answered.

        Who had pressed the key that declines, when the caller left before its answer, or another
        phone was bridged, declined.
        """
        record = self.record
        outcome = self.outcome
        taken_down = outcome in (AttemptOutcome.ABANDONED, AttemptOutcome.ELSEWHERE)
        if taken_down and self.refused_by_key:
            outcome = AttemptOutcome.DECLINED
        return AttemptTruth(
            dial_string=self.dial_string,
            leg_sid=record.sid,
            outcome=outcome,
            ended_at=(record.ended_at or record.started_at).replace(microsecond=0),
            leg_seconds=record.duration_s,
            bridged=self._bridged(),
            screened=self.screened,
            whispered=self.whisper is not None,
            keyed=self.keyed,
            dial=self._first,
            also_right=self._also_right(outcome),
        )

    def _also_right(self, outcome: AttemptOutcome) -> frozenset[AttemptOutcome]:
        """Beside the one that had the call, an end that can't be told from the carrier's own.

        Nothing was told of the leg at all, or it ended by itself just before the bridge.
        """
        taker = self.taker
        if taker is None or outcome is AttemptOutcome.ELSEWHERE:
            return frozenset()
        joined_at = taker.bridged_at
        if taker.keyed or (taker.whisper is not None and taker.accepted is None):
            joined_at = taker.record.answered_at
        own = outcome in (AttemptOutcome.BUSY, AttemptOutcome.FAILED) or self.refused_by_key
        ended_at = self.record.ended_at
        is_close = joined_at is None or ended_at is None or joined_at - ended_at <= _CLOSE
        is_silent = not self._is_told_of and self.whisper is None
        return frozenset({AttemptOutcome.ELSEWHERE} if is_silent or (is_close and not own) else ())

    def _bridged(self) -> Window | None:
        if self.bridged_at is None or self.outcome is not AttemptOutcome.CONNECTED:
            return None
        if self.accepted is not None:
            return self.accepted
        asked_at = self.whisper.earliest if self.whisper is not None else self.bridged_at
        if self.keyed and self.record.answered_at is not None:
            asked_at = self.record.answered_at
        return Window(asked_at, self.bridged_at)

    def _caller_id_is_refused(self) -> bool:
        """Carriers refuse a withheld number; a number must be the call's own or the account's."""
        call, caller_id = self.call, self.record.caller
        if self.noun.name == "Sip" and caller_id and caller_id not in WITHHELD_SPELLINGS:
            return False
        own = caller_id in {call.caller.number, call.did.number}
        owned = own or call.exchange.account.owns(caller_id)
        if owned and caller_id not in WITHHELD_SPELLINGS:
            return False
        problem = f"<Dial callerId={caller_id!r}>: should be the caller's number or an own one"
        call.violate(CALLER_ID_INVALID, self.base_url, problem)
        return True

    def _become(self, status: CallStatus, at: datetime, sip_code: int | None = None) -> None:
        self.record.status = status
        self._tell(at, sip_code)

    def _tell(self, at: datetime, sip_code: int | None = None) -> None:
        """Send the callback of the status that was just reached, if the noun wants it."""
        url = self.noun.attributes.get("statusCallback")
        event = _EVENTS.get(self.record.status, "completed")
        wanted = self.noun.attributes.get("statusCallbackEvent", "completed").split()
        if url is None or event not in wanted:
            return
        form = status_form(self.form, self.record, at, self._sequence, sip_code)
        self._sequence += 1
        self._is_told_of |= self.call.post_callback(
            WebhookKind.LEG_STATUS,
            method_of(self.noun, "statusCallbackMethod"),
            urljoin(self.base_url, url),
            form,
            f"{self._ordinal}:{event}",
        )
