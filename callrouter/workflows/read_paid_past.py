"""Look up what a talk's rating must know of calls that its party has paid for already."""

from sqlalchemy.engine import Connection

from callrouter.adapters.storage.paid_calls import count_paid, last_paid
from callrouter.domain.billing.rating import NOTHING_PAID, PaidCall, PaidPast, ask_past
from callrouter.domain.billing.talks import Talk
from callrouter.domain.billing.terms import Terms


def read_paid_past(
    connection: Connection, seller_id: str, talk: Talk, terms: Terms, zone: str
) -> PaidPast:
    """The past by which `talk` is rated by `terms`; `zone` is the agreement's.

    Where the charge is posted afterwards, the party's account must be held already.
    """
    question = ask_past(talk, terms, zone)
    past = NOTHING_PAID
    if question.window is not None:
        since_at, until_at = question.window
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
        past = PaidPast(PaidCall(*found) if found else None)
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
        past = PaidPast(past.last_paid, count)
    return past
