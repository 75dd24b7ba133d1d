"""The buyer's phone was answered: say what it should hear, and join the two or not.

What is whispered is what was decided for this attempt, whatever the table says by now.
"""

from dataclasses import replace

from callrouter.adapters.storage.calls import read_events
from callrouter.adapters.twilio.twiml import render_bridge, render_hangup, render_whisper
from callrouter.domain.calls.events import CallArrived, ScreeningAnswered, WhisperStarted
from callrouter.domain.errors import StorageUnavailableError
from callrouter.domain.tables.routing_table import Screening
from callrouter.workflows.record_event import record_for_listener
from callrouter.workflows.switchboard import Switchboard


def whisper_to_buyer(
    board: Switchboard, seller_id: str, started: WhisperStarted, known_from: CallArrived, raw: str
) -> str:
    """The TwiML that the buyer's leg runs before the bridge."""
    record_for_listener(board, seller_id, started, known_from, raw)
    whisper, screening, language = _find_whisper(
        board, seller_id, started.call_sid, started.attempt, started.destination_id
    )
    url = board.links.screening(started.attempt, started.destination_id)
    return render_whisper(whisper, screening, language, url)


def answer_screening(
    board: Switchboard,
    seller_id: str,
    answered: ScreeningAnswered,
    digits: str,
    known_from: CallArrived,
    raw: str,
) -> str:
    """The TwiML after the buyer pressed `digits`: the bridge for the right key, else the hang-up.

    `answered.accepted` is filled in here, where the key that was asked for is known.
    """
    _, screening, _ = _find_whisper(
        board, seller_id, answered.call_sid, answered.attempt, answered.destination_id
    )
    wanted = screening.digit if screening is not None else Screening("").digit
    accepted = digits == wanted
    record_for_listener(board, seller_id, replace(answered, accepted=accepted), known_from, raw)
    return render_bridge() if accepted else render_hangup()


def has_accepted(board: Switchboard, seller_id: str, call_sid: str, leg_sid: str) -> bool:
    """Whether the buyer of this leg has pressed the right key, by all that is known."""
    events = board.spooled_events(seller_id, call_sid)
    try:
        with board.database.read() as connection:
            events += read_events(connection, seller_id, call_sid)
    except StorageUnavailableError:
        pass  # the spool alone has to do
    return any(
        isinstance(event, ScreeningAnswered) and event.leg_sid == leg_sid and event.accepted
        for event in events
    )


def _find_whisper(
    board: Switchboard, seller_id: str, call_sid: str, attempt: int, destination_id: str
) -> tuple[str, Screening | None, str]:
    """Whisper, screening and language: of the decision, else of the last known good route."""
    decided = board.find_decided(seller_id, call_sid, attempt)
    if decided is not None:
        for dial in decided.decision.dials:
            if dial.destination_id == destination_id:
                return dial.whisper, dial.screening, decided.decision.language
    known = board.known_good.current.find_whispered_route(board.compiled, seller_id, destination_id)
    if known is None:
        return "", None, "en-US"
    table, route = known
    return route.whisper, route.screening, table.language
