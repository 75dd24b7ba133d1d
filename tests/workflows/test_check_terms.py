import sqlalchemy as sa
from structlog.testing import capture_logs

from callrouter.adapters.storage.alerts import find_standing
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.tables import routing_tables
from callrouter.domain.billing.terms_of_tables import Gap
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.check_terms import ENDING_KEY, KEY, check_terms, watch_terms
from tests.switchboards import (
    BUYERS,
    OTHER_SELLER,
    SELLER,
    T0,
    TABLE,
    FakeClock,
    activate,
    open_seller,
)

PRICED = TABLE.replace('"acme-east"', '"acme-east"\nprice = "70.00"\npayable_after_s = 120')


def apply(
    database: Database,
    party: str,
    price: str = "75.00",
    seller_id: str = SELLER.seller_id,
    until: str = "",
) -> None:
    text = (
        f'{party}\nzone = "UTC"\n[[terms]]\nfrom = 2026-09-01\nthreshold_s = 120\n'
        f'price = "{price}"\n' + (f"until = {until}\n" if until else "")
    )
    apply_terms(database, seller_id, text, "t.toml", author="ann", note="", at=T0)


def standing(database: Database, key: str = KEY) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(alert.seller_id, alert.text) for alert in find_standing(connection, key)]


def test_live_tables_are_held_against_the_terms_in_force(database: Database) -> None:
    open_seller(database)
    activate(database, PRICED)
    apply(database, 'buyer = "acme"')

    with database.read() as connection:
        found = check_terms(connection, SELLER.seller_id, T0)

    assert [(each.gap, str(each.party), each.campaign_id) for each in found] == [
        (Gap.NO_TERMS, "buyer bolt", "flood-repair"),
        (Gap.NO_TERMS, "buyer bolt", "solar-quotes"),
        (Gap.DIFFERENT, "buyer acme", "flood-repair"),
        (Gap.UNPAID_PUBLISHER, "publisher radio-kx", "flood-repair"),
    ]


def test_the_seller_is_told_until_tables_and_terms_agree(database: Database) -> None:
    clock = FakeClock()
    open_seller(database)
    open_seller(database, OTHER_SELLER, tables=())
    activate(database, PRICED)
    watch_terms(database, clock)
    assert standing(database) == []  # who keeps no terms here has no use for them

    apply(database, 'buyer = "acme"')
    watch_terms(database, clock)
    [(seller_id, text)] = standing(database)
    assert seller_id == SELLER.seller_id
    assert text.splitlines()[1:] == [
        "- buyer bolt, flood-repair to bolt-main: it has agreed to no terms at all",
        "- buyer bolt, solar-quotes to bolt-main: it has agreed to no terms at all",
        '- buyer acme, flood-repair to acme-east: the table says price = "70.00", its terms 75.00 '
        "(version 1)",
        "`callrouter terms check` has them all.",
    ]

    apply(database, 'buyer = "acme"', "70.00")
    apply(database, 'buyer = "bolt"')
    watch_terms(database, clock)
    assert standing(database) == []


def test_the_seller_is_told_two_weeks_before_terms_end(database: Database) -> None:
    open_seller(database)
    for party in ('buyer = "acme"', 'buyer = "bolt"'):
        apply(database, party, until="2026-09-28")
    watch_terms(database, FakeClock())
    assert standing(database) == []
    [(_, text)] = standing(database, ENDING_KEY)
    assert text.splitlines()[1] == (
        "- buyer acme, flood-repair to acme-east: its terms end at 2026-09-28, and none follow"
    )

    for party in ('buyer = "acme"', 'buyer = "bolt"'):
        apply(database, party)
    watch_terms(database, FakeClock())
    assert standing(database, ENDING_KEY) == []


def test_a_long_list_of_findings_is_cut_short(database: Database) -> None:
    routes = [
        f'[[buyers]]\nid = "b{number}"\nname = "B"\nzone = "UTC"\n[[buyers.destinations]]\n'
        f'id = "b{number}-main"\ndial = "+1415555{number + 100:04}"\n'
        for number in range(23)
    ]
    open_seller(database, buyers=BUYERS + "".join(routes))
    more = "".join(f'[[routes]]\ndestination = "b{number}-main"\n' for number in range(23))
    activate(database, TABLE.replace("[nobody_left]", f"{more}[nobody_left]"))
    apply(database, 'buyer = "acme"')

    watch_terms(database, FakeClock())

    [(_, text)] = standing(database)
    assert text.splitlines()[-2:] == [
        "- and 5 more",
        "`callrouter terms check` has them all.",
    ]


def test_a_seller_whose_table_cannot_be_read_holds_up_no_other(database: Database) -> None:
    """As one that a newer version of the program made live."""
    open_seller(database)
    open_seller(database, OTHER_SELLER)
    for seller in (SELLER, OTHER_SELLER):
        apply(database, 'buyer = "acme"', seller_id=seller.seller_id)
    with database.write() as connection:
        connection.execute(
            sa.update(routing_tables)
            .where(
                routing_tables.c.seller_id == SELLER.seller_id,
                routing_tables.c.campaign_id == "flood-repair",
            )
            .values(toml="campaign = 5")
        )

    with capture_logs() as logs:
        watch_terms(database, FakeClock())

    assert [seller_id for seller_id, _ in standing(database)] == [OTHER_SELLER.seller_id]
    [told] = [each for each in logs if each["event"] == "terms_not_checked"]
    assert told["seller"] == SELLER.seller_id
    assert "flood-repair version 1:1: campaign: must be an id" in told["reason"]
