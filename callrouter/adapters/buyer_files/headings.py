"""What a column's heading says that the column is, in the spellings that systems and people use.

Words alone: what stands in the column isn't looked at.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from callrouter.domain.tie_out.mapping import Field

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+|\d+")
_EXACT = 0.9
_LEAST = 0.3
_PER_FURTHER_WORD = 0.15

_PHRASES: dict[Field, str] = {
    Field.START: """
        start, start time, start stamp, start date time, start datetime, started, started at,
        call start, call start time, call started, call date, calldate, call dt, call date
        time, call datetime, call timestamp, date time, datetime, date, timestamp, time stamp,
        time, time of call, call time, initiated, initiation time, begin, begin time, began
        at, created, created at, received at, called at, inicio, fecha, fecha hora, fecha y
        hora, fecha de llamada, hora de inicio, beginn, anrufbeginn, startzeit, datum, datum
        uhrzeit, zeitpunkt
    """,
    Field.START_DATE: """
        date, start date, call date, day, fecha, fecha inicio, datum, tag
    """,
    Field.START_TIME: """
        time, start time, call time, time of day, hora, hora inicio, uhrzeit
    """,
    Field.ANSWER: """
        answer, answer time, answer stamp, answered at, answered time, time answered, pickup
        time, connect time, connected at, time connected, hora respuesta, annahme
    """,
    Field.END: """
        end, end time, end stamp, ended at, time end, call end, call end time, stop time,
        hangup time, hung up at, disconnect time, disconnected at, completed at, call
        completed, finished at, fin, hora fin, hora de fin, ende, endzeit
    """,
    Field.CALLER: """
        caller, caller id, caller number, caller id number, caller phone, caller phone number,
        calling number, calling party, calling party number, callers number, from, from
        number, ani, cli, cid, cid number, clid number, source, source number, src, a number,
        anumber, a party, phone, phone number, customer number, customer phone, customer phone
        number, inbound phone number, origin number, origination number, originating number,
        remote, external number, lead phone, consumer phone, origen, numero origen, llamante,
        numero llamante, telefono, anrufer, anrufernummer, rufnummer, telefonnummer, von
    """,
    Field.CALLED: """
        called, called number, called party, called party number, called id, callee, callee
        number, to, to number, dnis, did, did number, ddi, dialed, dialed number, dialled
        number, number dialed, destination, destination number, dst, b number, bnumber, b
        party, tracking number, tracking phone number, toll free, toll free number, tfn,
        inbound number, number called, terminating number, destino, numero destino, numero
        marcado, llamado, ziel, zielnummer, angerufene nummer, gewahlte nummer, an
    """,
    Field.REACHED: """
        target number, forwarded to, forwarding number, forward number, transferred to,
        transfer number, final number, final called party number, receiving number, buyer
        number, routed to, agent number, connected number, business number
    """,
    Field.TOTAL: """
        duration, total duration, call duration, duration s, duration sec, duration seconds,
        duration total, length, call length, total length, length in sec, call length in
        seconds, total, total time, total call time, total seconds, call time, elapsed,
        elapsed time, seconds, secs, minutes, call seconds, call minutes, duracion, duracion
        total, tiempo total, segundos, dauer, gesamtdauer, anrufdauer, sekunden
    """,
    Field.TALK: """
        talk, talk time, talk duration, talk seconds, talk sec, time talking, total talk,
        billsec, bill sec, connected, connected time, connected duration, connect duration,
        connected seconds, connected call length, connected call length in seconds,
        conversation, conversation time, conversation duration, in call duration, duration in
        call, answered time, answered duration, answer duration, time on call, agent time,
        handle duration, dialed call duration, tiempo hablado, tiempo de conversacion,
        conversacion, gesprachsdauer, gesprachszeit, sprechzeit
    """,
    Field.QUEUE: """
        queue, queue time, queue wait time, queue duration, time in queue, in queue, wait,
        wait time, waiting time, hold queue, speed of answer, ivr time, ivr duration, espera,
        tiempo de espera, tiempo en cola, wartezeit
    """,
    Field.HOLD: """
        hold, hold time, hold duration, time on hold, total hold, hold seconds, haltezeit
    """,
    Field.BILLED: """
        billed, billed time, billed duration, billed seconds, billed minutes, billable,
        billable time, billable duration, billable seconds, billable minutes, bill time, bill
        time rounded, bill duration, rounded duration, charged duration, charged seconds,
        facturado, abgerechnet
    """,
    Field.PRICE: """
        price, payout, payout amount, cost, amount, charge, fee, revenue, payable, payment,
        total cost, call cost, call price, bid, bid amount, winning bid, importe, precio,
        coste, costo, betrag, preis, kosten
    """,
    Field.CALL_ID: """
        call id, callid, call uuid, uuid, unique id, uniqueid, linked id, linkedid, call
        reference, reference, ref, record id, contact id, conversation id, session id,
        interaction id, master contact id, inbound call id, call guid, guid, id, call key, id
        llamada, anruf id
    """,
    Field.LEG_ID: "leg id, segment id, leg uuid, transaction id, call leg id",
    Field.SHARED_ID: """
        call sid, callsid, twilio sid, twilio call sid, sip call id, parent call sid
    """,
    Field.CORRECTS_ID: """
        corrects transaction id, corrects id, original transaction id, adjusts
    """,
    Field.UPDATED: """
        updated, updated at, last updated, last update, last update timestamp, modified,
        modified at, last modified, corrected at
    """,
    Field.STATUS: """
        status, call status, disposition, result, call result, outcome, call outcome, hangup
        cause, disconnect reason, termination reason, end reason, estado, resultado, ergebnis
    """,
    Field.AGENT: """
        agent, agent name, agent id, user, user name, username, rep, representative,
        extension, answered by, operator, employee, agente, usuario, benutzer, mitarbeiter
    """,
    Field.DIRECTION: """
        direction, call direction, call type, in out, inbound outbound, direccion, sentido,
        richtung
    """,
}

_OTHER_WORDS = """
    after acw wrapup wrap work ring ringing park parked dial alert zone timezone offset name state
    city zip country type url recording avg average percent count
"""
_NEVER = frozenset(_OTHER_WORDS.split())
"""Words of headings that say that the column is something else than the phrase beside them."""


_FURTHER_WORDS = """
    call calls number no num phone sec secs seconds s ms msec min mins minutes utc gmt local tz est
    edt cst cdt mst mdt pst pdt incl in the of hh mm ss rounded iso
"""
_FILLERS = frozenset(_FURTHER_WORDS.split())
_TELLING_WORDS = """
    ani dnis did caller callee duration disposition billsec uniqueid linkedid payout callsid agent
    direction status talk queue hold duracion dauer
"""
_TELLING = frozenset(_TELLING_WORDS.split())
"""Single words that say what a column is whatever stands beside them; "id" or "date" doesn't."""


def fold_heading(heading: str) -> str:
    """A heading without case, accents, blanks and marks: those change from export to export."""
    plain = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def suggest_fields(heading: str) -> Mapping[Field, float]:
    """The fields that a heading may mean, each with how sure that is, from 0 to 1."""
    words = _split(heading)
    found: dict[Field, float] = {}
    for field, phrases in _WORDS.items():
        best = max((_compare(words, phrase) for phrase in phrases), default=0.0)
        if best >= _LEAST:
            found[field] = best
    return found


def _split(heading: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", heading.strip()))
    return tuple(_WORD.findall("".join(c for c in plain if c.isascii()).lower()))


def _compare(words: tuple[str, ...], phrase: tuple[str, ...]) -> float:
    """How well a heading's words say a phrase: all of it, and the less else the better."""
    if "".join(words) == "".join(phrase):
        return _EXACT
    further = {word for word in words if word not in phrase}
    if not set(phrase) <= set(words) or _NEVER & further:
        return 0.0
    if len(phrase) == 1 and phrase[0] not in _TELLING and not further <= _FILLERS:
        return 0.0
    return _EXACT - _PER_FURTHER_WORD * len(further) - 0.05


def _to_words(phrases: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in phrases.split(","))


_WORDS = MappingProxyType({field: _to_words(phrases) for field, phrases in _PHRASES.items()})
