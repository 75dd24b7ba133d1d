"""Make what a file says the newest version of a party's terms."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.engine import Connection

from callrouter.adapters.policy_files.document import place_problems, refusal
from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.adapters.storage.agreements import read_agreement, save_agreement
from callrouter.adapters.storage.directories import read_directory
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.live_numbers import list_live_publishers
from callrouter.adapters.storage.routing_tables import list_campaigns
from callrouter.adapters.storage.sellers import bump_conditions
from callrouter.domain.billing.party import Side
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.billing.terms_check import KnownNames, check_names, warn_about_names
from callrouter.domain.tables.table_check import TableProblem
from callrouter.workflows.review_standing import review_in


@dataclass(frozen=True, slots=True)
class AppliedTerms:
    """The party's agreement before (None for its first) and now; and what is odd about it now.

    Both are the same when the file changed nothing.
    """

    before: Agreement | None
    agreement: Agreement
    warnings: tuple[str, ...]


def apply_terms(
    database: Database,
    seller_id: str,
    text: str,
    file: str,
    *,
    author: str,
    note: str,
    at: datetime,
) -> AppliedTerms:
    """Make the next version of the terms of the party that a file names; all others stay.

    Raises PolicyFileError with every problem of the file, also when it names a buyer, a campaign
    or a destination that the seller doesn't have; nothing is changed then.
    """
    agreement = read_agreement_file(text, file)
    with database.write() as connection:
        bump_conditions(connection, seller_id)  # first: it makes other changes wait for this one
        known = read_known_names(connection, seller_id)
        unknown = check_names(agreement, known, at)
        if unknown:
            problems = (TableProblem(each.key_path, each.message) for each in unknown)
            raise refusal(place_problems(problems, text, file))
        before = read_agreement(connection, seller_id, agreement.party)
        agreement = replace(agreement, version=before.version if before else 1)
        warnings = (*warn_about_names(agreement, known), *_warn_about_currency(before, agreement))
        if agreement == before:
            return AppliedTerms(before, before, warnings)
        if before is not None:
            agreement = replace(agreement, version=before.version + 1)
        save_agreement(connection, seller_id, agreement, text, author, note, at)
        if agreement.party.side is Side.BUYER:
            review_in(connection, seller_id, agreement.party.party_id, author=author, at=at)
    return AppliedTerms(before, agreement, warnings)


def read_known_names(connection: Connection, seller_id: str) -> KnownNames:
    """What terms of the seller may name."""
    directory = read_directory(connection, seller_id, None)
    campaigns = list_campaigns(connection, seller_id)
    return KnownNames(
        destinations={each: directory.destinations_of(each) for each in directory.buyers},
        campaign_ids=frozenset(each.campaign_id for each in campaigns),
        publishers=list_live_publishers(connection, seller_id),
    )


def _warn_about_currency(before: Agreement | None, now: Agreement) -> Iterator[str]:
    old = {terms.currency for terms in before.terms} if before else set()
    new = {terms.currency for terms in now.terms}
    if old and old != new:
        yield (
            f"calls are charged in {', '.join(sorted(new))} from now on: the account of "
            f"{now.party} in {', '.join(sorted(old))} stands as it is, and nothing is carried over"
        )
