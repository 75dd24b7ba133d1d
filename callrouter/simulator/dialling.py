"""Plays a <Dial>: places its legs, bridges the first that may be, and lets the two talk."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

from callrouter.simulator.call_log import CallStatus
from callrouter.simulator.legs import Leg
from callrouter.simulator.live_call import LiveCall
from callrouter.simulator.screening import Screening
from callrouter.simulator.truth import AttemptOutcome, HangupParty
from callrouter.simulator.twiml import Element
from callrouter.simulator.webhooks import Form

TIME_LIMIT_S = 14_400
_NEVER = datetime.min.replace(tzinfo=UTC)


class Dialling:
    """One <Dial> on one call, from placing the legs to the end of the conversation."""

    def __init__(self, call: LiveCall, dial: Element, base_url: str) -> None:
        self._call = call
        self._dial = dial
        self._base_url = base_url
        self._first = len(call.attempts) + 1
        self._legs: list[Leg] = []
        self._bridged: Leg | None = None

    async def run(self) -> None:
        """Dial everybody, all at once or one after another, until one is bridged or none is left.

        Afterwards the call goes on, or is over because the caller hung up.
        """
        call, dial = self._call, self._dial
        if not dial.flag("answerOnBridge"):
            call.answer(call.clock.now())
        nouns = dial.children or (Element("Number", text=dial.text, line=dial.line),)
        groups = [(noun,) for noun in nouns] if dial.flag("sequential") else [nouns]
        for group in groups:
            legs = self._place(group)
            self._bridged = await self._ring(legs)
            if self._bridged is not None:
                await self._converse(self._bridged)
            call.attempts.extend(legs)
            if self._bridged is not None or call.over:
                return

    def result_form(self) -> Form:
        """The Dial* parameters of the action request.

        A leg that the caller abandoned is `canceled` or `no-answer`, both were seen; the duration
        of a leg that nobody answered is missing, empty or 0.
        """
        leg = self._bridged or max(self._legs, key=lambda each: each.record.ended_at or _NEVER)
        chance = self._call.chance.of("dial result", len(self._call.attempts))
        return (
            ("DialCallStatus", self._dial_status(leg, chance)),
            ("DialCallSid", leg.record.sid),
            *self._dial_duration(leg, chance),
            ("DialBridged", "true" if leg is self._bridged else "false"),
        )

    @staticmethod
    def _dial_status(leg: Leg, chance: Random) -> CallStatus:
        if leg.record.status is CallStatus.CANCELED:
            return chance.choice((CallStatus.CANCELED, CallStatus.NO_ANSWER))
        return leg.record.status

    @staticmethod
    def _dial_duration(leg: Leg, chance: Random) -> Form:
        if leg.record.answered_at is not None:
            return (("DialCallDuration", str(leg.record.duration_s)),)
        unanswered: tuple[Form, ...] = (
            (),
            (("DialCallDuration", ""),),
            (("DialCallDuration", "0"),),
        )
        return chance.choice(unanswered)

    def _place(self, nouns: tuple[Element, ...]) -> list[Leg]:
        before = len(self._call.attempts)
        legs = [
            Leg(self._call, self._dial, noun, self._base_url, before + number, self._first)
            for number, noun in enumerate(nouns, start=1)
        ]
        self._legs += legs
        return legs

    async def _ring(self, legs: list[Leg]) -> Leg | None:
        """Ring the legs together: the first one to be bridged; the others are taken down.

        None when all have ended unbridged, or when the caller hung up: then the call is over.
        """
        call = self._call
        tasks = {asyncio.create_task(_reach_bridge(leg)): leg for leg in legs}
        pending = set(tasks)
        winner: Leg | None = None
        try:
            while pending and winner is None:
                left_s = call.clock.real_s_until(call.leaves_at)
                done, pending = await asyncio.wait(
                    pending, timeout=left_s, return_when=asyncio.FIRST_COMPLETED
                )
                bridged = (tasks[task] for task in tasks if task in done and task.result())
                winner = next(bridged, None)
                if not done and call.clock.now() >= call.leaves_at:
                    self._abandon(legs)
                    break
        finally:
            await _cancel(pending)
        for leg in legs:
            if leg is not winner:
                leg.taker = winner
                leg.drop(AttemptOutcome.ELSEWHERE, call.clock.now())
        return winner

    def _abandon(self, legs: list[Leg]) -> None:
        """The caller hung up: every leg still open ends at that instant, and so does the call."""
        at = self._call.clock.now()
        for leg in legs:
            leg.drop(AttemptOutcome.ABANDONED, at)
        self._call.left_during_dial = True
        self._call.end(HangupParty.CALLER, at)

    async def _converse(self, leg: Leg) -> None:
        """Bridge, and let them talk until somebody hangs up or the time limit is reached."""
        call = self._call
        bridged_at = leg.bridged_at or call.clock.now()
        call.answer(bridged_at, by_leg=leg.record.sid)
        ends_at, party = self._end_of_talk(leg, bridged_at)
        await call.clock.sleep_until(ends_at)
        at = call.clock.now()
        leg.end(CallStatus.COMPLETED, AttemptOutcome.CONNECTED, at)
        call.conversation_ended_by = party
        if party is HangupParty.CALLER:
            call.end(HangupParty.CALLER, at)
        else:
            call.keep_patience()

    def _end_of_talk(self, leg: Leg, bridged_at: datetime) -> tuple[datetime, HangupParty]:
        phone_s, caller_s = leg.phone.talk_s, self._call.caller.talk_s
        limit_s = self._dial.integer("timeLimit", TIME_LIMIT_S)
        by_phone = HangupParty.CALLEE if leg.phone.hangs_up_first else HangupParty.CALLER
        answered_at = leg.record.answered_at or bridged_at
        return min(
            (bridged_at + timedelta(seconds=phone_s), by_phone),
            (bridged_at + timedelta(seconds=caller_s), HangupParty.CALLER),
            (answered_at + timedelta(seconds=limit_s), HangupParty.ROUTER),
        )


async def _reach_bridge(leg: Leg) -> bool:
    """Whether the leg comes to be bridged; one that doesn't has ended."""
    if not await leg.rings():
        return False
    await leg.send_digits()
    whisper_url = leg.noun.attributes.get("url")
    if whisper_url is None:
        leg.bridged_at = leg.call.clock.now() if leg.keyed else leg.record.answered_at
        return True
    if not await Screening(leg).passes(whisper_url):
        leg.end(CallStatus.COMPLETED, AttemptOutcome.DECLINED)
        return False
    leg.bridged_at = leg.call.clock.now()
    return True


async def _cancel(tasks: set[asyncio.Task[bool]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
