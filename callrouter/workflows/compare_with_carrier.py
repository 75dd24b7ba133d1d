"""One audit's comparison: every call that began on its day, of either side, page by page."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from callrouter.adapters.storage.audits import AuditRun, Finding, add_findings
from callrouter.adapters.storage.carrier_costs import (
    CallPlace,
    list_calls_of,
    list_orphans,
    read_records,
)
from callrouter.adapters.storage.cdrs import (
    CdrCursor,
    CdrFilter,
    list_cdrs,
    read_latest_cdrs,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.owned_numbers import find_known_calls, read_owned_numbers
from callrouter.domain.carrier.audit_schedule import start_of
from callrouter.domain.carrier.carrier_audit import (
    AuditClass,
    LegVerdict,
    OurSide,
    compare_call,
    say_requests,
)
from callrouter.domain.carrier.carrier_records import CarrierRecord, LegDirection
from callrouter.domain.errors import CarrierUnavailableError
from callrouter.workflows.ports import CarrierBooks, Clock
from callrouter.workflows.read_carrier_day import keep_records
from callrouter.workflows.take_up_call import take_up_call

_REQUESTS_KEPT = timedelta(days=29)
"""Twilio forgets after 30 days what it asked: then nothing doesn't mean that it asked nobody."""
_TAKEN_UP = (AuditClass.WE_MISS_CALL, AuditClass.NOT_CLOSED)


class Comparison:
    """Compares what is kept of the carrier's records with our CDRs, and keeps what it finds.

    `classes` counts legs, `findings` what is told of them. Asks the carrier about calls that one
    side seems to miss, since it lists some of them late; at most `most_asked` of them in one run.
    """

    def __init__(
        self,
        database: Database,
        books: CarrierBooks,
        clock: Clock,
        seller_id: str,
        run: AuditRun,
        *,
        page: int = 500,
        most_asked: int = 500,
    ) -> None:
        self._database = database
        self._books = books
        self._clock = clock
        self._seller_id = seller_id
        self._run = run
        self._page = page
        self._most_asked = most_asked
        self._since = start_of(run.day)
        self._until = start_of(run.day + timedelta(days=1))
        with database.read() as connection:
            around = (self._since - timedelta(days=1), self._until + timedelta(days=1))
            self._owned = read_owned_numbers(connection, seller_id, *around)
        self._asked = 0
        self.classes: Counter[AuditClass] = Counter()
        self.our_legs = self.their_legs = self.findings = 0

    def compare(self, on_progress: Callable[[int], None]) -> None:
        """Compare all of the day. Raises CarrierUnavailableError when it doesn't answer."""
        compared = 0
        after: CallPlace | None = None
        while True:
            with self._database.read() as connection:
                page = list_calls_of(
                    connection, self._seller_id, self._since, self._until, after, self._page
                )
            self._compare_calls([place.call_sid for place in page])
            compared += len(page)
            on_progress(compared)
            if len(page) < self._page:
                break
            after = page[-1]
        with self._database.read() as connection:
            orphans = list_orphans(connection, self._seller_id, self._since, self._until)
        for start in range(0, len(orphans), self._page):
            self._compare_calls(orphans[start : start + self._page])
        self._compare_unlisted()

    def _compare_unlisted(self) -> None:
        """Our calls of the day of which no record is kept, once the carrier was asked about each.

        One that began in the second before midnight by the carrier's clock is in another day's
        list; one that it lists late is in none yet.
        """
        wanted = CdrFilter(since=self._since, until=self._until)
        after: CdrCursor | None = None
        while True:
            with self._database.read() as connection:
                page = list_cdrs(connection, self._seller_id, wanted, after, self._page)
                call_sids = [stored.cdr.call_sid for stored in page]
                kept = read_records(connection, self._seller_id, call_sids)
            left = [stored.cdr for stored in page if stored.cdr.call_sid not in kept]
            found: list[Finding] = []
            for cdr in left:
                records = self._ask(cdr.call_sid)
                keep_records(self._database, self._clock, self._seller_id, records)
                found += self._count(compare_call(OurSide(cdr=cdr, is_known=True), records))
            self._keep(found)
            if len(page) < self._page:
                return
            after = CdrCursor.behind(page[-1])

    def _compare_calls(self, call_sids: Sequence[str]) -> None:
        sids = list(call_sids)
        with self._database.read() as connection:
            records = read_records(connection, self._seller_id, sids)
            cdrs = read_latest_cdrs(connection, self._seller_id, sids)
            known = find_known_calls(connection, self._seller_id, sids)
        found: list[Finding] = []
        for call_sid in sids:
            own = records[call_sid]
            stored = cdrs.get(call_sid)
            ours = OurSide(
                cdr=stored.cdr if stored else None,
                is_known=call_sid in known,
                owns_number=any(map(self._is_owned, own)),
            )
            found += self._count(compare_call(ours, own))
        self._keep(found)

    def _is_owned(self, record: CarrierRecord) -> bool:
        owned_since = self._owned.get(record.dial_string)
        return (
            record.is_callers_leg
            and record.direction is LegDirection.INBOUND
            and owned_since is not None
            and owned_since <= record.started_at
        )

    def _count(self, verdicts: Sequence[LegVerdict]) -> list[Finding]:
        """Count a call's legs; what there is to tell of them."""
        found: list[Finding] = []
        for verdict in verdicts:
            self.classes[verdict.kind] += 1
            self.our_legs += verdict.is_ours
            self.their_legs += verdict.is_theirs
            if verdict.is_finding:
                self.findings += 1
                found.append(self._as_finding(verdict, self.findings))
        return found

    def _as_finding(self, verdict: LegVerdict, number: int) -> Finding:
        return Finding(
            day=self._run.day,
            run=self._run.run,
            number=number,
            kind=verdict.kind,
            call_sid=verdict.call_sid,
            leg_sid=verdict.leg_sid,
            our_ms=verdict.our_ms,
            their_ms=verdict.their_ms,
            text=verdict.text + self._say_why(verdict),
            outcome=self._take_up(verdict.call_sid) if verdict.kind in _TAKEN_UP else "",
        )

    def _say_why(self, verdict: LegVerdict) -> str:
        """Of a call that never reached us, what the carrier says that it got instead of us."""
        is_kept = self._clock.now() - self._since < _REQUESTS_KEPT
        if (
            verdict.kind is not AuditClass.WE_MISS_CALL
            or not is_kept
            or self._asked >= self._most_asked
        ):
            return ""
        try:
            return f"; {say_requests(self._books.list_requests(verdict.call_sid))}"
        except CarrierUnavailableError:
            return ""  # it only explains

    def _take_up(self, call_sid: str) -> str:
        if self._asked >= self._most_asked:
            return "not taken up: too many in one run; audit the day again"
        try:
            records = self._ask(call_sid)
        except CarrierUnavailableError as error:
            return f"not taken up: {error}"
        return take_up_call(self._database, self._clock, self._seller_id, records)

    def _ask(self, call_sid: str) -> tuple[CarrierRecord, ...]:
        if self._asked >= self._most_asked:
            return ()
        self._asked += 1
        return self._books.fetch_records(call_sid)

    def _keep(self, found: Sequence[Finding]) -> None:
        if found:
            with self._database.write() as connection:
                add_findings(connection, self._seller_id, found)
