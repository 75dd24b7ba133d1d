import pytest

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.adapters.storage.engine import Database
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.errors import PolicyFileError
from callrouter.workflows.apply_terms import AppliedTerms, apply_terms
from tests.switchboards import SELLER, T0, open_seller

ACME = Party(Side.BUYER, "acme")
TERMS = """\
buyer = "acme"
zone = "America/New_York"
[[terms]]
from = 2026-09-01
campaign = "flood-repair"
destination = "acme-east"
threshold_s = 120
price = "75.00"
"""


@pytest.fixture
def seller(database: Database) -> Database:
    open_seller(database)
    return database


def apply(database: Database, text: str) -> AppliedTerms:
    return apply_terms(
        database, SELLER.seller_id, text, "acme.toml", author="ann", note="signed", at=T0
    )


def test_a_file_makes_the_next_version(seller: Database) -> None:
    first = apply(seller, TERMS)
    second = apply(seller, TERMS.replace("75.00", "80.00"))

    assert (first.before, first.agreement.version, first.warnings) == (None, 1, ())
    assert (second.before, second.agreement.version) == (first.agreement, 2)
    with seller.read() as connection:
        assert read_agreement(connection, SELLER.seller_id, ACME) == second.agreement
        assert read_agreement(connection, SELLER.seller_id, ACME, 1) == first.agreement


def test_the_same_file_again_changes_nothing(seller: Database) -> None:
    first = apply(seller, TERMS)
    again = apply(seller, f"# read again\n{TERMS}")

    assert again.before == again.agreement == first.agreement


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"acme"', '"acne"', 'acme.toml:1: buyer: there is no buyer "acne"; did you mean acme?'),
        ("flood-repair", "flood", 'acme.toml:5: terms[1].campaign: there is no campaign "flood"'),
        (
            "acme-east",
            "bolt-main",
            'acme.toml:6: terms[1].destination: buyer acme has no destination "bolt-main"; '
            "known are acme-east",
        ),
        ('price = "75.00"', "", "acme.toml:3: terms[1]: has no price"),
    ],
)
def test_a_file_with_anything_wrong_changes_nothing(
    seller: Database, old: str, new: str, said: str
) -> None:
    with pytest.raises(PolicyFileError) as refused:
        apply(seller, TERMS.replace(old, new, 1))

    assert str(refused.value).startswith(said)
    with seller.read() as connection:
        assert read_agreement(connection, SELLER.seller_id, ACME) is None


def test_a_publisher_that_no_number_has_may_be_new(seller: Database) -> None:
    text = TERMS.replace('buyer = "acme"', 'publisher = "radio-xk"')

    assert apply(seller, text).warnings == (
        'no live number has the publisher "radio-xk"; did you mean radio-kx?',
    )


def test_another_currency_is_another_account(seller: Database) -> None:
    apply(seller, TERMS)

    applied = apply(seller, TERMS.replace("[[terms]]", 'currency = "EUR"\n[[terms]]'))

    assert applied.warnings == (
        "calls are charged in EUR from now on: the account of buyer acme in USD stands as it is, "
        "and nothing is carried over",
    )
    assert apply(seller, TERMS.replace("[[terms]]", 'currency = "EUR"\n[[terms]]')).warnings == ()
