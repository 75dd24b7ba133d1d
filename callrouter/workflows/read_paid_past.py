"""Look up what a talk's rating must know of calls that its party has paid for already."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.paid_calls import count_paid, last_paid
from callrouter.domain.billing.rating import PaidCall, PaidPast, PastQuestion, ask_past
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import Terms


def read_paid_past(
    connection: Connection,
    seller_id: str,
    talk: Talk,
    terms: Terms,
    zone: str,
    *,
    only_earlier: bool = False,
) -> PaidPast:
    """The past by which `talk` is rated by `terms`; `zone` is the agreement's.

    Where the charge is posted afterwards, the party's account must be held already. `only_earlier`
    is for a call that is paid for already: callers' calls that began after it don't count.
    """
    question = ask_past(talk, terms, zone)
    if only_earlier and question.window is not None:
        since_at, until_at = question.window
        question = replace(question, window=(since_at, min(until_at, talk.started_at)))
    return read_past(connection, seller_id, talk, question)


def read_past(
    connection: Connection, seller_id: str, talk: Talk, question: PastQuestion
) -> PaidPast:
    """What the account of a talk's party answers to a question about its other calls."""
    last, count = None, 0
    if question.window is not None:
        last = _read_last(connection, seller_id, talk, *question.window)
    if question.day is not None:
        since_at, until_at = question.day
        count = count_paid(
            connection,
            seller_id,
            talk.party,
            since=since_at,
            until=until_at,
            but_not=talk.call_sid,
            campaign_id=question.day_campaign_id,
            destination_id=question.day_destination_id,
        )
    return PaidPast(last, count)


def _read_last(
    connection: Connection, seller_id: str, talk: Talk, since_at: datetime, until_at: datetime
) -> PaidCall | None:
    found = last_paid(
        connection,
        seller_id,
        talk.party,
        ani=talk.ani,
        campaign_id=talk.campaign_id,
        since=since_at,
        until=until_at,
        but_not=talk.call_sid,
    )
    return PaidCall(*found) if found else None
