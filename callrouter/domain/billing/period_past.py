"""What was paid for before, as a period's calls are rated anew one after the other.

What accounts have of these calls doesn't count: it is what may change. So of a caller's calls the
first is paid for, whichever was rated first when they were made.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from callrouter.domain.billing.call_entries import CallAccounts, Rated, find_charge
from callrouter.domain.billing.call_rating import Agreed
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.rating import PaidCall, PastQuestion
from callrouter.domain.billing.talks import Talk
from callrouter.domain.clocks.periods import find_wall_time


@dataclass(slots=True)
class PeriodPast:
    """The calls of a period that were paid for so far; told in their order."""

    _last: dict[tuple[Party, str, str], PaidCall] = field(default_factory=dict)
    _days: Counter[tuple[Party, date, str, str]] = field(default_factory=Counter)

    def note(
        self, rated: Iterable[Rated], agreed: Mapping[Party, Agreed], accounts: CallAccounts
    ) -> None:
        """Remember which parties pay for a call, or are paid for it."""
        for each in rated:
            own, charge = agreed.get(each.talk.party), find_charge(each, accounts)
            if own is not None and charge is not None and charge.is_payable:
                self._note(each.talk, own.zone)

    def find_last(self, talk: Talk, question: PastQuestion) -> PaidCall | None:
        """The last call of the same caller and campaign within the window that is asked about."""
        found = self._last.get((talk.party, talk.ani, talk.campaign_id))
        if found is None or question.window is None or found.started_at < question.window[0]:
            return None
        return found

    def count_day(self, talk: Talk, question: PastQuestion, zone: str) -> int:
        """How many calls of the talk's day are paid so far, on the clocks of `zone`.

        Of those that are asked about: of the question's campaign and destination, or of any.
        """
        day = find_wall_time(zone, talk.started_at).date()
        return self._days[talk.party, day, question.day_campaign_id, question.day_destination_id]

    def _note(self, talk: Talk, zone: str) -> None:
        self._last[talk.party, talk.ani, talk.campaign_id] = PaidCall(
            talk.call_sid, talk.started_at
        )
        day = find_wall_time(zone, talk.started_at).date()
        for campaign_id in {"", talk.campaign_id}:
            for destination_id in {"", talk.destination_id}:
                self._days[talk.party, day, campaign_id, destination_id] += 1
