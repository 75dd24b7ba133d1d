"""Two editors at once: the second is told what was changed underneath, and overwrites nothing."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection

from callrouter.adapters.storage.routing_tables import (
    Expecting,
    find_active_version,
    list_activations,
)
from callrouter.domain.errors import ChangedUnderneathError, NotFoundError
from callrouter.workflows.compare_tables import compare_tables
from callrouter.workflows.live_tables import read_stored_table

Expected: TypeAlias = int | Expecting | None
"""The version that must be live for the change to be made; None: no version yet."""

_TRIES = 5
_Done = TypeVar("_Done")


def refuse_other_than(
    connection: Connection, seller_id: str, campaign_id: str, expected: Expected
) -> None:
    """Raise ChangedUnderneathError unless what is live is `expected`; it says what is different."""
    if expected is Expecting.ANYTHING:
        return
    live = find_active_version(connection, seller_id, campaign_id)
    if live == expected:
        return
    lines = [f"campaign {campaign_id} has version {_say(live)} live, not {_say(expected)}"]
    if live is not None:
        lines[0] += _say_who(connection, seller_id, campaign_id)
    lines[0] += "; nothing was overwritten"
    differences = _compare(connection, seller_id, campaign_id, expected, live)
    if differences:
        lines += [f"version {live} against version {expected}:", *differences]
    lines.append(
        f"put your change into what is live, as `callrouter table export {campaign_id}` gives it, "
        f"and repeat; or, to replace that all the same, say --expect {live or 0}"
    )
    raise ChangedUnderneathError("\n".join(lines))


def try_until_unchanged(act: Callable[[], _Done]) -> _Done:
    """What `act` returns, which reads what is live and changes just that; again if it has changed.

    Raises ChangedUnderneathError when it changes each time.
    """
    for _ in range(_TRIES - 1):
        try:
            return act()
        except ChangedUnderneathError:
            continue
    return act()


def _say(version: Expected) -> str:
    return "none" if version is None else str(version)


def _say_who(connection: Connection, seller_id: str, campaign_id: str) -> str:
    last = list_activations(connection, seller_id, campaign_id)[0]
    note = f" ({last.note})" if last.note else ""
    return (
        f": {last.author or 'somebody'} changed it at {last.activated_at:%Y-%m-%d %H:%M:%S}Z{note}"
    )


def _compare(
    connection: Connection, seller_id: str, campaign_id: str, expected: Expected, live: int | None
) -> list[str]:
    if not isinstance(expected, int) or live is None:
        return []
    try:
        before = read_stored_table(connection, seller_id, campaign_id, expected)
    except NotFoundError:
        return []
    after = read_stored_table(connection, seller_id, campaign_id, live)
    return [f"  {each}" for each in compare_tables(before, after)]
