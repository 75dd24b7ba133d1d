"""Make a file of states the one that a seller's accounts go by."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from callrouter.adapters.policy_files.standing_file import read_ladder
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.standing_policies import read_policy, save_policy
from callrouter.domain.billing.standing_ladder import DEFAULT_LADDER, Ladder


@dataclass(frozen=True, slots=True)
class LadderNow:
    """The states that hold, and the version that says so; 0 for those that hold without a file."""

    ladder: Ladder
    version: int


def apply_standing(
    database: Database,
    seller_id: str,
    text: str,
    file: str,
    *,
    author: str,
    note: str,
    at: datetime,
) -> LadderNow:
    """Keep the next version of the seller's states; the same states again change nothing.

    The accounts are judged by it when they are looked at next. Raises PolicyFileError with every
    problem of the file; nothing is changed then.
    """
    ladder = read_ladder(text, file)
    with database.write() as connection:
        before = find_ladder(connection, seller_id)
        if before.version and before.ladder == ladder:
            return before
        version = save_policy(connection, seller_id, text, author=author, note=note, at=at)
    return LadderNow(ladder, version)


def find_ladder(connection: Connection, seller_id: str) -> LadderNow:
    """The states by which the seller's accounts are judged."""
    policy = read_policy(connection, seller_id)
    if policy is None:
        return LadderNow(DEFAULT_LADDER, 0)
    ladder = read_ladder(policy.toml, f"standing.toml version {policy.version}")
    return LadderNow(ladder, policy.version)
