"""A period tied out once more from the files that were kept: for what came in since."""

from dataclasses import replace
from datetime import datetime, timedelta

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.kept_files import read_kept_file
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.tie_out.memory import AMPLE, Memory
from callrouter.workflows.keep_buyer_file import open_kept_file
from callrouter.workflows.tie_out_period import Tell, TiedOut, Wanted, tie_out_period
from callrouter.workflows.view_tie_out import view_tie_out

_MS = timedelta(milliseconds=1)


def tie_out_again(
    database: Database,
    seller_id: str,
    number: int,
    author: str,
    at: datetime,
    tell: Tell = lambda step: None,  # noqa: ARG005
    memory: Memory = AMPLE,
) -> TiedOut:
    """Tie out the buyer, period and currency of a tie-out again; the new one supersedes it.

    Its newest file is read as it was read, and the buyer's others of the period join in. Where the
    calls don't say which zone the file's times are in, that which was found before is believed.
    Raises NotFoundError when the seller has no such tie-out.
    """
    tied = view_tie_out(database, seller_id, number)
    with database.read() as connection:
        kept = read_kept_file(connection, seller_id, tied.buyer_id, max(tied.files))
    first, last = (find_wall_time(tied.zone, day) for day in (tied.since, tied.until - _MS))
    wanted = Wanted(
        buyer_id=tied.buyer_id,
        days=(first.date(), last.date()),
        currency=tied.currency,
        anyway=True,
        again=True,
    )
    with open_kept_file(database, seller_id, tied.buyer_id, kept, memory) as file:
        known = replace(file, zone_told=tied.clock.zone)
        return tie_out_period(database, seller_id, known, wanted, author, at, tell, memory)
