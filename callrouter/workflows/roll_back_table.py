"""Go back to a routing table that was live before."""

from datetime import datetime

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.routing_tables import (
    ActivationAction,
    active_version,
    list_activations,
)
from callrouter.domain.errors import RefusedError
from callrouter.workflows.activate_table import Activated, activate_version


def roll_back_table(
    database: Database,
    seller_id: str,
    campaign_id: str,
    *,
    to_version: int | None,
    force: bool = False,
    author: str,
    note: str,
    at: datetime,
) -> Activated:
    """Make `to_version` live, or the version that was live before the present one.

    Raises RefusedError when there is nothing to go back to, PolicyFileError when today's directory
    no longer has what the old table names, ChangedUnderneathError when somebody else activated
    another version at this moment.
    """
    with database.read() as connection:
        live = active_version(connection, seller_id, campaign_id)
        activations = list_activations(connection, seller_id, campaign_id)
    previous = activations[0].previous_version if activations else None
    version = to_version or previous
    if version is None:
        raise RefusedError(
            f"campaign {campaign_id} has nothing to go back to: "
            + (f"version {live} is the first that went live" if live else "it was never live")
        )
    return activate_version(
        database,
        seller_id,
        campaign_id,
        version,
        expected=live,
        action=ActivationAction.ROLLBACK,
        force=force,
        author=author,
        note=note,
        at=at,
    )
