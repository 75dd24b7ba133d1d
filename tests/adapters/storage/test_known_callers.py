from collections.abc import Iterable
from datetime import datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.storage import known_callers
from callrouter.adapters.storage.caller_lists import add_entries
from callrouter.adapters.storage.caller_tables import caller_contacts
from callrouter.adapters.storage.calls import ensure_and_lock_call
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.adapters.storage.known_callers import MOST_CONTACTS, note_contacts, read_caller
from callrouter.domain.callers.caller_lists import KnownCaller, ListEffect, ListEntry, ListScope
from callrouter.domain.callers.duplicates import PastCall, PastContact
from callrouter.domain.numbers import read_caller as read_ani
from tests.adapters.storage.builders import ACME, BOLT, add_sellers, unhurried
from tests.domain.builders import DID, T0, at

NUMBER = "+14155550123"
OTHER_NUMBER = "+14155550124"
CAMPAIGN = "flood-repair"
NOW = "CA" + "f" * 32


@pytest.fixture(autouse=True)
def _two_sellers(database: Database) -> None:
    with database.write() as connection:
        add_sellers(connection, ACME, BOLT)


def read(
    database: Database,
    ani: str = NUMBER,
    *,
    seller_id: str = "acme",
    campaign_id: str = CAMPAIGN,
    country: str = "US",
    when: datetime = T0,
    call_sid: str = NOW,
) -> KnownCaller:
    with database.read() as connection:
        return read_caller(
            connection,
            seller_id,
            read_ani(ani),
            country,
            campaign_id=campaign_id,
            call_sid=call_sid,
            at=when,
        )


def entry(pattern: str, *, expires_at: datetime | None = None, note: str = "") -> ListEntry:
    return ListEntry(
        effect=ListEffect.BLOCK,
        pattern=pattern,
        scope=ListScope.BUYER,
        scope_id="bolt",
        expires_at=expires_at,
        note=note,
        author="ada",
        added_at=at(-5),
    )


def add(database: Database, *entries: ListEntry, seller_id: str = "acme") -> None:
    with database.write() as connection:
        add_entries(connection, seller_id, entries)


def sid(number: int) -> str:
    return f"CA{number:032}"


def contact(
    call: int = 1, destination_id: str = "acme-east", seconds: float = -60, *, payable: bool = True
) -> PastContact:
    return PastContact(
        destination_id, destination_id.split("-")[0], CAMPAIGN, sid(call), at(seconds), payable
    )


def note(
    database: Database,
    *contacts: PastContact,
    call: int = 1,
    number: str = NUMBER,
    seller_id: str = "acme",
    is_first: bool = True,
) -> None:
    with database.write() as connection:
        note_contacts(connection, seller_id, number, sid(call), contacts, is_first=is_first)


def call_in(
    database: Database,
    call: int,
    seconds: float,
    *,
    ani: str = NUMBER,
    campaign_id: str = CAMPAIGN,
    seller_id: str = "acme",
) -> None:
    with database.write() as connection:
        ensure_and_lock_call(
            connection, seller_id, sid(call), at(seconds), DID, ani, at(600),
            campaign_id=campaign_id,
        )  # fmt: skip


def test_nothing_is_known_of_a_new_caller(database: Database) -> None:
    assert read(database) == KnownCaller()


def test_all_that_is_known_comes_at_once(database: Database) -> None:
    blocked = entry("+1415*", expires_at=at(1), note="prank \u2400 é")
    add(database, blocked)
    note(database, contact())
    call_in(database, 2, -1)
    assert read(database) == KnownCaller(
        entries=(blocked,),
        contacts=(contact(),),
        last_call=PastCall(CAMPAIGN, DID, sid(2), at(-1)),
    )


@pytest.mark.parametrize(
    ("ani", "country", "found"),
    [
        pytest.param(NUMBER, "US", {NUMBER, "+1*", "+1415*", "country:US", "everyone"}, id="US"),
        pytest.param(NUMBER, "", {NUMBER, "+1*", "+1415*", "everyone"}, id="unknown country"),
        pytest.param(OTHER_NUMBER, "CA", {"+1*", "+1415*", "country:CA", "everyone"}, id="other"),
        pytest.param("anonymous", "", {"withheld", "everyone"}, id="withheld"),
        pytest.param("client:ann", "", {"everyone"}, id="no number"),
    ],
)
def test_the_entries_that_fit_a_caller_are_read(
    database: Database, ani: str, country: str, found: set[str]
) -> None:
    patterns = (NUMBER, "+1*", "+1415*", "+1416*", "+4*", "country:US", "country:CA")
    add(database, *(entry(pattern) for pattern in (*patterns, "withheld", "everyone")))
    add(database, entry(NUMBER), seller_id="bolt")
    assert {e.pattern for e in read(database, ani, country=country).entries} == found


def test_an_expired_entry_is_not_read(database: Database) -> None:
    add(database, entry(NUMBER, expires_at=T0), entry("+1*", expires_at=at(0.001)))
    assert [e.pattern for e in read(database).entries] == ["+1*"]


def test_contacts_are_a_sellers_own_and_the_callers_own(database: Database) -> None:
    note(database, contact(1), call=1)
    note(database, contact(2), call=2, number=OTHER_NUMBER)
    note(database, contact(3), call=3, seller_id="bolt")
    assert read(database).contacts == (contact(1),)
    assert read(database, "anonymous").contacts == ()


def test_only_the_newest_contacts_are_read(database: Database) -> None:
    for call in range(1, MOST_CONTACTS + 3):
        note(database, contact(call, f"d-{call}", -call), call=call)
    assert [c.destination_id for c in read(database).contacts] == [
        f"d-{call}" for call in range(1, MOST_CONTACTS + 1)
    ]


def test_what_is_yet_to_come_is_not_known_when_an_earlier_moment_is_looked_at(
    database: Database,
) -> None:
    for call, seconds in ((1, -3600), (2, 59), (3, 3600)):
        note(database, contact(call, f"d-{call}", seconds), call=call)
        call_in(database, call, seconds)
    seen = read(database)
    assert {c.call_sid for c in seen.contacts} == {sid(1), sid(2)}
    assert seen.last_call == PastCall(CAMPAIGN, DID, sid(2), at(59))


def test_a_later_revision_takes_a_contact_back(database: Database) -> None:
    note(database, contact(1, "acme-east"), contact(1, "bolt-main"))
    note(database, contact(1, "bolt-main", payable=False), is_first=False)
    assert read(database).contacts == (contact(1, "bolt-main", payable=False),)
    note(database, is_first=False)
    assert read(database).contacts == ()


def test_the_same_revision_again_changes_nothing(database: Database) -> None:
    for _ in range(2):
        note(database, contact())
    assert read(database).contacts == (contact(),)


revisions = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.lists(st.sampled_from(["acme-east", "acme-west", "bolt-main"]), unique=True),
        st.booleans(),
    ),
    max_size=8,
)


@unhurried
@given(revisions)
def test_calls_may_end_in_any_order(
    database: Database, revised: list[tuple[int, list[str], bool]]
) -> None:
    """Revisions of one call come in order, since its row is locked; those of several don't."""
    assert after(database, revised) == after(database, sorted(revised, key=lambda each: each[0]))


def after(database: Database, revised: Iterable[tuple[int, list[str], bool]]) -> set[PastContact]:
    with database.write() as connection:
        connection.execute(sa.delete(caller_contacts))
    seen: set[int] = set()
    for call, destinations, payable in revised:
        contacts = [contact(call, each, -call, payable=payable) for each in destinations]
        note(database, *contacts, call=call, is_first=call not in seen)
        seen.add(call)
    return set(read(database).contacts)


@pytest.mark.parametrize(
    ("call", "found"),
    [
        pytest.param({}, True, id="the same caller, the same campaign"),
        pytest.param({"campaign_id": "solar-quotes"}, False, id="another campaign"),
        pytest.param({"ani": OTHER_NUMBER}, False, id="another caller"),
        pytest.param({"seller_id": "bolt"}, False, id="another seller"),
    ],
)
def test_the_last_call_is_one_of_this_caller_to_this_campaign(
    database: Database, call: dict[str, str], found: bool
) -> None:
    call_in(database, 1, -10, **call)
    assert (read(database).last_call is not None) is found


def test_the_last_call_is_the_newest_other_one(database: Database) -> None:
    for call, seconds in ((1, -30), (2, -20), (3, -10)):
        call_in(database, call, seconds)
    last = read(database, call_sid=sid(3)).last_call
    assert last == PastCall(CAMPAIGN, DID, sid(2), at(-20))


@pytest.mark.parametrize("ani", ["anonymous", "", "sip:ann@pbx.example.com"])
def test_who_shows_no_number_has_no_last_call(database: Database, ani: str) -> None:
    call_in(database, 1, -10, ani=ani)
    assert read(database, ani).last_call is None


@pytest.mark.parametrize(
    "index",
    [
        "caller_lists USING INDEX sqlite_autoindex_caller_lists_1 (seller_id=? AND pattern=?)",
        "caller_contacts USING INDEX caller_contacts_seller_id_number_connected_at_idx",
        "calls USING INDEX calls_seller_id_ani_campaign_id_arrived_at_idx",
    ],
)
def test_every_part_is_looked_up_in_an_index(sqlite_url: str, index: str) -> None:
    """SQLite says how it finds things in words that don't depend on how many there are."""
    database = open_database(sqlite_url)
    sql = known_callers._READ._sqlite.sql
    with database.read() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("",) * sql.count("?"))
        plan = [row[3] for row in rows]
    database.dispose()
    assert [line for line in plan if f"SEARCH {index}" in line], plan
