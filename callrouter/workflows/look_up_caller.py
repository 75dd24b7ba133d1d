"""Look up what a call by somebody would be judged by: lists, earlier talks, the last call."""

from dataclasses import dataclass
from datetime import datetime

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.known_callers import read_caller
from callrouter.domain.callers.caller_lists import KnownCaller, ListEntry, country_of, judge_caller
from callrouter.domain.numbers import Caller


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What is known of a caller, and the entry that has the say, if any speaks at all.

    `country` is "" when nobody knows it.
    """

    caller: Caller
    country: str
    known: KnownCaller
    decisive: ListEntry | None


def look_up_caller(
    database: Database,
    seller_id: str,
    caller: Caller,
    country: str,
    *,
    campaign_id: str,
    buyer_id: str,
    at: datetime,
) -> LookedUp:
    """What is known of `caller` at `at`, as a caller of a campaign and for a buyer ("": of none).

    `country` is what the carrier would send, "" if it sends none.
    """
    country = country_of(caller, country)
    with database.read() as connection:
        known = read_caller(
            connection, seller_id, caller, country, campaign_id=campaign_id, call_sid="", at=at
        )
    decisive = judge_caller(
        known.entries, caller, country, campaign_id=campaign_id, buyer_id=buyer_id, at=at
    )
    return LookedUp(caller, country, known, decisive)
