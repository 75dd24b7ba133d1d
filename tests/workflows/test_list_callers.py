import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.storage.caller_lists import ListPlace, list_entries, remove_entry
from callrouter.adapters.storage.engine import Database, open_database
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry, ListScope
from callrouter.domain.errors import NotFoundError, PolicyFileError, RefusedError
from callrouter.workflows.export_callers import export_callers, stream_entries
from callrouter.workflows.import_callers import import_callers, read_caller_file
from callrouter.workflows.list_callers import forget_expired, list_callers, unlist_callers
from tests.adapters.storage.builders import unhurried
from tests.domain.builders import T0, at
from tests.switchboards import SELLER, open_seller

NUMBER = "+14155550123"
SELLER_ID = SELLER.seller_id
DEFAULTS = ListEntry(effect=ListEffect.BLOCK, pattern="", author="ada", added_at=T0)


@pytest.fixture
def stocked(database: Database) -> Database:
    """With one seller, the campaigns flood-repair and solar-quotes, the buyers acme and bolt."""
    open_seller(database)
    return database


@pytest.fixture
def reader(sqlite_url: str) -> Iterator[Database]:
    """The same, on SQLite alone: what a file says wrongly, no database has a part in."""
    database = open_database(sqlite_url)
    open_seller(database)
    yield database
    database.dispose()


def entry(
    pattern: str = NUMBER,
    *,
    effect: ListEffect = ListEffect.BLOCK,
    where: str = "seller",
    expires_at: datetime | None = None,
) -> ListEntry:
    scope, _, scope_id = where.partition(" ")
    return replace(
        DEFAULTS,
        pattern=pattern,
        effect=effect,
        scope=ListScope(scope),
        scope_id=scope_id,
        expires_at=expires_at,
    )


def entries_of(database: Database) -> set[ListEntry]:
    return set(stream_entries(database, SELLER_ID))


def read(database: Database, text: str, defaults: ListEntry = DEFAULTS) -> tuple[ListEntry, ...]:
    return read_caller_file(
        database, SELLER_ID, io.StringIO(text, newline=""), "c.csv", defaults, T0
    )


@pytest.mark.parametrize("where", ["seller", "campaign flood-repair", "buyer acme"])
def test_entries_are_for_a_seller_a_campaign_or_a_buyer(stocked: Database, where: str) -> None:
    kept = entry(where=where, expires_at=at(1))
    list_callers(stocked, SELLER_ID, (kept,), T0)
    assert entries_of(stocked) == {kept}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param(entry("+1900"), "isn't E.164: write it like", id="too short a number"),
        pytest.param(entry("country:XX"), "'XX' isn't a country", id="no country"),
        pytest.param(
            entry(expires_at=T0),
            "\\+14155550123 would end at 2026-09-15 17:00:00Z, in the past",
            id="ended already",
        ),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_kept(
    stocked: Database, wrong: ListEntry, said: str
) -> None:
    with pytest.raises(RefusedError, match=said):
        list_callers(stocked, SELLER_ID, (entry(), wrong), T0)
    assert entries_of(stocked) == set()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("campaign floods", "no campaign 'floods'; there is flood-repair, solar-quotes"),
        ("buyer crest", "no buyer 'crest'; there is acme, bolt"),
    ],
)
def test_an_entry_for_what_there_is_not_is_refused_with_what_there_is(
    stocked: Database, where: str, said: str
) -> None:
    with pytest.raises(NotFoundError, match=said):
        list_callers(stocked, SELLER_ID, (entry(), entry(where=where)), T0)
    assert entries_of(stocked) == set()


def test_callers_are_taken_off_in_just_one_scope_block_and_allow_alike(stocked: Database) -> None:
    here = entry(where="buyer acme")
    also = replace(here, effect=ListEffect.ALLOW)
    list_callers(stocked, SELLER_ID, (here, also, entry()), T0)
    removed = unlist_callers(stocked, SELLER_ID, (NUMBER,), ListScope.BUYER, "acme")
    assert {place.effect for place in removed} == set(ListEffect)
    assert entries_of(stocked) == {entry()}


def test_when_one_of_several_is_not_listed_nothing_is_taken_off(stocked: Database) -> None:
    list_callers(stocked, SELLER_ID, (entry(),), T0)
    with pytest.raises(NotFoundError, match=r"no entry speaks of \+1900\*; see what there is"):
        unlist_callers(stocked, SELLER_ID, (NUMBER, "+1900*"), ListScope.SELLER, "")
    assert entries_of(stocked) == {entry()}


def test_expired_entries_can_be_forgotten(stocked: Database) -> None:
    lasting = entry("+1900*")
    list_callers(stocked, SELLER_ID, (entry(expires_at=at(60)), lasting), T0)
    assert forget_expired(stocked, SELLER_ID, at(59)) == 0
    assert forget_expired(stocked, SELLER_ID, at(60)) == 1
    assert entries_of(stocked) == {lasting}


def test_a_file_may_simply_have_one_number_a_line(stocked: Database) -> None:
    text = f"{NUMBER}\r\n\r\n'+1900*\r\ncountry:CA,whatever\nwithheld"
    assert read(stocked, text) == tuple(
        entry(pattern) for pattern in (NUMBER, "+1900*", "country:CA", "withheld")
    )


def test_a_file_with_a_header_says_as_much_as_it_likes(stocked: Database) -> None:
    text = (
        "Callers,effect,campaign,buyer,until,for,note\n"
        f"{NUMBER},allow,flood-repair,,2026-09-16,,a call centre\n"
        '+14155550124,,,acme,,2h,"rude, twice"\n'
        "+14155550125,,,,,,\n"
        "+14155550126\n"
    )
    defaults = replace(entry(where="campaign solar-quotes"), note="pranks", expires_at=at(9))
    assert read(stocked, text, defaults) == (
        replace(
            entry(effect=ListEffect.ALLOW, where="campaign flood-repair"),
            expires_at=datetime.fromisoformat("2026-09-16T00:00:00Z"),
            note="a call centre",
        ),
        replace(entry("+14155550124", where="buyer acme"), expires_at=at(7200), note="rude, twice"),
        replace(defaults, pattern="+14155550125"),
        replace(defaults, pattern="+14155550126"),
    )


def test_of_several_lines_for_the_same_callers_the_last_one_counts(stocked: Database) -> None:
    (kept,) = read(stocked, f"callers,note\n{NUMBER},first\n{NUMBER},last\n")
    assert kept.note == "last"


HEADER = "callers,effect,campaign,buyer,until,for,note\n"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param("", ["c.csv:1: (file): has no callers at all"], id="empty"),
        pytest.param(
            "number,why\n+14155550123,x\n",
            ["c.csv:1: callers: 'number' isn't E.164: write it like +14155550123"],
            id="a header without callers",
        ),
        pytest.param(
            "callers,colour\n",
            [
                "c.csv:1: colour: isn't a column; known are callers, effect, campaign, buyer, "
                "until, note, for"
            ],
            id="unknown column",
        ),
        pytest.param(
            f"{NUMBER}\n4155550123\n\n+1900\n",
            [
                "c.csv:2: callers: '4155550123' isn't E.164: write it like +14155550123",
                "c.csv:4: callers: '+1900' isn't E.164: write it like +14155550123",
            ],
            id="each line that is wrong",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},deny,,,,,\n",
            ["c.csv:2: effect: must be block or allow, found 'deny'"],
            id="effect",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},,flood-repair,acme,,,\n",
            ["c.csv:2: buyer: can't stand beside a campaign; an entry is for one of them"],
            id="two scopes",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},,,crest,,,\n",
            ["c.csv:2: buyer: there is no buyer 'crest'; there is acme, bolt"],
            id="unknown buyer",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},,,,2026-09-16,1d,\n",
            ["c.csv:2: for: can't stand beside until; keep one of the two"],
            id="two ends",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},,,,,a while,\n",
            ["c.csv:2: for: must be a number with s, m, h, d or w, as in 30d; found 'a while'"],
            id="no span",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},,,,0001-01-01T00:00+14:00,,\n{NUMBER},,,,soon,,\n",
            [
                "c.csv:2: until: must be an instant such as 2026-11-21T15:04:05Z, found "
                "'0001-01-01T00:00+14:00'",
                "c.csv:3: until: must be an instant such as 2026-11-21T15:04:05Z, found 'soon'",
            ],
            id="no instant",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},,,,2026-09-15T12:00-05:00,,\n",
            ["c.csv:2: callers: +14155550123 would end at 2026-09-15 17:00:00Z, in the past"],
            id="past",
        ),
        pytest.param(
            f"{HEADER}{NUMBER},,,,,,{'x' * 501}\n",
            ["c.csv:2: note: must have at most 500 characters, found 501"],
            id="long note",
        ),
        pytest.param(
            f'{NUMBER}\n"{NUMBER}',
            ["c.csv:2: (line): can't be read as CSV: unexpected end of data"],
            id="not CSV",
        ),
    ],
)
def test_a_file_with_mistakes_is_refused_by_line(
    reader: Database, text: str, problems: list[str]
) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read(reader, text)
    assert [str(problem) for problem in refused.value.problems] == problems


def test_of_a_file_that_is_all_wrong_a_hundred_problems_are_told(reader: Database) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read(reader, "nonsense\n" * 1000)
    assert len(refused.value.problems) == 100


def test_a_long_file_is_kept_piece_by_piece(stocked: Database) -> None:
    entries = tuple(entry(f"+1415555{n:04}") for n in range(1001))
    progress: list[int] = []
    import_callers(stocked, SELLER_ID, entries, progress.append)
    assert progress == [500, 1000, 1001]
    assert entries_of(stocked) == set(entries)


any_entries = st.lists(
    st.builds(
        entry,
        st.sampled_from([NUMBER, "+1900*", "country:CA", "withheld", "everyone"]),
        effect=st.sampled_from(list(ListEffect)),
        where=st.sampled_from(["seller", "campaign flood-repair", "buyer bolt"]),
        expires_at=st.sampled_from([None, at(1)]),
    ),
    max_size=6,
    unique_by=lambda each: (each.pattern, each.effect, each.scope),
)


@unhurried
@given(any_entries)
def test_what_is_exported_can_be_imported(stocked: Database, entries: list[ListEntry]) -> None:
    with stocked.write() as connection:
        for old in list_entries(connection, SELLER_ID, None, 100):
            remove_entry(connection, SELLER_ID, ListPlace.of(old))
    list_callers(stocked, SELLER_ID, tuple(entries), T0)
    out = io.StringIO(newline="")
    assert export_callers(stocked, SELLER_ID, out) == len(entries)
    if entries:
        assert set(read(stocked, out.getvalue())) == set(entries)
