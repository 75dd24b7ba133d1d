import pytest

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import post
from callrouter.domain.billing.ledger import EntryKind, Posting
from callrouter.domain.errors import NotFoundError
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.explain_rating import RatedTalk, explain_call
from tests.domain.billing.builders import ACME as ACME_PARTY
from tests.domain.billing.builders import USD
from tests.switchboards import SELLER, T0, open_seller
from tests.workflows.rated_calls import attempt_of, end_call

ACME = """\
buyer = "acme"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
threshold_s = 120
price = "75.00"
[[terms]]
from = 2026-09-01
destination = "acme-east"
threshold_s = 90
price = "80.00"
"""
RADIO = """\
publisher = "radio-kx"
zone = "UTC"
[[terms]]
from = 2026-09-01
share = "40 %"
"""


@pytest.fixture
def seller(database: Database) -> Database:
    open_seller(database)
    for text in (ACME, RADIO):
        apply_terms(database, SELLER.seller_id, text, "t.toml", author="ann", note="", at=T0)
    return database


def explain(database: Database, call_sid: str = "CA1") -> tuple[RatedTalk, ...]:
    with database.read() as connection:
        return explain_call(connection, SELLER.seller_id, call_sid).talks


def reason(rated: RatedTalk) -> str:
    return rated.charge.reason if rated.charge else ""


def test_both_sides_of_a_call_are_rated_with_what_was_considered(seller: Database) -> None:
    end_call(seller, "CA1", attempt_of("acme-east", 100_000))

    acme, radio = explain(seller)

    assert reason(acme) == "connected 100 s >= 90 s: 1 x 80.00 USD"
    assert [each.why_not for each in acme.candidates] == [
        "less specific than those for any campaign to acme-east",
        "",
    ]
    assert (acme.version, acme.zone) == (1, "America/New_York")
    assert reason(radio) == "40 % of 80.00 USD that buyers pay: 32.00 USD"


def test_two_buyers_of_one_call_are_rated_each_for_itself(seller: Database) -> None:
    """The first drops after six seconds, the second talks, and has no terms."""
    end_call(
        seller,
        "CA1",
        attempt_of("acme-east", 6000),
        attempt_of("bolt-main", 300_000, number=2),
    )

    acme, bolt, radio = explain(seller)

    assert reason(acme) == "not payable: connected 6 s < 90 s"
    assert (bolt.version, bolt.candidates, bolt.charge) == (0, (), None)
    assert reason(radio) == "not payable: no buyer pays for it"


def test_of_a_callers_calls_that_are_paid_for_the_first_stays_so_by_a_new_window(
    seller: Database,
) -> None:
    for number, day in (("CA1", 10), ("CA2", 12)):
        at = T0.replace(day=day)
        end_call(seller, number, attempt_of("acme-east", 100_000), at=at)
        posting = Posting(
            party=ACME_PARTY,
            kind=EntryKind.CHARGE,
            amount_micros=80 * USD,
            currency="USD",
            reference=f"call:{number}",
            booked_at=at,
            reason="without a window",
            author="test",
            call_sid=number,
            call_started_at=at,
            campaign_id="flood-repair",
            ani="+14155550123",
        )
        with seller.write() as connection:
            post(connection, SELLER.seller_id, [posting], at)
    text = ACME.replace('price = "80.00"', 'price = "80.00"\nduplicate_window = "30d"')
    apply_terms(seller, SELLER.seller_id, text, "t.toml", author="ann", note="", at=T0)

    assert reason(explain(seller, "CA1")[0]) == "connected 100 s >= 90 s: 1 x 80.00 USD"
    assert reason(explain(seller, "CA2")[0]) == (
        "not payable: same caller paid 2 days ago in CA1, window 30 days"
    )


def test_terms_that_begin_later_are_not_those_of_the_call(seller: Database) -> None:
    end_call(seller, "CA1", attempt_of("acme-east", 100_000), at=T0.replace(month=8))

    acme, radio = explain(seller)

    assert (acme.version, acme.charge) == (1, None)
    assert {each.why_not for each in (*acme.candidates, *radio.candidates)} == {
        "in force only from 2026-09-01 04:00 UTC",
        "in force only from 2026-09-01 00:00 UTC",
    }


def test_a_call_without_a_cdr_is_not_rated(seller: Database) -> None:
    with pytest.raises(NotFoundError, match="call 'CA9' has no CDR"):
        explain(seller, "CA9")
