"""Who can take calls right now: each campaign's live table under what stands at this moment."""

from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.storage.cap_counters import read_usage
from callrouter.adapters.storage.directories import current_version
from callrouter.adapters.storage.live_dials import count_live_dials
from callrouter.adapters.storage.routing_tables import list_campaigns
from callrouter.adapters.storage.standings import list_standings
from callrouter.adapters.storage.stops import read_stops
from callrouter.domain.clocks.periods import Moment
from callrouter.domain.errors import NotFoundError
from callrouter.domain.health.stops import StopKind
from callrouter.domain.routing.account_judge import list_account_counters
from callrouter.domain.routing.conditions import Conditions
from callrouter.domain.routing.plan import make_probe_claim
from callrouter.domain.routing.room import CampaignRoom, list_all_counters, view_campaign
from callrouter.workflows.compiled import Compiled


def view_room(
    compiled: Compiled,
    connection: Connection,
    seller_id: str,
    at: datetime,
    campaign_id: str | None = None,
) -> tuple[CampaignRoom, ...]:
    """The room of every campaign with a live table, or of one.

    Reads what a call would read, without a caller. Raises NotFoundError when there is no such
    campaign or it has no live table.
    """
    directory_version = current_version(connection, seller_id)
    stops = read_stops(connection, seller_id)
    plans = [
        compiled.plan(
            connection, seller_id, each.campaign_id, each.active_version, directory_version
        )
        for each in list_campaigns(connection, seller_id)
        if each.active_version is not None and campaign_id in (None, each.campaign_id)
    ]
    if campaign_id is not None and not plans:
        raise NotFoundError(f"there is no campaign {campaign_id!r} with a live table")
    standings = {
        each.standing.buyer_id: each.standing for each in list_standings(connection, seller_id)
    }
    moment = Moment(at)
    keys = [counter.key_in(moment) for plan in plans for counter in list_all_counters(plan)]
    keys += [key for plan in plans for key in list_account_counters(plan, standings, at)]
    keys += [
        make_probe_claim(stop.subject_id).key
        for stop in stops
        if stop.is_breaker and stop.kind is StopKind.DESTINATION
    ]
    usage = read_usage(connection, seller_id, keys)
    conditions = Conditions(at=at, usage=usage, stops=stops, standings=standings)
    live_calls = count_live_dials(connection, seller_id)
    return tuple(view_campaign(plan, conditions, live_calls) for plan in plans)
